"""Verdicts of people and other wordings: how they are read, whose queries they are, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HemlineError
from core.evaluation.answers import Answers
from core.evaluation.judged import read_verdicts
from core.evaluation.paraphrases import Asked, asked_wordings, read_paraphrases, sensitivity
from core.exchange import write_jsonl
from core.judgements import append, events, open_store, undo
from core.verdicts import Judgement
from tests.data_folder import write_lines
from tests.small_result import small_result

RESULT = small_result([1, 2, 3, 4])  # dress:0, dress:1, shirt:2, shirt:3 with references r0… and targets t0…
GALLERIES = {"dress": ("r0", "t0", "r1", "t1", "x", "y"), "shirt": ("r2", "t2", "r3", "t3", "z")}


def line(query: str, id_: str, verdict: str, annotator: str | None = None) -> dict[str, Any]:
    told = {"query": query, "id": id_, "verdict": verdict}
    return told if annotator is None else {**told, "annotator": annotator}


def test_plain_lines_become_answers(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    told = [
        line("dress:0", "x", "acceptable"),
        line("dress:0", "y", "hard negative"),
        line("dress:0", "r0", "hard negative"),
        line("shirt:2", "z", "near-duplicate"),
        line("shirt:3", "z", "unsure"),
    ]
    write_lines(path, told)
    answers, counts = read_verdicts(path, RESULT, GALLERIES)
    assert answers == {"dress:0": Answers(frozenset("x"), frozenset(["y", "r0"]))}
    assert counts == {"verdicts": 5, "unmatched": 0, "dropped": 0, "disputed": 0, "no_side": 2}


def test_the_majority_counts_and_an_even_split_is_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    votes = {
        "x": "acceptable hard_negative acceptable",
        "y": "acceptable hard_negative",
        "t1": "hard_negative",
    }
    told = [
        line("dress:1", id_, verdict.replace("_", " "), f"person {n}")
        for id_, cast in votes.items()
        for n, verdict in enumerate(cast.split())
    ]
    write_lines(path, told)
    answers, counts = read_verdicts(path, RESULT, GALLERIES)
    assert answers == {"dress:1": Answers(frozenset("x"), frozenset())}
    assert counts["disputed"] == 2  # y, and the dataset's own target


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([line("dress:9", "x", "acceptable")], "line 1 judges 'dress:9', which is no query"),
        ([line("dress:0", "z", "acceptable")], "judges z for dress:0, which is not in that query's gallery"),
        (
            [line("dress:0", "x", "maybe")],
            "line 1 has verdict 'maybe'; a verdict is hard negative, ",
        ),
        ([line("dress:0", "x", "acceptable")] * 2, "line 2 judges what line 1 judges already"),
        (
            [line("dress:0", "x", "acceptable", "a"), line("dress:0", "x", "target", "a")],
            "line 2 judges what",
        ),
        ([{"query": "dress:0", "id": "x"}], "line 1 must be an object with id, query, verdict"),
        ([line("dress:0", "x", "acceptable") | {"rank": 1}], "line 1 must be an object"),
        ([{"query": "dress:0", "id": 3, "verdict": "target"}], "line 1 must hold text alone"),
        ([["dress:0"]], "line 1 must be an object"),
        ([], "holds no verdict"),
        ([{"seq": 1, "hit_id": "x"}], "line 1: it is no judgement as core.judgements exports them"),
    ],
)
def test_wrong_lines_are_named(lines: list[Any], says: str, tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    write_lines(path, lines)
    with pytest.raises(HemlineError, match=says):
        read_verdicts(path, RESULT, GALLERIES)
    with pytest.raises(HemlineError, match="does not exist"):
        read_verdicts(tmp_path / "none.jsonl", RESULT, GALLERIES)


def judgement(reference: str | None, text: str, hit: str, verdict: str, annotator: str = "ann") -> Judgement:
    hashed = "0" * 64 if reference else None
    return Judgement(annotator, hit, 1, 0.5, verdict, "model", "index", reference, hashed, text)


def test_judgements_of_the_page_are_matched_by_reference_and_words(tmp_path: Path) -> None:
    store = open_store(tmp_path / "judgements.db")
    append(store, judgement("r0", "words  0 ", "x", "acceptable"))
    append(store, judgement("r0", "words 0", "y", "hard negative", "bob"))
    undo(store, append(store, judgement("r1", "words 1", "x", "hard negative")))
    append(store, judgement("r0", "other words", "x", "hard negative"))
    append(store, judgement(None, "words 0", "x", "hard negative"))
    exported = tmp_path / "export.jsonl"
    write_jsonl(events(store), exported)
    store.close()
    for path in (tmp_path / "judgements.db", exported):
        answers, counts = read_verdicts(path, RESULT, GALLERIES)
        assert answers == {"dress:0": Answers(frozenset("x"), frozenset("y"))}
        assert (counts["verdicts"], counts["unmatched"]) == (2, 2)
    write_lines(exported, [{"seq": 1, **vars(judgement("r0", "nobody asks so", "x", "target"))}])
    with pytest.raises(HemlineError, match=r"no verdict on a query of this split \(1 are of other queries"):
        read_verdicts(exported, RESULT, GALLERIES)


def test_verdicts_of_dropped_queries_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    write_lines(path, [line("dress:0", "x", "acceptable"), line("dress:7", "x", "acceptable")])
    partial = replace(RESULT, dropped=("dress:7",), partial=True, missing=("y",))
    answers, counts = read_verdicts(path, partial, GALLERIES)
    assert list(answers) == ["dress:0"] and counts["dropped"] == 1


# Other wordings.


def test_wordings_that_disagree_are_counted_by_hand() -> None:
    asked = [
        Asked((1, 30), (("a", "b"), ("b", "c"))),  # flips at 1, 5 and 10; one of two hits in common
        Asked((2, 3), (("a", "b"), ("b", "a"))),  # within 5 both times
        Asked((60, 90, 70), (("a",), ("a",), ("b",))),  # never; one pair of three agrees
    ]
    told = sensitivity(asked, np.array([1, 2, 99]))
    flips = {k: share.percent for k, share in told["flips"].items()}
    assert flips == pytest.approx({"1": 100 / 3, "5": 100 / 3, "10": 100 / 3, "50": 0})
    assert told["overlap"].percent == pytest.approx(100 * (1 / 2 + 1 + 1 / 3) / 3)
    assert told["recall"]["mean"]["R@10"].percent == pytest.approx(100 * (0.5 + 1 + 0) / 3)
    assert told["recall"]["all"]["R@10"].percent == pytest.approx(100 / 3)
    assert told["recall"]["any"]["R@10"].percent == pytest.approx(200 / 3)
    each = told["recall"]["each"]
    assert [(recall["R@5"].percent, recall["R@5"].queries) for recall in each] == [
        (pytest.approx(200 / 3), 3), (pytest.approx(100 / 3), 3), (0, 1)
    ]  # fmt: skip
    assert told["rank_spread"] == {"median": 29, "p90": pytest.approx(29.8), "mean": pytest.approx(20)}
    assert told["counts"] == {"queries": 3, "wordings": 7}
    assert told["as_evaluated"]["R@1"].percent == pytest.approx(100 / 3)
    for wrong in ([], [Asked((1,), (("a",),))]):
        with pytest.raises(HemlineError, match="two wordings"):
            sensitivity(wrong, np.array([1]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(1, 70), min_size=2, max_size=4), min_size=1, max_size=8))
def test_flips_are_what_some_find_and_not_all(ranks: list[list[int]]) -> None:
    asked = [Asked(tuple(some), (("a",),) * len(some)) for some in ranks]
    told = sensitivity(asked, np.ones(len(ranks)))
    for k in (1, 5, 10, 50):
        within = [[rank <= k for rank in some] for some in ranks]
        assert told["flips"][str(k)].percent == pytest.approx(
            100 * np.mean([any(w) != all(w) for w in within])
        )
        recall = told["recall"]
        ends = [recall[name][f"R@{k}"].percent for name in ("all", "mean", "any")]
        assert ends == sorted(ends)
    assert told["overlap"].percent == 100


def test_blank_captions_are_no_wordings() -> None:
    wordings = {"a:0": ("is red", " "), "a:1": ("is red", "longer"), "b:0": ("", "", "x", "y")}
    told = [("a:1", "is red"), ("a:1", "longer"), ("b:0", "x"), ("b:0", "y")]
    assert asked_wordings(wordings, ["a:0", "a:1", "a:2", "b:0"]) == told


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([{"query": "dress:9", "paraphrases": ["a", "b"]}], "line 1 is about 'dress:9', which is no query"),
        ([{"query": "dress:0", "paraphrases": ["a", "b"]}] * 2, "line 2 is about dress:0 again"),
        ([{"query": "dress:0", "paraphrases": ["a"]}], "line 1 must give two wordings or more"),
        ([{"query": "dress:0", "paraphrases": ["a", " "]}], "line 1 must give two wordings"),
        ([{"query": "dress:0", "paraphrases": "ab"}], "line 1 must give two wordings"),
        ([{"query": "dress:0"}], "line 1 must be an object with paraphrases and query"),
        ([], "holds no wordings"),
    ],
)
def test_wrong_paraphrases_are_named(lines: list[Any], says: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "p.jsonl", lines)
    with pytest.raises(HemlineError, match=says):
        read_paraphrases(tmp_path / "p.jsonl", RESULT)


def test_paraphrases_of_dropped_queries_are_left_out(tmp_path: Path) -> None:
    told = [{"query": key, "paraphrases": ["a", "b"]} for key in ("dress:0", "dress:7")]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, told)) + "\n\n")
    assert read_paraphrases(tmp_path / "p.jsonl", replace(RESULT, dropped=("dress:7",))) == {
        "dress:0": ("a", "b")
    }


def test_closets_own_paraphrases_are_of_its_queries(closet_dir: Path) -> None:
    from core.datasets.fashioniq import read_split

    keys = [t.key for t in read_split(closet_dir, "val").triplets]
    queries = tuple(replace(RESULT.ranks[0], key=key) for key in keys)
    read = read_paraphrases(closet_dir / "paraphrases.val.jsonl", replace(RESULT, ranks=queries))
    assert set(read) == set(keys) and {len(texts) for texts in read.values()} == {3}
