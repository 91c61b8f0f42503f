"""Did a flag help: what two versions of a model make of the judged hits, and of everything else.

NumPy on query vectors before and after; the index is the same for both. Three questions: did the flagged hits
leave the first ten; do queries with known answers still find them (Recall@K, paired bootstrap); and how much
did the first ten of queries change that nobody judged (the collateral)?
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.evaluation.intervals import Difference, paired_bootstrap

TEN = 10
DRIFT_JUDGED = 200
DRIFT_OVERLAP = 0.7


@dataclass(frozen=True)
class Asked:
    """A query's words, reference and the ids that its ranking leaves out (the reference and its copies)."""

    text: str
    reference: str | None = None
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True)
class HitChange:
    """One judged hit before and after: ranks from 1, cosine scores; `role` as in the verdicts' vocabulary."""

    reference: str | None
    text: str
    hit: str
    role: str
    shown_rank: int
    old_rank: int
    new_rank: int
    old_score: float
    new_score: float

    @property
    def left(self) -> bool:
        """Whether it was among the first ten and is no longer."""
        return self.old_rank <= TEN < self.new_rank


@dataclass(frozen=True)
class Collateral:
    """What happened to `queries` that nobody judged.

    `changed` is the share of them, in percent, whose first ten are other garments now; `overlap` the mean
    share of the old ten that are still there, `top_hit` the share whose first hit is the same, both in
    percent; `cosine` the mean between the old and the new query vector.
    """

    queries: int
    changed: float
    overlap: float
    top_hit: float
    cosine: float


def judged_changes(
    asked: Sequence[Asked],
    judged: Sequence[Sequence[tuple[str, str, int]]],
    before: np.ndarray,
    after: np.ndarray,
    vectors: np.ndarray,
    ids: Sequence[str],
) -> list[HitChange]:
    """Every judged hit under both versions, query by query.

    `judged` gives for each query its (id, role, rank as shown); `before` and `after` float32 [q, d],
    `vectors` float32 [n, d] in the order of `ids`. Every judged id must be among `ids`.
    """
    row_of = {name: row for row, name in enumerate(ids)}
    changes = []
    for number, (query, hits) in enumerate(zip(asked, judged, strict=True)):
        old, new = (_scores(side[number], vectors, query, row_of) for side in (before, after))
        for name, role, shown in hits:
            row = row_of[name]
            ranks = _rank(old, row), _rank(new, row)
            scores = float(old[row]), float(new[row])
            changes.append(HitChange(query.reference, query.text, name, role, shown, *ranks, *scores))
    return changes


def summary(changes: Sequence[HitChange]) -> dict[str, Any]:
    """The counts of flagged and right hits before and after, and `left`: the percent that left the first ten.

    `left` is of the flagged hits that were among the first ten before, None where there were none; `right`
    has the mean rank of right hits before and after.
    """
    wrong = [change for change in changes if change.role == "negative"]
    right = [change for change in changes if change.role == "positive"]
    there = [change for change in wrong if change.old_rank <= TEN]
    return {
        "flagged": len(wrong),
        "in_ten_before": len(there),
        "in_ten_after": sum(change.new_rank <= TEN for change in wrong),
        "left": 100 * sum(change.left for change in there) / len(there) if there else None,
        "right": {
            "hits": len(right),
            "in_ten_before": sum(change.old_rank <= TEN for change in right),
            "in_ten_after": sum(change.new_rank <= TEN for change in right),
            "mean_rank_before": float(np.mean([c.old_rank for c in right])) if right else None,
            "mean_rank_after": float(np.mean([c.new_rank for c in right])) if right else None,
        },
    }


def recall_change(
    before: np.ndarray, after: np.ndarray, categories: Sequence[str], seed: int = 0
) -> dict[str, Difference]:
    """What Recall@K gained, in points with its 95 % interval: ranks int [q] of the same queries."""
    return paired_bootstrap(before, after, categories, "micro", seed=seed)


def ranked(
    asked: Sequence[Asked],
    queries: np.ndarray,
    vectors: np.ndarray,
    ids: Sequence[str],
    targets: Sequence[str],
) -> tuple[np.ndarray, list[list[str]]]:
    """Each target's rank, int64 [q], and each query's first ten."""
    row_of = {name: row for row, name in enumerate(ids)}
    ranks, firsts = [], []
    for number, (query, target) in enumerate(zip(asked, targets, strict=True)):
        scores = _scores(queries[number], vectors, query, row_of)
        ranks.append(_rank(scores, row_of[target]))
        firsts.append([ids[row] for row in np.argsort(-scores, kind="stable")[:TEN]])
    return np.array(ranks, dtype=np.int64), firsts


def collateral(
    before: np.ndarray, after: np.ndarray, old: Sequence[Sequence[str]], new: Sequence[Sequence[str]]
) -> Collateral:
    """The collateral of unjudged queries: vectors float32 [q, d] and first ten under both versions."""
    shared = [len(set(a) & set(b)) / max(1, len(a)) for a, b in zip(old, new, strict=True)]
    return Collateral(
        queries=len(shared),
        changed=100 * float(np.mean([share < 1 for share in shared])),
        overlap=100 * float(np.mean(shared)),
        top_hit=100 * float(np.mean([a[0] == b[0] for a, b in zip(old, new, strict=True)])),
        cosine=float((before.astype(np.float64) * after).sum(axis=1).mean()),
    )


def drift(judged: int, found: Collateral) -> str:
    """A warning where little was judged and much moved, "" otherwise.

    The rule: fewer than `DRIFT_JUDGED` judged hits, and of the first ten of queries that nobody judged less
    than `DRIFT_OVERLAP` stayed, on average.
    """
    if judged >= DRIFT_JUDGED or found.overlap >= 100 * DRIFT_OVERLAP:
        return ""
    return (
        f"{judged} judged hits moved much: of the first ten of {found.queries} queries that nobody judged "
        f"only {found.overlap:.0f} % stayed; look at some answers before you rely on this version"
    )


def as_dict(
    changes: Sequence[HitChange],
    recall: Mapping[str, Difference],
    found: Collateral,
    warning: str,
) -> dict[str, Any]:
    """Everything as plain values for JSON."""
    return {
        "summary": summary(changes),
        "recall": {name: asdict(difference) for name, difference in recall.items()},
        "collateral": asdict(found),
        "drift": warning,
        "hits": [{**asdict(change), "left": change.left} for change in changes],
    }


def _scores(query: np.ndarray, vectors: np.ndarray, asked: Asked, row_of: Mapping[str, int]) -> np.ndarray:
    scores = vectors @ query
    scores[_rows(asked.hidden, row_of)] = -np.inf
    return scores


def _rows(names: Collection[str], row_of: Mapping[str, int]) -> list[int]:
    return [row_of[name] for name in names if name in row_of]


def _rank(scores: np.ndarray, row: int) -> int:
    """From 1; equal scores in the order of the rows, as the index has it."""
    return 1 + int((scores > scores[row]).sum()) + int((scores[:row] == scores[row]).sum())
