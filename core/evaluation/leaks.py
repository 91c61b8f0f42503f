"""One result with and without what leaked from train, and with copies of the target accepted.

From a result alone the queries about leaked photos can be left out exactly, since one query's rank does not
depend on the others. A gallery without the leaked photos needs the rankings: from a result the recalls are
bounded (every leaked photo stood ahead of the target, or none), with the model they are measured.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.datasets.leakage import Match
from core.errors import HemlineError
from core.evaluation.intervals import bootstrap_ci
from core.evaluation.metrics import names, summarise
from core.evaluation.result import QueryRank, Result


@dataclass(frozen=True)
class Figures:
    """Recalls in percent under the protocol's average, their 95 % intervals, over so many queries."""

    queries: int
    metrics: dict[str, float]
    ci95: dict[str, tuple[float, float]]


def figures(ranks: Sequence[int], categories: Sequence[str], average: str) -> Figures | None:
    """The figures of ranks from 1 [q] of queries of `categories` [q]; None for no query."""
    if not ranks:
        return None
    found = summarise(np.array(ranks), categories)
    leading = found.micro if average == "micro" else found.macro
    ends = bootstrap_ci(np.array(ranks), categories, average)
    return Figures(len(ranks), {name: leading[name] for name in names()}, ends)


def touched(result: Result, leaked: Collection[str]) -> tuple[str, ...]:
    """The keys of the queries whose target or reference is leaked."""
    return tuple(q.key for q in result.ranks if q.target in leaked or q.reference in leaked)


def without_queries(result: Result, leaked: Collection[str]) -> Figures | None:
    """The result over the queries whose target and reference are not leaked; its gallery is whole."""
    return _of(result, _untouched(result, leaked))


def without_photos_at_most(
    result: Result, leaked: Collection[str], galleries: Mapping[str, Sequence[str]]
) -> Figures | None:
    """The best that a gallery without leaked photos could give: as if every one stood ahead of the target.

    `galleries` are those that were ranked, by category. The worst is `without_queries`. Recalls alone are
    bounds; an interval of a bound is an interval of that bound only.
    """
    inside = {category: len(set(ids) & set(leaked)) for category, ids in galleries.items()}
    queries = _untouched(result, leaked)
    return _of(result, queries, [max(1, q.rank - inside[q.category]) for q in queries])


def copies_of(duplicates: Iterable[Match]) -> dict[str, tuple[str, ...]]:
    """By photo, the others that are one photo with it."""
    found: dict[str, tuple[str, ...]] = {}
    for match in duplicates:
        for one, other in ((match.left, match.right), (match.right, match.left)):
            found[one] = (*found.get(one, ()), other)
    return found


def accepting(result: Result, ranks: Mapping[tuple[str, str], int]) -> Figures | None:
    """The result where a copy of the target counts too: each query's best rank among target and copies.

    `ranks` are those of copies in the same rankings, by (query key, copy). HemlineError for a query that the
    result does not have.
    """
    best = {q.key: q.rank for q in result.ranks}
    for (key, _), rank in ranks.items():
        if key not in best:
            raise HemlineError(f"the ranks of copies are of other queries: the result has no {key}")
        best[key] = min(best[key], rank)
    return _of(result, result.ranks, list(best.values()))


def _untouched(result: Result, leaked: Collection[str]) -> list[QueryRank]:
    gone = set(touched(result, leaked))
    return [q for q in result.ranks if q.key not in gone]


def _of(result: Result, queries: Sequence[QueryRank], ranks: Sequence[int] | None = None) -> Figures | None:
    told = [q.rank for q in queries] if ranks is None else ranks
    return figures(told, [q.category for q in queries], result.protocol.average)
