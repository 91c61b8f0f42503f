"""The catalogue as the page browses it, filtered and a page at a time; and changes to suggest."""

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.columns import Columns
from core.errors import HemlineError
from core.facets import read_filters
from core.suggestions import suggestions
from demo.catalogues import Catalogues, listed, service_of
from demo.service import Service, shown
from demo.thumbnails import thumbnail

IN_SIGHT = 16  # garments of a page that are seen before anybody scrolls
PAGE = 60  # garments sent at once; the shelf asks for more as it is scrolled
LONGEST_FILTER = 200


def shelf_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """One page of the shelf: `wish` has "catalogue" (a name), "words", "seed" (0: its order) and "start".

    It may have "filters" as in `core.facets`, and "ids" to show alone. Answers {"total": how many match,
    "garments": [see demo.service.shown], "catalogue": the one that this is of (the first, where the one asked
    for is gone), "catalogues": all there are} and with the first page "facets", {field: [[value, count]]} of
    all that match. Every word must occur in the garment's id, caption, category, kind or colours.
    """
    try:
        service = service_of(catalogues, wish.get("catalogue"))
    except HemlineError:
        service = catalogues.first
    words = str(wish.get("words") or "")[:LONGEST_FILTER].casefold().split()
    seed, start = _whole(wish.get("seed")), _whole(wish.get("start"))
    only = wish.get("ids")
    searcher, garments = service.searcher, service.garments
    try:
        filters = read_filters(wish.get("filters"))
    except HemlineError:  # of a link that somebody changed by hand
        filters = {}
    columns, ids = searcher.columns(garments), searcher.index.ids
    mask = columns.mask(filters)
    rows = np.flatnonzero(mask)
    if isinstance(only, list):
        asked = [searcher.index.positions.get(id_, -1) for id_ in only if isinstance(id_, str)]
        rows = np.array([row for row in asked if row >= 0 and mask[row]], np.int64)
    if words:
        told = [row for row in rows if all(word in text_of(service, ids[row]) for word in words)]
        rows = np.array(told, np.int64)
    counted = _counted(columns, rows) if not start else {}
    if seed:
        rows = np.random.default_rng(seed).permutation(rows)
    return {
        "total": len(rows),
        "garments": [shown(service, ids[row]) for row in rows[start : start + PAGE]],
        "facets": counted,
        "catalogue": service.name,
        "catalogues": listed(catalogues),
    }


def _counted(columns: Columns, rows: NDArray[np.int64]) -> dict[str, list[tuple[str, int]]]:
    mask = np.zeros(columns.count, bool)
    mask[rows] = True
    return columns.counted(mask)


def prepare_shelf(catalogues: Catalogues) -> None:
    """Have ready what the first visitor sees of the shelf; spoilt photos are passed over."""
    thumbnails = catalogues.first.thumbnails
    for garment in shelf_page(catalogues, {})["garments"][:IN_SIGHT]:
        with contextlib.suppress(HemlineError, OSError):
            thumbnail(thumbnails, "card", garment["id"])


def suggest_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> list[str]:
    """Changes in words for the garment `wish["id"]` of `wish["catalogue"]`; none where it has no record."""
    try:
        service = service_of(catalogues, wish.get("catalogue"))
    except HemlineError:
        return []
    garment = service.garments.get(str(wish.get("id")))
    return suggestions(garment, service.garments.values()) if garment is not None else []


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def text_of(service: Service, id_: str) -> str:
    """What the words of a filter are looked for in: all that is said of a garment, without capitals."""
    garment = service.garments.get(id_)
    if garment is None:
        return id_.casefold()
    return " ".join((id_, garment.caption, garment.category, garment.kind, *garment.colors)).casefold()
