"""Results as tables for the report: those that may be compared together, runs of several seeds as one row."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.evaluation.result import Result, read_result

SEED = re.compile(r"-seed\d+")
LEADING = "R@10"


@dataclass(frozen=True)
class Named:
    """A result and what it is called: its file's folder and name, without ending, seed and modality."""

    name: str
    result: Result


def read_results(paths: Sequence[Path]) -> list[Named]:
    """The results in `paths`, each a file or a folder of them; what else a folder holds is passed over.

    HemlineError for a file named itself that is no result.
    """
    found = []
    for path in paths:
        files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
        for file in files:
            try:
                result = read_result(file)
            except HemlineError:
                if not path.is_dir():
                    raise
            else:
                name = SEED.sub("", file.stem).removesuffix(f"-{result.modality}")
                found.append(Named(f"{file.resolve().parent.name}/{name}", result))
    return found


def result_tables(results: Sequence[Named]) -> list[dict[str, Any]]:
    """A table for each protocol, gallery and set of queries, in the order they come; rows best first.

    {"protocol", "split", "queries", "gallery", "partial", "columns": names, "rows": [{"name", "modality",
    "seeds", "values", "spread", "low", "high"}]}: values in percent, `spread` the sample deviation over seeds
    (None for one), `low` and `high` the 95 % interval of one seed's (None for several).
    """
    groups: dict[tuple[str, ...], list[Named]] = {}
    for named in results:
        result = named.result
        key = (str(result.protocol.to_dict()), result.gallery_hash, result.query_hash)
        groups.setdefault(key, []).append(named)
    return [_table(group) for group in groups.values()]


def _table(group: list[Named]) -> dict[str, Any]:
    first = group[0].result
    columns = list(dict.fromkeys(name for named in group for name in _values(named.result)))
    runs: dict[tuple[str, str], list[Result]] = {}
    for named in group:
        runs.setdefault((named.name, named.result.modality), []).append(named.result)
    rows = [_row(name, modality, of, columns) for (name, modality), of in runs.items()]
    leading = columns.index(LEADING) if LEADING in columns else 0
    rows.sort(key=lambda row: -(row["values"][leading] or 0))
    return {
        "protocol": first.protocol.to_dict(),
        "split": first.split,
        "queries": first.counts["queries"],
        "gallery": first.counts["gallery"],
        "partial": first.partial,
        "columns": columns,
        "rows": rows,
    }


def _row(name: str, modality: str, results: list[Result], columns: list[str]) -> dict[str, Any]:
    every = [_values(result) for result in results]
    row: dict[str, Any] = {"name": name, "modality": modality, "seeds": len(results)}
    row |= {"values": [], "spread": [], "low": [], "high": []}
    for column in columns:
        values = [of[column][0] for of in every if column in of]
        alone = every[0].get(column, (None, None, None)) if len(results) == 1 else (None, None, None)
        row["values"].append(statistics.fmean(values) if values else None)
        row["spread"].append(statistics.stdev(values) if len(values) > 1 else None)
        row["low"].append(alone[1])
        row["high"].append(alone[2])
    return row


def _values(result: Result) -> dict[str, tuple[float, float | None, float | None]]:
    """What is measured by its name: percent and the ends of its interval."""
    found: dict[str, tuple[float, float | None, float | None]] = {}
    for name, value in result.metrics.items():
        low, high = result.ci95.get(name, (None, None))
        found[name] = (value, low, high)
    if result.attributes is not None:
        edits, kept = result.attributes.edit_accuracy, result.attributes.preservation
        told = {"edits met, top 1": edits.get("top1"), "edits met, top 10": edits.get("top10")}
        for name, share in {**told, "kept, mean": kept.get("mean")}.items():
            if share is not None:
                found[name] = (share.percent, share.low, share.high)
    return found
