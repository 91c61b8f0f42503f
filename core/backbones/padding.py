"""Rows of token ids of different lengths as one batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Padded:
    """Rows of ids padded to one length, all int64: `ids`, `mask` (1 where real) and `positions` [n, length].

    `last` [n] is each row's last real place.
    """

    ids: Tensor
    mask: Tensor
    positions: Tensor
    last: Tensor


def pad_rows(rows: Sequence[Sequence[int]], filler: int, side: str, device: torch.device) -> Padded:
    """Pad `rows` with `filler` on the "left" or the "right"."""
    length = max(len(row) for row in rows)
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
