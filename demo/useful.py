"""Which queries to judge next: what the Judge tab offers as "Useful next"."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.verdicts import Event
from demo.guarding import on_file
from demo.service import Service

MOST = 100


@dataclass(frozen=True)
class Useful:
    """A query that is worth judging, and the reason in a few words for whoever judges."""

    reference_id: str
    text: str
    why: str


def useful_queries(service: Service, history: Iterable[Event]) -> list[Useful]:
    """At most MOST queries of one catalogue, the most useful first; none of those anybody judged.

    So far these are the queries beside the catalogue's photos in the order of their files.
    """
    seen = {(event.judgement.reference_id, event.judgement.text) for event in history}
    fresh = dict.fromkeys(query for query in on_file(service).queries if query not in seen)
    return [Useful(*query, "nobody judged its answers yet") for query in list(fresh)[:MOST]]
