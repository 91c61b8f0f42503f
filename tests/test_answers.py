"""mAP@K, NegRecall@K and whole rankings, against naive computations and cases with known answers."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HemlineError
from core.evaluation.answers import Answers, answers, average_precision
from core.evaluation.protocol import preset
from core.evaluation.rankings import Rankings, rank_whole
from core.evaluation.result import QueryRank
from core.evaluation.simulated import simulated_answers
from core.requests import Request
from core.types import Garment


def query(key: str, target: str, reference: str = "ref") -> QueryRank:
    return QueryRank(key, "dress", reference, target, "words", 1, 0.0, target, 0.0)


def ranked(orders: Sequence[Sequence[str]], targets: Sequence[str]) -> Rankings:
    """Rankings in which query n ranks the photos as `orders[n]` says."""
    gallery = tuple(sorted({photo for order in orders for photo in order}))
    rows = tuple(np.array([gallery.index(photo) for photo in order], np.int32) for order in orders)
    queries = tuple(query(f"dress:{n}", target) for n, target in enumerate(targets))
    ranks = np.array([order.index(t) + 1 for order, t in zip(orders, targets, strict=True)])
    return Rankings(queries, {"dress": gallery}, rows, ranks)


def test_average_precision_of_the_textbook() -> None:
    # Right answers at 1, 3 and 5 of three there are: (1/1 + 2/3 + 3/5) / 3.
    assert average_precision([1, 3, 5], 3, 10) == pytest.approx((1 + 2 / 3 + 3 / 5) / 3)
    assert average_precision([1, 3, 5], 3, 2) == pytest.approx(1 / 2)  # divided by min(K, R), not by R
    assert average_precision([1, 2], 20, 2) == 1.0  # K right answers in K read 1 though 20 exist
    assert average_precision([11], 1, 10) == 0.0


def naive_ap(order: Sequence[str], right: set[str], k: int) -> float:
    """CIRCO's formula, rank by rank."""
    total = 0.0
    for i in range(1, min(k, len(order)) + 1):
        precision = sum(photo in right for photo in order[:i]) / i
        total += precision * (order[i - 1] in right)
    return total / min(k, len(right))


PHOTOS = [f"p{n}" for n in range(12)]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_figure_agrees_with_a_naive_one(data: st.DataObject) -> None:
    orders = data.draw(st.lists(st.permutations(PHOTOS), min_size=1, max_size=4))
    targets = [data.draw(st.sampled_from(PHOTOS)) for _ in orders]
    sides = st.sets(st.sampled_from(PHOTOS), max_size=6)
    known = {
        f"dress:{n}": Answers(frozenset(data.draw(sides)), frozenset(data.draw(sides)))
        for n in range(len(orders))
    }
    told = answers(ranked(orders, targets), known, "verdicts", cutoffs=(1, 5))
    right = [known[f"dress:{n}"].acceptable | {t} for n, t in enumerate(targets)]
    wrong = [known[f"dress:{n}"].negative - right[n] for n in range(len(targets))]

    def mean(values: list[float]) -> object:
        return pytest.approx(100 * float(np.mean(values)), abs=1e-6)

    for k in (1, 5):
        every = [naive_ap(o, r, k) for o, r in zip(orders, right, strict=True)]
        assert told["map_all"][str(k)].percent == mean(every)
        several = [ap for ap, r in zip(every, right, strict=True) if len(r) > 1]
        assert (str(k) in told.get("map", {})) == bool(several)
        if several:
            assert told["map"][str(k)].percent == mean(several)
            assert told["map"][str(k)].queries == len(several) == told["counts"]["several_right"]
        tops = [set(order[:k]) for order in orders]
        assert told["found"][str(k)].percent == mean(
            [float(bool(t & r)) for t, r in zip(tops, right, strict=True)]
        )
        with_wrong = [(t & w, w) for t, w in zip(tops, wrong, strict=True) if w]
        if with_wrong:
            assert told["neg_recall"][str(k)].percent == mean([len(got) / len(w) for got, w in with_wrong])
            assert told["neg_in_top"][str(k)].percent == mean([len(got) / k for got, _ in with_wrong])
            assert told["any_negative"][str(k)].percent == mean([float(bool(got)) for got, _ in with_wrong])
    if any(wrong):
        above = [
            [order.index(photo) < order.index(target) for photo in w]
            for order, target, w in zip(orders, targets, wrong, strict=True)
            if w
        ]
        assert told["outranked"].percent == mean([float(any(a)) for a in above])
        assert told["negatives_ahead"].percent == mean([float(np.mean(a)) for a in above])
    else:
        assert "outranked" not in told and "neg_recall" not in told


def test_what_nothing_is_known_of_does_not_count() -> None:
    rankings = ranked([["a", "b", "c"], ["c", "b", "a"]], ["a", "a"])
    told = answers(rankings, {"dress:1": Answers(frozenset(["b"]), frozenset(["c"]))}, "verdicts")
    assert told["counts"]["queries"] == 1 and told["target"]["1"].percent == 0.0
    assert told["map"]["10"].percent == pytest.approx(100 * (1 / 2 + 2 / 3) / 2)
    assert told["outranked"].percent == 100.0 and told["neg_in_top"]["10"].percent == pytest.approx(100 / 3)
    nothing = answers(rankings, {}, "verdicts")
    assert nothing["counts"]["queries"] == 0 and "map_all" not in nothing


def test_whole_rankings_leave_the_removed_reference_out() -> None:
    gallery = {"dress": ("ref", "a", "b", "c")}
    vectors = {
        name: np.array([np.cos(x), np.sin(x)], np.float32)
        for name, x in zip("rabc", (0, 0.1, 0.2, 0.3), strict=True)
    }
    targets = {"ref": vectors["r"], **{name: vectors[name] for name in "abc"}}
    asked = [query("dress:0", "b")]
    kept = rank_whole(asked, vectors["r"][None], gallery, targets, preset("clip4cir"))
    removed = rank_whole(asked, vectors["r"][None], gallery, targets, preset("closet"))
    assert kept.top(0, 9) == ("ref", "a", "b", "c") and removed.top(0, 2) == ("a", "b")
    assert (kept.ranks[0], removed.ranks[0]) == (3, 2)
    assert removed.places(0, ["ref", "c", "elsewhere"]) == {"c": 3}
    with pytest.raises(HemlineError, match="the target d of dress:0"):
        rank_whole([query("dress:0", "d")], vectors["r"][None], gallery, targets, preset("closet"))


RED = Garment(
    "ref", "val", "dress", "a-line dress", ("red",), "solid", "short", "crew", "midi", "a-line", "cotton",
    ("belt",), "red dress",
)  # fmt: skip


def test_records_tell_what_answers_as_well_and_what_misses_by_one_change() -> None:
    made = {
        "target": replace(RED, colors=("green",), length="maxi"),
        "twin": replace(RED, colors=("green",), length="maxi", fabric="silk"),
        "half": replace(RED, colors=("green",)),  # the length is not as asked: a near miss
        "neither": replace(RED),  # fails both: not judged
        "other sleeves": replace(
            RED, colors=("green",), length="maxi", sleeve="long"
        ),  # keeps less: not judged
        "off twice": replace(
            RED, colors=("green",), sleeve="long"
        ),  # a near miss that keeps less: not judged
    }
    records = {"ref": RED, **{id_: replace(garment, id=id_) for id_, garment in made.items()}}
    asked = Request({"colors": frozenset(["green", "blue"]), "length": frozenset(["maxi"])})
    gallery = {"dress": tuple(records)}
    known = simulated_answers([query("dress:0", "target")], gallery, records, {"dress:0": asked})
    assert known == {"dress:0": Answers(frozenset(["twin"]), frozenset(["half"]))}
    # Without requests, what reference and target differ in is taken to be asked: here the same.
    assert simulated_answers([query("dress:0", "target")], gallery, records) == known
    # A target that itself loses a field sets a lower bar.
    loose = simulated_answers([query("dress:0", "other sleeves")], gallery, records, {"dress:0": asked})
    assert loose["dress:0"].acceptable == {"target", "twin"} and loose["dress:0"].negative == {
        "half",
        "off twice",
    }
    # Reference and target with one record ask for nothing that records can say.
    assert simulated_answers([query("dress:0", "neither")], gallery, records) == {}
