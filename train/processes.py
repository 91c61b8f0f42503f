"""One step shared by several processes, started by `torchrun`; without it all here is for one process.

Every process draws the same batch, encodes its own share of the rows, and receives the vectors of the others.
Each then computes the whole loss, whose gradient goes through its own rows alone; so the sum of the
processes' gradients is the gradient of one process, and one all-reduce a step brings it.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from torch import Tensor, distributed, nn

from core.errors import HemlineError

T = TypeVar("T")


def join_group(device: str = "cpu") -> None:
    """Join the processes that `torchrun` started together; nothing where this is the only one.

    `device`: where this one computes, a GPU of its own or the CPU; all say the same kind.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2 or distributed.is_initialized():
        return
    lacking = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if lacking:
        raise HemlineError(
            f"WORLD_SIZE is set but {', '.join(lacking)} is not; start several processes with torchrun"
        )
    if device == "cpu":
        distributed.init_process_group("gloo")
        return
    torch.cuda.set_device(device)  # what barriers use
    distributed.init_process_group("nccl")


def leave_group() -> None:
    """Leave the group in an orderly way, where there is one."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def count() -> int:
    """How many processes share a step."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def number() -> int:
    """Which of them this is, from 0."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def leads() -> bool:
    """Whether this is the process that writes: the log, checkpoints, the card and the model."""
    return number() == 0


def one_first(work: Callable[[], T]) -> T:
    """`work` by the leading process first, then by the others: they find what it left on disk."""
    if count() == 1:
        return work()
    if not leads():
        distributed.barrier()
    done = work()
    if leads():
        distributed.barrier()
    return done


def own_draws(seed: int, step: int) -> None:
    """Let a process that does not lead draw its own random numbers of torch (dropout) in `step`.

    A function of the seed, the step and the process, so that a resumed run draws what it would have. The
    leading process goes on with the generator that its checkpoints hold; whatever the processes must draw
    alike (examples, batches) has generators of its own.
    """
    if not leads():
        named = hashlib.sha256(f"{seed} {step} {number()}".encode())
        torch.manual_seed(int.from_bytes(named.digest()[:8], "big") >> 1)


def share(rows: int, of: int | None = None) -> slice:
    """The rows, of `rows` in all, that this process encodes (or process `of`); shares differ by one."""
    which, many = number() if of is None else of, count()
    return slice(rows * which // many, rows * (which + 1) // many)


def everyones(own: Tensor, rows: int) -> Tensor:
    """All `rows` vectors [rows, d] of which this process encoded `own` [share, d].

    The gradient goes to the own rows; the others' are plain numbers here.
    """
    if count() == 1:
        return own
    shares = [share(rows, process) for process in range(count())]
    longest = max(part.stop - part.start for part in shares)
    padded = own.new_zeros(longest, *own.shape[1:])
    padded[: len(own)] = own.detach()
    received = [torch.empty_like(padded) for _ in shares]
    distributed.all_gather(received, padded)
    parts = [vectors[: part.stop - part.start] for vectors, part in zip(received, shares, strict=True)]
    parts[number()] = own
    return torch.cat(parts)


def everyones_sum(own: Tensor) -> Tensor:
    """The sum of a scalar over the processes; the gradient goes to the own summand."""
    if count() == 1:
        return own
    total = own.detach().clone()
    distributed.all_reduce(total)
    return own + (total - own.detach())


def sum_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace each parameter's gradient by its sum over the processes, all in one message a number format."""
    if count() == 1:
        return
    trained = [p for p in parameters if p.requires_grad]
    by_format: dict[torch.dtype, list[nn.Parameter]] = {}
    for parameter in trained:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
        by_format.setdefault(parameter.dtype, []).append(parameter)
    for members in by_format.values():
        flat = torch.cat([p.grad.reshape(-1) for p in members if p.grad is not None])
        distributed.all_reduce(flat)
        for parameter, part in zip(members, flat.split([p.numel() for p in members]), strict=True):
            parameter.grad = part.view_as(parameter)
