"""Where the vector of a judged query should have been: the least move that mends its ranking.

What was judged says little: that a few hits are wrong or right. So a query's own vector is moved, alone and
as little as possible, until the wrong hits score below the tenth of the others and the right ones above it;
the order among all others is kept as far as that allows. It is a small problem in the space of the index,
solved at once for all judged queries; the query adapter then learns these vectors (`train.refinement`).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from train.lessons import Lesson

TEN = 10
STEPS = 200
RATE = 0.02  # of Adam, on the coordinates of unit vectors


def corrected(
    vectors: Tensor, lessons: Sequence[Lesson], bank: Tensor, margin: float, keep: float, temperature: float
) -> Tensor:
    """The corrected unit vectors [n, d] of the judged queries `vectors` [n, d] over the `bank` [m, d].

    `margin` (cosine) is what a wrong hit is to score below the tenth, and a right one above it; `keep` weighs
    the divergence of the softmax of the others' scores at `temperature` from what it was.
    """
    wrong, right, apart = (
        _marked(lessons, len(bank), kinds)
        for kinds in (("wrong",), ("right",), ("wrong", "right", "same", "hidden"))
    )
    before = (vectors @ bank.T / temperature).masked_fill(apart, -1e4).log_softmax(1)
    moved = torch.zeros_like(vectors, requires_grad=True)
    optimizer = torch.optim.Adam([moved], lr=RATE)
    for _ in range(STEPS):
        now = functional.normalize(vectors + moved, dim=1)
        scores = now @ bank.T
        tenth = tenth_best(scores.detach(), lessons)[:, None]
        over = (functional.relu(scores - tenth + margin) * wrong).sum()
        under = (functional.relu(tenth - scores + margin) * right).sum()
        order = (scores / temperature).masked_fill(apart, -1e4).log_softmax(1)
        changed = functional.kl_div(order, before, reduction="sum", log_target=True)
        far = (1 - (now * vectors).sum(1)).sum()
        loss = (over + under) / temperature + keep * (changed + far / temperature / 2)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return functional.normalize(vectors + moved.detach(), dim=1)


def tenth_best(scores: Tensor, lessons: Sequence[Lesson]) -> Tensor:
    """The tenth best score [b] of each row among the hits that are neither wrong nor left out."""
    others = scores.masked_fill(_marked(lessons, scores.shape[1], ("wrong", "same", "hidden")), -math.inf)
    return others.topk(min(TEN, others.shape[1]), dim=1).values[:, -1]


def _marked(lessons: Sequence[Lesson], count: int, kinds: Sequence[str]) -> Tensor:
    """Bool [n, count]: which rows of the bank a lesson has under one of these names."""
    mask = torch.zeros(len(lessons), count, dtype=torch.bool)
    for row, lesson in enumerate(lessons):
        mask[row, [place for kind in kinds for place in getattr(lesson, kind)]] = True
    return mask
