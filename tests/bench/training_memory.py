"""Peak memory of a contrastive step against its batch: direct or in chunks, layers kept or computed again.

    python -m tests.bench.training_memory --json assets/results/training_memory.json

Each setting has a process of its own, which builds the model, takes a step of two rows (so that gradients and
what is made once are there), and then one step of the whole batch: both sides of every row encoded, InfoNCE,
the backward pass. What counts is the peak of the resident memory during that step less what was resident
before it. Pictures are random features; texts are words of the model's own vocabulary.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.cli import entry
from core.errors import HemlineError
from core.files import write_json
from core.runs import git_state, hardware, versions

SETTINGS = {"direct": (0, False), "direct, layers": (0, True), "chunks": (16, False), "both": (16, True)}
TEXT = "a long red cotton dress with short sleeves and a belt is darker more formal has no print"


def main() -> None:
    """Measure every setting at every batch and write the table as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", type=Path, help="the result to write")
    parser.add_argument("--batches", type=int, nargs="+", default=[16, 64, 256])
    parser.add_argument("--layers", type=int, default=4, help="of the decoder")
    parser.add_argument("--grid", type=int, default=2, help="image tokens a side")
    parser.add_argument("--one", nargs=2, metavar=("SETTING", "BATCH"), help="measure in this process")
    arguments = parser.parse_args()
    if arguments.one:
        name, batch = arguments.one
        chunk, again = SETTINGS[name]
        print(json.dumps(measure(int(batch), chunk, again, arguments.layers, arguments.grid)))
        return
    if arguments.json is None:
        raise HemlineError("give --json, the file to write")
    rows = [_apart(arguments, name, batch) for batch in arguments.batches for name in SETTINGS]
    result = {
        "rows": rows,
        "model": {"layers": arguments.layers, "hidden": 384, "grid": arguments.grid, "dtype": "float32"},
        "settings": {n: {"chunk": c, "checkpoint_layers": a} for n, (c, a) in SETTINGS.items()},
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(),
    }
    write_json(arguments.json, result)
    for batch in arguments.batches:
        of = {row["setting"]: row["peak_mb"] for row in rows if row["batch"] == batch}
        print(f"| {batch} | " + " | ".join(f"{of[name]:,.0f}" for name in SETTINGS) + " |")


def _apart(arguments: argparse.Namespace, name: str, batch: int) -> dict[str, Any]:
    sizes = ["--layers", str(arguments.layers), "--grid", str(arguments.grid)]
    program = [sys.executable, "-m", "tests.bench.training_memory", *sizes, "--one", name, str(batch)]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    row = {"setting": name, "batch": batch, **json.loads(done.stdout.splitlines()[-1])}
    print(f"{name:16}{batch:5}{row['peak_mb']:10.0f} MB{row['seconds']:8.1f} s", file=sys.stderr)
    return row


def measure(batch: int, chunk: int, again: bool, layers: int, grid: int) -> dict[str, Any]:
    """Peak memory in MB (10^6 bytes) and seconds of one step of `batch` rows."""
    import time

    import torch

    torch.set_num_threads(1)
    step, parameters = _step(chunk, again, layers, grid)
    step(2)
    before = _settle()
    start = time.perf_counter()
    step(batch)
    seconds = time.perf_counter() - start
    return {
        "peak_mb": (_status("VmHWM") - before) / 1e6,
        "before_mb": before / 1e6,
        "seconds": seconds,
        "parameters": parameters,
    }


def _step(chunk: int, again: bool, layers: int, grid: int) -> tuple[Callable[[int], None], int]:
    import torch

    from core.backbones.build import Parts, build
    from core.backbones.mllm import add_adapters
    from core.backbones.recompute import recompute_layers
    from train.chunks import in_chunks
    from train.losses import info_nce

    backbone = build(Parts(layers=layers, grid=grid), iter([TEXT] * 20))
    add_adapters(backbone, rank=16)
    weights = backbone.train_only(list(backbone.parts()))
    backbone.train()
    if again:
        recompute_layers(backbone)
    for weight in weights:
        weight.grad = torch.zeros_like(weight)

    def step(rows: int) -> None:
        features = torch.randn(rows, *backbone.feature_shape()).half()
        texts = [TEXT] * rows
        whole = slice(0, rows)
        queries = in_chunks(
            lambda s: backbone.query_vectors(features[s].float(), None, texts[s]), whole, chunk
        )
        targets = in_chunks(lambda s: backbone.target_vectors(features[s].float()), whole, chunk)
        info_nce(queries, targets, torch.arange(rows)).backward()

    return step, sum(weight.numel() for weight in weights)


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
