"""Search over unit vectors: what `core.index` keeps in memory. NumPy in, hits out.

It is exact, with FAISS, but where an index has a fast one beside it (`core.indexes`) or was moved to an
engine (`core.engines`).
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import HemlineError
from core.files import fingerprint
from core.indexes.exact import best_of
from core.types import Hit

if TYPE_CHECKING:
    from core.engines.conditions import Conditions
    from core.engines.moved import Moved
    from core.indexes.allowed import Allowed
    from core.indexes.family import Family

FORMAT = 1
UNIT_TOLERANCE = 1e-3
SPARE = 8  # candidates beyond those asked for, so that a tie at the cut seldom needs a second search

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class IndexCard:
    """What an index holds and which model it was built with.

    `target_fingerprint` of the model side that made the vectors and `model` its path as given; `count`,
    `dim`, `ids_sha` and `vectors_sha` are filled in by `build_index`; `partial` says that pictures are
    missing, and `left_out` names them with the reason; `created` is ISO 8601 in UTC.
    """

    target_fingerprint: str
    model: str
    dim: int = 0
    count: int = 0
    ids_sha: str = ""
    vectors_sha: str = ""
    partial: bool = False
    left_out: dict[str, str] = field(default_factory=dict)
    created: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    kind: str = "flat"
    format: int = FORMAT

    @property
    def fingerprint(self) -> str:
        """sha256 of what the index answers with: the target side, the ids and the vectors."""
        return fingerprint([self.target_fingerprint, self.ids_sha, self.vectors_sha, self.kind])


@dataclass(frozen=True)
class Index:
    """An index in memory; it never changes, so any number of threads may search it at once.

    It is searched by `fast` where that is there, an index beside it or an engine; its vectors are then
    memory-mapped and `flat` is None.
    """

    ids: tuple[str, ...]
    flat: Any  # faiss.IndexFlatIP
    card: IndexCard
    fast: "Family | Moved | None" = None

    @cached_property
    def positions(self) -> dict[str, int]:
        """The row of each id."""
        return {name: row for row, name in enumerate(self.ids)}

    @cached_property
    def vectors(self) -> Vectors:
        """float32 [n, d], unit rows in the order of the ids, read-only: FAISS's own storage or the file."""
        if self.fast is not None:
            return self.fast.rows
        return np.asarray(_Storage(self.flat, (len(self.ids), self.flat.d)))


class _Storage:
    """FAISS's rows offered to NumPy; an array made of it keeps the FAISS index, whose memory it is, alive."""

    def __init__(self, flat: Any, shape: tuple[int, int]) -> None:
        import faiss

        rows = faiss.rev_swig_ptr(flat.get_xb(), shape[0] * shape[1])
        read_only = True
        self.flat = flat
        self.__array_interface__ = {
            "version": 3,
            "shape": shape,
            "typestr": rows.dtype.str,
            "data": (rows.ctypes.data, read_only),
        }


def build_index(vectors: Vectors, ids: Iterable[str], card: IndexCard) -> Index:
    """An index of `vectors` (float32 [n, d], unit rows), row i called ids[i]; the card gets its counts.

    Raises HemlineError for no rows, another type or shape, rows that are not finite or not of length 1,
    and ids that are repeated, empty or not as many as the rows.
    """
    import faiss

    rows, names, measured = measure(vectors, ids, card)
    flat = faiss.IndexFlatIP(rows.shape[1])
    flat.add(rows)
    return Index(names, flat, measured)


def measure(
    vectors: Vectors, ids: Iterable[str], card: IndexCard
) -> tuple[Vectors, tuple[str, ...], IndexCard]:
    """What `build_index` builds from, checked: the rows, their names and the card with its counts."""
    names = tuple(ids)
    rows = check_rows(vectors, "the catalogue's vectors")
    if not len(rows):
        raise HemlineError("there are no vectors to index; give at least one picture")
    if len(names) != len(rows):
        raise HemlineError(f"there are {len(names)} ids for {len(rows)} vectors; each vector needs one id")
    if not all(isinstance(name, str) and name for name in names):
        raise HemlineError("an id is empty or is not text; give every picture a name")
    name, times = Counter(names).most_common(1)[0]
    if times > 1:
        raise HemlineError(f"the id {name!r} is there {times} times; an index needs each id once")
    measured = replace(
        card,
        dim=rows.shape[1],
        count=len(names),
        ids_sha=fingerprint(list(names)),
        vectors_sha=hashlib.sha256(rows.data).hexdigest(),
    )
    return rows, names, measured


def check_rows(vectors: Vectors, what: str, dim: int | None = None) -> Vectors:
    """`vectors` as contiguous float32 [n, d] (d = `dim` where given).

    HemlineError, calling them `what`, unless every row is finite and of length 1.
    """
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2 or vectors.dtype != np.float32:
        is_array = isinstance(vectors, np.ndarray)
        found = f"{vectors.dtype} {list(vectors.shape)}" if is_array else type(vectors).__name__
        raise HemlineError(f"{what} must be a float32 array of rows [n, d]; got {found}")
    if vectors.shape[1] == 0 or (dim is not None and vectors.shape[1] != dim):
        raise HemlineError(f"{what} have {vectors.shape[1]} values a row; {dim or 'at least 1'} are needed")
    rows = np.ascontiguousarray(vectors)
    norms = np.sqrt(np.einsum("nd,nd->n", rows, rows))
    wrong = np.flatnonzero(~(np.abs(norms - 1) <= UNIT_TOLERANCE))  # written so that NaN is wrong too
    if len(wrong):
        raise HemlineError(f"{what} must be unit rows; row {wrong[0]} has length {norms[wrong[0]]:.4g}")
    return rows


def find(
    index: Index,
    vectors: Vectors,
    top_k: int,
    exclude: Sequence[Collection[str]] | None = None,
    allowed: "Allowed | NDArray[np.bool_] | Conditions | None" = None,
) -> list[list[Hit]]:
    """For each query (float32 [q, d], unit rows) its best `top_k` rows, fewer where there are fewer.

    `exclude` gives for each query the ids that must not come back; ids unknown to the index are ignored.
    `allowed` are the rows that may answer any of them, bool [n], or those prepared once by `Index.fast`, or
    conditions with a mask, which an engine takes as they are.
    The score is the inner product, summed in float64 and rounded to float32; equal scores come in the
    order of the ids. The answer to a query depends neither on the other queries nor on the threads. With
    `Index.fast` a hit may be missing, as rarely as it was tuned for.
    Raises HemlineError for a `top_k` below 1 and for vectors as in `build_index`.
    """
    if isinstance(top_k, bool) or not isinstance(top_k, int | np.integer) or top_k < 1:
        raise HemlineError(f"top_k must be a whole number of 1 or more; it is {top_k!r}")
    queries = check_rows(vectors, "the query vectors", index.card.dim)
    if exclude is not None and len(exclude) != len(queries):
        raise HemlineError(f"there are {len(exclude)} sets of ids to exclude for {len(queries)} queries")
    banned = [_rows_of(index, names) for names in exclude] if exclude is not None else [set()] * len(queries)
    if index.fast is not None or allowed is not None:
        return _among(index, queries, int(top_k), banned, allowed)
    width = min(len(index.ids), int(top_k) + SPARE + max(map(len, banned), default=0))
    scores, rows = index.flat.search(queries, width)
    return [
        _best(index, query, int(top_k), skip, line, found)
        for query, skip, line, found in zip(queries, banned, scores, rows, strict=True)
    ]


def _among(
    index: Index,
    queries: Vectors,
    top_k: int,
    banned: Sequence[set[int]],
    allowed: "Allowed | NDArray[np.bool_] | Conditions | None",
) -> list[list[Hit]]:
    """What `find` answers by the fast index or the engine, or exactly among the rows that may answer."""
    from core.engines.conditions import Conditions
    from core.engines.moved import Moved
    from core.indexes.family import Family
    from core.indexes.settings import Settings

    if isinstance(index.fast, Moved):
        answers = index.fast.search(queries, top_k, allowed, banned)
    else:
        family = index.fast or Family(Settings("exact"), index.vectors)
        mask = allowed.rows() if isinstance(allowed, Conditions) else allowed
        answers = family.search(queries, top_k + max(map(len, banned), default=0), mask)
    found = []
    for skip, (scores, rows) in zip(banned, answers, strict=True):
        kept = [place for place, row in enumerate(rows) if int(row) not in skip][:top_k]
        found.append([_hit(index, rank, rows[at], scores[at]) for rank, at in enumerate(kept, 1)])
    return found


def _hit(index: Index, rank: int, row: np.int64, score: np.float32) -> Hit:
    return Hit(rank, index.ids[row], min(1.0, max(-1.0, float(score))))


def _rows_of(index: Index, names: Collection[str]) -> set[int]:
    if isinstance(names, str):
        raise HemlineError(f"the ids to exclude are given as a list for each query; got the text {names!r}")
    return {index.positions[name] for name in names if name in index.positions}


def _best(
    index: Index, query: Vectors, top_k: int, skip: set[int], scores: Vectors, rows: NDArray[np.int64]
) -> list[Hit]:
    """The hits of one query from FAISS's candidates, searching wider where a tie may reach beyond them.

    FAISS sums in float32 in an order that depends on the batch, so for unit rows its scores are off by at
    most d * 2^-24; a row it left out can be among the best only within twice that of the last one kept.
    """
    margin = 2 * index.card.dim * 2.0**-24
    while True:
        kept = [place for place, row in enumerate(rows) if int(row) not in skip]
        whole = len(rows) == len(index.ids)
        if whole or (len(kept) > top_k and scores[kept[top_k - 1]] - scores[-1] > margin):
            break
        wider = min(len(index.ids), 4 * len(rows))
        scores, rows = (found[0] for found in index.flat.search(query[None], wider))
    exact, best = best_of(index.vectors, query, rows[kept], top_k)
    return [
        _hit(index, rank, row, score) for rank, (row, score) in enumerate(zip(best, exact, strict=True), 1)
    ]
