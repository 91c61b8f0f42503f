"""The sections of a report that show a result: recall, groups, attributes, leakage, the hardest queries.

What a study adds is in `study_sections`, how it was measured in `report_setting`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from core.errors import HemlineError
from core.evaluation.groups import groups
from core.evaluation.metrics import names
from core.evaluation.result import QueryRank, Result
from core.evaluation.study import plain
from train.document import Cell, Measure, Query, Section, Table, count, share
from train.leakage import LABELS

ASKED_BY = {"both": "reference and words", "image": "reference alone", "text": "words alone"}
"""What the modalities of a query are called."""

FIELDS = {
    "colors": "colour",
    "kind": "kind of garment",
    "add": "a detail added",
    "remove": "a detail taken away",
    "details": "details",
    "negation": "negation (no, not, without)",
    "relative": "relative (more, less, longer)",
    "other": "none of these",
}
"""What fields and kinds of change are called where their own name does not say it."""

_GROUPS = {
    "category": ("By category", "category"),
    "kind": ("By kind of change, read from the words; a query may be of several", "kind of change"),
    "request": ("By requested change, as on file; a query may ask for several", "change"),
    "length": ("By length of the text", "words"),
}
_GROUP_HEADS = ("R@1", "R@10", "R@50")
"""What groups are shown at: the strictest, and the two that FashionIQ's papers report."""


def recall_section(
    result: Result, modalities: Mapping[str, Any] | None, averages: Mapping[str, Any]
) -> Section:
    """Recall by K: the leading average of each modality that is known, then the other average.

    modalities: as a study holds them, None where only the result is known; averages: as `groups` gives them.
    """
    known = modalities or {
        "metrics": {result.modality: result.metrics},
        "ci95": {result.modality: result.ci95},
    }
    leading = result.protocol.average
    rows: list[tuple[Cell, ...]] = [
        (
            f"{ASKED_BY[modality].capitalize()}, {leading}",
            *(Measure(value, *known["ci95"][modality][name]) for name, value in metrics.items()),
        )
        for modality, metrics in known["metrics"].items()
    ]
    rows += [
        (f"{ASKED_BY[result.modality].capitalize()}, {average}", *(share(found.get(n)) for n in names()))
        for average, found in averages.items()
        if average != leading and len(result.per_category) > 1
    ]
    caption = f"Recall in percent with 95 % intervals, {result.counts['queries']:,} queries"
    parts = [Table(caption, ("query is asked by", *names()), tuple(rows))]
    if result.subset is not None:
        cells = tuple(share(plain(value)) for value in result.subset.values())
        parts.append(Table("Within CIRR's subset of six", ("", *result.subset), (("percent", *cells),)))
    note = (
        "Recall@K is the share of queries whose target is among the first K photos. "
        "Micro is the mean over queries, macro the mean over categories; intervals are bootstraps over "
        "queries."
    )
    return Section("Recall", (note,), tuple(parts))


def groups_section(result: Result, found: Mapping[str, Any]) -> Section:
    """Recall of the groups of queries, as `core.evaluation.groups.groups` gives them as plain values."""
    tables = []
    for by, (caption, head) in _GROUPS.items():
        some = found.get(by, {})
        if len(some) < 2:  # a single group is the whole
            continue
        rows = tuple(
            (
                _group(by, name),
                count(of["R@1"]),
                *_median(result, by, name),
                *(share(of.get(k)) for k in _GROUP_HEADS),
            )
            for name, of in some.items()
        )
        heads = (head, "n", *(("median rank",) if by == "category" else ()), *_GROUP_HEADS)
        tables.append(Table(caption, heads, rows, plotted=True))
    note = (
        "Where the model is good and where it is not: the same recall over parts of the queries. "
        "n is the number of queries; a small group has a wide interval."
    )
    return Section("Groups of queries", (note,), tuple(tables))


def plain_groups(result: Result) -> dict[str, Any]:
    """The groups of a result as a study would hold them; those by words only where there are words."""
    found = plain(groups(result))
    worded = any(query.text for query in result.ranks)
    return {by: some for by, some in found.items() if worded or by not in ("kind", "length")}


def attributes_section(found: Mapping[str, Mapping[str, Any] | None]) -> Section:
    """Edit accuracy and preservation by modality, as a result's `attributes` are as plain values."""
    sides = {modality: told for modality, told in found.items() if told}
    first = next(iter(sides.values()))
    asked = (
        "the requests on file" if first["source"] == "requests" else "what the two records differ in, a proxy"
    )
    special = {
        "top1": "all that was asked, top hit",
        "top10": "all that was asked, one of ten",
        "mean": "mean over the fields",
        "strict": "every field",
        "keep": "all that the words ask to keep",
    }
    tables = []
    for key, caption in (
        ("edit_accuracy", "Edit accuracy: hits that have what was asked, in percent"),
        ("preservation", "Preservation: top hits that keep what was not asked to change, in percent"),
    ):
        rows = tuple(
            (
                special.get(name, named(name)),
                count(one),
                *(share(told[key].get(name)) for told in sides.values()),
            )
            for name, one in first[key].items()
        )
        heads = ("", "n", *(ASKED_BY[modality] for modality in sides))
        if rows:
            tables.append(Table(caption, heads, rows, plotted=True))
    note = (
        "Whether the hit is a right answer by its record, target or not: does it have the change that was "
        f"asked, and has it kept the rest? What was asked is taken from {asked}."
    )
    more = (
        f"n is of {ASKED_BY[next(iter(sides))]}; what can be kept depends on the hit, so it differs a little."
    )
    return Section("Edit accuracy and preservation", (note, more), tuple(tables))


def named(field: str) -> str:
    """A field or kind of change in words."""
    return FIELDS.get(field, field)


def _group(by: str, name: str) -> str:
    if by == "length":
        return " ".join(word.lstrip("0") for word in name.split())
    return name if by == "category" else named(name)


def _median(result: Result, by: str, name: str) -> tuple[str, ...]:
    if by != "category":
        return ()
    values = result.per_category.get(name, {})
    return (f"{values['median_rank']:g}" if "median_rank" in values else "–",)


def not_measured_section(reasons: Mapping[str, str]) -> Section:
    """What is lacking from the report, by its human name, and why."""
    rows = tuple((name, f"{why[:1].upper()}{why[1:]}.") for name, why in reasons.items())
    note = "Nothing is left out in silence: these would be sections of this report."
    return Section("Not measured", (note,), (Table("What and why", ("", "why"), rows),))


def leakage_section(told: Mapping[str, Any], result: Result, where: str) -> Section:
    """A leakage audit; HemlineError where it is none, or not of the result's split."""
    if not isinstance(told, dict) or not {"overlaps", "leaked", "fingerprints", "photos"} <= told.keys():
        raise HemlineError(f"{where} is not what train.leakage writes; audit the dataset again")
    if told["fingerprints"].get(told["split"]) != result.data_fingerprint:
        raise HemlineError(f"{where} is an audit of other data than the result's; audit the split it is of")
    photos = told["photos"]
    notes = [
        "Photos that were learnt from flatter a recall, and copies of the target are counted as wrong.",
        f"{len(told['leaked']):,} photos of {told['split']} are in {told['against']} too; "
        f"{len(told['queries']):,} queries are about one.",
        f"{photos['compared']:,} of {photos['asked']:,} photos were compared as pictures, all by id.",
        f"{len(told['duplicates']):,} pairs of photos of {told['split']} are copies under two ids.",
    ]
    fields = ("category", "train_category", "photos", "targets", "references", "queries")
    heads = ("gallery", "in train of", *fields[2:])
    rows = tuple(tuple(str(one[field]) for field in fields) for one in told["overlaps"])
    parts = [Table("Photos in train too", heads, rows)] if rows else []
    stored = told.get("result")
    if stored:
        shown = [(label, stored[key]) for key, label in LABELS.items() if stored.get(key)]
        rows = tuple(
            (label, str(v["queries"]), *(f"{v['metrics'][n]:.1f}" for n in names())) for label, v in shown
        )
        parts.append(
            Table(
                f"Recall of {stored['model']} in percent, with and without them",
                ("", "queries", *names()),
                rows,
            )
        )
    return Section("Leakage and copies", tuple(notes), tuple(parts))


def hardest(
    result: Result, most: int, pictures: Callable[[QueryRank], tuple[tuple[str, str], ...]]
) -> Section:
    """The queries whose target stands lowest."""
    queries = sorted(result.ranks, key=lambda query: (-query.rank, query.key))[:most]
    shown = tuple(
        Query(
            key=query.key,
            text=query.text or "(no words)",
            rank=f"rank {query.rank:,}, score {query.score:.3f}; first hit {query.top1_score:.3f}",
            facts=(
                ("Photos", f"reference {query.reference}, target {query.target}, first hit {query.top1}"),
                *((name, ", ".join(v)) for name, v in _failed(query).items() if v),
            ),
            pictures=pictures(query),
        )
        for query in queries
    )
    return Section("Hardest queries", (f"The {len(shown)} whose target stands lowest.",), shown)


def _failed(query: QueryRank) -> dict[str, list[str]]:
    told = query.attributes or {}
    return {"Not as asked": told.get("unmet", []), "Not kept": told.get("lost", [])}
