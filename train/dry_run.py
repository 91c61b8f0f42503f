"""What training one of the real-size recipes would take: counted and worked out, nothing is run.

    python -m train.dry_run train/configs/real/internvl3-1b.toml
    python -m train.dry_run train/configs/real/llava-1.5-7b.toml --dataset cirr --json

Builds the recipe's model on torch's meta device (no weights, no download, hardly any memory), with its
adapters, and prints parameters, the trainable share, memory, disk and time, and the exact commands.
"""

import argparse
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.backbones.estimate import (
    GB,
    INDEXED,
    Setting,
    Stage,
    feature_bytes,
    forward_flops,
    index_bytes,
    inference_memory,
    lengths,
    picture_flops,
    step_flops,
    trained_parameters,
    training_memory,
)
from core.backbones.shapes import Shape
from core.cli import entry
from train.accelerators import ACCELERATORS, UTILISATION
from train.recipes import DATASETS, Recipe, commands, read_recipe

if TYPE_CHECKING:
    from train.accelerators import Accelerator

PHASES: tuple[tuple[Stage, str, str], ...] = (
    ("stage1", "stage1", "steps"),
    ("in-batch", "stage2", "steps"),
    ("bank", "stage2", "bank_steps"),
)
NOTE = "Worked out, not measured: nothing of this size was run when this was written."


def setting_of(recipe: Recipe, stage: str) -> Setting:
    """How the recipe runs a stage, as the estimates take it."""
    names = ("batch", "chunk", "lora", "checkpoint_layers", "quantize")
    return Setting(**{name: recipe.value(stage, name) for name in names}, dtype=recipe.dtype)  # type: ignore[arg-type]


def estimate(recipe: Recipe) -> dict[str, Any]:
    """Everything a dry run says but the commands: numbers by name, bytes and seconds unrounded."""
    from core.backbones.meta import count_adapters, count_parts, meta_model

    shape = recipe.backbone.shape
    model = meta_model(recipe.backbone.name)
    shape = replace(shape, parameters=count_parts(model))
    rank = recipe.value("stage2", "lora") or recipe.value("stage2", "rank")
    adapters = 0 if shape.dual else count_adapters(model, rank, shape.family)
    phases = {
        phase: _phase(recipe, shape, phase, stage, recipe.value(stage, steps))
        for phase, stage, steps in PHASES
        if stage in recipe.stages and recipe.value(stage, steps)
    }
    last = setting_of(recipe, "stage2")
    inference = {
        kind: {"query": inference_memory(shape, 1, s), "indexing": inference_memory(shape, INDEXED, s)}
        for kind in ("none", "8bit", "4bit")
        for s in [replace(last, quantize=kind)]
        if kind == "none" or not shape.dual
    }
    return {
        "recipe": recipe.name,
        "dataset": recipe.dataset.name,
        "backbone": recipe.backbone.name,
        "dtype": recipe.dtype,
        "parameters": {**shape.parameters, "both adapters": adapters, "total": shape.total + adapters},
        "sequences": {phase: list(lengths(shape, phase)) for phase, _, _ in PHASES if phase in phases},
        "phases": phases,
        "inference_bytes": inference,
        "disk_bytes": _disk(recipe, shape),
        "seconds": {device.name: _seconds(recipe, shape, phases, device) for device in ACCELERATORS},
    }


def _phase(recipe: Recipe, shape: Shape, phase: Stage, stage: str, steps: int) -> dict[str, Any]:
    setting = setting_of(recipe, stage)
    trained = trained_parameters(shape, phase, setting.lora)
    examples = recipe.dataset.photos if phase == "stage1" else recipe.dataset.triplets
    memory = {
        kind: training_memory(shape, phase, replace(setting, quantize=kind))
        for kind in ("none", "8bit", "4bit")
        if kind == "none" or (setting.lora and not shape.dual)
    }
    plain = replace(setting, chunk=0, checkpoint_layers=False)
    return {
        **{name: value for name, value in asdict(setting).items() if name != "dtype"},
        "steps": steps,
        "steps_an_epoch": math.ceil(examples / setting.batch),
        "trainable": trained,
        "trainable_share": trained / (shape.total + (trained if setting.lora and not shape.dual else 0)),
        "memory_bytes": memory,
        "memory_bytes_whole_batch_not_checkpointed": training_memory(shape, phase, plain)["total"],
        "flops_a_step": step_flops(shape, phase, setting),
    }


def _disk(recipe: Recipe, shape: Shape) -> dict[str, float]:
    views = recipe.value("stage2", "views")
    weights = 2 if recipe.dtype == "bfloat16" else 4
    return {
        "features of train": feature_bytes(shape, recipe.dataset.photos, views),
        "features of val": feature_bytes(shape, recipe.dataset.evaluated),
        "index of val": index_bytes(shape, recipe.dataset.evaluated),
        "model folder": shape.total * weights,
    }


def _seconds(
    recipe: Recipe, shape: Shape, phases: Mapping[Any, dict[str, Any]], device: "Accelerator"
) -> dict[str, float | bool]:
    """Seconds on one accelerator, and whether the phase that needs most fits into its memory."""
    photos = recipe.dataset.photos * recipe.value("stage2", "views")
    found = {"features": device.seconds(photos * picture_flops(shape))}
    for name, phase in phases.items():
        step = device.seconds(phase["flops_a_step"])
        found[f"{name} epoch"] = step * phase["steps_an_epoch"]
        found[f"{name} whole"] = step * phase["steps"]
    if "bank" in phases:
        once = lengths(shape, "in-batch")[-1]
        found["targets of the bank"] = device.seconds(recipe.dataset.photos * forward_flops(shape, once))
    needed = max(phase["memory_bytes"][phase["quantize"]]["total"] for phase in phases.values())
    return {**found, "fits": needed <= device.memory_gb * GB}


def lines_of(found: dict[str, Any], told: list[str]) -> list[str]:
    """The estimate and the commands as lines to read."""
    parameters = found["parameters"]
    lines = [f"{found['recipe']} on {found['dataset']}, {found['dtype']}. {NOTE}", "", "parameters"]
    lines += [f"  {part:<16}{number:>16,}" for part, number in parameters.items()]
    for name, phase in found["phases"].items():
        lines += ["", *_phase_lines(name, phase, found["sequences"][name])]
    lines += ["", "memory to embed (GB; batch 1 and 32)"]
    for kind, both in found["inference_bytes"].items():
        query, indexing = (both[name]["total"] / GB for name in ("query", "indexing"))
        lines.append(f"  weights {kind:<6} query {query:6.1f}   indexing {indexing:6.1f}")
    lines += ["", "disk (GB)"]
    lines += [f"  {name:<20}{size / GB:>8.2f}" for name, size in found["disk_bytes"].items()]
    lines += ["", f"hours on one accelerator, if {UTILISATION:.0%} of its bfloat16 peak is reached (assumed)"]
    for device, seconds in found["seconds"].items():
        spent = {name: s / 3600 for name, s in seconds.items() if name != "fits" and "epoch" not in name}
        said = "  ".join(f"{name.removesuffix(' whole')} {hours:.2f}" for name, hours in spent.items())
        lines.append(f"  {device:<12}{said}{'' if seconds['fits'] else '  (does not fit as configured)'}")
    return [*lines, "", "commands", *(f"  {line}" for line in told)]


def _phase_lines(name: str, phase: dict[str, Any], sequences: list[int]) -> list[str]:
    chunk = f", {phase['chunk']} at once" if phase["chunk"] else ""
    layers = ", layers checkpointed" if phase["checkpoint_layers"] else ""
    tokens = " + ".join(str(length) for length in sequences)
    epochs = phase["steps"] / phase["steps_an_epoch"]
    lines = [
        f"{name}: {phase['steps']} steps of {phase['batch']}{chunk}{layers}; {epochs:.1f} epochs",
        f"  trains {phase['trainable']:,} parameters ({phase['trainable_share']:.2%}); {tokens} tokens an "
        f"example; {phase['flops_a_step'] / 1e12:,.0f} TFLOP a step",
    ]
    for kind, memory in phase["memory_bytes"].items():
        parts = "  ".join(f"{part} {size / GB:.1f}" for part, size in memory.items() if part != "total")
        chosen = " <- as configured" if kind == phase["quantize"] else ""
        lines.append(f"  memory, {kind:<5}{memory['total'] / GB:6.1f} GB  ({parts}){chosen}")
    whole = phase["memory_bytes_whole_batch_not_checkpointed"] / GB
    lines.append(f"  the batch at once and not checkpointed: {whole:.1f} GB")
    return lines


def main() -> None:
    """Command line: estimate one recipe on one dataset."""
    parser = argparse.ArgumentParser(
        prog="python -m train.dry_run", description="What a real-size recipe would take; nothing is run."
    )
    parser.add_argument("recipe", type=Path, help="a recipe, as in train/configs/real")
    names = [found.name for found in DATASETS]
    parser.add_argument("--dataset", choices=names, default=names[0], help=f"default {names[0]}")
    parser.add_argument("--data", help="the dataset's folder in the commands (data/DATASET)")
    parser.add_argument("--runs", help="the folder of the runs in the commands (runs/RECIPE-DATASET)")
    parser.add_argument("--commands", action="store_true", help="print the commands alone, for a shell")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args()
    recipe = read_recipe(options.recipe, options.dataset)
    told = commands(
        recipe,
        options.data or f"data/{options.dataset}",
        options.runs or f"runs/{recipe.name}-{options.dataset}",
    )
    if options.commands:
        print("\n".join(told))
        return
    found = estimate(recipe)
    if options.json:
        print(json.dumps({**found, "note": NOTE, "utilisation": UTILISATION, "commands": told}, indent=1))
    else:
        print("\n".join(lines_of(found, told)))


if __name__ == "__main__":
    entry(main)
