"""Exact search over rows that may lie in a memory-mapped file, and the exact scores of a short list."""

import numpy as np
from numpy.typing import NDArray

from core.indexes.clustering import Vectors, blocks

Rows = NDArray[np.int64]


def best_of(rows: Vectors, query: Vectors, candidates: Rows, k: int) -> tuple[Vectors, Rows]:
    """The best `k` of the candidates, fewer where there are fewer: scores float32 and row numbers.

    A score is the inner product summed in float64 and rounded to float32; equal ones come in row order.
    """
    exact = (rows[candidates].astype(np.float64) * query.astype(np.float64)).sum(axis=1).astype(np.float32)
    order = np.lexsort((candidates, -exact))[:k]
    return exact[order], candidates[order]


def exact_search(
    rows: Vectors, queries: Vectors, k: int, allowed: Rows | None = None
) -> list[tuple[Vectors, Rows]]:
    """For each query (float32 [q, d]) the best `k` of `rows` (float32 [n, d]), or of those `allowed`."""
    held = rows if allowed is None else rows[allowed]
    # float32 sums are off by at most d * 2^-24, so what is among the best lies within twice that of the cut
    margin = np.float32(2 * rows.shape[1] * 2.0**-24)
    found = []
    for part in blocks(len(queries), len(held)):
        scores = queries[part] @ held.T
        for query, line in zip(queries[part], scores, strict=True):
            if k < len(line):
                places = np.flatnonzero(line >= np.partition(line, len(line) - k)[len(line) - k] - margin)
            else:
                places = np.arange(len(line))
            found.append(best_of(rows, query, places if allowed is None else allowed[places], k))
    return found
