"""Judgements as a folder of small files that never change, to outlive the machine whose SQLite holds them.

A batch is a JSON lines file `DAY/TIME-UUID.jsonl`, one event a line, written once, synced and closed: so it
suits mounted buckets and dataset repositories, where files appear elsewhere late and nothing can be locked.
An event is known by its id, a hash of what it says, so that the same event is never added twice, whichever
machine saved it, and batches of several machines merge in any order.
"""

import os
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from json import dumps
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import fingerprint, parse_json, read_text
from core.judgement_checks import check_sense
from core.judgements import Store, events, insert, rows, saving
from core.verdicts import LATER, Event, Judgement, moment, plain

FIELDS = {item.name for item in fields(Judgement)} | {"id"}
MAX_PLACE = 2**62


@dataclass(frozen=True)
class Record:
    """An event away from its store: its id, and for an undo the id of the event taken back.

    The judgement's own `undoes`, a number of one store, is None; `place` is as in `core.verdicts.Event`.
    """

    id: str
    undoes: str | None
    judgement: Judgement
    place: int | None = None


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
    back. What format 1 could not say counts only where it says something, so that ids of format 1 stay.
    """
    found: dict[int, Record] = {}
    for event in history:
        found[event.seq] = record_of(event, found)
    return list(found.values())


def record_of(event: Event, earlier: Mapping[int, Record]) -> Record:
    """The record of one event, after the records of `earlier` ones by their numbers.

    HemlineError where it makes no sense, or takes back what is not there or is another person's.
    """
    undoes = event.judgement.undoes
    if undoes is None:
        return named(event.judgement, None, event.place)
    undone = earlier.get(undoes)
    if undone is None or undone.judgement.annotator != event.judgement.annotator:
        raise HemlineError(f"it takes back {undoes!r}, which is no earlier event of the same annotator")
    return named(replace(event.judgement, undoes=None), undone.id, event.place)


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
    """Add to `store`, in the order of their places and all or none, the records that it does not hold.

    An undo of an event that neither side has is left for a later replay. Raises HemlineError where the store
    cannot be written.
    """
    return merge(store, _undone_first(records))


def merge(store: Store, records: Iterable[Record]) -> Replayed:
    """Add to `store`, in this order and all or none, the records that it does not hold; else as `replay`."""
    added = waiting = 0
    with saving(store):
        history = rows(store.connection, "true ORDER BY seq")
        numbers = {record.id: event.seq for event, record in zip(history, records_of(history), strict=True)}
        for record in records:
            if record.id in numbers:
                continue
            if record.undoes is not None and record.undoes not in numbers:
                waiting += 1
                continue
            undoes = None if record.undoes is None else numbers[record.undoes]
            place = moment(record.judgement.time) if record.place is None else record.place
            said = replace(record.judgement, undoes=undoes)
            numbers[record.id] = insert(store.connection, said, place)
            added += 1
    return Replayed(added, waiting)


def unwritten(store: Store, known: Iterable[str]) -> list[Record]:
    """The records of `store` whose ids are not among `known`, in order."""
    there = set(known)
    return [record for record in records_of(events(store)) if record.id not in there]


def named(judgement: Judgement, undoes: str | None, place: int | None) -> Record:
    """The record with the id of what it says; HemlineError where it makes no sense or its place is none.

    `judgement.undoes` must be None; `undoes` is the id of what it takes back.
    """
    check_sense(replace(judgement, undoes=None if undoes is None else 1))
    if place is not None and not (type(place) is int and moment(judgement.time) <= place < MAX_PLACE):
        raise HemlineError(f"its place is {place!r}, which is none behind its time; it was left out")
    exact = replace(judgement, score=float(judgement.score))  # as SQLite keeps it: 1 and 1.0 are one event
    place = None if place == moment(judgement.time) else place
    said = _sparse(exact, place)
    return Record(fingerprint([said, undoes]), undoes, exact, place)


def _undone_first(records: Mapping[str, Record]) -> list[Record]:
    """By place, but never an undo before what it takes back, whatever two machines' clocks say."""
    ordered: dict[str, Record] = {}
    for record in sorted(records.values(), key=lambda record: (_place(record), record.id)):
        chain = [record]
        while chain[-1].undoes in records and chain[-1].undoes not in ordered:
            chain.append(records[str(chain[-1].undoes)])  # ids are hashes of what they name: no circle closes
        ordered |= {link.id: link for link in reversed(chain)}
    return list(ordered.values())


def _place(record: Record) -> int:
    return moment(record.judgement.time) if record.place is None else record.place


def _sparse(judgement: Judgement, place: int | None) -> dict[str, Any]:
    """What the judgement says, without what format 1 had no words for and is not said."""
    said = {name: value for name, value in plain(judgement).items() if name not in LATER}
    said |= {
        name: value
        for name, value in plain(judgement).items()
        if name in LATER and value not in ([], LATER[name])
    }
    return said if place is None else {**said, "place": place}


def _line(record: Record) -> dict[str, Any]:
    return {"id": record.id, **_sparse(record.judgement, record.place), "undoes": record.undoes}


def _record(value: Any) -> Record:
    """The record a line says; HemlineError unless it makes sense and its id is that of what it says."""
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        raise HemlineError("it is not an event; it was left out")
    if not FIELDS - {*LATER} <= value.keys() <= FIELDS | {"place"}:
        raise HemlineError("it is not an event, or one of a newer Hemline; it was left out")
    undoes = value["undoes"]
    if not (undoes is None or isinstance(undoes, str)):
        raise HemlineError("it names what it takes back by no id; it was left out")
    said = {name: value[name] for name in FIELDS - {"id", "undoes"} if name in value}
    if isinstance(said.get("second_look"), list):
        said["second_look"] = tuple(said["second_look"])
    record = named(Judgement(**said), undoes, value.get("place"))
    if record.id != value["id"]:
        raise HemlineError("it was changed after it was written; it was left out")
    return record
