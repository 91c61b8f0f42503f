"""What stands beside our own kinds of index in `tests.bench.million`, each called as its users call it."""

import importlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

TOP = 10
RECALL = 0.98
WIDTHS = (16, 32, 64, 128, 256, 512, 1024)  # of a graph's search (ef)
Ask = Callable[[np.ndarray], np.ndarray]  # a query [1, d] to row numbers [k]


@dataclass(frozen=True)
class World:
    """The rows, the queries, and for each asking the mask (None: all rows) and the exact tenth score."""

    rows: np.ndarray
    queries: np.ndarray
    masks: dict[str, np.ndarray | None]
    truths: dict[str, list[np.ndarray]]


@dataclass(frozen=True)
class Built:
    """An index: how it is asked, by asking, the bytes that it keeps, and the folder it lies in."""

    asks: dict[str, Ask]
    size: int
    about: dict[str, Any]
    folder: Any = None


def recall(world: World, asking: str, found: list[np.ndarray]) -> float:
    """How much of the exact ten was found; rows that the mask does not allow are an error of the index."""
    mask, good, total = world.masks[asking], 0, 0
    for query, rows, truth in zip(world.queries, found, world.truths[asking], strict=True):
        if mask is not None and not mask[rows].all():
            raise AssertionError(f"{asking}: a row came back that the filter does not allow")
        scores = (world.rows[rows].astype(np.float64) * query.astype(np.float64)).sum(axis=1)
        good += int((scores.astype(np.float32) >= truth[-1]).sum())
        total += len(truth)
    return good / total


def numpy_product(world: World) -> Built:
    """A product with all rows; under a filter with a copy of the rows that it keeps."""

    def asking(mask: np.ndarray | None) -> Ask:
        held = world.rows if mask is None else world.rows[mask]
        numbers = np.arange(len(world.rows)) if mask is None else np.flatnonzero(mask)

        def ask(query: np.ndarray) -> np.ndarray:
            scores = held @ query[0]
            best = np.argpartition(scores, len(scores) - TOP)[-TOP:]
            return numbers[best[np.argsort(-scores[best])]]

        return ask

    return Built({name: asking(mask) for name, mask in world.masks.items()}, world.rows.nbytes, {})


def faiss_flat(world: World) -> Built:
    """IndexFlatIP, filters as its selectors."""
    import faiss

    index = faiss.IndexFlatIP(world.rows.shape[1])
    index.add(world.rows)

    def asking(mask: np.ndarray | None) -> Ask:
        parameters = None
        if mask is not None:
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(len(bits), faiss.swig_ptr(bits))
            selector.bits = bits
            parameters = faiss.SearchParameters(sel=selector)
        return lambda query: index.search(query, TOP, params=parameters)[1][0]

    return Built({name: asking(mask) for name, mask in world.masks.items()}, world.rows.nbytes, {})


def hnswlib_graph(world: World) -> Built:
    """hnswlib as its README builds it; filters are a function that it calls for each candidate."""
    hnswlib = importlib.import_module("hnswlib")
    count, width = world.rows.shape
    graph = hnswlib.Index("ip", width)
    graph.init_index(count, ef_construction=200, M=16)
    wall, cpu = time.perf_counter(), time.process_time()
    graph.add_items(world.rows)
    about = {"build_s": time.perf_counter() - wall, "build_cpu_s": time.process_time() - cpu}
    graph.set_num_threads(1)
    plain: Ask = lambda query: graph.knn_query(query, TOP)[0][0].astype(np.int64)  # noqa: E731
    about["ef"] = narrowest(world, graph.set_ef, plain)

    def asking(mask: np.ndarray) -> Ask:
        passing = mask.tolist()

        def ask(query: np.ndarray) -> np.ndarray:
            try:
                return np.asarray(graph.knn_query(query, TOP, filter=passing.__getitem__)[0][0], np.int64)
            except RuntimeError:  # it found fewer than ten
                return np.empty(0, np.int64)

        return ask

    with tempfile.NamedTemporaryFile() as file:
        graph.save_index(file.name)
        size = os.path.getsize(file.name)
    return Built({n: plain if m is None else asking(m) for n, m in world.masks.items()}, size, about)


def usearch_graph(world: World) -> Built:
    """usearch with its own defaults; it has no filter in Python, so forty times as many are asked for."""
    usearch = importlib.import_module("usearch.index")
    count, width = world.rows.shape
    graph = usearch.Index(ndim=width, metric="ip", dtype="f32")
    wall, cpu = time.perf_counter(), time.process_time()
    graph.add(np.arange(count), world.rows)
    about = {"build_s": time.perf_counter() - wall, "build_cpu_s": time.process_time() - cpu}
    plain: Ask = lambda query: graph.search(query[0], TOP).keys.astype(np.int64)  # noqa: E731
    about["ef"] = narrowest(world, lambda width: setattr(graph, "expansion_search", width), plain)

    def asking(mask: np.ndarray) -> Ask:
        def ask(query: np.ndarray) -> np.ndarray:
            keys = graph.search(query[0], 40 * TOP).keys.astype(np.int64)
            return keys[mask[keys]][:TOP]

        return ask

    asks = {n: plain if m is None else asking(m) for n, m in world.masks.items()}
    return Built(asks, graph.serialized_length, about)


def narrowest(world: World, set_width: Callable[[int], object], ask: Ask) -> int:
    """Set the narrowest search that finds enough of the plain asking, or the widest; its width."""
    for width in WIDTHS:
        set_width(width)
        if recall(world, "plain", [ask(query[None]) for query in world.queries]) >= RECALL:
            break
    return width
