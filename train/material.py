"""What both stages train on and are measured on: splits, their photos' tower features, duplicates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.datasets.fashioniq import Split, join_splits
from core.datasets.images import check_images, require_complete
from core.datasets.layouts import read_either
from core.errors import HemlineError
from core.pictures import picture_hash
from core.types import Garment
from train.negatives import duplicates
from train.slices import tuning_slice
from train.triplets import check_train_split
from train.written import add_written

if TYPE_CHECKING:
    from torch import Tensor

    from core.backbones.base import Backbone
    from core.backbones.features import Features
    from train.line_queries import Lines


@dataclass(frozen=True)
class Measured:
    """A split that no step trains on, with its photos' features in view 0; its name heads its figures."""

    split: Split
    features: "Features"

    def looks(self) -> dict[str, np.ndarray]:
        """Its photos as features float16 [tokens, channels], read from the cache where they are used."""
        array, places = self.features.array, self.features.places
        return {photo: array[places[photo, 0]] for photo in self.split.union_gallery()}


@dataclass(frozen=True)
class Material:
    """`split` is the train split (or what a tuning slice leaves of it); `tune` the slice held out, or None.

    `features` holds every photo of both in `views` views (`tune`'s photos are asked for in view 0 only).
    `same` maps a photo to the photo that stands for all its byte-equal copies. Of drawn datasets there is
    `lines`, their garments and features in view 0; their written queries are left out of `split`, as the
    lines give new ones. `written` has (photo, description) of what a model wrote (`train.written`), whose
    changes are triplets of `split`. `val` is there only where a run is to be watched on it.
    """

    split: Split
    tune: Split | None
    features: "Features"
    same: dict[str, str]
    lines: "Lines | None" = None
    val: Measured | None = None
    written: tuple[tuple[str, str], ...] = ()

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

    @cached_property
    def measured(self) -> tuple[Measured, ...]:
        """What training is measured on after each epoch: the tuning slice, val, both or nothing."""
        tune = Measured(self.tune, self.features) if self.tune else None
        return tuple(part for part in (tune, self.val) if part)


def gather(
    backbone: "Backbone",
    folders: Sequence[Path],
    cache: Path,
    views: int,
    hold_out: bool,
    without_records: str = "",
    watch_val: bool = False,
    written: Sequence[Path] = (),
) -> Material:
    """Read the train split of each folder as one; encode what is not in `cache` yet.

    A folder with a `lines.json` is a drawn dataset; no slice is held out of it. The val splits of the others
    are read with `watch_val` alone. What the folders `written` hold about photos that are trained on is
    added. Refuses (HemlineError) a dataset whose photos are not all there, a garment of another split, two
    datasets that share a photo id, one of too few triplets to hold a slice out, and where `without_records`
    says what to do without them a dataset that has no garment records.
    """
    from core.backbones.features import encode_all, joined
    from core.datasets.lines import read_lines

    val = _watched(backbone, folders, cache) if watch_val else None
    splits: list[Split] = []
    tunes: list[Split] = []
    features: Features | None = None
    found: dict[str, Path] = {}
    line_ids: list[list[str]] = []
    for folder in folders:
        whole = read_either(folder, "train")
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
    hashes = {photo: picture_hash(path) for photo, path in found.items()}
    same = duplicates(hashes)
    split, descriptions = add_written(join_splits(splits), hashes, written)
    lined = None
    if line_ids:
        from train.line_queries import lines_of

        lined = lines_of(line_ids, split.garments)
    return Material(split, join_splits(tunes) if tunes else None, features, same, lined, val, descriptions)


def _watched(backbone: "Backbone", folders: Sequence[Path], cache: Path) -> Measured:
    """The val splits of the photographed datasets as one.

    Their features stay apart from those trained on: datasets that are used together may give the id of one's
    val photo to another's train photo.
    """
    from core.backbones.features import encode_all, joined
    from core.datasets.lines import LINES_FILE

    photographed = [folder for folder in folders if not (folder / LINES_FILE).is_file()]
    if not photographed:
        raise HemlineError("--watch-val measures on photos and all of --data is drawn; leave it out")
    try:
        splits = [read_either(folder, "val") for folder in photographed]
    except HemlineError as error:
        raise HemlineError(f"--watch-val cannot be had: {error}") from None
    whole = join_splits(splits)
    features: Features | None = None
    for split in splits:
        report = check_images(split, split.union_gallery())
        require_complete(report, allow_partial=False)
        made = encode_all(backbone, report.found, cache)
        features = made if features is None else joined(features, made)
    assert features is not None
    return Measured(whole, features)


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
