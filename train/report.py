"""The benchmark's report: what `train.benchmark run` left, summed up over seeds and compared.

Reads results, ranks and costs, writes table.json beside them; NumPy only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.evaluation.intervals import SAMPLES, Difference, SeedSummary, across_seeds, paired_bootstrap
from core.evaluation.result import Result, read_result, refuse_unlike
from core.evaluation.significance import holm
from core.files import read_json, write_json
from train.rows import costs_path, label
from train.tables import VARIANTS, Row, Table

TABLE_FILE = "table.json"
# Of one recipe, for every trained row: what the bank adds, and what mining adds to the bank.
BRANCHES = (("in-batch", "bank"), ("bank", "mined"))


@dataclass(frozen=True)
class Model:
    """One line of the table: a row's variant asked with one modality, with its results and costs by seed.

    `variant` is "" where the table evaluates one of every row only.
    """

    row: Row
    variant: str
    modality: str
    results: dict[int, Result]
    costs: dict[int, dict[str, Any]]

    @property
    def name(self) -> str:
        """Such as "mllm-both mined"; a modality of one side says "image alone"."""
        alone = "" if self.modality == "both" else f"{self.modality} alone"
        return " ".join(part for part in (self.row.name, self.variant, alone) if part)

    def ranks(self, seeds: Sequence[int]) -> np.ndarray:
        """The ranks int64 [s, q] of those seeds."""
        return np.stack([self.results[seed].rank_array() for seed in seeds])


@dataclass(frozen=True)
class Comparison:
    """What `after` gains on `before` over the seeds both have, and its p values adjusted after Holm."""

    before: str
    after: str
    seeds: tuple[int, ...]
    gain: dict[str, Difference]
    holm: dict[str, float]


def collect(results: Path, table: Table, data: str = "") -> list[Model]:
    """Every model of the table that has a result on the measure named `data` ("": the leading one).

    HemlineError for none, and where two are not alike.
    """
    models = []
    for row in table.rows:
        for variant in table.variants_of(row):
            for modality in table.modalities_of(variant):
                found = _by_seed(results, row.name, variant, modality, data)
                if found:
                    costs = {seed: _costs(results, table, row, variant, seed) for seed in found}
                    shown = variant if len(table.variants) > 1 else ""
                    models.append(Model(row, shown, modality, found, costs))
    if not models:
        raise HemlineError(
            f"{results} holds no result of the benchmark; make them with python -m train.benchmark run"
        )
    every = [(f"{m.name} (seed {seed})", result) for m in models for seed, result in m.results.items()]
    for name, result in every[1:]:
        refuse_unlike(every[0][1], result, (every[0][0], name))
    for model in models:
        if len({str(cost["budget"]) for cost in model.costs.values()}) > 1:
            raise HemlineError(
                f"the seeds of {model.row.name} in {results} were trained with different budgets; "
                "run the benchmark again in a new --runs and --results folder"
            )
    return models


def _by_seed(results: Path, row: str, variant: str, modality: str, data: str) -> dict[int, Result]:
    found = {}
    for path in results.glob(f"{row}-*seed*.json"):
        match = re.search(r"-seed(\d+)", path.name)
        if match and path.name == f"{label(row, variant, int(match[1]), modality, data)}.json":
            found[int(match[1])] = read_result(path)
    return dict(sorted(found.items()))


def _costs(results: Path, table: Table, row: Row, variant: str, seed: int) -> dict[str, Any]:
    """Core-minutes and peak MiB of the steps that lead to the model, and the row's budget."""
    if row.budget is None:
        return {"core_minutes": 0.0, "peak_memory_mb": 0, "budget": None}
    path = costs_path(results, row.name, seed)
    value = read_json(path)
    try:
        others = set(VARIANTS[1:]) - {variant}
        steps = {name: step for name, step in value["steps"].items() if name not in others}
        return {
            "core_minutes": sum(float(step["core_minutes"]) for step in steps.values()),
            "peak_memory_mb": max(int(step["peak_memory_mb"]) for step in steps.values()),
            "budget": dict(value["budget"]),
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        raise HemlineError(
            f"{path} does not say what the steps cost; python -m train.benchmark run makes it again"
        ) from None


def compare(models: Sequence[Model], table: Table) -> list[Comparison]:
    """The paired comparisons that the results allow; a pair without a common seed is left out."""
    known = {(m.row.name, m.variant): m for m in models if m.modality == "both"}
    shown = table.variants if len(table.variants) > 1 else ("",)
    pairs = [((b, variant), (a, variant)) for b, a in table.compare for variant in shown]
    trained = [name for name, variant in known if variant == VARIANTS[0]]
    pairs += [((row, b), (row, a)) for row in trained for b, a in BRANCHES]
    untrained = {row.name for row in table.rows if row.budget is None}
    pairs = [tuple((row, "" if row in untrained else v) for row, v in pair) for pair in pairs]  # type: ignore[misc]
    found: list[tuple[Model, Model, list[int], dict[str, Difference]]] = []
    for before, after in pairs:
        if before in known and after in known:
            old, new = known[before], known[after]
            seeds = [seed for seed in old.results if seed in new.results]
            if seeds:
                found.append((old, new, seeds, _gain(old, new, seeds)))
    return [
        Comparison(old.name, new.name, tuple(seeds), gain, {k: adjusted[k][i] for k in gain})
        for adjusted in [_adjusted([gain for *_, gain in found])]
        for i, (old, new, seeds, gain) in enumerate(found)
    ]


def _gain(old: Model, new: Model, seeds: Sequence[int]) -> dict[str, Difference]:
    first = old.results[seeds[0]]
    return paired_bootstrap(old.ranks(seeds), new.ranks(seeds), first.categories(), first.protocol.average)


def _adjusted(gains: Sequence[Mapping[str, Difference]]) -> dict[str, list[float]]:
    """Holm's adjusted p of each comparison, for each Recall@K a family of its own."""
    names = list(gains[0]) if gains else []
    return {name: holm([gain[name].p for gain in gains]) for name in names}


def summary(model: Model) -> dict[str, SeedSummary]:
    """The recalls of a model over its seeds."""
    first = next(iter(model.results.values()))
    return across_seeds(model.ranks(list(model.results)), first.categories(), first.protocol.average)


def write_table(
    models: Sequence[Model],
    summaries: Sequence[Mapping[str, SeedSummary]],
    comparisons: Sequence[Comparison],
    path: Path,
) -> None:
    """Write all figures as JSON: recalls and gains in percent, times in core-minutes, memory in MiB."""
    first = next(iter(models[0].results.values()))
    runs = [result for model in models for result in model.results.values()]
    commits = {f"{r.git['commit']}{' dirty' if r.git['dirty'] else ''}" for r in runs if r.git}
    lines = [
        {
            "row": model.row.name,
            "backbone": model.row.backbone,
            "recipe": model.row.recipe,
            "variant": model.variant,
            "modality": model.modality,
            "seeds": list(model.results),
            "metrics": {name: asdict(value) for name, value in recalls.items()},
            "per_seed": {str(seed): result.metrics for seed, result in model.results.items()},
            "costs": {str(seed): cost for seed, cost in model.costs.items()},
        }
        for model, recalls in zip(models, summaries, strict=True)
    ]
    value = {
        "protocol": first.protocol.to_dict(),
        "split": first.split,
        "counts": first.counts,
        "partial": first.partial,
        "commits": sorted(commits),
        "bootstrap_samples": SAMPLES,
        "multiplicity": f"holm: p adjusted over the {len(comparisons)} comparisons, each Recall@K by itself",
        "rows": lines,
        "comparisons": [asdict(comparison) for comparison in comparisons],
    }
    write_json(path, value)
