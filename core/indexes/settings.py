"""What kind of index a catalogue gets, and how wide it searches."""

from dataclasses import dataclass
from math import log2, sqrt

from core.errors import HemlineError

KINDS = ("exact", "ivf-sq8", "ivf-rabitq", "hnsw")

EXACT_UP_TO = 50_000
"""Rows up to which exact search is quick enough: some 5 ms a query of 256 values."""

SHORT_LIST = 50
"""Rows that an index with codes offers to be scored again exactly."""

FEW = 2048
"""Rows that are scored exactly in about a quarter of a millisecond, however they lie."""


@dataclass(frozen=True)
class Settings:
    """A kind of index and how it searches.

    `lists` is how many inverted lists there are (0: none); `probes` how many of them a query looks through,
    or the width of the search in a graph (efSearch), and `filtered` how many at least under a filter. One
    that leaves no more than `few` rows is searched exactly. `short` is how many rows are scored again for
    the first ten, and in that measure for more.
    """

    kind: str
    lists: int = 0
    probes: int = 16
    filtered: int = 64
    few: int = FEW
    short: int = SHORT_LIST

    def __post_init__(self) -> None:
        """HemlineError for an unknown kind."""
        if self.kind not in KINDS:
            raise HemlineError(f"{self.kind!r} is no kind of index; the kinds are {', '.join(KINDS)}")


def chosen(count: int, width: int, memory: int | None = None) -> str:
    """The kind for `count` rows of `width` values: exact as long as that is quick, else inverted lists.

    `memory`, in bytes, is what the index may take besides the file of exact rows; where one byte a value is
    too much it is one bit. A graph is never chosen: it is worth its memory only for a catalogue that is
    asked without filters.
    """
    if count <= EXACT_UP_TO:
        return "exact"
    return "ivf-sq8" if memory is None or count * (width + 8) <= memory else "ivf-rabitq"


def default_settings(kind: str, count: int) -> Settings:
    """Settings for `count` rows that are sound before they are tuned: about four lists a root of the rows."""
    if not kind.startswith("ivf"):
        return Settings(kind, probes=64, few=10 * FEW)  # a graph is poor under a filter
    lists = 2 ** round(log2(max(1, 4 * sqrt(count))))
    return Settings(kind, min(lists, count), short=SHORT_LIST if kind == "ivf-sq8" else 4 * SHORT_LIST)
