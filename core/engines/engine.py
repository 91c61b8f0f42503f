"""What a vector engine does for a catalogue, whichever it is, and the point that a garment is to it.

A point is a number (made of the garment's id), a unit vector and a payload: what `core.facets` filters by.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.engines.conditions import Conditions, payload_of
from core.errors import HemlineError
from core.indexes.clustering import Vectors
from core.types import Garment

Numbers = NDArray[np.int64]
VECTOR = "v"  # the vector's name in a collection
BATCH = 64  # queries sent at once


class EngineError(HemlineError):
    """An engine cannot be asked: it is not there, does not answer, or holds something else."""


@dataclass(frozen=True)
class Points:
    """Points to be written: int64 numbers, vectors float32 [n, d], and a payload for each."""

    numbers: list[int]
    vectors: Vectors
    payloads: list[dict[str, object]]


class Engine(Protocol):
    """A collection of points that can be written and searched; threads may share it.

    Every method raises EngineError where the engine cannot do it.
    """

    def upsert(self, points: Points) -> None:
        """Write the points; those of the same number are replaced. They are found at once."""

    def delete(self, numbers: Iterable[int]) -> None:
        """Remove the points; numbers that are not there are passed over. They are gone at once."""

    def search(
        self,
        queries: Vectors,
        k: int,
        conditions: Conditions | None = None,
        without: Sequence[Collection[int]] | None = None,
        width: int | None = None,
    ) -> list[tuple[Vectors, Numbers]]:
        """For each query (float32 [q, d]) scores and numbers of its best `k` points, best first.

        `without` gives for each query the numbers that must not come back. `width` is how wide a graph is
        searched (hnsw_ef).
        """

    def count(self, conditions: Conditions | None = None) -> int:
        """How many points there are, or how many pass."""

    def optimise(self) -> None:
        """Build what makes it fast; returns when that is done."""

    def close(self) -> None:
        """Everything written is on disk, and no more may be asked of it."""


def number_of(id_: str) -> int:
    """The number of a garment's point: 63 bits of a hash of its id, the same in every catalogue."""
    return int.from_bytes(blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=8).digest()) >> 1


def numbers_of(ids: Sequence[str]) -> Numbers:
    """The numbers of the ids, int64 [n]; HemlineError where two ids have one (as likely as n² / 2^64)."""
    numbers = np.fromiter(map(number_of, ids), np.int64, len(ids))
    order = np.argsort(numbers, kind="stable")
    same = np.flatnonzero(np.diff(numbers[order]) == 0)
    if len(same):
        first, second = (ids[row] for row in order[same[0] : same[0] + 2])
        raise HemlineError(f"{first!r} and {second!r} have the same number in an engine; rename one of them")
    return numbers


def points_of(ids: Sequence[str], vectors: Vectors, garments: Mapping[str, Garment]) -> Points:
    """The points of garments: their ids, vectors float32 [n, d], and what is on record of them."""
    payloads = [payload_of(id_, garments.get(id_)) for id_ in ids]
    return Points([number_of(id_) for id_ in ids], vectors, payloads)
