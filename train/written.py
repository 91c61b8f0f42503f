"""A folder of texts that a model wrote about train photos: what it holds, and how the stages take it in.

`captions.jsonl` has a description a line, `changes.jsonl` the changes of a pair, `dropped.jsonl` every text
that the filter refused, with its reason; each line has its provenance. `captions/cap.CATEGORY.train.json` has
the changes in FashionIQ's form, `run.json` is the card. While it is made, `work` holds whole batches.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from core.datasets.fashioniq import Split
from core.errors import HemlineError
from core.files import (
    fingerprint,
    parse_json,
    read_json,
    read_text,
    sha256_file,
    write_atomically,
    write_json,
)
from core.runs import load_card
from core.types import Triplet

COMMAND = "train.caption"
CAPTIONS, CHANGES, DROPPED = "captions.jsonl", "changes.jsonl", "dropped.jsonl"
WORK = "work"
T = TypeVar("T")
Line = dict[str, Any]


@dataclass(frozen=True)
class Texts:
    """What was written: the kept descriptions and changes, and what was dropped, a line each."""

    captions: tuple[Line, ...]
    changes: tuple[Line, ...]
    dropped: tuple[Line, ...]

    def counts(self) -> dict[str, dict[str, Any]]:
        """Of each kind the texts written, those kept, and those dropped by reason, most frequent first."""
        kept = {
            "caption": len(self.captions),
            "change": sum(len(line["texts"]) for line in self.changes),
        }
        found: dict[str, dict[str, Any]] = {}
        for kind, good in kept.items():
            reasons = Counter(line["reason"] for line in self.dropped if line["kind"] == kind)
            written = good + reasons.total()
            share = round(good / written, 4) if written else 0.0
            found[kind] = {
                "written": written,
                "kept": good,
                "share": share,
                "dropped": dict(reasons.most_common()),
            }
        return found | {"pairs": {"kept": len(self.changes)}}


def in_batches(
    folder: Path, name: str, items: Sequence[T], size: int, write: Callable[[Sequence[T]], list[Any]]
) -> list[Any]:
    """`write` of all items, `size` at a time, a batch being on disk in the folder's work before the next.

    Batches that are there already are not written again.
    """
    from tqdm import tqdm

    answers: list[Any] = []
    for start in tqdm(range(0, len(items), size), desc=name, unit="batch", mininterval=2):
        path = folder / WORK / f"{name}-{start // size:06}.json"
        some = items[start : start + size]
        if not path.is_file():
            write_json(path, write(some))
        batch = read_json(path)
        if not isinstance(batch, list) or len(batch) != len(some):
            raise HemlineError(f"{path} is not a batch of {len(some)} texts; remove it, it is written again")
        answers += batch
    return answers


def save_texts(folder: Path, texts: Texts) -> None:
    """Write everything but the card."""
    for name, lines in ((CAPTIONS, texts.captions), (CHANGES, texts.changes), (DROPPED, texts.dropped)):
        _write_lines(folder / name, lines)
    for category in dict.fromkeys(line["category"] for line in texts.changes):
        rows = [
            {"target": line["target"], "candidate": line["reference"], "captions": line["texts"]}
            for line in texts.changes
            if line["category"] == category
        ]
        write_json(folder / "captions" / f"cap.{category}.train.json", rows)


def discard_work(folder: Path) -> None:
    """Remove the batches, everything being written."""
    shutil.rmtree(folder / WORK, ignore_errors=True)


def add_written(
    split: Split, hashes: Mapping[str, str], folders: Sequence[Path]
) -> tuple[Split, tuple[tuple[str, str], ...]]:
    """The train split with the folders' changes as triplets of its own, and their descriptions (photo, text).

    `hashes`: sha256 of each photo's file. Texts about photos that are not in the split (another dataset's, or
    held out of training) stay out. HemlineError for a folder that is unfinished or damaged, one written about
    other files under the same ids, and one that is about none of the photos.
    """
    if not folders:
        return split, ()
    photos = set(split.union_gallery())
    triplets: list[Triplet] = []
    captions: list[tuple[str, str]] = []
    marks = [split.fingerprint]
    for folder in folders:
        _require_finished(folder)
        told = read_lines(folder / CAPTIONS), read_lines(folder / CHANGES)
        described = [line for line in told[0] if line["photo"] in photos]
        changed = [line for line in told[1] if {line["reference"], line["target"]} <= photos]
        if not described and not changed:
            raise HemlineError(
                f"{folder} has no text about a photo that is trained on; is it of other --data?"
            )
        for line in described:
            _require_same(folder, hashes, line["photo"], line["photo_sha256"])
            captions.append((line["photo"], line["text"]))
        for line in changed:
            for side in ("reference", "target"):
                _require_same(folder, hashes, line[side], line[f"{side}_sha256"])
            key = f"written:{len(triplets)}"
            ends = line["reference"], line["target"]
            triplets.append(Triplet(key, line["category"], "train", *ends, tuple(line["texts"])))
        marks += [sha256_file(folder / name) for name in (CAPTIONS, CHANGES)]
    whole = replace(split, triplets=(*split.triplets, *triplets), fingerprint=fingerprint(marks))
    return whole, tuple(captions)


def read_lines(path: Path) -> list[Line]:
    """The objects of a JSONL file; HemlineError naming the line that is none."""
    lines = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        value = parse_json(line, f"{path} line {number}")
        if not isinstance(value, dict):
            raise HemlineError(f"{path} line {number} must be an object; write the folder again")
        lines.append(value)
    return lines


def _require_finished(folder: Path) -> None:
    card = load_card(folder) if folder.is_dir() else None
    if card is None or card.command != COMMAND:
        raise HemlineError(
            f"{folder} holds no written texts; make them with python -m {COMMAND} --out {folder}"
        )
    if not card.finished:
        raise HemlineError(f"{folder} is unfinished; run its python -m {COMMAND} again to end it")


def _require_same(folder: Path, hashes: Mapping[str, str], photo: str, digest: str) -> None:
    if hashes.get(photo) != digest:
        raise HemlineError(f"{folder} was written about another photo {photo} than the one that is here now")


def _write_lines(path: Path, lines: Iterable[Line]) -> None:
    data = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()

    def write(aside: Path) -> None:
        aside.write_bytes(data)

    write_atomically(path, write)
