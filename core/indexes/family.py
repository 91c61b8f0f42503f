"""One interface to every kind of index: it offers a short list of rows, whose exact scores decide.

NumPy in, NumPy out. The rows themselves, float32 [n, d], may be memory-mapped: a search reads those of its
short list alone.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.indexes.allowed import Allowed
from core.indexes.clustering import Vectors
from core.indexes.exact import Rows, best_of, exact_search
from core.indexes.hnsw import build_hnsw
from core.indexes.ivf import build_ivf
from core.indexes.settings import Settings

MOST = 200
"""Hits up to which a short list is asked for; whoever wants more gets the exact ranking."""


@dataclass(frozen=True)
class Family:
    """An index of any kind over `rows` (float32 [n, d], unit rows); it never changes and threads share it."""

    settings: Settings
    rows: Vectors
    inner: Any = None  # Ivf, Hnsw, or None where search is exact

    def allow(self, mask: NDArray[np.bool_]) -> Allowed:
        """The rows that `mask` (bool [n]) is True for, prepared for any number of queries."""
        return Allowed(mask, len(self.rows))

    def search(
        self, queries: Vectors, k: int, allowed: Allowed | NDArray[np.bool_] | None = None
    ) -> list[tuple[Vectors, Rows]]:
        """For each query (float32 [q, d], unit rows) scores and row numbers of its best `k`, best first.

        Fewer where there, or among the `allowed`, are fewer. Scores are exact, summed in float64 and rounded
        to float32; equal ones come in row order. Whether the very best are among them is what an index that
        is not exact was tuned for.
        """
        if isinstance(allowed, np.ndarray):
            allowed = self.allow(allowed)
        left = len(self.rows) if allowed is None else len(allowed.rows)
        few = allowed is not None and left <= self.settings.few
        if self.inner is None or few or k > min(MOST, left):
            return exact_search(self.rows, queries, k, None if allowed is None else allowed.rows)
        count = min(left, max(self.settings.short, self.settings.short * k // 10))
        offered = self.inner.short_list(queries, self.settings, count, allowed)
        found = []
        for query, line in zip(queries, offered, strict=True):
            candidates = line[line >= 0]
            if len(candidates) >= k:
                found.append(best_of(self.rows, query, candidates, k))
            else:  # a graph under a filter may strand
                rows = None if allowed is None else allowed.rows
                found += exact_search(self.rows, query[None], k, rows)
        return found


def build_family(rows: Vectors, settings: Settings, seed: int = 0) -> Family:
    """An index of `rows` with these settings."""
    if settings.kind == "exact":
        return Family(settings, rows)
    if settings.kind == "hnsw":
        return Family(settings, rows, build_hnsw(rows, seed))
    return Family(settings, rows, build_ivf(rows, settings, seed))
