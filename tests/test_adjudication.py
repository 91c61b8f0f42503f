"""Disagreements and what is settled: who wins, what stays open, and that an undo brings it back."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.adjudication import adjudication, counted, disagreements, settled
from core.errors import HemlineError
from core.judgements import append, events, open_store, undo
from core.verdicts import VOCABULARY, Event
from tests.opinion import judged_by, run_module


def said(*verdicts: str, hit: str = "hit", start: int = 1) -> list[Event]:
    return [
        judged_by(f"judge-{place}", verdict, hit, seq=start + place) for place, verdict in enumerate(verdicts)
    ]


@pytest.mark.parametrize(
    ("verdicts", "verdict", "why"),
    [
        (["hard negative"], "hard negative", "unanimous"),
        (["acceptable", "target", "target"], "target", "unanimous"),
        (["image ignored", "words ignored"], "words ignored", "unanimous"),
        (["hard negative", "unsure"], "hard negative", "unanimous"),
        (["unsure", "unsure"], "unsure", "unanimous"),
        (["hard negative", "acceptable"], None, "contested"),
        (["hard negative", "near-duplicate"], None, "contested"),
        (["hard negative", "acceptable", "unsure"], None, "contested"),
        (["hard negative", "words ignored", "acceptable"], "hard negative", "majority"),
        (["hard negative", "acceptable", "near-duplicate"], None, "contested"),
        (["target", "target", "hard negative", "hard negative"], None, "contested"),
    ],
)
def test_what_holds_of_an_item(verdicts, verdict, why):
    (one,) = settled(said(*verdicts)).values()
    assert (one.verdict, one.why) == (verdict, why)
    assert one.role == (VOCABULARY[verdict].role if verdict else "none")
    if why == "majority":
        assert one.who == ("judge-0", "judge-1")


def test_an_adjudicator_wins_over_all_and_an_undo_opens_the_case_again(tmp_path: Path):
    store = open_store(tmp_path / "j.db")
    for event in said("hard negative", "hard negative", "acceptable", "acceptable"):
        append(store, event.judgement)
    (case,) = disagreements(events(store))
    ruling = append(store, adjudication(case, "judge-0", "target", reason="same cut"))
    (one,) = settled(events(store)).values()
    assert (one.verdict, one.role, one.why, one.who) == ("target", "positive", "adjudicated", ("judge-0",))
    assert disagreements(events(store)) == []
    undo(store, ruling)
    (again,) = disagreements(events(store))
    # what the adjudicator had said as a judge stands as it did
    assert [e.judgement.verdict for e in again.events] == [e.judgement.verdict for e in case.events]
    store.close()


def test_the_latest_adjudication_holds_also_when_the_judges_took_theirs_back(tmp_path: Path):
    store = open_store(tmp_path / "j.db")
    seqs = [append(store, event.judgement) for event in said("hard negative", "acceptable")]
    (case,) = disagreements(events(store))
    append(store, adjudication(case, "zoe", "acceptable"))
    append(store, adjudication(case, "yan", "hard negative"))
    for seq in seqs:
        undo(store, seq)
    (one,) = settled(events(store)).values()
    assert (one.verdict, one.who) == ("hard negative", ("yan",))
    store.close()


def test_an_adjudication_needs_a_name():
    (case,) = disagreements(said("hard negative", "target"))
    with pytest.raises(HemlineError, match="name"):
        adjudication(case, " ", "target")


def test_the_most_contested_comes_first():
    history = [
        *said("hard negative", "words ignored", hit="names", start=1),
        *said("hard negative", "unsure", hit="roles", start=10),
        *said("hard negative", "acceptable", hit="opposed", start=20),
        *said("target", "hard negative", "words ignored", hit="most", start=30),
        *said("target", "target", hit="agreed", start=40),
    ]
    assert [one.item.hit_id for one in disagreements(history)] == ["most", "opposed", "roles", "names"]
    assert counted(settled(history)) == {"adjudicated": 0, "unanimous": 3, "majority": 1, "contested": 1}


@settings(max_examples=80, deadline=None)
@given(st.lists(st.sampled_from([*VOCABULARY]), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_what_holds_does_not_depend_on_who_came_first(verdicts, random):
    one = next(iter(settled(said(*verdicts)).values()))
    random.shuffle(verdicts)
    other = next(iter(settled(said(*verdicts)).values()))
    assert (one.verdict, one.role, one.why) == (other.verdict, other.role, other.why)


def test_queries_of_other_words_or_references_are_other_items():
    red = judged_by("ana", "hard negative", "hit", text="in red", seq=1)
    blue = judged_by("ben", "target", "hit", text="in blue", seq=2)
    elsewhere = Event(3, replace(red.judgement, annotator="cem", verdict="target", reference_hash="cd" * 32))
    assert disagreements([red, blue, elsewhere]) == []
    assert len(settled([red, blue, elsewhere])) == 3


def test_the_command_lists_and_counts(tmp_path: Path):
    store = open_store(tmp_path / "j.db")
    for event in [*said("hard negative", "acceptable"), *said("target", hit="other", start=9)]:
        append(store, event.judgement)
    store.close()
    first, last = run_module("core.adjudication", "--db", tmp_path / "j.db").stdout.splitlines()
    assert json.loads(first)["verdicts"] == {"judge-0": "hard negative", "judge-1": "acceptable"}
    assert json.loads(last) == {"adjudicated": 0, "unanimous": 1, "majority": 0, "contested": 1}
