"""A strict reader of CIRR's annotations, version rc2 (Liu et al. 2021, github.com/Cuberick-Orion/CIRR)."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from core.datasets.fashioniq import Split
from core.datasets.garments import is_id, is_text
from core.errors import HemlineError
from core.files import fingerprint, parse_json, read_json, read_text
from core.types import Triplet

SPLITS = ("train", "val", "test1")
CATEGORY = "cirr"
"""CIRR has no categories; as a `Split` all of it is this one."""

MEMBERS = 6
"""Photos of a subset on val and test1, the reference among them."""

_LAYOUT = "captions/cap.rc2.SPLIT.json, image_splits/split.rc2.SPLIT.json"
_VERSION = re.compile(r"cap\.(rc\d+)\.([^.]+)\.json")


@dataclass(frozen=True)
class Pair:
    """One query: `reference` and `caption` (as on file, may be empty), and what it is measured against.

    key: the pairid in decimal. target: `target_hard`; None on test1, whose answers are not public.
    members: the photos of its subset in file order, the reference among them.
    """

    key: str
    reference: str
    target: str | None
    caption: str
    members: tuple[str, ...]

    def candidates(self) -> tuple[str, ...]:
        """The subset without the reference, in file order: what R_subset ranks."""
        return tuple(name for name in self.members if name != self.reference)


@dataclass(frozen=True)
class Cirr:
    """One split of CIRR: `pairs` and the `gallery`, both in file order.

    files: each gallery photo's path relative to the folder of photos. fingerprint (64 hex digits) covers
    everything but `root`.
    """

    root: Path
    split: str
    pairs: tuple[Pair, ...]
    gallery: tuple[str, ...]
    files: dict[str, str]
    fingerprint: str

    def to_split(self, images: Path | None = None) -> Split:
        """The project's plain values: one category, a triplet for each pair with a target (none on test1).

        `images` is the folder that the paths of split.rc2 start from; None: img_raw in `root` where it is
        there, else `root`.
        """
        raw = self.root / "img_raw"
        base = images if images is not None else raw if raw.is_dir() else self.root
        triplets = tuple(
            Triplet(pair.key, CATEGORY, self.split, pair.reference, pair.target, (pair.caption,))
            for pair in self.pairs
            if pair.target is not None
        )
        files = {name: base / path for name, path in self.files.items()}
        return _Photos(
            self.root,
            self.split,
            (CATEGORY,),
            triplets,
            {CATEGORY: self.gallery},
            {},
            self.fingerprint,
            files,
        )


@dataclass(frozen=True)
class _Photos(Split):
    """A split whose photos lie where its annotations say."""

    files: dict[str, Path]

    def image_path(self, id_: str) -> Path | None:
        path = self.files.get(id_)
        return path if path is not None and path.is_file() else None


def holds_cirr(root: Path) -> bool:
    """Whether the folder has captions of CIRR, of whatever version."""
    captions = Path(root) / "captions"
    return captions.is_dir() and any(_VERSION.fullmatch(path.name) for path in captions.iterdir())


def read_cirr(root: Path, split: str) -> Cirr:
    """Read one split; photos are not looked at. HemlineError names the file and the row at fault.

    References, and on val targets, must be in the gallery and in their subset, subsets of val and test1 be
    six photos of the gallery. Whether `target_hard` is in `target_soft` is no matter: in 37 rows of val it
    is not.
    """
    root = Path(root)
    captions = root / "captions" / f"cap.rc2.{split}.json"
    if split not in SPLITS:
        raise HemlineError(f"a split of CIRR is one of {', '.join(SPLITS)}, not {split!r}")
    if not captions.is_file():
        raise HemlineError(_absent(root, split))
    files = _read_files(root / "image_splits" / f"split.rc2.{split}.json")
    pairs = _read_pairs(captions, split, files)
    rows = [list(vars(pair).values()) for pair in pairs]
    mark = fingerprint(["rc2", split, list(files.items()), rows])
    return Cirr(root, split, pairs, tuple(files), files, mark)


def _absent(root: Path, split: str) -> str:
    """Why there is no file of captions for the split, in one sentence."""
    if not root.is_dir():
        return f"{root} is no folder; give the one that holds {_LAYOUT}"
    folder = root / "captions"
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    found = [match.groups() for match in map(_VERSION.fullmatch, sorted(names)) if match]
    there = [of for version, of in found if version == "rc2"]
    if there:
        return f"{root} has no split {split!r} of CIRR; it has {', '.join(there)}"
    if found:
        return f"{root} holds version {found[0][0]} of CIRR; this reads rc2: bring {_LAYOUT}"
    return f"{root} does not hold CIRR's annotations; give the folder that holds {_LAYOUT}"


def _read_files(path: Path) -> dict[str, str]:
    """The gallery: each photo's name and relative path, in file order."""
    text = read_text(path)
    value = parse_json(text, str(path))
    if not isinstance(value, dict) or not value:
        raise HemlineError(f'{path} must be an object {{name: "FOLDER/NAME.png"}}; is it FashionIQ\'s file?')
    names = Counter(name for name, _ in json.loads(text, object_pairs_hook=list))
    twice = next((name for name, times in names.items() if times > 1), None)
    if twice is not None:
        raise HemlineError(f"{path} names {twice} twice; each photo may stand once in a gallery")
    for name, place in value.items():
        if not is_id(name):
            raise HemlineError(f"{path}: {name!r} must be the name of a photo without its ending")
        parts = PurePosixPath(place).parts if is_text(place) else ()
        if not parts or parts[0] == "/" or ".." in parts or PurePosixPath(place).stem != name:
            raise HemlineError(f"{path}: the path of {name} must be relative and end in {name}.png")
    return value


def _read_pairs(path: Path, split: str, gallery: dict[str, str]) -> tuple[Pair, ...]:
    rows = read_json(path)
    if not isinstance(rows, list) or not rows:
        raise HemlineError(f"{path} must be a list of one or more pairs")
    seen: dict[str, int] = {}
    pairs = []
    for number, row in enumerate(rows):
        where = f"{path} row {number}"
        pair = _check_row(row, split, where)
        first = seen.setdefault(pair.key, number)
        if first != number:
            raise HemlineError(f"{where} has the pairid {pair.key} of row {first}; a pairid stands once")
        known = [("reference", pair.reference), ("target_hard", pair.target)]
        if split != "train":
            known += [("member", name) for name in pair.members]
        for field, name in known:
            if name is not None and name not in gallery:
                raise HemlineError(
                    f"{where}: {field} {name} is not in split.rc2.{split}.json; "
                    "the captions and the gallery are of different splits or versions"
                )
        pairs.append(pair)
    return tuple(pairs)


def _check_row(row: Any, split: str, where: str) -> Pair:
    if not isinstance(row, dict):
        raise HemlineError(f"{where} must be an object with pairid, reference, caption and img_set")
    if "candidate" in row:
        raise HemlineError(f"{where} is a row of FashionIQ; this reads CIRR's rc2: {_LAYOUT}")
    pairid, reference, caption = row.get("pairid"), row.get("reference"), row.get("caption")
    if not isinstance(pairid, int) or isinstance(pairid, bool) or pairid < 0:
        raise HemlineError(f"{where}: pairid must be a whole number")
    target = None
    if split == "test1":
        if "target_hard" in row:
            raise HemlineError(f"{where} has a target_hard, and test1's are not public; is it another split?")
    else:
        target = row.get("target_hard")
        _check_soft(row.get("target_soft"), where)
        if not is_id(target):
            raise HemlineError(f"{where}: target_hard must be the name of a photo")
    if not is_id(reference):
        raise HemlineError(f"{where}: reference must be the name of a photo")
    if not is_text(caption):
        raise HemlineError(f"{where}: caption must be a text")
    if target == reference:
        raise HemlineError(f"{where}: target_hard and reference are the same photo, {reference}")
    pair = Pair(str(pairid), str(reference), target, str(caption), _members(row.get("img_set"), where))
    if split != "train":
        _check_subset(pair, where)
    return pair


def _check_soft(value: Any, where: str) -> None:
    """1.0 the same, 0.5, 0.2, -1.0 wrong; read for the file's sake, no metric uses it."""
    graded = isinstance(value, dict) and all(
        is_id(name) and isinstance(grade, int | float) and not isinstance(grade, bool)
        for name, grade in value.items()
    )
    if not graded:
        raise HemlineError(f"{where}: target_soft must be an object of names and grades")


def _members(value: Any, where: str) -> tuple[str, ...]:
    members = value.get("members") if isinstance(value, dict) else None
    if not isinstance(members, list) or not all(is_id(name) for name in members):
        raise HemlineError(f"{where}: img_set must hold members, a list of names of photos")
    return tuple(members)


def _check_subset(pair: Pair, where: str) -> None:
    if len(pair.members) != MEMBERS or len(set(pair.members)) != MEMBERS:
        raise HemlineError(f"{where}: img_set must have {MEMBERS} different members")
    for field, name in (("reference", pair.reference), ("target_hard", pair.target)):
        if name is not None and name not in pair.members:
            raise HemlineError(f"{where}: {field} {name} is not among the members of its img_set")
