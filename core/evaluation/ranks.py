"""The rank of each query's target in its gallery: numpy only, in chunks, every tie decided."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import HemlineError

_CHUNK_SCORES = 4_000_000  # scores held at once: 16 MB of float32


@dataclass(frozen=True)
class Ranking:
    """Where each query's target stands: arrays of length [q].

    rank: int64, from 1. score: float32, of the target. top: int64, the gallery row ranked first.
    top_score: float32, its score. best: int64 [q, top_k], the gallery rows ranked first, best first; -1 where
    there are fewer. within: int64 [q], the target's rank among the ids of `within` alone; 0 without them.
    """

    rank: np.ndarray
    score: np.ndarray
    top: np.ndarray
    top_score: np.ndarray
    best: np.ndarray
    within: np.ndarray


def target_ranks(
    query_vectors: np.ndarray,
    gallery_vectors: np.ndarray,
    gallery_ids: Sequence[str],
    targets: Sequence[str],
    exclude: Sequence[Collection[str]] | None = None,
) -> np.ndarray:
    """The ranks alone, int64 [q] from 1; arguments and errors as for `rank_targets`."""
    return rank_targets(query_vectors, gallery_vectors, gallery_ids, targets, exclude).rank


def rank_targets(
    query_vectors: np.ndarray,
    gallery_vectors: np.ndarray,
    gallery_ids: Sequence[str],
    targets: Sequence[str],
    exclude: Sequence[Collection[str]] | None = None,
    keys: Sequence[str] | None = None,
    top_k: int = 1,
    within: Sequence[Collection[str]] | None = None,
) -> Ranking:
    """Rank every query's target by dot product, highest first; equal scores in gallery order.

    query_vectors float32 [q, d] and gallery_vectors float32 [n, d], unit rows for cosine scores;
    `gallery_ids` n ids without repeats; `targets` q ids; `exclude` per query the ids that its ranking leaves
    out (ids that the gallery lacks are no matter); `keys` name the queries in errors; `top_k` (1 or more)
    says how many of the first hits to tell of; `within` per query some gallery ids, the target among them,
    that the target is ranked among as well (CIRR's subsets).
    Gallery rows with equal vectors always tie: each distinct vector is scored once, since a matrix product
    may round the same dot product differently in different columns.
    Raises HemlineError for shapes that do not fit, vectors that are not finite, repeated gallery ids, and a
    query whose target is not in the gallery or is excluded.
    """
    names = list(keys) if keys is not None else [f"query {row}" for row in range(len(targets))]
    left_out = exclude if exclude is not None else [()] * len(targets)
    _check(query_vectors, gallery_vectors, gallery_ids, targets, left_out, names)
    row_of = {photo: row for row, photo in enumerate(gallery_ids)}
    target_rows = _target_rows(row_of, targets, left_out, names)
    distinct, group = _distinct_rows(gallery_vectors)
    ranking = Ranking(
        rank=np.empty(len(targets), np.int64),
        score=np.empty(len(targets), np.float32),
        top=np.empty(len(targets), np.int64),
        top_score=np.empty(len(targets), np.float32),
        best=np.full((len(targets), top_k), -1, np.int64),
        within=np.zeros(len(targets), np.int64),
    )
    step = max(1, _CHUNK_SCORES // max(1, len(gallery_ids)))
    for start in range(0, len(targets), step):
        part = slice(start, start + step)
        scores = query_vectors[part] @ distinct.T
        if len(distinct) < len(group):
            scores = scores[:, group]  # [chunk, n]
        for row, ids in enumerate(left_out[part]):
            scores[row, [row_of[photo] for photo in ids if photo in row_of]] = -np.inf
        at = target_rows[part, None]
        own = np.take_along_axis(scores, at, axis=1)
        ahead = (scores > own) | ((scores == own) & (np.arange(len(gallery_ids)) < at))
        ranking.rank[part] = 1 + ahead.sum(axis=1)
        for row, ids in enumerate(within[part] if within is not None else ()):
            ranking.within[start + row] = 1 + ahead[row, [row_of[photo] for photo in ids]].sum()
        ranking.score[part] = own[:, 0]
        ranking.top[part] = scores.argmax(axis=1)  # argmax takes the first of equals: gallery order
        ranking.top_score[part] = scores.max(axis=1)
        for row, rows in enumerate(_best_rows(scores, top_k)):
            ranking.best[start + row, : len(rows)] = rows
    return ranking


def _best_rows(scores: np.ndarray, top_k: int) -> Iterator[np.ndarray]:
    """The `top_k` highest of each line of `scores` [c, n], equals in order; -inf is none of them."""
    width = min(top_k, scores.shape[1])
    least = np.partition(scores, scores.shape[1] - width, axis=1)[:, scores.shape[1] - width]
    for line, bound in zip(scores, least, strict=True):
        rows = np.flatnonzero((line >= bound) & (line > -np.inf))
        yield rows[np.argsort(-line[rows], kind="stable")][:width]


def _check(
    query_vectors: np.ndarray,
    gallery_vectors: np.ndarray,
    gallery_ids: Sequence[str],
    targets: Sequence[str],
    exclude: Sequence[Collection[str]],
    names: Sequence[str],
) -> None:
    shapes = query_vectors.shape, gallery_vectors.shape
    if query_vectors.ndim != 2 or gallery_vectors.ndim != 2 or shapes[0][1] != shapes[1][1]:
        raise HemlineError(
            f"query and gallery vectors must be [q, d] and [n, d], not {shapes[0]} and {shapes[1]}"
        )
    if len(gallery_ids) != len(gallery_vectors):
        raise HemlineError(f"{len(gallery_vectors)} gallery vectors come with {len(gallery_ids)} ids")
    if not len(query_vectors) == len(targets) == len(exclude) == len(names):
        raise HemlineError(
            f"{len(query_vectors)} query vectors come with {len(targets)} targets, "
            f"{len(exclude)} exclusions and {len(names)} keys"
        )
    if len(set(gallery_ids)) != len(gallery_ids):
        raise HemlineError("the gallery names a photo twice; a gallery's ids must differ")
    for vectors, what in ((query_vectors, names), (gallery_vectors, gallery_ids)):
        finite = np.isfinite(vectors).all(axis=1)
        if not finite.all():
            first = what[int(np.argmin(finite))]
            raise HemlineError(f"the model gave a vector that is not finite for {first}; it cannot be ranked")


def _target_rows(
    row_of: dict[str, int], targets: Sequence[str], exclude: Sequence[Collection[str]], names: Sequence[str]
) -> np.ndarray:
    for name, target, left_out in zip(names, targets, exclude, strict=True):
        if target not in row_of:
            raise HemlineError(f"the target {target} of {name} is not in its gallery of {len(row_of)} photos")
        if target in left_out:
            raise HemlineError(f"the target {target} of {name} is excluded from its own ranking")
    return np.array([row_of[target] for target in targets], dtype=np.int64)


def _distinct_rows(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct rows float32 [m, d], first occurrence first, and which of them each row is, int64 [n]."""
    plain = np.ascontiguousarray(vectors, dtype=np.float32) + np.float32(0)  # + 0 makes -0.0 and 0.0 one
    number: dict[bytes, int] = {}
    group = np.array([number.setdefault(row.tobytes(), len(number)) for row in plain], dtype=np.int64)
    first = np.unique(group, return_index=True)[1]
    return plain[first], group
