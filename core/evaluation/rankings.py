"""Every query's whole ranking, for what needs more than the target's place: judged answers and wordings."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import HemlineError
from core.evaluation.protocol import Protocol, gallery_ids
from core.evaluation.ranks import rank_targets
from core.evaluation.result import QueryRank, Result, gallery_hash
from core.types import Triplet


@dataclass(frozen=True)
class Rankings:
    """Whole rankings of some queries.

    queries: whose they are. galleries: each category's ids. rows: for each query the rows of its category's
    gallery, best first, int32 [n], without the reference where the protocol removes it. ranks: of the
    targets, int64 [q] from 1.
    """

    queries: tuple[QueryRank, ...]
    galleries: Mapping[str, tuple[str, ...]]
    rows: tuple[np.ndarray, ...]
    ranks: np.ndarray

    def top(self, query: int, k: int) -> tuple[str, ...]:
        """The first `k` ids of a query's ranking."""
        ids = self.galleries[self.queries[query].category]
        return tuple(ids[row] for row in self.rows[query][:k])

    def places(self, query: int, ids: Iterable[str]) -> dict[str, int]:
        """The rank from 1 of each of `ids` that the query's ranking holds; others are left out."""
        wanted = set(ids)
        gallery = self.galleries[self.queries[query].category]
        return {gallery[row]: n for n, row in enumerate(self.rows[query], start=1) if gallery[row] in wanted}


def galleries_of(
    result: Result, triplets: Sequence[Triplet], galleries: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """The galleries that a result was ranked against, from its split's `triplets` and gallery files.

    HemlineError where they are not the ones the result names.
    """
    gone = {*result.missing, *result.corrupt}
    found = {
        category: tuple(photo for photo in ids if photo not in gone)
        for category, ids in gallery_ids(result.protocol, triplets, galleries).items()
    }
    if gallery_hash(found) != result.gallery_hash:
        raise HemlineError(
            "the result was ranked against other galleries than this split's; evaluate it again"
        )
    return found


def rank_whole(
    queries: Sequence[QueryRank],
    vectors: np.ndarray,
    galleries: Mapping[str, tuple[str, ...]],
    targets: Mapping[str, np.ndarray],
    protocol: Protocol,
) -> Rankings:
    """Rank the whole gallery for each query: `vectors` float32 [q, d], `targets` a vector [d] per photo."""
    rows: dict[int, np.ndarray] = {}
    ranks = np.empty(len(queries), np.int64)
    for category in dict.fromkeys(query.category for query in queries):
        some = [row for row, query in enumerate(queries) if query.category == category]
        gallery = galleries[category]
        asked = [queries[row] for row in some]
        ranking = rank_targets(
            vectors[some],
            np.stack([targets[photo] for photo in gallery]),
            gallery,
            [query.target for query in asked],
            exclude=[(query.reference,) for query in asked] if protocol.reference == "removed" else None,
            keys=[query.key for query in asked],
            top_k=len(gallery),
        )
        ranks[some] = ranking.rank
        for row, best in zip(some, ranking.best, strict=True):
            rows[row] = best[best >= 0].astype(np.int32)
    return Rankings(tuple(queries), dict(galleries), tuple(rows[row] for row in range(len(queries))), ranks)
