"""The vocabulary of verdicts: what ships, a project's own, and events saved under another one."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import HemlineError
from core.evaluation.answers import Answers
from core.evaluation.judged import read_verdicts
from core.judgements import append, current, events, open_store
from core.verdicts import VOCABULARY, Verdict, read_vocabulary, role_of
from demo.settings import read_settings
from tests.data_folder import write_lines
from tests.test_judged import GALLERIES, RESULT, line
from tests.test_judgements import BASE

WRONG_SIZE = {"name": "wrong size", "meaning": "too short or too wide", "key": "s", "role": "negative"}
FINE = {"name": "fine", "meaning": "right", "key": "f", "role": "positive"}


def written(folder: Path, entries: Any) -> Path:
    path = folder / "vocabulary.json"
    path.write_text(json.dumps(entries), encoding="utf-8")
    return path


def test_the_shipped_verdicts_are_these_in_this_order() -> None:
    assert [(verdict.name, verdict.key, verdict.role) for verdict in VOCABULARY.values()] == [
        ("hard negative", "h", "negative"),
        ("words ignored", "w", "negative"),
        ("image ignored", "i", "negative"),
        ("acceptable", "a", "positive"),
        ("target", "t", "positive"),
        ("near-duplicate", "d", "same"),
        ("unsure", "n", "none"),
    ]
    assert list(VOCABULARY) == [verdict.name for verdict in VOCABULARY.values()]


def test_a_projects_own_vocabulary_decides_what_may_be_said(tmp_path: Path) -> None:
    path = written(tmp_path, [WRONG_SIZE, FINE])
    found = read_settings({"HEMLINE_VOCABULARY": str(path)}, code=tmp_path)
    assert dict(found.vocabulary) == {"wrong size": Verdict(**WRONG_SIZE), "fine": Verdict(**FINE)}
    old = open_store(tmp_path / "j.db")
    append(old, BASE)
    old.close()
    store = open_store(tmp_path / "j.db", vocabulary=found.vocabulary)
    append(store, replace(BASE, hit_id="x", verdict="wrong size"))
    with pytest.raises(HemlineError, match="'acceptable' is no verdict; use one of wrong size, fine"):
        append(store, replace(BASE, verdict="acceptable"))
    assert [event.judgement.verdict for event in current(store).values()] == ["hard negative", "wrong size"]
    again = open_store(tmp_path / "j.db")  # back under the shipped vocabulary both are still there
    assert len(events(again)) == 2
    assert [role_of("wrong size"), role_of("wrong size", found.vocabulary)] == ["none", "negative"]


def test_every_negative_counts_as_one_in_evaluation(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    said = ["words ignored", "image ignored", "hard negative"]
    write_lines(path, [line("dress:0", id_, verdict) for id_, verdict in zip("xy", said, strict=False)])
    assert read_verdicts(path, RESULT, GALLERIES)[0] == {
        "dress:0": Answers(frozenset(), frozenset(["x", "y"]))
    }
    own = read_vocabulary(written(tmp_path, [WRONG_SIZE]))
    write_lines(path, [line("dress:0", "x", "wrong size")])
    assert read_verdicts(path, RESULT, GALLERIES, own)[0]["dress:0"].negative == {"x"}


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        ([], "must be a list of verdicts"),
        ({"a": 1}, "must be a list of verdicts"),
        (["fine"], "entry 1 must be an object with name, meaning, key, role"),
        ([FINE, {"name": "x"}], "entry 2 must be an object"),
        ([FINE | {"name": "undo"}], "entry 1: a name is not 'undo', trimmed"),
        ([FINE | {"name": "x" * 41}], "a name is not 'undo', trimmed"),
        ([FINE | {"meaning": "two\nlines"}], "meaning must be one line of text"),
        ([FINE | {"key": "ff"}], "key must be a single key"),
        ([FINE | {"key": "u"}], "key must be a single key in lower case, none of"),
        ([FINE | {"role": "maybe"}], "role must be one of negative, positive, same, none"),
        ([FINE, FINE | {"key": "g"}], "entry 2 repeats the name or the key"),
        ([FINE, FINE | {"name": "g"}], "entry 2 repeats the name or the key"),
    ],
)
def test_a_wrong_vocabulary_is_named(tmp_path: Path, entries: Any, says: str) -> None:
    with pytest.raises(HemlineError, match=says):
        read_vocabulary(written(tmp_path, entries))
