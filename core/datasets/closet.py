"""Closet: fetching its photos from their public source, and finding them again.

The photos are those of the clothing dataset (CC0 1.0), https://github.com/alexeygrigorev/clothing-dataset,
whose README says to load ID from images/ID.jpg (about 400 px on the short side; the larger ones are on
Kaggle only). The annotations and the photos' checksums are in assets/closet of this repository.
"""

import argparse
import os
import re
import shutil
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from core.cli import entry
from core.datasets.download import MISMATCH, Outcome, Unreachable, Wanted, download
from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.files import read_text, sha256_file, write_atomically

SOURCE = "https://raw.githubusercontent.com/alexeygrigorev/clothing-dataset/master/images"
"""Where ID.jpg is fetched from."""

REPOSITORY = Path(__file__).resolve().parents[2]
ANNOTATIONS = REPOSITORY / "assets" / "closet"
CHECKSUMS = ANNOTATIONS / "images.sha256"
DEFAULT = REPOSITORY / "data" / "closet"
"""Where `closet_dir` looks, and `fetch` writes, when nothing else is said."""

_SPLITS = ("train", "val")
_NAMED = 5


def closet_dir() -> Path | None:
    """The folder of Closet with its photos: CLOSET_DIR, else data/closet in the repository, else None.

    HemlineError where CLOSET_DIR is set to something that holds no photos: a wrong name is not passed over.
    """
    named = os.environ.get("CLOSET_DIR")
    if named:
        if not _holds_photos(Path(named)):
            raise HemlineError(
                f"CLOSET_DIR is {named}, which holds no images/ID.jpg; "
                f"let it name a copy of Closet, or unset it and run python -m core.datasets.closet fetch"
            )
        return Path(named)
    return DEFAULT if _holds_photos(DEFAULT) else None


def fetch(out: Path, split: str | None = None, source: str = SOURCE) -> Outcome:
    """Make `out` a whole dataset folder: the annotations, and the photos of `split` (None: of both).

    Photos already there with the right checksum are kept. Raises HemlineError naming what could not be had
    (the rest is in place), and where `out` holds other annotations, which are left as they are.
    """
    if urlsplit(source).scheme not in ("http", "https"):
        raise HemlineError(
            f"--source must be an http or https address that ID.jpg can be added to, not {source!r}"
        )
    checksums = read_checksums(CHECKSUMS)
    splits = _SPLITS if split is None else (split,)
    ids = [id_ for name in splits for id_ in read_split(ANNOTATIONS, name).union_gallery()]
    copy_annotations(out)
    images = out / "images"
    images.mkdir(exist_ok=True)
    base = source.rstrip("/")
    wanted = [Wanted(f"{base}/{id_}.jpg", images / f"{id_}.jpg", checksums[f"{id_}.jpg"]) for id_ in ids]
    try:
        outcome = download(wanted)
    except Unreachable as error:
        there = sum(_is_there(item) for item in wanted)
        raise HemlineError(_unreachable(base, str(error), images, there, len(wanted))) from None
    if outcome.failed:
        raise HemlineError(_incomplete(base, outcome, images))
    return outcome


def read_checksums(path: Path) -> dict[str, str]:
    """Name -> sha256 of each line "sha256  NAME"; HemlineError naming the line that is not of that shape."""
    checksums: dict[str, str] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        match = re.fullmatch(r"([0-9a-f]{64})  ([^/]+)", line)
        if match is None:
            raise HemlineError(f"{path} line {number} must be a sha256, two spaces and a file name")
        checksums[match[2]] = match[1]
    return checksums


def copy_annotations(out: Path) -> None:
    """Copy assets/closet (but the checksums) into `out`; HemlineError where another file is in the way."""
    if out.exists() and not out.is_dir():
        raise HemlineError(f"--out {out} is a file; name a folder")
    out.mkdir(parents=True, exist_ok=True)
    files = sorted(path for path in ANNOTATIONS.rglob("*") if path.is_file() and path != CHECKSUMS)
    places = {path: out / path.relative_to(ANNOTATIONS) for path in files}
    missing = [path for path, place in places.items() if not place.exists()]
    for path in places.keys() - set(missing):
        if not places[path].is_file() or sha256_file(places[path]) != sha256_file(path):
            raise HemlineError(
                f"{places[path]} is there and is not Closet's; give --out an empty folder or move it away"
            )
    for path in missing:
        write_atomically(places[path], partial(_copy, path))


def _copy(path: Path, aside: Path) -> None:
    shutil.copyfile(path, aside)


def _is_there(item: Wanted) -> bool:
    return item.path.is_file() and sha256_file(item.path) == item.sha256


def _holds_photos(root: Path) -> bool:
    images = root / "images"
    return images.is_dir() and next(images.glob("*.jpg"), None) is not None


def _unreachable(base: str, why: str, images: Path, there: int, total: int) -> str:
    return (
        f"cannot reach {base} ({why}); {there} of {total} photos are in {images}: run the same command again "
        f"when there is a network, or run it on another machine and copy the folder here, or set CLOSET_DIR "
        f"to a copy you have, or name a mirror with --source"
    )


def _incomplete(base: str, outcome: Outcome, images: Path) -> str:
    total = len(outcome.fetched) + len(outcome.kept) + len(outcome.failed)
    named = ", ".join(f"{name}: {why}" for name, why in sorted(outcome.failed.items())[:_NAMED])
    more = ", …" if len(outcome.failed) > _NAMED else ""
    hint = ""
    if any(why.startswith(MISMATCH) for why in outcome.failed.values()):
        hint = (
            "; bytes with another checksum are not kept: they were damaged on their way, or the source "
            "has changed since Closet was annotated (then use a copy, or a mirror with --source)"
        )
    return (
        f"{len(outcome.failed)} of {total} photos could not be had from {base} ({named}{more}){hint}; "
        f"the others are in {images}, run the same command again to try the rest"
    )


def _summary(outcome: Outcome, out: Path) -> str:
    total = len(outcome.fetched) + len(outcome.kept)
    return (
        f"{total} photos in {out}: {len(outcome.fetched)} fetched, {len(outcome.kept)} there already, "
        f"every checksum right. Set CLOSET_DIR={out} to use them from anywhere."
    )


def main() -> None:
    """Command line: `fetch`."""
    parser = argparse.ArgumentParser(prog="python -m core.datasets.closet", description="Closet's photos.")
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser(
        "fetch", help="fetch the photos from their public source; goes on after a stop"
    )
    command.add_argument(
        "--out", type=Path, default=DEFAULT, help="the folder to make (default: %(default)s)"
    )
    command.add_argument("--split", choices=_SPLITS, help="the photos of one split only (default: both)")
    command.add_argument(
        "--source", default=SOURCE, help="address that ID.jpg is added to (default: %(default)s)"
    )
    arguments = parser.parse_args()
    outcome = fetch(arguments.out, arguments.split, arguments.source)
    print(_summary(outcome, arguments.out))


if __name__ == "__main__":
    entry(main)
