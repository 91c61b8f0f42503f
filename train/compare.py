"""Compares results query by query over their rank files; unlike protocols, galleries or queries are refused.

python -m train.compare A.json B.json C.json                     each of B and C against A
python -m train.compare B1.json B2.json --baseline A1.json A2.json   two recipes, each over its seeds

Each recall, and edit accuracy and preservation where both sides measured them, with a paired bootstrap
interval, a sign-flip permutation test, its p after Holm over all that one call tests, and an effect size.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.cli import entry
from core.errors import HemlineError
from core.evaluation.intervals import (
    Difference,
    SeedSummary,
    across_seeds,
    paired_bootstrap,
    paired_differences,
)
from core.evaluation.metrics import hits, names
from core.evaluation.result import Result, read_result, refuse_unlike
from core.evaluation.significance import PairedTest, holm, paired_test
from core.files import write_json

ATTRIBUTES = ("edit top1", "edit top10", "preserved")
"""What is compared of attributes: all asked changes met by the top hit, by one of ten, and every untouched
field kept by the top hit; over all queries, one that asks for nothing counting as met."""


@dataclass(frozen=True)
class Comparison:
    """Two recipes, each with one result or one a seed: their recalls, and what `after` gains on `before`.

    attributes: the gains of `ATTRIBUTES` (micro), None where not every result measured them alike. tests: of
    every recall and of `attributes`, by name.
    """

    average: str
    partial: bool
    before: dict[str, SeedSummary]
    after: dict[str, SeedSummary]
    gain: dict[str, Difference]
    attributes: dict[str, Difference] | None
    tests: dict[str, PairedTest]


def compare(before: Mapping[str, Result], after: Mapping[str, Result]) -> Comparison:
    """Compare recipes by their results, by name, one a seed; HemlineError where two of them are not alike."""
    first_name, first = next(iter(before.items()))
    for name, other in [*before.items(), *after.items()]:
        refuse_unlike(first, other, (first_name, name))
    sides = [list(side.values()) for side in (before, after)]
    old, new = (np.stack([result.rank_array() for result in side]) for side in sides)
    categories, average = first.categories(), first.protocol.average
    tests = _tests(hits(old), hits(new), names(), categories, average)
    attributes = None
    measured = [_outcomes(side) for side in sides]
    if measured[0] is not None and measured[1] is not None and _one_source(sides):
        attributes = paired_differences(measured[0], measured[1], ATTRIBUTES, categories, "micro")
        tests |= _tests(measured[0], measured[1], ATTRIBUTES, categories, "micro")
    found = Comparison(
        average=average,
        partial=first.partial,
        before=across_seeds(old, categories, average),
        after=across_seeds(new, categories, average),
        gain=paired_bootstrap(old, new, categories, average),
        attributes=attributes,
        tests=tests,
    )
    return adjusted([found])[0]


def adjusted(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """The comparisons with Holm's adjustment over all their tests together."""
    p = iter(holm([test.p for found in comparisons for test in found.tests.values()]))
    return [
        replace(found, tests={name: replace(test, holm=next(p)) for name, test in found.tests.items()})
        for found in comparisons
    ]


def _tests(
    before: np.ndarray, after: np.ndarray, measures: Sequence[str], categories: Sequence[str], average: str
) -> dict[str, PairedTest]:
    """Tests of tables float64 [s, q, m] and [t, q, m], each side's mean over its seeds."""
    old, new = before.mean(axis=0), after.mean(axis=0)
    return {name: paired_test(old[:, k], new[:, k], categories, average) for k, name in enumerate(measures)}


def _outcomes(side: Sequence[Result]) -> np.ndarray | None:
    """Whether each query has each of `ATTRIBUTES`, float64 [s, q, 3]; None where they were not measured."""
    tables = []
    for result in side:
        told = [query.attributes for query in result.ranks]
        if result.attributes is None or not all(told):
            return None
        tables.append([[not a["unmet"], a["met_in_ten"], not a["lost"]] for a in told if a])
    return np.array(tables, dtype=np.float64)


def _one_source(sides: Sequence[Sequence[Result]]) -> bool:
    return len({result.attributes.source for side in sides for result in side if result.attributes}) == 1


def table(comparison: Comparison, before: str, after: str) -> str:
    """The comparison as text for a terminal."""
    lines = [f"{after} against {before} ({comparison.average} average, in percent)"]
    if comparison.partial:
        lines.append("PARTIAL: both lack photos; not comparable with whole galleries")
    heads = ("before", "after", "gain", "95 % interval", "p boot", "p flip", "Holm", "effect", "+/-")
    lines.append(f"{'':12}" + "".join(f"{head:>{width}}" for head, width in zip(heads, _WIDTHS, strict=True)))
    for name, gain in comparison.gain.items():
        sides = [_side(summary[name]) for summary in (comparison.before, comparison.after)]
        lines.append(_line(name, sides, gain, comparison.tests[name]))
    for name, gain in (comparison.attributes or {}).items():
        lines.append(_line(name, [f"{gain.before:.1f}", f"{gain.after:.1f}"], gain, comparison.tests[name]))
    if comparison.attributes is None:
        lines.append("edit accuracy and preservation: not measured alike on both sides")
    return "\n".join(lines)


_WIDTHS = (14, 14, 8, 18, 9, 9, 9, 8, 12)


def _line(name: str, sides: Sequence[str], gain: Difference, test: PairedTest) -> str:
    cells = [
        *sides,
        f"{gain.difference:+.1f}",
        f"{gain.low:+.1f} to {gain.high:+.1f}",
        f"{gain.p:.4f}",
        f"{test.p:.4f}",
        f"{test.holm:.4f}",
        f"{test.effect:+.2f}",
        f"{test.gained}/{test.lost}",
    ]
    return f"{name:12}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, _WIDTHS, strict=True))


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
    pairs = _sides(options.results, options.baseline)
    found = []
    for pair in pairs:
        before, after = ({str(path): read_result(path) for path in paths} for paths in pair)
        found.append(compare(before, after))
    told: list[dict[str, Any]] = []
    for pair, comparison in zip(pairs, adjusted(found), strict=True):
        before_label, after_label = (" + ".join(map(str, paths)) for paths in pair)
        print(table(comparison, before_label, after_label), end="\n\n")
        told.append({"before_results": before_label, "after_results": after_label, **asdict(comparison)})
    print(
        f"Holm: adjusted over the {sum(len(c.tests) for c in found)} tests above; +/-: queries gained, lost"
    )
    if options.json:
        write_json(options.json, told)
        print(f"written: {options.json}")


if __name__ == "__main__":
    entry(main)
