"""The number format of the training step: bfloat16 where the device computes it natively, else float32.

Weights, optimizer and vectors stay float32. On a processor with AVX512-BF16 or AMX the step is two to three
times as fast; on one without, and on a GPU older than Ampere, bfloat16 is emulated and slower (`auto`
decides).
"""

from contextlib import AbstractContextManager, nullcontext

import torch

from core.errors import HemlineError

PRECISIONS = ("auto", "bfloat16", "float32")
CPU = torch.device("cpu")


def resolve(precision: str, device: torch.device = CPU) -> str:
    """ "bfloat16" or "float32" for one of `PRECISIONS` on `device`; HemlineError for another word."""
    if precision not in PRECISIONS:
        raise HemlineError(f"precision is one of {', '.join(PRECISIONS)}, not {precision!r}")
    if precision != "auto":
        return precision
    if device.type == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    flags = torch.cpu.get_capabilities()
    native = bool(flags.get("avx512_bf16")) or bool(flags.get("amx_bf16"))
    return "bfloat16" if native else "float32"


def computing(precision: str, device: torch.device = CPU) -> AbstractContextManager[object]:
    """The context a step runs in on `device`; `precision` as `resolve` gives it."""
    if precision == "float32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)
