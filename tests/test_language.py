"""Wishes and captions of drawn garments: true, exact, varied, drawable, and nobody's own sentences."""

import random
from collections import Counter
from pathlib import Path

import pytest

from core.errors import HemlineError
from core.requests import FIELDS, fits, kept, met, parts_met, read_requests
from core.vocabulary import COLORS
from core.wardrobe.design import RULES, Design, changed, faults, sample
from train.language import MANNER, PLAIN, Manner, Wish, caption, differences, make_wish, noise, word_wish
from train.language.colors import NAMES
from train.language.coverage import words_of
from train.language.held_out import digests, held_out

OWN = Path(__file__).with_name("changes.own.jsonl")
SHOUTED = Manner(typos=1.0, short=1.0, fillers=1.0, keeps=1.0, case=1.0)


def wishes(count: int, seed: int, manner: Manner = MANNER) -> list[tuple[Design, Wish]]:
    rng = random.Random(seed)
    references = [sample(rng) for _ in range(count)]
    return [(reference, make_wish(reference, rng, manner)) for reference in references]


@pytest.mark.parametrize("manner", [MANNER, PLAIN, SHOUTED])
def test_a_wish_is_met_by_its_target_and_all_else_is_kept(manner: Manner) -> None:
    for reference, wish in wishes(1500, 1, manner):
        request = wish.request
        assert request.edits or request.add or request.remove, wish
        assert met(request, wish.target), (reference, wish, parts_met(request, wish.target))
        assert all(kept(request, reference, wish.target).values()), (reference, wish)
        assert faults(wish.target) == []
        assert wish.text.strip() == wish.text and wish.text


def test_a_wish_asks_for_what_the_reference_is_not() -> None:
    asked = wishes(2000, 2)
    assert not [wish.text for reference, wish in asked if met(wish.request, reference)]


def test_a_wish_keeps_only_what_it_does_not_touch() -> None:
    for _, wish in wishes(1500, 3):
        assert wish.request.keep <= set(FIELDS)
        assert not wish.request.keep & set(wish.request.edits), wish


def test_every_field_and_detail_is_asked_for_sooner_or_later() -> None:
    edits: Counter[str] = Counter()
    values: Counter[tuple[str, str]] = Counter()
    for _, wish in wishes(6000, 4):
        edits.update(
            [*wish.request.edits, *("+" for _ in wish.request.add), *("-" for _ in wish.request.remove)]
        )
        values.update((f, v) for f, among in wish.request.edits.items() for v in among)
        values.update(("details", d) for d in wish.request.add | wish.request.remove)
    assert min(edits[name] for name in ("+", "-", *FIELDS[:-1])) > 200
    for rules in RULES.values():
        fields = {"pattern": rules.patterns, "sleeve": rules.sleeves, "neckline": rules.necklines,
                  "length": rules.lengths, "fit": rules.fits, "details": rules.details}  # fmt: skip
        for field, among in fields.items():
            assert not [v for v in among if not values[field, v] and v != "hood"], field
    assert not [c for c in COLORS if not values["colors", c] and c != "multicolor"]


def test_the_same_seed_gives_the_same_words_and_another_gives_others() -> None:
    first, again, other = (wishes(50, seed) for seed in (5, 5, 6))
    assert first == again and first != other


def test_words_vary() -> None:
    texts = [wish.text for _, wish in wishes(2000, 7)]
    assert len(set(texts)) > 0.95 * len(texts)
    reference = Design("dress", ("red",), "solid", "short", "crew", "midi", "a-line", ())
    navy = changed(reference, random.Random(0), colors=("navy",))
    rng = random.Random(8)
    assert len({word_wish(reference, navy, rng)[0] for _ in range(500)}) > 350


def test_a_pair_is_told_apart_in_full() -> None:
    rng, told = random.Random(9), 0
    for reference, wish in wishes(1500, 10):
        asked = differences(reference, wish.target)
        if not asked:
            continue
        text, request = word_wish(reference, wish.target, rng)
        assert text and met(request, wish.target), (reference, wish.target, text, request)
        for name in asked:
            if name.startswith("+"):
                assert name[1:] in request.add, (name, text)
            elif name.startswith("-"):
                assert name[1:] in request.remove, (name, text)
            else:
                instead = name == "neckline" and "hood" in request.remove
                assert name in request.edits or instead, (name, text)
        told += 1
    assert told > 1300


def test_garments_alike_cannot_be_told_apart() -> None:
    design = sample(random.Random(11))
    with pytest.raises(HemlineError, match="nothing tells"):
        word_wish(design, design, random.Random(0))


def test_slips_stay_near_the_word_and_leave_little_words_alone() -> None:
    rng = random.Random(12)
    for _, wish in wishes(500, 13, PLAIN):
        slipped = noise.with_typos(wish.text, rng, share=1.0)
        for before, after in zip(wish.text.split(), slipped.split(), strict=False):
            if slipped.count(" ") == wish.text.count(" "):
                assert abs(len(before) - len(after)) <= 2 * (1 + before.count("-") + before.count("/"))
        was, now = Counter(words_of(wish.text)), Counter(words_of(slipped))
        assert all(now[word] >= was[word] for word in noise.PROTECTED)
    for word, spellings in noise.MISSPELT.items():
        assert all(abs(len(word) - len(other)) <= 2 and word[0] == other[0] for other in spellings), word


def test_colour_names_mean_colours_that_can_be_drawn() -> None:
    assert all(values and values <= set(COLORS) - {"multicolor"} for values in NAMES.values())
    assert NAMES["khaki"] == {"olive", "beige"} and NAMES["rust"] == {"orange", "brown"}
    assert NAMES["coral"] == {"orange", "pink"}


def test_captions_say_kind_and_colour_and_vary() -> None:
    rng = random.Random(14)
    designs = [sample(rng) for _ in range(1000)]
    texts = [caption(design, rng) for design in designs]
    assert len(set(texts)) > 950
    assert caption(designs[0], random.Random(1)) == caption(designs[0], random.Random(1))
    for design, text in zip(designs, texts, strict=True):
        names = [word for word, values in NAMES.items() if values == {design.colors[0]}]
        assert any(name in text for name in names), (design, text)
        assert 2 <= len(text.split()) <= 60


# --- texts written by hand --------------------------------------------------------------------------------


def test_our_hand_texts_are_many_and_each_can_be_drawn_and_answered() -> None:
    texts = read_requests(OWN)
    assert len(texts) >= 110 and len({text.text for text in texts}) == len(texts)
    rng = random.Random(15)
    for text in texts:
        assert any(_answered(text.reference, text.request, rng) for _ in range(2000)), text


def _answered(reference, request, rng: random.Random) -> bool:  # type: ignore[no-untyped-def]
    kinds = reference.get("kind", frozenset(RULES))
    design = sample(rng, rng.choice(sorted(kinds)))
    values = {
        "family" if f == "kind" else f: rng.choice(sorted(v)) for f, v in reference.items() if f != "details"
    }
    wanted = {"family" if f == "kind" else f: rng.choice(sorted(v)) for f, v in request.edits.items()}
    try:
        design = changed(
            design, rng, **_as_design(values, design, reference.get("details", frozenset()), frozenset())
        )
        answer = changed(design, rng, **_as_design(wanted, design, request.add, request.remove))
    except HemlineError:
        return False
    return fits(reference, design) and met(request, answer)


def _as_design(values: dict, design: Design, add: frozenset, remove: frozenset) -> dict:
    if "colors" in values:
        values = values | {"colors": (values["colors"], *design.colors[1:])}
    return values | ({"details": tuple({*design.details, *add} - remove)} if add or remove else {})


def test_no_text_of_evaluation_is_ever_generated() -> None:
    texts = read_requests(OWN)
    assert all(held_out(text.text) and held_out(text.text.upper() + "!") for text in texts)
    assert len(digests()) >= 210 + len(texts)  # the development texts too, which are not ours to commit
    assert not [wish.text for _, wish in wishes(5000, 16, PLAIN) if held_out(wish.text)]
