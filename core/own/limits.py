"""How much may be brought at once, and what was refused: told in the same words everywhere."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import HemlineError


@dataclass(frozen=True)
class Limits:
    """The most photos, and the most bytes of photos, that one source may bring."""

    photos: int = 200_000
    bytes: int = 64 * 2**30


LONGEST = 300  # characters of a refusal's name and of its reason

MOST = Limits()
"""What a disk and a patient person can bear: the command line's limits."""


@dataclass(frozen=True)
class Refusal:
    """A photo or row that was not taken: its name in the source, and the reason in a few words.

    What stands before a colon in the reason is its kind, by which refusals are counted. What is longer than
    LONGEST is cut there.
    """

    name: str
    reason: str

    def __post_init__(self) -> None:
        for field in ("name", "reason"):
            object.__setattr__(self, field, getattr(self, field)[:LONGEST])


class Unusable(HemlineError):
    """Raised where one photo cannot be had from its source; the text is the reason of its refusal."""


def by_reason(refused: Iterable[Refusal]) -> dict[str, int]:
    """How many refusals each kind of reason has, the most frequent first."""
    return dict(Counter(refusal.reason.split(":")[0] for refusal in refused).most_common())


def check_count(photos: int, limits: Limits, name: str) -> None:
    """HemlineError where `photos` are more than one source may bring."""
    if photos > limits.photos:
        raise HemlineError(
            f"{name} holds {photos:,} photos, more than the {limits.photos:,} that may be brought at once; "
            "bring them in parts"
        )


def check_bytes(size: int, limits: Limits, name: str) -> None:
    """HemlineError where `size` bytes are more than one source may bring."""
    if size > limits.bytes:
        raise HemlineError(
            f"{name} holds more than the {limits.bytes / 2**20:,.0f} MiB that may be brought at once; "
            "bring the photos in parts"
        )
