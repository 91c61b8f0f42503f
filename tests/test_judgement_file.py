"""The judgements file over time: kills, many writers, older and newer formats."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import HemlineError
from core.journal import read_journal, records_of, replay, write_batch
from core.judgement_file import VERSION
from core.judgements import append, current, events, open_store, undo
from core.verdicts import Judgement, moment
from tests.bench.judgement_kills import old_file, said
from tests.test_judgements import BASE, ROOT

OLD = Judgement(
    annotator="ana",
    hit_id="photo-7",
    rank=3,
    score=1.0,
    verdict="hard negative",
    model_fingerprint="m" * 64,
    index_fingerprint="i" * 64,
    text="but red, “größer”",
    session="s1",
    time="2026-01-31T09:30:00.000001+00:00",
)
OLD_FIELDS = """annotator hit_id rank score verdict model_fingerprint index_fingerprint reference_id
reference_hash text reason session undoes time"""
OLD_ID = "9eae3388bed0074488635e734987fd23150c8bb1d31b25ff7987a67224ef8c5e"


def test_two_hundred_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "tests.bench.judgement_kills", "--json", str(tmp_path / "kills.json")]
    done = subprocess.run([*line, "--kills", "200"], cwd=ROOT, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "kills.json").read_text())
    assert (told["kills"], told["lost"], told["twice"]) == (200, 0, 0)
    assert told["acknowledged"] > 600 and 0 < told["before_any"] < 150
    assert told["unheard"] <= 200  # a kill between the disk and the acknowledgement, one a writer at most


def test_twenty_annotators_at_once_lose_nothing(tmp_path: Path) -> None:
    """Five of them on threads of this process, fifteen in three others; all of them judge and take back."""
    db = tmp_path / "judgements.db"
    code = """
        import sys
        from pathlib import Path
        from tests.test_judgement_file import annotate
        annotate(Path(sys.argv[1]), sys.argv[2:])
    """
    people = [f"person {number}" for number in range(20)]
    line = [sys.executable, "-c", textwrap.dedent(code), str(db)]
    others = [subprocess.Popen([*line, *people[at : at + 5]], cwd=ROOT) for at in (5, 10, 15)]
    annotate(db, people[:5])
    assert [other.wait(timeout=120) for other in others] == [0, 0, 0]
    store = open_store(db)
    saved = events(store)
    assert [event.seq for event in saved] == list(range(1, 20 * 9 + 1))
    places = [event.place or moment(event.judgement.time) for event in saved]
    assert places == sorted(set(places))
    state = current(store)
    assert {(key.annotator, key.hit_id) for key in state} == {
        (name, str(number)) for name in people for number in range(7)
    }


def annotate(db: Path, people: list[str]) -> None:
    """Each of `people` on a thread: eight judgements, the last of them taken back."""
    store = open_store(db)

    def work(name: str) -> None:
        for number in range(8):
            last = append(store, replace(said(str(number)), annotator=name))
        undo(store, last)

    threads = [threading.Thread(target=work, args=(name,)) for name in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.close()


# --- formats ----------------------------------------------------------------------------------------------


def test_an_older_file_is_backed_up_and_brought_up_to_date(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    old_file(db, 5)
    with closing(sqlite3.connect(db)) as connection:
        before = connection.execute("SELECT * FROM events").fetchall()
    store = open_store(db)
    assert [event.judgement.hit_id for event in events(store)] == [f"old-{n}" for n in range(5)]
    assert {event.place for event in events(store)} == {None}
    assert append(store, replace(BASE, catalogue="mine", blind=True)) == 6
    undo(store, 1)
    backup = db.with_name("judgements.db.v1.backup")
    with closing(sqlite3.connect(backup)) as connection:
        assert connection.execute("SELECT * FROM events").fetchall() == before
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
    fresh = open_store(tmp_path / "fresh.db")
    schema = "SELECT type, name, sql FROM sqlite_master ORDER BY name"
    assert store.connection.execute(schema).fetchall() == fresh.connection.execute(schema).fetchall()
    with pytest.raises(sqlite3.IntegrityError, match="judgements are events"):
        store.connection.execute("UPDATE events SET verdict = 'target'")
    # the backup is a store of its own
    shutil.copyfile(backup, tmp_path / "again.db")
    assert len(events(open_store(tmp_path / "again.db"))) == 5


def test_the_backup_of_another_history_is_kept(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    for count in (3, 4):
        db.unlink(missing_ok=True)
        old_file(db, count)
        open_store(db).close()
    kept = [db.with_name(f"judgements.db.v1.backup{more}") for more in ("", "-2")]
    counts = []
    for path in kept:
        with closing(sqlite3.connect(path)) as connection:
            counts.append(connection.execute("SELECT count(*) FROM events").fetchone()[0])
    assert counts == [3, 4]


def test_a_kill_in_the_migration_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    """Twelve kills spread over the migration of a file large enough to be hit in the middle."""
    source = tmp_path / "source.db"
    old_file(source, 600)
    shutil.copyfile(source, tmp_path / "measured.db")
    started = time.monotonic()
    open_store(tmp_path / "measured.db").close()
    whole = time.monotonic() - started
    versions = set()
    for number in range(12):
        db = tmp_path / f"{number}.db"
        shutil.copyfile(source, db)
        child = os.fork()
        if child == 0:
            try:
                open_store(db)
            finally:
                os._exit(0)
        time.sleep(whole * number / 6)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with closing(sqlite3.connect(db)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
        versions.add(version)
        assert version in (1, VERSION)
        backup = db.with_name(f"{number}.db.v1.backup")
        assert version == 1 or backup.exists()
        assert len(events(open_store(db))) == 600
        with closing(sqlite3.connect(backup)) as connection:
            assert connection.execute("SELECT count(*) FROM events").fetchone() == (600,)
        assert not db.with_name(f"{number}.db.v1.backup-2").exists()
    assert versions == {1, VERSION}


def test_two_processes_migrate_one_file_once(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    old_file(db, 200)
    code = "import sys; from core.judgements import open_store; open_store(sys.argv[1])"
    openers = [subprocess.Popen([sys.executable, "-c", code, str(db)], cwd=ROOT) for _ in range(3)]
    assert [opener.wait(timeout=60) for opener in openers] == [0, 0, 0]
    assert len(events(open_store(db))) == 200
    assert [path.name for path in tmp_path.glob("*backup*")] == ["judgements.db.v1.backup"]


def test_a_newer_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    open_store(db).close()
    with closing(sqlite3.connect(db)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    before = db.read_bytes()
    with pytest.raises(HemlineError, match=f"is of format {VERSION + 1}, made by a newer Hemline"):
        open_store(db)
    assert db.read_bytes() == before


def test_what_format_1_saved_twice_stays_two_events(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    old_file(db, 1)
    with closing(sqlite3.connect(db)) as connection:
        names = ", ".join(
            row[1] for row in connection.execute("PRAGMA table_info(events)") if row[1] != "seq"
        )
        connection.execute(f"INSERT INTO events ({names}) SELECT {names} FROM events")
        connection.commit()
    store = open_store(db)
    first, second = records_of(events(store))
    assert first.id != second.id and first.judgement == second.judgement
    new = open_store(tmp_path / "new.db")
    assert replay(new, {first.id: first, second.id: second}).added == 2
    assert events(new) == events(store)


def test_ids_and_batches_of_format_1_stay(tmp_path: Path) -> None:
    """The line below was written by Hemline before format 2, and the id with it."""
    folder = tmp_path / "journal" / "2026-01-31"
    folder.mkdir(parents=True)
    old = {"id": OLD_ID, **{name: getattr(OLD, name) for name in OLD_FIELDS.split()}}
    (folder / "093000-x.jsonl").write_text(json.dumps(old) + "\n")
    journal = read_journal(tmp_path / "journal")
    assert journal.faults == () and list(journal.records) == [OLD_ID]
    store = open_store(tmp_path / "judgements.db")
    replay(store, journal.records)
    assert [record.id for record in records_of(events(store))] == [OLD_ID]
    # and what an older Hemline can say is written as it wrote it
    written = write_batch(tmp_path / "out", records_of(events(store)))
    assert json.loads(written.read_text()) == old
