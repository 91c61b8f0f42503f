"""The catalogue's map as the page draws it: places, colours by name, what is known of the garments chosen.

Rows of the index stand for garments, so that tens of thousands travel as compact arrays; every question but
the first names the index that its rows are of, and one about another index is answered {"stale": true}.
"""

import base64
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import HemlineError
from core.map import Map, read_map
from core.types import Garment
from core.verdicts import fold, role_of
from demo.catalogues import Catalogues, service_of
from demo.map_query import path_of, ranks
from demo.service import Service, history, shown
from demo.shelf import LONGEST_FILTER, text_of
from demo.verdicts import named

MOST_VALUES = 12  # of an attribute, told apart by colour; what is left is "other"
CARDS = 60  # garments described at once
ATTRIBUTES = ("category", "color", "kind", "pattern", "sleeve", "neckline", "length", "fit", "fabric")
UNKNOWN = "not on record"

# How far down the ranking of the last answer, and how much nearer than by the model as it was built.
RANK_ENDS = (1, 3, 10, 30, 100, 300, 1000)
CHANGE_ENDS = (-2.0, -1.0, -0.05, 0.05, 1.0, 2.0)  # of log2(rank now / rank before)
CHANGES = ("4 times nearer or more", "2 to 4 times nearer", "nearer", "same rank", "farther")
FARTHER = ("2 to 4 times farther", "4 times farther or more")
JUDGED = {"negative": "wrong", "positive": "right", "same": "the same garment", "none": "unsure"}


def points_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The map of the catalogue `wish` names: places as uint16 (base64), what colours by, how far to trust it.

    {"index", "count", "x", "y", "columns": [{"name", "label"}], "kept", "among", "misplaced", "method",
    "metric", "neighbours", "seed", "version"}; {"problem": sentence} where there is no map that can be read.
    """
    try:
        service = service_of(catalogues, wish.get("catalogue"))
        atlas = map_of(service)
    except HemlineError as error:
        return {"problem": str(error), "own": wish.get("catalogue") in catalogues.own}
    x, y = (_packed(np.round(65535 * axis).clip(0, 65535).astype("<u2")) for axis in atlas.places.T)
    return {
        "index": service.index_fingerprint,
        "count": len(atlas.kept),
        "x": x,
        "y": y,
        "columns": [{"name": name, "label": label} for name, label in _columns(service).items()],
        "kept": atlas.neighbours_kept,
        "version": service.version if service.plain is not None else "",
        **{name: getattr(atlas, name) for name in ("among", "misplaced", "method", "neighbours", "seed")},
    }


def colours_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Colours: {"scale", "classes": [{"label", "count", "none"}], "rows": uint8 (base64), classes by row}.

    `wish` has "by", a column's name, and for "mine" the "annotator", for ranks the parts of the last answer
    that demo.map_query.path_of names. `scale` names the colours; "none" marks the class of what is not known.
    """
    try:
        service = _asked(catalogues, wish)
        return _coloured(service, str(wish.get("by")), wish)
    except HemlineError as error:
        return _refused(error)


def garments_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """{"garments": [demo.service.shown, "row", "said": what is on record]} of the `rows`, CARDS at most."""
    try:
        service = _asked(catalogues, wish)
        rows = _rows(service, wish)[:CARDS]
    except HemlineError as error:
        return _refused(error)
    ids = service.searcher.index.ids
    return {
        "garments": [
            shown(service, ids[row]) | {"row": row, "said": _said(service.garments.get(ids[row]))}
            for row in rows
        ]
    }


def matching_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """{"rows": those whose garments have every word of "words"}, as the shelf filters."""
    try:
        service = _asked(catalogues, wish)
    except HemlineError as error:
        return _refused(error)
    words = str(wish.get("words") or "")[:LONGEST_FILTER].casefold().split()
    texts = (text_of(service, id_) for id_ in service.searcher.index.ids)
    return {"rows": [row for row, text in enumerate(texts) if words and all(word in text for word in words)]}


def table_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The garments of `rows` as a table to keep: {"columns": names, "rows": values}, "id" first."""
    try:
        service = _asked(catalogues, wish)
        rows = _rows(service, wish)
        atlas = map_of(service)
    except HemlineError as error:
        return _refused(error)
    table = []
    for row in rows:
        id_ = service.searcher.index.ids[row]
        garment = service.garments.get(id_)
        caption = garment.caption if garment else ""
        values = [value_of(garment, name) for name in ATTRIBUTES]
        table.append([id_, caption, *values, *atlas.coordinates[row]])
    return {"columns": ["id", "caption", *ATTRIBUTES, "x", "y"], "rows": table}


def path_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The last answer's query on the map: see demo.map_query.path_of."""
    try:
        service = _asked(catalogues, wish)
        return path_of(service, map_of(service), wish)
    except HemlineError as error:
        return _refused(error)


def map_of(service: Service) -> Map:
    """The map of a service's catalogue; HemlineError where there is none that can be read."""
    return _map(service.searcher.folder, service.searcher.index.card.vectors_sha)


@lru_cache(maxsize=8)
def _map(folder: Path, vectors_sha: str) -> Map:
    return read_map(folder, vectors_sha)


def value_of(garment: Garment | None, name: str) -> str:
    """What is on record of a garment under one of ATTRIBUTES (of several colours the main one), or ""."""
    if garment is None:
        return ""
    if name == "color":
        return garment.colors[0] if garment.colors else ""
    return getattr(garment, name) or ""


def _said(garment: Garment | None) -> list[str]:
    values = [value_of(garment, name) for name in ATTRIBUTES]
    details = garment.details if garment else ()
    return list(dict.fromkeys(value for value in (*values, *details) if value))


def _columns(service: Service) -> dict[str, str]:
    garments = service.garments.values()
    known = [name for name in ATTRIBUTES if any(value_of(garment, name) for garment in garments)]
    columns = {name: "Main colour" if name == "color" else name.capitalize() for name in known}
    columns |= {"kept": "Trust: neighbours kept", "rank": "Rank in the last answer"}
    if service.plain is not None:
        columns["change"] = f"Rank change by {service.version}"
    return columns | {"mine": "My judgements", "everybody": "Everybody’s judgements"}


def _coloured(service: Service, by: str, wish: Mapping[str, Any]) -> dict[str, Any]:
    if by in ATTRIBUTES:
        return _by_value([value_of(service.garments.get(id_), by) for id_ in service.searcher.index.ids])
    if by in ("mine", "everybody"):
        return _by_judgement(service, named(wish.get("annotator")) if by == "mine" else None)
    if by == "kept":
        atlas = map_of(service)
        labels = [f"{low} or {low + 1} of {atlas.among}" for low in range(0, atlas.among, 2)]
        numbers = np.minimum(np.array(atlas.kept) // 2, len(labels) - 1)
        labels[-1] = f"{2 * len(labels) - 2} or more of {atlas.among}"
        return _classes("share", numbers, labels)
    if by == "rank":
        now = ranks(service, service.searcher, wish)
        starts = (1, *(end + 1 for end in RANK_ENDS))
        labels = ["first"] + [f"{a:,} to {b:,}" for a, b in zip(starts[1:], RANK_ENDS[1:], strict=False)]
        labels += [f"after {RANK_ENDS[-1]:,}", "the reference"]
        numbers = np.searchsorted(RANK_ENDS, now)
        return _classes("rank", np.where(now == 0, len(labels) - 1, numbers), labels, none=True)
    if by == "change" and service.plain is not None:
        now, before = (ranks(service, one, wish) for one in (service.searcher, service.plain))
        ratio = np.log2(np.maximum(now, 1) / np.maximum(before, 1))
        numbers = np.searchsorted(CHANGE_ENDS, ratio)
        labels = [*CHANGES, *FARTHER, "the reference"]
        return _classes("change", np.where(now == 0, len(labels) - 1, numbers), labels, none=True)
    raise HemlineError(f"the map cannot be coloured by {by!r}: choose again")


def _by_value(values: Sequence[str]) -> dict[str, Any]:
    counts = Counter(value for value in values if value)
    names = sorted(counts, key=lambda name: (-counts[name], name))
    first, rest = names[:MOST_VALUES], names[MOST_VALUES:]
    labels = first + ([f"other ({len(rest)} more)"] if rest else []) + [UNKNOWN]
    place = {name: number for number, name in enumerate(first)} | dict.fromkeys(rest, MOST_VALUES)
    numbers = np.array([place.get(value, len(labels) - 1) for value in values])
    return _classes("values", numbers, labels, none=True)


def _by_judgement(service: Service, annotator: str | None) -> dict[str, Any]:
    """What stands on each garment over all queries, of one person or (None) of all."""
    roles: dict[str, set[str]] = {}
    for about, event in fold(history(service)).items():
        if event.judgement.catalogue == service.name and annotator in (None, about.annotator):
            role = role_of(event.judgement.verdict, service.store.vocabulary)
            roles.setdefault(about.hit_id, set()).add(role)
    labels = [*JUDGED.values(), "wrong for one query, right for another", "not judged"]
    place = {frozenset([role]): number for number, role in enumerate(JUDGED)}
    numbers = []
    for id_ in service.searcher.index.ids:
        said = frozenset(roles.get(id_, ()))
        clear = said & {"negative", "positive"} or said  # what else was said does not change what it is
        first = min((place[frozenset([role])] for role in clear), default=len(labels) - 1)
        numbers.append(4 if len(clear & {"negative", "positive"}) == 2 else first)
    return _classes("judged", np.array(numbers), labels, none=True)


def _classes(
    scale: str, numbers: NDArray[np.int64], labels: Sequence[str], none: bool = False
) -> dict[str, Any]:
    counts = np.bincount(numbers, minlength=len(labels))
    classes = [
        {"label": label, "count": int(count), "none": none and number == len(labels) - 1}
        for number, (label, count) in enumerate(zip(labels, counts, strict=True))
    ]
    return {"scale": scale, "classes": classes, "rows": _packed(numbers.astype(np.uint8))}


def _asked(catalogues: Catalogues, wish: Mapping[str, Any]) -> Service:
    service = service_of(catalogues, wish.get("catalogue"))
    if wish.get("index") != service.index_fingerprint:
        raise _Stale("the catalogue has changed: the map is read again")
    return service


class _Stale(HemlineError):
    pass


def _refused(error: HemlineError) -> dict[str, Any]:
    return {"problem": str(error), "stale": isinstance(error, _Stale)}


def _rows(service: Service, wish: Mapping[str, Any]) -> list[int]:
    rows, count = wish.get("rows"), len(service.searcher.index.ids)
    if not isinstance(rows, list) or not all(type(row) is int and 0 <= row < count for row in rows):
        raise HemlineError("the garments chosen are not of this catalogue: choose again")
    return rows


def _packed(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")
