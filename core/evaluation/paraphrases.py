"""One wish in other words: how far ranks and hits move where nothing but the wording does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.evaluation.metrics import hits, names
from core.evaluation.protocol import CUTOFFS
from core.evaluation.result import Result
from core.evaluation.shares import Share, shares
from core.files import parse_json, read_text

TOP = 10
"""How many first hits the overlap is of."""


@dataclass(frozen=True)
class Asked:
    """One query asked in several wordings: the target's rank and the first `TOP` ids of each, two or more."""

    ranks: tuple[int, ...]
    tops: tuple[tuple[str, ...], ...]


def sensitivity(asked: Sequence[Asked], as_evaluated: np.ndarray) -> dict[str, Any]:
    """How far the wordings of each query disagree; `as_evaluated` int [q], the ranks of the evaluated text.

    "recall": of a wording on "mean" (each query weighing one), of queries that "all" wordings find and that
    "any" finds, and of "each" wording by its place. "flips": the share of queries whose target is within K
    under some wordings and not under others. "overlap": the mean over queries of the mean over pairs of
    wordings of the share of first ten hits that both have. "rank_spread": the target's worst rank less its
    best, over queries. HemlineError for a query with fewer than two wordings.
    """
    if not asked:
        raise HemlineError("no query has two wordings or more to compare")
    if any(len(query.ranks) < 2 for query in asked):
        raise HemlineError("a query has fewer than two wordings; leave it out")
    each = [hits(np.array(query.ranks)) for query in asked]  # [w, k] of every query
    spread = np.array([max(query.ranks) - min(query.ranks) for query in asked])
    every = np.stack([found.min(axis=0) for found in each])
    some = np.stack([found.max(axis=0) for found in each])
    flips = shares({str(k): column for k, column in zip(CUTOFFS, (some - every).T, strict=True)})
    return {
        "counts": {"queries": len(asked), "wordings": sum(len(query.ranks) for query in asked)},
        "as_evaluated": _recalls(hits(as_evaluated)),
        "recall": {
            "mean": _recalls(np.stack([found.mean(axis=0) for found in each])),
            "all": _recalls(every),
            "any": _recalls(some),
            "each": [_recalls(_place(each, place)) for place in range(max(map(len, each)))],
        },
        "flips": flips,
        "overlap": shares({"overlap": np.array([_overlap(query.tops) for query in asked])})["overlap"],
        "rank_spread": {
            "median": float(np.median(spread)),
            "p90": float(np.percentile(spread, 90)),
            "mean": float(spread.mean()),
        },
    }


def read_paraphrases(path: Path, result: Result) -> dict[str, tuple[str, ...]]:
    """The wordings of each query by key from lines {"query": key, "paraphrases": [text, …]}.

    Those of queries that a partial result dropped are left out. HemlineError, naming the line, for an
    unknown or repeated query and for wordings that are not two texts or more.
    """
    known = {*(query.key for query in result.ranks), *result.dropped}
    wordings: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(read_text(Path(path)).splitlines(), start=1):
        where = f"{path} line {number}"
        if not line.strip():
            continue
        value = parse_json(line, where)
        if not isinstance(value, dict) or set(value) != {"query", "paraphrases"}:
            raise HemlineError(f"{where} must be an object with paraphrases and query")
        key, texts = value["query"], value["paraphrases"]
        if key not in known:
            raise HemlineError(f"{where} is about {key!r}, which is no query of this split")
        if key in wordings:
            raise HemlineError(f"{where} is about {key} again; give all its wordings in one line")
        if not isinstance(texts, list) or len(texts) < 2 or not all(_is_text(text) for text in texts):
            raise HemlineError(f"{where} must give two wordings or more, each of them words")
        wordings[key] = tuple(texts)
    if not wordings:
        raise HemlineError(f"{path} holds no wordings; give lines with paraphrases and query")
    return {key: texts for key, texts in wordings.items() if key not in result.dropped}


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _recalls(found: np.ndarray) -> dict[str, Share]:
    return shares(dict(zip(names(), found.T, strict=True)))


def _place(each: Sequence[np.ndarray], place: int) -> np.ndarray:
    """Whether the wording at `place` of each query finds it, [q, k]; NaN where a query has fewer."""
    missing = np.full(len(CUTOFFS), np.nan)
    return np.stack([found[place] if place < len(found) else missing for found in each])


def _overlap(tops: Sequence[Sequence[str]]) -> float:
    sets: list[set[str]] = [set(top[:TOP]) for top in tops]
    return float(
        np.mean([len(one & other) / max(len(one), len(other)) for one, other in combinations(sets, 2)])
    )


def asked_wordings(wordings: Mapping[str, Sequence[str]], keys: Sequence[str]) -> list[tuple[str, str]]:
    """Each key with each wording to ask, of the queries that have two wordings that are not blank."""
    asked = []
    for key in keys:
        texts = [text for text in wordings.get(key, ()) if text.strip()]
        asked += [(key, text) for text in texts] if len(texts) > 1 else []
    return asked
