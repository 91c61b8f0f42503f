"""CIRR's test split: writes a submission for its server, and says whether files are one.

    python -m train.cirr write --data CIRR --rankings RANKINGS.json --out DIR --name NAME
    python -m train.cirr validate --data CIRR --split test1 --recall FILE --subset FILE

`write` takes a model with photos, embeddings or whole rankings. `validate` exits with 0 where the server
would take both files, else names every fault and exits with 1.
"""

import argparse
import re
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import entry
from core.datasets.cirr import SPLITS, Cirr, read_cirr
from core.devices import add_device, find_device
from core.errors import HemlineError
from core.evaluation.cirr import rank_gallery
from core.evaluation.submission import LENGTHS, encode, faults, submission
from core.files import write_atomically
from train.cirr_sources import given_lists, given_vectors, model_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

READ_AT_MOST = 64 * 2**20  # bytes of a submission that are looked at


def write(cirr: Cirr, rankings: "Sequence[Sequence[str]]", out: Path, name: str) -> dict[str, Path]:
    """Write both files of a submission into `out`, named as CLIP4Cir does; their paths by metric.

    rankings: in order of pairs, each without its reference. HemlineError where they do not make a submission
    that the server takes; then nothing is written.
    """
    paths = {metric: out / f"{metric}_submission_{name}.json" for metric in LENGTHS}
    files = {metric: encode(value) for metric, value in submission(cirr.pairs, rankings).items()}
    for metric, data in files.items():
        found = faults(data, metric, cirr.pairs, cirr.gallery)
        if found:
            raise HemlineError(f"these rankings give no valid submission of {metric}: {found[0]}")
    for metric, data in files.items():
        write_atomically(paths[metric], partial(_dump, data))
    return paths


def validate(cirr: Cirr, path: Path, metric: str) -> list[str]:
    """Every fault of the file as a submission of that metric; HemlineError where it cannot be read."""
    try:
        size = path.stat().st_size
        if size > READ_AT_MOST:
            return [f"the file is {size:,} bytes; so large a file is not looked at any further"]
        data = path.read_bytes()
    except OSError as error:
        raise HemlineError(f"{path} cannot be read ({error.strerror})") from None
    return faults(data, metric, cirr.pairs, cirr.gallery)


def _dump(data: bytes, path: Path) -> None:
    path.write_bytes(data)


def _write(options: argparse.Namespace) -> None:
    if not re.fullmatch(r"[\w.-]+", options.name):
        raise HemlineError(f"--name is letters, digits, '.', '_' and '-', not {options.name!r}")
    if options.images is not None and options.model is None:
        raise HemlineError("--images are the photos for --model; leave them out beside given answers")
    cirr = read_cirr(options.data, options.split)
    if options.rankings:
        rankings = given_lists(cirr, options.rankings)
    elif options.embeddings:
        queries, gallery, _ = given_vectors(cirr, options.embeddings, options.normalise)
        rankings = rank_gallery(cirr.pairs, cirr.gallery, queries, gallery)
    else:
        found = model_vectors(
            options.model, cirr, options.images, cache=options.features, device=find_device(options.device)
        )
        rankings = rank_gallery(cirr.pairs, cirr.gallery, found.queries, found.gallery)
        for key in found.cut:
            print(f"cut to the model's text limit: pair {key}", file=sys.stderr)
    for path in write(cirr, rankings, options.out, options.name).values():
        print(f"written: {path}")


def _validate(options: argparse.Namespace) -> None:
    cirr = read_cirr(options.data, options.split)
    given = {"recall": options.recall, "recall_subset": options.subset}
    asked = {metric: path for metric, path in given.items() if path is not None}
    if not asked:
        raise HemlineError("give --recall FILE, --subset FILE or both")
    found = {metric: validate(cirr, path, metric) for metric, path in asked.items()}
    for metric, path in asked.items():
        for fault in found[metric]:
            print(f"{path}: {fault}")
        said = f"{len(found[metric])} faults" if found[metric] else "valid"
        print(f"{path}: {said}, {metric} of {len(cirr.pairs)} pairs of {cirr.split}")
    if any(found.values()):
        raise SystemExit(1)


def main() -> None:
    """Command line: `write` and `validate`."""
    parser = argparse.ArgumentParser(
        prog="python -m train.cirr", description="Submissions to CIRR's test server."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("write", help="write both files of a submission")
    command.add_argument("--data", type=Path, required=True, help="the folder of CIRR's annotations (rc2)")
    command.add_argument("--split", choices=SPLITS, default="test1")
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", type=Path, help="the folder of a built or trained model")
    source.add_argument("--embeddings", type=Path, help="vectors of queries (keys: pairids) and gallery")
    source.add_argument("--rankings", type=Path, help="whole rankings by pairid")
    command.add_argument("--normalise", action="store_true", help="bring given vectors to length 1")
    command.add_argument("--images", type=Path, help="where the paths of split.rc2 start, for --model")
    command.add_argument("--features", type=Path, help="a folder that keeps the frozen tower's features")
    command.add_argument("--out", type=Path, required=True, help="the folder to write into")
    command.add_argument("--name", required=True, help="what the submission is called")
    add_device(command)
    command.set_defaults(run=_write)
    command = commands.add_parser("validate", help="name every fault of a submission's files")
    command.add_argument("--data", type=Path, required=True, help="the folder of CIRR's annotations (rc2)")
    command.add_argument("--split", choices=SPLITS, default="test1")
    command.add_argument("--recall", type=Path, help="the file of metric recall")
    command.add_argument("--subset", type=Path, help="the file of metric recall_subset")
    command.set_defaults(run=_validate)
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    entry(main)
