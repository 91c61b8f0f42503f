"""Whether an engine holds what an index holds, and how wide it must search to answer as exact search does."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from core.columns import columns_of
from core.engines.conditions import Conditions, conditions_of
from core.engines.engine import Engine, EngineError
from core.engines.moved import Moved
from core.engines.saved import EngineCard
from core.facets import values_of
from core.flat import Index, Vectors
from core.indexes.family import Family
from core.indexes.settings import Settings
from core.indexes.tuning import ASKED, TOP, recall_of, sample_queries
from core.types import Garment

WIDTHS = (64, 128, 256, 512, 1024, 2048)  # of the search in the graph (hnsw_ef)
FILTERS = 6  # that are tried, each with
FILTERED = 30  # queries
FEW_IDS = 1000

Trial = tuple[Vectors, Conditions | None]


def checked(engine: Engine, index: Index, garments: Mapping[str, Garment], card: EngineCard) -> EngineCard:
    """The card with the narrowest search that finds all of the exact ten of a sample, or most of them.

    Its recalls are what that one found. EngineError where points or records are missing, or scores differ.
    """
    _count(engine, index, garments)
    trials = _trials(index, garments)
    exact = Family(Settings("exact"), index.vectors)
    truths = [exact.search(asked, TOP, None if one is None else one.rows()) for asked, one in trials]
    best = card
    for width in WIDTHS:
        tried = replace(card, width=width, required=True)  # else what it lacks would be searched without it
        moved = Moved(tried, index.ids, index.vectors, lambda: engine)
        found = [moved.search(asked, TOP, conditions) for asked, conditions in trials]
        recalls = [recall_of(answer, truth) for answer, truth in zip(found, truths, strict=True)]
        if best is card or min(recalls) > min(best.recall, best.filtered_recall):
            best = replace(card, width=width, recall=recalls[0], filtered_recall=min(recalls[1:]))
        if min(recalls) == 1.0:
            break
    return best


def _count(engine: Engine, index: Index, garments: Mapping[str, Garment]) -> None:
    """EngineError unless there are as many points as rows, and as many of each value as records say."""
    described = sum(id_ in garments for id_ in index.ids)
    expected = [
        ("garments", None, len(index.ids)),
        ("records", Conditions({"details": frozenset()}), described),
    ]
    for field, values in columns_of(index.ids, garments).counted().items():
        for value, count in values:
            expected.append((f"{field} {value!r}", Conditions({field: frozenset([value])}), count))
    for what, conditions, count in expected:
        there = engine.count(conditions)
        if there != count:
            raise EngineError(f"the engine holds {there} of {count} {what}; nothing was switched, move again")


def _trials(index: Index, garments: Mapping[str, Garment], seed: int = 0) -> list[Trial]:
    """Queries without a filter, with filters by two values that a garment has, and with one by ids."""
    random = np.random.default_rng([seed, len(index.ids)])
    trials: list[Trial] = [(sample_queries(index.vectors, seed, ASKED), None)]
    order = [index.ids[row] for row in random.permutation(len(index.ids))]
    described = [id_ for id_ in order[: 100 * FILTERS] if id_ in garments][:FILTERS]
    for number, id_ in enumerate(described):
        has = {field: values for field, values in values_of(garments[id_]).items() if values}
        fields = random.permutation(sorted(has))[:2]
        filters = {str(field): frozenset(sorted(has[field])[:1]) for field in fields}
        asked = sample_queries(index.vectors, seed + 1 + number, FILTERED)
        trials.append((asked, conditions_of(index.ids, garments, filters)))
    some = frozenset(order[: min(FEW_IDS, max(1, len(order) // 20))])
    asked = sample_queries(index.vectors, seed + 1 + FILTERS, FILTERED)
    trials.append((asked, conditions_of(index.ids, garments, None, some)))
    return trials
