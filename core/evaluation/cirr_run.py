"""CIRR's val split evaluated: from a model given as a value, from vectors, or from anyone's rankings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core import runs
from core.errors import HemlineError
from core.evaluation.cirr import Place, place, rank_gallery, subset_shares
from core.evaluation.intervals import bootstrap_ci
from core.evaluation.metrics import names, summarise
from core.evaluation.protocol import Protocol
from core.evaluation.result import MODALITIES, QueryRank, Result, gallery_hash
from core.evaluation.run import BOOTSTRAP_SEED, Embedder
from core.files import fingerprint

if TYPE_CHECKING:
    from core.backbones.base import Look
    from core.datasets.cirr import Cirr

PROTOCOL = Protocol(
    "cirr", gallery="original", reference="removed", caption_join="and", average="micro"
)  # a pair has one caption, so that the join changes nothing


def embed_cirr(
    backbone: Embedder, cirr: "Cirr", looks: Mapping[str, "Look"], modality: str, texts: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors float32 of the queries [q, d], in order of pairs, and of the gallery [n, d].

    looks: a picture or its tower features for each photo of the gallery; texts [q] as the model is to read
    them; modality as for `core.evaluation.run.evaluate_split`.
    """
    if modality not in MODALITIES:
        raise HemlineError(f"a modality is one of {', '.join(MODALITIES)}, not {modality!r}")
    references = [None if modality == "text" else looks[pair.reference] for pair in cirr.pairs]
    words = [None if modality == "image" else text for text in texts]
    queries = backbone.embed_queries(references, words)
    return queries, backbone.embed_targets([looks[photo] for photo in cirr.gallery])


def evaluate_vectors(cirr: "Cirr", queries: np.ndarray, vectors: np.ndarray, **facts: Any) -> Result:
    """The result of vectors as `embed_cirr` gives them; `facts` and errors as for `evaluate_rankings`."""
    row = {photo: number for number, photo in enumerate(cirr.gallery)}
    rankings = rank_gallery(cirr.pairs, cirr.gallery, queries, vectors)
    scores = []
    for query, pair, ranking in zip(queries, cirr.pairs, rankings, strict=True):
        shown = [ranking[0] if pair.target is None else pair.target, ranking[0]]
        scores.append([float(query @ vectors[row[photo]]) for photo in shown])
    return evaluate_rankings(cirr, rankings, scores=scores, **facts)


def evaluate_rankings(
    cirr: "Cirr",
    rankings: Sequence[Sequence[str]],
    *,
    scores: Sequence[Sequence[float]] | None = None,
    whole: "Cirr | None" = None,
    corrupt: Mapping[str, str] | None = None,
    modality: str = "both",
    model: Mapping[str, Any] | None = None,
    seeds: Mapping[str, int] | None = None,
) -> Result:
    """The result of rankings in order of `cirr.pairs`, best first, each without its reference.

    scores [q, 2]: of the target and of the first photo; without them a result has 0.0. whole: the split as on
    file where `cirr` is what `without_photos` left of it; `corrupt` says why photos were unusable. model and
    seeds: facts for the result. HemlineError for a split without targets, and where a ranking is cut too
    early to fix R_subset.
    """
    if any(pair.target is None for pair in cirr.pairs):
        raise HemlineError(
            f"the targets of CIRR's {cirr.split} are not public; evaluate on val, or write a submission "
            f"with python -m train.cirr write"
        )
    whole, corrupt = whole or cirr, corrupt or {}
    places = [place(pair, ranking) for pair, ranking in zip(cirr.pairs, rankings, strict=True)]
    told = scores if scores is not None else [(0.0, 0.0)] * len(places)
    ranked = _ranked(cirr, rankings, places, told)
    ranks = np.array([query.rank for query in ranked])
    categories = [query.category for query in ranked]
    metrics = summarise(ranks, categories)
    gone = [photo for photo in whole.gallery if photo not in set(cirr.gallery)]
    missing = tuple(photo for photo in gone if photo not in corrupt)
    kept = {pair.key for pair in cirr.pairs}
    return Result(
        protocol=PROTOCOL,
        counts={
            "queries": len(ranked),
            "gallery": len(cirr.gallery),
            "missing": len(missing),
            "corrupt": len(gone) - len(missing),
        },
        metrics={name: metrics.micro[name] for name in names()},
        per_category=metrics.per_category,
        ci95=bootstrap_ci(ranks, categories, PROTOCOL.average, seed=BOOTSTRAP_SEED),
        averages={"micro": metrics.micro, "macro": metrics.macro},
        split=cirr.split,
        modality=modality,
        partial=bool(gone),
        missing=missing,
        corrupt={photo: corrupt[photo] for photo in gone if photo in corrupt},
        dropped=tuple(pair.key for pair in whole.pairs if pair.key not in kept),
        gallery_hash=gallery_hash({"cirr": cirr.gallery}),
        query_hash=fingerprint([list(vars(pair).values()) for pair in cirr.pairs]),
        data_fingerprint=whole.fingerprint,
        model=dict(model or {}),
        seeds={"bootstrap": BOOTSTRAP_SEED, **(seeds or {})},
        git=runs.git_state(),
        versions=runs.versions(),
        hardware=runs.hardware(),
        ranks=ranked,
        subset=subset_shares(places, seed=BOOTSTRAP_SEED),
    )


def without_photos(cirr: "Cirr", lacking: Sequence[str]) -> "Cirr":
    """The split without some photos, and without the pairs that have one of them in their subset.

    So that R_subset is always of five candidates. HemlineError where no pair is left.
    """
    gone = set(lacking)
    pairs = tuple(p for p in cirr.pairs if not gone.intersection((*p.members, p.reference, p.target)))
    if not pairs:
        raise HemlineError(
            f"no pair of {cirr.split} in {cirr.root} can be evaluated: every one lacks a photo"
        )
    return replace(cirr, pairs=pairs, gallery=tuple(photo for photo in cirr.gallery if photo not in gone))


def _ranked(
    cirr: "Cirr",
    rankings: Sequence[Sequence[str]],
    places: Sequence[Place],
    scores: Sequence[Sequence[float]],
) -> tuple[QueryRank, ...]:
    return tuple(
        QueryRank(
            key=pair.key,
            category="cirr",
            reference=pair.reference,
            target=str(pair.target),
            text=pair.caption,
            rank=found.rank,
            score=own,
            top1=ranking[0],
            top1_score=best,
            subset_rank=found.subset_rank,
        )
        for pair, ranking, found, (own, best) in zip(cirr.pairs, rankings, places, scores, strict=True)
    )
