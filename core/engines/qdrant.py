"""What Qdrant in this process and on a server have in common: the shape of filters, the fields of points."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from core.engines.conditions import Conditions, clauses
from core.engines.engine import Numbers, number_of
from core.facets import Filters
from core.indexes.clustering import Vectors


def filter_of(
    models: Any,
    has_ids: Callable[[Collection[int]], Any],
    conditions: Conditions | None,
    without: Collection[int] = (),
) -> Any:
    """The conditions, and the numbers that must not come back, as a filter; None where there are none.

    `models` has Qdrant's classes by name; `has_ids` makes the condition that a point is one of some numbers.
    """

    def all_of(filters: Filters) -> list[Any]:
        return [
            models.FieldCondition(key=key, match=models.MatchAny(any=values))
            for key, values in clauses(filters)
        ]

    must: list[Any] = []
    never: list[Any] = [has_ids(without)] if without else []
    if conditions is not None:
        must += all_of(conditions.filters)
        never += [models.Filter(must=all_of(named)) for named in conditions.lacks]
        if conditions.has:
            must.append(models.Filter(should=[models.Filter(must=all_of(named)) for named in conditions.has]))
        if conditions.within is not None:
            must.append(has_ids({number_of(id_) for id_ in conditions.within}))
    return models.Filter(must=must or None, must_not=never or None) if must or never else None


def columns(points: Sequence[Any]) -> tuple[Vectors, Numbers]:
    """Scores float32 and numbers int64 of the points that were found."""
    scores = np.fromiter((point.score for point in points), np.float32, len(points))
    return scores, np.fromiter((point.id for point in points), np.int64, len(points))
