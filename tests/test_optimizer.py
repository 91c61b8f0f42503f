"""Batches, the schedule, parameter groups and what a checkpoint holds of a model."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from train.batches import grouped_batches, shuffled_batches
from train.optimizer import (
    OptimizerConfig,
    learning_rate,
    make_optimizer,
    set_learning_rate,
    trainable,
    training_tensors,
)


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 5), st.integers(0, 3))
def test_an_epoch_is_a_function_of_seed_and_number(count: int, size: int, seed: int, epoch: int) -> None:
    batches = shuffled_batches(count, size, seed)(epoch)
    assert batches == shuffled_batches(count, size, seed)(epoch)
    flat = [i for batch in batches for i in batch]
    assert len(set(flat)) == len(flat) and set(flat) <= set(range(count))
    assert {len(b) for b in batches} == {min(size, count)}
    assert count - len(flat) < size


def test_seeds_and_epochs_differ() -> None:
    one = shuffled_batches(50, 50, 0)
    assert one(0) != one(1) and one(0) != shuffled_batches(50, 50, 1)(0)
    with pytest.raises(ValueError, match="at least 1"):
        shuffled_batches(0, 4, 0)


@given(st.lists(st.sampled_from("abc"), min_size=1, max_size=40), st.integers(1, 8))
def test_a_grouped_batch_holds_one_group(groups: list[str], size: int) -> None:
    batches = grouped_batches(groups, size, 0)(0)
    assert all(len({groups[i] for i in batch}) == 1 and len(batch) <= size for batch in batches)
    assert {groups[i] for batch in batches for i in batch} == set(groups)


def test_the_rate_warms_up_and_comes_down() -> None:
    config = OptimizerConfig(lr=1.0, warmup=0.1, final=0.1)
    rates = [learning_rate(step, 100, config) for step in range(100)]
    assert rates[:3] == [0.1, 0.2, pytest.approx(0.3)]
    assert max(rates) == rates[9] == rates[10] == 1.0
    assert math.isclose(rates[-1], 0.1)
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert learning_rate(0, 1, OptimizerConfig(lr=1.0, warmup=0.0)) == 1.0


def test_groups_scale_the_rate_and_spare_vectors_from_decay() -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1))
    model[2].bias.requires_grad_(False)
    optimizer = make_optimizer(trainable(model), OptimizerConfig(weight_decay=0.2), {"0.": 0.1})
    set_learning_rate(optimizer, 2.0)
    settings = {
        id(p): (group["lr"], group["weight_decay"])
        for group in optimizer.param_groups
        for p in group["params"]
    }
    assert settings[id(model[0].weight)] == (0.2, 0.2)
    assert settings[id(model[0].bias)] == (0.2, 0.0)
    assert settings[id(model[1].weight)] == (2.0, 0.0)
    assert settings[id(model[2].weight)] == (2.0, 0.2)
    assert id(model[2].bias) not in settings
    kept = training_tensors(model)
    assert "2.bias" not in kept and {"0.weight", "1.running_mean", "1.num_batches_tracked"} <= kept.keys()
