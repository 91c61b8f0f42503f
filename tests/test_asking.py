"""The term that ranks what meets a request above what does not: its table of the bank, and its loss."""

import random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from core.requests import Request, kept, met
from core.wardrobe.design import sample
from core.wardrobe.lines import pairs, sample_lines
from train.asking import Standing, asked_loss
from train.language import word_wish


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
