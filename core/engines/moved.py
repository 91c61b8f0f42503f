"""An index that an engine searches: a short list from there, whose exact scores from our own rows decide.

What the engine answers is never taken on trust. Each point's score must be that of our own row; where it is
not, or the engine does not answer, this is said on stderr and search is exact.
"""

import sys
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.engines.conditions import Conditions, records_sha
from core.engines.engine import Engine, EngineError, numbers_of
from core.engines.saved import AGAIN, EngineCard
from core.indexes.allowed import Allowed
from core.indexes.clustering import Vectors
from core.indexes.exact import Rows, best_of, exact_search
from core.indexes.family import MOST
from core.indexes.settings import SHORT_LIST
from core.types import Garment

PAUSE = 30.0  # seconds for which an engine that failed is not asked again
MANY = 10_000  # ids up to which an engine is told who may answer
TOLERANCE = 1e-3  # by which an engine's score may differ from the exact one


class Moved:
    """An index whose short lists come from an engine over `rows` (float32 [n, d]); threads may share it."""

    def __init__(
        self, card: EngineCard, ids: Sequence[str], rows: Vectors, connect: Callable[[], Engine]
    ) -> None:
        """`connect` opens the engine; that happens at the first query."""
        self.card, self.ids, self.rows = card, ids, rows
        self._connect = connect
        self._lock, self._comparing = threading.Lock(), threading.Lock()
        self._engine: Engine | None = None
        self._numbers = self._sorted = self._order = np.zeros(0, np.int64)
        self._silent_until = 0.0
        self._compared: tuple[Mapping[str, Garment], bool] | None = None

    def allow(self, mask: NDArray[np.bool_]) -> Allowed:
        """The rows that `mask` (bool [n]) is True for; search among them is exact."""
        return Allowed(mask, len(self.rows))

    def holds(self, garments: Mapping[str, Garment]) -> bool:
        """Whether the engine filters by these records; reads all of them once for each mapping."""
        with self._comparing:
            if self._compared is None or self._compared[0] is not garments:
                same = records_sha(self.ids, garments) == self.card.records_sha
                self._compared = garments, same
                if not same:
                    print(
                        f"hemline: filters are searched without the engine: the records changed; {AGAIN}",
                        file=sys.stderr,
                    )
            return self._compared[1]

    def search(
        self,
        queries: Vectors,
        k: int,
        allowed: Allowed | NDArray[np.bool_] | Conditions | None = None,
        without: Sequence[Collection[int]] | None = None,
    ) -> list[tuple[Vectors, Rows]]:
        """As in `core.indexes.family`; `without` gives for each query the rows that must not come back.

        The engine answers where there are no more than `MOST` hits to find and who may answer is said by
        conditions; with a mask, and beyond, search is exact.
        """
        banned: Sequence[Collection[int]] = without if without is not None else [()] * len(queries)
        if allowed is not None and not isinstance(allowed, Conditions):
            return self._exactly(queries, k, allowed, banned)
        many = allowed is not None and allowed.within is not None and len(allowed.within) > MANY
        if k > MOST or many or time.monotonic() < self._silent_until:
            return self._exactly(queries, k, allowed, banned)
        try:
            return self._asked(queries, k, allowed, banned)
        except EngineError as error:
            if self.card.required:
                raise
            self._silent_until = time.monotonic() + PAUSE
            print(f"hemline: search is exact: {error}", file=sys.stderr)
        return self._exactly(queries, k, allowed, banned)

    def _asked(
        self, queries: Vectors, k: int, conditions: Conditions | None, banned: Sequence[Collection[int]]
    ) -> list[tuple[Vectors, Rows]]:
        engine = self._opened()
        short = max(SHORT_LIST, 5 * k)
        never = [[int(self._numbers[row]) for row in rows] for rows in banned]
        offered = engine.search(queries, short, conditions, never, max(self.card.width, short))
        found, there = [], None
        for query, rows, (scores, numbers) in zip(queries, banned, offered, strict=True):
            candidates = self._rows_of(numbers)
            exact, order = best_of(self.rows, query, candidates, len(candidates))
            if not np.allclose(exact[np.argsort(order)], scores[np.argsort(candidates)], 0, TOLERANCE):
                raise EngineError(f"{self._place} holds other vectors than the index; {AGAIN}")
            if len(candidates) < k:
                there = engine.count(conditions) if there is None else there
                if len(candidates) + len(rows) < there:  # a graph under a filter may strand
                    found += self._exactly(query[None], k, conditions, [rows])
                    continue
            found.append((exact[:k], order[:k]))
        return found

    def _exactly(
        self,
        queries: Vectors,
        k: int,
        allowed: Allowed | NDArray[np.bool_] | Conditions | None,
        banned: Sequence[Collection[int]],
    ) -> list[tuple[Vectors, Rows]]:
        if isinstance(allowed, Conditions):
            allowed = allowed.rows()
        if isinstance(allowed, np.ndarray):
            allowed = self.allow(allowed)
        rows = None if allowed is None else allowed.rows
        answers = exact_search(self.rows, queries, k + max(map(len, banned), default=0), rows)
        found = []
        for (scores, best), never in zip(answers, banned, strict=True):
            kept = ~np.isin(best, np.fromiter(never, np.int64, len(never)))
            found.append((scores[kept][:k], best[kept][:k]))
        return found

    def _opened(self) -> Engine:
        with self._lock:
            if self._engine is None:
                engine = self._connect()
                there = engine.count()
                if there != self.card.count:
                    raise EngineError(f"{self._place} holds {there} of {self.card.count} garments; {AGAIN}")
                self._engine = engine
                self._numbers = numbers_of(self.ids)
                self._order = np.argsort(self._numbers)
                self._sorted = self._numbers[self._order]
            return self._engine

    def _rows_of(self, numbers: NDArray[np.int64]) -> Rows:
        places = np.minimum(np.searchsorted(self._sorted, numbers), len(self._sorted) - 1)
        if not np.array_equal(self._sorted[places], numbers):
            raise EngineError(f"{self._place} holds other garments than the index; {AGAIN}")
        return self._order[places]

    @property
    def _place(self) -> str:
        return f"the engine at {self.card.to} ({self.card.collection})"
