"""A query on the catalogue's map: where its parts lie, its hits and known targets, every garment's rank."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.composed import ComposedQuery, ask, trace
from core.errors import HemlineError
from core.map import Map, place
from core.search import Searcher
from demo.guarding import known_targets
from demo.options import page_query
from demo.service import Service
from demo.verdicts import query_of


def path_of(service: Service, atlas: Map, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The path of the answered query that `wish` holds: "query", "change", "options" and "upload" as in
    demo.queries.answer_page, and "hits", the ids, best first.

    {"points": [{"what", "x", "y", "spread", "exact"}], "hits": rows in the order of rank, "targets": rows}.
    `what` is "reference", "second", "words", "query", or "before": the composed query by the model as it was
    built, where a version answers. A reference of the catalogue is `exact`; the others are placed by
    `core.map.place`. HemlineError for a query that cannot be asked again.
    """
    query = asked(wish)
    vectors = trace(service.searcher, query, service.garments)
    if service.plain is not None:
        vectors["before"] = trace(service.plain, query, service.garments)["query"]
    index = service.searcher.index
    places, spreads = place(np.stack(list(vectors.values())), np.array(index.vectors), atlas.places)
    own = {"reference": query.reference_id, "second": query.second_id}
    points = []
    for what, (x, y), spread in zip(vectors, places.tolist(), spreads.tolist(), strict=True):
        id_ = own.get(what)
        if id_ is not None:
            (x, y), spread = atlas.coordinates[index.positions[id_]], 0.0
        points.append({"what": what, "x": x, "y": y, "spread": spread, "exact": id_ is not None})
    hits = wish.get("hits")
    hits = [id_ for id_ in hits if isinstance(id_, str)] if isinstance(hits, list) else []
    # what people called the target is not told here: whoever judges blindly must not learn it
    targets = known_targets(service, query_of(wish.get("query")), [])
    return {
        "points": points,
        "hits": [index.positions[id_] for id_ in hits if id_ in index.positions],
        "targets": [index.positions[id_] for id_ in targets if id_ in index.positions],
    }


def ranks(service: Service, searcher: Searcher, wish: Mapping[str, Any]) -> NDArray[np.int64]:
    """The rank of every garment, by row, for the answered query that `wish` holds; 0 for the references.

    Filters and what was searched within are left out: every garment has its rank. `searcher` is one over
    the index of `service`. HemlineError where nothing was asked yet.
    """
    count = len(searcher.index.ids)
    found = np.zeros(count, dtype=np.int64)
    for one in ask(searcher, replace(asked(wish), top_k=count), service.garments):
        found[searcher.index.positions[one.hit.id]] = one.hit.rank
    return found


def asked(wish: Mapping[str, Any]) -> ComposedQuery:
    """The query that the page asked, without what narrows its answer; HemlineError where there is none."""
    if not wish.get("query"):
        raise HemlineError("nothing was asked yet: search once, then the map shows every garment's rank")
    options = wish.get("options")
    try:
        query = page_query(
            query_of(wish["query"]) | {"upload": wish.get("upload")},
            str(wish.get("change") or ""),
            options if isinstance(options, Mapping) else {},
        )
    except OSError as error:
        raise HemlineError(f"the reference photo could not be read: {error.strerror or error}") from None
    return replace(query, filters={}, within=None, fold=False)
