"""What is known of the garments that people brought: `garments.jsonl` among their photos, one a line.

A record has "image" (the garment's id), "source" (what it came in), "file" (its name there), and of "caption"
and the attributes of `core.vocabulary` only those that are known: nothing is made up for the others.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.datasets.garments import is_id, is_text, read_garments
from core.errors import HemlineError
from core.files import parse_json, read_text, write_atomically
from core.own.table import About
from core.types import Garment
from core.vocabulary import ONE_OF, SOME_OF

RECORDS_FILE = "garments.jsonl"


@dataclass(frozen=True)
class Record:
    """One garment: its id, the name of the source it came in, its file there, and what is known of it."""

    id: str
    source: str
    file: str
    about: About = field(default_factory=dict)

    @property
    def garment(self) -> Garment:
        """The record as a `Garment`; caption, category and kind are "" where they are not known."""
        known = self.about
        return Garment(
            id=self.id,
            split="",
            category=known.get("category", ""),
            kind=known.get("kind", ""),
            colors=tuple(known.get("colors", ())),
            pattern=known.get("pattern"),
            sleeve=known.get("sleeve"),
            neckline=known.get("neckline"),
            length=known.get("length"),
            fit=known.get("fit"),
            fabric=known.get("fabric"),
            details=tuple(known.get("details", ())),
            caption=known.get("caption", ""),
        )


def read_records(folder: Path) -> dict[str, Record]:
    """The records among the photos in `folder`, by id; empty where there are none.

    HemlineError names the line that is not such a record.
    """
    path = folder / RECORDS_FILE
    if not path.is_file():
        return {}
    found = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            record = _record(parse_json(line, f"{path} line {number}"), f"{path} line {number}")
            found[record.id] = record
    return found


def described(dataset: Path) -> dict[str, Record]:
    """The records of a dataset's folder in FashionIQ's layout, by id; empty where it has none of use."""
    try:
        garments = read_garments(dataset / RECORDS_FILE)
    except HemlineError:  # none, or spoilt: captions are a help, not a need
        return {}
    records = {}
    for garment in garments.values():
        values = {name: getattr(garment, name) for name in ("caption", *ONE_OF, *SOME_OF)}
        about = {k: list(v) if isinstance(v, tuple) else v for k, v in values.items() if v}
        records[garment.id] = Record(garment.id, dataset.name, garment.id, about)
    return records


def write_records(folder: Path, records: Iterable[Record]) -> None:
    """Write the records into `folder`, in place of those that were there, atomically."""
    rows = [{"image": r.id, "source": r.source, "file": r.file, **r.about} for r in records]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    write_atomically(folder / RECORDS_FILE, lambda aside: _write(aside, text))


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _record(row: Any, where: str) -> Record:
    if not isinstance(row, dict) or not is_id(row.get("image")):
        raise HemlineError(f"{where} is not the record of a garment; remove the line")
    about = {name: value for name, value in row.items() if _sound(name, value)}
    return Record(row["image"], str(row.get("source", "")), str(row.get("file", "")), about)


def _sound(name: str, value: Any) -> bool:
    if name == "caption":
        return is_text(value) and bool(value.strip())
    if name in SOME_OF:
        return isinstance(value, list) and all(word in SOME_OF[name] for word in value)
    return name in ONE_OF and value in ONE_OF[name]
