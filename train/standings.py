"""The benchmark's report as Markdown, and where it stands in the project's pages."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import HemlineError
from core.evaluation.intervals import SeedSummary
from core.evaluation.metrics import names
from core.files import read_text, write_atomically
from train.report import TABLE_FILE, Comparison, Model, collect, compare, summary, write_table

BEGIN, END = "<!-- results -->", "<!-- /results -->"
BRIEF_BEGIN, BRIEF_END = "<!-- results in brief -->", "<!-- /results in brief -->"
BRIEF = ("untrained", "in-batch", "mined")  # variants whose line a brief table shows, asked with both halves
LEADING = "R@10"
COMPARED = ("R@10", "R@50")


def report(results: Path, pages: Sequence[Path]) -> str:
    """Sum up `results`, write table.json there, bring the pages up to date; answer the Markdown.

    A page may ask for the whole report or, by other markers, for the main lines; without either it is left
    as it is. HemlineError for a page that does not exist.
    """
    before = {page: read_text(page) for page in pages}  # a wrong path is told before the work
    models = collect(results)
    summaries = [summary(model) for model in models]
    comparisons = compare(models)
    write_table(models, summaries, comparisons, results / TABLE_FILE)
    commands = _commands(results, pages)
    text = markdown(models, summaries, comparisons, commands)
    main = [row for row, model in enumerate(models) if model.name.split()[-1] in BRIEF]
    brief = markdown([models[row] for row in main], [summaries[row] for row in main], (), commands)
    for page, old in before.items():
        new = replaced(replaced(old, text, page), brief, page, BRIEF_BEGIN, BRIEF_END)
        if new != old:
            data = new.encode()
            write_atomically(page, lambda aside, data=data: _write(aside, data))  # type: ignore[misc]
    return text


def markdown(
    models: Sequence[Model],
    summaries: Sequence[Mapping[str, SeedSummary]],
    comparisons: Sequence[Comparison],
    commands: str,
) -> str:
    """The tables, what they need to be read, and the commands that made them."""
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
    return "\n".join([*lines, "", "```", commands, "```"])


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


def _commands(results: Path, pages: Sequence[Path]) -> str:
    run = "python -m train.benchmark run --data data/closet --runs runs/benchmark"
    again = f"python -m train.benchmark report --results {results.as_posix()}"
    shown = "".join(f" {page.as_posix()}" for page in pages)
    return "\n".join(
        [f"{run} --results {results.as_posix()} --background", again + (f" --readme{shown}" if pages else "")]
    )


def replaced(page: str, text: str, where: Path, opening: str = BEGIN, closing: str = END) -> str:
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
