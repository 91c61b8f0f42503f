"""Where judged queries should have been: wrong hits leave the first ten, right ones enter, the rest stays."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from train.correction import corrected, tenth_best
from train.lessons import Asked, Lesson

MARGIN = 0.02


def world(seed: int, queries: int) -> tuple[Tensor, Tensor]:
    """Unit query vectors [q, 32] over a bank of 200 unit rows."""
    draw = torch.Generator().manual_seed(seed)
    bank = functional.normalize(torch.randn(200, 32, generator=draw), dim=1)
    return functional.normalize(torch.randn(queries, 32, generator=draw), dim=1), bank


def mended(vectors: Tensor, lessons: list[Lesson], bank: Tensor) -> Tensor:
    return corrected(vectors, lessons, bank, MARGIN, 1.0, 0.04)


def first(vector: Tensor, bank: Tensor, count: int) -> list[int]:
    ranked: list[int] = (bank @ vector).topk(count).indices.tolist()
    return ranked


@settings(max_examples=15, deadline=None, derandomize=True)
@given(st.integers(0, 10_000), st.sets(st.integers(0, 9), min_size=1, max_size=3), st.integers(11, 16))
def test_wrong_hits_leave_right_ones_enter_and_most_others_stay(
    seed: int, wrong: set[int], right: int
) -> None:
    vectors, bank = world(seed, 2)
    ranking = first(vectors[0], bank, 200)
    flagged = tuple(ranking[place] for place in wrong)
    lessons = [Lesson(Asked(None, "red"), flagged, (ranking[right],)), Lesson(Asked(None, "blue"))]
    after = mended(vectors, lessons, bank)
    ten = set(first(after[0], bank, 10))
    assert not ten & set(flagged) and ranking[right] in ten
    stood = set(ranking[:10]) - set(flagged)
    assert len(stood & ten) >= len(stood) - 3  # of 300 such worlds, one loses more
    assert torch.allclose(after.norm(dim=1), torch.ones(2), atol=1e-5)
    torch.testing.assert_close(after[1], vectors[1], atol=1e-3, rtol=0)  # nothing was said of its hits


def test_what_is_hidden_or_the_same_garment_is_no_tenth() -> None:
    scores = torch.arange(20.0).flip(0)[None]
    assert tenth_best(scores, [Lesson(Asked(None, ""))]).tolist() == [10.0]
    lesson = Lesson(Asked(None, ""), wrong=(0,), same=(1,), hidden=(2,))
    assert tenth_best(scores, [lesson]).tolist() == [7.0]


def test_a_query_is_corrected_alike_alone_and_among_others() -> None:
    vectors, bank = world(3, 5)
    lessons = [Lesson(Asked(None, "red"), tuple(first(vector, bank, 2))) for vector in vectors]
    together = mended(vectors, lessons, bank)
    for row, lesson in enumerate(lessons):
        alone = mended(vectors[row : row + 1], [lesson], bank)
        assert alone[0] @ together[row] == pytest.approx(1, abs=1e-4)
