"""A query on the catalogue's map: where its parts lie, its hits and known targets, every garment's rank."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import HemlineError
from core.index import find
from core.map import Map, place
from core.search import Searcher, trace
from demo.guarding import known_targets
from demo.service import Service
from demo.uploads import uploaded_bytes
from demo.verdicts import query_of


def path_of(service: Service, atlas: Map, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The path of the answered query that `wish` holds ("query", "upload", "hits": ids, best first).

    {"points": [{"what", "x", "y", "spread", "exact"}], "hits": rows in the order of rank, "targets": rows}.
    `what` is "reference", "words", "query", or "before": the composed query by the model as it was built,
    where a version answers. A reference of the catalogue is `exact`; the others are placed by
    `core.map.place`. HemlineError for a query that cannot be asked again.
    """
    query = query_of(wish.get("query"))
    vectors = _trace(service.searcher, wish)
    if service.plain is not None:
        vectors["before"] = _trace(service.plain, wish)["query"]
    index = service.searcher.index
    rows = np.array(index.vectors)
    places, spreads = place(np.stack(list(vectors.values())), rows, atlas.places)
    points = []
    for what, (x, y), spread in zip(vectors, places.tolist(), spreads.tolist(), strict=True):
        exact = what == "reference" and query["reference_id"] is not None
        if exact:
            (x, y), spread = atlas.coordinates[index.positions[query["reference_id"]]], 0.0
        points.append({"what": what, "x": x, "y": y, "spread": spread, "exact": exact})
    hits = wish.get("hits")
    hits = [id_ for id_ in hits if isinstance(id_, str)] if isinstance(hits, list) else []
    # what people called the target is not told here: whoever judges blindly must not learn it
    targets = known_targets(service, query, [])
    return {
        "points": points,
        "hits": [index.positions[id_] for id_ in hits if id_ in index.positions],
        "targets": [index.positions[id_] for id_ in targets if id_ in index.positions],
    }


def ranks(service: Service, searcher: Searcher, wish: Mapping[str, Any]) -> NDArray[np.int64]:
    """The rank of every garment, by row, for the answered query that `wish` holds; 0 for the reference.

    `searcher` is one over the index of `service`. HemlineError where nothing was asked yet.
    """
    if not wish.get("query"):
        raise HemlineError("nothing was asked yet: search once, then the map shows every garment's rank")
    query = query_of(wish["query"])
    index = searcher.index
    copies = searcher.same.get(query["reference_hash"] or "", [])
    (hits,) = find(index, _trace(searcher, wish)["query"][None], len(index.ids), [copies])
    found = np.zeros(len(index.ids), dtype=np.int64)
    found[[index.positions[hit.id] for hit in hits]] = [hit.rank for hit in hits]
    return found


def _trace(searcher: Searcher, wish: Mapping[str, Any]) -> dict[str, np.ndarray]:
    query = query_of(wish["query"])
    upload = wish.get("upload")
    try:
        image = uploaded_bytes(str(upload)) if upload else None
        return trace(searcher, reference_id=query["reference_id"], reference_image=image, text=query["text"])
    except OSError as error:
        raise HemlineError(f"the reference photo could not be read: {error.strerror or error}") from None
