"""Where answers to CIRR come from: a model with photos, a file of vectors, or a file of rankings."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.datasets.cirr import Cirr
from core.errors import HemlineError
from core.evaluation.cirr import place_vectors
from core.evaluation.cirr_run import embed_cirr, evaluate_places, without_photos
from core.evaluation.result import Result
from core.evaluation.submission import HEAD
from core.files import read_json

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
) -> Embedded:
    """Load the model, read and encode the photos, embed pairs and gallery; errors as the parts raise them.

    A caption over the model's text limit loses its last words: an evaluation neither dies of it nor hides it.
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
    backbone: Backbone = load_backbone(model)
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
) -> Result:
    """The result of a model on a split with targets; errors as for `model_vectors`."""
    found = model_vectors(model, cirr, images, modality, allow_partial, cache)
    return evaluate_places(
        found.cirr,
        place_vectors(found.cirr.pairs, found.cirr.gallery, found.queries, found.gallery),
        whole=cirr,
        corrupt=found.corrupt,
        modality=modality,
        model=found.facts,
        seeds=found.seeds,
    )


def read_rankings(path: Path) -> dict[str, list[str]]:
    """Names best first by pairid, of a JSON object; a submission's "version" and "metric" are no pairs."""
    value = read_json(path)
    lists = {key: names for key, names in value.items() if key not in HEAD} if isinstance(value, dict) else {}
    if not lists or not all(
        isinstance(names, list) and all(isinstance(name, str) for name in names) for names in lists.values()
    ):
        raise HemlineError(f"{path} must be a JSON object of pairids, each with a list of names, best first")
    return lists


def read_vectors(path: Path, cirr: Cirr) -> tuple[np.ndarray, np.ndarray]:
    """Vectors float32 of the pairs [q, d] and the gallery [n, d], each in the split's order, of a .npz file.

    It holds gallery_ids [n], gallery_vectors [n, d], query_keys [q] (pairids) and query_vectors [q, d].
    """
    with np.load(path, allow_pickle=False) as file:
        ids, keys = [str(id_) for id_ in file["gallery_ids"]], [str(key) for key in file["query_keys"]]
        sides = file["query_vectors"], file["gallery_vectors"]
    rows = [{name: row for row, name in enumerate(names)} for names in (keys, ids)]
    wanted = [pair.key for pair in cirr.pairs], cirr.gallery
    queries, gallery = (
        np.asarray(vectors, np.float32)[[row[name] for name in names]]
        for vectors, row, names in zip(sides, rows, wanted, strict=True)
    )
    return queries, gallery
