"""The queries of a result as rows to choose from: filtered, sorted, and every figure computed again on them.

A result's whole selection gives the result's own recalls and intervals, since both come from
`core.evaluation.intervals` under the same average.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.evaluation.intervals import SAMPLES, Difference, bootstrap_ci, paired_bootstrap, point_estimate
from core.evaluation.kinds import kinds_of_text, length_of_text
from core.evaluation.metrics import names
from core.evaluation.result import Result, refuse_unlike
from core.evaluation.shares import Share, shares

ORDERS = ("rank", "margin", "change", "file")
FACETS = ("category", "kind", "length", "tag")
AS_ASKED, KEPT = "top hit as asked", "top hit keeps the rest"


@dataclass(frozen=True)
class Facts:
    """What is known of each of a result's queries, in their order.

    ranks: int64 [q]. margins: float64 [q], the target's cosine less that of the best other garment, so below
    0 where another is first; NaN where it is not known. labels: of each name in `FACETS` the labels of each
    query, none or several.
    """

    result: Result
    ranks: np.ndarray
    margins: np.ndarray
    labels: Mapping[str, tuple[frozenset[str], ...]]


@dataclass(frozen=True)
class Choice:
    """Which queries are wanted; all of it at once.

    words: every one of them occurs in the text, as part of a word. labels: by name of `FACETS`, of which any
    one fits. ranks: the target's, first and last from 1, None for no end.
    """

    words: str = ""
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)
    ranks: tuple[int, int | None] = (1, None)


@dataclass(frozen=True)
class Contrast:
    """What a result gains on another on the same queries: the recalls, and how many targets moved.

    p and interval of each gain are those of `core.evaluation.intervals.paired_bootstrap`.
    """

    gain: dict[str, Difference]
    better: int
    worse: int
    same: int


def facts_of(
    result: Result, second: np.ndarray | None = None, tags: Mapping[str, np.ndarray] | None = None
) -> Facts:
    """The facts of a result with ranks.

    second: float [q], the cosine of the garment ranked second, where it is known: of a target that is first
    the margin needs it. tags: bool [q] by name, as `core.evaluation.tags.tags` gives them.
    """
    ranks = result.rank_array()
    own = np.array([query.score for query in result.ranks])
    first = np.array([query.top1_score for query in result.ranks])
    unknown = np.full(len(ranks), np.nan)
    margins = np.where(ranks > 1, own - first, own - second if second is not None else unknown)
    if not own.any() and not first.any():
        margins = unknown  # of given lists, which have no scores
    labels = {
        "category": tuple(frozenset([query.category]) for query in result.ranks),
        "kind": tuple(kinds_of_text(query.text) for query in result.ranks),
        "length": tuple(frozenset([length_of_text(query.text)]) for query in result.ranks),
        "tag": tuple(
            frozenset(name for name, has in (tags or {}).items() if has[row]) for row in range(len(ranks))
        ),
    }
    return Facts(result, ranks, margins, labels)


def facets(facts: Facts) -> dict[str, dict[str, int]]:
    """How many queries have each label: {name of `FACETS`: {label: queries}}, the most frequent first."""
    return {
        name: dict(Counter(label for some in facts.labels[name] for label in sorted(some)).most_common())
        for name in FACETS
    }


def select(facts: Facts, choice: Choice) -> np.ndarray:
    """The rows that fit the choice, int64, in the result's order; HemlineError for a facet there is not."""
    low, high = choice.ranks
    fits = (facts.ranks >= low) & (facts.ranks <= (high if high is not None else np.inf))
    for name, wanted in choice.labels.items():
        if name not in facts.labels:
            raise HemlineError(f"queries are chosen by {', '.join(FACETS)}, not by {name!r}")
        if wanted:
            fits &= np.array([not some.isdisjoint(wanted) for some in facts.labels[name]])
    words = choice.words.casefold().split()
    if words:
        said = (query.text.casefold() for query in facts.result.ranks)
        fits &= np.array([all(word in text for word in words) for text in said])
    return np.flatnonzero(fits)


def ordered(
    facts: Facts, rows: np.ndarray, by: str = "rank", down: bool = True, other: Facts | None = None
) -> np.ndarray:
    """`rows` sorted by one of `ORDERS`, equals in the result's order, what is not known last.

    "change" is by how many times the target's rank differs from that of `other`: from 12 to 1 is more than
    from 500 to 400. HemlineError for another order, and for a change without another run.
    """
    if by == "file":
        return rows if not down else rows[::-1]
    if by == "change" and other is None:
        raise HemlineError("a change needs a second run to compare with; choose one")
    values = {"rank": facts.ranks, "margin": facts.margins}.get(by)
    if by == "change" and other is not None:
        values = np.log2(other.ranks / facts.ranks)
    if values is None:
        raise HemlineError(f"queries are sorted by {', '.join(ORDERS)}, not by {by!r}")
    keys = np.asarray(values, np.float64)[rows]
    return rows[np.argsort(-keys if down else keys, kind="stable")]  # NaN sorts last either way


def figures(facts: Facts, rows: np.ndarray) -> dict[str, Share]:
    """The recalls, "median rank" (a rank, not percent) and what the records say of the top hits, of `rows`.

    Recalls are averaged as the result's protocol says. Of records: the share of top hits that meet all that
    was asked, and of those that keep all else; left out where there are none. Empty where no row is.
    """
    if not len(rows):
        return {}
    ranks = facts.ranks[rows]
    of = [facts.result.ranks[row].category for row in rows]
    average = facts.result.protocol.average
    point, ends = point_estimate(ranks, of, average), bootstrap_ci(ranks, of, average)
    told = {name: Share(float(point[k]), *ends[name], len(rows)) for k, name in enumerate(names())}
    told["median rank"] = Share(float(np.median(ranks)), *median_ends(ranks), len(rows))
    measured = [facts.result.ranks[row].attributes for row in rows]
    return told | shares({AS_ASKED: _none_of("unmet", measured), KEPT: _none_of("lost", measured)})


def contrast(facts: Facts, other: Facts, rows: np.ndarray) -> Contrast:
    """What `facts` gains on `other`, on `rows` of both, at least one.

    HemlineError where the two differ in protocol, gallery or queries.
    """
    refuse_unlike(other.result, facts.result, ("the other run", "this run"))
    before, after = other.ranks[rows], facts.ranks[rows]
    of = [facts.result.ranks[row].category for row in rows]
    return Contrast(
        gain=paired_bootstrap(before, after, of, facts.result.protocol.average),
        better=int((after < before).sum()),
        worse=int((after > before).sum()),
        same=int((after == before).sum()),
    )


def moves(facts: Facts, other: Facts, rows: np.ndarray, bounds: Sequence[int]) -> np.ndarray:
    """How many of `rows` are in which band of ranks, int64 [b, b]: `other` down, `facts` across.

    bounds: the last rank of each band but the last, rising, as (1, 10): first, 2 to 10, beyond. HemlineError
    as for `contrast`.
    """
    refuse_unlike(other.result, facts.result, ("the other run", "this run"))
    bands = len(bounds) + 1
    before, after = (np.searchsorted(bounds, run.ranks[rows]) for run in (other, facts))
    return np.bincount(before * bands + after, minlength=bands * bands).reshape(bands, bands)


def median_ends(ranks: np.ndarray, samples: int = SAMPLES, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval (percentile bootstrap over queries) of the median of ranks int [q]."""
    values, counts = np.unique(ranks, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(ranks), counts / len(ranks), size=samples)
    below = drawn.cumsum(axis=1)
    # The two in the middle, from 0: the first value whose count reaches beyond each.
    middle = [(below > place).argmax(axis=1) for place in ((len(ranks) - 1) // 2, len(ranks) // 2)]
    low, high = np.percentile((values[middle[0]] + values[middle[1]]) / 2, (2.5, 97.5))
    return float(low), float(high)


def _none_of(field: str, measured: Sequence[Mapping[str, Any] | None]) -> np.ndarray:
    """1.0 where the top hit failed nothing of that kind, 0.0 where it did, NaN where no record says."""
    return np.array([np.nan if told is None else float(not told.get(field)) for told in measured])
