"""A study as text for a terminal, which is Markdown as well: the tables of docs/evaluation.md."""

from collections.abc import Iterable, Mapping
from typing import Any

from core.evaluation.study import Study

K = "10"
_SHORTCUTS = (
    ("both", "found by both together"),
    ("image", "by the image alone"),
    ("text", "by the text alone"),
    ("shortcut_solvable", "one side solves it"),
    ("composition_required", "solved only by both together"),
    ("spoiled", "one side solves it, both together do not"),
    ("unresolved", "not solved"),
    ("composition_gap", "composition gap, points"),
)


def table(study: Study) -> str:
    """Every section that was measured, as Markdown tables; why the others were not."""
    parts = [
        f"{study.model.get('name', 'model')} on {study.split}, protocol {study.protocol.name}: "
        f"{study.counts['queries']} queries, {study.counts['gallery']} photos"
        + (" (PARTIAL: photos are missing)" if study.partial else "")
    ]
    if study.modalities:
        parts += [_modalities(study.modalities)]
    if study.answers:
        parts += [_answers(study.answers)]
    if study.wordings:
        parts += [_wordings(study.wordings)]
    if study.groups:
        parts += [_groups(study.groups)]
    parts += [f"not measured: {name}: {why}" for name, why in study.not_measured.items()]
    return "\n\n".join(parts)


def cell(share: Mapping[str, Any] | None) -> str:
    """A share and its interval, "23.4 (19.6-27.5)"; a dash where there is none."""
    if share is None:
        return "-"
    return f"{share['percent']:.1f} ({share['low']:.1f} to {share['high']:.1f})"


def _modalities(value: Mapping[str, Any]) -> str:
    ks = list(value["at"])
    rows = [[label, *(cell(value["at"][k].get(name)) for k in ks)] for name, label in _SHORTCUTS]
    per = [
        [
            category,
            str(at[K]["both"]["queries"]),
            *(cell(at[K][n]) for n in ("shortcut_solvable", "composition_required", "composition_gap")),
        ]
        for category, at in value["per_category"].items()
    ]
    whole = _grid(["% of queries", *(f"K = {k}" for k in ks)], rows)
    heads = [f"K = {K}", "queries", "one side solves", "only both solve", "gap"]
    return f"{whole}\n\n{_grid(heads, per)}"


def _answers(value: Mapping[str, Any]) -> str:
    names = (
        (f"target in {K}", "target"),
        (f"a right answer in {K}", "found"),
        (f"mAP@{K}, several right", "map"),
        (f"NegRecall@{K}", "neg_recall"),
        (f"a negative in {K}", "any_negative"),
    )
    rows = []
    for label, name in names:
        rows.append([label, *(cell(told.get(name, {}).get(K)) for told in value.values())])
    for label, name in (
        ("a negative above the target", "outranked"),
        ("negatives above it", "negatives_ahead"),
    ):
        rows.append([label, *(cell(told.get(name)) for told in value.values())])
    for label, name in (
        ("queries", "queries"),
        ("with several right", "several_right"),
        ("with a negative", "with_negatives"),
    ):
        rows.append([label, *(str(told["counts"][name]) for told in value.values())])
    return _grid(["%, by", *value], rows)


def _wordings(value: Mapping[str, Any]) -> str:
    head = f"R@{K}"
    rows = [
        ["queries", *(str(told["counts"]["queries"]) for told in value.values())],
        [f"{head} as evaluated", *(cell(told["as_evaluated"][head]) for told in value.values())],
        *(
            [f"{head}, {label}", *(cell(told["recall"][name][head]) for told in value.values())]
            for name, label in (
                ("mean", "mean of wordings"),
                ("all", "every wording"),
                ("any", "one or more"),
            )
        ),
        [f"target in {K} flips", *(cell(told["flips"][K]) for told in value.values())],
        ["first ten hits in common", *(cell(told["overlap"]) for told in value.values())],
        ["rank spread, median (p90)", *(_spread(told["rank_spread"]) for told in value.values())],
    ]
    return _grid(["%, wordings", *value], rows)


def _spread(value: Mapping[str, float]) -> str:
    return f"{value['median']:g} ({value['p90']:g})"


def _groups(value: Mapping[str, Any]) -> str:
    rows = [
        [by, group, str(found["R@1"]["queries"]), cell(found["R@1"]), cell(found["R@10"])]
        for by, some in value.items()
        for group, found in some.items()
    ]
    return _grid(["by", "group", "queries", "R@1", "R@10"], rows)


def _grid(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heads), *map(list, rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines)
