"""The page and its API: ask a catalogue "this one, but …", and judge what comes back.

    python app.py --model RUN --index INDEX [--judgements FILE] [--port 7860] [--host 127.0.0.1]

Each of the first three can be named by HEMLINE_MODEL, HEMLINE_INDEX and HEMLINE_JUDGEMENTS instead. With
neither a model nor an index it starts the model that ships over Closet's val photos. See docs/app.md.
"""

import argparse
import logging
import os
from pathlib import Path

from core.cli import entry
from demo.setup import DEFAULT_JUDGEMENTS, find_places


def main() -> None:
    """Ask a catalogue of garment photos "this one, but …" in a browser, and judge the answers."""
    parser = argparse.ArgumentParser(prog="python app.py", description=main.__doc__)
    parser.add_argument("--model", type=Path, default=_named("HEMLINE_MODEL"), help="the checkpoint's folder")
    parser.add_argument("--index", type=Path, default=_named("HEMLINE_INDEX"), help="the catalogue's index")
    parser.add_argument("--images", type=Path, help="where the photos are now, if they were moved")
    parser.add_argument(
        "--judgements",
        type=Path,
        default=_named("HEMLINE_JUDGEMENTS") or DEFAULT_JUDGEMENTS,
        help="the file people's judgements are kept in (%(default)s)",
    )
    parser.add_argument("--port", type=int, default=7860, help="(7860)")
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 serves other machines too (127.0.0.1)")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(name)s: %(message)s")
    logging.getLogger("hemline").setLevel(logging.INFO)
    places = find_places(arguments.model, arguments.index)

    from demo.serve import serve
    from demo.service import open_service

    service = open_service(places.model, places.index, arguments.judgements, arguments.images)
    serve(service, arguments.host, arguments.port)


def _named(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value) if value else None


if __name__ == "__main__":
    entry(main)
