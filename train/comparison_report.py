"""Two results of the same queries, gallery and protocol as a report: gains, tests, and which ranks moved."""

from pathlib import Path

from core.evaluation.result import QueryRank, Result, read_result
from train.compare import compare
from train.document import Document, Query, Section, Table
from train.report_sections import result_sections


def comparison_document(before: Path, after: Path, most: int = 24) -> Document:
    """What `after` gains on `before`; HemlineError where protocol, gallery or queries are not alike."""
    old, new = read_result(before), read_result(after)
    found = compare({str(before): old}, {str(after): new})
    names = [str(result.model.get("name", "model")) for result in (old, new)]
    rows = tuple(
        (
            k,
            f"{g.before:.1f}",
            f"{g.after:.1f}",
            f"{g.difference:+.1f}",
            f"{g.low:+.1f} to {g.high:+.1f}",
            f"{g.p:.4f}",
        )
        for k, g in found.gain.items()
    )
    gains = Section(
        "Gain",
        (
            "Paired bootstrap over the same queries, in percentage points; p is two-sided and not "
            f"corrected for the {len(rows)} recalls that are tested.",
        ),
        (Table("After against before", ("", "before", "after", "gain", "95 % interval", "p"), rows),),
    )
    summary = [f"Before: {names[0]} ({before.name}). After: {names[1]} ({after.name})."]
    if found.partial:
        summary.append("PARTIAL: both lack photos; not comparable with whole galleries.")
    # What was measured and how is the same of both: it was refused otherwise.
    how = [section for section in result_sections(new) if section.title == "How it was measured"]
    sections = (gains, *_moves(old, new, most), *how)
    return Document(f"{names[1]} against {names[0]} on {new.split}", tuple(summary), sections)


def _moves(old: Result, new: Result, most: int) -> list[Section]:
    """How many targets rose and fell, and those that moved furthest each way."""
    pairs = list(zip(old.ranks, new.ranks, strict=True))
    by_category = []
    for category in ("all", *dict.fromkeys(q.category for q in new.ranks)):
        some = [(a, b) for a, b in pairs if category in ("all", b.category)]
        rose, fell = sum(b.rank < a.rank for a, b in some), sum(b.rank > a.rank for a, b in some)
        by_category.append((category, str(rose), str(len(some) - rose - fell), str(fell)))
    table = Table("Targets by how their rank moved", ("", "rose", "stayed", "fell"), tuple(by_category))
    risen = sorted(
        (p for p in pairs if p[1].rank < p[0].rank), key=lambda p: (p[1].rank - p[0].rank, p[1].key)
    )
    fallen = sorted(
        (p for p in pairs if p[1].rank > p[0].rank), key=lambda p: (p[0].rank - p[1].rank, p[1].key)
    )
    return [
        Section("Rank moves", (), (table,)),
        Section("Risen furthest", (), tuple(_moved(a, b) for a, b in risen[:most])),
        Section("Fallen furthest", (), tuple(_moved(a, b) for a, b in fallen[:most])),
    ]


def _moved(old: QueryRank, new: QueryRank) -> Query:
    facts = (("First hit", f"before {old.top1}, after {new.top1}"),)
    return Query(new.key, new.text or "(no words)", f"rank {old.rank:,} before, {new.rank:,} after", facts)
