"""Inverted lists: a catalogue cut into lists around centroids, each row kept in one byte (or bit) a value.

A query looks through the lists whose centroids are nearest. Under a filter lists without allowed rows are
passed over, and more are looked through, since a query may be far from all that it allows; where allowed rows
lie thinly the search goes on until it has seen enough of them.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from core.indexes.allowed import Allowed
from core.indexes.clustering import Vectors, blocks, cluster, nearest_centroids
from core.indexes.settings import Settings

TRAINED_ON = 2**15  # rows that the codes' ranges are measured on
THIN = 2  # under a filter as many allowed rows are looked at as two lists have rows: recall .995 of 5 %


@dataclass(frozen=True)
class Ivf:
    """Inverted lists in memory or memory-mapped; they never change, so any number of threads may search."""

    lists: Any  # faiss.IndexIVF

    @cached_property
    def centroids(self) -> Vectors:
        """float32 [lists, d], unit rows: a view of FAISS's own storage, which this object keeps alive."""
        import faiss

        count, width = self.lists.nlist, self.lists.d
        quantizer: Any = faiss.downcast_index(self.lists.quantizer)
        return np.asarray(faiss.rev_swig_ptr(quantizer.get_xb(), count * width).reshape(count, width))

    @cached_property
    def owner(self) -> NDArray[np.integer]:
        """The list of every row, in as few bytes as their number needs."""
        import faiss

        found = np.empty(self.lists.ntotal, np.min_scalar_type(self.lists.nlist))
        held = self.lists.invlists
        for number in range(self.lists.nlist):
            size = held.list_size(number)
            if size:
                ids = held.get_ids(number)
                found[faiss.rev_swig_ptr(ids, size)] = number
                held.release_ids(number, ids)
        return found

    def short_list(
        self, queries: Vectors, settings: Settings, count: int, allowed: Allowed | None
    ) -> NDArray[np.int64]:
        """For each query `count` rows that are likely its best, int64 [q, count], -1 where there are none."""
        import faiss

        found = np.empty((len(queries), count), np.int64)
        scores = np.empty((len(queries), count), np.float32)
        for part in blocks(len(queries), self.lists.nlist):
            asked = np.ascontiguousarray(queries[part])
            near, keys = self._probed(asked, settings, allowed)
            wanted: Any = {"nprobe": keys.shape[1], **_selecting(allowed)}
            self.lists.search_preassigned_c(
                len(asked),
                faiss.swig_ptr(asked),
                count,
                faiss.swig_ptr(keys),
                faiss.swig_ptr(near),
                faiss.swig_ptr(scores[part]),
                faiss.swig_ptr(found[part]),
                False,
                faiss.SearchParametersIVF(**wanted),
            )
        return found

    def _probed(
        self, queries: Vectors, settings: Settings, allowed: Allowed | None
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """The lists to look through for each query, nearest first, and how near; -1 for none."""
        if allowed is None:
            near = _products(self.centroids, queries)
            probes = min(settings.probes, near.shape[1])
            keys = np.argpartition(near, near.shape[1] - probes, axis=1)[:, -probes:]
            return np.take_along_axis(near, keys, axis=1), np.ascontiguousarray(keys)
        held, members, centroids = allowed.lists(self.owner, self.centroids)
        if centroids is None:
            near = _products(self.centroids, queries)[:, held]
        else:
            near = _products(centroids, queries)
        enough = THIN * self.lists.ntotal / self.lists.nlist
        for width in (
            2 * settings.filtered,
            len(held),
        ):  # mostly the nearest are enough: others stay unsorted
            order = _nearest_first(near, width)
            counts = members[order]
            before = np.cumsum(counts, axis=1) - counts
            if order.shape[1] == len(held) or (before[:, -1] >= enough).all():
                break
        wanted = (before < enough) | (np.arange(order.shape[1]) < settings.filtered)
        width = int(wanted.sum(axis=1).max())
        keys = np.where(wanted, held[order], -1)[:, :width]
        near = np.take_along_axis(near, order[:, :width], axis=1)
        return np.ascontiguousarray(near), np.ascontiguousarray(keys)


def _products(centroids: Vectors, queries: Vectors) -> Vectors:
    # one at a time: what a product of many gives for one depends, in its last bits, on the others
    return np.stack([centroids @ query for query in queries])


def _nearest_first(near: Vectors, count: int) -> NDArray[np.int64]:
    """The places of each row's `count` greatest values (all, where there are fewer), greatest first."""
    if count >= near.shape[1]:
        return np.argsort(-near, axis=1)
    some = np.argpartition(-near, count - 1, axis=1)[:, :count]
    return np.take_along_axis(some, np.argsort(-np.take_along_axis(near, some, axis=1), axis=1), axis=1)


def _selecting(allowed: Allowed | None) -> dict[str, object]:
    return {} if allowed is None else {"sel": allowed.selector}


def build_ivf(rows: Vectors, settings: Settings, seed: int = 0) -> Ivf:
    """Inverted lists of `rows` (float32 [n, d], unit rows, perhaps memory-mapped), row numbers as ids."""
    import faiss

    count, width = rows.shape
    centroids = cluster(rows, settings.lists, seed)
    quantizer = faiss.IndexFlatIP(width)
    quantizer.add(centroids)
    lists = (
        faiss.IndexIVFRaBitQ(quantizer, width, settings.lists, faiss.METRIC_INNER_PRODUCT)
        if settings.kind == "ivf-rabitq"
        else faiss.IndexIVFScalarQuantizer(
            quantizer, width, settings.lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT
        )
    )
    sample = np.random.default_rng(seed).choice(count, min(count, TRAINED_ON), replace=False)
    lists.train(np.ascontiguousarray(rows[np.sort(sample)]))
    _add(lists, rows, np.arange(count), centroids)
    return opened(lists)


def moved(ivf: Ivf, places: NDArray[np.int64], rows: Vectors) -> Ivf:
    """The lists with row i as row places[i] (left out where that is -1), and the rest of `rows` added.

    Centroids and codes stay as they are; `ivf` is not changed, and those who search it go on.
    """
    import faiss

    held, lists = ivf.lists.invlists, cast(Any, faiss.clone_index(ivf.lists))
    kept: Any = faiss.ArrayInvertedLists(held.nlist, held.code_size)
    for number in range(held.nlist):
        size = held.list_size(number)
        if size:
            ids, codes = held.get_ids(number), held.get_codes(number)
            now = places[faiss.rev_swig_ptr(ids, size)]
            stays = now >= 0
            left = faiss.rev_swig_ptr(codes, size * held.code_size).reshape(size, -1)[stays]
            now = now[stays]
            if len(now):
                kept.add_entries(number, len(now), faiss.swig_ptr(now), faiss.swig_ptr(left))
            held.release_ids(number, ids)
            held.release_codes(number, codes)
    lists.replace_invlists(kept, True)
    kept.this.disown()
    there = places[places >= 0]
    lists.ntotal = len(there)
    _add(lists, rows, np.setdiff1d(np.arange(len(rows)), there), ivf.centroids)
    return opened(lists)


def _add(lists: Any, rows: Vectors, numbers: NDArray[np.int64], centroids: Vectors) -> None:
    """Add those of `rows` that `numbers` names, each under its own number."""
    import faiss

    for part in blocks(len(numbers), len(centroids)):
        named = numbers[part]
        added = np.ascontiguousarray(rows[named])
        owner = nearest_centroids(added, centroids)
        lists.add_core(len(added), *[faiss.swig_ptr(values) for values in (added, named, owner)])


def opened(lists: Any) -> Ivf:
    """The lists as read from a file."""
    lists.parallel_mode = 3  # over the queries of a batch
    return Ivf(lists)
