"""Seconds from `python app.py` to the page, and to the answer of the first query.

    python -m tests.bench.first_answer [--repeats 3] [--json OUT]

Starts the app of this checkout as a Space starts it: nothing set but the port, no network, no home folder.
"""

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]


def first_answer() -> dict[str, float]:
    """Seconds from the start of the process to the page, and to the first answer of `/search`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as scratch:
        names = ("PATH", "HEMLINE_MODEL", "HEMLINE_INDEX")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        variables = {
            **kept, "HOME": "/dev/null/home", "TMPDIR": scratch, "HEMLINE_DATA": f"{scratch}/data",
            "GRADIO_SERVER_PORT": str(port), "HF_HUB_OFFLINE": "1",
        }  # fmt: skip
        began = time.monotonic()
        line = [sys.executable, "app.py"]
        with (
            open(f"{scratch}/log", "wb") as log,
            subprocess.Popen(line, cwd=ROOT, env=variables, stdout=log, stderr=log) as app,
        ):
            try:
                return _wait(app, f"http://127.0.0.1:{port}", began)
            except RuntimeError as error:
                raise SystemExit(f"{error}:\n{Path(scratch, 'log').read_text('utf-8')}") from None
            finally:
                app.terminate()


def _wait(app: "subprocess.Popen[bytes]", url: str, began: float) -> dict[str, float]:
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            break
        except OSError:
            if app.poll() is not None:
                raise RuntimeError("the app ended") from None
            time.sleep(0.05)
    page = time.monotonic() - began
    from gradio_client import Client

    client = Client(url, verbose=False)
    asked = time.monotonic()
    if not client.predict(text="a green dress with polka dots", top_k=3, api_name="/search"):
        raise RuntimeError("the first query had no answer")
    answered = time.monotonic()
    # The client's own start is left out: a browser has its page by then.
    return {"page": page, "query": answered - asked, "first_answer": page + answered - asked}


def main() -> None:
    """Start the app, ask it, stop it; as often as told."""
    parser = argparse.ArgumentParser(description=first_answer.__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    args = parser.parse_args()
    runs = []
    for _ in range(args.repeats):
        runs.append({name: round(seconds, 2) for name, seconds in first_answer().items()})
        print(json.dumps(runs[-1]), flush=True)
    if args.json:
        from core.files import write_json
        from core.runs import git_state, hardware, versions

        facts = {"git": git_state(), "versions": versions(), "hardware": hardware()}
        write_json(args.json, {"seconds": runs, **facts})


if __name__ == "__main__":
    main()
