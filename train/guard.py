"""How well the guard's margin tells right answers from wrong ones, on a train split and its index.

    python -m train.guard --data DATA --split train --index INDEX --json OUT.json

For each query the garments nearest to its target are looked at, where a warning is hardest to give rightly.
Right are those that meet the query's request and keep the rest; where no requests are on file (Closet), those
whose record is the target's in all but the details. Both are train data: nothing here is tuned on what is
reported.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core import guard, runs
from core.cli import entry
from core.datasets.asked import read_asked
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.files import write_json
from core.index import load_index
from core.requests import kept, met, traits

NEAREST = 50
"""Garments looked at around each target."""

COSINES = (0.6, 0.65, 0.7, 0.75, 0.8, 0.85)
DEVIATIONS = (2.0, 2.5, 3.0, 3.5)
WARNED = (0.01, 0.02, 0.05, 0.10, 0.20)


def measure(split: Split, vectors: np.ndarray, positions: dict[str, int], at_most: int) -> dict[str, Any]:
    """Right and wrong neighbours of targets by how near they are; shares in percent.

    "by_cosine", "by_deviations": of right ones and of wrong ones the share at or above each margin, the
    latter in deviations (`core.guard.nearness`); "at_share": the margins that warn
    of a share of the wrong ones, and what they catch.
    """
    ids = list(positions)
    requests = read_asked(split)
    near: dict[bool, list[tuple[float, float]]] = {True: [], False: []}
    queries = [t for t in split.triplets if t.target in positions and t.target in split.garments][:at_most]
    for triplet in queries:
        place = positions[triplet.target]
        deviations, cosines = guard.nearness(vectors, place), vectors @ vectors[place]
        for row in np.argsort(-cosines)[: NEAREST + 2]:
            if ids[row] not in (triplet.target, triplet.reference) and ids[row] in split.garments:
                answers = _right(split, requests, triplet.key, triplet.reference, triplet.target, ids[row])
                near[answers].append((float(deviations[row]), float(cosines[row])))
    right, wrong = (np.array(near[side]).reshape(-1, 2) for side in (True, False))
    if not len(right) or not len(wrong):
        raise HemlineError("no neighbour of a target is right, or none is wrong: give a larger index")
    return {
        "queries": len(queries),
        "garments": len(ids),
        "right": len(right),
        "wrong": len(wrong),
        "by_cosine": _at(COSINES, right[:, 1], wrong[:, 1]),
        "by_deviations": _at(DEVIATIONS, right[:, 0], wrong[:, 0]),
        "at_share": [_at_share(share, right, wrong) for share in WARNED],
    }


def _right(
    split: Split, requests: dict[str, Any], key: str, reference: str, target: str, candidate: str
) -> bool:
    garment = split.garments[candidate]
    if key in requests:
        request = requests[key]
        return met(request, garment) and all(kept(request, split.garments[reference], garment).values())
    return traits(garment) == traits(split.garments[target])


def _percent(these: np.ndarray) -> float:
    return round(100 * float(these.mean()), 2)


def _at(margins: Sequence[float], right: np.ndarray, wrong: np.ndarray) -> list[dict[str, float]]:
    return [{"margin": m, "right": _percent(right >= m), "wrong": _percent(wrong >= m)} for m in margins]


def _at_share(share: float, right: np.ndarray, wrong: np.ndarray) -> dict[str, float]:
    told = {"wrong": 100 * share}
    for column, name in enumerate(("deviations", "cosine")):
        least = float(np.quantile(wrong[:, column], 1 - share))
        told |= {name: round(least, 3), f"right_by_{name}": _percent(right[:, column] >= least)}
    return told


def alike(vectors: np.ndarray) -> dict[str, Any]:
    """How many pairs of different garments are taken for one by their cosine alone."""
    cosines = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    return {"pairs": len(cosines), "same": int((cosines >= guard.SAME).sum()), "threshold": guard.SAME}


def main() -> None:
    """Measure the margin of the false-negative guard on a train split."""
    parser = argparse.ArgumentParser(prog="python -m train.guard", description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the dataset's folder")
    parser.add_argument("--split", default="train", help="its split (train)")
    parser.add_argument(
        "--index", type=Path, required=True, help="the index of its photos, or of some of them"
    )
    parser.add_argument("--queries", type=int, default=2000, help="queries at most (2000)")
    parser.add_argument("--json", type=Path, help="the file to write")
    arguments = parser.parse_args()
    index = load_index(arguments.index)
    split = read_split(arguments.data, arguments.split)
    vectors = np.array(index.vectors)
    told = measure(split, vectors, dict(index.positions), arguments.queries)
    told |= {"alike": alike(vectors), "model": index.card.target_fingerprint, "run": runs.git_state()}
    if arguments.json:
        write_json(arguments.json, told)
    for name, value in told.items():
        print(name, value)


if __name__ == "__main__":
    entry(main)
