"""Two results of the same queries, gallery and protocol as a report: gains, tests, and which ranks moved."""

import math
from pathlib import Path

from core.evaluation.result import QueryRank, Result, read_result
from train.compare import Comparison, compare
from train.document import Cell, Document, Measure, Query, Section, Table
from train.report_setting import setting_sections

LEVEL = 0.05
"""The level at which a gain is called one, after Holm."""

_MEASURES = {
    "edit top1": "top-hit edit accuracy",
    "edit top10": "edit accuracy in ten",
    "preserved": "all preserved",
}


def comparison_document(before: Path, after: Path, most: int = 12) -> Document:
    """What `after` gains on `before`; HemlineError where protocol, gallery or queries are not alike."""
    old, new = read_result(before), read_result(after)
    found = compare({str(before): old}, {str(after): new})
    names = [str(result.model.get("name", "model")) for result in (old, new)]
    summary = [
        _verdict(found),
        f"Before: {names[0]} ({before.name}). After: {names[1]} ({after.name}). The same "
        f"{new.counts['queries']:,} queries, {new.counts['gallery']:,} photos and protocol "
        f"{new.protocol.name}.",
    ]
    if found.partial:
        summary.insert(0, "PARTIAL: both lack photos; not comparable with whole galleries.")
    # What was measured and how is the same of both: it was refused otherwise.
    how = setting_sections(new, None)[:1]
    sections = (_gains(found), _tests(found), *_moves(old, new, most), *how)
    return Document(f"{names[1]} against {names[0]} on {new.split}", tuple(summary), sections)


def _verdict(found: Comparison) -> str:
    """Which gains and losses stand after Holm, in a sentence."""
    gains = {**found.gain, **(found.attributes or {})}
    sure = [name for name, test in found.tests.items() if test.holm < LEVEL]
    sides = (
        ("better", [_named(name) for name in sure if gains[name].difference > 0]),
        ("worse", [_named(name) for name in sure if gains[name].difference < 0]),
    )
    told = "; ".join(f"{side} in {', '.join(measures)}" for side, measures in sides if measures)
    tests = f"{len(found.tests)} tests, Holm at {LEVEL:g}"
    if not told:
        return f"After is neither better nor worse in anything beyond chance ({tests})."
    return f"After is {told} ({tests})."


def _gains(found: Comparison) -> Section:
    gains = {**found.gain, **(found.attributes or {})}
    # One scale for all rows, to the next ten points, so that they can be compared by eye.
    reach = 10.0 * max(1, math.ceil(max(max(abs(g.low), abs(g.high)) for g in gains.values()) / 10))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            _named(name),
            f"{g.before:.1f}",
            f"{g.after:.1f}",
            Measure(g.difference, g.low, g.high, signed=True, span=(-reach, reach)),
        )
        for name, g in gains.items()
    )
    note = (
        f"What is gained, in percentage points; recalls by the {found.average} average. Intervals are paired "
        f"bootstraps at 95 %, drawn to a scale from {-reach:g} to {reach:g}."
    )
    notes = [note]
    if found.attributes is None:
        notes.append("Edit accuracy and preservation were not measured alike on both sides.")
    table = Table("After against before", ("", "before", "after", "gain"), rows, plotted=True)
    return Section("Gain", tuple(notes), (table,))


def _tests(found: Comparison) -> Section:
    gains = {**found.gain, **(found.attributes or {})}
    rows = tuple(
        (
            _named(name),
            f"{test.gained:,}/{test.lost:,}",
            f"{test.effect:+.2f}",
            _p(test.p),
            _p(test.holm),
            _p(gains[name].p),
        )
        for name, test in found.tests.items()
    )
    heads = ("", "gained / lost", "effect size", "p flip", "Holm", "p boot")
    notes = (
        "Could it be chance? The sign-flip permutation test asks how often swapping the two sides query by "
        f"query gives a difference as large (p flip); Holm corrects that p for the {len(rows)} tests here.",
        "The effect size is Cohen's d_z, the mean difference of a query over its standard deviation; by "
        "custom 0.2 is small. Gained and lost are the queries that are better and worse after. The "
        "bootstrap's p (p boot) is not corrected.",
    )
    return Section("Tests", notes, (Table("Two-sided tests, paired by query", heads, rows),))


def _p(value: float) -> str:
    return f"{value:.4f}" if value >= 0.0001 else "<0.0001"


def _named(measure: str) -> str:
    return _MEASURES.get(measure, measure)


def _moves(old: Result, new: Result, most: int) -> list[Section]:
    """How many targets rose and fell, and those that moved furthest each way."""
    pairs = list(zip(old.ranks, new.ranks, strict=True))
    by_category = []
    for category in ("all", *dict.fromkeys(q.category for q in new.ranks)):
        some = [(a, b) for a, b in pairs if category in ("all", b.category)]
        rose, fell = sum(b.rank < a.rank for a, b in some), sum(b.rank > a.rank for a, b in some)
        by_category.append((category, *(f"{n:,}" for n in (rose, len(some) - rose - fell, fell))))
    table = Table("Targets by how their rank moved", ("", "rose", "stayed", "fell"), tuple(by_category))
    risen = sorted(
        (p for p in pairs if p[1].rank < p[0].rank), key=lambda p: (p[1].rank - p[0].rank, p[1].key)
    )
    fallen = sorted(
        (p for p in pairs if p[1].rank > p[0].rank), key=lambda p: (p[0].rank - p[1].rank, p[1].key)
    )
    return [
        Section("Rank moves", ("How many targets stand higher or lower than before.",), (table,)),
        Section("Risen furthest", ("What after does better.",), tuple(_moved(a, b) for a, b in risen[:most])),
        Section(
            "Fallen furthest", ("What before did better.",), tuple(_moved(a, b) for a, b in fallen[:most])
        ),
    ]


def _moved(old: QueryRank, new: QueryRank) -> Query:
    facts = (("First hit", f"before {old.top1}, after {new.top1}"),)
    return Query(new.key, new.text or "(no words)", f"rank {old.rank:,} before, {new.rank:,} after", facts)
