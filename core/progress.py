"""Bars on stderr: how far, at what rate, and how long still."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tqdm import tqdm


def progress(total: int, what: str, done: int = 0, unit: str = "picture") -> "tqdm":
    """A bar with rate and time left on stderr; outside a terminal a line every ten seconds at most."""
    from tqdm import tqdm

    interval = 0.1 if sys.stderr.isatty() else 10.0
    return tqdm(total=total, initial=done, desc=what, unit=unit, mininterval=interval, file=sys.stderr)


def leave_out(bar: "tqdm", count: int = 1) -> None:
    """Take what needs no work out of the bar, so that its rate and its time left are those of the work."""
    bar.total -= count
