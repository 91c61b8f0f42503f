"""Evaluates a model on a split under a protocol. The model comes in as a value; nothing imports torch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from core import runs
from core.errors import HemlineError
from core.evaluation import preservation
from core.evaluation import protocol as protocols
from core.evaluation.given_lists import refuse_own_category_alone, under_rules
from core.evaluation.intervals import bootstrap_ci
from core.evaluation.metrics import names, summarise
from core.evaluation.result import MODALITIES, QueryRank, Result, gallery_hash, query_hash
from core.evaluation.task import Task, make_task, query_rank, rank_task
from core.evaluation.task import photos_needed as photos_needed
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
    task = make_task(split, protocol, looks, corrupt, allow_partial)
    queries = embed_queries(backbone, task, modality, looks)
    targets = backbone.embed_targets([looks[photo] for photo in task.photos])
    facts = {"target_fingerprint": backbone.target_fingerprint(), **(model or {})}
    result = evaluate_vectors(split, task, queries, targets, modality, requests, facts)
    return replace(result, seeds={**result.seeds, **(seeds or {})})


def evaluate_vectors(
    split: "Split",
    task: Task,
    queries: np.ndarray,
    targets: np.ndarray,
    modality: str = "both",
    requests: Mapping[str, Request] | None = None,
    model: Mapping[str, Any] | None = None,
) -> Result:
    """The result of vectors float32 [q, d], in the order of the task's queries, and [n, d], of its photos.

    The other arguments and errors are as for `evaluate_split`.
    """
    triplets = [query.triplet for query in task.queries]
    records = _records(split.garments, task.photos, triplets)
    ranked, best = rank_task(task, queries, targets, preservation.DEEP if records else 1)
    outcomes = _outcomes(triplets, best, records, requests) if records else []
    if outcomes:
        ranked = tuple(replace(q, attributes=_told(o)) for q, o in zip(ranked, outcomes, strict=True))
    source = "requests" if requests else "records"
    attributes = preservation.summarise(outcomes, source, seed=BOOTSTRAP_SEED) if outcomes else None
    return replace(result_of(split, task, ranked, modality, model), attributes=attributes)


def evaluate_lists(
    split: "Split", task: Task, lists: Mapping[str, Sequence[str]], where: str, model: Mapping[str, Any]
) -> Result:
    """The result of ranked lists, gallery ids best first by query key, under the task's protocol.

    where: names them in errors, which are those of `core.evaluation.given_lists.under_rules`. A target that
    its list does not reach has the first rank after it.
    """
    galleries = [task.galleries[query.triplet.category] for query in task.queries]
    left = under_rules(
        lists,
        [query.key for query in task.queries],
        galleries,
        [query.triplet.reference for query in task.queries],
        removed=task.protocol.reference == "removed",
        known=split.union_gallery(),
        where=where,
    )
    if task.protocol.gallery == "union":
        refuse_own_category_alone(left, [q.triplet.category for q in task.queries], split.galleries, where)
    ranked = tuple(
        query_rank(query, _place(query.triplet.target, names), names[0])
        for query, names in zip(task.queries, left, strict=True)
    )
    facts = {**model, "shortest_list": min(map(len, left))}
    return result_of(split, task, ranked, "both", facts)


def _place(target: str, names: Sequence[str]) -> int:
    return names.index(target) + 1 if target in names else len(names) + 1


def embed_queries(backbone: Embedder, task: Task, modality: str, looks: Mapping[str, "Look"]) -> np.ndarray:
    """Unit vectors float32 [q, d] of the task's queries, those of several texts summed and made unit."""
    asked = questions(task, modality)
    flat = [pair for pairs in asked for pair in pairs]
    row = iter(range(len(flat)))
    vectors = backbone.embed_queries(
        [None if photo is None else looks[photo] for photo, _ in flat], [text for _, text in flat]
    )
    return summed(vectors, [[next(row) for _ in pairs] for pairs in asked])


def questions(task: Task, modality: str = "both") -> list[list[tuple[str | None, str | None]]]:
    """What is put to a model for each query: (reference, text) pairs, None for what the modality hides."""
    return [
        [
            (None if modality == "text" else query.triplet.reference, None if modality == "image" else text)
            for text in query.texts
        ]
        for query in task.queries
    ]


def summed(vectors: np.ndarray, rows: Sequence[Sequence[int]]) -> np.ndarray:
    """A unit vector for each entry of `rows`: that row of `vectors`, or the sum of several, made unit."""
    out = vectors[[places[0] for places in rows]]
    for number, places in enumerate(rows):
        if len(places) > 1:
            total = vectors[list(places)].astype(np.float64).sum(axis=0)
            out[number] = total / max(float(np.linalg.norm(total)), 1e-12)
    return out


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


def result_of(
    split: "Split",
    task: Task,
    ranked: tuple[QueryRank, ...],
    modality: str = "both",
    model: Mapping[str, Any] | None = None,
) -> Result:
    """What the ranks of a task come to, with what a reader needs to judge them; attributes are left out."""
    protocol = task.protocol
    ranks = np.array([query.rank for query in ranked])
    categories = [query.category for query in ranked]
    metrics = summarise(ranks, categories)
    leading = metrics.micro if protocol.average == "micro" else metrics.macro
    return Result(
        protocol=protocol,
        counts={
            "queries": len(ranked),
            "gallery": len(task.photos),
            "missing": len(task.missing),
            "corrupt": len(task.corrupt or {}),
        },
        metrics={name: leading[name] for name in names()},
        per_category=metrics.per_category,
        ci95=bootstrap_ci(ranks, categories, protocol.average, seed=BOOTSTRAP_SEED),
        averages={"micro": metrics.micro, "macro": metrics.macro},
        split=split.split,
        modality=modality,
        partial=bool(task.missing or task.corrupt),
        missing=task.missing,
        corrupt=dict(task.corrupt or {}),
        dropped=task.dropped,
        gallery_hash=gallery_hash(task.galleries),
        query_hash=query_hash(
            [replace(q.triplet, key=q.key) for q in task.queries], [q.text for q in task.queries]
        ),
        data_fingerprint=split.fingerprint,
        model=dict(model or {}),
        seeds={"bootstrap": BOOTSTRAP_SEED},
        git=runs.git_state(),
        versions=runs.versions(),
        hardware=runs.hardware(),
        ranks=ranked,
    )
