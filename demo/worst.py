"""The queries that a model answered worst, with what it answered, for the report's error gallery."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.evaluation.result import QueryRank
from core.files import sha256_file
from core.index import Index
from core.search import Searcher, open_searcher, search
from demo.tables import Named

SHOWN = 6  # hits of each query
MOST_RESULTS = 8  # galleries in one report


def worst_queries(
    results: Sequence[Named],
    index_dir: Path,
    index: Index,
    worst: int,
    model: Path | None = None,
    images: Path | None = None,
) -> list[dict[str, Any]]:
    """For each result over this catalogue's garments its `worst` queries, the target's rank falling.

    Only results asked with reference and words count, of several seeds the first, and MOST_RESULTS of them,
    the model's own before the others. A query is {"key",
    "category", "text", "reference", "target", "rank", "hits": rows of the index, "unmet", "lost"}; garments
    are rows of the index. The hits are those of `model` (SHOWN of them) where it is the evaluated one, else
    the first alone, which the result names.
    """
    chosen = [named for named in results if named.result.modality == "both"]
    chosen = [named for named in chosen if all(_there(query, index) for query in named.result.ranks)]
    once = {(named.name, named.result.query_hash): named for named in reversed(chosen)}
    chosen = [named for named in chosen if once[named.name, named.result.query_hash] is named]
    asked = sha256_file(model / "hemline.json") if model is not None else None
    chosen.sort(key=lambda named: named.result.model.get("fingerprint") != asked)
    searcher = None
    galleries = []
    for named in chosen[:MOST_RESULTS]:
        queries = sorted(named.result.ranks, key=lambda query: (-query.rank, query.key))[:worst]
        if asked is not None and named.result.model.get("fingerprint") == asked:
            searcher = searcher or open_searcher(model, index_dir, images)
            hits = [_hits(searcher, query) for query in queries]
        else:
            hits = [[index.positions[query.top1]] for query in queries]
        galleries.append(
            {
                "name": named.name,
                "queries": len(named.result.ranks),
                "gallery": named.result.counts["gallery"],
                "worst": [_query(query, rows, index) for query, rows in zip(queries, hits, strict=True)],
            }
        )
    if model is not None and searcher is None:
        print(f"hemline: no result here is of {model}, so no further hits are shown", file=sys.stderr)
    return galleries


def _there(query: QueryRank, index: Index) -> bool:
    return all(id_ in index.positions for id_ in (query.reference, query.target, query.top1))


def _hits(searcher: Searcher, query: QueryRank) -> list[int]:
    found = search(searcher, reference_id=query.reference, text=query.text, top_k=SHOWN)
    return [searcher.index.positions[hit.id] for hit in found]


def _query(query: QueryRank, hits: list[int], index: Index) -> dict[str, Any]:
    measured = query.attributes or {}
    return {
        "key": query.key,
        "category": query.category,
        "text": query.text,
        "reference": index.positions[query.reference],
        "target": index.positions[query.target],
        "rank": query.rank,
        "hits": hits,
        "unmet": list(measured.get("unmet", ())),
        "lost": list(measured.get("lost", ())),
    }
