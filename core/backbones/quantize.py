"""A frozen language model packed into 4 or 8 bits a weight, to train adapters on where memory is short.

Through bitsandbytes, which transformers and PEFT know how to use. The decoder's linear layers alone are
packed; the vision side, embeddings and head stay as they are, so a photo's features are the whole model's.
"""

import importlib.util
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.errors import HemlineError

KINDS = ("none", "4bit", "8bit")


def packed(kind: str, folder: Path, decoder_of: Callable[[Any], Any], dtype: str) -> Any:
    """transformers' quantisation of the model in `folder`, as `kind` (of `KINDS`) says; None for "none".

    `decoder_of` finds the decoder in a model of its architecture. Raises HemlineError for another word, and
    where bitsandbytes is not installed.
    """
    if kind not in KINDS:
        raise HemlineError(f"--quantize is {kind!r}; it must be one of {', '.join(KINDS)}")
    if kind == "none":
        return None
    if importlib.util.find_spec("bitsandbytes") is None:
        raise HemlineError(
            f"--quantize {kind} needs the package bitsandbytes, which is not installed; install it "
            "(tests/requirements.txt names the version), or leave --quantize out"
        )
    import torch
    from transformers import BitsAndBytesConfig

    kept = _outside(folder, decoder_of)
    if kind == "8bit":
        # it says of every layer that float32 is rounded on the way in
        logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
        return BitsAndBytesConfig(load_in_8bit=True, llm_int8_skip_modules=kept)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=getattr(torch, dtype),
        llm_int8_skip_modules=kept,
    )


def unpack_alike(model: Any) -> None:
    """Let a packed `model` compute on any processor as on others.

    On a CPU with bfloat16 instructions bitsandbytes repacks the weights once more, answers in bfloat16, and
    fails on layers whose sizes are no multiples of its blocks.
    """
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False


def _outside(folder: Path, decoder_of: Callable[[Any], Any]) -> list[str]:
    """The names of all linear layers outside the decoder, of a model without weights."""
    import torch
    from torch import nn
    from transformers import AutoConfig, AutoModelForImageTextToText

    config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(config)
    inside = {id(module) for module in decoder_of(model).modules()}
    linear = (name for name, m in model.named_modules() if isinstance(m, nn.Linear) and id(m) not in inside)
    return sorted(linear)
