"""Peak memory of a contrastive step against its batch: direct or in chunks, layers kept or computed again.

    python -m tests.bench.training_memory --json assets/results/training_memory.json

Each setting has a process of its own, forked once the model is there; it takes a step of two rows (so that
gradients and what is made once are there), and then one step of the whole batch: both sides of every row
encoded, InfoNCE, the backward pass. What counts is the peak of the resident memory during that step less what
was resident before it, the features of the batch among that. Pictures are random features; texts are words of
the model's own vocabulary.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli import entry
from core.errors import HemlineError
from core.files import write_json
from core.runs import git_state, hardware, versions

if TYPE_CHECKING:
    from torch import Tensor

    from core.backbones.base import Backbone

SETTINGS = {"direct": (0, False), "direct, layers": (0, True), "chunks": (16, False), "both": (16, True)}
TEXT = "is darker and has short sleeves"


def main() -> None:
    """Measure every setting at every batch and write the table as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 32, 64, 128, 256])
    parser.add_argument("--layers", type=int, default=2, help="of the decoder")
    parser.add_argument("--grid", type=int, default=2, help="image tokens a side")
    arguments = parser.parse_args()

    import torch

    from core.backbones.build import Parts, build
    from core.backbones.mllm import add_adapters

    torch.set_num_threads(1)
    parts = Parts(layers=arguments.layers, grid=arguments.grid)
    backbone = build(parts, iter([TEXT] * 20))
    add_adapters(backbone, rank=16)
    rows = [_apart(backbone, name, batch) for batch in arguments.batches for name in SETTINGS]
    result = {
        "rows": rows,
        "parts": asdict(parts),
        "parameters": sum(p.numel() for found in backbone.parts().values() for p in found),
        "settings": {n: {"chunk": c, "checkpoint_layers": a} for n, (c, a) in SETTINGS.items()},
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(),
    }
    write_json(arguments.json, result)
    for batch in arguments.batches:
        of = {row["setting"]: row["peak_mb"] for row in rows if row["batch"] == batch}
        print(f"| {batch} | " + " | ".join(f"{of[name]:,.0f}" for name in SETTINGS) + " |")


def _apart(backbone: "Backbone", name: str, batch: int) -> dict[str, Any]:
    """`measure` in a process forked for it; this one has taken no step and holds the model alone."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as answer:
        child = os.fork()
        if child == 0:
            status = 1
            try:
                json.dump(measure(backbone, batch, *SETTINGS[name]), answer)
                answer.flush()
                status = 0
            finally:
                os._exit(status)
        _, ended = os.waitpid(child, 0)
        if ended:
            raise HemlineError(f"the step of {batch} rows, {name}, failed; is there memory enough?")
        answer.seek(0)
        row: dict[str, Any] = {"setting": name, "batch": batch, **json.load(answer)}
    print(f"{name:16}{batch:5}{row['peak_mb']:10.0f} MB{row['seconds']:8.1f} s", file=sys.stderr, flush=True)
    return row


def measure(backbone: "Backbone", batch: int, chunk: int, again: bool) -> dict[str, Any]:
    """Peak memory in MB (10^6 bytes) and seconds, of wall and processor, of a step of `batch` rows."""
    step = _step(backbone, chunk, again)
    step(_features(backbone, 2))
    features = _features(backbone, batch)
    before = _settle()
    wall, cpu = time.perf_counter(), time.process_time()
    step(features)
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mb": (_status("VmHWM") - before) / 1e6,
        "before_mb": before / 1e6,
    }


def _features(backbone: "Backbone", rows: int) -> "Tensor":
    import torch

    return torch.randn(rows, *backbone.feature_shape()).half()


def _step(backbone: "Backbone", chunk: int, again: bool) -> "Callable[[Tensor], None]":
    import torch

    from core.backbones.recompute import recompute_layers
    from train.chunks import in_chunks
    from train.losses import info_nce

    weights = backbone.train_only(list(backbone.parts()))
    backbone.train()
    if again:
        recompute_layers(backbone)
    for weight in weights:
        weight.grad = torch.zeros_like(weight)

    def step(features: "Tensor") -> None:
        rows = len(features)
        texts = [TEXT] * rows
        whole = slice(0, rows)
        queries = in_chunks(
            lambda s: backbone.query_vectors(features[s].float(), None, texts[s]), whole, chunk
        )
        targets = in_chunks(lambda s: backbone.target_vectors(features[s].float()), whole, chunk)
        info_nce(queries, targets, torch.arange(rows)).backward()

    return step


def _settle() -> int:
    """Give freed memory back, forget the peak so far, and answer what is resident, in bytes (Linux)."""
    import ctypes
    import gc

    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise HemlineError(f"this system does not tell {name} in /proc/self/status; measure on Linux")


if __name__ == "__main__":
    entry(main)
