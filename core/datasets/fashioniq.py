"""A strict reader of FashionIQ's folder layout, which Closet shares."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import vocabulary
from core.errors import HemlineError
from core.files import fingerprint, read_json
from core.types import Garment, Triplet

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
LAYOUT = "captions/cap.CATEGORY.SPLIT.json, image_splits/split.CATEGORY.SPLIT.json and images/"


@dataclass(frozen=True)
class Split:
    """One split of a dataset: its queries, galleries and, where the folder has garments.jsonl, its garments only.

    `galleries` maps each category to its ids in file order; `fingerprint` covers all but `root`.
    """

    root: Path
    split: str
    categories: tuple[str, ...]
    triplets: tuple[Triplet, ...]
    galleries: dict[str, tuple[str, ...]]
    garments: dict[str, Garment]
    fingerprint: str

    def union_gallery(self) -> tuple[str, ...]:
        """Every gallery id once: categories in order, first occurrence."""
        return tuple(dict.fromkeys(id_ for category in self.categories for id_ in self.galleries[category]))

    def image_path(self, id_: str) -> Path | None:
        """The photo's file (.jpg, .jpeg, .png, .webp in that order), or None where there is none."""
        paths = (self.root / "images" / f"{id_}{suffix}" for suffix in IMAGE_SUFFIXES)
        return next((path for path in paths if path.is_file()), None)


def read_split(root: Path, split: str, categories: Sequence[str] | None = None) -> Split:
    """Read one split of a folder in FashionIQ's layout; photos are not looked at.

    `categories` None means every category the folder has for `split`, in the vocabulary's order. A row's target
    must be in its category's gallery and its reference in some gallery of the split. HemlineError names file and row.
    """
    root = Path(root)
    names = _categories(root, split, categories)
    galleries = {name: _read_gallery(root / f"image_splits/split.{name}.{split}.json") for name in names}
    known = {id_ for gallery in galleries.values() for id_ in gallery}
    triplets: list[Triplet] = []
    for name in names:
        triplets += _read_captions(
            root / f"captions/cap.{name}.{split}.json", name, split, galleries[name], known
        )
    garments = _read_garments(root / "garments.jsonl", split, galleries)
    mark = fingerprint(
        [split, names, [_plain(t) for t in triplets], galleries, [_plain(g) for g in garments.values()]]
    )
    return Split(root, split, tuple(names), tuple(triplets), galleries, garments, mark)


def _plain(value: Triplet | Garment) -> list[Any]:
    return list(vars(value).values())


def _categories(root: Path, split: str, wanted: Sequence[str] | None) -> list[str]:
    captions = root / "captions"
    if not captions.is_dir() or not (root / "image_splits").is_dir():
        raise HemlineError(f"{root} is not a folder in FashionIQ's layout ({LAYOUT})")
    there = {path.name.split(".")[1] for path in captions.glob(f"cap.*.{split}.json")}
    order = {name: place for place, name in enumerate(vocabulary.CATEGORIES)}
    names = list(wanted) if wanted is not None else sorted(there, key=lambda n: (order.get(n, len(order)), n))
    if not names:
        raise HemlineError(f"{captions} has no captions for split {split!r}")
    for name in names:
        if name not in there:
            raise HemlineError(f"{captions} has no captions for category {name!r} of split {split!r}")
    return names


def _read_gallery(path: Path) -> tuple[str, ...]:
    value = read_json(path)
    if not isinstance(value, list) or not all(isinstance(id_, str) for id_ in value):
        raise HemlineError(f"{path} must be a list of image ids")
    if len(set(value)) != len(value):
        raise HemlineError(f"{path} names an id twice")
    return tuple(value)


def _read_captions(
    path: Path, category: str, split: str, gallery: tuple[str, ...], known: set[str]
) -> list[Triplet]:
    rows = read_json(path)
    if not isinstance(rows, list):
        raise HemlineError(f"{path} must be a list of rows")
    own = set(gallery)
    triplets = []
    for number, row in enumerate(rows):
        where = f"{path} row {number}"
        if not isinstance(row, dict) or not {"target", "candidate", "captions"} <= row.keys():
            raise HemlineError(f"{where} must hold target, candidate and captions")
        captions = row["captions"]
        if not isinstance(captions, list) or not all(isinstance(c, str) for c in captions):
            raise HemlineError(f"{where}: captions must be a list of texts")
        if not any(c.strip() for c in captions):
            raise HemlineError(f"{where}: every caption is empty")
        if row["target"] not in own or row["candidate"] not in known:
            raise HemlineError(f"{where}: target or candidate is in no gallery")
        key = f"{category}:{number}"
        triplets.append(Triplet(key, category, split, row["candidate"], row["target"], tuple(captions)))
    return triplets


def _read_garments(path: Path, split: str, galleries: dict[str, tuple[str, ...]]) -> dict[str, Garment]:
    if not path.is_file():
        return {}
    wanted = {id_ for gallery in galleries.values() for id_ in gallery}
    garments: dict[str, Garment] = {}
    for line in path.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["split"] == split and row["image"] in wanted:
            row = {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}
            garment = Garment(id=row.pop("image"), **row)
            garments[garment.id] = garment
    return garments
