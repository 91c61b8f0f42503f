"""Documents as Markdown and as one HTML file that asks nothing of any other place."""

from html import escape
from urllib.parse import quote

from train.document import Bar, Bars, Document, Query, Section, Table, told

_STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #22211e; --soft: #5d5a53; --line: #dcd8cf;
  --bar: #2f6f5e; --rule: #a8431f; --card: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --paper: #191a19; --ink: #eceae4; --soft: #b3b0a7;
  --line: #3b3c39; --bar: #63b59c; --rule: #f0a184; --card: #222422; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.3rem; margin: 2.5rem 0 .5rem; padding-top: 1rem; border-top: 1px solid var(--line); }
p { max-width: 44rem; margin: .3rem 0 .6rem; color: var(--soft); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: 0; list-style: none; }
a { color: var(--bar); }
.wide { overflow-x: auto; margin: 1rem 0; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .92rem; }
caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); text-align: left;
  vertical-align: top; overflow-wrap: anywhere; }
.number { white-space: nowrap; text-align: right; padding-right: 0; }
th { font-weight: 400; } thead th { color: var(--soft); }
.bars td.plot { width: 45%; } .bars svg { display: block; width: 100%; height: 1.4rem; }
.bars rect { fill: var(--bar); opacity: .55; } .bars line { stroke: var(--rule); stroke-width: 2;
  vector-effect: non-scaling-stroke; } .bars .floor { stroke: var(--line); }
article { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem;
  margin: .8rem 0; } article h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
article dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 .8rem; margin: .4rem 0 0;
  font-size: .92rem; } dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.pictures { display: flex; gap: .6rem; flex-wrap: wrap; margin-top: .6rem; }
figure { margin: 0; } figure img { height: 7rem; border-radius: .3rem; display: block; }
figcaption { font-size: .82rem; color: var(--soft); }
@media (max-width: 30rem) { .bars td.plot { width: 30%; } th, td { padding-right: .4rem; } }
"""
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
        f"<title>{escape(document.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(document.title)}</h1>\n{_paragraphs(document.summary)}"
        f'<nav aria-label="Sections"><ul>{links}</ul></nav>\n'
        + "".join(
            f'<section aria-labelledby="{_anchor(section)}">\n'
            f'<h2 id="{_anchor(section)}">{escape(section.title)}</h2>\n{_paragraphs(section.notes)}'
            + "".join(_part(part) for part in section.parts)
            + "</section>\n"
            for section in document.sections
        )
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
            table = part if isinstance(part, Table) else _as_table(part)
            lines += [
                "",
                f"**{_plain(table.caption)}**",
                "",
                _row(table.heads),
                _row(("---",) * len(table.heads)),
            ]
            lines += [_row(tuple(_plain(cell) for cell in row)) for row in table.rows]
            lines.append("")
        lines.append("")
    return "\n".join(lines)


def _as_table(bars: Bars) -> Table:
    rows = tuple((bar.name, told(bar), _count(bar)) for bar in bars.bars)
    return Table(bars.caption, ("", "percent (95 % interval)", "queries"), rows)


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


def _part(part: Bars | Table | Query) -> str:
    if isinstance(part, Bars):
        return _bars(part)
    return _table(part) if isinstance(part, Table) else _query(part)


def _table(table: Table) -> str:
    heads = "".join(f'<th scope="col">{escape(head)}</th>' for head in table.heads)
    rows = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>\n"
        for row in table.rows
    )
    return (
        f'<div class="wide" tabindex="0"><table><caption>{escape(table.caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>\n{rows}</tbody></table></div>\n"
    )


def _bars(bars: Bars) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(bar.name)}</th><td class="plot">{_plot(bar)}</td>'
        f'<td class="number">{escape(told(bar))}</td><td class="number">{_count(bar)}</td></tr>\n'
        for bar in bars.bars
    )
    return (
        f'<div class="wide" tabindex="0"><table class="bars"><caption>{escape(bars.caption)}</caption>'
        '<thead><tr><th scope="col"></th><th scope="col">0 to 100 %</th>'
        '<th scope="col" class="number">percent (95 %)</th>'
        '<th scope="col" class="number">queries</th></tr></thead>'
        f"<tbody>\n{rows}</tbody></table></div>\n"
    )


def _plot(bar: Bar) -> str:
    whisker = ""
    if bar.low is not None and bar.high is not None:
        low, high = _clip(bar.low), _clip(bar.high)
        whisker = f'<line x1="{low:.2f}" x2="{high:.2f}" y1="7" y2="7"/>'
    return (
        '<svg viewBox="0 0 100 14" preserveAspectRatio="none" aria-hidden="true">'
        '<line class="floor" x1="0" x2="100" y1="13" y2="13"/>'
        f'<rect x="0" y="2" width="{_clip(bar.percent):.2f}" height="10"/>{whisker}</svg>'
    )


def _clip(percent: float) -> float:
    return min(100.0, max(0.0, percent))


def _count(bar: Bar) -> str:
    return "" if bar.queries is None else f"{bar.queries:,}"


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
