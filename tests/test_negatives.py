"""The one mask rule, clause by clause, against a slow statement of it; mining; duplicates."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import HemlineError
from train.negatives import (
    QueryInfo,
    columns_of,
    duplicates,
    known_positives,
    mine_hard_negatives,
    negative_mask,
)

IDS = list("abcdefgh")
ids = st.sampled_from(IDS)
texts = st.sampled_from(["is red", "Is  Red ", "longer", ""])
query_lists = st.lists(
    st.builds(QueryInfo, st.sampled_from(["", "dress:0", "dress:1"]), st.none() | ids, texts, ids),
    min_size=1,
    max_size=6,
)
hash_maps = st.fixed_dictionaries({i: st.sampled_from(["1", "2", "3", i]) for i in IDS})


@given(
    query_lists,
    st.lists(ids, min_size=1, max_size=12),
    hash_maps,
    st.lists(st.tuples(st.none() | ids, texts, ids), max_size=3),
    st.sampled_from(["negative", "ignored"]),
)
def test_the_mask_is_the_rule(queries, candidates, hashes, acceptable, policy) -> None:
    known = known_positives(queries, duplicates(hashes), acceptable, policy)
    mask = negative_mask(queries, candidates, known)
    assert mask.shape == (len(queries), len(candidates)) and mask.dtype == bool

    def alike(one: str | None, other: str | None) -> bool:
        return one == other or (one is not None and other is not None and hashes[one] == hashes[other])

    def words(text: str) -> str:
        return " ".join(text.lower().split())

    def asks_the_same(q: QueryInfo, reference: str | None, text: str) -> bool:
        return alike(q.reference, reference) and words(q.text) == words(text)

    for i, q in enumerate(queries):
        for j, candidate in enumerate(candidates):
            other_target = any(
                alike(candidate, o.target)
                and ((bool(q.key) and q.key == o.key) or asks_the_same(q, o.reference, o.text))
                for o in queries
            )
            judged = any(
                alike(candidate, hit) and asks_the_same(q, reference, text)
                for reference, text, hit in acceptable
            )
            is_reference = policy == "ignored" and q.reference is not None and alike(candidate, q.reference)
            never = alike(candidate, q.target) or other_target or judged or is_reference
            assert mask[i, j] == (not never)


def one(query: QueryInfo, known) -> dict[str, bool]:
    return dict(zip(IDS, negative_mask([query], IDS, known)[0].tolist(), strict=True))


def test_each_clause_alone() -> None:
    query = QueryInfo("dress:0", "a", "is red", "b")
    assert one(query, known_positives([])) == {i: i != "b" for i in IDS}
    same = duplicates({i: {"c": "b"}.get(i, i) for i in IDS})
    assert [i for i, allowed in one(query, known_positives([], same)).items() if not allowed] == ["b", "c"]
    sibling = QueryInfo("dress:9", "a", "IS red", "d")
    assert not one(query, known_positives([sibling]))["d"]
    assert one(query, known_positives([QueryInfo("dress:9", "a", "is blue", "d")]))["d"]
    assert not one(query, known_positives([QueryInfo("dress:0", "a", "in red", "e")]))["e"]
    assert not one(query, known_positives([], None, [("a", "is red", "f")]))["f"]
    assert one(query, known_positives([], None, [("g", "is red", "f")]))["f"]
    assert one(query, known_positives([]))["a"]
    assert not one(query, known_positives([], reference_policy="ignored"))["a"]
    with pytest.raises(HemlineError, match="reference policy"):
        known_positives([], reference_policy="mask")


def test_two_queries_without_a_key_are_not_the_same_query() -> None:
    known = known_positives([QueryInfo("", "a", "x", "b"), QueryInfo("", "c", "y", "d")])
    assert negative_mask([QueryInfo("", "a", "x", "b")], ["d"], known).all()


def test_prepared_columns_give_the_same_mask() -> None:
    queries = [QueryInfo("", IDS[i], "is red", IDS[i + 1]) for i in range(5)]
    known = known_positives(queries, {"h": "c"}, reference_policy="ignored")
    bank = IDS * 3
    assert (
        negative_mask(queries, bank, known) == negative_mask(queries, columns_of(bank, known), known)
    ).all()


def test_mining_by_hand() -> None:
    bank = np.array([[1, 0], [0.99, 0.141], [0.8, 0.6], [0.6, 0.8], [0, 1], [-1, 0]], np.float32)
    query = np.array([[1, 0]], np.float32)
    mask = np.array([[False, True, True, True, False, True]])
    [mined] = mine_hard_negatives(query, bank, list("tnabxz"), np.array([0]), mask, top=2, step=40)
    # n scores 0.99 > 0.95 x 1: taken for a false negative.
    assert [(m.id, m.rank, m.step) for m in mined] == [("a", 3, 40), ("b", 4, 40)]
    assert mined[0].score == pytest.approx(0.8)
    [mined] = mine_hard_negatives(
        query, bank, list("tnabxz"), np.array([0]), mask, top=2, skip=1, relative_margin=None
    )
    assert [m.id for m in mined] == ["a", "b"]
    # A target scoring -1: with a margin nothing may score above -1.05.
    [mined] = mine_hard_negatives(query, bank, list("tnabxz"), np.array([5]), np.ones((1, 6), bool), top=3)
    assert mined == []


@given(st.integers(0, 10_000), st.integers(1, 5), st.integers(0, 3), st.sampled_from([None, 0.9, 1.0]))
def test_mined_negatives_are_permitted_ordered_and_below_the_margin(seed, top, skip, margin) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(16, 3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    queries, bank = rows[:4], rows[4:]
    mask = rng.random((4, 12)) < 0.6
    targets = rng.integers(0, 12, 4)
    names = [str(i) for i in range(12)]
    mined = mine_hard_negatives(
        queries, bank, names, targets, mask, top=top, skip=skip, relative_margin=margin
    )
    for row, negatives in enumerate(mined):
        scores = bank @ queries[row]
        target = scores[targets[row]]
        assert len(negatives) <= top
        assert [n.score for n in negatives] == sorted((n.score for n in negatives), reverse=True)
        for negative in negatives:
            column = int(negative.id)
            assert mask[row, column] and column != targets[row]
            assert negative.score == pytest.approx(scores[column])
            assert negative.rank == 1 + int((scores > scores[column]).sum())
            assert margin is None or scores[column] <= target


def test_duplicates_close_over_hashes_and_vectors() -> None:
    vectors = np.array([[1, 0], [0, 1], [0.995, 0.0999], [0, 1], [-1, 0]], np.float32)
    hashes = {"a": "1", "b": "2", "c": "3", "d": "1", "e": "5"}
    assert duplicates(hashes) == {"a": "a", "b": "b", "c": "c", "d": "a", "e": "e"}
    assert duplicates(hashes, vectors) == {"a": "a", "b": "a", "c": "a", "d": "a", "e": "e"}
    assert duplicates(hashes, vectors, threshold=0.999) == {"a": "a", "b": "a", "c": "c", "d": "a", "e": "e"}
    with pytest.raises(ValueError, match="one vector per hash"):
        duplicates(hashes, vectors[:2])


def test_no_two_photos_of_closet_are_byte_equal_across_its_splits(closet_dir: Path) -> None:
    """Closet splits by near-duplicate cluster; on the real files exact duplicates stay on one side."""
    garments = [json.loads(line) for line in (closet_dir / "garments.jsonl").read_text().splitlines()]
    split = {g["image"]: g["split"] for g in garments}
    hashes = {i: hashlib.sha256((closet_dir / "images" / f"{i}.jpg").read_bytes()).hexdigest() for i in split}
    found = duplicates(hashes)
    assert len(found) == 3140
    assert [i for i, first in found.items() if split[i] != split[first]] == []
