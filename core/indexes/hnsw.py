"""A graph of neighbours (HNSW) over rows kept in one byte a value: for a catalogue that does not change.

It is quick without a filter and poor with one: what a filter leaves is searched exactly, or with a wider
search where that would be too much.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.indexes.allowed import Allowed
from core.indexes.clustering import Vectors
from core.indexes.settings import Settings

NEIGHBOURS = 32
BUILT_WITH = 200  # efConstruction: with 40 clusters fall apart, and no width of search mends it
TRAINED_ON = 2**15


@dataclass(frozen=True)
class Hnsw:
    """The graph; it never changes, so any number of threads may search it at once."""

    graph: Any  # faiss.IndexHNSWSQ

    def short_list(
        self, queries: Vectors, settings: Settings, count: int, allowed: Allowed | None
    ) -> NDArray[np.int64]:
        """For each query `count` rows that are likely its best, int64 [q, count], -1 where there are none."""
        import faiss

        width, selecting = max(settings.probes, count), {}
        if allowed is not None:
            width = max(settings.filtered, width * self.graph.ntotal // max(1, len(allowed.rows)))
            selecting = {"sel": allowed.selector}
        parameters = faiss.SearchParametersHNSW(efSearch=width, **selecting)  # type: ignore[attr-defined]
        return np.asarray(self.graph.search(queries, count, params=parameters)[1])


def build_hnsw(rows: Vectors, seed: int = 0) -> Hnsw:
    """The graph of `rows` (float32 [n, d], unit rows)."""
    import faiss

    code: Any = faiss.ScalarQuantizer.QT_8bit
    graph: Any = faiss.IndexHNSWSQ(rows.shape[1], code, NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
    graph.hnsw.efConstruction = BUILT_WITH
    sample = np.random.default_rng(seed).choice(len(rows), min(len(rows), TRAINED_ON), replace=False)
    graph.train(np.ascontiguousarray(rows[np.sort(sample)]))
    graph.add(np.ascontiguousarray(rows))
    return Hnsw(graph)
