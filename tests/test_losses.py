"""The contrastive losses against values computed by hand."""

import math

import torch

from train.losses import info_nce, symmetric_info_nce

EYE = torch.eye(3)
ALL = torch.ones(2, 3, dtype=torch.bool)


def test_info_nce_by_hand() -> None:
    # Query 0 scores 1, 0, 0 and query 1 scores 0, 1, 0; at temperature 0.5 the logits are 2 and 0.
    loss = info_nce(EYE[:2], EYE, torch.tensor([0, 2]), temperature=0.5)
    first = -math.log(math.exp(2) / (math.exp(2) + 2))
    second = -math.log(1 / (math.exp(2) + 2))
    assert math.isclose(float(loss), (first + second) / 2, rel_tol=1e-6)


def test_masked_columns_leave_the_sum_but_the_target_never_does() -> None:
    mask = torch.tensor([[False, True, False], [True, False, False]])
    loss = info_nce(EYE[:2], EYE, torch.tensor([0, 2]), mask, temperature=0.5)
    first = -math.log(math.exp(2) / (math.exp(2) + 1))
    second = -math.log(1 / (1 + 1))
    assert math.isclose(float(loss), (first + second) / 2, rel_tol=1e-6)


def test_a_query_with_no_negative_costs_nothing_and_gives_no_gradient() -> None:
    queries = EYE[:1].clone().requires_grad_()
    loss = info_nce(queries, EYE, torch.tensor([1]), torch.zeros(1, 3, dtype=torch.bool))
    loss.backward()
    assert loss.item() == 0.0
    assert queries.grad is not None and not queries.grad.any()


def test_a_hard_negative_of_weight_three_counts_three_times() -> None:
    hard = torch.tensor([[True, True, False]])  # column 0 is the target: never its own hard negative
    weighed = info_nce(EYE[:1], EYE, torch.tensor([0]), None, 1.0, hard, hard_weight=3.0)
    tripled = info_nce(EYE[:1], EYE[[0, 1, 1, 1, 2]], torch.tensor([0]), None, 1.0)
    assert math.isclose(float(weighed), float(tripled), rel_tol=1e-6)
    by_hand = -math.log(math.e / (math.e + 3 * 1 + 1))
    assert math.isclose(float(weighed), by_hand, rel_tol=1e-6)


def test_symmetric_is_the_mean_of_both_ways_with_one_mask() -> None:
    generator = torch.Generator().manual_seed(0)
    queries, targets = (
        torch.nn.functional.normalize(torch.randn(4, 5, generator=generator)) for _ in range(2)
    )
    mask = ~torch.eye(4, dtype=torch.bool)
    mask[0, 3] = False
    scores = (queries @ targets.T / 0.1).double()
    total = 0.0
    for i in range(4):
        row = [math.exp(scores[i, j]) for j in range(4) if j == i or mask[i, j]]
        column = [math.exp(scores[j, i]) for j in range(4) if j == i or mask[j, i]]
        total += math.log(sum(row)) + math.log(sum(column)) - 2 * float(scores[i, i])
    assert math.isclose(float(symmetric_info_nce(queries, targets, mask, 0.1)), total / 8, rel_tol=1e-5)


def test_the_temperature_can_be_learned() -> None:
    temperature = torch.tensor(0.5, requires_grad=True)
    info_nce(EYE[:2], EYE, torch.tensor([0, 2]), ALL, temperature).backward()
    assert temperature.grad is not None and float(temperature.grad) != 0.0
