"""The catalogue as the page browses it: filtered by words, shuffled by a seed, a page at a time."""

import random
from collections.abc import Mapping
from typing import Any

from core.errors import HemlineError
from demo.catalogues import Catalogues, listed, service_of
from demo.service import Service, shown

PAGE = 60  # garments sent at once; the shelf asks for more as it is scrolled
LONGEST_FILTER = 200


def shelf_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """One page of the shelf: `wish` has "catalogue" (a name), "words", "seed" (0: its order) and "start".

    Answers {"total": how many match, "garments": [see demo.service.shown], "catalogue": the one that this is
    of (the first, where the one asked for is gone), "catalogues": all there are}. Every word must occur in
    the garment's id, caption, category, kind or colours.
    """
    try:
        service = service_of(catalogues, wish.get("catalogue"))
    except HemlineError:
        service = catalogues.first
    words = str(wish.get("words") or "")[:LONGEST_FILTER].casefold().split()
    seed, start = _whole(wish.get("seed")), _whole(wish.get("start"))
    ids = [id_ for id_ in service.searcher.index.ids if all(word in text_of(service, id_) for word in words)]
    if seed:
        random.Random(seed).shuffle(ids)
    return {
        "total": len(ids),
        "garments": [shown(service, id_) for id_ in ids[start : start + PAGE]],
        "catalogue": service.name,
        "catalogues": listed(catalogues),
    }


def _whole(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def text_of(service: Service, id_: str) -> str:
    """What the words of a filter are looked for in: all that is said of a garment, without capitals."""
    garment = service.garments.get(id_)
    if garment is None:
        return id_.casefold()
    return " ".join((id_, garment.caption, garment.category, garment.kind, *garment.colors)).casefold()
