"""What is on record of a whole catalogue, a row of bits for each value: filtered and counted in milliseconds.

`core.facets` says what a filter means for one garment; here is the same for all of them at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from core.facets import FIELDS, Filters, values_of
from core.indexes.allowed import Allowed
from core.requests import Request
from core.types import Garment

KEPT_FILTERS = 16  # some 8 MB each for a million rows

Bits = NDArray[np.uint8]
"""A bit for each row of a catalogue, eight to a byte, little end first."""


@dataclass(frozen=True)
class Columns:
    """The values of `count` garments; it never changes, so threads may share it.

    `codes` (int32 [count]) says which of `kinds_of_record` each has, the values of one record; -1 where
    nothing is on record.
    """

    count: int
    codes: NDArray[np.int32]
    kinds_of_record: Sequence[Mapping[str, frozenset[str]]]

    @cached_property
    def complete(self) -> bool:
        """Whether something is on record of every garment."""
        return bool((self.codes >= 0).all())

    @cached_property
    def known(self) -> Bits:
        """The garments with a record."""
        return _packed(self.codes >= 0)

    @cached_property
    def bits(self) -> dict[str, dict[str, Bits]]:
        """The garments with a value, by field and value."""
        having: dict[str, dict[str, list[int]]] = {field: {} for field in FIELDS}
        for code, record in enumerate(self.kinds_of_record):
            for field, values in record.items():
                for value in values:
                    having[field].setdefault(value, []).append(code)
        found: dict[str, dict[str, Bits]] = {field: {} for field in FIELDS}
        for field, by_value in having.items():
            for value, codes in by_value.items():
                table = np.zeros(len(self.kinds_of_record) + 1, bool)  # the last is of code -1
                table[codes] = True
                found[field][value] = _packed(table[self.codes])
        return found

    def mask(self, filters: Filters) -> NDArray[np.bool_]:
        """The rows that pass, bool [count], as `core.facets.passes` says."""
        return _unpacked(self._passing(filters), self.count)

    def allowed(self, filters: Filters) -> Allowed:
        """`mask` prepared for searches; kept, since people filter alike and change the words."""
        return self._allowed(frozenset(filters.items()))

    @cached_property
    def _allowed(self) -> Callable[[frozenset[tuple[str, frozenset[str]]]], Allowed]:
        return lru_cache(KEPT_FILTERS)(lambda filters: Allowed(self.mask(dict(filters)), self.count))

    def unwanted(self, requests: Iterable[Request]) -> NDArray[np.bool_]:
        """The rows with all that one of the requests names, bool [count] (`core.composed.has_unwanted`)."""
        found = self._none()
        for request in requests:
            # no family, colour … is on record twice, so one of the values is what `passes` asks as well
            filters: dict[str, frozenset[str]] = {**request.edits, "details": request.add}
            found |= self._passing(filters)
        return _unpacked(found, self.count)

    def counted(self, mask: NDArray[np.bool_] | None = None) -> dict[str, list[tuple[str, int]]]:
        """How many of the rows in `mask` (None: all) have each value, by field, the most frequent first.

        Only values that occur; equally frequent ones in the vocabulary's order.
        """
        within = None if mask is None else _packed(mask)
        found = {}
        for field, by_value in self.bits.items():
            counts = {
                value: _ones(bits if within is None else bits & within) for value, bits in by_value.items()
            }
            order = {value: at for at, value in enumerate(FIELDS[field])}
            pairs = [(value, count) for value, count in counts.items() if count]
            if pairs:
                found[field] = sorted(pairs, key=lambda pair: (-pair[1], order.get(pair[0], 0)))
        return found

    def _passing(self, filters: Filters) -> Bits:
        left = self.known.copy() if filters else _packed(np.ones(self.count, bool))
        for field, values in filters.items():
            having = [self.bits[field].get(value, self._none()) for value in values]
            if field == "details":
                for bits in having:
                    left &= bits
            else:
                left &= np.bitwise_or.reduce(having) if having else self._none()
        return left

    def _none(self) -> Bits:
        return np.zeros((self.count + 7) // 8, np.uint8)


def columns_of(ids: Sequence[str], garments: Mapping[str, Garment]) -> Columns:
    """The columns of a catalogue: its ids in the order of its rows, and what is on record of them."""
    places: dict[tuple[object, ...], int] = {}
    records: list[dict[str, frozenset[str]]] = []
    codes = np.full(len(ids), -1, np.int32)
    for row, id_ in enumerate(ids):
        garment = garments.get(id_)
        if garment is None:
            continue
        said = _said(garment)
        code = places.get(said, -1)
        if code < 0:
            code = places[said] = len(records)
            records.append(values_of(garment))
        codes[row] = code
    return Columns(len(ids), codes, records)


def _said(garment: Garment) -> tuple[object, ...]:
    """All that `values_of` reads, so that it is asked once for garments with the same record."""
    return (
        garment.category, garment.kind, garment.colors[:1], garment.pattern, garment.sleeve,
        garment.neckline, garment.length, garment.fit, garment.details,
    )  # fmt: skip


def _packed(mask: NDArray[np.bool_]) -> Bits:
    return np.packbits(mask, bitorder="little")


def _unpacked(bits: Bits, count: int) -> NDArray[np.bool_]:
    return np.unpackbits(bits, count=count, bitorder="little").view(np.bool_)


def _ones(bits: Bits) -> int:
    return int(np.bitwise_count(bits).sum(dtype=np.int64))
