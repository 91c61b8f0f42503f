"""Judgements as a folder of small files that never change, to outlive the machine whose SQLite holds them.

A batch is a JSON lines file `DAY/TIME-UUID.jsonl`, one event a line, written once, synced and closed: so it
suits mounted buckets and dataset repositories, where files appear elsewhere late and nothing can be locked.
An event is known by its id, a hash of what it says, so that the same event is never added twice, whichever
machine saved it, and batches of several machines merge in any order.
"""

import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import fingerprint, parse_json, read_text
from core.judgements import COLUMNS, Store, events, sentences, transaction
from core.verdicts import Event, Judgement, check

FIELDS = {item.name for item in fields(Judgement)} | {"id"}


@dataclass(frozen=True)
class Record:
    """An event away from its store: its id, and for an undo the id of the event taken back.

    The judgement's own `undoes`, a number of one store, is None.
    """

    id: str
    undoes: str | None
    judgement: Judgement


@dataclass(frozen=True)
class Journal:
    """What a folder of batches holds: the records by id, and a sentence for each line that cannot be used."""

    records: dict[str, Record]
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Replayed:
    """How many events `replay` added, and how many wait for an event they take back that is not there yet."""

    added: int
    waiting: int


def records_of(history: Iterable[Event]) -> list[Record]:
    """The records of a store's whole history, in its order.

    An id is the sha256 of what the judgement says, its time in microseconds included, and of the id it takes
    back.
    """
    found: dict[int, Record] = {}
    for event in history:
        undoes = None if event.judgement.undoes is None else found[event.judgement.undoes].id
        found[event.seq] = _named(replace(event.judgement, undoes=None), undoes)
    return list(found.values())


def write_batch(folder: Path, records: Iterable[Record]) -> Path:
    """Write the records as a new batch in `folder` and return its path once it is on the disk.

    Written under its own name and not moved into place: mounted buckets upload a file when it is closed. A
    batch cut short by a kill is read as far as it goes. Raises OSError.
    """
    moment = datetime.now(UTC)
    path = folder / f"{moment:%Y-%m-%d}" / f"{moment:%H%M%S}-{uuid.uuid4().hex}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(dumps(_line(record), ensure_ascii=False) + "\n" for record in records)
    with path.open("xb") as file:
        file.write(lines.encode())
        file.flush()
        os.fsync(file.fileno())
    return path


def batches(folder: Path) -> list[Path]:
    """Every batch in `folder`, in the order of their names; none where there is no such folder."""
    return sorted(path for path in folder.glob("[0-9]*-*-*/*.jsonl") if path.is_file())


def read_journal(folder: Path) -> Journal:
    """Every record in the batches of `folder`; what is damaged, cut short or no event is told as a fault."""
    found: dict[str, Record] = {}
    faults = []
    for path in batches(folder):
        try:
            lines = read_text(path).splitlines()
        except HemlineError as error:
            faults.append(str(error))
            continue
        for number, line in enumerate(lines, start=1):
            try:
                record = _record(parse_json(line, "it"))
                found[record.id] = record
            except (HemlineError, OverflowError) as error:  # the latter of a score with hundreds of digits
                faults.append(f"{path}, line {number}: {error}")
    return Journal(found, tuple(faults))


def replay(store: Store, records: Mapping[str, Record]) -> Replayed:
    """Add to `store`, in the order of their times and all or none, the records that it does not hold.

    An undo of an event that neither side has is left for a later replay. Raises HemlineError where the store
    cannot be written.
    """
    with store.lock, sentences(store.path), transaction(store.connection):
        rows = store.connection.execute(f"SELECT seq, {', '.join(COLUMNS)} FROM events ORDER BY seq")
        history = [Event(row[0], Judgement(**dict(zip(COLUMNS, row[1:], strict=True)))) for row in rows]
        numbers = {record.id: event.seq for event, record in zip(history, records_of(history), strict=True)}
        missing = [record for id_, record in records.items() if id_ not in numbers]
        added = 0
        for record in _undone_first(missing):
            if record.undoes is None or record.undoes in numbers:
                numbers[record.id] = _insert(store, record, numbers)
                added += 1
    return Replayed(added, len(missing) - added)


def unwritten(store: Store, known: Iterable[str]) -> list[Record]:
    """The records of `store` whose ids are not among `known`, in order."""
    there = set(known)
    return [record for record in records_of(events(store)) if record.id not in there]


def _undone_first(records: list[Record]) -> list[Record]:
    """By time, but never an undo before what it takes back, whatever two machines' clocks say."""
    by_id = {record.id: record for record in records}
    ordered: dict[str, Record] = {}
    for record in sorted(records, key=lambda record: (record.judgement.time, record.id)):
        chain = [record]
        while chain[-1].undoes in by_id and chain[-1].undoes not in ordered:
            chain.append(
                by_id[str(chain[-1].undoes)]
            )  # ids are hashes of what they name, so no circle closes
        ordered |= {link.id: link for link in reversed(chain)}
    return list(ordered.values())


def _insert(store: Store, record: Record, numbers: Mapping[str, int]) -> int:
    judgement = replace(record.judgement, undoes=numbers[record.undoes] if record.undoes else None)
    marks = ", ".join("?" * len(COLUMNS))
    values = [getattr(judgement, name) for name in COLUMNS]
    cursor = store.connection.execute(f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({marks})", values)
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def _line(record: Record) -> dict[str, Any]:
    return {"id": record.id, **asdict(record.judgement), "undoes": record.undoes}


def _record(value: Any) -> Record:
    """The record a line says; HemlineError unless it makes sense and its id is that of what it says."""
    if not isinstance(value, dict) or set(value) != FIELDS or not isinstance(value["id"], str):
        raise HemlineError("it is not an event; it was left out")
    undoes = value["undoes"]
    if not (undoes is None or isinstance(undoes, str)):
        raise HemlineError("it names what it takes back by no id; it was left out")
    judgement = Judgement(**{name: value[name] for name in COLUMNS if name != "undoes"})
    check(replace(judgement, undoes=None if undoes is None else 1), vocabulary=None)
    record = _named(judgement, undoes)
    if record.id != value["id"]:
        raise HemlineError("it was changed after it was written; it was left out")
    return record


def _named(judgement: Judgement, undoes: str | None) -> Record:
    exact = replace(judgement, score=float(judgement.score))  # as SQLite keeps it: 1 and 1.0 are one event
    return Record(fingerprint([asdict(exact), undoes]), undoes, exact)
