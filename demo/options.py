"""The page's and the API's options of a query, as they come from outside, made a `ComposedQuery`."""

from collections.abc import Mapping
from typing import Any

from core.composed import ComposedQuery
from core.errors import HemlineError
from core.facets import read_filters
from demo.uploads import uploaded_bytes

PAGE_HITS = 24
LONGEST_WITHOUT = 200  # characters


def page_query(chosen: Mapping[str, Any], text: str, options: Mapping[str, Any]) -> ComposedQuery:
    """The query of `chosen` (the value of reference.js), the change and `options` (that of options.js).

    HemlineError for options that are none, and for an upload that is gone.
    """
    reference_id, upload = chosen.get("reference_id"), chosen.get("upload")
    within = options.get("within")
    return composed(
        reference_id=str(reference_id) if reference_id else None,
        reference_image=uploaded_bytes(str(upload)) if upload else None,
        text=text or "",
        second_id=options.get("second") or None,
        without=options.get("without"),
        weight=options.get("weight"),
        filters=options.get("filters"),
        within=within.get("ids") if isinstance(within, Mapping) else None,
        fold=options.get("fold"),
        top_k=options.get("top_k") or PAGE_HITS,
    )


def composed(
    reference_id: str | None,
    reference_image: bytes | None,
    text: str,
    second_id: object,
    without: object,
    weight: object,
    filters: object,
    within: object,
    fold: object,
    top_k: object,
) -> ComposedQuery:
    """A `ComposedQuery` of values that somebody sent; HemlineError names the one that is wrong."""
    for name, value in (("the second reference", second_id), ("without", without)):
        if value is not None and not isinstance(value, str):
            raise HemlineError(f"{name} must be a string; it is {value!r}")
    said = without.strip() if isinstance(without, str) else ""
    if len(said) > LONGEST_WITHOUT:
        raise HemlineError(f"without is too long; it takes {LONGEST_WITHOUT} characters")
    if weight is not None and (isinstance(weight, bool) or not isinstance(weight, int | float)):
        raise HemlineError(f"weight must be a number from -1 to 1; it is {weight!r}")
    if within is not None and not (isinstance(within, list) and all(isinstance(one, str) for one in within)):
        raise HemlineError("within must be a list of ids")
    if fold is not None and not isinstance(fold, bool):
        raise HemlineError(f"fold must be true or false; it is {fold!r}")
    if isinstance(top_k, bool) or not isinstance(top_k, int):
        raise HemlineError(f"top_k must be a whole number; it is {top_k!r}")
    return ComposedQuery(
        reference_id=reference_id,
        reference_image=reference_image,
        text=text.strip(),
        second_id=second_id or None if isinstance(second_id, str) else None,
        weight=float(weight or 0),
        without=said,
        filters=read_filters(filters),
        within=frozenset(within) if within is not None else None,
        fold=bool(fold),
        top_k=top_k,
    )
