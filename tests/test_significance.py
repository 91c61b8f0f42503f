"""Tests between two runs: exact cases, a naive permutation, false alarms, and the command on real results."""

import itertools
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cli import entry
from core.errors import HemlineError
from core.evaluation import preservation
from core.evaluation.result import Result, write_result
from core.evaluation.shares import Share
from core.evaluation.significance import holm, paired_test, sign_flip_p
from tests.small_result import small_result
from train import compare

SHIPPED = Path(__file__).parents[1] / "assets" / "results" / "shipped"


def naive_p(values: np.ndarray) -> float:
    """Every way to flip the signs, counted."""
    sums = [abs(np.dot(signs, values)) for signs in itertools.product((1, -1), repeat=len(values))]
    return float(np.mean([s >= abs(values.sum()) - 1e-9 for s in sums]))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=1, max_size=8))
def test_one_seed_and_micro_is_mcnemars_exact_test(values: list[float]) -> None:
    assert sign_flip_p(np.array(values)) == pytest.approx(naive_p(np.array(values)))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 1 / 3, 2.0]), min_size=1, max_size=8))
def test_other_sizes_are_flipped_at_random(values: list[float]) -> None:
    assert sign_flip_p(np.array(values)) == pytest.approx(naive_p(np.array(values)), abs=0.015)


def test_mcnemar_of_a_textbook() -> None:
    # 12 queries gained, 2 lost of 100: 2 * P(Binomial(14, 1/2) <= 2) = 2 * 106 / 16384.
    change = np.array([1.0] * 12 + [-1.0] * 2 + [0.0] * 86)
    found = paired_test(np.where(change < 0, 1.0, 0.0), np.where(change > 0, 1.0, 0.0), ["a"] * 100, "micro")
    assert found.p == pytest.approx(2 * 106 / 16384)
    assert (found.gained, found.lost, found.queries) == (12, 2, 100)
    assert found.effect == pytest.approx(0.1 / np.std(change, ddof=1))


def test_no_difference_is_no_effect() -> None:
    same = np.array([1.0, 0.0, 1.0])
    found = paired_test(same, same, ["a", "b", "b"], "macro")
    assert (found.p, found.effect, found.gained, found.lost) == (1.0, 0.0, 0, 0)


def test_a_macro_average_weighs_a_query_by_its_category() -> None:
    # The one dress query is lost, nine of ten shirts are gained: no clear gain of the macro average.
    before = np.array([1.0, *[0.0] * 10])
    after = np.array([0.0, *[1.0] * 9, 0.0])
    of = ["dress", *["shirt"] * 10]
    assert paired_test(before, after, of, "micro").p == pytest.approx(2 * 11 / 1024)
    weighted = np.array([-1.0, *[0.1] * 9, 0.0])
    assert paired_test(before, after, of, "macro").p == pytest.approx(naive_p(weighted), abs=0.015)
    assert paired_test(before, after, of, "macro").p > 0.5


def test_chance_is_called_significant_as_seldom_as_promised() -> None:
    rng = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        before, after = (rng.random(80) < 0.5).astype(float), (rng.random(80) < 0.5).astype(float)
        alarms += paired_test(before, after, ["a"] * 80, "micro").p <= 0.05
    assert alarms / 400 < 0.075


def test_holm_is_the_step_down_adjustment() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_faults_are_named() -> None:
    with pytest.raises(HemlineError, match="2 and 1 outcomes come with 2 categories"):
        paired_test(np.ones(2), np.ones(1), ["a", "b"], "micro")
    with pytest.raises(HemlineError, match="'median'"):
        paired_test(np.ones(1), np.ones(1), ["a"], "median")


def with_attributes(ranks: list[int], met: list[bool], source: str = "records") -> Result:
    told = [{"unmet": [] if m else ["colors"], "lost": ["fit"], "met_in_ten": True} for m in met]
    share = {"top1": Share(50.0, 0.0, 100.0, len(met))}
    measured = preservation.Attributes(source, len(met), len(met), share, {})
    return replace(small_result(ranks, attributes=told), attributes=measured)


def test_edit_accuracy_and_preservation_are_paired_too() -> None:
    before = with_attributes([1, 99, 99, 99], [False, False, False, True])
    after = with_attributes([1, 1, 1, 99], [True, True, True, True])
    found = compare.compare({"a": before}, {"b": after})
    assert found.attributes is not None
    edit = found.attributes["edit top1"]
    assert (edit.before, edit.after, edit.difference) == (25, 100, 75)
    assert (found.tests["edit top1"].gained, found.tests["edit top1"].p) == (3, pytest.approx(0.25))
    assert found.attributes["preserved"].after == 0 and found.tests["preserved"].p == 1
    assert found.tests["R@1"].gained == 2
    # Adjusted over all seven tests of the comparison: the smallest p, .25, times seven is more than 1.
    assert len(found.tests) == 7 and found.tests["edit top1"].holm == 1
    asked_otherwise = with_attributes([1, 1, 1, 99], [True] * 4, source="requests")
    for other in (small_result([1, 1, 1, 99]), asked_otherwise):
        assert compare.compare({"a": before}, {"b": other}).attributes is None


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["compare", *map(str, arguments)])
    try:
        entry(compare.main)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_the_command_adjusts_over_all_that_it_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(1)
    paths = [tmp_path / f"{n}.json" for n in range(3)]
    ranks = rng.integers(1, 30, 60)
    for path, better in zip(paths, (ranks, rng.permutation(ranks), np.maximum(1, ranks - 8)), strict=True):
        write_result(small_result(better.tolist()), path)
    assert run(monkeypatch, *paths, "--json", tmp_path / "told.json") == 0
    shown = capsys.readouterr().out
    assert "adjusted over the 8 tests above" in shown and "not measured alike" in shown
    told = json.loads((tmp_path / "told.json").read_text())
    tests = [test for one in told for test in one["tests"].values()]
    assert [test["holm"] for test in tests] == pytest.approx(holm([test["p"] for test in tests]))
    assert told[1]["tests"]["R@10"]["holm"] < 0.05 < told[0]["tests"]["R@10"]["holm"]
    other = replace(small_result([1] * 60), query_hash="other")
    write_result(other, tmp_path / "other.json")
    assert run(monkeypatch, paths[0], tmp_path / "other.json") == 2
    assert "different queries" in capsys.readouterr().err


def test_the_shipped_models_stand_as_their_ranks_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, SHIPPED / "clip-closet-val.json", SHIPPED / "closet-val-both.json") == 0
    assert "edit top1" in capsys.readouterr().out
    assert run(monkeypatch, SHIPPED / "closet-val-both.json", SHIPPED / "wardrobe-val-both.json") == 2
    assert "different galleries" in capsys.readouterr().err
