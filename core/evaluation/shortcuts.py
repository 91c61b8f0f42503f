"""How much of a benchmark one side of its queries answers alone, and what composing adds.

The labels are those of CIRCUS (arXiv 2605.14787), which gives them by a pool of eleven retrievers at K = 10;
here they are one model's own, at every K. So a share found here is a lower bound of what the benchmark's
queries allow, and says first of all what this model does with its two inputs.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.evaluation.metrics import hits
from core.evaluation.protocol import CUTOFFS
from core.evaluation.result import MODALITIES, Result, refuse_unlike
from core.evaluation.shares import Share, derived_share, shares

SINGLE = ("image", "text")
"""The modalities that show a query by one side."""


def check_modalities(results: Mapping[str, Result]) -> None:
    """HemlineError unless `results` holds one result of each of `MODALITIES`, of one model on one task."""
    lacking = [name for name in MODALITIES if name not in results]
    if lacking:
        raise HemlineError(
            f"a study needs results of {', '.join(MODALITIES)}; {', '.join(lacking)} is missing"
        )
    both = results["both"]
    for name, result in results.items():
        if result.modality != name:
            raise HemlineError(
                f"the result given for {name} was made with modality {result.modality!r}; "
                f"evaluate with --modality {name}"
            )
        refuse_unlike(both, result, ("both", name))
        prints = [found.model.get("fingerprint") for found in (both, result)]
        if prints[0] != prints[1]:
            raise HemlineError(
                f"the results both and {name} are of different models ({prints[0]} and {prints[1]}); "
                "evaluate one model in every modality"
            )


def shortcuts(
    ranks: Mapping[str, np.ndarray], cutoffs: Sequence[int] = CUTOFFS
) -> dict[str, dict[str, Share]]:
    """What each K finds by which side: {"10": {name: share of queries}}, ranks int [q] by modality.

    "both", "image", "text": found by asking so (Recall@K, micro). "shortcut_solvable": found by the image
    alone or by the text alone. "composition_required": found by both together and by neither alone.
    "unresolved": found in no way. "spoiled": found by one side alone and not by both together.
    "composition_gap": recall of both together less that of the better single side, in points, the better one
    chosen by its recall over all these queries (in each bootstrap sample anew); negative where composing
    harms. "normalised_gap": that gap as a share of the recall of both together, 100 where no single side
    finds anything; left out where both together find nothing. CIRCUS names a normalised gap too; its formula
    was not at hand, so this one is ours and not to be set beside it.
    """
    return {str(k): _at(ranks, k) for k in cutoffs}


def _at(ranks: Mapping[str, np.ndarray], k: int) -> dict[str, Share]:
    found = {name: hits(ranks[name], (k,))[:, 0] for name in MODALITIES}
    single = np.maximum(found["image"], found["text"])
    labels = {
        "shortcut_solvable": single,
        "composition_required": found["both"] * (1 - single),
        "unresolved": (1 - found["both"]) * (1 - single),
        "spoiled": (1 - found["both"]) * single,
    }
    told = shares({**found, **labels})
    told["composition_gap"] = derived_share(found, _gap)
    if found["both"].any():
        told["normalised_gap"] = derived_share(found, _normalised)
    return told


def _gap(recall: Mapping[str, np.ndarray]) -> np.ndarray:
    return recall["both"] - np.maximum(recall["image"], recall["text"])


def _normalised(recall: Mapping[str, np.ndarray]) -> np.ndarray:
    # A sample in which both together find nothing has no such gap and is left out of the interval.
    some = np.where(recall["both"] > 0, recall["both"], np.nan)
    return 100 * _gap(recall) / some


def by_query(results: Mapping[str, Result], k: int = 10) -> list[dict[str, Any]]:
    """For each query its key, the three ranks, and its label at K."""
    ranks = {name: results[name].rank_array() for name in MODALITIES}
    rows = []
    for row, query in enumerate(results["both"].ranks):
        at = {name: int(ranks[name][row]) for name in MODALITIES}
        single = min(at[name] for name in SINGLE) <= k
        label = "shortcut_solvable" if single else "composition_required" if at["both"] <= k else "unresolved"
        rows.append({"query": query.key, "ranks": at, "label": label})
    return rows
