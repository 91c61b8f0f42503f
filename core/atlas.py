"""The map of a catalogue: two coordinates for each garment, and what the model says of it, made once.

    python -m core.atlas --index INDEX [--seed 0]

`map.json` and `captions.json` lie in the index folder, with the fingerprints of what they were made from;
one that was made from other vectors, or by another model, is not read.
"""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cli import entry
from core.errors import HemlineError
from core.files import read_json, write_json
from core.index import load_index

if TYPE_CHECKING:
    from core.search import Searcher

MAP_FILE = "map.json"
CAPTIONS_FILE = "captions.json"
NEIGHBOURS = 15
DECIMALS = 4
_LEAST = 5  # garments; UMAP's spectral start needs a few


@dataclass(frozen=True)
class Map:
    """`coordinates` [n, 2], in the order of the index's rows, each axis within [0, 1].

    `neighbours_kept` is the share (0 to 1) of a garment's `neighbours` nearest by cosine that are among its
    nearest on the map as well: how far distances on it are to be trusted. `vectors_sha` is the index's.
    """

    coordinates: list[list[float]]
    neighbours: int
    neighbours_kept: float
    seed: int
    vectors_sha: str


def make_map(index_folder: Path, seed: int = 0) -> Map:
    """UMAP (McInnes et al. 2018) of an index's vectors by cosine, in one thread: a seed gives one map.

    Written as `map.json` into the folder. HemlineError for an index of fewer than 5 garments.
    """
    index = load_index(index_folder)
    if len(index.ids) < _LEAST:
        raise HemlineError(f"{index_folder} holds {len(index.ids)} garments; a map needs {_LEAST} or more")
    import umap

    neighbours = min(NEIGHBOURS, len(index.ids) - 1)
    vectors = np.asarray(index.vectors)
    start = "spectral" if len(vectors) > 4 * NEIGHBOURS else "random"
    reducer = umap.UMAP(
        n_neighbors=neighbours, min_dist=0.15, metric="cosine", random_state=seed, n_jobs=1, init=start
    )
    places = np.asarray(reducer.fit_transform(vectors), dtype=np.float64)
    places = (places - places.min(axis=0)) / np.maximum(np.ptp(places, axis=0), 1e-9)
    kept = neighbours_kept(vectors, places, neighbours)
    rounded = [[round(float(v), DECIMALS) for v in place] for place in places]
    made = Map(rounded, neighbours, round(kept, DECIMALS), seed, index.card.vectors_sha)
    write_json(index_folder / MAP_FILE, asdict(made))
    return made


def neighbours_kept(vectors: np.ndarray, places: np.ndarray, neighbours: int) -> float:
    """The mean share of a row's nearest by cosine (unit rows [n, d]) that are nearest in `places` [n, 2]."""
    from sklearn.neighbors import NearestNeighbors

    near = [
        NearestNeighbors(n_neighbors=neighbours).fit(rows).kneighbors(return_distance=False)
        for rows in (vectors, places)  # of unit rows, the nearest by distance are those by cosine
    ]
    return float(np.mean([len(set(a) & set(b)) / neighbours for a, b in zip(*near, strict=True)]))


def load_map(index_folder: Path) -> Map | None:
    """The map beside an index; None where there is none, or it was made from other vectors."""
    value = _read(index_folder / MAP_FILE)
    if value is None or value.get("vectors_sha") != load_index(index_folder).card.vectors_sha:
        return None
    return Map(**value)


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
