"""Rows of token ids of different lengths as one batch; and what makes a row's result the same in any batch.

A matrix product of the CPU's library (MKL) takes one of three ways, by its number of rows: one row, fewer
than 16, and more, which differ in the last bits. Within one of them, and with one thread, a row's result
does not depend on the other rows. So what must not depend on its batch is computed at 16 rows at least, and
every query at a length that is its own: `roomy` of its tokens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

LEAST = 16  # rows of a matrix product from which on more of them change nothing
STEP = 8  # lengths of queries are multiples of it


@dataclass(frozen=True)
class Padded:
    """Rows of ids padded to one length, all int64: `ids`, `mask` (1 where real) and `positions` [n, length].

    `last` [n] is each row's last real place.
    """

    ids: Tensor
    mask: Tensor
    positions: Tensor
    last: Tensor


def roomy(length: int) -> int:
    """The length at which a query of `length` tokens is computed, alone or beside others.

    It is always longer than the query: a batch without any padding needs no mask, and takes another way.
    """
    return max(LEAST, (length // STEP + 1) * STEP)


def steady(product: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
    """`product` of `rows` [n, k], each row's result the same whatever n is."""
    count = len(rows)
    return product(rows if count >= LEAST else torch.cat([rows] * -(-LEAST // count)))[:count]


def pad_rows(
    rows: Sequence[Sequence[int]], filler: int, side: str, device: torch.device, length: int | None = None
) -> Padded:
    """Pad `rows` with `filler` on the "left" or the "right", to `length` or that of the longest."""
    length = length or max(len(row) for row in rows)
    left = side == "left"
    ids, mask = [], []
    for row in rows:
        gap = length - len(row)
        ids.append([filler] * gap + list(row) if left else list(row) + [filler] * gap)
        mask.append([0] * gap + [1] * len(row) if left else [1] * len(row) + [0] * gap)
    attended = torch.tensor(mask, device=device)
    # Counting positions from the first real token keeps a vector the same on either side.
    positions = (attended.cumsum(1) - 1).clamp(min=0)
    last = torch.tensor([length - 1 if left else len(row) - 1 for row in rows], device=device)
    return Padded(torch.tensor(ids, device=device), attended, positions, last)
