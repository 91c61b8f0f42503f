"""Recall by group of queries: category, kind of change, length of the text; each share with its interval."""

from collections.abc import Mapping, Sequence

import numpy as np

from core.errors import HemlineError
from core.evaluation.intervals import bootstrap_ci, point_estimate
from core.evaluation.kinds import FIELDS, kinds_of_request, kinds_of_text, length_of_text
from core.evaluation.metrics import hits, names
from core.evaluation.protocol import AVERAGES
from core.evaluation.result import Result
from core.evaluation.shares import Share, shares
from core.requests import Request


def groups(
    result: Result, requests: Mapping[str, Request] | None = None
) -> dict[str, dict[str, dict[str, Share]]]:
    """Recall@K of the groups of a result's queries: {"category": {"dress": {"R@10": share}}}.

    "average" holds "micro" and "macro" (its interval draws within categories); then "category", "kind" (of
    the change, by the words), "request" (by exact requests, where `requests` holds them by key) and "length"
    (of the text, in words). A query may be of several kinds, so those groups overlap. Every share names how
    many queries it is of. HemlineError for a query without a request where there are any.
    """
    ranks, categories = result.rank_array(), result.categories()
    told = {
        "average": {average: _average(ranks, categories, average) for average in AVERAGES},
        "category": recall_by(ranks, [(category,) for category in categories]),
        "kind": recall_by(ranks, [sorted(kinds_of_text(query.text)) for query in result.ranks], ordered=True),
        "length": recall_by(ranks, [(length_of_text(query.text),) for query in result.ranks], ordered=True),
    }
    if requests:
        lacking = next((query.key for query in result.ranks if query.key not in requests), None)
        if lacking is not None:
            raise HemlineError(f"there is no request for {lacking}; give one for every query, or none")
        asked = [sorted(kinds_of_request(requests[query.key])) for query in result.ranks]
        told["request"] = recall_by(ranks, asked, ordered=True)
    return told


def agreement(result: Result, requests: Mapping[str, Request]) -> dict[str, dict[str, Share]]:
    """How far the kinds read from words agree with exact requests: {"colors": {"precision", "recall"}}.

    Of the queries whose words are of a kind, the share whose request edits that field, and the other way
    round. "kind" reads low in precision: words that name the garment count, asked for or not.
    """
    told = {}
    for kind in FIELDS:
        said = np.array([kind in kinds_of_text(query.text) for query in result.ranks])
        asked = np.array([kind in requests[query.key].edits for query in result.ranks])
        agree = (said & asked).astype(float)
        told[kind] = shares(
            {"precision": np.where(said, agree, np.nan), "recall": np.where(asked, agree, np.nan)}
        )
    return told


def recall_by(
    ranks: np.ndarray, labels: Sequence[Sequence[str]], ordered: bool = False
) -> dict[str, dict[str, Share]]:
    """Recall@K of the queries of each label, ranks int [q] with the labels each query has.

    Labels stand in order of first occurrence, or sorted where `ordered`.
    """
    rows: dict[str, list[int]] = {}
    for row, some in enumerate(labels):
        for label in some:
            rows.setdefault(label, []).append(row)
    order = sorted(rows) if ordered else list(rows)
    return {label: _recalls(ranks[rows[label]]) for label in order}


def _recalls(ranks: np.ndarray) -> dict[str, Share]:
    return shares(dict(zip(names(), hits(ranks).T, strict=True)))


def _average(ranks: np.ndarray, categories: Sequence[str], average: str) -> dict[str, Share]:
    point = point_estimate(ranks, categories, average)
    ends = bootstrap_ci(ranks, categories, average)
    return {name: Share(float(point[k]), *ends[name], len(ranks)) for k, name in enumerate(names())}
