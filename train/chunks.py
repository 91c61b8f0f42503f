"""A batch encoded a chunk at a time, so that memory is bounded by the chunk and not by the batch.

A contrastive loss needs all vectors of its batch together. Gradient caching (GradCache, arXiv 2101.06983)
keeps the vectors, forgets what they were computed from, and computes each chunk once more when its gradient
is wanted, with the same dropout. `torch.utils.checkpoint` does just that for a function of a chunk.
"""

import contextlib
import ctypes
import functools
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

CPU = torch.device("cpu")


def in_chunks(
    encode: Callable[[slice], Tensor], rows: slice, size: int, device: torch.device = CPU
) -> Tensor:
    """`encode` of `rows` (a slice with both ends), `size` rows at a time; size 0: all at once.

    `encode` answers a row for each of the slice it is given, does all it needs itself (it is called again in
    the backward pass) and draws random numbers from torch's generators of the CPU and of `device` only, which
    are replayed. The gradients are those of `encode` of the parts without forgetting.
    """
    if size <= 0 or rows.stop - rows.start <= size or not torch.is_grad_enabled():
        return encode(rows)
    _give_back_at_once()
    starts = range(rows.start, rows.stop, size)
    parts = [slice(start, min(start + size, rows.stop)) for start in starts]
    # torch replays the generators of those GPUs alone that it sees a tensor of among the arguments.
    there = torch.empty(0, device=device)

    def chunk(part: slice, _: Tensor) -> Tensor:
        return encode(part)

    return torch.cat([checkpoint(chunk, part, there, use_reentrant=False) for part in parts])


@functools.cache
def _give_back_at_once() -> None:
    """Let tensors of 64 KiB and more have pages of their own, which go back to the system once freed.

    Else the graph's small objects, which outlive a chunk, cut up the memory its tensors leave, and a batch
    of sixteen chunks takes four times what one does. For glibc; where there is none all stays as it is.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").mallopt(-3, 1 << 16)  # M_MMAP_THRESHOLD
