"""Recall@K and median rank from ranks: per category, over queries (micro) and over categories (macro)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import HemlineError
from core.evaluation.protocol import CUTOFFS


@dataclass(frozen=True)
class Metrics:
    """What a set of ranks comes to. Recalls ("R@1", …) in percent.

    per_category: each category's recalls, "median_rank" and "queries", in order of first query.
    micro: the mean over queries, with "median_rank" and "queries". macro: the unweighted mean over
    categories.
    """

    per_category: dict[str, dict[str, float]]
    micro: dict[str, float]
    macro: dict[str, float]


def hits(ranks: np.ndarray, cutoffs: Sequence[int] = CUTOFFS) -> np.ndarray:
    """Whether each target is within each cutoff: ranks int [..., q] from 1 -> float64 0 or 1, [..., q, k]."""
    return (np.asarray(ranks)[..., None] <= np.asarray(cutoffs)).astype(np.float64)


def recalls(ranks: np.ndarray, cutoffs: Sequence[int] = CUTOFFS) -> dict[str, float]:
    """Recall@K in percent over ranks int [q]; one positive a query, so a query scores 0 or 1."""
    return dict(zip(names(cutoffs), (100 * hits(ranks, cutoffs).mean(axis=0)).tolist(), strict=True))


def names(cutoffs: Sequence[int] = CUTOFFS) -> list[str]:
    """How a result calls its recalls: "R@1", …"""
    return [f"R@{k}" for k in cutoffs]


def summarise(ranks: np.ndarray, categories: Sequence[str]) -> Metrics:
    """The metrics of ranks int [q] from 1 whose queries belong to `categories` [q]; HemlineError for none."""
    if len(ranks) != len(categories):
        raise HemlineError(f"{len(ranks)} ranks come with {len(categories)} categories")
    if not len(ranks):
        raise HemlineError("there is no query to evaluate")
    of = np.array(categories)
    per_category = {c: _whole(ranks[of == c]) for c in dict.fromkeys(categories)}
    macro = {name: float(np.mean([m[name] for m in per_category.values()])) for name in names()}
    return Metrics(per_category, _whole(ranks), macro)


def _whole(ranks: np.ndarray) -> dict[str, float]:
    return {**recalls(ranks), "median_rank": float(np.median(ranks)), "queries": len(ranks)}
