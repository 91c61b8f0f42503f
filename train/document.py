"""A report as data, before it is HTML, Markdown or JSON: sections of tables and queries.

Every text in it is plain text; the renderings escape it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measure:
    """One measured number with its 95 % interval, or None where there is none.

    percent, or points where `signed` (a difference, told with its sign); low and high in the same unit;
    queries: how many it is of. span: what a plot of it reaches from and to.
    """

    percent: float
    low: float | None = None
    high: float | None = None
    queries: int | None = None
    signed: bool = False
    span: tuple[float, float] = (0.0, 100.0)


Cell = str | Measure


@dataclass(frozen=True)
class Table:
    """A table; the first cell of a row names it. plotted: measures are drawn under their numbers too."""

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    plotted: bool = False


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
    """A heading, notes in sentences, and its parts in order. folded: the parts are shown on asking."""

    title: str
    notes: tuple[str, ...] = ()
    parts: tuple[Table | Query, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Document:
    """A whole report."""

    title: str
    summary: tuple[str, ...]
    sections: tuple[Section, ...]


def share(value: Mapping[str, Any] | None, signed: bool = False) -> Cell:
    """A share as files hold it, as a cell; a dash where there is none."""
    if value is None:
        return "–"
    return Measure(value["percent"], value["low"], value["high"], value["queries"], signed)


def count(value: Mapping[str, Any] | None) -> str:
    """How many queries a share is of."""
    return "–" if value is None else f"{value['queries']:,}"


def told(cell: Cell) -> str:
    """A cell in words: "32.9 (28.6 to 37.2)"."""
    return cell if isinstance(cell, str) else " ".join(parts_told(cell))


def parts_told(measure: Measure) -> tuple[str, ...]:
    """A measure's number and, where there is one, its interval: ("32.9", "(28.6 to 37.2)")."""
    style = "+.1f" if measure.signed else ".1f"
    number = format(measure.percent, style)
    if measure.low is None or measure.high is None:
        return (number,)
    return number, f"({measure.low:{style}} to {measure.high:{style}})"
