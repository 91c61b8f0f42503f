"""What an evaluation ranks under a protocol: the queries, the galleries, and where each target stands."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HemlineError
from core.evaluation import protocol as protocols
from core.evaluation.joins import query_texts
from core.evaluation.ranks import rank_targets
from core.evaluation.result import QueryRank
from core.types import Triplet

if TYPE_CHECKING:
    from core.datasets.fashioniq import Split


@dataclass(frozen=True)
class Query:
    """One query: of a row of the annotations, by the protocol's join, with the texts it is asked with.

    key: the row's, or "KEY/N" where the join makes several queries of a row, N the caption's place from 0.
    """

    key: str
    triplet: Triplet
    texts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The texts as one, for a result."""
        return " + ".join(self.texts)


@dataclass(frozen=True)
class Task:
    """The queries that can be answered, each category's gallery, and what was lacking for more.

    missing and corrupt: photos; dropped: the keys of the queries whose reference or target they are.
    """

    protocol: protocols.Protocol
    queries: tuple[Query, ...]
    galleries: dict[str, tuple[str, ...]]
    missing: tuple[str, ...] = ()
    corrupt: Mapping[str, str] | None = None
    dropped: tuple[str, ...] = ()

    @property
    def photos(self) -> tuple[str, ...]:
        """Every photo of the galleries once, categories in order."""
        return tuple(dict.fromkeys(photo for ids in self.galleries.values() for photo in ids))


def photos_needed(split: "Split", protocol: protocols.Protocol) -> tuple[str, ...]:
    """Every photo an evaluation looks at: the galleries, then references that no gallery holds."""
    galleries = protocols.gallery_ids(protocol, split.triplets, split.galleries)
    ranked = [photo for ids in galleries.values() for photo in ids]
    return tuple(dict.fromkeys(ranked + [t.reference for t in split.triplets]))


def make_task(
    split: "Split",
    protocol: protocols.Protocol,
    have: Container[str] | None = None,
    corrupt: Mapping[str, str] | None = None,
    allow_partial: bool = False,
) -> Task:
    """What is to be ranked; `have` holds the photos that are there, None for all of them.

    HemlineError where photos lack and `allow_partial` is False, and where no query is left.
    """
    unusable = corrupt or {}
    lacking = [p for p in photos_needed(split, protocol) if p not in have] if have is not None else []
    missing = tuple(photo for photo in lacking if photo not in unusable)
    if lacking and not allow_partial:
        raise HemlineError(
            f"{len(missing)} photos are missing and {len(lacking) - len(missing)} corrupt in {split.root} "
            f"(first: {', '.join(lacking[:3])}); bring them, or allow a partial gallery"
        )
    gone = set(lacking)
    queries = [query for t in split.triplets for query in _queries(t, protocol.caption_join)]
    kept = tuple(q for q in queries if gone.isdisjoint((q.triplet.reference, q.triplet.target)))
    if not kept:
        raise HemlineError(
            f"no query of {split.split} in {split.root} can be evaluated: every one lacks a photo"
        )
    galleries = protocols.gallery_ids(protocol, split.triplets, split.galleries)
    if gone:
        galleries = {c: tuple(photo for photo in ids if photo not in gone) for c, ids in galleries.items()}
    left = {query.key for query in kept}
    return Task(
        protocol,
        queries=kept,
        galleries=galleries,
        missing=missing,
        corrupt={photo: unusable[photo] for photo in lacking if photo in unusable},
        dropped=tuple(query.key for query in queries if query.key not in left),
    )


def _queries(triplet: Triplet, join: str) -> list[Query]:
    asked = query_texts(triplet.captions, join)
    if join != "each":
        return [Query(triplet.key, triplet, asked[0])]
    return [Query(f"{triplet.key}/{place}", triplet, texts) for place, texts in enumerate(asked)]


def rank_task(
    task: Task, queries: np.ndarray, vectors: np.ndarray, depth: int = 1
) -> tuple[tuple[QueryRank, ...], list[list[str]]]:
    """Every query's rank and its first `depth` hits, in query order.

    queries float32 [q, d] in the order of the task's; vectors float32 [n, d] in that of its `photos`.
    Categories that share a gallery are ranked together. Errors as for `core.evaluation.ranks.rank_targets`.
    """
    row_of = {photo: row for row, photo in enumerate(task.photos)}
    sharing: dict[tuple[str, ...], list[int]] = {}
    for row, query in enumerate(task.queries):
        sharing.setdefault(task.galleries[query.triplet.category], []).append(row)
    found: dict[int, QueryRank] = {}
    best: dict[int, list[str]] = {}
    removed = task.protocol.reference == "removed"
    for gallery, rows in sharing.items():
        asked = [task.queries[row] for row in rows]
        places = [row_of[photo] for photo in gallery]
        ranking = rank_targets(
            queries[rows],
            vectors if places == list(range(len(vectors))) else vectors[places],
            gallery,
            [query.triplet.target for query in asked],
            exclude=[(query.triplet.reference,) for query in asked] if removed else None,
            keys=[query.key for query in asked],
            top_k=depth,
        )
        for place, row in enumerate(rows):
            hits = [gallery[hit] for hit in ranking.best[place].tolist() if hit >= 0]
            best[row] = hits
            scores = float(ranking.score[place]), float(ranking.top_score[place])
            found[row] = query_rank(
                asked[place], int(ranking.rank[place]), gallery[ranking.top[place]], *scores
            )
    order = range(len(task.queries))
    return tuple(found[row] for row in order), [best[row] for row in order]


def query_rank(
    query: Query, rank: int, first: str, score: float = 0.0, first_score: float = 0.0
) -> QueryRank:
    """A query's line of a result; scores are 0.0 where only an order is known."""
    triplet = query.triplet
    return QueryRank(
        key=query.key,
        category=triplet.category,
        reference=triplet.reference,
        target=triplet.target,
        text=query.text,
        rank=rank,
        score=score,
        top1=first,
        top1_score=first_score,
    )
