"""People's judgements on ranked hits: events in SQLite that are appended and never edited.

    python -m core.judgements count  --db FILE
    python -m core.judgements export --db FILE --out FILE.jsonl [--current]

One event says who judged, when, which query (the reference's content hash and the words), which hit at
which rank and score, under which model and index, and the verdict. Undo is another event, naming the
one it takes back; redo is the undo of an undo. The present state is a fold over the events (`fold`).
An event is acknowledged (`append` returns) only when it is on the disk: WAL with synchronous=FULL.
"""

import argparse
import json
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from core.cli import entry
from core.errors import HemlineError
from core.files import write_atomically
from core.verdicts import UNDO, VOCABULARY, Event, Judged, Judgement, Verdict, check, fold, judged, now

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

APPLICATION_ID = 0x48454D4C  # "HEML" tells this file from any other SQLite database
VERSION = 1
BUSY_SECONDS = 10.0

SCHEMA = (
    """CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    annotator TEXT NOT NULL,
    hit_id TEXT NOT NULL,
    rank INTEGER NOT NULL,
    score REAL NOT NULL,
    verdict TEXT NOT NULL,
    model_fingerprint TEXT NOT NULL,
    index_fingerprint TEXT NOT NULL,
    reference_id TEXT,
    reference_hash TEXT,
    text TEXT NOT NULL,
    reason TEXT NOT NULL,
    session TEXT NOT NULL,
    undoes INTEGER REFERENCES events(seq),
    time TEXT NOT NULL
) STRICT""",
    "CREATE INDEX IF NOT EXISTS events_undoes ON events(undoes) WHERE undoes IS NOT NULL",
    """CREATE TRIGGER IF NOT EXISTS events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'judgements are events: append another one instead of editing'); END""",
    """CREATE TRIGGER IF NOT EXISTS events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'judgements are events: append an undo instead of deleting'); END""",
    # INSERT OR REPLACE would remove the old row without firing the delete trigger
    """CREATE TRIGGER IF NOT EXISTS events_no_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'judgements are events: append another one instead of replacing'); END""",
)
COLUMNS = tuple(item.name for item in fields(Judgement))


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
    with sentences(path):
        if path.exists() and path.stat().st_size:
            _check_file(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("PRAGMA foreign_keys=ON")
            if connection.execute("PRAGMA user_version").fetchone()[0] < VERSION:
                _create(connection)
        except BaseException:
            connection.close()
            raise
    return Store(path, connection, vocabulary)


def append(store: Store, judgement: Judgement) -> int:
    """Save one judgement and return its number (from 1) once it is durable.

    Raises HemlineError, with nothing saved, for a judgement that does not make sense and where the file
    cannot be written (full disk, held by another process).
    """
    check(judgement, store.vocabulary)
    marks = ", ".join("?" * len(COLUMNS))
    values = [getattr(judgement, name) for name in COLUMNS]
    with store.lock, sentences(store.path):
        with transaction(store.connection):
            if judgement.undoes is not None:
                _check_undo(store.connection, judgement)
            cursor = store.connection.execute(
                f"INSERT INTO events ({', '.join(COLUMNS)}) VALUES ({marks})", values
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
    back = replace(found[0].judgement, verdict=UNDO, undoes=seq, session=session, reason=reason, time=now())
    return append(store, back)


def events(store: Store, after: int = 0, limit: int = -1) -> list[Event]:
    """The saved events with a number above `after`, in order; at most `limit` of them (-1: all)."""
    query = f"SELECT seq, {', '.join(COLUMNS)} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
    with store.lock, sentences(store.path):
        rows = store.connection.execute(query, (after, limit)).fetchall()
    return [Event(row[0], Judgement(**dict(zip(COLUMNS, row[1:], strict=True)))) for row in rows]


def current(store: Store) -> dict[Judged, Event]:
    """The present state: `fold` over every event."""
    return fold(events(store))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All that is done within is saved together when it ends, or nothing of it where it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _create(connection: sqlite3.Connection) -> None:
    with transaction(connection):
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")


def _check_file(path: Path) -> None:
    """Look at an existing file without changing it; HemlineError where it is not sound or not ours."""
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise HemlineError(
                f"{path} is not a judgements database, or its beginning is damaged; it was left as it is"
            )
    # read-only, so that a damaged file is not changed by a checkpoint
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS)) as connection:
        state = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if state != "ok":
            raise sqlite3.DatabaseError(" ".join(state.split()))
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if owner != APPLICATION_ID and (owner or tables):  # an empty database is one just being made
        raise HemlineError(f"{path} is the database of another program; name another file for the judgements")
    if version > VERSION:
        raise HemlineError(
            f"{path} is of format {version}, made by a newer Hemline; this one reads {VERSION}"
        )


def _check_undo(connection: sqlite3.Connection, judgement: Judgement) -> None:
    row = connection.execute("SELECT annotator FROM events WHERE seq = ?", (judgement.undoes,)).fetchone()
    if row is None:
        raise HemlineError(f"there is no event {judgement.undoes} to undo")
    if row[0] != judgement.annotator:
        raise HemlineError(f"event {judgement.undoes} is {row[0]}'s; {judgement.annotator} cannot undo it")
    standing = _standing_undo(connection, judgement.undoes)
    if standing is not None:
        raise HemlineError(
            f"event {judgement.undoes} is already undone; undo event {standing} to bring it back"
        )


def _standing_undo(connection: sqlite3.Connection, seq: int | None) -> int | None:
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


@contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into sentences that say what became of the judgements."""
    try:
        yield
    except sqlite3.ProgrammingError:
        raise HemlineError(f"the judgements at {path} were closed; open them again") from None
    except sqlite3.DatabaseError as error:
        # damage found by quick_check has no code
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
        if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            fault = f"is damaged ({error}); it was left as it is, bring a sound copy or name a new file"
        elif code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            fault = (
                f"cannot be written ({error}): free disk space and judge again; what was saved before is kept"
            )
        elif code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            fault = (
                f"was held by another process for {BUSY_SECONDS:.0f} seconds; nothing was saved, try again"
            )
        else:
            fault = f"cannot be used ({error}); nothing was saved"
        raise HemlineError(f"the judgements file {path} {fault}") from error


def _export(store: Store, out: Path, only_current: bool) -> int:
    history = sorted(current(store).values(), key=lambda event: event.seq) if only_current else events(store)
    lines = [json.dumps(event.as_dict(), ensure_ascii=False) + "\n" for event in history]
    write_atomically(out, lambda aside: _write_text(aside, "".join(lines)))
    return len(lines)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Export or count the judgements of a file."""
    parser = argparse.ArgumentParser(prog="python -m core.judgements", description=main.__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    export = commands.add_parser("export", help="every event as a line of JSON")
    export.add_argument("--out", type=Path, required=True, help="the JSON lines file to write")
    export.add_argument("--current", action="store_true", help="only the verdicts that stand")
    count = commands.add_parser("count", help="how many events there are, and the verdicts that stand")
    for command in (export, count):
        command.add_argument("--db", type=Path, required=True, help="the judgements file")
    arguments = parser.parse_args()
    store = open_store(arguments.db, create=False)
    try:
        if arguments.command == "export":
            written = _export(store, arguments.out, arguments.current)
            print(f"{written} events written to {arguments.out}")
            return
        standing = Counter(event.judgement.verdict for event in current(store).values())
        print(json.dumps({"events": len(events(store)), "standing": dict(sorted(standing.items()))}))
    finally:
        store.close()


if __name__ == "__main__":
    entry(main)
