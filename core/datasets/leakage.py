"""Which photos of an evaluation split are photos of train too, and which are copies of one another.

Three ways to be the same photo, the surest first: by "id", by "bytes" (sha256 of the file), as a "copy" (a
difference hash of 256 bits at most `COPY_DISTANCE` apart). Ids need no photos; categories do not matter: a
photo of one category's train split leaks into another category's gallery all the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from core.datasets.fashioniq import Split
from core.files import sha256_file
from core.pictures import read_picture

WAYS = ("id", "bytes", "copy")
"""How two photos are found to be the same, the surest first."""

COPY_DISTANCE = 20
"""Bits of 256 in which the hashes of copies may differ; docs/evaluation.md tells how it was measured."""

_HASH_SIDE = 16
_CHUNK = 1024  # hashes compared at once with all others


@dataclass(frozen=True)
class Marks:
    """What tells photos apart beyond their ids: sha256 by id, and difference hashes bool [256] by id."""

    digests: dict[str, str]
    hashes: dict[str, np.ndarray]


@dataclass(frozen=True)
class Match:
    """Two photos that are one: ids, the surest way, bits the hashes differ in (None: not found by them)."""

    left: str
    right: str
    way: str
    distance: int | None = None


@dataclass(frozen=True)
class Overlap:
    """What one category of the evaluation split shares with one category of train, each photo once.

    photos of its gallery, targets and references among them, and queries with a leaked target or reference;
    `ways` counts the photos by the surest way.
    """

    category: str
    train_category: str
    photos: int
    targets: int
    references: int
    queries: int
    ways: dict[str, int]


@dataclass(frozen=True)
class Audit:
    """What `audit` found. leaked: by photo of the evaluation split, its matches in train, surest first.

    shared: photos that two categories' galleries have in common by id. duplicates: matches inside the
    evaluation split's own galleries, by bytes or as copies. looked_at: photos compared by their pictures,
    of both splits; 0 where only ids were compared.
    """

    overlaps: tuple[Overlap, ...]
    leaked: dict[str, tuple[Match, ...]]
    shared: dict[tuple[str, str], int]
    duplicates: tuple[Match, ...]
    looked_at: int


def audit(train: Split, held: Split, marks: Marks | None = None, distance: int = COPY_DISTANCE) -> Audit:
    """Compare every gallery photo of `held` with every one of `train`; `marks` of the photos at hand."""
    known = marks or Marks({}, {})
    matches = find_matches(held.union_gallery(), train.union_gallery(), known, distance)
    leaked: dict[str, tuple[Match, ...]] = {}
    for match in matches:
        leaked[match.left] = (*leaked.get(match.left, ()), match)
    pairs = combinations(held.categories, 2)
    shared = {(a, b): len({*held.galleries[a]} & {*held.galleries[b]}) for a, b in pairs}
    overlaps = [_overlap(held, train, c, t, leaked) for c in held.categories for t in train.categories]
    return Audit(
        overlaps=tuple(overlap for overlap in overlaps if overlap.photos),
        leaked=leaked,
        shared={pair: count for pair, count in shared.items() if count},
        duplicates=find_duplicates(held.union_gallery(), known, distance),
        looked_at=len(known.hashes),
    )


def mark_photos(paths: Mapping[str, Path]) -> Marks:
    """The marks of readable photos by id; errors as `core.pictures.read_picture` raises them."""
    hashes = {id_: difference_hash(read_picture(path, at_least=64)) for id_, path in paths.items()}
    return Marks({id_: sha256_file(path) for id_, path in paths.items()}, hashes)


def difference_hash(picture: Image.Image) -> np.ndarray:
    """Whether each of 16 x 16 grey cells is brighter than its left neighbour, bool [256] (dHash)."""
    size = (_HASH_SIDE + 1, _HASH_SIDE)
    grey = np.asarray(picture.convert("L").resize(size, Image.Resampling.LANCZOS), dtype=np.int16)
    return (grey[:, 1:] > grey[:, :-1]).ravel()


def find_matches(left: Iterable[str], right: Iterable[str], marks: Marks, distance: int) -> list[Match]:
    """Photos of `left` that are photos of `right`, by the surest way, in order of ways, then of `left`."""
    ours, theirs = tuple(left), tuple(right)
    common = {*ours} & {*theirs}
    found = {(id_, id_): Match(id_, id_, "id") for id_ in ours if id_ in common}
    by_digest: dict[str, list[str]] = {}
    for id_ in theirs:
        if id_ in marks.digests:
            by_digest.setdefault(marks.digests[id_], []).append(id_)
    for id_ in ours:
        for other in by_digest.get(marks.digests.get(id_, ""), []):
            found.setdefault((id_, other), Match(id_, other, "bytes"))
    for id_, other, apart in _near(ours, theirs, marks.hashes, distance):
        found.setdefault((id_, other), Match(id_, other, "copy", apart))
    return sorted(found.values(), key=lambda match: WAYS.index(match.way))


def find_duplicates(photos: Iterable[str], marks: Marks, distance: int) -> tuple[Match, ...]:
    """Different ids that are one photo, each pair once, in order of `photos`."""
    ids = tuple(dict.fromkeys(photos))
    place = {id_: number for number, id_ in enumerate(ids)}
    matches = find_matches(ids, ids, marks, distance)
    return tuple(match for match in matches if place[match.left] < place[match.right])


def cleaned(split: Split, leaked: Iterable[str]) -> Split:
    """The split without leaked photos: out of every gallery, no query with one as target or reference."""
    gone = set(leaked)
    return replace(
        split,
        triplets=tuple(t for t in split.triplets if not {t.reference, t.target} & gone),
        galleries={c: tuple(id_ for id_ in ids if id_ not in gone) for c, ids in split.galleries.items()},
    )


def _overlap(
    held: Split, train: Split, category: str, train_category: str, leaked: Mapping[str, tuple[Match, ...]]
) -> Overlap:
    theirs = set(train.galleries[train_category])
    ways: dict[str, str] = {}
    for id_ in held.galleries[category]:
        match = next((match for match in leaked.get(id_, ()) if match.right in theirs), None)
        if match is not None:
            ways[id_] = match.way
    asked = [t for t in held.triplets if t.category == category]
    return Overlap(
        category=category,
        train_category=train_category,
        photos=len(ways),
        targets=len({t.target for t in asked} & ways.keys()),
        references=len({t.reference for t in asked} & ways.keys()),
        queries=sum(bool({t.target, t.reference} & ways.keys()) for t in asked),
        ways={way: list(ways.values()).count(way) for way in WAYS},
    )


def _near(
    left: tuple[str, ...], right: tuple[str, ...], hashes: Mapping[str, np.ndarray], distance: int
) -> list[tuple[str, str, int]]:
    """Pairs whose hashes are at most `distance` bits apart, with the bits."""
    ours, theirs = ([id_ for id_ in ids if id_ in hashes] for ids in (left, right))
    if not ours or not theirs:
        return []
    a, b = (np.stack([hashes[id_] for id_ in ids]).astype(np.float32) for ids in (ours, theirs))
    near = []
    for start in range(0, len(a), _CHUNK):
        part = a[start : start + _CHUNK]
        apart = part.sum(axis=1)[:, None] + b.sum(axis=1)[None] - 2 * part @ b.T  # [chunk, n], whole numbers
        for row, column in np.argwhere(apart <= distance):
            near.append((ours[start + row], theirs[column], int(apart[row, column])))
    return near
