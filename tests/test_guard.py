"""The false-negative guard: each warning where it is due and not elsewhere, and no flag past one unseen."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.guard import (
    JUDGED_RIGHT,
    MEETS_ALL,
    NEAR_DUPLICATE,
    NEAR_TARGET,
    WARNINGS,
    Accepted,
    Caution,
    Known,
    Query,
    SecondLook,
    accept,
    nearness,
    warnings,
)
from core.opinions import ADJUDICATION
from core.requests import Request
from core.types import Garment
from core.verdicts import VOCABULARY
from tests.opinion import judged_by

DIM = 16
QUERY = Query("in red", "ab" * 32, "ref", targets=("target",))


def row(cosine: float, toward: int, other: int) -> np.ndarray:
    """A unit row of this cosine with axis `toward`."""
    vector = np.zeros(DIM, dtype=np.float32)
    vector[toward], vector[other] = cosine, (1 - cosine**2) ** 0.5
    return vector


def garment(id_: str, color: str) -> Garment:
    return Garment(
        id=id_, split="train", category="dress", kind="a-line dress", colors=(color,), pattern="solid",
        sleeve="short", neckline="crew", length="knee", fit="a-line", fabric=None, details=(), caption="",
    )  # fmt: skip


ROWS = {
    "target": row(1, 0, 1),
    "ref": row(1, 2, 3),
    "near": row(0.8, 0, 4),
    "far": row(0.3, 0, 5),
    "twin of target": row(0.985, 0, 6),
    "twin of ref": row(0.985, 2, 7),
    "like ref": row(0.93, 2, 8),
}
GARMENTS = {name: garment(name, "red" if name == "target" else "blue") for name in ROWS}
KNOWN = Known(
    np.stack([*ROWS.values()]), {name: place for place, name in enumerate(ROWS)}, GARMENTS, margin=0.7
)


def names(candidate: str, query: Query = QUERY, known: Known = KNOWN, history=()) -> list[str]:
    return [one.name for one in warnings(query, candidate, known, history)]


def test_a_candidate_near_the_target_is_warned_of_and_a_far_one_is_not():
    assert names("near") == [NEAR_TARGET]
    assert names("far") == []
    assert "cosine 0.80" in warnings(QUERY, "near", KNOWN)[0].sentence
    assert names("near", replace(QUERY, targets=())) == []


def test_a_hit_that_people_call_the_target_counts_as_known():
    history = [judged_by("ana", "target", "target")]
    assert names("near", replace(QUERY, targets=()), history=history) == [NEAR_TARGET]


def test_a_model_that_nobody_measured_is_warned_by_deviations():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, DIM)).astype(np.float32)
    vectors[1] = vectors[0] + 0.3 * rng.normal(size=DIM)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    known = Known(vectors, {"target": 0, "near": 1, **{str(n): n for n in range(2, 200)}})
    assert NEAR_TARGET in names("near", known=known)
    far = str(int(np.argsort(nearness(vectors, 0))[100]))
    assert names(far, known=known) == []
    few = Known(vectors[:5], {"target": 0, "near": 1})  # of five garments nothing is known to be near
    assert NEAR_TARGET not in names("near", known=few)


def test_a_garment_that_is_all_that_was_asked_is_warned_of():
    known = replace(KNOWN, garments={**GARMENTS, "far": garment("far", "red")})
    assert names("far", known=known) == [MEETS_ALL]
    assert "(red)" in warnings(QUERY, "far", known)[0].sentence
    exact = replace(QUERY, request=Request({"colors": frozenset({"blue"})}))
    assert names("far", exact, known) == [] and names("far", exact) == [MEETS_ALL]


@pytest.mark.parametrize("text", ["in red and longer", "in red but busier", "hello", ""])
def test_words_that_are_not_understood_whole_say_nothing_of_all(text):
    query = replace(QUERY, text=text, reference_id=None)
    assert names("far", query, replace(KNOWN, garments={**GARMENTS, "far": garment("far", "red")})) == []


def test_somebodys_acceptable_is_told_without_the_name():
    history = [judged_by("ana", "acceptable", "far", seq=1), judged_by("ben", "hard negative", "far", seq=2)]
    (told,) = warnings(QUERY, "far", KNOWN, history)
    assert told.name == JUDGED_RIGHT and '1 x "acceptable"' in told.sentence and "ana" not in told.sentence
    elsewhere = [judged_by("ana", "acceptable", "far", text="in green")]
    assert names("far", history=elsewhere) == []
    assert names("target") == [MEETS_ALL, JUDGED_RIGHT]
    ruled = [*history, judged_by("zoe", "target", "far", seq=3, occasion=ADJUDICATION)]
    assert names("far", history=ruled) == [JUDGED_RIGHT]


def test_near_duplicates_of_target_and_reference_are_warned_of():
    assert names("twin of target") == [NEAR_TARGET, NEAR_DUPLICATE]
    assert names("twin of ref") == [NEAR_DUPLICATE]
    assert "the reference" in warnings(QUERY, "twin of ref", KNOWN)[0].sentence
    uploaded = replace(QUERY, reference_id=None, vector=ROWS["ref"])
    assert names("twin of ref", uploaded) == [NEAR_DUPLICATE]


def test_a_lower_cosine_needs_the_photos_hash_besides():
    bits = np.zeros(256, dtype=bool)
    near, far = bits.copy(), bits.copy()
    near[:15], far[:100] = True, True
    assert names("like ref") == []
    assert names("like ref", known=replace(KNOWN, hashes={"ref": bits, "like ref": near})) == [NEAR_DUPLICATE]
    assert names("like ref", known=replace(KNOWN, hashes={"ref": bits, "like ref": far})) == []


def test_what_is_unknown_gives_no_warning():
    empty = Known(np.zeros((0, DIM), dtype=np.float32), {})
    assert warnings(Query("in red"), "nowhere", empty) == ()
    assert warnings(QUERY, "nowhere", KNOWN) == ()


@settings(max_examples=60, deadline=None)
@given(st.sets(st.sampled_from(WARNINGS)), st.sets(st.sampled_from(WARNINGS)), st.sampled_from([*VOCABULARY]))
def test_a_negative_passes_once_every_warning_is_named(shown, looked_at, verdict):
    cautions = [Caution(name, f"{name}.") for name in sorted(shown)]
    judgement = judged_by("ana", verdict, "far", second_look=tuple(sorted(looked_at))).judgement
    taken = accept(judgement, cautions)
    if VOCABULARY[verdict].role != "negative" or shown <= looked_at:
        assert taken == Accepted(judgement)
    else:
        assert isinstance(taken, SecondLook)
        assert {one.name for one in taken.missing} == shown - looked_at
        assert all(one.sentence in taken.sentence for one in taken.missing)
