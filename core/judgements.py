"""People's judgements on ranked hits: events in SQLite that are appended and never edited.

    python -m core.judgements count  --db FILE
    python -m core.judgements export --db FILE --format FORMAT --out OUT
    python -m core.judgements import --db FILE --format FORMAT --from IN

One event says who judged, when, which query (the reference's content hash and the words), which hit at
which rank and score, under which model and index, and the verdict. Undo is another event, naming the
one it takes back; redo is the undo of an undo. The present state is a fold over the events (`fold`).
An event is acknowledged (`append` returns) only when it is on the disk: WAL with synchronous=FULL.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from core.cli import entry
from core.errors import HemlineError
from core.judgement_checks import check, check_field
from core.judgement_file import connect, sentences, transaction
from core.verdicts import (
    UNDO,
    VOCABULARY,
    Event,
    Judged,
    Judgement,
    Verdict,
    fold,
    judged,
    moment,
    now,
)

__all__ = [
    "UNDO",
    "VOCABULARY",
    "Event",
    "Judged",
    "Judgement",
    "Store",
    "append",
    "current",
    "events",
    "fold",
    "judged",
    "open_store",
    "undo",
]

COLUMNS = tuple(item.name for item in fields(Judgement))
"""The columns of the events beside `seq` and `place`."""


@dataclass
class Store:
    """An open judgements file. Threads may share one; each process opens its own (also after a fork)."""

    path: Path
    connection: sqlite3.Connection
    vocabulary: Mapping[str, Verdict] = field(default_factory=lambda: VOCABULARY)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        """Close the file; the store cannot be used afterwards."""
        with self.lock:
            self.connection.close()


def open_store(
    path: Path | str, create: bool = True, vocabulary: Mapping[str, Verdict] = VOCABULARY
) -> Store:
    """Open the judgements at `path`, by default making a new file (and its folders) where there is none.

    New judgements keep to the `vocabulary`; events saved under another one stay as they are. Raises
    HemlineError for a folder, a damaged file or another program's database; such a file is not touched.
    """
    path = Path(path)
    if path.is_dir():
        raise HemlineError(f"{path} is a folder; name a file to keep the judgements in")
    if not create and not path.exists():
        raise HemlineError(f"there are no judgements at {path}: no such file")
    return Store(path, connect(path), vocabulary)


def append(store: Store, judgement: Judgement) -> int:
    """Save one judgement and return its number (from 1) once it is durable.

    Raises HemlineError, with nothing saved, for a judgement that does not make sense and where the file
    cannot be written (full disk, held by another process).
    """
    check(judgement, store.vocabulary)
    with saving(store):
        return save(store.connection, judgement)


@contextmanager
def saving(store: Store) -> Iterator[None]:
    """What `save` is called within: everything saved inside becomes durable together, or nothing of it."""
    with store.lock, sentences(store.path), transaction(store.connection):
        yield


def save(connection: sqlite3.Connection, judgement: Judgement) -> int:
    """Save a checked judgement behind all events there are and return its number; within `saving`."""
    if judgement.undoes is not None:
        _check_undo(connection, judgement)
    last = connection.execute("SELECT max(place) FROM events").fetchone()[0]
    place = moment(judgement.time) if last is None else max(moment(judgement.time), last + 1)
    return insert(connection, judgement, place)


def insert(connection: sqlite3.Connection, judgement: Judgement, place: int) -> int:
    """Write one row as it is given and return its number; within `saving`."""
    values = [getattr(judgement, name) for name in COLUMNS]
    values[COLUMNS.index("second_look")] = json.dumps(judgement.second_look, ensure_ascii=False)
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    cursor = connection.execute(
        f"INSERT INTO events ({', '.join(COLUMNS)}, place) VALUES ({marks})", [*values, place]
    )
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def undo(store: Store, seq: int, session: str = "", reason: str = "") -> int:
    """Take event `seq` back by appending an undo of its own annotator; undoing an undo is redo.

    Raises HemlineError where there is no such event or it is already undone.
    """
    found = events(store, after=seq - 1, limit=1)
    if not found or found[0].seq != seq:
        raise HemlineError(f"there is no event {seq} in {store.path} to undo")
    back = taking_back(found[0], session, reason)
    with saving(store):
        return save(store.connection, back)


def taking_back(event: Event, session: str = "", reason: str = "") -> Judgement:
    """The judgement that takes `event` back, of the same annotator; HemlineError for what cannot be saved."""
    check_field("session", session)
    check_field("reason", reason)
    # the rest was saved once, maybe before today's limits, and so can be taken back
    return replace(
        event.judgement,
        verdict=UNDO,
        undoes=event.seq,
        session=session,
        reason=reason,
        second_look=(),
        time=now(),
    )


def events(store: Store, after: int = 0, limit: int = -1) -> list[Event]:
    """The saved events with a number above `after`, in order; at most `limit` of them (-1: all)."""
    with store.lock, sentences(store.path):
        return rows(store.connection, "seq > ? ORDER BY seq LIMIT ?", (after, limit))


def rows(connection: sqlite3.Connection, where: str, values: Sequence[Any] = ()) -> list[Event]:
    """The events that SQL's `where` (with ORDER BY and LIMIT) chooses."""
    found = connection.execute(f"SELECT seq, place, {', '.join(COLUMNS)} FROM events WHERE {where}", values)
    return [_event(*row) for row in found]


def current(store: Store) -> dict[Judged, Event]:
    """The present state: `fold` over every event."""
    return fold(events(store))


def _check_undo(connection: sqlite3.Connection, judgement: Judgement) -> None:
    row = connection.execute("SELECT annotator FROM events WHERE seq = ?", (judgement.undoes,)).fetchone()
    if row is None:
        raise HemlineError(f"there is no event {judgement.undoes} to undo")
    if row[0] != judgement.annotator:
        raise HemlineError(f"event {judgement.undoes} is {row[0]}'s; {judgement.annotator} cannot undo it")
    standing = standing_undo(connection, judgement.undoes)
    if standing is not None:
        raise HemlineError(
            f"event {judgement.undoes} is already undone; undo event {standing} to bring it back"
        )


def standing_undo(connection: sqlite3.Connection, seq: int | None) -> int | None:
    """The undo of event `seq` that is not itself undone, if any."""
    undos = connection.execute(
        "SELECT seq, undoes FROM events WHERE undoes IS NOT NULL AND seq > ? ORDER BY seq DESC", (seq,)
    )
    gone: set[int] = set()
    for undo_seq, undone in undos:  # the latest first: whether an undo stands is settled before it counts
        if undo_seq not in gone:
            gone.add(undone)
            if undone == seq:
                return int(undo_seq)
    return None


def _event(seq: int, place: int, *values: Any) -> Event:
    said = dict(zip(COLUMNS, values, strict=True))
    said["blind"] = bool(said["blind"])
    said["second_look"] = tuple(json.loads(said["second_look"]))
    judgement = Judgement(**said)
    return Event(seq, judgement, None if place == moment(judgement.time) else place)


if __name__ == "__main__":
    from core.judgement_commands import main

    entry(main)
