"""Samples a second of a stage-2 step: the plain loop, phase (a) from cached features, phase (b) on the bank.

    python -m tests.bench.step_speed --data CLOSET --json assets/results/step_speed.json

The plain loop is how composed retrieval is mostly trained: every photo of the batch is read from its file,
framed and shown to the frozen tower in the step, and both sides are encoded with gradients. It is phase (a)'s
own code with features that are not kept. All three take whole steps (loss, backward pass, AdamW) of the same
model on like batches, in turns, in one process of one thread; a sample is a query with its target. What is
computed once, the features and the bank, is timed apart.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cli import entry
from core.files import write_json
from core.runs import git_state, hardware, versions

if TYPE_CHECKING:
    from core.datasets.fashioniq import Split

TARGET = 3.0


@dataclass(frozen=True)
class Fresh:
    """Features of photos as `core.backbones.features.Features` gives them, made anew whenever asked for."""

    backbone: Any
    files: dict[str, Path]

    def rows(self, ids: Sequence[str], views: int | Sequence[int] = 0) -> np.ndarray:
        from core.backbones.framing import frame
        from core.pictures import read_picture

        spec = self.backbone.spec
        framed = [frame(read_picture(self.files[photo]), spec.image_size, spec.framing) for photo in ids]
        found: np.ndarray = self.backbone.encode_pictures(framed)
        return found


def main() -> None:
    """Measure the three steps in turns and write medians and spread as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, default=Path("assets/model"))
    parser.add_argument("--data", type=Path, required=True, help="a dataset with photos, Closet say")
    parser.add_argument("--cache", type=Path, default=Path("data/features"))
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()

    import torch

    torch.set_num_threads(1)
    steps, once = prepare(arguments)
    result = {
        **measure(steps, arguments.batch, arguments.repeats),
        "once_seconds": once,
        "batch": arguments.batch,
        "repeats": arguments.repeats,
        "threads": 1,
        "model": str(arguments.model),
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(),
    }
    write_json(arguments.json, result)
    print(f"{'step':10}{'samples/s':>12}{'of cpu':>10}{'times':>8}{'of cpu':>8}")
    for name, row in result["steps"].items():
        print(
            f"{name:10}{row['samples_per_second']:12.1f}{row['samples_per_cpu_second']:10.1f}"
            f"{row['times_plain']:8.2f}{row['times_plain_cpu']:8.2f}"
        )


def prepare(arguments: argparse.Namespace) -> tuple[dict[str, Callable[[int], None]], dict[str, float]]:
    """A step by its name, which takes the number of its batch, and the seconds of what is made once."""
    from core.backbones import load_backbone
    from core.backbones.features import encode_all
    from core.datasets.fashioniq import read_split
    from core.datasets.images import check_images
    from core.pictures import picture_hash
    from train.bank import StaticBank
    from train.contrast import InBatch
    from train.material import Material
    from train.negatives import duplicates
    from train.precision import resolve
    from train.stage2 import Stage2Config

    backbone = load_backbone(arguments.model)
    precision = resolve("auto")
    # Mining is done once as well, and leaves the cost of a step as it is.
    config = Stage2Config(batch=arguments.batch, views=1, mined=0, hold_out=False)
    begun = time.perf_counter()
    split = _some(read_split(arguments.data, "train"), arguments.batch * (arguments.repeats + 1))
    files = check_images(split, split.union_gallery()).found
    same = duplicates({photo: picture_hash(path) for photo, path in files.items()})
    material = Material(split, None, encode_all(backbone, files, arguments.cache), same)
    gathered = time.perf_counter()
    whole = InBatch(backbone, material, config, precision)
    fresh: Any = Fresh(backbone, files)
    plain = InBatch(backbone, replace(material, features=fresh), config, precision)
    start = time.perf_counter()
    backbone.eval()
    bank = StaticBank(backbone, material, config, precision)
    once = {"features": gathered - begun, "bank": time.perf_counter() - start}
    both = list(backbone.parts())
    return {
        "plain": _stepper(plain, backbone, both),
        "cached": _stepper(whole, backbone, both),
        "bank": _stepper(bank, backbone, list(backbone.query_parts)),
    }, once


def _some(split: "Split", count: int) -> "Split":
    """`count` triplets of the split, and no other photos: the bank is of theirs."""
    step = max(1, len(split.triplets) // count)
    triplets = split.triplets[::step][:count]
    photos = {photo for t in triplets for photo in (t.reference, t.target)}
    galleries = {name: tuple(i for i in ids if i in photos) for name, ids in split.galleries.items()}
    garments = {photo: g for photo, g in split.garments.items() if photo in photos}
    return replace(split, triplets=triplets, galleries=galleries, garments=garments)


def _stepper(work: Any, backbone: Any, parts: list[str]) -> Callable[[int], None]:
    from train.optimizer import OptimizerConfig, make_optimizer

    batches = work.batches(0)
    optimizer = make_optimizer(
        {str(i): p for i, p in enumerate(backbone.train_only(parts))}, OptimizerConfig()
    )

    def step(turn: int) -> None:
        backbone.train_only(parts)
        backbone.train()
        work.loss(batches[turn % len(batches)]).backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    return step


def measure(steps: dict[str, Callable[[int], None]], batch: int, repeats: int) -> dict[str, Any]:
    """Samples a second of each step and how many times the plain one's, by the wall and by the processor."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for turn in range(repeats + 1):
        # who goes first alternates, so that none always finds the caches warm
        for name in sorted(steps, reverse=bool(turn % 2)):
            wall, cpu = time.perf_counter(), time.process_time()
            steps[name](turn)
            if turn:  # the first turn warms up
                spent[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    rows = {name: _row(times, spent["plain"], batch) for name, times in spent.items()}
    met = all(rows[name]["times_plain_cpu"] >= TARGET for name in ("cached", "bank"))
    return {"steps": rows, "target": TARGET, "within_target": met}


def _row(times: list[tuple[float, float]], plain: list[tuple[float, float]], batch: int) -> dict[str, Any]:
    ratios = [p[1] / t[1] for p, t in zip(plain, times, strict=True)]
    quarters = quantiles(ratios, n=4)
    return {
        "samples_per_second": batch / median(wall for wall, _ in times),
        "samples_per_cpu_second": batch / median(cpu for _, cpu in times),
        "times_plain": median(w for w, _ in plain) / median(w for w, _ in times),
        "times_plain_cpu": median(c for _, c in plain) / median(c for _, c in times),
        # of the steps of one turn
        "times_plain_cpu_quartiles": [quarters[0], quarters[2]],
        "wall_seconds": [wall for wall, _ in times],
        "cpu_seconds": [cpu for _, cpu in times],
    }


if __name__ == "__main__":
    entry(main)
