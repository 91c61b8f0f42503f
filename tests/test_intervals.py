"""Bootstrap intervals: exact cases, coverage of the binomial, pairs, strata and seeds."""

import numpy as np
import pytest

from core.errors import HemlineError
from core.evaluation.intervals import across_seeds, bootstrap_ci, paired_bootstrap, point_estimate


def test_no_spread_gives_a_point_and_the_same_seed_the_same_ends() -> None:
    ranks = np.array([1, 1, 60, 60])
    assert bootstrap_ci(np.full(20, 3), ["dress"] * 20, "micro")["R@5"] == (100.0, 100.0)
    assert bootstrap_ci(np.full(20, 3), ["dress"] * 20, "micro")["R@1"] == (0.0, 0.0)
    one, again, other = (bootstrap_ci(ranks, list("abcd"), "micro", samples=50, seed=s) for s in (3, 3, 4))
    assert one == again
    assert one != other or one["R@1"] == (0.0, 100.0)


def test_one_query_a_category_leaves_a_macro_average_no_spread() -> None:
    ranks, categories = np.array([1, 60, 7]), ["dress", "shirt", "toptee"]
    low, high = bootstrap_ci(ranks, categories, "macro")["R@1"]
    assert (low, high) == (pytest.approx(100 / 3), pytest.approx(100 / 3))
    assert bootstrap_ci(ranks, categories, "micro")["R@1"] == (0.0, 100.0)


def test_a_micro_interval_is_the_binomial_one() -> None:
    ranks = np.where(np.arange(400) < 120, 1, 99)
    low, high = bootstrap_ci(ranks, ["dress"] * 400, "micro", samples=20_000)["R@10"]
    width = 1.96 * 100 * np.sqrt(0.3 * 0.7 / 400)
    assert low == pytest.approx(30 - width, abs=0.4)
    assert high == pytest.approx(30 + width, abs=0.4)


def test_a_macro_interval_weighs_categories_equally() -> None:
    # 10 queries of which half are found, and 1000 of which all are: the small category makes the spread.
    ranks = np.array([1, 99] * 5 + [1] * 1000)
    categories = ["dress"] * 10 + ["toptee"] * 1000
    assert point_estimate(ranks, categories, "macro")[0] == pytest.approx(75.0)
    low, high = bootstrap_ci(ranks, categories, "macro", samples=20_000)["R@1"]
    assert high - low == pytest.approx(0.5 * 100 * (0.8 - 0.2), abs=1e-6)  # Binomial(10, .5): 2 to 8 found


def test_chunks_of_samples_are_all_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    ranks = np.array([1, 99] * 50)
    whole = bootstrap_ci(ranks, ["dress"] * 100, "micro", samples=1000)
    monkeypatch.setattr("core.evaluation.intervals._CHUNK", 1500)
    assert bootstrap_ci(ranks, ["dress"] * 100, "micro", samples=1000) == whole


def test_a_run_against_itself_differs_by_nothing() -> None:
    ranks = np.array([1, 4, 9, 30, 70])
    for found in paired_bootstrap(ranks, ranks, ["dress"] * 5, "micro").values():
        assert (found.difference, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_pairing_is_what_makes_a_small_steady_gain_clear() -> None:
    rng = np.random.default_rng(0)
    before = np.where(rng.random(300) < 0.4, 1, 99)
    after = before.copy()
    after[np.flatnonzero(before == 99)[:12]] = 1  # 12 more queries found, none lost: +4 points
    gain = paired_bootstrap(before, after, ["dress"] * 300, "micro")["R@1"]
    assert gain.difference == pytest.approx(4.0)
    assert gain.after - gain.before == pytest.approx(4.0)
    assert 0 < gain.low < 4 < gain.high < 8
    assert gain.p < 0.01
    loss = paired_bootstrap(after, before, ["dress"] * 300, "micro")["R@1"]
    assert (loss.low, loss.high) == (pytest.approx(-gain.high), pytest.approx(-gain.low))
    # The unpaired intervals overlap by far.
    apart = [bootstrap_ci(side, ["dress"] * 300, "micro")["R@1"] for side in (before, after)]
    assert apart[0][1] > apart[1][0] + 3


def test_no_gain_on_average_is_not_significant() -> None:
    before = np.array([1, 99] * 100)
    gain = paired_bootstrap(before, before[::-1].copy(), ["dress"] * 200, "micro")["R@1"]
    assert gain.difference == 0.0
    assert gain.low < 0 < gain.high
    assert gain.p > 0.5


def test_seeds_give_mean_and_sample_deviation() -> None:
    ranks = np.array([[1] * 4 + [99] * 6, [1] * 5 + [99] * 5, [1] * 6 + [99] * 4])
    found = across_seeds(ranks, ["dress"] * 10, "micro")["R@1"]
    assert (found.seeds, found.mean, found.sd) == (3, pytest.approx(50.0), pytest.approx(10.0))
    one = across_seeds(ranks[1], ["dress"] * 10, "micro")["R@1"]
    assert (one.seeds, one.mean, one.sd) == (1, 50.0, 0.0)
    assert (one.low, one.high) == bootstrap_ci(ranks[1], ["dress"] * 10, "micro")["R@1"]


def test_the_interval_over_seeds_holds_their_spread_where_queries_have_none() -> None:
    # Every query is found by one seed and missed by the other: only the draw of seeds varies.
    ranks = np.array([[1] * 50, [99] * 50])
    found = across_seeds(ranks, ["dress"] * 50, "micro")["R@1"]
    assert (found.mean, found.low, found.high) == (50.0, 0.0, 100.0)
    # And the spread of queries where seeds agree is that of one run.
    agree = np.stack([np.array([1, 99] * 50)] * 3)
    low, high = bootstrap_ci(agree, ["dress"] * 100, "micro", samples=20_000)["R@1"]
    assert high - low == pytest.approx(2 * 1.96 * 5.0, abs=1.1)


def test_several_seeds_on_both_sides_are_compared() -> None:
    before = np.array([[1, 99, 99, 99] * 20] * 2)
    after = np.array([[1, 1, 99, 99] * 20] * 3)
    gain = paired_bootstrap(before, after, ["dress"] * 80, "micro")["R@1"]
    assert (gain.before, gain.after, gain.difference) == (25.0, 50.0, 25.0)
    assert gain.low > 0


def test_faults_are_named() -> None:
    with pytest.raises(HemlineError, match="ranks of 2 queries come with 3"):
        bootstrap_ci(np.array([1, 2]), ["a", "b", "c"], "micro")
    with pytest.raises(HemlineError, match="'median'"):
        bootstrap_ci(np.array([1, 2]), ["a", "b"], "median")
    with pytest.raises(HemlineError, match="no query"):
        bootstrap_ci(np.array([], np.int64), [], "micro")
