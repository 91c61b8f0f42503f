"""Who may answer a composed query: rows for exact search and fast indexes, conditions for an engine."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from core.engines.conditions import Conditions
from core.engines.moved import Moved
from core.indexes.allowed import Allowed
from core.requests import Request
from core.search import Searcher
from core.types import Garment

if TYPE_CHECKING:
    from core.composed import ComposedQuery

May = Allowed | NDArray[np.bool_] | Conditions
"""Who may answer, as `core.index.find` takes it."""


def conditions_for(
    searcher: Searcher, query: "ComposedQuery", garments: Mapping[str, Garment]
) -> Conditions | None:
    """Who may answer, for an engine that filters by these very records itself; None where a mask is due."""
    moved = searcher.index.fast
    if not isinstance(moved, Moved) or (query.within is None and not query.filters):
        return None
    if query.filters and not moved.holds(garments):
        return None
    return Conditions(query.filters, query.within, lambda: allowed_for(searcher, query, garments))


def allowed_for(
    searcher: Searcher, query: "ComposedQuery", garments: Mapping[str, Garment]
) -> Allowed | None:
    """The rows that may answer; None where all may."""
    if query.within is None:
        return searcher.columns(garments).allowed(query.filters) if query.filters else None
    mask = np.zeros(len(searcher.index.ids), bool)
    rows = searcher.index.positions
    mask[[rows[id_] for id_ in query.within if id_ in rows]] = True
    if query.filters:
        mask &= searcher.columns(garments).mask(query.filters)
    return Allowed(mask, len(mask))


def apart(
    searcher: Searcher, query: "ComposedQuery", garments: Mapping[str, Garment], unwanted: Sequence[Request]
) -> tuple[May, May]:
    """Who may answer without anything that is not wanted, and who has it: for an engine as conditions."""

    def masks() -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        bad = searcher.columns(garments).unwanted(unwanted)
        allowed = allowed_for(searcher, query, garments)
        inside = np.full(len(bad), allowed is None)
        if allowed is not None:
            inside[allowed.rows] = True
        return inside & ~bad, inside & bad

    moved = searcher.index.fast
    if not isinstance(moved, Moved) or not moved.holds(garments):
        return masks()
    named = tuple({**request.edits, "details": request.add} for request in unwanted)
    return (
        Conditions(query.filters, query.within, lambda: masks()[0], lacks=named),
        Conditions(query.filters, query.within, lambda: masks()[1], has=named),
    )
