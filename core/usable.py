"""Which judgements may be trained on: none that touches a photo of a val or test split."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.datasets.fashioniq import IMAGE_SUFFIXES
from core.errors import HemlineError
from core.files import parse_json, read_json, read_text, sha256_file
from core.verdicts import VOCABULARY, Event, Verdict, fold, role_of

HELD_OUT_SPLITS = ("val", "test", "test1")
"""The splits that measure; "test1" is CIRR's name of its test split."""

_FILE = re.compile(r"(?:split|cap)\.(?:.+)\.([^.]+)\.json")


@dataclass(frozen=True)
class HeldOut:
    """The photos that measure, and so never train: each id, and each sha256 of a file, with its split."""

    ids: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Usable:
    """The standing verdicts that may be trained on, in the order of saving, and why others may not.

    `refused` counts by reason: "reference is a val photo", "hit is a test photo", "its verdict says nothing
    to training" (the role "none"), "its verdict is not in the vocabulary". A judgement counts once, under the
    first that applies.
    """

    events: tuple[Event, ...]
    refused: Mapping[str, int]

    @property
    def held_out(self) -> int:
        """How many were refused for a val or test photo."""
        return sum(count for reason, count in self.refused.items() if reason.endswith("photo"))


def held_out_photos(folders: Iterable[Path], hashes: bool = True) -> HeldOut:
    """The val and test photos of dataset folders in FashionIQ's or CIRR's layout.

    They are the galleries (image_splits), the references and targets of the captions, and what garments.jsonl
    gives that split. With `hashes` the files that are there are read, so that a photo is known under another
    id too. HemlineError for a folder that has neither image_splits nor garments.jsonl, or a damaged file.
    """
    ids: dict[str, str] = {}
    found: dict[str, str] = {}
    for folder in map(Path, folders):
        own = dict(_named(folder))
        ids |= own
        for id_, split in own.items() if hashes else ():
            path = _photo(folder, id_)
            if path is not None:
                found[sha256_file(path)] = split
    return HeldOut(ids, found)


def trainable(
    history: Iterable[Event],
    held: HeldOut,
    vocabulary: Mapping[str, Verdict] = VOCABULARY,
    by_id: bool = True,
) -> Usable:
    """The verdicts of `history` that stand and may be trained on: those with the role of a negative, a
    positive or the same.

    A judgement is refused where its reference or its hit is a photo of `held`, by its id or by its sha256.
    `by_id` False goes by the sha256 alone where the judgement has it: for a catalogue whose photos bear the
    same ids as other photos in an evaluation set.
    """
    usable, refused = [], Counter[str]()
    for event in sorted(fold(history).values(), key=lambda event: event.seq):
        reason = _why_not(event, held, vocabulary, by_id)
        if reason:
            refused[reason] += 1
        else:
            usable.append(event)
    return Usable(tuple(usable), dict(sorted(refused.items())))


def _why_not(event: Event, held: HeldOut, vocabulary: Mapping[str, Verdict], by_id: bool) -> str:
    judgement = event.judgement
    photos = {
        "reference": (judgement.reference_id, judgement.reference_hash),
        "hit": (judgement.hit_id, judgement.hit_hash),
    }
    for what, (id_, sha) in photos.items():
        split = held.hashes.get(sha or "")
        if split is None and (by_id or not sha):
            split = held.ids.get(id_ or "")
        if split:
            return f"{what} is a {split} photo"
    if judgement.verdict not in vocabulary:
        return "its verdict is not in the vocabulary"
    return "its verdict says nothing to training" if role_of(judgement.verdict, vocabulary) == "none" else ""


def _named(folder: Path) -> Iterator[tuple[str, str]]:
    """(id, split) of every held-out photo that the folder's files name."""
    splits, garments = folder / "image_splits", folder / "garments.jsonl"
    if not splits.is_dir() and not garments.is_file():
        raise HemlineError(f"{folder} has no image_splits and no garments.jsonl; name a dataset's folder")
    for path in sorted([*splits.glob("split.*.json"), *folder.glob("captions/cap.*.json")]):
        match = _FILE.fullmatch(path.name)
        if match and match[1] in HELD_OUT_SPLITS:
            for entry in read_json(path):
                yield from ((id_, match[1]) for id_ in _ids(entry))
    lines = read_text(garments).split("\n") if garments.is_file() else []
    for number, line in enumerate(lines, start=1):
        row = parse_json(line, f"{garments} line {number}") if line.strip() else {}
        if isinstance(row, dict) and row.get("split") in HELD_OUT_SPLITS:
            yield str(row.get("image")), str(row["split"])


def _ids(entry: Any) -> Iterator[str]:
    """The photos that a gallery's entry (an id) or a captions row of FashionIQ or CIRR names."""
    if isinstance(entry, str):
        yield entry
    elif isinstance(entry, dict):
        names = ("candidate", "target", "reference", "target_hard")
        yield from (entry[name] for name in names if isinstance(entry.get(name), str))


def _photo(folder: Path, id_: str) -> Path | None:
    paths = (folder / "images" / f"{id_}{suffix}" for suffix in IMAGE_SUFFIXES)
    return next((path for path in paths if path.is_file()), None)
