"""The benchmark's report as Markdown, and where it stands in the project's pages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import HemlineError
from core.evaluation.intervals import SeedSummary
from core.evaluation.metrics import names
from core.files import read_text, write_atomically
from train.report import TABLE_FILE, Comparison, Model, collect, compare, summary, write_table
from train.tables import DEFAULT, Table

LEADING = "R@10"
COMPARED = ("R@10", "R@50")


def report(results: Path, pages: Sequence[Path], table: Table) -> str:
    """Sum up `results`, write table.json there, bring the pages up to date; answer the Markdown.

    A page may ask for the whole report or, by other markers, for the main lines; without either it is left
    as it is. The markers are those of the table (`markers`). HemlineError for a page that does not exist.
    """
    before = {page: read_text(page) for page in pages}  # a wrong path is told before the work
    commands = _commands(results, pages, table)
    whole, brief = [], []
    for place, measure in enumerate(table.measures):
        data = measure.data if place else ""
        models = collect(results, table, data)
        summaries = [summary(model) for model in models]
        comparisons = compare(models, table)
        write_table(models, summaries, comparisons, results / (f"table-{data}.json" if data else TABLE_FILE))
        title = [f"**{measure.data}**, protocol {measure.protocol}", ""] if len(table.measures) > 1 else []
        whole += [*title, *markdown(models, summaries, comparisons), ""]
        main = [row for row, model in enumerate(models) if _in_brief(model)]
        brief += [*title, *markdown([models[row] for row in main], [summaries[row] for row in main], ()), ""]
    text, short = ("\n".join([*lines, "```", commands, "```"]) for lines in (whole, brief))
    for page, old in before.items():
        new = replaced(old, text, page, *markers(table))
        new = replaced(new, short, page, *markers(table, brief=True))
        if new != old:
            told = new.encode()
            write_atomically(page, lambda aside, told=told: _write(aside, told))  # type: ignore[misc]
    return text


def markers(table: Table, brief: bool = False) -> tuple[str, str]:
    """What stands before and after a table's part of a page; the default table's have no name."""
    what = "results" if table.name == DEFAULT.name else f"results of {table.name}"
    what += " in brief" if brief else ""
    return f"<!-- {what} -->", f"<!-- /{what} -->"


def _in_brief(model: Model) -> bool:
    return model.modality == "both" and (model.variant != "bank")


def markdown(
    models: Sequence[Model],
    summaries: Sequence[Mapping[str, SeedSummary]],
    comparisons: Sequence[Comparison],
) -> list[str]:
    """The tables and what they need to be read, as lines."""
    first = next(iter(models[0].results.values()))
    most = max(len(model.results) for model in models)
    lines = [
        f"{first.split}, {first.counts['queries']} queries, {first.counts['gallery']} photos; "
        f"recall in percent, mean ± sample deviation over the seeds ({most}), interval of {LEADING} at 95 %.",
        "",
        *_standings(models, summaries, most),
    ]
    if first.partial:
        lines.insert(1, "PARTIAL: photos are lacking; not comparable with whole galleries.")
    if comparisons:
        lines += ["", *_comparisons(comparisons, most)]
    return lines


def _standings(
    models: Sequence[Model], summaries: Sequence[Mapping[str, SeedSummary]], most: int
) -> list[str]:
    heads = ["model", *names(), f"{LEADING} interval", "core-minutes", "peak GiB"]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for model, recalls in zip(models, summaries, strict=True):
        costs = list(model.costs.values())
        spent = sum(cost["core_minutes"] for cost in costs) / len(costs)
        peak = max(cost["peak_memory_mb"] for cost in costs) / 1024
        lead = recalls[LEADING]
        cells = [_named(model.name, len(model.results), most)]
        cells += [_recall(recalls[name]) for name in names()]
        cells += [f"{lead.low:.1f} to {lead.high:.1f}"]
        cells += [f"{spent:.1f}", f"{peak:.1f}"] if spent else ["-", "-"]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _comparisons(comparisons: Sequence[Comparison], most: int) -> list[str]:
    heads = ["after, against before"]
    for name in COMPARED:
        heads += [f"{name} gain", "95 % interval", "p", "p (Holm)"]
    lines = ["| " + " | ".join(heads) + " |", "| --- |" + " ---: |" * (len(heads) - 1)]
    for found in comparisons:
        cells = [_named(f"{found.after}, against {found.before}", len(found.seeds), most)]
        for name in COMPARED:
            gain = found.gain[name]
            cells += [f"{gain.difference:+.1f}", f"{gain.low:+.1f} to {gain.high:+.1f}"]
            cells += [f"{gain.p:.4f}", f"{found.holm[name]:.4f}"]
        lines.append("| " + " | ".join(cells) + " |")
    told = (
        f"Paired bootstrap over seeds and queries; Holm over these {len(comparisons)}, each recall by itself."
    )
    return [*lines, "", told]


def _named(name: str, seeds: int, most: int) -> str:
    return name if seeds == most else f"{name} ({seeds} of {most} seeds)"


def _recall(value: SeedSummary) -> str:
    return f"{value.mean:.1f} ± {value.sd:.1f}" if value.seeds > 1 else f"{value.mean:.1f}"


def _commands(results: Path, pages: Sequence[Path], table: Table) -> str:
    named = table.name != DEFAULT.name
    choose = f" --table train/configs/{table.name}" if named else ""
    data = " ".join(f"{name}=data/{name}" for name in table.datasets) if named else "data/closet"
    run = f"python -m train.benchmark run{choose} --data {data} --runs runs/benchmark"
    again = f"python -m train.benchmark report{choose} --results {results.as_posix()}"
    shown = "".join(f" {page.as_posix()}" for page in pages)
    return "\n".join(
        [f"{run} --results {results.as_posix()} --background", again + (f" --readme{shown}" if pages else "")]
    )


def replaced(page: str, text: str, where: Path, opening: str, closing: str) -> str:
    """`page` with `text` between its markers; as it is without markers, HemlineError with half of them."""
    if opening not in page and closing not in page:
        return page
    head, begin, rest = page.partition(opening)
    _, end, tail = rest.partition(closing)
    if not (begin and end):
        raise HemlineError(f"{where} has only one of {opening} and {closing}; put the other one in")
    return f"{head}{opening}\n{text}\n{closing}{tail}"


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
