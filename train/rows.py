"""The steps that a row of a benchmark table takes, one subprocess a step, and what they cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.evaluation.result import ranks_path
from core.files import read_json, sha256_file, write_json
from core.runs import load_card
from train.tables import Budget, Measure, Row, Table

SPEC = "hemline.json"
# What a build or an evaluation weighs beside one training step; for the time left only.
LIGHT = 12


@dataclass(frozen=True)
class Places:
    """Where the table's datasets (by name), trained models, results and tower features are, and torch's
    threads a step.
    """

    data: Mapping[str, Path]
    runs: Path
    results: Path
    cache: Path
    threads: int = 1


@dataclass(frozen=True)
class Step:
    """One subprocess: `python -m COMMAND`. `finished` says that it need not run (again).

    `model` is the run folder of a training step, None for a build or an evaluation. `finished` raises
    HemlineError where what is there belongs to other options.
    """

    name: str
    command: tuple[str, ...]
    finished: Callable[[], bool]
    weight: int = LIGHT
    model: Path | None = None


@dataclass(frozen=True)
class Work:
    """A row with one seed: its folder under the runs, its steps in order, and the file of what they cost."""

    name: str
    folder: Path
    steps: tuple[Step, ...]
    costs: Path
    facts: dict[str, Any]


def chosen(table: Table, only: Sequence[str] | None) -> list[Row]:
    """The rows named in `only`, in the table's order; all of them for None. HemlineError for other names."""
    names = [row.name for row in table.rows]
    for name in only or ():
        if name not in names:
            raise HemlineError(f"--only {name} is no row of the table; its rows are {', '.join(names)}")
    return [row for row in table.rows if not only or row.name in only]


def label(row: str, variant: str, seed: int, modality: str = "both", data: str = "") -> str:
    """The name of a result without its ending: "clip-sum-mined-seed0", "clip-sum-mined-seed0-text".

    `data` names what it is measured on, where that is not the table's leading measure.
    """
    parts = (row, variant, f"seed{seed}", "" if modality == "both" else modality, data)
    return "-".join(part for part in parts if part)


def costs_path(results: Path, row: str, seed: int) -> Path:
    """The file that says what the training steps of a row cost."""
    return results / f"{label(row, '', seed)}.steps.json"


def plan(table: Table, row: Row, seed: int, places: Places) -> Work:
    """All steps of `row` with `seed`: build, train, evaluate each model as soon as it is there."""
    folder = places.runs / label(row.name, "", seed)
    built = folder / "built"
    data = [str(places.data[name]) for name in table.train]
    command = ["core.backbones.build", "--data", *data, "--out", str(built), *row.build]
    steps = [Step("build", (*command, "--seed", str(seed)), lambda: (built / SPEC).is_file())]
    if row.budget is None:
        steps += _evaluations(table, row, "", seed, built, places)
    else:
        steps += _training(table, row, row.budget, seed, folder, places)
    facts = {"row": row.name, "seed": seed, "budget": asdict(row.budget) if row.budget else None}
    return Work(folder.name, folder, tuple(steps), costs_path(places.results, row.name, seed), facts)


def _training(table: Table, row: Row, budget: Budget, seed: int, folder: Path, places: Places) -> list[Step]:
    data = [str(places.data[name]) for name in table.train]

    def train(name: str, init: Path, steps: int, *options: str) -> Step:
        stage, own = ("train.stage1", row.stage1) if name == "stage1" else ("train.stage2", row.stage2)
        out = folder / name
        command: tuple[str, ...] = (stage, "--init", str(init), "--data", *data, "--out", str(out))
        command += ("--cache", str(places.cache), *own, "--seed", str(seed), *options)
        command += ("--no-hold-out", "--threads", str(places.threads))
        return Step(name, command, lambda: _trained(out, init, command[1:]), steps, out)

    steps, start = [], folder / "built"
    if budget.stage1:
        steps.append(train("stage1", start, budget.stage1, "--steps", str(budget.stage1)))
        start = folder / "stage1"
    first = ("--steps", str(budget.in_batch), "--bank-steps", "0")
    steps.append(train("in-batch", start, budget.in_batch, *first))
    second = ("--steps", "0", "--bank-steps", str(budget.bank))
    for variant in table.variants:
        if variant != "in-batch":
            options = ("--mined", "0") if variant == "bank" else ()
            steps.append(train(variant, folder / "in-batch", budget.bank, *second, *options))
        steps += _evaluations(table, row, variant, seed, folder / variant, places)
    return steps


def _evaluations(table: Table, row: Row, variant: str, seed: int, model: Path, places: Places) -> list[Step]:
    return [
        _evaluation(row, variant, seed, model, places, modality, measure, "" if first else measure.data)
        for measure, first in zip(table.measures, (True, *[False] * len(table.measures)), strict=False)
        for modality in table.modalities_of(variant)
    ]


def _evaluation(
    row: Row, variant: str, seed: int, model: Path, places: Places, modality: str, on: Measure, data: str
) -> Step:
    out = places.results / f"{label(row.name, variant, seed, modality, data)}.json"
    command: tuple[str, ...] = ("train.evaluate", "--model", str(model), "--data", str(places.data[on.data]))
    command += ("--split", on.split, "--protocol", on.protocol, "--modality", modality, "--json", str(out))
    command += ("--features", str(places.cache))
    name = " ".join(part for part in ("evaluate", variant, modality, data) if part)
    return Step(name, command, lambda: _evaluated(out, model))


def _trained(out: Path, init: Path, arguments: Sequence[str]) -> bool:
    """Whether `out` holds the finished run of these arguments; only the threads may be others."""
    card = load_card(out) if out.is_dir() else None
    if card is None or not card.finished:
        return False
    if _without_threads(card.arguments) != _without_threads(arguments):
        raise HemlineError(
            f"{out} holds a finished run of other options; remove it, or choose another --runs folder"
        )
    before = load_card(init)
    if before is not None and before.finished and card.started < before.finished:
        raise HemlineError(
            f"{out} was trained before what it starts from, {init}; remove it to train it again"
        )
    return True


def _without_threads(arguments: Sequence[str]) -> list[str]:
    given = list(arguments)
    if "--threads" in given:
        at = given.index("--threads")
        del given[at : at + 2]
    return given


def _evaluated(out: Path, model: Path) -> bool:
    """Whether `out` is a result of the model as it is now, with its ranks beside it."""
    if not (out.is_file() and ranks_path(out).is_file() and (model / SPEC).is_file()):
        return False
    try:
        told = read_json(out)["model"]["fingerprint"]
    except (HemlineError, KeyError, TypeError):
        return False
    return bool(told == sha256_file(model / SPEC))


def write_costs(work: Work) -> None:
    """Write what the finished training steps of `work` cost, as their run cards say, beside the results.

    Of each step: wall and processor seconds (summed over resumes), threads, core-minutes (of the processor,
    which other work on the machine does not inflate), peak memory in MiB, resumes, and the commit it ran at.
    """
    told: dict[str, Any] = {}
    for step in work.steps:
        card = load_card(step.model) if step.model is not None and step.model.is_dir() else None
        if card is None or not card.finished:
            continue
        threads = int(card.hardware["threads"])
        told[step.name] = {
            "wall_seconds": round(card.wall_seconds, 1),
            "threads": threads,
            "cpu_seconds": round(card.cpu_seconds, 1),
            "core_minutes": round(card.cpu_seconds / 60, 2),
            "peak_memory_mb": round(card.peak_memory_mb),
            "resumes": card.resumes,
            "git": card.git,
        }
    if told:
        write_json(work.costs, {**work.facts, "steps": told})
