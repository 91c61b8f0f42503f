"""Evaluates a model on a split under a protocol. The model comes in as a value; nothing imports torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core import runs
from core.errors import HemlineError
from core.evaluation import preservation
from core.evaluation import protocol as protocols
from core.evaluation.intervals import bootstrap_ci
from core.evaluation.metrics import names, summarise
from core.evaluation.ranks import Ranking, rank_targets
from core.evaluation.result import MODALITIES, QueryRank, Result, gallery_hash, query_hash
from core.requests import Request
from core.types import Garment, Triplet

if TYPE_CHECKING:
    from core.backbones.base import Look
    from core.datasets.fashioniq import Split

BOOTSTRAP_SEED = 0


class Embedder(Protocol):
    """What an evaluation asks of a model; every `core.backbones` backbone answers it."""

    def embed_queries(self, looks: Sequence["Look | None"], texts: Sequence[str | None]) -> np.ndarray:
        """Unit vectors float32 [n, d] of queries; a look or a text may be None, not both."""
        ...

    def embed_targets(self, looks: Sequence["Look"]) -> np.ndarray:
        """Unit vectors float32 [n, d] of gallery photos."""
        ...

    def target_fingerprint(self) -> str:
        """Of what `embed_targets` depends on."""
        ...


@dataclass(frozen=True)
class _Task:
    """What is ranked: the queries that can be answered with their texts, and each category's gallery."""

    triplets: tuple[Triplet, ...]
    texts: tuple[str, ...]
    galleries: dict[str, tuple[str, ...]]
    missing: tuple[str, ...]
    corrupt: dict[str, str]
    dropped: tuple[str, ...]


def evaluate_split(
    backbone: Embedder,
    split: "Split",
    protocol: protocols.Protocol,
    modality: str,
    looks: Mapping[str, "Look"],
    *,
    corrupt: Mapping[str, str] | None = None,
    allow_partial: bool = False,
    requests: Mapping[str, Request] | None = None,
    model: Mapping[str, Any] | None = None,
    seeds: Mapping[str, int] | None = None,
) -> Result:
    """Rank every query of `split` and sum up; the one function training, the benchmark and the command share.

    modality: "both" asks with the reference and the text, "image" with the reference alone, "text" with the
    text alone. looks: a picture or its tower features per photo id (float16 [tokens, channels]); ids without
    one are missing, or corrupt where `corrupt` gives a reason. requests: what each query asks for, by key
    (`core.datasets.asked`), for edit accuracy and preservation; without it, what the records of reference and
    target differ in. Where a photo has no record neither is measured. model and seeds: facts about the
    checkpoint for the result. Raises HemlineError for an unknown modality, and where photos are lacking and
    `allow_partial` is False; with it, galleries lose those photos, queries about them are dropped, and the
    result is marked partial.
    """
    if modality not in MODALITIES:
        raise HemlineError(f"a modality is one of {', '.join(MODALITIES)}, not {modality!r}")
    task = _task(split, protocol, looks, corrupt or {}, allow_partial)
    photos = tuple(dict.fromkeys(photo for ids in task.galleries.values() for photo in ids))
    targets = backbone.embed_targets([looks[photo] for photo in photos])
    queries = _embed_queries(backbone, task, modality, looks)
    records = _records(split.garments, photos, task.triplets)
    depth = preservation.DEEP if records else 1
    ranked, best = _rank(task, protocol, queries, dict(zip(photos, targets, strict=True)), depth)
    outcomes = _outcomes(task.triplets, best, records, requests) if records else []
    if outcomes:
        ranked = tuple(replace(q, attributes=_told(o)) for q, o in zip(ranked, outcomes, strict=True))
    facts = {"target_fingerprint": backbone.target_fingerprint(), **(model or {})}
    result = _result(split, protocol, modality, task, ranked, facts)
    source = "requests" if requests else "records"
    return replace(
        result,
        seeds={**result.seeds, **(seeds or {})},
        attributes=preservation.summarise(outcomes, source, seed=BOOTSTRAP_SEED) if outcomes else None,
    )


def photos_needed(split: "Split", protocol: protocols.Protocol) -> tuple[str, ...]:
    """Every photo an evaluation looks at: the galleries, then references that no gallery holds."""
    galleries = protocols.gallery_ids(protocol, split.triplets, split.galleries)
    ranked = [photo for ids in galleries.values() for photo in ids]
    return tuple(dict.fromkeys(ranked + [t.reference for t in split.triplets]))


def _embed_queries(backbone: Embedder, task: _Task, modality: str, looks: Mapping[str, "Look"]) -> np.ndarray:
    references = [None if modality == "text" else looks[t.reference] for t in task.triplets]
    texts = [None if modality == "image" else text for text in task.texts]
    return backbone.embed_queries(references, texts)


def _task(
    split: "Split",
    protocol: protocols.Protocol,
    looks: Mapping[str, "Look"],
    corrupt: Mapping[str, str],
    allow_partial: bool,
) -> _Task:
    lacking = [photo for photo in photos_needed(split, protocol) if photo not in looks]
    missing = tuple(photo for photo in lacking if photo not in corrupt)
    if lacking and not allow_partial:
        raise HemlineError(
            f"{len(missing)} photos are missing and {len(lacking) - len(missing)} corrupt in {split.root} "
            f"(first: {', '.join(lacking[:3])}); bring them, or allow a partial gallery"
        )
    gone = set(lacking)
    kept = tuple(t for t in split.triplets if t.reference not in gone and t.target not in gone)
    if not kept:
        raise HemlineError(
            f"no query of {split.split} in {split.root} can be evaluated: every one lacks a photo"
        )
    galleries = protocols.gallery_ids(protocol, split.triplets, split.galleries)
    return _Task(
        triplets=kept,
        texts=tuple(protocols.query_text(t.captions, protocol.caption_join) for t in kept),
        galleries={c: tuple(photo for photo in ids if photo not in gone) for c, ids in galleries.items()},
        missing=missing,
        corrupt={photo: corrupt[photo] for photo in lacking if photo in corrupt},
        dropped=tuple(t.key for t in split.triplets if t.reference in gone or t.target in gone),
    )


def _records(
    garments: Mapping[str, Garment], photos: Sequence[str], triplets: Sequence[Triplet]
) -> Mapping[str, Garment] | None:
    """The garments' records where every photo and every reference has one."""
    needed = {*photos, *(t.reference for t in triplets)}
    return garments if needed <= garments.keys() else None


def _outcomes(
    triplets: Sequence[Triplet],
    best: Sequence[Sequence[str]],
    records: Mapping[str, Garment],
    requests: Mapping[str, Request] | None,
) -> list[preservation.Outcome]:
    """How the first hits of each query answer it, in query order."""
    outcomes = []
    for triplet, hits in zip(triplets, best, strict=True):
        reference = records[triplet.reference]
        if requests and triplet.key not in requests:
            raise HemlineError(f"there is no request for {triplet.key}; give one for every query, or none")
        request = (
            requests[triplet.key] if requests else preservation.difference(reference, records[triplet.target])
        )
        outcomes.append(preservation.outcome(request, reference, [records[hit] for hit in hits]))
    return outcomes


def _told(outcome: preservation.Outcome) -> dict[str, Any]:
    """What a rank file says of an outcome: what the top hit failed in."""
    return {
        "unmet": [part for part, is_met in outcome.parts.items() if not is_met],
        "lost": [field for field, same in outcome.kept.items() if not same],
        "met_in_ten": outcome.met_in_ten,
    }


def _rank(
    task: _Task,
    protocol: protocols.Protocol,
    queries: np.ndarray,
    targets: Mapping[str, np.ndarray],
    depth: int,
) -> tuple[tuple[QueryRank, ...], list[list[str]]]:
    """Every query's rank and its first `depth` hits, in query order; each category has its own gallery."""
    found: dict[int, QueryRank] = {}
    best: dict[int, list[str]] = {}
    for category in dict.fromkeys(t.category for t in task.triplets):
        rows = [row for row, t in enumerate(task.triplets) if t.category == category]
        asked = [task.triplets[row] for row in rows]
        gallery = task.galleries[category]
        ranking = rank_targets(
            queries[rows],
            np.stack([targets[photo] for photo in gallery]),
            gallery,
            [t.target for t in asked],
            exclude=[(t.reference,) for t in asked] if protocol.reference == "removed" else None,
            keys=[t.key for t in asked],
            top_k=depth,
        )
        for place, row in enumerate(rows):
            found[row] = _query_rank(task.triplets[row], task.texts[row], ranking, place, gallery)
            best[row] = [gallery[hit] for hit in ranking.best[place] if hit >= 0]
    order = range(len(task.triplets))
    return tuple(found[row] for row in order), [best[row] for row in order]


def _query_rank(
    triplet: Triplet, text: str, ranking: Ranking, place: int, gallery: Sequence[str]
) -> QueryRank:
    return QueryRank(
        key=triplet.key,
        category=triplet.category,
        reference=triplet.reference,
        target=triplet.target,
        text=text,
        rank=int(ranking.rank[place]),
        score=float(ranking.score[place]),
        top1=gallery[int(ranking.top[place])],
        top1_score=float(ranking.top_score[place]),
    )


def _result(
    split: "Split",
    protocol: protocols.Protocol,
    modality: str,
    task: _Task,
    ranked: tuple[QueryRank, ...],
    model: dict[str, Any],
) -> Result:
    ranks = np.array([query.rank for query in ranked])
    categories = [query.category for query in ranked]
    metrics = summarise(ranks, categories)
    leading = metrics.micro if protocol.average == "micro" else metrics.macro
    return Result(
        protocol=protocol,
        counts={
            "queries": len(ranked),
            "gallery": len({photo for ids in task.galleries.values() for photo in ids}),
            "missing": len(task.missing),
            "corrupt": len(task.corrupt),
        },
        metrics={name: leading[name] for name in names()},
        per_category=metrics.per_category,
        ci95=bootstrap_ci(ranks, categories, protocol.average, seed=BOOTSTRAP_SEED),
        averages={"micro": metrics.micro, "macro": metrics.macro},
        split=split.split,
        modality=modality,
        partial=bool(task.missing or task.corrupt),
        missing=task.missing,
        corrupt=task.corrupt,
        dropped=task.dropped,
        gallery_hash=gallery_hash(task.galleries),
        query_hash=query_hash(task.triplets, task.texts),
        data_fingerprint=split.fingerprint,
        model=model,
        seeds={"bootstrap": BOOTSTRAP_SEED},
        git=runs.git_state(),
        versions=runs.versions(),
        hardware=runs.hardware(),
        ranks=ranked,
    )
