"""How far the estimate of a step's memory is from a measured one, on a small model on a CPU.

    python -m tests.bench.memory_estimate --json assets/results/memory_estimate.json

A random LLaVA-style decoder with both adapters, forward and backward through one of them, each setting in a
process of its own. Measured are the bytes that the backward pass keeps (each storage once, weights left out)
and how much the process grew at its largest. Nothing of real size is run.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.backbones.estimate import Setting, activation_bytes, lengths, trained_parameters
from core.backbones.shapes import Shape, Stack
from core.cli import entry
from core.files import write_json
from core.runs import git_state, hardware, versions

SETTINGS = (
    Setting(batch=2, dtype="float32"),
    Setting(batch=6, dtype="float32"),
    Setting(batch=6, dtype="float32", checkpoint_layers=True),
    Setting(batch=1),  # a processor without bfloat16 takes long
    Setting(batch=1, checkpoint_layers=True),
)
DECODER = Stack(layers=8, width=384, attention=384, key_values=128, mlp=1536, gated=True)
VOCABULARY, TOKENS = 1000, 192


def shape() -> Shape:
    """The small model's shape; its vision side is left out, as training reads cached features."""
    weights = DECODER.layers * sum(a * b for a, b in DECODER.linears) + VOCABULARY * DECODER.width
    parts = {"vision": 0, "connector": 0, "decoder": weights, "head": 0}
    none = Stack(0, 1, 1, 1, 1, False)
    width = DECODER.width
    return Shape("small", "llava", parts, none, DECODER, VOCABULARY, 0, TOKENS, width, width)


def measure(setting: Setting) -> dict[str, float]:
    """Bytes that one step keeps and that the process grew by, in this process."""
    import torch
    from transformers import LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    from core.backbones.adapters import activate, create

    torch.manual_seed(0)
    torch.set_num_threads(1)
    eye = {"model_type": "clip_vision_model", "hidden_size": 32, "intermediate_size": 32, "image_size": 28,
           "num_hidden_layers": 1, "num_attention_heads": 2, "patch_size": 14}  # fmt: skip
    words = LlamaConfig(
        vocab_size=VOCABULARY, hidden_size=DECODER.width, intermediate_size=DECODER.mlp,
        num_hidden_layers=DECODER.layers, num_attention_heads=6, num_key_value_heads=2,
    )  # fmt: skip
    dtype = getattr(torch, setting.dtype)
    model: Any = LlavaForConditionalGeneration(LlavaConfig(vision_config=eye, text_config=words)).to(dtype)
    model.requires_grad_(False)
    create(model, model.get_decoder(), setting.lora, 32, 0.0, 0)
    activate(model, "query")
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name and ".query." in name)
    decoder = model.get_decoder().train()
    if setting.checkpoint_layers:
        decoder.gradient_checkpointing_enable({"use_reentrant": False})

    own = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    def step(rows: int, length: int) -> None:
        states = torch.randn(rows, length, DECODER.width, dtype=dtype)
        mask = torch.ones(rows, length, dtype=torch.long)
        mask[0, : length // 4] = 0
        with torch.autocast("cpu", dtype, enabled=dtype == torch.bfloat16):
            out = decoder(inputs_embeds=states, attention_mask=mask, use_cache=False).last_hidden_state
        out.float().square().mean().backward()

    step(1, 8)
    before = _resident()
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        step(setting.batch, lengths(shape(), "bank")[0])
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    return {"kept": sum(kept.values()), "grown": grown}


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def compared(number: int) -> dict[str, Any]:
    """One setting: estimated and measured bytes, and their ratio."""
    line = [sys.executable, "-m", "tests.bench.memory_estimate", "--one", str(number)]
    # Freed tensors go back to the system at once, or gaps in the heap would be measured with them.
    variables = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    done = subprocess.run(line, capture_output=True, text=True, check=True, env=variables)
    measured = json.loads(done.stdout)
    setting = SETTINGS[number]
    states = activation_bytes(shape(), "bank", setting)
    adapter = 4 * trained_parameters(shape(), "bank", setting.lora)
    return {
        **asdict(setting),
        "estimated_bytes": round(states + adapter),
        "measured_growth_bytes": measured["grown"],
        "measured_kept_bytes": measured["kept"],
        "measured_over_estimated": round(measured["grown"] / (states + adapter), 2),
        "kept_over_estimated": round(measured["kept"] / states, 2),
    }


def main() -> None:
    """Measure every setting, write them beside the estimates."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", type=Path, help="the file to write")
    parser.add_argument("--one", type=int, help="measure this setting here, and print it")
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(measure(SETTINGS[options.one])))
        return
    rows = []
    for number in range(len(SETTINGS)):
        rows.append(compared(number))
        print(json.dumps(rows[-1]), flush=True)
    if options.json:
        facts = {"hardware": hardware(), "versions": versions(), "git": git_state()}
        write_json(options.json, {"decoder": asdict(DECODER), "tokens": TOKENS, "settings": rows, **facts})


if __name__ == "__main__":
    entry(main)
