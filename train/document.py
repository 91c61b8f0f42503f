"""A report as data, before it is HTML, Markdown or JSON: sections of tables, measured shares and queries.

Every text in it is plain text; the renderings escape it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """One measured share: percent from 0 to 100 (a difference may be below), its 95 % interval or None."""

    name: str
    percent: float
    low: float | None = None
    high: float | None = None
    queries: int | None = None


@dataclass(frozen=True)
class Bars:
    """Shares shown as bars with their intervals, each with its number."""

    caption: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True)
class Table:
    """A table of texts; the first cell of a row names it."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Query:
    """One query as it is shown: what was asked, where the target stood, what stood first.

    pictures: (label, data URI) of small pictures; empty unless a folder of photos was given.
    """

    key: str
    text: str
    rank: str
    facts: tuple[tuple[str, str], ...]
    pictures: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Section:
    """A heading, notes in sentences, and its parts in order."""

    title: str
    notes: tuple[str, ...] = ()
    parts: tuple[Bars | Table | Query, ...] = ()


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...]


def told(bar: Bar) -> str:
    """A bar's number in words: "32.9 (28.6 to 37.2)"."""
    ends = "" if bar.low is None or bar.high is None else f" ({bar.low:.1f} to {bar.high:.1f})"
    return f"{bar.percent:.1f}{ends}"
