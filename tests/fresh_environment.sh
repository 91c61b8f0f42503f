#!/bin/sh
# The committed files in an empty folder, a new environment from requirements.txt alone, and the app as a Space
# starts it; prints the seconds to the page and to the first answer. To be run by hand: pip fetches gigabytes.
#
#     tests/fresh_environment.sh [PYTHON]        (HEMLINE_MODEL, HEMLINE_INDEX: another catalogue than the default)
set -eu
python=${1:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
app=
trap 'test -z "$app" || kill "$app" 2>/dev/null || true; rm -rf "$place"' EXIT INT TERM
git -C "$root" archive --prefix=app/ HEAD | tar -x -C "$place"
cd "$place/app"
started=$(date +%s)
"$python" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
echo "installed in $(($(date +%s) - started)) s"
mkdir "$place/tmp"
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
for name in HEMLINE_MODEL HEMLINE_INDEX; do
  eval "value=\${$name:-}"
  test -z "$value" || set -- "$@" "$name=$value"
done
test $# -eq 0 || case $1 in *=*) ;; *) shift ;; esac
env -i PATH="$PATH" HOME=/dev/null/home TMPDIR="$place/tmp" SYSTEM=spaces SPACE_ID=owner/hemline \
  GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT="$port" HF_HUB_OFFLINE=1 "$@" \
  "$place/venv/bin/python" app.py >"$place/app.log" 2>&1 &
app=$!
"$place/venv/bin/python" - "$port" "$app" <<'PYTHON' || { cat "$place/app.log"; exit 1; }
import os, sys, time, urllib.request

began, port, app = time.monotonic(), int(sys.argv[1]), int(sys.argv[2])
url = f"http://127.0.0.1:{port}"
while True:
    try:
        urllib.request.urlopen(url, timeout=5).close()
        break
    except OSError:
        os.kill(app, 0)  # ends here if the app did
        time.sleep(0.05)
page = time.monotonic() - began
from gradio_client import Client

client = Client(url, verbose=False)
asking = time.monotonic()
hits = client.predict(text="a red dress", top_k=3, api_name="/search")
print(f"page after {page:.1f} s, the first answer {time.monotonic() - asking:.2f} s after asking: {hits}")
PYTHON
