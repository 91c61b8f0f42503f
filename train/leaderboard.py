"""The leaderboard of a table as JSON and as a plot: each figure with interval, cost, result files, commands.

What published models reach stands apart in it, as quoted (`configs/published.toml`).
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from core.evaluation.intervals import SeedSummary
from core.evaluation.result import Result
from core.files import read_text, write_json
from train.report import Comparison, Model, collect, compare, summary
from train.rows import Places, label, plan
from train.tables import CONFIGS, Measure, Row, Table

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

FILE = "leaderboard.json"
PUBLISHED = CONFIGS / "published.toml"
RECIPE_COLOURS = {
    "zero-shot": "#9aa5a1",
    "stage 2 only": "#c98b2b",
    "both stages": "#2f6f5e",
    "both stages, warm-up besides": "#7fb3a3",
}


def leaderboard(results: Path, table: Table) -> dict[str, Any]:
    """The table's figures as plain values.

    {"title", "table", "measures": [{"data", "split", "protocol", "counts", "rows", "comparisons"}],
    "quoted"}.
    Of a row: "row", "backbone", "recipe", "variant", "seeds", "metrics" {"R@10": {"mean", "sd", "low",
    "high"}} in percent, "attributes" (edit accuracy and preservation of the first hit, means over seeds, or
    None), "core_minutes" and "peak_memory_mb" (means), "results" (file names) and "commands" (of seed 0).
    """
    return {
        "title": table.title,
        "table": table.name,
        "measures": [_measured(results, table, measure, i) for i, measure in enumerate(table.measures)],
        "quoted": tomllib.loads(read_text(PUBLISHED)),
    }


def write_leaderboard(results: Path, table: Table, plot: Path | None = None) -> dict[str, Any]:
    """Write leaderboard.json into `results`, and the plot as one page that needs no network to `plot`."""
    board = leaderboard(results, table)
    write_json(results / FILE, board)
    if plot is not None:
        figure(board).write_html(plot, include_plotlyjs=True)
    return board


def figure(board: Mapping[str, Any], metric: str = "R@10") -> "Figure":
    """`metric` of every backbone and recipe, a panel a measure, with its 95 % interval."""
    from plotly.graph_objects import Bar
    from plotly.subplots import make_subplots

    measures = board["measures"]
    titles = [f"{m['data']} {m['split']}, protocol {m['protocol']}" for m in measures]
    drawn = make_subplots(rows=len(measures), cols=1, subplot_titles=titles, vertical_spacing=0.12)
    for place, measure in enumerate(measures, 1):
        for recipe, colour in RECIPE_COLOURS.items():
            rows = [row for row in measure["rows"] if row["recipe"] == recipe and row["modality"] == "both"]
            found = [row["metrics"][metric] for row in rows]
            drawn.add_trace(
                Bar(
                    name=recipe,
                    x=[" ".join(filter(None, (row["backbone"], row["variant"]))) for row in rows],
                    y=[value["mean"] for value in found],
                    error_y={
                        "type": "data",
                        "symmetric": False,
                        "array": [value["high"] - value["mean"] for value in found],
                        "arrayminus": [value["mean"] - value["low"] for value in found],
                    },
                    marker_color=colour,
                    legendgroup=recipe,
                    showlegend=place == 1,
                ),
                row=place,
                col=1,
            )
        drawn.update_yaxes(title_text=f"{metric}, %", rangemode="tozero", row=place, col=1)
    drawn.update_layout(barmode="group", title=board["title"], template="plotly_white")
    return drawn


def _measured(results: Path, table: Table, measure: Measure, place: int) -> dict[str, Any]:
    data = measure.data if place else ""
    models = collect(results, table, data)
    first = next(iter(models[0].results.values()))
    rows = [_row(model, summary(model), table, data) for model in models]
    comparisons = [_compared(found) for found in compare(models, table)]
    return {**asdict(measure), "counts": first.counts, "rows": rows, "comparisons": comparisons}


def _row(model: Model, recalls: Mapping[str, SeedSummary], table: Table, data: str) -> dict[str, Any]:
    variant = model.variant or (table.variants[0] if model.row.budget else "")
    files = [f"{label(model.row.name, variant, seed, model.modality, data)}.json" for seed in model.results]
    costs = list(model.costs.values())
    return {
        "row": model.row.name,
        "backbone": model.row.backbone,
        "recipe": model.row.recipe,
        "variant": model.variant,
        "modality": model.modality,
        "seeds": list(model.results),
        "metrics": {name: asdict(value) for name, value in recalls.items()},
        "attributes": _attributes(list(model.results.values())),
        "core_minutes": fmean(cost["core_minutes"] for cost in costs),
        "peak_memory_mb": fmean(cost["peak_memory_mb"] for cost in costs),
        "results": files,
        "commands": _commands(table, model.row),
    }


def _attributes(results: Sequence[Result]) -> dict[str, float] | None:
    """Means over the seeds, in percent; None where the records do not say."""
    measured = [result.attributes for result in results]
    if any(each is None for each in measured):
        return None
    met = [each.edit_accuracy.get("top1") for each in measured if each]
    kept = [each.preservation.get("mean") for each in measured if each]
    if None in met or None in kept:
        return None
    return {
        "edit accuracy": fmean(share.percent for share in met if share),
        "preservation": fmean(share.percent for share in kept if share),
    }


def _compared(found: Comparison) -> dict[str, Any]:
    return {
        "before": found.before,
        "after": found.after,
        "seeds": list(found.seeds),
        "gain": {name: asdict(gain) for name, gain in found.gain.items()},
        "holm": found.holm,
    }


def _commands(table: Table, row: Row) -> list[str]:
    """The commands of the row's first seed, on folders named as the table names its datasets."""
    data = {name: Path("data") / name for name in table.datasets}
    runs, results = Path("runs") / table.name, Path("assets/results") / table.name
    places = Places(data, runs, results, Path("data/features"))
    return [f"python -m {' '.join(step.command)}" for step in plan(table, row, 0, places).steps]
