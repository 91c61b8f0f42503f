"""Judgements: what was acknowledged survives a kill, nothing is edited, undo does what a person expects."""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import HemlineError
from core.judgement_checks import check_shown, clean_name
from core.judgements import (
    UNDO,
    VOCABULARY,
    Event,
    Judged,
    Judgement,
    append,
    current,
    events,
    fold,
    insert,
    judged,
    open_store,
    saving,
    undo,
)
from core.verdicts import moment, read_event

ROOT = Path(__file__).parents[1]
BASE = Judgement(
    annotator="ana",
    hit_id="photo-7",
    rank=3,
    score=0.25,
    verdict="hard negative",
    model_fingerprint="m" * 64,
    index_fingerprint="i" * 64,
    reference_id="photo-1",
    reference_hash="ab" * 32,
    text="but red, “größer” 👗\nand long",
    reason="sleeves ignored",
    session="s1",
    time="2026-01-31T09:30:00.000001+00:00",
)


def run_python(code: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)


def standing(db: Path) -> dict[str, str]:
    store = open_store(db)
    state = {key.hit_id: event.judgement.verdict for key, event in current(store).items()}
    store.close()
    return state


def test_every_field_comes_back_as_it_was_given(tmp_path: Path) -> None:
    store = open_store(tmp_path / "new" / "folder" / "judgements.db")
    words_only = replace(BASE, reference_id=None, reference_hash=None)
    assert append(store, BASE) == 1
    assert append(store, words_only) == 2
    assert [event.judgement for event in events(store)] == [BASE, words_only]
    # saved later, it stands behind the first even with a clock that says the same
    assert events(store, after=1) == [Event(2, words_only, moment(BASE.time) + 1)]
    store.close()
    assert [event.judgement for event in events(open_store(store.path))] == [BASE, words_only]


def test_an_acknowledged_judgement_survives_the_kill_of_its_process(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    code = """
        import os, signal, sys
        from tests.test_judgements import BASE
        from core.judgements import append, open_store
        store = open_store(sys.argv[1])
        for _ in range(3):
            print(append(store, BASE), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    done = run_python(code, db)
    assert done.returncode == -signal.SIGKILL
    assert done.stdout.split() == ["1", "2", "3"]
    assert [event.judgement for event in events(open_store(db))] == [BASE] * 3


def test_events_cannot_be_edited_removed_or_replaced(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    store = open_store(db)
    append(store, BASE)
    store.close()
    connection = sqlite3.connect(db)
    columns = ", ".join(name for name in BASE.__dict__)
    for statement in (
        "UPDATE events SET verdict = 'target'",
        "DELETE FROM events",
        f"INSERT OR REPLACE INTO events (seq, {columns}) SELECT seq, {columns} FROM events",
    ):
        with pytest.raises(sqlite3.IntegrityError, match="judgements are events"):
            connection.execute(statement)
    connection.close()
    assert [event.judgement for event in events(open_store(db))] == [BASE]


def test_undo_redo_and_the_verdict_before(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    store = open_store(db)
    first = append(store, BASE)
    second = append(store, replace(BASE, verdict="acceptable"))
    assert standing(db) == {"photo-7": "acceptable"}
    taken_back = undo(store, second)
    assert standing(db) == {"photo-7": "hard negative"}
    with pytest.raises(HemlineError, match=f"undo event {taken_back} to bring it back"):
        undo(store, second)
    undo(store, taken_back)
    assert standing(db) == {"photo-7": "acceptable"}
    undo(store, second)
    undo(store, first)
    assert standing(db) == {}
    assert len(events(store)) == 6


def test_people_queries_and_hits_are_judged_apart(tmp_path: Path) -> None:
    store = open_store(tmp_path / "judgements.db")
    others = [
        replace(BASE, annotator="ben"),
        replace(BASE, reference_hash="cd" * 32),
        replace(BASE, text="but blue"),
        replace(BASE, hit_id="photo-8"),
    ]
    for judgement in [BASE, *others]:
        append(store, judgement)
    # the same question under another model is still the same question
    append(store, replace(BASE, verdict="target", model_fingerprint="n" * 64))
    assert {key: event.seq for key, event in current(store).items()} == {
        **{judged(judgement): place for place, judgement in enumerate(others, 2)},
        judged(BASE): 6,
    }
    with pytest.raises(HemlineError, match="event 2 is ben's; ana cannot undo it"):
        append(store, replace(BASE, verdict=UNDO, undoes=2))


STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("judge"),
            st.sampled_from("ab"),
            st.sampled_from("xy"),
            st.sampled_from([*VOCABULARY]),
        ),
        st.tuples(st.just("undo"), st.integers(0, 30)),
    ),
    max_size=25,
)


class PlainBook:
    """The model: every step with a switch, thrown at once by each undo; no fold, no reverse order."""

    def __init__(self) -> None:
        self.rows: list[tuple[Judged, str] | int] = []
        self.on: list[bool] = []

    def judge(self, key: Judged, verdict: str) -> None:
        self.rows.append((key, verdict))
        self.on.append(True)

    def undo(self, place: int) -> bool:
        if not self.on[place]:
            return False
        self._switch(place, False)
        self.rows.append(place)
        self.on.append(True)
        return True

    def _switch(self, place: int, on: bool) -> None:
        self.on[place] = on
        undone = self.rows[place]
        if isinstance(undone, int):
            self._switch(undone, not on)

    def state(self) -> dict[Judged, str]:
        rows = zip(self.rows, self.on, strict=True)
        return {row[0]: row[1] for row, on in rows if on and not isinstance(row, int)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_the_fold_agrees_with_a_plain_book(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple]
) -> None:
    store = open_store(tmp_path_factory.mktemp("fold") / "judgements.db")
    store.connection.execute(
        "PRAGMA synchronous=OFF"
    )  # sixty databases: speed, not durability, is wanted here
    book = PlainBook()
    for step in steps:
        if step[0] == "judge":
            judgement = replace(BASE, annotator=step[1], hit_id=step[2], verdict=step[3])
            append(store, judgement)
            book.judge(judged(judgement), step[3])
        elif step[1] >= len(book.rows):
            with pytest.raises(HemlineError, match="there is no event"):
                undo(store, step[1] + 1)
        elif book.undo(step[1]):
            undo(store, step[1] + 1)
        else:
            with pytest.raises(HemlineError, match="already undone"):
                undo(store, step[1] + 1)
        assert {key: event.judgement.verdict for key, event in fold(events(store)).items()} == book.state()
    store.close()


def test_threads_and_processes_write_at_once(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    code = """
        import sys
        from dataclasses import replace
        from tests.test_judgements import BASE
        from core.judgements import append, open_store
        store = open_store(sys.argv[1])
        for number in range(20):
            append(store, replace(BASE, annotator=sys.argv[2], hit_id=str(number)))
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(db)]
    writers = [subprocess.Popen([*command, name], cwd=ROOT) for name in ("p1", "p2")]
    store = open_store(db)

    def write(name: str) -> None:
        for number in range(20):
            append(store, replace(BASE, annotator=name, hit_id=str(number)))

    threads = [threading.Thread(target=write, args=(name,)) for name in ("t1", "t2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [writer.wait(timeout=60) for writer in writers] == [0, 0]
    saved = events(store)
    assert [event.seq for event in saved] == list(range(1, 81))
    for name in ("p1", "p2", "t1", "t2"):
        hits = [event.judgement.hit_id for event in saved if event.judgement.annotator == name]
        assert hits == [str(number) for number in range(20)]


def fill(db: Path, count: int = 60) -> None:
    store = open_store(db)
    for number in range(count):
        append(store, replace(BASE, hit_id=str(number), reason="x" * 200))
    store.close()


@pytest.mark.parametrize("damage", ["text", "cut", "pages", "header"])
def test_a_damaged_file_is_named_and_left_alone(tmp_path: Path, damage: str) -> None:
    db = tmp_path / "judgements.db"
    fill(db)
    data = db.read_bytes()
    assert len(data) > 5 * 4096
    damaged = {
        "text": b"these are my notes, not a database\n",
        "cut": data[: len(data) // 2 + 100],
        "pages": data[:4096] + b"\x5a" * (len(data) - 4096),
        "header": data[:16] + b"\xff" * 84 + data[100:],
    }[damage]
    db.write_bytes(damaged)
    log = db.with_name("judgements.db-wal")
    log.write_bytes(b"left by a kill" * 100)
    with pytest.raises(HemlineError, match=r"judgements\.db .*left as it"):
        open_store(db)
    assert db.read_bytes() == damaged
    assert log.read_bytes() == b"left by a kill" * 100


def test_a_folder_or_another_programs_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HemlineError, match="is a folder; name a file"):
        open_store(tmp_path)
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE songs (title TEXT)")
    connection.commit()
    connection.close()
    before = other.read_bytes()
    with pytest.raises(HemlineError, match="database of another program"):
        open_store(other)
    assert other.read_bytes() == before


def test_a_full_database_is_reported_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    db = tmp_path / "judgements.db"
    store = open_store(db)
    store.connection.execute("PRAGMA max_page_count=12")
    acknowledged = 0
    with pytest.raises(
        HemlineError, match=r"judgements\.db cannot be written .*what was saved before is kept"
    ):
        for _ in range(1000):
            append(store, replace(BASE, reason="x" * 500))
            acknowledged += 1
    assert acknowledged > 5
    assert len(events(store)) == acknowledged
    store.connection.execute("PRAGMA max_page_count=4000")
    assert append(store, BASE) == acknowledged + 1  # with room again the same store goes on


def test_a_failing_disk_is_reported_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """The process's file size limit makes real writes fail, in the middle of the log, as a full disk does."""
    db = tmp_path / "judgements.db"
    code = """
        import sys
        from dataclasses import replace
        from tests.test_judgements import BASE, limit_files
        from core.errors import HemlineError
        from core.judgements import append, open_store
        store = open_store(sys.argv[1])
        limit_files(200_000)
        count = 0
        try:
            while True:
                append(store, replace(BASE, reason="x" * 500))
                count += 1
        except HemlineError as error:
            print(count, error, flush=True)
    """
    done = run_python(code, db)
    count, sentence = done.stdout.strip().split(" ", 1)
    assert int(count) > 5, done.stderr
    assert "cannot be written" in sentence
    assert len(events(open_store(db))) == int(count)


def limit_files(size: int) -> None:
    """No file of this process may grow beyond `size` bytes (Python ignores SIGXFSZ: the write fails)."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"verdict": "nice"}, "'nice' is no verdict; use one of hard negative"),
        ({"annotator": " "}, "needs its annotator"),
        ({"hit_id": ""}, "needs its hit_id"),
        ({"rank": 0}, "rank is a whole number from 1"),
        ({"rank": True}, "rank is a whole number from 1"),
        ({"score": float("nan")}, "score is a finite number"),
        ({"reference_hash": None}, "needs reference_hash"),
        ({"reference_id": None, "reference_hash": None, "text": " "}, "needs its query"),
        ({"text": "\ud800"}, "text is not Unicode text"),
        ({"text": None}, "text is text"),
        ({"verdict": UNDO}, "an undo, and only an undo"),
        ({"undoes": 1}, "an undo, and only an undo"),
        ({"verdict": UNDO, "undoes": 9}, "no event 9 to undo"),
        ({"reason": "x" * 2_001}, "reason has at most 2,000 characters; this has 2,001"),
        ({"reason": "x" * 2**20}, "reason has at most 2,000 characters; this has 1,048,576, so shorten it$"),
        ({"annotator": "x" * 201}, "annotator has at most 200"),
        ({"annotator": "ana\x1b[31m"}, r"annotator holds the control character U\+001B"),
        ({"annotator": "ana\n"}, r"annotator holds the control character U\+000A"),
        ({"annotator": "\u202enaB"}, r"annotator holds the control character U\+202E"),
        ({"hit_id": "photo\0"}, r"hit_id holds the control character U\+0000"),
        ({"text": "red\x07"}, r"text holds the control character U\+0007"),
        ({"time": "yesterday"}, "time is ISO 8601"),
        ({"blind": 1}, "blind is true or false"),
        ({"second_look": ("a\n",)}, "second_look holds the control character"),
        ({"second_look": ("a",) * 21}, "second_look names at most 20"),
    ],
)
def test_a_judgement_that_makes_no_sense_is_refused(tmp_path: Path, change: dict, sentence: str) -> None:
    store = open_store(tmp_path / "judgements.db")
    with pytest.raises(HemlineError, match=sentence):
        append(store, replace(BASE, **change))
    assert events(store) == []


@pytest.mark.parametrize(
    "said",
    ["<script>alert('x')</script>", "{{7*7}} ${7*7} <%= 7 %>", "'; DROP TABLE events", "👩‍🏫 نازلی"],
)
def test_markup_and_templates_are_text(tmp_path: Path, said: str) -> None:
    store = open_store(tmp_path / "judgements.db")
    odd = replace(BASE, annotator=said, reason=said, session=said, catalogue=said)
    append(store, odd)
    assert events(store)[0].judgement == odd
    assert clean_name(said) == said


def test_names_are_cleaned_to_what_may_be_saved(tmp_path: Path) -> None:
    name = clean_name("  ana \n\x00maria\u202e\ud800  " + "x" * 300)
    assert name.startswith("ana maria x") and len(name) == 200
    append(open_store(tmp_path / "judgements.db"), replace(BASE, annotator=name))


def test_what_was_not_shown_is_refused() -> None:
    seen = ({"photo-1", "photo-7"}, BASE.model_fingerprint, BASE.index_fingerprint)
    check_shown(BASE, *seen)
    with pytest.raises(HemlineError, match="garment is not in this catalogue"):
        check_shown(replace(BASE, hit_id="photo-8"), *seen)
    with pytest.raises(HemlineError, match="reference is not in this catalogue"):
        check_shown(replace(BASE, reference_id="photo-8"), *seen)
    for stale in ({"index_fingerprint": "old"}, {"model_fingerprint": "old"}):
        with pytest.raises(HemlineError, match="another model or catalogue"):
            check_shown(replace(BASE, **stale), *seen)


def test_what_an_older_hemline_saved_can_still_be_taken_back(tmp_path: Path) -> None:
    """Before there was a limit on the words a judgement could have more of them."""
    store = open_store(tmp_path / "judgements.db")
    with saving(store):
        number = insert(store.connection, replace(BASE, text="x" * 20_000, verdict="old word"), 1)
    undo(store, number)
    assert current(store) == {}


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "core.judgements", *map(str, arguments)]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=60)


def test_the_command_exports_and_counts(tmp_path: Path) -> None:
    db, out = tmp_path / "judgements.db", tmp_path / "out.jsonl"
    store = open_store(db)
    append(store, BASE)
    undo(store, append(store, replace(BASE, verdict="acceptable")))
    assert command("export", "--db", db, "--out", out).returncode == 0
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert [read_event(line) for line in lines] == events(store)
    assert command("export", "--db", db, "--out", out, "--current").returncode == 0
    assert [json.loads(line)["seq"] for line in out.read_text(encoding="utf-8").splitlines()] == [1]
    counted = command("count", "--db", db)
    assert json.loads(counted.stdout) == {"events": 3, "standing": {"hard negative": 1}}
    missing = command("count", "--db", tmp_path / "none.db")
    assert missing.returncode == 2
    assert missing.stderr == f"hemline: there are no judgements at {tmp_path / 'none.db'}: no such file\n"
    assert not os.path.exists(tmp_path / "none.db")
