"""Which queries are offered next for judging, on made-up answers and over a small catalogue's index."""

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HemlineError
from core.next_queries import (
    LOW_MARGIN,
    MIX,
    NOTHING_SPECIAL,
    PEOPLE,
    SUSPECTED,
    UNMET,
    VERSIONS,
    WHY,
    Candidate,
    low_margin,
    next_queries,
    suspected,
    unmet,
    versions_disagree,
)
from core.types import Garment
from core.verdicts import Event, Judgement

IDS = [f"g{number:02d}" for number in range(30)]


def judged(candidate: Candidate, verdict: str = "hard negative", seq: int = 1, **more: object) -> Event:
    said = Judgement("Ada", candidate.hits[0], 1, 0.5, verdict, "model", "index", candidate.reference_id)
    return Event(seq, replace(said, text=candidate.text, time=f"2026-01-01T00:00:{seq:02d}+00:00", **more))


@st.composite
def candidates(draw: st.DrawFn) -> list[Candidate]:
    keys = draw(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("uvwxyz")), max_size=14))
    found = []
    for reference, text in keys:
        rng = random.Random(draw(st.integers(0, 40)))
        scores = sorted((round(rng.uniform(0, 1), 2) for _ in range(rng.randint(1, 15))), reverse=True)
        hits = rng.sample(IDS, len(scores))
        other = tuple(rng.sample(IDS, 10)) if rng.random() < 0.5 else ()
        targets = tuple(rng.sample(IDS, rng.randint(0, 2)))
        found.append(Candidate(reference, text, tuple(hits), tuple(scores), other, targets))
    return found


def keys(ranked: list) -> list[tuple[str, str]]:
    return [(one.candidate.reference_id, one.candidate.text) for one in ranked]


@settings(max_examples=60, deadline=None)
@given(candidates(), st.randoms(use_true_random=False), st.integers(1, 3))
def test_every_fresh_query_comes_once_in_an_order_of_its_own(
    found: list[Candidate], rng: random.Random, each: int
) -> None:
    past = [judged(one, seq=seq) for seq, one in enumerate(found[::3], 1)]
    ranked = next_queries(found, past, each=each)
    done = {(one.reference_id, one.text) for one in found[::3]}
    assert sorted(keys(ranked)) == sorted({(one.reference_id, one.text) for one in found} - done)
    mixed = rng.sample(found, len(found))
    assert next_queries(mixed, past, each=each) == ranked


@settings(max_examples=60, deadline=None)
@given(candidates())
def test_low_margin_alone_puts_the_closest_scores_first(found: list[Candidate]) -> None:
    ranked = next_queries(found, mix={LOW_MARGIN: 1.0}, each=len(found) + 1)
    margins = [low_margin(one.candidate.scores) for one in ranked]
    assert margins == sorted(margins, reverse=True)


@settings(max_examples=60, deadline=None)
@given(candidates(), st.integers(1, 3))
def test_no_reference_takes_more_than_its_turn(found: list[Candidate], each: int) -> None:
    references = [reference for reference, _ in keys(next_queries(found, each=each))]
    for place, reference in enumerate(references):
        before = references[:place].count(reference)
        waiting = {other for other in references[place:] if references[:place].count(other) < before // each}
        assert not waiting


def test_an_upload_of_the_reference_counts_as_judged_by_its_bytes() -> None:
    one = Candidate("a", "longer", ("g1",), (0.5,), reference_hash="f" * 64)
    by_bytes = judged(one, reference_hash="f" * 64)
    upload = replace(by_bytes, judgement=replace(by_bytes.judgement, reference_id=None))
    assert next_queries([one], [upload]) == []
    assert keys(next_queries([one, replace(one, text="shorter")], [upload])) == [("a", "shorter")]


def test_each_measure_says_what_it_is_for() -> None:
    far = tuple(1 - place / 15 for place in range(15))
    hits = tuple(IDS[:15])
    calm = Candidate("calm", "t", hits, far, hits[:10], hits[:1])
    close = replace(calm, reference_id="close", scores=(0.99, 0.985, *far[2:]))
    torn = replace(calm, reference_id="torn", other=tuple(IDS[5:15]))
    missed = replace(calm, reference_id="missed", targets=(hits[6],))
    other = replace(calm, reference_id="other", hits=("contested", *hits[1:]), targets=("contested",))
    past = [
        judged(replace(other, text="asked before"), "hard negative", 1),
        judged(replace(other, text="asked before"), "acceptable", 2, annotator="Bo"),
    ]
    wrong = replace(calm, reference_id="wrong", unmet=3)
    everything = [calm, close, torn, missed, wrong, replace(other, other=other.hits[:10])]
    expected = {LOW_MARGIN: "close", VERSIONS: "torn", SUSPECTED: "missed", PEOPLE: "other", UNMET: "wrong"}
    for measure, name in expected.items():
        first = next_queries(everything, past, mix={measure: 1.0})[0]
        assert (first.candidate.reference_id, first.why) == (name, WHY[measure])
    last = next_queries(everything, past, mix=MIX)[-1]
    assert (last.candidate.reference_id, last.why) == ("calm", NOTHING_SPECIAL)


def test_the_measures_count_what_they_say() -> None:
    assert low_margin((0.9, 0.7, 0.6)) == pytest.approx(-0.2)
    assert low_margin(np.linspace(1, 0.86, 15)) == pytest.approx(-0.01)
    flat_around_ten = (0.9, 0.8, 0.7, 0.6, *np.linspace(0.5, 0.499, 11))
    assert low_margin(flat_around_ten) == pytest.approx(-0.001)
    assert versions_disagree(IDS[:15], IDS[3:13]) == pytest.approx(0.3)
    assert versions_disagree(IDS[:15], ()) == 0
    scores = (0.9, 0.8, 0.795, 0.5)
    assert suspected(IDS[:4], scores, ("g01",)) == 2  # one above, one level
    assert suspected(IDS[:4], scores, ("elsewhere",)) == 4
    assert suspected(IDS[:4], scores, ("g00",)) == 0
    assert suspected(IDS[:4], scores, ()) == 0


def test_hits_that_are_not_as_asked_are_counted_by_their_records() -> None:
    red, blue = (
        Garment(
            "g", "train", "dress", "dress", (colour,), "plain", "long", "crew", "knee", "fitted", None, (), ""
        )
        for colour in ("red", "blue")
    )
    hits = [red, blue, None, *[blue] * 12]
    assert unmet("in red", blue, hits) == 8  # of the first ten: one is red, one has no record
    assert unmet("in red", None, hits) == 8
    assert unmet("something nice", blue, hits) == 0
    assert unmet("shorter, in red", None, hits) == 0  # than what cannot be told: nobody knows what is met


def test_an_empty_mix_is_as_good_as_drawn() -> None:
    found = [Candidate(f"r{number:02d}", "t", ("g1",), (0.5,)) for number in range(40)]
    ranked = next_queries(found, mix={})
    places = [int(one.candidate.reference_id[1:]) for one in ranked]
    assert sorted(places) == list(range(40)) and np.abs(np.diff(places)).sum() > 60
    assert {one.why for one in ranked} == {NOTHING_SPECIAL}


def test_an_unknown_measure_and_no_turn_at_all_are_refused() -> None:
    with pytest.raises(HemlineError, match="'luck' is no measure"):
        next_queries([], mix={"luck": 1.0})
    with pytest.raises(HemlineError, match="at least one query"):
        next_queries([], each=0)


def test_over_an_index_the_queries_whose_target_is_missed_come_first() -> None:
    rng = np.random.default_rng(0)
    bank = rng.normal(size=(60, 16))
    bank /= np.linalg.norm(bank, axis=1, keepdims=True)
    found = []
    for number in range(8):
        asked = bank[number] if number % 2 else bank[number] + bank[20 + number : 26 + number].sum(0)
        scores = bank @ (asked / np.linalg.norm(asked))
        best = np.argsort(-scores)[:15]
        hits = tuple(f"g{row}" for row in best)
        found.append(Candidate(f"r{number}", "t", hits, tuple(scores[best]), targets=(f"g{number}",)))
    ranked = next_queries(found, mix={SUSPECTED: 1.0})
    missed = [one.candidate.reference_id for one in ranked if one.why != NOTHING_SPECIAL]
    assert missed and set(missed) <= {"r0", "r2", "r4", "r6"}
    assert keys(ranked)[: len(missed)] == [(name, "t") for name in missed]
