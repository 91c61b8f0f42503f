"""Compares results by paired bootstrap over their rank files; unlike protocols, galleries or queries are
refused.

python -m train.compare A.json B.json C.json                     each of B and C against A
python -m train.compare B1.json B2.json --baseline A1.json A2.json   two recipes, each over its seeds
"""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.cli import entry
from core.errors import HemlineError
from core.evaluation.intervals import Difference, SeedSummary, across_seeds, paired_bootstrap
from core.evaluation.result import Result, read_result, refuse_unlike
from core.files import write_json


@dataclass(frozen=True)
class Comparison:
    """Two recipes, each with one result or one a seed: their recalls, and what `after` gains on `before`."""

    average: str
    partial: bool
    before: dict[str, SeedSummary]
    after: dict[str, SeedSummary]
    gain: dict[str, Difference]


def compare(before: Mapping[str, Result], after: Mapping[str, Result]) -> Comparison:
    """Compare recipes by their results, by name, one a seed; HemlineError where two of them are not alike."""
    first_name, first = next(iter(before.items()))
    for name, other in [*before.items(), *after.items()]:
        refuse_unlike(first, other, (first_name, name))
    old, new = (np.stack([result.rank_array() for result in side.values()]) for side in (before, after))
    categories, average = first.categories(), first.protocol.average
    return Comparison(
        average=average,
        partial=first.partial,
        before=across_seeds(old, categories, average),
        after=across_seeds(new, categories, average),
        gain=paired_bootstrap(old, new, categories, average),
    )


def table(comparison: Comparison, before: str, after: str) -> str:
    """The comparison as text for a terminal."""
    lines = [f"{after} against {before} ({comparison.average} average, in percent)"]
    if comparison.partial:
        lines.append("PARTIAL: both lack photos; not comparable with whole galleries")
    lines.append(f"{'':8}{'before':>16}{'after':>16}{'gain':>8}{'95 % interval':>18}{'p':>9}")
    for name, gain in comparison.gain.items():
        sides = [_side(summary[name]) for summary in (comparison.before, comparison.after)]
        ends = f"{gain.low:+.1f} to {gain.high:+.1f}"
        lines.append(f"{name:8}{sides[0]:>16}{sides[1]:>16}{gain.difference:>+8.1f}{ends:>18}{gain.p:>9.4f}")
    return "\n".join(lines)


def _side(summary: SeedSummary) -> str:
    spread = f" ± {summary.sd:.1f}" if summary.seeds > 1 else ""
    return f"{summary.mean:.1f}{spread}"


def _sides(paths: list[Path], baseline: list[Path] | None) -> list[tuple[list[Path], list[Path]]]:
    """Which results stand against which: (before, after) pairs."""
    if baseline:
        return [(baseline, paths)]
    if len(paths) < 2:
        raise HemlineError("give two results or more to compare, or a --baseline")
    return [([paths[0]], [path]) for path in paths[1:]]


def main() -> None:
    """Command line: read, refuse what is unlike, print a table a pair."""
    parser = argparse.ArgumentParser(
        prog="python -m train.compare", description="Compare results of train.evaluate, query by query."
    )
    parser.add_argument("results", type=Path, nargs="+", help="the first is what the others stand against")
    parser.add_argument(
        "--baseline", type=Path, nargs="+", help="results of one recipe, one a seed; RESULTS are the other's"
    )
    parser.add_argument("--json", type=Path, help="write the comparisons here too")
    options = parser.parse_args()
    told: list[dict[str, Any]] = []
    for before, after in _sides(options.results, options.baseline):
        sides = [{str(path): read_result(path) for path in paths} for paths in (before, after)]
        found = compare(sides[0], sides[1])
        labels = [" + ".join(side) for side in sides]
        print(table(found, labels[0], labels[1]), end="\n\n")
        told.append({"before_results": labels[0], "after_results": labels[1], **asdict(found)})
    if options.json:
        write_json(options.json, told)
        print(f"written: {options.json}")


if __name__ == "__main__":
    entry(main)
