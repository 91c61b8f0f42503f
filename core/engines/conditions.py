"""Who may answer, as one grammar: what a garment has on record, and its id, for engines and for row masks.

A condition is "one of these values in this field", and all of them hold; that is what `core.facets.passes`
says of a record. A garment of which nothing is on record passes none. Exact search and the FAISS family take
the same conditions as a mask of rows.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.errors import HemlineError
from core.facets import FIELDS, Filters, passes, values_of
from core.types import Garment

ID_FIELD = "id"
KNOWN_FIELD = "on_record"
KNOWN = "yes"
PAYLOAD_FIELDS = (*FIELDS, KNOWN_FIELD)
"""The fields that filter, each with an index of its own in an engine."""

if TYPE_CHECKING:
    from core.indexes.allowed import Allowed

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Conditions:
    """Filters as in `core.facets`, and the ids that may answer, None for all.

    `lacks` are filters of which a garment may pass none, as what is not wanted; `has` some of which it must
    pass one, where there are any.
    `mask` makes the same conditions a mask of the index's rows (bool [n], or prepared as `Allowed`) for who
    cannot take them as they are.
    """

    filters: Filters = field(default_factory=dict)
    within: frozenset[str] | None = None
    mask: "Callable[[], Mask | Allowed | None] | None" = None
    lacks: tuple[Filters, ...] = ()
    has: tuple[Filters, ...] = ()

    def rows(self) -> "Mask | Allowed | None":
        """The rows that may answer, None for all; HemlineError where these conditions came without a mask."""
        if self.mask is None:
            raise HemlineError("these conditions are for an engine alone; give them a mask as well")
        return self.mask()


def conditions_of(
    ids: Sequence[str],
    garments: Mapping[str, Garment],
    filters: Filters | None = None,
    within: frozenset[str] | None = None,
    lacks: tuple[Filters, ...] = (),
    has: tuple[Filters, ...] = (),
) -> Conditions:
    """Conditions on garments whose `ids` are the rows of an index, with what is on record of them."""
    filters = filters or {}

    def may(id_: str) -> bool:
        garment = garments.get(id_)
        inside = (within is None or id_ in within) and passes(garment, filters)
        one = not has or any(passes(garment, named) for named in has)
        return inside and one and not any(passes(garment, named) for named in lacks)

    return Conditions(filters, within, lambda: np.fromiter(map(may, ids), bool, len(ids)), lacks, has)


def narrows(conditions: Conditions | None) -> bool:
    """Whether there is anything that not every point passes.

    A graph is then searched over neighbours' neighbours as well (Qdrant calls it ACORN): without that,
    filters by two values miss some of the exact ten however wide the search is.
    """
    if conditions is None:
        return False
    return bool(conditions.filters or conditions.lacks or conditions.has) or conditions.within is not None


def clauses(filters: Filters) -> list[tuple[str, list[str]]]:
    """The filters as (key, values): a point passes with one of the values in every key."""
    found = []
    for name, values in filters.items():
        if name == "details":  # all of them, not one of them
            found += [(key_of(name), [value]) for value in sorted(values)]
        else:
            found.append((key_of(name), sorted(values)))
    return [(KNOWN_FIELD, [KNOWN]), *found] if filters and not found else found


def key_of(name: str) -> str:
    """The field's name as an engine's path: what is not plain is quoted."""
    return name if re.fullmatch(r"[A-Za-z0-9_]+", name) else f'"{name}"'


def payload_of(id_: str, garment: Garment | None) -> dict[str, Any]:
    """What an engine keeps of a garment: its id, and the values it is filtered by."""
    if garment is None:
        return {ID_FIELD: id_}
    has = {name: sorted(values) for name, values in values_of(garment).items()}
    return {ID_FIELD: id_, KNOWN_FIELD: KNOWN, **has}


def records_sha(ids: Sequence[str], garments: Mapping[str, Garment]) -> str:
    """sha256 of the payloads of these ids: another one filters otherwise."""
    found = sha256()
    for id_ in ids:
        garment = garments.get(id_)
        has = None if garment is None else [sorted(values) for values in values_of(garment).values()]
        found.update(repr((id_, has)).encode("utf-8", "surrogatepass"))
    return found.hexdigest()
