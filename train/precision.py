"""The number format of the training step: bfloat16 where the processor computes it natively, else float32.

Weights, optimizer and vectors stay float32. On a processor with AVX512-BF16 or AMX the step is two to three
times as fast; on one without, bfloat16 is emulated and slower (`auto` decides).
"""

from contextlib import AbstractContextManager, nullcontext

import torch

from core.errors import HemlineError

PRECISIONS = ("auto", "bfloat16", "float32")


def resolve(precision: str) -> str:
    """ "bfloat16" or "float32" for one of `PRECISIONS`; HemlineError for another word."""
    if precision not in PRECISIONS:
        raise HemlineError(f"precision is one of {', '.join(PRECISIONS)}, not {precision!r}")
    if precision != "auto":
        return precision
    flags = torch.cpu.get_capabilities()
    native = bool(flags.get("avx512_bf16")) or bool(flags.get("amx_bf16"))
    return "bfloat16" if native else "float32"


def computing(precision: str) -> AbstractContextManager[object]:
    """The context a step runs in; `precision` as `resolve` gives it."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast("cpu", dtype=torch.bfloat16)
