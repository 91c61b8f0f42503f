"""Blind second judgements: the right share, always the same, never one's own, no word of the first."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HemlineError
from core.opinions import Item
from core.second_judgements import is_chosen, progress, queue, second_judgement
from core.verdicts import UNDO, VOCABULARY, Event
from tests.opinion import judged_by

ITEMS = [Item("ab" * 32, f"words {number}", f"hit-{number % 50}") for number in range(2000)]
PEOPLE = st.sampled_from(["ana", "ben", "cem", "dua"])
HISTORIES = st.lists(
    st.tuples(PEOPLE, st.sampled_from([*VOCABULARY]), st.integers(0, 12)), min_size=1, max_size=40
).map(
    lambda rows: [
        judged_by(who, verdict, f"hit-{hit}", seq=seq) for seq, (who, verdict, hit) in enumerate(rows, 1)
    ]
)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 1.0])
def test_the_share_is_right_within_noise(share):
    chosen = sum(is_chosen(item, share) for item in ITEMS)
    noise = 4 * (share * (1 - share) * len(ITEMS)) ** 0.5
    assert abs(chosen - share * len(ITEMS)) <= noise


def test_a_larger_share_holds_all_of_a_smaller_one_and_the_choice_is_pinned():
    small = [item for item in ITEMS if is_chosen(item, 0.2)]
    assert all(is_chosen(item, 0.4) for item in small)
    # the same on every machine and in every version: queues must not change while people work on them
    assert [ITEMS.index(item) for item in small[:4]] == [0, 3, 7, 9]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_outside_0_to_1_is_refused(share):
    with pytest.raises(HemlineError, match="from 0 to 1"):
        is_chosen(ITEMS[0], share)


@settings(max_examples=60, deadline=None)
@given(HISTORIES, PEOPLE, st.sampled_from([0.3, 1.0]))
def test_nobody_is_offered_what_they_judged_nor_what_has_enough_verdicts(history: list[Event], name, share):
    offered = {offer.hit_id for offer in queue(history, name, share)}
    judges: dict[str, set[str]] = {}
    for event in history:
        judges.setdefault(event.judgement.hit_id, set()).add(event.judgement.annotator)
    alone = {hit for hit, names in judges.items() if len(names) == 1 and name not in names}
    assert offered == {hit for hit in alone if is_chosen(Item("ab" * 32, "in red", hit), share)}


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.sampled_from([*VOCABULARY]), st.randoms(use_true_random=False))
def test_a_queue_tells_nothing_of_verdicts_names_reasons_or_times(history: list[Event], verdict, random):
    once = list({event.judgement.hit_id: event for event in reversed(history)}.values())
    seqs = [event.seq for event in once]
    random.shuffle(seqs)
    others = [
        Event(
            seq,
            replace(event.judgement, verdict=verdict, annotator=random.choice("pqr"), reason="because",
                    session="s", time=f"2026-02-01T10:00:{seq:02d}.000000+00:00"),
        )
        for event, seq in zip(once, seqs, strict=True)
    ]  # fmt: skip
    others.sort(key=lambda event: event.seq)
    assert queue(once, "eva", 1.0) == queue(others, "eva", 1.0)


def test_two_people_have_orders_of_their_own():
    history = [judged_by("ana", "target", f"hit-{number}", seq=number) for number in range(1, 21)]
    orders = [[offer.hit_id for offer in queue(history, name, 1.0)] for name in ("ben", "cem")]
    assert sorted(orders[0]) == sorted(orders[1]) and orders[0] != orders[1]
    assert orders[0] != sorted(orders[0])


def test_an_answer_is_blind_and_leaves_the_queue_and_the_counts_follow():
    history = [judged_by("ana", "hard negative", f"hit-{n}", seq=n, reason="mine") for n in (1, 2, 3)]
    offer = queue(history, "ben", 1.0)[0]
    answer = second_judgement(offer, "ben", "acceptable")
    assert (answer.blind, answer.occasion, answer.reason) == (True, "second judgement", "")
    assert (answer.hit_id, answer.rank, answer.reference_hash) == (offer.hit_id, 3, "ab" * 32)
    after = [*history, Event(4, answer)]
    assert offer not in queue(after, "ben", 1.0) and offer not in queue(after, "cem", 1.0)
    told = progress(after, 1.0)
    assert (told.chosen, told.done) == (3, 1)
    assert told.given == {"ana": 0, "ben": 1} and told.waiting == {"ana": 0, "ben": 2}
    assert len(queue(after, "cem", 1.0, judges=3)) == 3


def test_what_somebody_took_back_is_not_offered_to_them_as_if_new():
    first = judged_by("ana", "hard negative", "hit-1", seq=1)
    undo = Event(2, replace(first.judgement, verdict=UNDO, undoes=1))
    other = judged_by("ben", "target", "hit-1", seq=3)
    assert queue([first, undo], "cem", 1.0) == []
    assert queue([first, undo, other], "ana", 1.0) == []
    assert len(queue([first, undo, other], "cem", 1.0)) == 1


def test_what_was_imported_without_its_rank_is_not_offered():
    imported = judged_by("ana", "target", "hit-1", seq=1, rank=0, score=0.0)
    shown = judged_by("ben", "hard negative", "hit-1", seq=2)
    assert queue([imported], "cem", 1.0) == []
    assert queue([imported, shown], "cem", 1.0, judges=3)[0].rank == 3
