"""CIRR's measures: R@K over the gallery, R_subset@K over five candidates, and the mean of R@5 and R_subset@1.

The rules (Liu et al. 2021, and its rc2 annotations): a query's own reference leaves its ranking before
anything is counted or cut; a subset is the query's `img_set` without the reference, in the ranking's order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HemlineError
from core.evaluation.metrics import hits
from core.evaluation.ranks import rank_targets
from core.evaluation.shares import Share, shares

if TYPE_CHECKING:
    from core.datasets.cirr import Pair

SUBSET_CUTOFFS = (1, 2, 3)
"""The K of every R_subset@K."""


@dataclass(frozen=True)
class Place:
    """Where a query's target stands, from 1: in the gallery, and among the five candidates of its subset.

    Of a list that is cut, a target beyond it has the first rank after it, which is past every cutoff.
    score and top1_score: of the target and of the first photo, 0.0 where only an order is known.
    """

    rank: int
    subset_rank: int
    top1: str
    score: float = 0.0
    top1_score: float = 0.0


def place_vectors(
    pairs: Sequence["Pair"], gallery: Sequence[str], queries: np.ndarray, vectors: np.ndarray
) -> list[Place]:
    """Where each target stands by dot product, highest first, equal scores in gallery order.

    queries float32 [q, d] in the order of `pairs`; vectors float32 [n, d] in that of `gallery`, unit rows for
    cosine scores. HemlineError for pairs without a target, and as `core.evaluation.ranks.rank_targets`.
    """
    ranking = rank_targets(
        queries,
        vectors,
        gallery,
        [_target(pair) for pair in pairs],
        exclude=[(pair.reference,) for pair in pairs],
        keys=_names(pairs),
        within=[pair.candidates() for pair in pairs],
    )
    columns = (ranking.rank, ranking.within, ranking.top, ranking.score, ranking.top_score)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Place(rank, inside, gallery[top], own, best) for rank, inside, top, own, best in rows]


def rank_gallery(
    pairs: Sequence["Pair"], gallery: Sequence[str], queries: np.ndarray, vectors: np.ndarray
) -> list[list[str]]:
    """Each query's whole ranking, best first, without its reference; arguments as for `place_vectors`.

    Targets do not matter here, so that test1's pairs can be ranked.
    """
    if len(gallery) < 2:
        raise HemlineError("a gallery of CIRR has two photos or more; one of them is the reference")
    # `rank_targets` wants a target: any photo but the reference stands in for one.
    stand_ins = [gallery[0] if pair.reference != gallery[0] else gallery[1] for pair in pairs]
    ranking = rank_targets(
        queries,
        vectors,
        gallery,
        stand_ins,
        exclude=[(pair.reference,) for pair in pairs],
        keys=_names(pairs),
        top_k=len(gallery),
    )
    return [[gallery[row] for row in rows if row >= 0] for rows in ranking.best]


def place(pair: "Pair", names: Sequence[str]) -> Place:
    """Where the pair's target stands in its ranking, which is without the reference and may be cut.

    HemlineError where a cut list does not fix R_subset: the target is not in it, nor three other candidates.
    """
    target, order = _target(pair), subset_order(pair, names)
    if target not in order and len(order) < max(SUBSET_CUTOFFS):
        raise HemlineError(
            f"the ranking of pair {pair.key} holds {len(order)} of its five candidates and not the target; "
            "R_subset needs longer rankings, best of the whole gallery"
        )
    return Place(_rank(target, names), _rank(target, order), names[0])


def subset_order(pair: "Pair", names: Sequence[str]) -> list[str]:
    """The pair's candidates in the order of its ranking; fewer than five where the list is cut too early."""
    candidates = set(pair.candidates())
    return [name for name in names if name in candidates]


def subset_shares(places: Sequence[Place], seed: int = 0) -> dict[str, Share]:
    """ "Rs@1", "Rs@2", "Rs@3" and "mean", (R@5 + Rs@1) / 2, in percent with intervals over queries."""
    columns = subset_columns([p.rank for p in places], [p.subset_rank for p in places])
    return shares(columns, seed=seed)


def subset_columns(ranks: Sequence[int], subset_ranks: Sequence[int]) -> dict[str, np.ndarray]:
    """What each query counts for each of `subset_shares`, float64 [q] of 0 to 1."""
    inside = hits(np.array(subset_ranks), SUBSET_CUTOFFS)  # [q, 3]
    columns = {f"Rs@{k}": inside[:, column] for column, k in enumerate(SUBSET_CUTOFFS)}
    return {**columns, "mean": (hits(np.array(ranks), (5,))[:, 0] + inside[:, 0]) / 2}


def _rank(name: str, names: Sequence[str]) -> int:
    return 1 + (names.index(name) if name in names else len(names))


def _target(pair: "Pair") -> str:
    if pair.target is None:
        raise HemlineError(
            f"pair {pair.key} has no target: those of test1 are not public; evaluate on val, or write a "
            "submission with python -m train.cirr write"
        )
    return pair.target


def _names(pairs: Sequence["Pair"]) -> list[str]:
    return [f"pair {pair.key}" for pair in pairs]
