"""The rows of the benchmark table as data, and the steps each of them takes, one subprocess a step."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.evaluation.result import ranks_path
from core.files import read_json, sha256_file, write_json
from core.runs import load_card

SPEC = "hemline.json"
# What a build or an evaluation weighs beside one training step; for the time left only.
LIGHT = 12
PROTOCOL = "closet"
SPLIT = "val"


@dataclass(frozen=True)
class Budget:
    """Training steps: of stage 1, of stage 2's in-batch phase, and of its bank phase (of each branch)."""

    stage1: int = 0
    in_batch: int = 0
    bank: int = 0


@dataclass(frozen=True)
class Row:
    """One recipe: what `core.backbones.build` is told, and how long it trains (None: not at all).

    `options` goes to every training command beside its steps.
    """

    name: str
    build: tuple[str, ...]
    budget: Budget | None
    options: tuple[str, ...] = ()

    @property
    def variants(self) -> tuple[str, ...]:
        """The models that are evaluated: "" where the row has only the one that was built."""
        return ("",) if self.budget is None else TRAINED


# Phase (a) alone; from it phase (b) without mined negatives; from it phase (b) with them.
TRAINED = ("in-batch", "bank", "mined")
MODALITIES = {"mined": ("both", "image", "text")}

# One recipe and one size for all; the steps are set so that every trained row costs about the same
# core-minutes (the table says what each cost in fact). The row with both stages pays for stage 1 with
# in-batch steps.
ROWS = (
    Row("untrained", ("--kind", "mllm"), None),
    Row("mllm-both", ("--kind", "mllm"), Budget(stage1=250, in_batch=185, bank=20)),
    Row("mllm-stage2", ("--kind", "mllm"), Budget(in_batch=270, bank=20)),
    Row("clip-combiner", ("--kind", "clip", "--combiner", "combiner"), Budget(in_batch=390, bank=20)),
    Row("clip-sum", ("--kind", "clip", "--combiner", "sum"), Budget(in_batch=390, bank=20)),
)


@dataclass(frozen=True)
class Places:
    """Where the table's data, trained models, results and tower features are, and torch's threads a step."""

    data: Path
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


def chosen(only: Sequence[str] | None, rows: Sequence[Row] = ROWS) -> list[Row]:
    """The rows named in `only`, in the table's order; all of them for None. HemlineError for other names."""
    names = [row.name for row in rows]
    for name in only or ():
        if name not in names:
            raise HemlineError(f"--only {name} is no row of the table; its rows are {', '.join(names)}")
    return [row for row in rows if not only or row.name in only]


def label(row: str, variant: str, seed: int, modality: str = "both") -> str:
    """The name of a result without its ending: "clip-sum-mined-seed0", "clip-sum-mined-seed0-text"."""
    parts = (row, variant, f"seed{seed}", "" if modality == "both" else modality)
    return "-".join(part for part in parts if part)


def costs_path(results: Path, row: str, seed: int) -> Path:
    """The file that says what the training steps of a row cost."""
    return results / f"{label(row, '', seed)}.steps.json"


def plan(row: Row, seed: int, places: Places) -> Work:
    """All steps of `row` with `seed`: build, train, evaluate each model as soon as it is there."""
    folder = places.runs / label(row.name, "", seed)
    built = folder / "built"
    command = ["core.backbones.build", "--data", str(places.data), "--out", str(built), *row.build]
    steps = [Step("build", (*command, "--seed", str(seed)), lambda: (built / SPEC).is_file())]
    if row.budget is None:
        steps += _evaluations(row, "", seed, built, places)
    else:
        steps += _training(row, row.budget, seed, folder, places)
    facts = {"row": row.name, "seed": seed, "budget": asdict(row.budget) if row.budget else None}
    return Work(folder.name, folder, tuple(steps), costs_path(places.results, row.name, seed), facts)


def _training(row: Row, budget: Budget, seed: int, folder: Path, places: Places) -> list[Step]:
    def train(name: str, init: Path, steps: int, *options: str) -> Step:
        stage = "train.stage1" if name == "stage1" else "train.stage2"
        out = folder / name
        command: tuple[str, ...] = (stage, "--init", str(init), "--data", str(places.data), "--out", str(out))
        command += ("--cache", str(places.cache), *row.options, "--seed", str(seed), *options)
        command += ("--no-hold-out", "--threads", str(places.threads))
        return Step(name, command, lambda: _trained(out, init, command[1:]), steps, out)

    steps, start = [], folder / "built"
    if budget.stage1:
        steps.append(train("stage1", start, budget.stage1, "--steps", str(budget.stage1)))
        start = folder / "stage1"
    first = ("--steps", str(budget.in_batch), "--bank-steps", "0")
    steps.append(train("in-batch", start, budget.in_batch, *first))
    steps += _evaluations(row, "in-batch", seed, folder / "in-batch", places)
    second = ("--steps", "0", "--bank-steps", str(budget.bank))
    for variant, options in (("bank", ("--mined", "0")), ("mined", ())):
        steps.append(train(variant, folder / "in-batch", budget.bank, *second, *options))
        steps += _evaluations(row, variant, seed, folder / variant, places)
    return steps


def _evaluations(row: Row, variant: str, seed: int, model: Path, places: Places) -> list[Step]:
    steps = []
    for modality in MODALITIES.get(variant, ("both",)):
        out = places.results / f"{label(row.name, variant, seed, modality)}.json"
        command: tuple[str, ...] = (
            "train.evaluate",
            "--model",
            str(model),
            "--data",
            str(places.data),
            "--split",
            SPLIT,
        )
        command += ("--protocol", PROTOCOL, "--modality", modality, "--json", str(out))
        command += ("--features", str(places.cache))
        name = " ".join(part for part in ("evaluate", variant, modality) if part)
        steps.append(Step(name, command, lambda out=out: _evaluated(out, model)))  # type: ignore[misc]
    return steps


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

    Of each step: wall seconds (summed over resumes), threads, their product in core-minutes, peak memory in
    MiB, resumes, and the commit it ran at.
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
            "core_minutes": round(card.wall_seconds * threads / 60, 2),
            "peak_memory_mb": round(card.peak_memory_mb),
            "resumes": card.resumes,
            "git": card.git,
        }
    if told:
        write_json(work.costs, {**work.facts, "steps": told})
