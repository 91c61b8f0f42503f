"""The page and its API: ask a catalogue "this one, but …", and judge what comes back.

    python app.py --model RUN --index INDEX [--judgements FILE] [--port 7860] [--host 127.0.0.1]

Without arguments it is what a Hugging Face Space starts. Every setting can be an environment variable
instead (docs/hosting.md); an argument comes before the variable. With neither a model nor an index it starts
what ships: Wardrobe, answered by the model or by the CLIP baseline. See docs/app.md.
"""

import argparse
import logging
import signal
import sys
from dataclasses import replace
from pathlib import Path

from core.cli import entry
from demo.device import announce_zero_gpu
from demo.settings import Settings, prepare_environment, read_settings
from demo.setup import find_places


def main() -> None:
    """Ask a catalogue of garment photos "this one, but …" in a browser, and judge the answers."""
    parser = argparse.ArgumentParser(prog="python app.py", description=main.__doc__)
    parser.add_argument("--model", type=Path, help="the checkpoint's folder")
    parser.add_argument("--index", type=Path, help="the catalogue's index")
    parser.add_argument("--images", type=Path, help="where the photos are now, if they were moved")
    parser.add_argument(
        "--judgements", type=Path, help="the file people's judgements are kept in (data/judgements.sqlite)"
    )
    parser.add_argument("--port", type=int, help="(7860)")
    parser.add_argument("--host", help="0.0.0.0 serves other machines too (127.0.0.1; on a Space 0.0.0.0)")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(name)s: %(message)s")
    logging.getLogger("hemline").setLevel(logging.INFO)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # a Space stops so; what is left is then copied
    settings = _settings(arguments)
    prepare_environment(settings)
    zero_gpu = announce_zero_gpu()  # before anything imports torch
    first, *others = find_places(settings.model, settings.index, arguments.images)

    from demo.alone import alone
    from demo.catalogues import open_catalogues
    from demo.serve import serve
    from demo.service import open_beside, open_service

    with alone(settings.local, f"{settings.host}:{settings.port}"):
        service = open_service(first.model, first.index, settings, first.images, zero_gpu)
        beside = [open_beside(service, places, settings) for places in others]
        catalogues = open_catalogues(service, settings, beside)
        serve(catalogues, settings.host, settings.port, settings.auth, settings.mcp, settings.metrics)


def _settings(arguments: argparse.Namespace) -> Settings:
    """What the environment says, and over it the arguments that were given."""
    names = ("model", "index", "judgements", "port", "host")
    given = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    return replace(read_settings(), **given)


if __name__ == "__main__":
    entry(main)
