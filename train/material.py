"""What both stages train on: the train split, its photos' tower features, its duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.datasets.fashioniq import Split, join_splits, read_split
from core.datasets.images import check_images, require_complete
from core.errors import HemlineError
from core.pictures import picture_hash
from core.types import Garment
from train.negatives import duplicates
from train.slices import tuning_slice
from train.triplets import check_train_split

if TYPE_CHECKING:
    from torch import Tensor

    from core.backbones.base import Backbone
    from core.backbones.features import Features
    from train.line_queries import Lines


@dataclass(frozen=True)
class Material:
    """`split` is the train split (or what a tuning slice leaves of it); `tune` the slice held out, or None.

    `features` holds every photo of both in `views` views (`tune`'s photos are asked for in view 0 only).
    `same` maps a photo to the photo that stands for all its byte-equal copies. Of drawn datasets there is
    `lines`, their garments and features in view 0; their written queries are left out of `split`, as the
    lines give new ones.
    """

    split: Split
    tune: Split | None
    features: "Features"
    same: dict[str, str]
    lines: "Lines | None" = None

    @cached_property
    def photos(self) -> tuple[str, ...]:
        """The training photos, in gallery order: the static bank."""
        return self.split.union_gallery()

    @cached_property
    def garments(self) -> list[Garment]:
        """The training garments, in gallery order; none where the dataset has no garments.jsonl."""
        return [self.split.garments[p] for p in self.photos if p in self.split.garments]

    @cached_property
    def photographed(self) -> list[Garment]:
        """The training garments that are not drawn."""
        drawn = self.lines.designs if self.lines else {}
        return [garment for garment in self.garments if garment.id not in drawn]

    def tune_looks(self) -> dict[str, np.ndarray]:
        """The tuning slice's photos as features float16 [tokens, channels]."""
        assert self.tune is not None
        photos = self.tune.union_gallery()
        return dict(zip(photos, self.features.rows(photos), strict=True))


def gather(
    backbone: "Backbone",
    folders: Sequence[Path],
    cache: Path,
    views: int,
    hold_out: bool,
    without_records: str = "",
) -> Material:
    """Read the train split of each folder, and no other, as one; encode what is not in `cache` yet.

    A folder with a `lines.json` is a drawn dataset. Refuses (HemlineError) a dataset whose photos are not
    all there, a garment of another split, two datasets that share a photo id, and where `without_records`
    says what to do without them a dataset that has no garment records.
    """
    from core.backbones.features import encode_all, joined
    from core.datasets.lines import read_lines

    splits: list[Split] = []
    tunes: list[Split] = []
    features: Features | None = None
    found: dict[str, Path] = {}
    line_ids: list[list[str]] = []
    for folder in folders:
        whole = read_split(folder, "train")
        if whole.garments:
            check_train_split(list(whole.garments.values()))
        elif without_records:
            raise HemlineError(
                f"{folder} has no garments.jsonl with captions and attributes; {without_records}"
            )
        report = check_images(whole, whole.union_gallery())
        require_complete(report, allow_partial=False)
        lines = read_lines(folder, whole)
        if lines:
            line_ids += lines
            whole = replace(whole, triplets=())
        split, tune = tuning_slice(whole) if hold_out and not lines else (whole, None)
        splits.append(split)
        tunes += [tune] if tune else []
        # One seed for the views of all runs: they share the cache, and a run draws among them by its own.
        made = encode_all(backbone, report.found, cache, 1 if lines else views)
        features = made if features is None else joined(features, made)
        found |= report.found
    assert features is not None
    same = duplicates({photo: picture_hash(path) for photo, path in found.items()})
    split = join_splits(splits)
    lined = None
    if line_ids:
        from train.line_queries import lines_of

        lined = lines_of(line_ids, split.garments)
    return Material(split, join_splits(tunes) if tunes else None, features, same, lined)


def batch_features(
    features: "Features", photos: Sequence[str], views: Sequence[int], dropout: float = 0.0
) -> "Tensor":
    """Features float32 [n, tokens, channels] of photos in the given views.

    `dropout`: the share of a photo's channels that is left out, the same ones at all its positions; a whole
    channel teaches more robustness than single numbers, and is drawn sixteen times as fast.
    """
    import torch
    from torch.nn.functional import dropout as drop

    rows = torch.from_numpy(features.rows(photos, views).astype(np.float32))
    return rows * drop(torch.ones(len(rows), 1, rows.shape[2]), dropout) if dropout else rows


def fitted(backbone: "Backbone", texts: Sequence[str]) -> list[str]:
    """The texts, one of more tokens than the model reads without its last words.

    A wordy annotator, or a drawn sentence of rare words, must not end a training of an hour. A person
    who asks is told instead.
    """
    return [_fitted(backbone, text) for text in texts]


def _fitted(backbone: "Backbone", text: str) -> str:
    tokenizer, longest = backbone.tokenizer, backbone.spec.max_text_tokens
    words = text.split(" ")
    while len(words) > 1:
        ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
        if len(ids) <= longest:
            break
        words.pop()
        text = " ".join(words)
    return text
