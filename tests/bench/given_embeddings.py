"""Seconds and memory to measure 6,016 queries against FashionIQ's three galleries from given vectors.

    python -m tests.bench.given_embeddings --data FASHIONIQ --json assets/results/given_embeddings.json

Random unit vectors of 512 dimensions on the real annotations; a category whose annotations are not there is
stood in for by rows of its published size. Timed is all from reading the .npz to the results: original,
VAL-split and union gallery, each with ranks, recalls by both averages and 95 % intervals.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from core.cli import entry
from core.datasets.fashioniq import Split, read_split
from core.evaluation.protocol import GALLERIES, Protocol
from core.files import write_json
from core.runs import git_state, hardware, peak_memory_mb, versions
from core.types import Triplet
from train.evaluate import evaluate_given

SIZES = {"dress": (2017, 3817), "shirt": (2038, 6346), "toptee": (1961, 5373)}
"""Queries and photos of each category's val split (retrieval section 2a)."""

DIM = 512
SECONDS, MEGABYTES = 5.0, 1000.0


def whole(split: Split) -> Split:
    """The split with rows of random photos for each category that lacks."""
    rng = np.random.default_rng(0)
    galleries, triplets = dict(split.galleries), list(split.triplets)
    for category, (queries, photos) in SIZES.items():
        if category in galleries:
            continue
        ids = galleries[category] = tuple(f"{category}-{number}" for number in range(photos))
        for row in range(queries):
            one, other = (ids[place] for place in rng.choice(photos, 2, replace=False))
            triplets.append(Triplet(f"{category}:{row}", category, "val", one, other, ("is red", f"{row}")))
    return replace(split, categories=tuple(galleries), triplets=tuple(triplets), galleries=galleries)


def main() -> None:
    """Write random vectors, measure three protocols from them, write seconds and memory."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of FashionIQ's annotations")
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    options = parser.parse_args()
    real = read_split(options.data, "val")
    split = whole(real)
    rng = np.random.default_rng(0)
    names = {"query_keys": [t.key for t in split.triplets], "gallery_ids": list(split.union_gallery())}
    arrays = {}
    for field, of in (("query_vectors", "query_keys"), ("gallery_vectors", "gallery_ids")):
        rows = rng.standard_normal((len(names[of]), DIM), dtype=np.float32)
        arrays[field] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    with TemporaryDirectory() as scratch:
        path = Path(scratch, "random.npz")
        np.savez(path, **arrays, **{field: np.array(values) for field, values in names.items()})
        del arrays
        began, spent = time.perf_counter(), time.process_time()
        found = {}
        for gallery in GALLERIES:
            result = evaluate_given(split, Protocol(gallery, gallery, "removed", "and", "macro"), path)
            found[gallery] = {**result.counts, **result.metrics}
        seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    told = {
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_memory_mb": round(peak_memory_mb()),
        "within_target": seconds < SECONDS and peak_memory_mb() < MEGABYTES,
        "queries": len(split.triplets),
        "photos": len(split.union_gallery()),
        "real_categories": list(real.categories),
        "dim": DIM,
        "galleries": found,
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(),
    }
    write_json(options.json, told)
    print(f"{told['seconds']} s, {told['cpu_seconds']} s of CPU, {told['peak_memory_mb']} MB at most")


if __name__ == "__main__":
    entry(main)
