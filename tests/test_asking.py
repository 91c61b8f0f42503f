"""The term that ranks what meets a request above what does not: its table of the bank, and its loss."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.requests import Request, kept, met
from core.wardrobe.design import changed, sample
from core.wardrobe.lines import pairs, sample_lines
from train.asking import Asking, Standing, asked_loss
from train.examples import Composed
from train.language import word_wish
from train.line_queries import Lines
from train.negatives import QueryInfo


@pytest.fixture(scope="module")
def designs() -> list:
    rng = random.Random(1)
    return [sample(rng) for _ in range(300)]


@given(st.integers(0, 2**32))
def test_the_table_of_the_bank_says_of_each_garment_what_met_says(seed: int) -> None:
    rng = random.Random(seed)
    (line,) = sample_lines(1, 5, rng)
    i, j = rng.choice(list(pairs(line)) or [(0, 1)])
    _, request = word_wish(line[i], line[j], rng)
    bank = [*line, *(sample(rng) for _ in range(20))]
    standing = Standing(bank)
    assert standing.met(request).tolist() == [met(request, design) for design in bank]
    share = standing.kept(request, i)
    assert share.min() >= 0 and share.max() <= 1 and share[i] == 1
    if "family" not in request.edits and all(kept(request, line[i], line[j]).values()):
        assert share[j] >= np.sort(share)[-6]  # the answer keeps as much as any but its own line


def test_a_garment_that_keeps_more_of_the_reference_has_the_larger_share(designs: list) -> None:
    standing = Standing(designs)
    request = Request({"colors": frozenset(["navy"])})
    share = standing.kept(request, 0)
    same = [
        sum(getattr(d, f) == getattr(designs[0], f) for f in ("family", "pattern", "sleeve", "length", "fit"))
        for d in designs
    ]
    assert np.corrcoef(share, same)[0, 1] > 0.5


def test_the_loss_falls_as_what_meets_the_request_comes_before_what_does_not() -> None:
    met_ones = torch.tensor([[True, True, False, False]])
    weights = met_ones.float()
    first = asked_loss(torch.tensor([[5.0, 4.0, 1.0, 0.0]]), met_ones, weights)
    mixed = asked_loss(torch.tensor([[5.0, 0.0, 4.0, 1.0]]), met_ones, weights)
    last = asked_loss(torch.tensor([[0.0, 1.0, 5.0, 4.0]]), met_ones, weights)
    assert 0 < first < mixed < last
    expected = np.mean([np.log1p((np.exp(1) + np.exp(0)) / np.exp(s)) for s in (5.0, 4.0)])
    assert float(first) == pytest.approx(expected, rel=1e-5)


def test_a_request_that_all_or_none_of_the_bank_meets_teaches_nothing() -> None:
    scores = torch.randn(2, 5, requires_grad=True)
    met_ones = torch.tensor([[True] * 5, [False] * 5])
    loss = asked_loss(scores, met_ones, met_ones.float())
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert scores.grad is not None and bool(scores.grad.isfinite().all())


def asked_twice(reference: str, target: str, request: Request) -> list[Composed]:
    """The same query twice: over all candidates, and as in a catalogue that has no near answer."""
    example = Composed(QueryInfo("", reference, "in navy", target), 0, 0, (), request)
    return [example, example]


@pytest.fixture
def two_lines() -> tuple[Lines, Request]:
    """A line of two shirts, the second navy, and in another line a navy skirt and a red one."""
    rng = random.Random(3)
    shirt, skirt = (
        next(d for d in iter(lambda: sample(rng), None) if d.family == f) for f in ("shirt", "skirt")
    )
    made = [
        changed(design, rng, colors=(color, *design.colors[1:]))
        for design, color in ((shirt, "red"), (shirt, "navy"), (skirt, "navy"), (skirt, "red"))
    ]
    names = ("s-red", "s-navy", "k-navy", "k-red")
    return Lines((names[:2], names[2:]), dict(zip(names, made, strict=True))), Request(
        {"colors": frozenset(["navy"])}
    )


def test_every_second_query_is_asked_as_if_its_own_line_held_no_answer(
    two_lines: tuple[Lines, Request],
) -> None:
    lines, request = two_lines
    photos = list(lines.designs)
    candidates = torch.eye(4)
    near, far = torch.tensor([[0.0, 1.0, 0.0, 0.0]]), torch.tensor([[0.0, 0.0, 1.0, 0.0]])
    batch = asked_twice("s-red", "s-navy", request)

    def loss(first: torch.Tensor, second: torch.Tensor) -> float:
        queries = torch.cat([first, second])
        return float(Asking(lines).loss(queries, candidates, photos, batch, 0.1))

    assert loss(near, far) < loss(near, near)  # only another line's answer counts for the second
    assert loss(near, far) < loss(far, far)  # and the near one most for the first


def test_the_last_batches_targets_are_candidates_too_the_newest_vector_of_each(
    two_lines: tuple[Lines, Request],
) -> None:
    lines, request = two_lines
    asking = Asking(lines, dim=4, memory=3)
    batch = asked_twice("s-red", "s-navy", request)
    queries = torch.tensor([[1.0, 0.0, 0.0, 0.0]]).repeat(2, 1)
    eye = torch.eye(4)

    def loss(candidates: torch.Tensor, photos: list[str]) -> float:
        return float(asking.loss(queries, candidates, photos, batch, 0.1))

    answers = ["s-navy", "k-navy"]
    assert loss(eye[[1, 2]], answers) == 0.0  # nothing that is wrong is known yet
    loss(eye[[0]], ["k-red"])  # wrong, and just what is asked for
    remembered = loss(eye[[1, 2]], answers)
    assert remembered > 5
    loss(eye[[3]], ["k-red"])  # the same garment as it is now, far from the query
    assert loss(eye[[1, 2]], answers) < remembered / 2
    with torch.no_grad():
        before = asking.state_dict()["places"].clone()
        loss(eye[[0]], ["s-red"])
    assert torch.equal(asking.state_dict()["places"], before)  # measuring leaves no trace
