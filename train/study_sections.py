"""The sections of a report that only a study has: single sides, lexicon, several right answers, wordings."""

from collections.abc import Mapping
from typing import Any

from core.evaluation.study import Study
from train.document import Cell, Section, Table, count, share
from train.report_sections import named

K = "10"
"""The cutoff at which categories are told apart."""

_SIDES = (
    ("shortcut_solvable", "one side alone finds it"),
    ("composition_required", "only both together find it"),
    ("spoiled", "one side finds it, both do not"),
    ("unresolved", "never found"),
    ("composition_gap", "composition gap, points"),
    ("normalised_gap", "gap as a share of both"),
)
_SIGNED = ("composition_gap", "normalised_gap")

_ANSWERS = (
    ("target", "target found (recall)"),
    ("found", "any right answer found"),
    ("map_all", "mAP, all queries"),
    ("map", "mAP, several right answers"),
    ("neg_recall", "negatives found (NegRecall)"),
    ("neg_in_top", "hits that are negatives"),
    ("any_negative", "any negative found"),
)
_KNOWN_BY = {
    "verdicts": "people's judgements",
    "requests": "the requests on file",
    "records": "the garments' records, a proxy",
}
_WORDED_BY = {"annotators": "The annotators' captions, asked one by one", "supplied": "Supplied paraphrases"}

NAMES = {
    "modalities": "One side of the query alone",
    "groups": "Groups of queries",
    "lexicon": "Words against requests",
    "attributes": "Edit accuracy and preservation",
    "answers": "Several right answers and negatives",
    "wordings": "Other wordings",
}
"""What a study's sections are called in a report."""


def study_sections(study: Study) -> list[Section]:
    """The sections beside recall, groups and attributes that the study measured."""
    made = (
        (study.modalities, _sides),
        (study.answers, _answers),
        (study.wordings, _wordings),
        (study.lexicon, _lexicon),
    )
    return [section(value) for value, section in made if value]


def _sides(value: Mapping[str, Any]) -> Section:
    at = value["at"]
    rows = tuple(
        (label, *(share(of.get(name), name in _SIGNED) for of in at.values())) for name, label in _SIDES
    )
    queries = count(next(iter(at.values()))["both"])
    whole = Table(f"Percent of {queries} queries (micro)", ("", *_heads(at)), rows)
    shown = ("shortcut_solvable", "composition_required", "composition_gap")
    per = tuple(
        (category, count(of[K]["both"]), *(share(of[K].get(name), name in _SIGNED) for name in shown))
        for category, of in value["per_category"].items()
        if K in of
    )
    parts = [whole]
    if len(per) > 1:
        heads = ("category", "n", "one side alone", "only both", "gap, points")
        parts.append(Table(f"By category, within the first {K}", heads, per))
    note = (
        "How much of the recall needs the reference and the words together? A query that one side solves "
        "alone says nothing about composing; the gap is the recall of both less that of the better side."
    )
    return Section(NAMES["modalities"], (note,), tuple(parts))


def _answers(value: Mapping[str, Any]) -> Section:
    parts, notes = [], []
    for source, told in value.items():
        by, counts = _KNOWN_BY.get(source, source), told["counts"]
        notes.append(
            f"By {by}: {counts['queries']:,} queries, {counts['several_right']:,} with several right "
            f"answers, {counts['with_negatives']:,} with {counts['negatives']:,} negatives."
        )
        known = [(told[name], label) for name, label in _ANSWERS if told.get(name)]
        rows = tuple((label, count(next(iter(at.values()))), *map(share, at.values())) for at, label in known)
        if known:
            parts.append(Table(f"By {by}, in percent", ("", "n", *_heads(known[0][0])), rows))
        above: list[tuple[Cell, ...]] = [
            (label, count(told[name]), share(told[name]))
            for name, label in (
                ("outranked", "queries with a negative above the target"),
                ("negatives_ahead", "of a query's negatives, above the target"),
            )
            if told.get(name)
        ]
        if above:
            heads = ("", "n", "percent")
            parts.append(Table(f"Negatives above the target, by {by}", heads, tuple(above), plotted=True))
    note = (
        "Recall takes every photo but the target for wrong. Here photos that answer as well count as right, "
        "and photos that miss the wish as negatives, of which fewer is better; n is of how many queries a "
        "row is."
    )
    return Section(NAMES["answers"], (note, *notes), tuple(parts))


def _wordings(value: Mapping[str, Any]) -> Section:
    parts, notes = [], []
    for source, told in value.items():
        by, counts, recall = _WORDED_BY.get(source, source), told["counts"], told["recall"]
        ks = list(told["flips"])
        rows: list[tuple[Cell, ...]] = [
            (label, *(share(at.get(f"R@{k}")) for k in ks))
            for label, at in (
                ("as evaluated", told["as_evaluated"]),
                ("one wording, on average", recall["mean"]),
                ("found by every wording", recall["all"]),
                ("found by one or more", recall["any"]),
                *((f"wording {n}", at) for n, at in enumerate(recall["each"], start=1)),
            )
        ]
        rows.append(("found by some, missed by others", *(share(told["flips"].get(k)) for k in ks)))
        caption = f"{by}: {counts['queries']:,} queries, {counts['wordings']:,} wordings; recall in percent"
        parts.append(Table(caption, ("", *_heads(told["flips"])), tuple(rows)))
        spread, overlap = told["rank_spread"], told["overlap"]
        notes.append(
            f"{by}: two wordings share {overlap['percent']:.1f} % ({overlap['low']:.1f} to "
            f"{overlap['high']:.1f}) of their first ten hits; the target's best and worst rank lie "
            f"{spread['median']:g} apart in the median, {spread['p90']:.0f} in the worst tenth."
        )
    note = "The same wish in other words: how far does the answer hang on the wording?"
    return Section(NAMES["wordings"], (note, *notes), tuple(parts))


def _lexicon(value: Mapping[str, Any]) -> Section:
    rows = tuple(
        (named(kind), *(cell for name in ("precision", "recall") for cell in _with_count(of.get(name))))
        for kind, of in value.items()
    )
    note = (
        "How far the kind of change read from the words agrees with the request on file, so how far the "
        "groups by kind can be trusted."
    )
    heads = ("kind of change", "n by words", "precision", "n by request", "recall")
    table = Table("The lexicon against the requests, in percent", heads, rows, plotted=True)
    return Section(NAMES["lexicon"], (note,), (table,))


def _with_count(value: Mapping[str, Any] | None) -> tuple[Cell, Cell]:
    return count(value), share(value)


def _heads(at: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"K\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{k}" for k in at)
