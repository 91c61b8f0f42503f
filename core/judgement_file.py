"""The SQLite file of the judgements: its schema and how it is opened, brought up to date and written.

Format 2 added to format 1 the columns of `core.verdicts.LATER` and `place`. An older file is migrated when
it is opened: first it is copied to NAME.v1.backup beside it and synced, then changed in one transaction.
"""

import os
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from core.errors import HemlineError
from core.files import write_atomically
from core.verdicts import moment

APPLICATION_ID = 0x48454D4C  # "HEML" tells this file from any other SQLite database
VERSION = 2
BUSY_SECONDS = 10.0

# As format 1 had it. A new file is made so and then brought up to date: one way leads to today's schema.
FIRST_TABLE = """CREATE TABLE events (
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
) STRICT"""
TIME = 13  # where format 1's rows have it, after seq
ADDED = (
    "catalogue TEXT NOT NULL DEFAULT ''",
    "hit_hash TEXT",
    "occasion TEXT NOT NULL DEFAULT ''",
    "blind INTEGER NOT NULL DEFAULT 0",
    "second_look TEXT NOT NULL DEFAULT '[]'",
    "place INTEGER NOT NULL DEFAULT 0",
)
GUARDS = (
    "CREATE INDEX IF NOT EXISTS events_undoes ON events(undoes) WHERE undoes IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS events_place ON events(place)",
    """CREATE TRIGGER IF NOT EXISTS events_no_update BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'judgements are events: append another one instead of editing'); END""",
    """CREATE TRIGGER IF NOT EXISTS events_no_delete BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'judgements are events: append an undo instead of deleting'); END""",
    # INSERT OR REPLACE would remove the old row without firing the delete trigger
    """CREATE TRIGGER IF NOT EXISTS events_no_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq)
BEGIN SELECT RAISE(ABORT, 'judgements are events: append another one instead of replacing'); END""",
)


def connect(path: Path) -> sqlite3.Connection:
    """The file at `path` opened for writing, made or migrated where that is needed, once for all processes.

    HemlineError for a damaged file or another program's database, which is not touched, and for a newer
    format.
    """
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
            if version_of(connection) < VERSION:
                _bring_up_to_date(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """The file's format; 0 before it is made."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


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


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    with transaction(connection):
        version = version_of(connection)
        if version == VERSION:  # another process was first
            return
        if version == 0:
            connection.execute(FIRST_TABLE)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        else:
            try:
                _back_up(path, version)
            except OSError as error:
                raise HemlineError(
                    f"{path} is of format {version} and could not be copied before bringing it to {VERSION} "
                    f"({error.strerror}); free disk space and open it again, it was left as it is"
                ) from None
            connection.execute("DROP TRIGGER IF EXISTS events_no_update")
        for column in ADDED:
            connection.execute(f"ALTER TABLE events ADD COLUMN {column}")
        _give_places(connection)
        for statement in GUARDS:
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION}")


def _give_places(connection: sqlite3.Connection) -> None:
    """Each event of format 1 at its time; the same one saved again, which format 1 took, behind the first."""
    seen: Counter[tuple[object, ...]] = Counter()
    places = []
    for seq, *said in connection.execute("SELECT * FROM events ORDER BY seq").fetchall():
        places.append((moment(said[TIME]) + seen[tuple(said)], seq))
        seen[tuple(said)] += 1
    connection.executemany("UPDATE events SET place = ? WHERE seq = ?", places)


def _back_up(path: Path, version: int) -> None:
    """Copy the file, as it is with its log, to NAME.vN.backup beside it; another history's copy is kept."""

    def write(aside: Path) -> None:
        with closing(_read_only(path)) as source, closing(sqlite3.connect(aside)) as copy:
            source.backup(copy)

    name = path.with_name(f"{path.name}.v{version}.backup")
    fresh = path.with_name(f".{path.name}.v{version}.new")
    write_atomically(fresh, write)
    number = 2
    while name.exists() and _all_events(name) != _all_events(fresh):
        name, number = path.with_name(f"{path.name}.v{version}.backup-{number}"), number + 1
    os.replace(fresh, name)


def _all_events(path: Path) -> list[tuple[object, ...]]:
    try:
        with closing(_read_only(path)) as connection:
            return connection.execute("SELECT * FROM events ORDER BY seq").fetchall()
    except sqlite3.Error:  # somebody else's file under that name
        return []


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)


def _check_file(path: Path) -> None:
    """Look at an existing file without changing it; HemlineError where it is not sound or not ours."""
    with path.open("rb") as file:
        if file.read(16) != b"SQLite format 3\0":
            raise HemlineError(
                f"{path} is not a judgements database, or its beginning is damaged; it was left as it is"
            )
    try:
        with closing(_read_only(path)) as connection:  # so that a damaged file is not changed by a checkpoint
            owner, version, tables = _looked_at(connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_READONLY:
            raise
        # A kill while the file was made leaves a rollback journal, which only a writer can play back.
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
            owner, version, tables = _looked_at(connection)
    if owner != APPLICATION_ID and (owner or tables):  # an empty database is one just being made
        raise HemlineError(f"{path} is the database of another program; name another file for the judgements")
    if version > VERSION:
        raise HemlineError(
            f"{path} is of format {version}, made by a newer Hemline; this one reads {VERSION}"
        )


def _looked_at(connection: sqlite3.Connection) -> tuple[int, int, int]:
    """The application's id, the format and the number of tables; DatabaseError where the file is damaged."""
    state = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if state != "ok":
        raise sqlite3.DatabaseError(" ".join(state.split()))
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return owner, version_of(connection), tables


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
