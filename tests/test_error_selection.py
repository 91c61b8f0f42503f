"""Rows of a result filtered, sorted and measured again; the tags of a query; what a run gains on another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HemlineError
from core.evaluation.intervals import paired_bootstrap
from core.evaluation.result import read_result
from core.evaluation.selection import (
    AS_ASKED,
    KEPT,
    Choice,
    contrast,
    facets,
    facts_of,
    figures,
    median_ends,
    moves,
    ordered,
    select,
)
from core.evaluation.tags import FARTHEST, NEAREST, PICTURE_IGNORED, WORDS_IGNORED, tags
from tests.small_result import small_result

SHIPPED = Path(__file__).parents[1] / "assets" / "results" / "shipped"
TEXTS = ["in red", "with long sleeves", "not in red", "shorter", "in blue with stripes", "a v-neck instead"]


def test_the_whole_selection_has_the_figures_of_its_result() -> None:
    result = read_result(SHIPPED / "closet-val-both.json")
    facts = facts_of(result)
    told = figures(facts, np.arange(len(result.ranks)))
    for name, value in result.metrics.items():
        assert told[name].percent == pytest.approx(value)
        assert (told[name].low, told[name].high) == result.ci95[name]
    assert told["median rank"].percent == result.averages["micro"]["median_rank"]
    assert result.attributes is not None
    assert told[AS_ASKED].percent == pytest.approx(result.attributes.edit_accuracy["top1"].percent)
    assert told[KEPT].percent == pytest.approx(result.attributes.preservation["strict"].percent)


@given(
    st.lists(st.tuples(st.integers(1, 80), st.sampled_from(TEXTS)), min_size=1, max_size=40),
    st.sampled_from(["", "red", "IN re", "nothing like it"]),
    st.sampled_from([[], ["colors"], ["colors", "sleeve"], ["negation"]]),
    st.sampled_from([(1, None), (1, 1), (2, 10), (11, None)]),
)
@settings(max_examples=40, deadline=None)
def test_a_choice_is_what_each_of_its_parts_lets_through(
    asked: list[tuple[int, str]], words: str, kinds: list[str], ranks: tuple[int, int | None]
) -> None:
    result = small_result([rank for rank, _ in asked], texts=[text for _, text in asked])
    facts = facts_of(result)
    alone = [Choice(words=words), Choice(labels={"kind": kinds}), Choice(ranks=ranks)]
    expected = set.intersection(*(set(select(facts, one).tolist()) for one in alone))
    rows = select(facts, Choice(words, {"kind": kinds}, ranks))
    assert set(rows.tolist()) == expected and (np.diff(rows) > 0).all()
    low, high = ranks
    for row in rows:
        query = result.ranks[row]
        assert low <= query.rank <= (high or 80)
        assert all(word in query.text.lower() for word in words.lower().split())
    # figures of a filter are those of a result that holds only these queries
    if len(rows):
        kept = small_result(
            facts.ranks[rows].tolist(), categories=[result.ranks[row].category for row in rows]
        )
        told = figures(facts, rows)
        assert {name: told[name].percent for name in kept.metrics} == pytest.approx(kept.metrics)
        assert {name: (told[name].low, told[name].high) for name in kept.ci95} == kept.ci95
    assert figures(facts, rows[:0]) == {}


def test_sorting_puts_what_is_unknown_last_and_keeps_the_order_of_equals() -> None:
    facts = facts_of(small_result([1, 7, 1, 3, 7]))
    rows = np.arange(5)
    assert ordered(facts, rows).tolist() == [1, 4, 3, 0, 2]
    assert ordered(facts, rows, down=False).tolist() == [0, 2, 3, 1, 4]
    # of a target that is first the margin needs the second hit's score
    assert np.isnan(facts.margins[[0, 2]]).all() and facts.margins[1] == pytest.approx(-0.1)
    assert ordered(facts, rows, "margin").tolist()[-2:] == [0, 2]
    known = facts_of(small_result([1, 7, 1, 3, 7]), second=np.array([0.4, 0.5, 0.1, 0.5, 0.5]))
    assert ordered(known, rows, "margin")[:2].tolist() == [2, 0]
    other = facts_of(small_result([12, 7, 1, 400, 8]))
    assert ordered(facts, rows, "change", other=other).tolist() == [3, 0, 4, 1, 2]
    with pytest.raises(HemlineError, match="second run"):
        ordered(facts, rows, "change")
    with pytest.raises(HemlineError, match="not by 'colour'"):
        ordered(facts, rows, "colour")
    with pytest.raises(HemlineError, match="not by 'colour'"):
        select(facts, Choice(labels={"colour": ["red"]}))


def test_what_a_run_gains_on_another_is_measured_on_the_selection() -> None:
    after, before = small_result([1, 2, 30, 1, 5, 60]), small_result([3, 2, 12, 1, 90, 60])
    one, two = facts_of(after), facts_of(before)
    rows = np.array([0, 2, 3, 4])
    told = contrast(one, two, rows)
    assert (told.better, told.worse, told.same) == (2, 1, 1)
    of = [after.ranks[row].category for row in rows]
    assert told.gain == paired_bootstrap(two.ranks[rows], one.ranks[rows], of, "micro")
    # the other run down, this one across: first, 2 to 10, beyond
    assert moves(one, two, np.arange(6), (1, 10)).tolist() == [[1, 0, 0], [1, 1, 0], [0, 1, 2]]
    for unlike in (replace(before, gallery_hash="other"), replace(before, query_hash="other")):
        with pytest.raises(HemlineError, match="different"):
            contrast(one, facts_of(unlike), rows)
    with pytest.raises(HemlineError, match="different protocols"):
        contrast(one, facts_of(small_result([3, 2, 12, 1, 90, 60], protocol="sprc")), rows)


def test_the_median_s_interval_is_that_of_drawing_the_ranks() -> None:
    rng = np.random.default_rng(0)
    ranks = rng.geometric(0.2, 60)
    drawn = [np.median(rng.choice(ranks, len(ranks))) for _ in range(4000)]
    assert median_ends(ranks) == pytest.approx(np.percentile(drawn, (2.5, 97.5)), abs=0.5)
    assert median_ends(np.array([4, 4, 4])) == (4.0, 4.0) and median_ends(np.array([7])) == (7.0, 7.0)


def test_tags_tell_a_top_hit_near_the_reference_from_one_far_away() -> None:
    """Photos on a circle: row n lies n degrees from the reference, row 0."""
    degrees = np.arange(120.0)
    vectors = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1).astype(np.float32)
    cases = {  # (target, top hit): which tags
        (80, 2): {WORDS_IGNORED},
        (80, NEAREST): {WORDS_IGNORED},
        (80, NEAREST + 1): set(),  # not among the nearest
        (10, 2): set(),  # hardly nearer than the target
        (5, 100): {PICTURE_IGNORED},
        (95, 119): {PICTURE_IGNORED},
        (5, FARTHEST): set(),  # still among its neighbours
        (40, 50): set(),  # hardly farther than the target
        (2, 2): set(),  # the target itself
        (100, 100): set(),
    }
    rows = [np.array(column) for column in zip(*cases, strict=True)]
    found = tags(np.zeros(len(cases), np.int64), rows[0], rows[1], vectors)
    named = [{name for name, has in found.items() if has[row]} for row in range(len(cases))]
    assert named == list(cases.values())


def test_facets_count_every_label_and_a_tag_is_one() -> None:
    result = small_result([1, 4], texts=["in red", "in red, with long sleeves"])
    facts = facts_of(result, tags={WORDS_IGNORED: np.array([False, True])})
    counted = facets(facts)
    assert counted["kind"] == {"colors": 2, "sleeve": 1}
    assert counted["tag"] == {WORDS_IGNORED: 1}
    assert select(facts, Choice(labels={"tag": [WORDS_IGNORED]})).tolist() == [1]
