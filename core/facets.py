"""Filters by what is on record of a garment; `core.columns` applies them to a whole catalogue."""

from collections.abc import Mapping

from core import vocabulary
from core.errors import HemlineError
from core.requests import VALUES, details_of, traits
from core.types import Garment

Filters = Mapping[str, frozenset[str]]
"""Values by field: a garment passes with one of a field's values, in every field; it has all the details."""

FIELDS: Mapping[str, tuple[str, ...]] = {"category": vocabulary.CATEGORIES, **VALUES}
"""The fields that filter, with their values: "kind" is the family, "colors" the main colour."""


def read_filters(value: object) -> dict[str, frozenset[str]]:
    """Filters as they come from outside: {field: value or list of values}; HemlineError for unknown ones."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise HemlineError(f"filters are {{field: [values]}}, of {', '.join(FIELDS)}; they are {value!r}")
    filters = {}
    for field, given in value.items():
        if field not in FIELDS:
            raise HemlineError(f"{field!r} is no field to filter by; the fields are {', '.join(FIELDS)}")
        values = [given] if isinstance(given, str) else given
        unknown = [one for one in values if one not in FIELDS[field]] if isinstance(values, list) else [given]
        if unknown:
            known = ", ".join(FIELDS[field])
            raise HemlineError(f"{field} has no value {unknown[0]!r}; it has {known}")
        if values:
            filters[field] = frozenset(values)
    return filters


def values_of(garment: Garment) -> dict[str, frozenset[str]]:
    """The garment's values of each of `FIELDS`; empty where a field does not apply."""
    has = {field: frozenset([value] if value else []) for field, value in traits(garment).items()}
    return {"category": frozenset([garment.category]), **has, "details": details_of(garment)}


def passes(garment: Garment | None, filters: Filters) -> bool:
    """Whether the garment passes; one of which nothing is on record passes no filter."""
    if garment is None:
        return not filters
    has = values_of(garment)
    return all(
        values <= has[field] if field == "details" else bool(values & has[field])
        for field, values in filters.items()
    )
