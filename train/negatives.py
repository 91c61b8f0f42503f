"""What may be a negative of a query: one rule for the in-batch loss, the static bank and mining alike.

Never a negative of a query: its target, another target of the same query (same reference and text, or same
key), what a person judged acceptable for it, and the duplicates of all these. The reference and its
duplicates by policy.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import HemlineError

REFERENCE_POLICIES = ("negative", "ignored")


@dataclass(frozen=True)
class QueryInfo:
    """What the rule needs of a query: `key` ("" where it has none), ids of reference and target, the text."""

    key: str
    reference: str | None
    text: str
    target: str


@dataclass(frozen=True)
class Known:
    """What is known about false negatives: build it once with `known_positives`.

    `duplicates` maps an id to the id that stands for all its duplicates (an id not in it stands for itself);
    `positives` maps a query's identity to the ids that answer it.
    """

    duplicates: Mapping[str, str]
    positives: Mapping[Hashable, frozenset[str]]
    reference_policy: str = "negative"


@dataclass(frozen=True)
class MinedNegative:
    """A mined hard negative: `rank` from 1 in the whole bank, cosine `score`, training `step`."""

    id: str
    rank: int
    score: float
    step: int


def known_positives(
    queries: Iterable[QueryInfo],
    duplicates: Mapping[str, str] | None = None,
    acceptable: Iterable[tuple[str | None, str, str]] = (),
    reference_policy: str = "negative",
) -> Known:
    """Gather the targets of `queries` and what people judged `acceptable` as (reference, text, id).

    `reference_policy` "negative": a query's reference may be its negative; "ignored": it is neither.
    Raises HemlineError for another policy.
    """
    if reference_policy not in REFERENCE_POLICIES:
        raise HemlineError(f"the reference policy is one of {REFERENCE_POLICIES}, not {reference_policy!r}")
    same = duplicates or {}
    positives: dict[Hashable, set[str]] = {}
    for query in queries:
        for identity in _identities(query.key, query.reference, query.text, same):
            positives.setdefault(identity, set()).add(same.get(query.target, query.target))
    for reference, text, accepted in acceptable:
        for identity in _identities("", reference, text, same):
            positives.setdefault(identity, set()).add(same.get(accepted, accepted))
    frozen = {identity: frozenset(ids) for identity, ids in positives.items()}
    return Known(same, frozen, reference_policy)


def negative_mask(
    queries: Sequence[QueryInfo], candidates: Sequence[str] | Mapping[str, np.ndarray], known: Known
) -> np.ndarray:
    """bool [q, n], True where a candidate may be that query's negative.

    `candidates` are n ids, or `columns_of(ids, known)`, worth keeping where the same bank is asked every
    step.
    """
    columns = candidates if isinstance(candidates, Mapping) else columns_of(candidates, known)
    count = sum(len(c) for c in columns.values())
    mask = np.ones((len(queries), count), dtype=bool)
    for row, query in enumerate(queries):
        for identifier in _never_negative(query, known):
            found = columns.get(identifier)
            if found is not None:
                mask[row, found] = False
    return mask


def columns_of(candidates: Sequence[str], known: Known) -> dict[str, np.ndarray]:
    """The column numbers of each candidate, duplicates together under the id that stands for them."""
    columns: dict[str, list[int]] = {}
    for column, candidate in enumerate(candidates):
        columns.setdefault(known.duplicates.get(candidate, candidate), []).append(column)
    return {identifier: np.asarray(found) for identifier, found in columns.items()}


def mine_hard_negatives(
    query_vectors: np.ndarray,
    bank_vectors: np.ndarray,
    bank_ids: Sequence[str],
    target_columns: np.ndarray,
    mask: np.ndarray,
    *,
    top: int,
    skip: int = 0,
    relative_margin: float | None = 0.95,
    step: int = 0,
) -> list[list[MinedNegative]]:
    """The `top` best-scoring permitted candidates of each query, hardest first.

    `query_vectors` [q, d] and `bank_vectors` [n, d] are float32 unit rows, `target_columns` [q] int, `mask`
    [q, n] bool (`negative_mask`). A candidate that scores above `relative_margin` times its target's score
    is taken for a false negative and dropped (None: none is dropped); of the rest the first `skip` are
    passed over. Ties go by bank order.
    """
    mined = []
    for row, vector in enumerate(query_vectors):
        scores = bank_vectors @ vector
        target = float(scores[target_columns[row]])
        # The absolute value, so that a negative target score lowers the limit too.
        limit = np.inf if relative_margin is None else target - (1 - relative_margin) * abs(target)
        order = np.argsort(-scores, kind="stable")
        allowed = mask[row] & (scores <= limit)
        allowed[target_columns[row]] = False
        ranks = np.flatnonzero(allowed[order])[skip : skip + top]
        mined.append(
            [
                MinedNegative(bank_ids[c], r + 1, float(scores[c]), step)
                for r, c in zip(ranks.tolist(), order[ranks], strict=False)
            ]
        )
    return mined


def duplicates(
    hashes: Mapping[str, str], vectors: np.ndarray | None = None, threshold: float = 0.98
) -> dict[str, str]:
    """Map every id of `hashes` (id -> sha256 of its photo) to the first id of its group of duplicates.

    Two ids are duplicates where their hashes are equal, or, with `vectors` (float32 unit rows [n, d] in the
    order of `hashes`), where their cosine is at least `threshold`; groups are closed under both.
    """
    ids = list(hashes)
    if vectors is not None and len(vectors) != len(ids):
        raise ValueError(f"duplicates needs one vector per hash; got {len(vectors)} and {len(ids)}")
    parent = list(range(len(ids)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    def join(i: int, j: int) -> None:
        first, second = sorted((root(i), root(j)))
        parent[second] = first

    seen: dict[str, int] = {}
    for index, identifier in enumerate(ids):
        join(seen.setdefault(hashes[identifier], index), index)
    for i, j in _near_pairs(vectors, threshold) if vectors is not None else ():
        join(i, j)
    return {identifier: ids[root(index)] for index, identifier in enumerate(ids)}


def _near_pairs(vectors: np.ndarray, threshold: float, block: int = 1024) -> Iterable[tuple[int, int]]:
    """Pairs i < j with cosine of at least `threshold`; a block of rows at a time bounds the memory."""
    for start in range(0, len(vectors), block):
        scores = vectors[start : start + block] @ vectors[start:].T
        for i, j in np.argwhere(np.triu(scores >= threshold, k=1)):
            yield start + int(i), start + int(j)


def _never_negative(query: QueryInfo, known: Known) -> set[str]:
    same = known.duplicates
    never = {same.get(query.target, query.target)}
    for identity in _identities(query.key, query.reference, query.text, same):
        never |= known.positives.get(identity, frozenset())
    if known.reference_policy == "ignored" and query.reference is not None:
        never.add(same.get(query.reference, query.reference))
    return never


def _identities(key: str, reference: str | None, text: str, same: Mapping[str, str]) -> list[Hashable]:
    """The names under which a query's answers are known: its key, and its reference with its words."""
    words = " ".join(text.casefold().split())
    place = None if reference is None else same.get(reference, reference)
    return [(place, words), *([("key", key)] if key else [])]
