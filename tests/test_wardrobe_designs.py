"""What a drawn garment may be: designs, changes to them, lines of them, and their records."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import vocabulary
from core.errors import HemlineError
from core.families import FAMILIES, family_of
from core.wardrobe.design import COLORS, RULES, Design, changed, check, faults, sample
from core.wardrobe.lines import covering, differences, pairs, sample_lines, variant
from core.wardrobe.records import design_of, garment_of
from core.wardrobe.titles import title

SEEDS = st.integers(0, 2**32)


def test_each_family_holds_kinds_of_the_vocabulary_and_no_kind_is_of_two() -> None:
    kinds = [kind for family in FAMILIES.values() for kind in family]
    assert len(kinds) == len(set(kinds)) and set(kinds) <= set(vocabulary.KINDS)
    assert family_of("jeans") == "trousers" and family_of("tank top") == "t-shirt"
    assert family_of("sneakers") is None and set(RULES) == set(FAMILIES)


@given(SEEDS)
def test_a_drawn_design_has_no_fault_and_its_record_says_all_of_it(seed: int) -> None:
    design = sample(random.Random(seed))
    assert faults(design) == []
    garment = garment_of(design, "one", "train", "words")
    assert family_of(garment.kind) == design.family
    assert design_of(garment) == design


@given(SEEDS, st.sampled_from(sorted(RULES)), st.sampled_from(vocabulary.COLORS[:-1]))
def test_what_is_asked_for_wins_over_what_was_there(seed: int, family: str, color: str) -> None:
    rng = random.Random(seed)
    design = sample(rng)
    made = changed(design, rng, family=family, colors=(color, *(c for c in design.colors if c != color)))
    assert made.family == family and made.colors[0] == color
    rules = RULES[family]
    if design.length in rules.lengths:
        assert made.length == design.length
    if design.pattern in rules.patterns:
        assert made.pattern == design.pattern


def test_what_cannot_be_drawn_is_refused_with_the_reason() -> None:
    design = Design("skirt", ("red",), "solid", None, None, "midi", "a-line", ())
    check(design)
    with pytest.raises(HemlineError, match="a skirt has no hood"):
        check(Design("skirt", ("red",), "solid", None, None, "midi", "a-line", ("hood",)))
    with pytest.raises(HemlineError, match="needs 2 of the colours"):
        check(Design("skirt", ("red",), "stripes", None, None, "midi", "a-line", ()))
    with pytest.raises(HemlineError, match="strapless neckline has no sleeves"):
        check(Design("dress", ("red",), "solid", "long", "strapless", "midi", "a-line", ()))
    with pytest.raises(HemlineError, match="length full does not go with a skirt"):
        check(Design("skirt", ("red",), "solid", None, None, "full", "a-line", ()))


@given(SEEDS)
def test_a_variant_differs_and_can_be_drawn(seed: int) -> None:
    rng = random.Random(seed)
    design = sample(rng)
    made = variant(design, rng)
    assert made is None or (made != design and faults(made) == [])


def test_lines_hold_each_design_once_and_every_family_as_often() -> None:
    lines = sample_lines(40, 5, random.Random(3))
    designs = [design for line in lines for design in line]
    assert len(designs) == len(set(designs)) == 200
    assert sorted(line[0].family for line in lines) == sorted(list(RULES) * 4)
    assert lines == sample_lines(40, 5, random.Random(3))
    other = sample_lines(40, 5, random.Random(3), without=designs)
    assert not set(designs) & {design for line in other for design in line}
    assert all(1 <= len(differences(line[i], line[j])) <= 3 for line in lines for i, j in pairs(line))


def test_a_hood_is_one_difference_not_two() -> None:
    plain = Design("jacket", ("navy",), "solid", "long", "collar", "hip", "regular", ("zip",))
    hooded = changed(plain, random.Random(0), neckline="hood")
    assert hooded.details == ("zip", "hood")
    assert differences(plain, hooded) == ("neckline",)


@given(SEEDS)
def test_a_title_names_every_attribute_in_one_line(seed: int) -> None:
    design = sample(random.Random(seed))
    words = title(design)
    assert "\n" not in words and not words.endswith(".")
    for color in design.colors:
        assert color.replace("-", " ") in words
    assert design.family in words
    for detail in design.details:
        assert detail.replace("-", " ") in words


def test_a_title_as_a_shop_writes_it() -> None:
    design = Design("dress", ("green", "white"), "dots", "short", "v", "midi", "a-line", ("belt",))
    assert title(design) == "green and white polka-dot midi a-line dress, short sleeves, V-neck, belt"


def test_covering_lines_bring_what_a_catalogue_lacks() -> None:
    lines = sample_lines(20, 6, random.Random(1))
    more = covering(lines, random.Random(2))
    there = {(d.family, d.pattern, d.colors[0]) for line in [*lines, *more] for d in line}
    wanted = {(f, p, c) for f, rules in RULES.items() for p in rules.patterns for c in COLORS}
    assert there >= wanted and all(len(line) > 1 for line in more)
    assert all(faults(design) == [] for line in more for design in line)
    taken = {design for line in more for design in line[::2]}
    other = covering(lines, random.Random(2), taken)
    assert not taken & {design for line in other for design in line}
    there = {(d.family, d.pattern, d.colors[0]) for line in [*lines, *other] for d in line}
    assert there >= wanted and all(faults(design) == [] for line in other for design in line)
