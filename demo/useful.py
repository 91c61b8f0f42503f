"""Which queries to judge next: what the Judge tab offers as "Useful next"."""

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from threading import Lock

from core.errors import HemlineError
from core.next_queries import HITS, NOTHING_SPECIAL, Candidate, drawn, next_queries, unmet
from core.search import Searcher, search_many
from core.types import Hit
from core.verdicts import Event
from demo.guarding import OnFile, on_file, plain
from demo.service import Service, built_fingerprint

LOG = logging.getLogger("hemline")
MOST = 100
LOOKED_AT = 60
"""How many queries that nobody judged are answered, to see what judging them is worth."""

SECONDS = 2.0  # after which the rest of the answering waits for the next call
SLICE = 8  # queries answered at once

Asked = tuple[str, str]


@dataclass(frozen=True)
class Useful:
    """A query that is worth judging, and the reason in a few words for whoever judges."""

    reference_id: str
    text: str
    why: str


@dataclass(frozen=True)
class _Answered:
    """What was answered so far by one model over one index."""

    hits: dict[Asked, list[Hit]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


def useful_queries(service: Service, history: Iterable[Event]) -> list[Useful]:
    """At most MOST queries of one catalogue, the most useful first; none of those anybody judged.

    Of the queries beside the catalogue's photos LOOKED_AT are answered, for about SECONDS a call at most, and
    ranked by core.next_queries; the others follow in the order of their files. Answers are kept while the app
    runs, by model and index. The second version is the model as it was built, where a refined one answers.
    """
    past = list(history)
    file = on_file(service)
    fresh = _fresh(file, past)
    there = [query for query in fresh if query[0] in service.searcher.index.positions]
    looked_at = sorted(there, key=lambda query: drawn(*query))[:LOOKED_AT]
    until = time.monotonic() + SECONDS
    hits = _answers(service, service.searcher, service.model_fingerprint, looked_at, until)
    others: dict[Asked, list[Hit]] = {}
    if service.plain is not None:
        built = built_fingerprint(service.checkpoint)
        others = _answers(service, service.plain, built, list(hits), until)
    candidates = [_candidate(service, file, query, hits[query], others.get(query, [])) for query in hits]
    ranked = next_queries(candidates, past, vocabulary=service.store.vocabulary)
    found = [Useful(one.candidate.reference_id, one.candidate.text, one.why) for one in ranked]
    rest = [Useful(*query, NOTHING_SPECIAL) for query in fresh if query not in hits]
    return [*found, *rest][:MOST]


def useful_count(service: Service, history: Iterable[Event]) -> int:
    """How many queries wait for `useful_queries`, MOST at most; none is answered for it."""
    return min(MOST, len(_fresh(on_file(service), history)))


def _fresh(file: OnFile, history: Iterable[Event]) -> list[Asked]:
    """The queries beside the photos that nobody judged, in the order of their files."""
    seen = {(event.judgement.reference_id, event.judgement.text) for event in history}
    return list(dict.fromkeys(query for query in file.queries if query not in seen))


def _answers(
    service: Service, searcher: Searcher, model: str, queries: Sequence[Asked], until: float
) -> dict[Asked, list[Hit]]:
    """The first hits of the queries that are answered by `until`, those answered before among them."""
    known = _known(service.name, service.index_fingerprint, model)
    with known.lock:
        missing = [query for query in queries if query not in known.hits]
        for start in range(0, len(missing), SLICE):
            if time.monotonic() > until:
                break
            some = missing[start : start + SLICE]
            known.hits.update(zip(some, _answered(searcher, some), strict=True))
        return {query: known.hits[query] for query in queries if query in known.hits}


def _answered(searcher: Searcher, queries: Sequence[Asked]) -> list[list[Hit]]:
    try:
        return search_many(searcher, queries, HITS)
    except HemlineError as error:  # words on file that are too long for the model: not worth the whole queue
        LOG.warning("%d queries beside the catalogue are not weighed: %s", len(queries), error)
        return [[] for _ in queries]


@lru_cache(maxsize=8)
def _known(catalogue: str, index: str, model: str) -> _Answered:
    return _Answered()


def _candidate(
    service: Service, file: OnFile, query: Asked, hits: Sequence[Hit], other: Sequence[Hit]
) -> Candidate:
    reference, text = query
    garments = service.garments
    return Candidate(
        reference,
        text,
        hits=tuple(hit.id for hit in hits),
        scores=tuple(hit.score for hit in hits),
        other=tuple(hit.id for hit in other[:10]),
        targets=file.targets.get((reference, plain(text)), ()),
        reference_hash=service.searcher.hash_of(reference),
        unmet=unmet(text, garments.get(reference), [garments.get(hit.id) for hit in hits]),
    )
