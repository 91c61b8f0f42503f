"""Agreement: what textbooks computed by hand, what the libraries say, and what is not defined."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from core.agreement import agreement, as_json, lines, ratings
from core.agreement_bootstrap import nominal_alpha, nominal_alpha_columns, pair_kappa
from core.judgements import append, open_store
from core.opinions import ADJUDICATION
from core.verdicts import Event
from tests.opinion import judged_by, run_module

# Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability", example C: four observers, missing values.
OBSERVERS = {
    "A": "1 2 3 3 2 1 4 1 2 . . .",
    "B": "1 2 3 3 2 2 4 1 2 5 . 3",
    "C": ". 3 3 3 2 3 4 2 2 5 1 .",
    "D": "1 2 3 3 2 4 4 1 2 5 1 .",
}


def units_of(rows: dict[str, str]) -> list[dict[str, str]]:
    columns = zip(*(row.split() for row in rows.values()), strict=True)
    return [{name: v for name, v in zip(rows, column, strict=True) if v != "."} for column in columns]


def test_alpha_of_krippendorffs_own_example():
    found = agreement(units_of(OBSERVERS), samples=200)
    assert found.overall.alpha.value == pytest.approx(0.743, abs=0.0005)
    assert (found.overall.units, found.overall.opinions, found.overall.annotators) == (11, 40, 4)
    assert found.overall.alpha.low < 0.743 < found.overall.alpha.high


def test_kappa_of_cohens_textbook_table():
    # 50 applications, two readers: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no. po .7, pe .5, kappa .4
    cells = [("yes", "yes", 20), ("yes", "no", 5), ("no", "yes", 10), ("no", "no", 15)]
    units = [{"ana": a, "ben": b} for a, b, count in cells for _ in range(count)]
    found = agreement(units, samples=500)
    pair = found.pairs["ana", "ben"]
    assert pair.kappa.value == pytest.approx(0.4)
    assert pair.percent.value == pytest.approx(70)
    assert found.overall.percent.value == pytest.approx(70)
    assert found.annotators["ana"] == pair
    assert pair.kappa.low < 0.4 < pair.kappa.high
    # Specific agreement: 2 * 20 of the 55 opinions that say yes, 2 * 15 of 45 that say no.
    assert found.verdicts["yes"].percent.value == pytest.approx(100 * 40 / 55)
    assert found.verdicts["no"].percent.value == pytest.approx(100 * 30 / 45)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from("abc")] * 3), min_size=2, max_size=30))
def test_the_bootstrap_measures_what_the_libraries_measure(rows):
    units = [dict(zip("xyz", row, strict=True)) for row in rows]
    found = agreement(units, samples=10)
    counts = np.array([[row.count(label) for label in "abc"] for row in rows], dtype=float)
    alpha = nominal_alpha(nominal_alpha_columns(counts).sum(axis=0)[None])[0]
    assert found.overall.alpha.value == (pytest.approx(alpha) if np.isfinite(alpha) else None)
    first, second = [row[0] for row in rows], [row[1] for row in rows]
    if len({*first, *second}) > 1:
        table = np.zeros((1, 9))
        for a, b in zip(first, second, strict=True):
            table[0, 3 * "abc".index(a) + "abc".index(b)] += 1
        assert pair_kappa(table)[0] == pytest.approx(cohen_kappa_score(first, second))


def test_an_interval_is_wide_of_few_items_and_narrow_of_many():
    few = [{"ana": "a", "ben": "a"}, {"ana": "b", "ben": "b"}, {"ana": "a", "ben": "b"}] * 4
    widths = [
        agreement(few * times).overall.percent for times in (1, 16)
    ]  # the same share, 67 percent, of 12 items and of 192
    one, many = (measured.high - measured.low for measured in widths)
    assert many < one / 2


@pytest.mark.parametrize(
    "units", [[], [{"ana": "a"}], [{"ana": "a", "ben": "a"}] * 3], ids=["none", "alone", "one label"]
)
def test_what_is_not_defined_is_none_and_never_a_number(units):
    found = agreement(units)
    assert found.overall.alpha.value is None
    assert all(pair.kappa.value is None for pair in found.pairs.values())
    assert "not defined" in lines(found)[0]
    json.dumps(as_json(found), allow_nan=False)


def test_ratings_are_standing_opinions_of_two_people_without_adjudications():
    history = [
        judged_by("ana", "hard negative", "one", seq=1),
        judged_by("ben", "words ignored", "one", seq=2),
        judged_by("ana", "acceptable", "two", seq=3),
        judged_by("zoe", "acceptable", "one", seq=4, occasion=ADJUDICATION),
        judged_by("ana", "target", "three", seq=5),
        judged_by("ben", "target", "three", seq=6, blind=True),
    ]
    assert ratings(history) == [
        {"ana": "hard negative", "ben": "words ignored"},
        {"ana": "target", "ben": "target"},
    ]
    assert ratings(history, roles=True)[0] == {"ana": "negative", "ben": "negative"}
    assert ratings(history, blind=True) == [{"ana": "target", "ben": "target"}]


def test_the_command_reads_a_database_and_writes_json(tmp_path: Path):
    store = open_store(tmp_path / "j.db")
    events: list[Event] = []
    for number in range(6):
        events += [
            judged_by(who, ("target", "acceptable")[number % 2], f"hit-{number}") for who in ("ana", "ben")
        ]
    for event in events:
        append(store, event.judgement)
    store.close()
    done = run_module("core.agreement", "--db", tmp_path / "j.db", "--json", tmp_path / "a.json")
    assert "6 items with 12 opinions of 2 people: percent 100.00" in done.stdout
    told = json.loads((tmp_path / "a.json").read_text())
    assert told["overall"]["alpha"]["value"] == 1
    assert told["pairs"][0]["annotators"] == ["ana", "ben"]
    missing = run_module("core.agreement", "--db", tmp_path / "none.db")
    assert missing.returncode == 2 and "no such file" in missing.stderr
