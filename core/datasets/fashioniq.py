"""A strict reader of FashionIQ's folder layout, which Closet shares."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import vocabulary
from core.datasets.garments import is_id, is_text, read_garments
from core.errors import HemlineError
from core.files import fingerprint, read_json
from core.types import Garment, Triplet, values

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
"""The endings a photo may have; the first that exists counts."""

_LAYOUT = "captions/cap.CATEGORY.SPLIT.json, image_splits/split.CATEGORY.SPLIT.json, images/ID.jpg"
_CAPTIONS = re.compile(r"cap\.([^.]+)\.([^.]+)\.json")
_GALLERY = re.compile(r"split\.([^.]+)\.([^.]+)\.json")


@dataclass(frozen=True)
class Split:
    """One split of a dataset: its queries, its galleries and its garments.

    `triplets` are in category order, then file order; `galleries` maps each category to its ids in file
    order; `garments` holds the split's own garments only, by id, in file order (none where the folder has
    no garments.jsonl). `fingerprint` (64 hex digits) covers everything but `root`, so that the same data in
    another folder has the same.
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

    `categories` None means every category the folder has for `split`, in the vocabulary's order, others
    after them by name. Captions are kept as on file; one of a row's captions may be empty, as in FashionIQ
    itself, but not all. A row's target must be in its category's gallery, its reference in some gallery
    read. Where there is a garments.jsonl, it must hold every gallery id under the same split. HemlineError
    names the file and the row.
    """
    root = Path(root)
    names = _categories(root, split, categories)
    galleries = {name: _read_gallery(root / "image_splits" / f"split.{name}.{split}.json") for name in names}
    known = {id_ for gallery in galleries.values() for id_ in gallery}
    triplets: list[Triplet] = []
    for name in names:
        path = root / "captions" / f"cap.{name}.{split}.json"
        triplets += _read_captions(path, name, split, set(galleries[name]), known)
    garments = _garments_of(root / "garments.jsonl", split, galleries)
    queries = [list(vars(triplet).values()) for triplet in triplets]
    items = [values(garment) for garment in garments.values()]
    mark = fingerprint([split, names, galleries, queries, items])
    return Split(root, split, tuple(names), tuple(triplets), galleries, garments, mark)


def join_splits(splits: Sequence[Split]) -> Split:
    """Several datasets' splits as one, in their order; of one it is that one itself.

    Keys of triplets say which dataset they are of ("0/dress:12"). `root` is the first one's, so photos are to
    be looked for before joining. HemlineError where two of them have a photo of the same id.
    """
    if len(splits) == 1:
        return splits[0]
    galleries: dict[str, tuple[str, ...]] = {}
    garments: dict[str, Garment] = {}
    triplets: list[Triplet] = []
    seen: dict[str, Path] = {}
    for number, split in enumerate(splits):
        for id_ in split.union_gallery():
            if id_ in seen:
                raise HemlineError(f"{split.root} and {seen[id_]} both have a photo {id_}; use one of them")
            seen[id_] = split.root
        triplets += [replace(t, key=f"{number}/{t.key}") for t in split.triplets]
        garments |= split.garments
        for category, ids in split.galleries.items():
            galleries[category] = (*galleries.get(category, ()), *ids)
    mark = fingerprint([split.fingerprint for split in splits])
    return Split(
        splits[0].root, splits[0].split, tuple(galleries), tuple(triplets), galleries, garments, mark
    )


def _categories(root: Path, split: str, wanted: Sequence[str] | None) -> list[str]:
    """The categories to read, each of which has captions and a gallery for `split`."""
    _refuse_other_folders(root)
    captions = _names(root / "captions", _CAPTIONS)
    galleries = _names(root / "image_splits", _GALLERY)
    with_captions = {name for name, of in captions if of == split}
    with_gallery = {name for name, of in galleries if of == split}
    if not with_captions | with_gallery:
        there = ", ".join(sorted({of for _, of in captions | galleries})) or "none"
        raise HemlineError(f"{root} has no split {split!r}; its splits are: {there}")
    order = {name: place for place, name in enumerate(vocabulary.CATEGORIES)}
    either = sorted(with_captions | with_gallery, key=lambda name: (order.get(name, len(order)), name))
    names = either if wanted is None else list(wanted)
    if not names or len(set(names)) != len(names):
        raise HemlineError(
            f"categories must be named once each, at least one; given: {', '.join(names) or 'none'}"
        )
    for name in names:
        if name not in either:
            raise HemlineError(
                f"{root} has no category {name!r} in split {split!r}; it has {', '.join(either)}"
            )
        if name not in with_captions:
            raise HemlineError(
                f"{root}/image_splits has split.{name}.{split}.json but {root}/captions has no "
                f"cap.{name}.{split}.json; bring the captions file or name the categories to use"
            )
        if name not in with_gallery:
            raise HemlineError(
                f"{root}/captions has cap.{name}.{split}.json but {root}/image_splits has no "
                f"split.{name}.{split}.json; bring the gallery file"
            )
    return names


def _names(folder: Path, pattern: re.Pattern[str]) -> set[tuple[str, str]]:
    """(category, split) of each file whose name fits."""
    found = (pattern.fullmatch(path.name) for path in folder.iterdir())
    return {(match[1], match[2]) for match in found if match}


def _refuse_other_folders(root: Path) -> None:
    """HemlineError saying what `root` is where it is not the dataset's own folder."""
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise HemlineError(f"{root} {what}; give the folder that holds {_LAYOUT}")
    if (root / "captions").is_dir() and (root / "image_splits").is_dir():
        if any(name.startswith("rc2") for name, _ in _names(root / "captions", _CAPTIONS)):
            raise HemlineError(f"{root} holds CIRR's annotations; this reads FashionIQ's layout: {_LAYOUT}")
        return
    here = root.resolve()
    if (here.parent / "captions").is_dir() and (here.parent / "image_splits").is_dir():
        raise HemlineError(
            f"{root} is the {here.name} folder of a dataset; give the folder above it, {here.parent}"
        )
    inside = sorted(path.name for path in root.iterdir() if (path / "captions").is_dir())
    if inside:
        raise HemlineError(
            f"{root} is the folder above a dataset; give one of the folders in it: {', '.join(inside)}"
        )
    lacking = " and ".join(name for name in ("captions", "image_splits") if not (root / name).is_dir())
    raise HemlineError(f"{root} has no {lacking} folder; FashionIQ's layout is {_LAYOUT}")


def _read_gallery(path: Path) -> tuple[str, ...]:
    value = read_json(path)
    if not isinstance(value, list):
        raise HemlineError(f"{path} must be a list of photo ids, not {_kind(value)}; is it CIRR's file?")
    for place, id_ in enumerate(value):
        if not is_id(id_):
            raise HemlineError(f"{path} entry {place} must be a photo id (a file name without its ending)")
    if not value:
        raise HemlineError(f"{path} is an empty gallery; bring the file again from its source")
    twice = next((id_ for id_, times in Counter(value).items() if times > 1), None)
    if twice is not None:
        raise HemlineError(f"{path} names {twice} twice; each photo may stand once in a gallery")
    return tuple(value)


def _read_captions(path: Path, category: str, split: str, own: set[str], known: set[str]) -> list[Triplet]:
    rows = read_json(path)
    if not isinstance(rows, list) or not rows:
        raise HemlineError(f"{path} must be a list of one or more rows, not {_kind(rows)}")
    seen: dict[tuple[str, str, tuple[str, ...]], int] = {}
    triplets = []
    for number, row in enumerate(rows):
        where = f"{path} row {number}"
        reference, target, captions = _check_row(row, where)
        if target not in own:
            raise HemlineError(
                f"{where}: target {target} is not in split.{category}.{split}.json; "
                "the captions and the gallery are of different splits or versions"
            )
        if reference not in known:
            raise HemlineError(
                f"{where}: candidate {reference} is in no gallery of split {split!r}; "
                "the captions and the gallery are of different splits or versions"
            )
        first = seen.setdefault((reference, target, captions), number)
        if first != number:
            raise HemlineError(f"{where} repeats row {first}; remove one of them")
        triplets.append(Triplet(f"{category}:{number}", category, split, reference, target, captions))
    return triplets


def _check_row(row: Any, where: str) -> tuple[str, str, tuple[str, ...]]:
    """(reference, target, captions) of one row of a captions file."""
    if not isinstance(row, dict):
        raise HemlineError(f'{where} must be {{"target", "candidate", "captions"}}, not {_kind(row)}')
    if "reference" in row or "pairid" in row:
        raise HemlineError(f"{where} is a row of CIRR; this reads FashionIQ's layout: {_LAYOUT}")
    if "target" not in row and "candidate" in row:
        raise HemlineError(f"{where} has no target: a test split's answers are not public; use split 'val'")
    for field in ("target", "candidate"):
        if not is_id(row.get(field)):
            raise HemlineError(f"{where}: {field} must be a photo id, not {_kind(row.get(field))}")
    captions = row.get("captions")
    if not isinstance(captions, list) or not all(is_text(caption) for caption in captions):
        raise HemlineError(f"{where}: captions must be a list of texts, not {_kind(captions)}")
    if not any(caption.strip() for caption in captions):
        raise HemlineError(f"{where}: every caption is empty; a query needs at least one wording")
    if row["target"] == row["candidate"]:
        raise HemlineError(f"{where}: target and candidate are the same photo, {row['target']}")
    return row["candidate"], row["target"], tuple(captions)


def _garments_of(path: Path, split: str, galleries: dict[str, tuple[str, ...]]) -> dict[str, Garment]:
    """The garments of the galleries, which must all be there under `split` and their category."""
    if not path.exists():
        return {}
    garments = read_garments(path)
    for category, gallery in galleries.items():
        for id_ in gallery:
            garment = garments.get(id_)
            where = f"{id_}, in image_splits/split.{category}.{split}.json,"
            if garment is None:
                raise HemlineError(f"{where} has no line in {path}")
            if garment.split != split or garment.category != category:
                raise HemlineError(
                    f"{where} is of split {garment.split!r} and category {garment.category!r} in {path}"
                )
    shown = {id_ for gallery in galleries.values() for id_ in gallery}
    own = {id_: g for id_, g in garments.items() if g.split == split and g.category in galleries}
    lost = next((id_ for id_ in own if id_ not in shown), None)
    if lost is not None:
        raise HemlineError(f"{path}: {lost} is of split {split!r} but in no gallery of it")
    return own


def _kind(value: Any) -> str:
    """What a JSON value is, in words, for an error sentence."""
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "nothing"}
    if value in ([], "", {}):
        return f"an empty {kinds[type(value)].split()[-1]}"
    return kinds.get(type(value), "a number")
