"""The map of a catalogue: two coordinates for each garment, and what the model says of it, made once.

    python -m core.atlas --index INDEX [--seed 0]

`map.json` (`core.map`) and `captions.json` lie in the index folder, with the fingerprints of what they were
made from; one that was made from other vectors, or by another model, is not read.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cli import entry
from core.files import read_json, write_json
from core.map import MAP_FILE, make_map

if TYPE_CHECKING:
    from core.search import Searcher

CAPTIONS_FILE = "captions.json"


def write_captions(searcher: "Searcher", index_folder: Path) -> dict[str, str]:
    """What the searcher's model says of each garment, by id; written as `captions.json` into the folder.

    HemlineError where the model writes no captions.
    """
    from core.pictures import read_picture

    captions: dict[str, str] = {}
    ids, features = list(searcher.index.ids), searcher.gallery.features
    for start in range(0, len(ids), 32):
        some = ids[start : start + 32]
        if features is None:
            looks: list[Any] = [read_picture(searcher.pictures[id_]) for id_ in some]
        else:  # what the build encoded is not encoded again
            looks = [np.array(features[row]) for row in range(start, start + len(some))]
        captions |= zip(some, searcher.backbone.caption(looks), strict=True)
    card = searcher.index.card
    write_json(
        index_folder / CAPTIONS_FILE,
        {"target_fingerprint": card.target_fingerprint, "ids_sha": card.ids_sha, "captions": captions},
    )
    return captions


def load_captions(index_folder: Path, target_fingerprint: str, ids_sha: str) -> dict[str, str]:
    """The captions beside an index, by id; empty where there are none, or they are another model's."""
    value = _read(index_folder / CAPTIONS_FILE)
    made_of = {"target_fingerprint": target_fingerprint, "ids_sha": ids_sha}
    if not isinstance(value, dict) or not made_of.items() <= value.items():
        return {}
    return dict(value["captions"])


def _read(path: Path) -> Any:
    return read_json(path) if path.is_file() else None


def main() -> None:
    """Command line: the map, and the captions where the model writes such."""
    parser = argparse.ArgumentParser(
        prog="python -m core.atlas", description="Make a catalogue's map and captions."
    )
    parser.add_argument("--index", type=Path, required=True, help="the index's folder")
    parser.add_argument(
        "--model", type=Path, help="the checkpoint's folder (the one the index was built with)"
    )
    parser.add_argument("--images", type=Path, help="where the photos are now, if they were moved")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    made = make_map(args.index, args.seed)
    print(
        f"{args.index / MAP_FILE}: {len(made.coordinates)} places, {made.neighbours_kept:.0%} neighbours kept"
    )

    from core.search import open_searcher

    searcher = open_searcher(args.model, args.index, args.images)
    if searcher.backbone.spec.kind == "mllm":
        print(f"{args.index / CAPTIONS_FILE}: {len(write_captions(searcher, args.index))} captions")


if __name__ == "__main__":
    entry(main)
