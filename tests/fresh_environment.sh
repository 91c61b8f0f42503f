#!/bin/sh
# The committed files in an empty folder, a new environment from requirements.txt alone, and the app as a Space
# starts it; prints the seconds to the page and to the first answer. To be run by hand: pip fetches gigabytes.
#
#     tests/fresh_environment.sh [PYTHON]        (HEMLINE_MODEL, HEMLINE_INDEX: another catalogue than the default)
set -eu
python=${1:-python3}
root=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT INT TERM
git -C "$root" archive --prefix=app/ HEAD | tar -x -C "$place"
cd "$place/app"
started=$(date +%s)
"$python" -m venv "$place/venv"
"$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check --requirement requirements.txt
echo "installed in $(($(date +%s) - started)) s"
"$place/venv/bin/python" -m tests.bench.first_answer --repeats 1
echo "from nothing to the first answer in $(($(date +%s) - started)) s"
