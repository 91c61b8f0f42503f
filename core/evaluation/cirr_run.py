"""CIRR's results: a model given as a value put to a split, and what the places of its targets come to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core import runs
from core.errors import HemlineError
from core.evaluation.cirr import Place, subset_shares
from core.evaluation.metrics import hits, names, summarise
from core.evaluation.protocol import Protocol
from core.evaluation.result import MODALITIES, QueryRank, Result, gallery_hash
from core.evaluation.run import BOOTSTRAP_SEED, Embedder
from core.evaluation.shares import shares
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


def evaluate_places(
    cirr: "Cirr",
    places: Sequence[Place],
    *,
    whole: "Cirr | None" = None,
    corrupt: Mapping[str, str] | None = None,
    modality: str = "both",
    model: Mapping[str, Any] | None = None,
    seeds: Mapping[str, int] | None = None,
) -> Result:
    """The result of where the targets stand, in order of `cirr.pairs`.

    whole: the split as on file where `cirr` is what `without_photos` left of it; `corrupt` says why photos
    were unusable. model and seeds: facts for the result.
    """
    whole, corrupt = whole or cirr, corrupt or {}
    ranked = _ranked(cirr, places)
    ranks = np.array([query.rank for query in ranked])
    categories = [query.category for query in ranked]
    metrics = summarise(ranks, categories)
    recalls = shares(dict(zip(names(), hits(ranks).T, strict=True)), seed=BOOTSTRAP_SEED)
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
        ci95={name: (share.low, share.high) for name, share in recalls.items()},
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


def _ranked(cirr: "Cirr", places: Sequence[Place]) -> tuple[QueryRank, ...]:
    return tuple(
        QueryRank(
            key=pair.key,
            category="cirr",
            reference=pair.reference,
            target=str(pair.target),
            text=pair.caption,
            rank=found.rank,
            score=found.score,
            top1=found.top1,
            top1_score=found.top1_score,
            subset_rank=found.subset_rank,
        )
        for pair, found in zip(cirr.pairs, places, strict=True)
    )
