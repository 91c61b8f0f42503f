"""Documents as Markdown and as one HTML file that asks nothing of any other place."""

from html import escape
from urllib.parse import quote

from train.document import Cell, Document, Measure, Query, Section, Table, parts_told, told
from train.document_style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def html(document: Document) -> str:
    """The document as one HTML file, light or dark as the reader's system says; no script, no request."""
    links = "".join(
        f'<li><a href="#{_anchor(section)}">{escape(section.title)}</a></li>' for section in document.sections
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{escape(document.title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<header><h1>{escape(document.title)}</h1>\n{_paragraphs(document.summary)}</header>\n"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n'
        + "".join(_section(section) for section in document.sections)
        + "</main>\n</body>\n</html>\n"
    )


def markdown(document: Document) -> str:
    """The document as Markdown with tables; what would be markup in a text is escaped."""
    lines = [f"# {_plain(document.title)}", "", *(_plain(note) + "\n" for note in document.summary)]
    for section in document.sections:
        lines += [f"## {_plain(section.title)}", "", *(_plain(note) + "\n" for note in section.notes)]
        for part in section.parts:
            if isinstance(part, Query):
                lines.append(f"- **{_plain(part.rank)}** {_plain(part.text)} ({_plain(part.key)})")
                lines += [f"  - {_plain(name)}: {_plain(value)}" for name, value in part.facts]
                continue
            lines += [
                "",
                f"**{_plain(part.caption)}**",
                "",
                _row(tuple(_plain(head) for head in part.heads)),
                _row(("---",) * len(part.heads)),
            ]
            lines += [_row(tuple(_plain(told(cell)) for cell in row)) for row in part.rows]
            lines.append("")
        lines.append("")
    return "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cells) + " |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    kept = " ".join(text.split())
    for mark in "\\`*_[]<>|#&!~":
        kept = kept.replace(mark, "\\" + mark)
    return kept


def _anchor(section: Section) -> str:
    return quote(section.title.lower().replace(" ", "-"), safe="-")


def _paragraphs(notes: tuple[str, ...]) -> str:
    return "".join(f"<p>{escape(note)}</p>\n" for note in notes)


def _section(section: Section) -> str:
    queries = "".join(_query(part) for part in section.parts if isinstance(part, Query))
    parts = "".join(_table(part) for part in section.parts if isinstance(part, Table))
    parts += f'<div class="queries">\n{queries}</div>\n' if queries else ""
    if section.folded:
        parts = f"<details><summary>Show the details</summary>\n{parts}</details>\n"
    anchor = _anchor(section)
    return (
        f'<section aria-labelledby="{anchor}">\n<h2 id="{anchor}">{escape(section.title)}</h2>\n'
        f"{_paragraphs(section.notes)}{parts}</section>\n"
    )


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    rows = "".join(
        f'<tr><th scope="row">{escape(told(row[0]))}</th>'
        + "".join(_cell(cell, table.plotted) for cell in row[1:])
        + "</tr>\n"
        for row in table.rows
    )
    # Two columns of words read from the left; numbers stand under each other.
    kind = ' class="facts"' if len(table.heads) == 2 and not table.plotted else ""
    caption = escape(table.caption)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{caption}">'
        f"<table{kind}><caption>{caption}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table></div>\n"
    )


def _cell(cell: Cell, plotted: bool) -> str:
    if isinstance(cell, str):
        return f"<td>{escape(cell)}</td>"
    number, *interval = parts_told(cell)
    shown = f"<b>{number}</b>" + "".join(f" <small>{ends}</small>" for ends in interval)
    return f'<td class="measure">{shown}{_plot(cell) if plotted else ""}</td>'


def _plot(measure: Measure) -> str:
    """A rail over the measure's span, its zero where it has one inside, the interval and the number on it."""
    start, end = measure.span

    def place(value: float) -> str:
        return f"{min(100.0, max(0.0, 100 * (value - start) / (end - start))):.2f}"

    drawn = '<line x1="0" x2="100" y1="5" y2="5"/>'
    if start < 0 < end:
        drawn += f'<line x1="{place(0)}" x2="{place(0)}" y1="0" y2="10"/>'
    if measure.low is not None and measure.high is not None:
        ends = f'x1="{place(measure.low)}" x2="{place(measure.high)}"'
        drawn += f'<line class="interval" {ends} y1="5" y2="5"/>'
    at = place(measure.percent)
    drawn += f'<line class="mark" x1="{at}" x2="{at}" y1="0" y2="10"/>'
    return f'<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{drawn}</svg>'


def _query(query: Query) -> str:
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in query.facts)
    pictures = "".join(
        f'<figure><img src="{escape(uri)}" alt="{escape(label)}">'
        f"<figcaption>{escape(label)}</figcaption></figure>"
        for label, uri in query.pictures
    )
    shown = f'<div class="pictures">{pictures}</div>' if pictures else ""
    return (
        f"<article><h3>{escape(query.text)}</h3><dl><dt>Target</dt><dd>{escape(query.rank)}</dd>"
        f"<dt>Query</dt><dd>{escape(query.key)}</dd>{facts}</dl>{shown}</article>\n"
    )
