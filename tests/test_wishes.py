"""Changes in words: what is asked, what is only talked about, and what is left unread rather than guessed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.families import FAMILIES
from core.requests import VALUES
from core.types import Garment
from core.wish_words import sayings
from core.wishes import read_wish
from tests.opinion import run_module

DRESS = Garment(
    id="d", split="train", category="dress", kind="a-line dress", colors=("blue",), pattern="dots",
    sleeve="short", neckline="crew", length="knee", fit="a-line", fabric=None, details=("belt",), caption="",
)  # fmt: skip


def asked(text: str, reference: Garment | None = DRESS) -> dict[str, object]:
    request = read_wish(text, reference).request
    told: dict[str, object] = {field: sorted(values) for field, values in request.edits.items()}
    return told | {f"+{d}": True for d in request.add} | {f"-{d}": True for d in request.remove}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("in navy", {"colors": ["navy"]}),
        ("khaki please", {"colors": ["beige", "olive"]}),
        ("red or burgundy", {"colors": ["burgundy", "red"]}),
        ("green with white piping", {"colors": ["green"], "+contrast-trim": True}),
        ("floor-length, sleeveless, v-neck", {"length": ["maxi"], "sleeve": ["none"], "neckline": ["v"]}),
        ("three-quarter sleeves w/ a hood", {"sleeve": ["three-quarter"], "+hood": True}),
        ("a skirt with the same dots", {"kind": ["skirt"]}),
        ("this dress but striped", {"pattern": ["stripes"]}),
        ("as a blazer", {"kind": ["jacket"], "neckline": ["lapel"]}),
        ("no belt or bow", {"-belt": True, "-bow": True}),
        ("without the belt, add pockets", {"-belt": True, "+pockets": True}),
        ("lose the belt", {"-belt": True}),
        ("belt off, bow on", {"-belt": True, "+bow": True}),
        ("swap the belt for a bow", {"-belt": True, "+bow": True}),
        ("stripes instead of dots", {"pattern": ["stripes"]}),
        ("a bow rather than a belt", {"+bow": True, "-belt": True}),
        ("I don't want pockets", {"-pockets": True}),
        ("keep the dots, make it pink", {"colors": ["pink"]}),
        ("red, to match my white shirt", {"colors": ["red"]}),
        ("it's very blue, I want green", {"colors": ["green"]}),
        ("longer", {"length": ["maxi", "midi"]}),
        ("shorter sleeves", {"sleeve": ["cap"]}),
        ("too long", {"length": ["mini"]}),
        ("hello there", {}),
        ("", {}),
    ],
)
def test_what_a_text_asks_of_a_blue_dotted_knee_length_dress(text, expected):
    assert asked(text) == expected


def test_a_negation_asks_for_everything_else():
    assert asked("anything but floral") == {"pattern": sorted(set(VALUES["pattern"]) - {"floral"})}


def test_what_stays_is_told():
    assert read_wish("keep the dots, same length, but red", DRESS).request.keep == {"pattern", "length"}


def test_what_cannot_be_told_is_unread_and_not_guessed():
    alone = read_wish("longer and in red")
    assert "length" not in alone.request.edits and "longer" in alone.unread
    vague = read_wish("something brighter", DRESS)
    assert not vague.request.edits and vague.unread == ("brighter",)
    torn = read_wish("a mini maxi dress", DRESS)
    assert not torn.request.edits and torn.unread


def test_the_words_of_each_part_are_given_for_the_page():
    assert read_wish("bottle green, no belt", DRESS).words == {"colors": "bottle green", "-belt": "belt"}


def test_every_value_of_the_lexicon_is_one_that_a_request_may_hold():
    for phrase, says in sayings().items():
        for field, values in says.items():
            known = {*VALUES[field]} if field != "kind" else {*FAMILIES}
            assert values and values <= known, (phrase, field, values)


CUES = [
    "no",
    "keep",
    "red",
    "->",
    "or",
    "belt",
    ",",
    "but",
    "too",
    "longer",
    "that",
    "of",
    "sleeves",
    "dress",
]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120) | st.lists(st.sampled_from(CUES), max_size=14).map(" ".join))
def test_any_text_is_read_without_an_error_and_alike_in_capitals(text: str):
    reading = read_wish(text, DRESS)
    assert not reading.request.add & reading.request.remove
    assert all(values <= {*VALUES[field]} and values for field, values in reading.request.edits.items())
    if text.isascii():
        assert read_wish(text.upper(), DRESS) == reading


def test_the_command_prints_json():
    told = json.loads(run_module("core.wishes", "navy, no belt").stdout)
    assert told["edits"] == {"colors": ["navy"]} and told["remove"] == ["belt"]
