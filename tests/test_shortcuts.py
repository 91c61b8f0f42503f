"""What one side of a query answers alone, kinds of change by words, and recall by group."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HemlineError
from core.evaluation.groups import agreement, groups, recall_by
from core.evaluation.kinds import kinds_of_request, kinds_of_text, length_of_text
from core.evaluation.shortcuts import check_modalities, shortcuts
from core.evaluation.study import plain, read_study, study_results, write_study
from core.requests import Request
from tests.small_result import small_result


def test_every_query_is_solved_by_one_side_by_both_alone_or_not_at_all() -> None:
    ranks = {
        "both": np.array([1, 1, 99, 99, 3]),
        "image": np.array([1, 99, 2, 99, 99]),
        "text": np.array([99, 99, 99, 99, 40]),
    }
    at = shortcuts(ranks)["10"]
    told = {name: share.percent for name, share in at.items()}
    assert told == pytest.approx({
        "both": 60, "image": 40, "text": 0, "shortcut_solvable": 40, "composition_required": 40,
        "unresolved": 20, "spoiled": 20, "composition_gap": 20, "normalised_gap": 100 / 3,
    })  # fmt: skip
    assert at["composition_gap"].low <= 20 <= at["composition_gap"].high
    assert {share.queries for share in at.values()} == {5}
    # At 50 the text alone finds the last one too, and the image gains nothing.
    assert shortcuts(ranks)["50"]["shortcut_solvable"].percent == 60
    never = shortcuts({name: np.array([99]) for name in ranks})["1"]
    assert "normalised_gap" not in never and never["unresolved"].percent == 100


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(*[st.integers(1, 80)] * 3), min_size=1, max_size=30))
def test_shortcuts_agree_with_counting(rows: list[tuple[int, int, int]]) -> None:
    ranks = dict(zip(("both", "image", "text"), np.array(rows).T, strict=True))
    for k, at in shortcuts(ranks).items():
        found = [[rank <= int(k) for rank in row] for row in rows]
        single = [image or text for _, image, text in found]
        assert at["shortcut_solvable"].percent == pytest.approx(100 * np.mean(single))
        only = [f[0] and not s for f, s in zip(found, single, strict=True)]
        assert at["composition_required"].percent == pytest.approx(100 * np.mean(only))
        recall = 100 * np.mean(found, axis=0)
        assert at["composition_gap"].percent == pytest.approx(recall[0] - max(recall[1:]))
        labels = ("shortcut_solvable", "composition_required", "unresolved")
        assert sum(at[name].percent for name in labels) == pytest.approx(100)


def test_the_interval_of_a_gap_is_that_of_paired_queries() -> None:
    # Both together find what the image finds and one in five more: the gap varies by those alone.
    image = np.where(np.arange(500) % 5 < 2, 1, 99)
    both = np.where(np.arange(500) % 5 < 3, 1, 99)
    gap = shortcuts({"both": both, "image": image, "text": np.full(500, 99)})["1"]["composition_gap"]
    width = 2 * 1.96 * 100 * np.sqrt(0.2 * 0.8 / 500)
    assert gap.percent == pytest.approx(20) and gap.high - gap.low == pytest.approx(width, rel=0.1)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("is navy with small white polka dots", {"colors", "pattern"}),
        ("shorter sleeves", {"sleeve", "relative"}),
        ("is longer", {"length", "relative"}),
        ("has long sleeves and a hood", {"sleeve", "neckline"}),
        ("darker and more fitted", {"colors", "fit", "relative"}),
        ("no belt, a v-neck", {"negation", "neckline"}),
        ("striped instead of plain", {"pattern", "negation"}),
        ("is a skirt", {"kind"}),
        ("doesn't have buttons", {"negation"}),
        ("Three-Quarter Sleeved, rose-pink", {"sleeve", "colors"}),
        ("silver leather", {"colors"}),
        ("as fancy as the other", {"relative"}),
        ("something for a party", {"other"}),
        ("", {"other"}),
    ],
)
def test_words_tell_the_kind_of_change(text: str, kinds: set[str]) -> None:
    assert kinds_of_text(text) == kinds


def test_requests_and_lengths_have_names() -> None:
    request = Request({"colors": frozenset(["red"])}, add=frozenset(["belt"]))
    assert kinds_of_request(request) == {"colors", "add"}
    lengths = [length_of_text(" ".join(["word"] * n)) for n in (0, 1, 4, 5, 8, 9, 15, 16, 99)]
    four, eight = ["01 to 04"] * 3, ["05 to 08"] * 2
    assert lengths == [*four, *eight, *["09 to 15"] * 2, *["16 or more"] * 2]


def test_groups_count_every_query_of_their_label() -> None:
    found = recall_by(np.array([1, 60, 3]), [("a", "b"), ("b",), ("a",)])
    assert list(found) == ["a", "b"]
    assert (found["a"]["R@1"].percent, found["a"]["R@1"].queries) == (50, 2)
    assert (found["b"]["R@10"].percent, found["b"]["R@5"].queries) == (50, 2)


def test_groups_of_a_result_and_how_far_words_agree_with_requests() -> None:
    result = small_result([1, 1, 99, 99], texts=["in red", "red, longer", "with a belt", "shorter"])
    asked = [
        Request({"colors": frozenset(["red"])}),
        Request({"length": frozenset(["maxi"])}),
        Request(add=frozenset(["belt"])),
        Request({"length": frozenset(["mini"]), "colors": frozenset(["red"])}),
    ]
    requests = {query.key: request for query, request in zip(result.ranks, asked, strict=True)}
    told = groups(result, requests)
    assert {name: found["R@1"].percent for name, found in told["average"].items()} == {
        "micro": 50,
        "macro": 50,
    }
    assert set(told["category"]) == {"dress", "shirt"}
    at_one = {name: (found["R@1"].percent, found["R@1"].queries) for name, found in told["request"].items()}
    assert at_one == {"add": (0, 1), "colors": (50, 2), "length": (50, 2)}
    assert set(told["kind"]) == {"colors", "length", "relative", "other"}
    lexicon = agreement(result, requests)
    assert (lexicon["colors"]["precision"].percent, lexicon["colors"]["recall"].percent) == (50, 50)
    assert (lexicon["length"]["precision"].percent, lexicon["length"]["recall"].percent) == (100, 100)
    assert lexicon["sleeve"] == {}
    assert "request" not in groups(result)
    with pytest.raises(HemlineError, match="no request for dress:1"):
        groups(result, {"dress:0": asked[0]})


def test_unlike_results_are_no_study(tmp_path) -> None:
    both = small_result([1, 2])
    whole = {m: replace(both, modality=m) for m in ("both", "image", "text")}
    check_modalities(whole)
    wrong = [
        ({"both": both, "image": whole["image"]}, "text is missing"),
        ({**whole, "text": both}, "was made with modality 'both'"),
        (
            {**whole, "image": replace(whole["image"], query_hash="other")},
            "both and image .* different queries",
        ),
        ({**whole, "text": replace(whole["text"], gallery_hash="other")}, "different galleries"),
        ({**whole, "text": replace(whole["text"], model={"fingerprint": "b"})}, "of different models"),
    ]
    for results, says in wrong:
        with pytest.raises(HemlineError, match=says):
            study_results(results)
    told = study_results(whole)
    write_study(told, tmp_path / "study.json")
    read = read_study(tmp_path / "study.json")
    assert plain(read) == plain(told) and read.protocol == both.protocol
    assert read.attributes is None and read.not_measured["attributes"] == "the garments have no records"
    (tmp_path / "other.json").write_text("[]")
    with pytest.raises(HemlineError, match="is not a study"):
        read_study(tmp_path / "other.json")
