"""Undo and redo as an editor has them, against a plain list of what an editor would do."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.judgements import append, current, events, open_store, undo
from core.undoing import redo_last, undo_last
from tests.test_judgements import BASE

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["judge", "judge", "undo", "undo", "redo", "redo"]),
        st.sampled_from("ab"),  # annotator
        st.sampled_from("xy"),  # hit
        st.sampled_from(["hard negative", "acceptable"]),
    ),
    max_size=40,
)


class Editor:
    """One person's two lists; a verdict on a hit is the last one of it in `done`."""

    def __init__(self) -> None:
        self.done: list[tuple[str, str]] = []
        self.undone: list[tuple[str, str]] = []

    def judge(self, hit: str, verdict: str) -> None:
        self.done.append((hit, verdict))
        self.undone = []

    def undo(self) -> bool:
        if self.done:
            self.undone.append(self.done.pop())
            return True
        return False

    def redo(self) -> bool:
        if self.undone:
            self.done.append(self.undone.pop())
            return True
        return False


@settings(max_examples=25, deadline=None)
@given(steps=STEPS)
def test_it_is_an_editor_for_each_annotator(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, str, str]]
) -> None:
    store = open_store(tmp_path_factory.mktemp("undoing") / "judgements.db")
    store.connection.execute("PRAGMA synchronous=OFF")  # many databases: speed is wanted here
    editors = {"a": Editor(), "b": Editor()}
    for act, annotator, hit, verdict in steps:
        editor = editors[annotator]
        if act == "judge":
            append(store, replace(BASE, annotator=annotator, hit_id=hit, verdict=verdict))
            editor.judge(hit, verdict)
        elif act == "undo":
            assert (undo_last(store, annotator) is not None) == editor.undo()
        else:
            assert (redo_last(store, annotator) is not None) == editor.redo()
        wanted = {(name, hit): said for name, one in editors.items() for hit, said in one.done}
        found = {(key.annotator, key.hit_id): e.judgement.verdict for key, e in current(store).items()}
        assert found == wanted
    store.close()


def test_a_session_has_a_line_of_its_own(tmp_path: Path) -> None:
    store = open_store(tmp_path / "judgements.db")
    append(store, replace(BASE, session="one", hit_id="x"))
    append(store, replace(BASE, session="two", hit_id="y"))
    undo_last(store, "ana", session="one")
    assert [key.hit_id for key in current(store)] == ["y"]
    assert undo_last(store, "ana", session="one") is None
    append(store, replace(BASE, session="two", hit_id="z"))  # clears nothing of the first sitting
    assert redo_last(store, "ana", session="one") is not None
    assert sorted(key.hit_id for key in current(store)) == ["x", "y", "z"]
    assert redo_last(store, "ana", session="one") is None


def test_undo_goes_on_after_the_page_took_a_certain_event_back(tmp_path: Path) -> None:
    store = open_store(tmp_path / "judgements.db")
    first, second = (append(store, replace(BASE, hit_id=hit)) for hit in "xy")
    taken = undo(store, first)
    undo(store, undo(store, taken))  # brought back, and that taken back: the first is undone by a chain
    assert [key.hit_id for key in current(store)] == ["y"]
    assert redo_last(store, "ana") is not None
    assert undo_last(store, "ana") is not None  # of the first, which came back last
    assert undo_last(store, "ana") is not None
    assert current(store) == {} and undo_last(store, "ana") is None
    assert events(store)[-1].judgement.undoes == second


def test_two_at_once_take_different_judgements_back(tmp_path: Path) -> None:
    store = open_store(tmp_path / "judgements.db")
    for number in range(10):
        append(store, replace(BASE, hit_id=str(number)))
    threads = [threading.Thread(target=undo_last, args=(store, "ana")) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert current(store) == {} and len(events(store)) == 20
