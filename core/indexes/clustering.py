"""Spherical k-means over unit vectors, in NumPy alone: what divides a catalogue into an index's lists.

FAISS's own took five minutes of a processor for 164,000 rows and 4,096 lists where the products below take
well under one: they are large matrix products, which NumPy's BLAS does fastest.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

PRODUCTS = 2**24  # float32 products held at once: 64 MiB


def blocks(count: int, width: int) -> Iterator[slice]:
    """Slices that cut `count` rows so that `width` products of each fit `PRODUCTS`."""
    step = max(1, PRODUCTS // max(1, width))
    yield from (slice(start, min(count, start + step)) for start in range(0, count, step))


def nearest_centroids(rows: Vectors, centroids: Vectors) -> NDArray[np.int64]:
    """For each of `rows` (float32 [n, d]) the centroid (float32 [c, d]) of the largest product, int64 [n]."""
    found = np.empty(len(rows), np.int64)
    for part in blocks(len(rows), len(centroids)):
        found[part] = (rows[part] @ centroids.T).argmax(axis=1)
    return found


def cluster(rows: Vectors, count: int, seed: int = 0, rounds: int = 10, each: int = 40) -> Vectors:
    """`count` unit centroids, float32 [count, d], of at most `each` sampled rows a centroid."""
    random = np.random.default_rng(seed)
    size = min(len(rows), count * each)
    # in the order of the rows: memory-mapped ones are then read from front to back
    sample = np.ascontiguousarray(rows[np.sort(random.choice(len(rows), size, replace=False))])
    centroids = sample[random.choice(size, count, replace=False)]
    for _ in range(rounds):
        owner = nearest_centroids(sample, centroids)
        order = np.argsort(owner, kind="stable")
        held, starts = np.unique(owner[order], return_index=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        # a centroid that lost all its rows starts again from a row of its own
        centroids = sample[random.choice(size, count, replace=False)]
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        sound = lengths[:, 0] > 1e-6
        centroids[held[sound]] = sums[sound] / lengths[sound]
    return centroids
