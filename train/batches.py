"""Batches as a function of (seed, epoch): a resumed run needs only to know where it stood."""

from collections.abc import Callable, Hashable, Sequence

import numpy as np

Batches = Callable[[int], list[list[int]]]  # epoch from 0 -> that epoch's batches of example indices


def epoch_rng(seed: int, epoch: int, stream: int = 0) -> np.random.Generator:
    """The generator of one epoch; other `stream` numbers give independent ones for other purposes."""
    return np.random.default_rng([seed, epoch, stream])


def shuffled_batches(count: int, batch_size: int, seed: int) -> Batches:
    """Batches over a fresh shuffle of 0..count-1 each epoch, all of `batch_size` (the rest waits).

    With fewer examples than `batch_size` the one batch holds them all.
    """
    _check(count, batch_size)

    def batches(epoch: int) -> list[list[int]]:
        return _full_batches(epoch_rng(seed, epoch).permutation(count), batch_size)

    return batches


def grouped_batches(groups: Sequence[Hashable], batch_size: int, seed: int) -> Batches:
    """As `shuffled_batches`, every batch from one group (a category: harder in-batch negatives).

    `groups` names each example's group; a group smaller than `batch_size` gives one smaller batch an epoch.
    """
    _check(len(groups), batch_size)
    members: dict[Hashable, list[int]] = {}
    for index, group in enumerate(groups):
        members.setdefault(group, []).append(index)

    def batches(epoch: int) -> list[list[int]]:
        rng = epoch_rng(seed, epoch)
        made = [
            batch
            for indices in members.values()
            for batch in _full_batches(rng.permutation(indices), batch_size)
        ]
        return [made[i] for i in rng.permutation(len(made))]

    return batches


def _full_batches(order: np.ndarray, batch_size: int) -> list[list[int]]:
    size = min(batch_size, len(order))
    return [order[start : start + size].tolist() for start in range(0, len(order) - size + 1, size)]


def _check(count: int, batch_size: int) -> None:
    if count < 1 or batch_size < 1:
        raise ValueError(
            f"batches need examples and a batch size of at least 1; got {count} and {batch_size}"
        )
