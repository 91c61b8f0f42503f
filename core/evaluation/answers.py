"""Several right answers and explicit negatives of a query: mAP@K, NegRecall@K, and what outranks the target.

A recall knows one right photo and takes all others for wrong alike. Where people judged hits, or exact
requests say which photos answer, more can be told. The target always counts as right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evaluation.rankings import Rankings
from core.evaluation.shares import Share, shares

CUTOFFS = (1, 5, 10, 50)


@dataclass(frozen=True)
class Answers:
    """What is known of a query's photos: those that answer it (beside the target) and those that do not."""

    acceptable: frozenset[str]
    negative: frozenset[str]


def average_precision(places: Sequence[int], relevant: int, k: int) -> float:
    """AP@K of one query, 0 to 1: right answers at `places` (ranks from 1) of `relevant` there are.

    The sum over the ranks i <= K that hold a right answer of the precision among the first i, divided by
    min(K, relevant): as CIRCO's mAP@K, so that a ranking that begins with right answers reads 1 whatever K.
    """
    hits = sorted(place for place in places if place <= k)
    return sum(n / place for n, place in enumerate(hits, start=1)) / min(k, relevant)


def answers(
    rankings: Rankings, known: Mapping[str, Answers], source: str, cutoffs: Sequence[int] = CUTOFFS
) -> dict[str, Any]:
    """The shares of queries about which something is `known`, by key; queries without are left out.

    What a protocol removes from a ranking (the reference) is neither right nor wrong there. In percent:
    "target" and "found": the target, or any right answer, is within K. "map": mean AP@K of the queries with
    two right answers or more, "map_all" of all. Of the queries with a negative: "neg_recall": the mean share
    of a query's negatives that are within K (after PinPoint, arXiv 2603.04598, whose formula was not at hand;
    lower is better); "neg_in_top": the mean share of the first K hits that are negatives; "any_negative": one
    or more within K; "outranked": one or more stands above the target; "negatives_ahead": the mean share of a
    query's negatives above the target. "counts" says of how many.
    """
    rows = [
        _query(rankings, n, known[q.key], cutoffs) for n, q in enumerate(rankings.queries) if q.key in known
    ]
    told: dict[str, Any] = {
        "source": source,
        "counts": {
            "queries": len(rows),
            "several_right": sum(row["right"] > 1 for row in rows),
            "with_negatives": sum(row["wrong"] > 0 for row in rows),
            "right_per_query": float(np.mean([row["right"] for row in rows])) if rows else 0.0,
            "negatives": sum(row["wrong"] for row in rows),
        },
    }
    measured = (
        shares({name: np.array([row[name] for row in rows]) for name in _names(cutoffs)}) if rows else {}
    )
    for name, share in measured.items():
        part, _, k = name.partition("@")
        if k:
            told.setdefault(part, {})[k] = share
        else:
            told[part] = share
    return told


_AT_K = ("target", "found", "map", "map_all", "neg_recall", "neg_in_top", "any_negative")


def _names(cutoffs: Sequence[int]) -> list[str]:
    return [f"{name}@{k}" for name in _AT_K for k in cutoffs] + ["outranked", "negatives_ahead"]


def _query(rankings: Rankings, n: int, known: Answers, cutoffs: Sequence[int]) -> dict[str, float]:
    """One query's figures, 0 to 1; NaN where it does not count for one."""
    query = rankings.queries[n]
    right_ids = known.acceptable | {query.target}
    at = rankings.places(n, right_ids | known.negative)
    right = sorted(place for id_, place in at.items() if id_ in right_ids)
    wrong = np.array([place for id_, place in at.items() if id_ not in right_ids])
    target = at[query.target]
    row: dict[str, float] = {"right": len(right), "wrong": len(wrong)}
    for k in cutoffs:
        row[f"target@{k}"] = float(target <= k)
        row[f"found@{k}"] = float(right[0] <= k)
        row[f"map_all@{k}"] = average_precision(right, len(right), k)
        row[f"map@{k}"] = row[f"map_all@{k}"] if len(right) > 1 else np.nan
        within = (wrong <= k).sum() if len(wrong) else np.nan
        row[f"neg_recall@{k}"] = within / len(wrong) if len(wrong) else np.nan
        row[f"neg_in_top@{k}"] = within / min(k, len(rankings.rows[n]))
        row[f"any_negative@{k}"] = float(within > 0) if len(wrong) else np.nan
    row["outranked"] = float((wrong < target).any()) if len(wrong) else np.nan
    row["negatives_ahead"] = float((wrong < target).mean()) if len(wrong) else np.nan
    return row


def plain_shares(told: Mapping[str, Any]) -> list[tuple[str, Share]]:
    """Name and share of every figure of `answers`, "map@10" and so on."""
    flat: list[tuple[str, Share]] = []
    for name, value in told.items():
        if isinstance(value, Share):
            flat.append((name, value))
        elif isinstance(value, dict) and name != "counts":
            flat += [(f"{name}@{k}", share) for k, share in value.items()]
    return flat
