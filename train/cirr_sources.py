"""Where answers to CIRR come from: a model with photos, a file of vectors, or a file of rankings."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.datasets.cirr import Cirr
from core.evaluation.cirr import place, place_vectors
from core.evaluation.cirr_run import embed_cirr, evaluate_places, without_photos
from core.evaluation.given import read_embeddings
from core.evaluation.given_lists import read_rankings, under_rules
from core.evaluation.result import Result
from core.evaluation.submission import HEAD
from core.files import sha256_file

if TYPE_CHECKING:
    from core.backbones.base import Backbone


@dataclass(frozen=True)
class Embedded:
    """What a model makes of a split: unit vectors float32 of its pairs and of its gallery.

    cirr: the split, without the photos that lack. corrupt: why photos are unusable. cut: the keys of the
    pairs whose caption is longer than the model reads and lost its last words. facts and seeds: about the
    model.
    """

    cirr: Cirr
    queries: np.ndarray
    gallery: np.ndarray
    corrupt: dict[str, str]
    cut: tuple[str, ...]
    facts: dict[str, Any]
    seeds: dict[str, int]


def model_vectors(
    model: Path,
    cirr: Cirr,
    images: Path | None,
    modality: str = "both",
    allow_partial: bool = False,
    cache: Path | None = None,
    device: str = "cpu",
) -> Embedded:
    """Load the model, read and encode the photos, embed pairs and gallery; errors as the parts raise them.

    A caption over the model's text limit loses its last words: an evaluation neither dies of it nor hides it.
    `device`: torch's name of where the model computes.
    """
    from core.backbones import load_backbone
    from core.backbones.spec import read_spec
    from core.datasets.images import check_images, require_complete
    from train.evaluate import checkpoint_facts, encode
    from train.material import fitted

    read_spec(model)  # a wrong folder is told before the photos are looked at
    report = check_images(cirr.to_split(images), cirr.gallery)
    partial = require_complete(report, allow_partial)
    left = without_photos(cirr, [*report.missing, *report.corrupt]) if partial else cirr
    backbone: Backbone = load_backbone(model, device=device)
    captions = [pair.caption for pair in left.pairs]
    texts = fitted(backbone, captions)
    looks = encode(backbone, report.found, cache)
    queries, gallery = embed_cirr(backbone, left, looks, modality, texts)
    cut = tuple(p.key for p, text in zip(left.pairs, texts, strict=True) if text != p.caption)
    facts, seeds = checkpoint_facts(model, backbone)
    told = {"target_fingerprint": backbone.target_fingerprint(), **facts, "cut_texts": list(cut)}
    return Embedded(left, queries, gallery, report.corrupt, cut, told, seeds)


def evaluate_model(
    model: Path,
    cirr: Cirr,
    images: Path | None,
    modality: str = "both",
    allow_partial: bool = False,
    cache: Path | None = None,
    device: str = "cpu",
) -> Result:
    """The result of a model on a split with targets; errors as for `model_vectors`."""
    found = model_vectors(model, cirr, images, modality, allow_partial, cache, device)
    return evaluate_places(
        found.cirr,
        place_vectors(found.cirr.pairs, found.cirr.gallery, found.queries, found.gallery),
        whole=cirr,
        corrupt=found.corrupt,
        modality=modality,
        model=found.facts,
        seeds=found.seeds,
    )


def evaluate_given(
    cirr: Cirr, embeddings: Path | None = None, rankings: Path | None = None, normalise: bool = False
) -> Result:
    """The result of vectors or of ranked lists in a file, one of them; keys of queries are pairids.

    Errors as `core.evaluation.given`, `given_lists` and `core.evaluation.cirr` raise them.
    """
    if rankings is not None:
        lists = given_lists(cirr, rankings)
        places = [place(pair, names) for pair, names in zip(cirr.pairs, lists, strict=True)]
        facts = {"name": rankings.name, "kind": "given rankings", "file_sha256": sha256_file(rankings)}
        return evaluate_places(cirr, places, model=facts)
    assert embeddings is not None
    queries, gallery, facts = given_vectors(cirr, embeddings, normalise)
    return evaluate_places(cirr, place_vectors(cirr.pairs, cirr.gallery, queries, gallery), model=facts)


def given_lists(cirr: Cirr, path: Path) -> list[list[str]]:
    """The lists in a file, in order of pairs, each without its reference; of a submission too."""
    keys, references = [p.key for p in cirr.pairs], [p.reference for p in cirr.pairs]
    galleries = [cirr.gallery] * len(keys)
    lists = read_rankings(path, besides=HEAD)
    return under_rules(lists, keys, galleries, references, True, cirr.gallery, str(path))


def given_vectors(
    cirr: Cirr, path: Path, normalise: bool = False
) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Unit vectors float32 of the pairs [q, d] and of the gallery [n, d], in order, and facts of the file."""
    found = read_embeddings(path, normalise)
    queries = found.queries([pair.key for pair in cirr.pairs])
    return queries, found.gallery(cirr.gallery, cirr.gallery), found.facts()
