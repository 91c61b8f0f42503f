"""The sections of an evaluation's report, from a result, a study, a leakage audit and a run card."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from core.errors import HemlineError
from core.evaluation.metrics import names
from core.evaluation.preservation import Attributes
from core.evaluation.result import QueryRank, Result
from core.evaluation.study import Study
from train.document import Bar, Bars, Query, Section, Table
from train.leakage import LABELS

_STUDIED = {
    "modalities": "One side of the query alone",
    "groups": "By kind of change, length and category",
    "lexicon": "How far the words tell the kind of change",
    "answers": "Negatives and several right answers",
    "wordings": "Other wordings",
}


def result_sections(result: Result) -> list[Section]:
    """How it was measured, recalls, categories, attributes, what it ran on."""
    leading = tuple(
        Bar(name, value, *result.ci95[name], result.counts["queries"])
        for name, value in result.metrics.items()
    )
    heads = (*names(), "median rank", "queries")
    rows = [(c, *_cells(v)) for c, v in {**result.per_category, **result.averages}.items()]
    sections = [
        Section(
            "Recall",
            (f"The {result.protocol.average} average leads; intervals are bootstraps over queries.",),
            (
                Bars("Recall, with 95 % intervals", leading),
                Table("Recall by category and average, in percent", ("", *heads), tuple(rows)),
            ),
        ),
        Section("How it was measured", (), (_facts("Protocol and counts", _protocol(result)),)),
    ]
    if result.attributes is not None:
        sections.append(_attributes(result.attributes))
    machine = {**result.hardware, **{f"version of {name}": v for name, v in result.versions.items()}}
    told = {
        **result.model,
        "git": result.git,
        **{f"seed of {k}": v for k, v in result.seeds.items()},
        **machine,
    }
    return [*sections, Section("Model and machine", (), (_facts("What ran where", told),))]


def study_sections(study: Study) -> list[Section]:
    """Everything a study measured, and what it did not and why."""
    sections = []
    for name, title in _STUDIED.items():
        value = getattr(study, name)
        if value:
            sections.append(Section(title, (), tuple(_measured(value))))
    if study.not_measured:
        sections.append(Section("Not measured", (), (_facts("Section and reason", study.not_measured),)))
    return sections


def leakage_section(told: Mapping[str, Any], result: Result, where: str) -> Section:
    """A leakage audit; HemlineError where it is none, or not of the result's split."""
    if not isinstance(told, dict) or not {"overlaps", "leaked", "fingerprints", "photos"} <= told.keys():
        raise HemlineError(f"{where} is not what train.leakage writes; audit the dataset again")
    if told["fingerprints"].get(told["split"]) != result.data_fingerprint:
        raise HemlineError(f"{where} is an audit of other data than the result's; audit the split it is of")
    photos = told["photos"]
    notes = [
        f"{len(told['leaked']):,} photos of {told['split']} are in {told['against']} too; "
        f"{len(told['queries']):,} queries are about one.",
        f"{photos['compared']:,} of {photos['asked']:,} photos were compared as pictures, all by id.",
        f"{len(told['duplicates']):,} pairs of photos of {told['split']} are copies under two ids.",
    ]
    fields = ("category", "train_category", "photos", "targets", "references", "queries")
    heads = ("gallery", "in train of", *fields[2:])
    rows = tuple(tuple(str(one[field]) for field in fields) for one in told["overlaps"])
    parts: list[Bars | Table | Query] = [Table("Photos in train too", heads, rows)] if rows else []
    stored = told.get("result")
    if stored:
        shown = [(label, stored[key]) for key, label in LABELS.items() if stored.get(key)]
        rows = tuple(
            (label, str(v["queries"]), *(f"{v['metrics'][n]:.1f}" for n in names())) for label, v in shown
        )
        parts.append(Table(f"{stored['model']} with and without", ("", "queries", *names()), rows))
    return Section("Leakage and copies", tuple(notes), tuple(parts))


def card_section(card: Mapping[str, Any]) -> Section:
    """The run card of the model, as a table."""
    return Section("Run card", ("What made the model.",), (_facts("Run", dict(_flat(card))),))


def hardest(
    result: Result, most: int, pictures: Callable[[QueryRank], tuple[tuple[str, str], ...]]
) -> Section:
    """The queries whose target stands lowest."""
    queries = sorted(result.ranks, key=lambda query: (-query.rank, query.key))[:most]
    shown = tuple(
        Query(
            key=query.key,
            text=query.text or "(no words)",
            rank=f"rank {query.rank:,}, score {query.score:.3f}",
            facts=(
                ("Photos", f"reference {query.reference}, target {query.target}"),
                ("First hit", f"{query.top1}, score {query.top1_score:.3f}"),
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


def _cells(values: Mapping[str, float]) -> tuple[str, ...]:
    last = (f"{values['median_rank']:g}", f"{values['queries']:,}") if "queries" in values else ("", "")
    return (*(f"{values[name]:.1f}" for name in names()), *last)


def _protocol(result: Result) -> dict[str, Any]:
    hashes = {name: getattr(result, name) for name in ("gallery_hash", "query_hash", "data_fingerprint")}
    asked = {"split": result.split, "modality": result.modality, "partial": "yes" if result.partial else "no"}
    # "gallery" is the protocol's rule and a count too: both are told.
    counts = {f"number of {name}": count for name, count in result.counts.items()}
    counts = {"number of dropped queries": len(result.dropped), **counts}
    return {**result.protocol.to_dict(), **asked, **counts, **hashes}


def _attributes(found: Attributes) -> Section:
    source = "the requests on file" if found.source == "requests" else "what the records differ in (a proxy)"
    sides = (("Edit accuracy", found.edit_accuracy), ("Preservation", found.preservation))
    bars = tuple(
        Bars(name, tuple(Bar(k, s.percent, s.low, s.high, s.queries) for k, s in shares.items()))
        for name, shares in sides
        if shares
    )
    return Section("Edit accuracy and preservation", (f"What was asked is {source}.",), bars)


def _measured(value: Mapping[str, Any]) -> Iterator[Bars | Table]:
    """Each part of a study's section: its shares as bars, its other values as a table."""
    for name, part in value.items():
        leaves = list(_flat(part))
        bars = tuple(
            Bar(label or name, v["percent"], v["low"], v["high"], v["queries"])
            for label, v in leaves
            if _is_share(v)
        )
        if bars:
            yield Bars(name, bars)
        plain = {label or name: v for label, v in leaves if not _is_share(v)}
        if plain:
            yield _facts(f"{name}, values" if bars else name, plain)


def _flat(value: Any, label: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested objects and lists by their path; a share is a leaf."""
    if _is_share(value):
        yield label, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _flat(one, f"{label} · {key}" if label else str(key))
    elif isinstance(value, list) and any(isinstance(one, Mapping) for one in value):
        for number, one in enumerate(value, start=1):
            yield from _flat(one, f"{label} · {number}" if label else str(number))
    else:
        yield label, value


def _is_share(value: Any) -> bool:
    return isinstance(value, Mapping) and {"percent", "low", "high", "queries"} <= value.keys()


def _facts(caption: str, values: Mapping[str, Any]) -> Table:
    return Table(
        caption, ("", "value"), tuple((name.replace("_", " "), _text(v)) for name, v in values.items())
    )


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.2f}"
    if isinstance(value, Mapping):
        return "; ".join(f"{label}: {_text(one)}" for label, one in _flat(value))
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value)
    return "none" if value is None else str(value)
