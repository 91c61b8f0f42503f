"""Ranks of targets: reference kept or removed, ties, chunks, and the same answer as a plain sort."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from core.errors import HemlineError
from core.evaluation import ranks
from core.evaluation.metrics import recalls, summarise
from core.evaluation.ranks import rank_targets, target_ranks

IDS = ["a", "b", "c", "d", "e"]


def _scored(*scores: float) -> tuple[np.ndarray, np.ndarray]:
    """One query and a gallery whose dot products are exactly these scores."""
    return np.array([[1, 0]], np.float32), np.array([[s, 0] for s in scores], np.float32)


def test_the_reference_ranked_first_costs_recall_at_1_only_where_it_is_kept() -> None:
    query, gallery = _scored(0.25, 1.0, 0.5, 0.75, 0.0)  # b is the reference, d the target
    kept = target_ranks(query, gallery, IDS, ["d"])
    removed = target_ranks(query, gallery, IDS, ["d"], exclude=[("b",)])
    assert (kept.tolist(), removed.tolist()) == ([2], [1])
    assert (recalls(kept)["R@1"], recalls(removed)["R@1"]) == (0.0, 100.0)


def test_ties_rank_in_gallery_order() -> None:
    query, gallery = _scored(0.5, 0.5, 1.0, 0.5, 0.5)
    ranked = [int(target_ranks(query, gallery, IDS, [target])[0]) for target in IDS]
    assert ranked == [2, 3, 1, 4, 5]
    assert target_ranks(query, gallery, IDS, ["e"], exclude=[("a", "d")]).tolist() == [3]
    assert rank_targets(query, gallery, IDS, ["e"], exclude=[("c",)]).top.tolist() == [0]


def test_an_original_only_distractor_changes_the_rank() -> None:
    query, gallery = _scored(0.5, 0.75, 0.25)
    assert target_ranks(query, gallery, IDS[:3], ["a"]).tolist() == [2]
    assert target_ranks(query, gallery[[0, 2]], ["a", "c"], ["a"]).tolist() == [1]


def test_the_target_and_the_first_hit_come_with_their_scores() -> None:
    query, gallery = _scored(0.25, 1.0, 0.5, 0.75, 0.0)
    ranking = rank_targets(query, gallery, IDS, ["c"], exclude=[("b", "not in the gallery")])
    assert (ranking.rank[0], ranking.score[0]) == (2, 0.5)
    assert (IDS[ranking.top[0]], ranking.top_score[0]) == ("d", 0.75)


def test_copies_of_a_photo_tie_whatever_the_matrix_product_rounds() -> None:
    rng = np.random.default_rng(0)
    distinct = rng.standard_normal((37, 200)).astype(np.float32)
    gallery = np.concatenate([distinct, distinct[::-1], distinct])
    ids = [str(i) for i in range(len(gallery))]
    queries = rng.standard_normal((9, 200)).astype(np.float32)
    for photo in range(37):
        copies = [str(photo), str(37 + 36 - photo), str(74 + photo)]
        ranked = [target_ranks(queries, gallery, ids, [copy] * 9) for copy in copies]
        assert (ranked[1] == ranked[0] + 1).all()
        assert (ranked[2] == ranked[0] + 2).all()


_small = st.integers(-2, 2)  # few values: many ties, and every dot product exact in float32


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_agrees_with_a_plain_stable_sort(data: st.DataObject) -> None:
    queries_n, gallery_n, dim = (data.draw(st.integers(1, top)) for top in (6, 12, 3))
    queries = data.draw(arrays.arrays(np.float32, (queries_n, dim), elements=_small.map(float)))
    gallery = data.draw(arrays.arrays(np.float32, (gallery_n, dim), elements=_small.map(float)))
    ids = [f"g{i}" for i in range(gallery_n)]
    targets = data.draw(st.lists(st.sampled_from(ids), min_size=queries_n, max_size=queries_n))
    exclude = [data.draw(st.sets(st.sampled_from(ids))) - {target} for target in targets]
    expected = []
    for query, target, gone in zip(queries, targets, exclude, strict=True):
        left = [(-float(query @ row), place) for place, row in enumerate(gallery) if ids[place] not in gone]
        expected.append([ids[place] for _, place in sorted(left)].index(target) + 1)
    assert target_ranks(queries, gallery, ids, targets, exclude).tolist() == expected


def test_chunks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    queries, gallery = (rng.standard_normal((n, 16)).astype(np.float32) for n in (50, 30))
    ids = [str(i) for i in range(30)]
    targets = [str(i) for i in rng.integers(0, 30, 50)]
    whole = rank_targets(queries, gallery, ids, targets)
    monkeypatch.setattr(ranks, "_CHUNK_SCORES", 70)
    parts = rank_targets(queries, gallery, ids, targets)
    assert (whole.rank == parts.rank).all()
    assert (whole.top == parts.top).all()


def test_faults_are_named() -> None:
    query, gallery = _scored(0.0, 1.0, 0.5, 0.75, 0.25)
    with pytest.raises(HemlineError, match="target z of dress:7 is not in its gallery of 5"):
        rank_targets(query, gallery, IDS, ["z"], keys=["dress:7"])
    with pytest.raises(HemlineError, match="target a of query 0 is excluded"):
        target_ranks(query, gallery, IDS, ["a"], exclude=[("a",)])
    with pytest.raises(HemlineError, match="twice"):
        target_ranks(query, gallery, ["a", "b", "c", "d", "a"], ["a"])
    with pytest.raises(HemlineError, match="5 gallery vectors come with 4 ids"):
        target_ranks(query, gallery, IDS[:4], ["a"])
    with pytest.raises(HemlineError, match=r"\(1, 2\) and \(5, 1\)"):
        target_ranks(query, gallery[:, :1], IDS, ["a"])
    with pytest.raises(HemlineError, match="1 query vectors come with 2 targets"):
        target_ranks(query, gallery, IDS, ["a", "b"])
    gallery[2, 1] = np.nan
    with pytest.raises(HemlineError, match="not finite for c"):
        target_ranks(query, gallery, IDS, ["a"])


def test_macro_is_not_micro_where_categories_differ_in_size() -> None:
    # dress 1 query hit at 1; shirt 2 queries, one at 1, one at 7; toptee 5 queries, none within 5
    found = np.array([1, 1, 7, 6, 10, 11, 50, 51])
    metrics = summarise(found, ["dress"] + ["shirt"] * 2 + ["toptee"] * 5)
    assert metrics.micro == {
        "R@1": 25.0, "R@5": 25.0, "R@10": 62.5, "R@50": 87.5, "median_rank": 8.5, "queries": 8,
    }  # fmt: skip
    assert metrics.macro == pytest.approx({"R@1": 50.0, "R@5": 50.0, "R@10": 80.0, "R@50": 280 / 3})
    assert metrics.per_category["toptee"] == {
        "R@1": 0.0, "R@5": 0.0, "R@10": 40.0, "R@50": 80.0, "median_rank": 11.0, "queries": 5,
    }  # fmt: skip
    with pytest.raises(HemlineError, match="no query"):
        summarise(np.array([], np.int64), [])
