"""Qdrant's engine in this process, a shard in a folder on disk (`qdrant-edge-py`, a beta).

One process at a time may have a shard open. In this process its readers share one handle.
"""

import importlib
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from core.engines.conditions import PAYLOAD_FIELDS, Conditions, narrows
from core.engines.engine import BATCH, VECTOR, EngineError, Numbers, Points
from core.engines.qdrant import columns, filter_of
from core.errors import HemlineError
from core.indexes.clustering import Vectors

PACKAGE = "qdrant-edge-py==0.9.0"
LINKS, BUILD_WIDTH = 16, 200  # of the graph (m, ef_construct)
GRAPH_FROM = 5000  # points from which there is a graph
FEW = 2000  # that a filter leaves: they are looked through one by one

_open: "WeakValueDictionary[tuple[int, int], Edge]" = WeakValueDictionary()
_opening = threading.Lock()


class Edge:
    """A shard in a folder; an `Engine`."""

    def __init__(self, shard: Any, folder: Path) -> None:
        """To be made by `create` and `load`."""
        self.shard, self.folder = shard, folder

    def upsert(self, points: Points) -> None:
        """As in `Engine`."""
        edge = _edge()
        rows = zip(points.numbers, points.vectors.tolist(), points.payloads, strict=True)
        made = [edge.Point(number, {VECTOR: row}, payload) for number, row, payload in rows]
        with _told(self.folder):
            self.shard.update(edge.UpdateOperation.upsert_points(made))

    def delete(self, numbers: Iterable[int]) -> None:
        """As in `Engine`."""
        with _told(self.folder):
            self.shard.update(_edge().UpdateOperation.delete_points(list(numbers)))

    def search(
        self,
        queries: Vectors,
        k: int,
        conditions: Conditions | None = None,
        without: Sequence[Collection[int]] | None = None,
        width: int | None = None,
    ) -> list[tuple[Vectors, Numbers]]:
        """As in `Engine`."""
        edge = _edge()
        acorn = edge.AcornSearchParams(enable=True, max_selectivity=1.0) if narrows(conditions) else None
        requests = [
            edge.QueryRequest(
                limit=k,
                query=edge.Query.Nearest(query, using=VECTOR),
                filter=filter_of(edge, _has_ids, conditions, without[place] if without else ()),
                params=edge.SearchParams(hnsw_ef=width, acorn=acorn),
            )
            for place, query in enumerate(queries.tolist())
        ]
        found = []
        with _told(self.folder):
            for start in range(0, len(requests), BATCH):
                found += self.shard.query_batch(edge.QueryBatchRequest(requests[start : start + BATCH]))
        return [columns(points) for points in found]

    def count(self, conditions: Conditions | None = None) -> int:
        """As in `Engine`."""
        chosen = filter_of(_edge(), _has_ids, conditions)
        with _told(self.folder):
            return int(self.shard.count(_edge().CountRequest(filter=chosen)))

    def optimise(self) -> None:
        """As in `Engine`."""
        with _told(self.folder):
            self.shard.optimize()

    def flush(self) -> None:
        """What was written until now outlives the process."""
        with _told(self.folder):
            self.shard.flush()

    def close(self) -> None:
        """As in `Engine`."""
        self.flush()
        self.shard.close()


def create(folder: Path, width: int, graph_from: int = GRAPH_FROM) -> Edge:
    """A new shard for vectors of `width` values in `folder`, which is made; payload indexes come first.

    From `graph_from` points on a graph is built; fewer are looked through one by one.
    """
    edge = _edge()
    folder.mkdir(parents=True)
    config = edge.EdgeConfig(
        vectors={VECTOR: edge.EdgeVectorParams(size=width, distance=edge.Distance.Dot)},
        hnsw_config=edge.HnswIndexConfig(
            m=LINKS, ef_construct=BUILD_WIDTH, full_scan_threshold=_kilobytes(min(FEW, graph_from), width)
        ),
        optimizers=edge.EdgeOptimizersConfig(
            indexing_threshold=_kilobytes(graph_from, width), default_segment_number=1
        ),
        max_search_threads=1,  # a query holds Python's lock: more threads would only hand it round
    )
    with _told(folder):
        shard = edge.EdgeShard.create(str(folder), config)
        for name in PAYLOAD_FIELDS:
            kind = edge.PayloadSchemaType.Keyword
            shard.update(edge.UpdateOperation.create_field_index(name, kind))
    return Edge(shard, folder)


def load(folder: Path) -> Edge:
    """The shard in `folder`; EngineError where it is missing, damaged or open in another process."""
    with _told(folder):
        return Edge(_edge().EdgeShard.load(str(folder)), folder)


def shared(folder: Path) -> Edge:
    """The shard in `folder` as whoever reads it in this process shares it."""
    with _opening:
        try:
            about = folder.stat()
        except OSError:
            raise EngineError(f"there is no engine at {folder}") from None
        found = _open.get((about.st_dev, about.st_ino))
        if found is None:
            found = _open[about.st_dev, about.st_ino] = load(folder)
        return found


def _kilobytes(points: int, width: int) -> int:
    """What the engine counts vectors in."""
    return max(1, points * width * 4 // 1024)


def _has_ids(numbers: Collection[int]) -> Any:
    return _edge().HasIdCondition(set(numbers))


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Edge's errors, which are all plain Exceptions, as EngineError."""
    try:
        yield
    except HemlineError:
        raise
    except Exception as error:
        if "WouldBlock" in str(error):
            raise EngineError(f"the engine in {folder} is open in another process; one at a time") from None
        raise EngineError(f"the engine in {folder} says: {error}") from None


def _edge() -> Any:
    try:
        return importlib.import_module("qdrant_edge")
    except ImportError:
        raise EngineError(f"the engine needs a package more; pip install {PACKAGE}") from None
