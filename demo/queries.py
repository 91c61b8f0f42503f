"""Asking for the page and for the API: core.composed ranks, core.search describes."""

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from core.composed import ComposedQuery, Found, ask
from core.errors import HemlineError
from core.meeting import by_caption, by_record
from core.pictures import picture_hash
from core.search import describe
from demo.options import page_query
from demo.service import Service, shown
from demo.verdicts import standing

LOG = logging.getLogger("hemline")
MOST_HITS = 100  # an answer is for people; whoever wants the whole ranking uses core.search
TWO_REFERENCES = "A judgement names one reference, so answers to two are not judged."


def rank(service: Service, query: ComposedQuery) -> list[Found]:
    """The ranked hits of `query`, at most MOST_HITS; HemlineError for a query that cannot be answered."""
    if query.top_k < 1:
        raise HemlineError(f"top_k must be a whole number from 1 to {MOST_HITS}; it is {query.top_k}")
    started = time.perf_counter()
    found = ask(service.searcher, replace(query, top_k=min(query.top_k, MOST_HITS)), service.garments)
    LOG.info("searched in %.0f ms", 1000 * (time.perf_counter() - started))
    return found


def reference_hash(service: Service, query: ComposedQuery) -> str | None:
    """The sha256 of the reference's bytes, which ties a judgement to the very photo; None without one."""
    if query.reference_image is not None:
        return picture_hash(query.reference_image)
    return service.searcher.hash_of(query.reference_id) if query.reference_id else None


def answer_page(
    service: Service,
    chosen: Mapping[str, Any] | None,
    text: str,
    annotator: str,
    options: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The page's answer to its query, or {"problem": sentence}.

    `chosen` is the value of reference.js and `options` that of options.js. Beside the hits the answer
    carries the query as a judgement will name it, this annotator's verdicts on it, the fingerprints under
    which it was ranked, and the seconds it took; "unjudged" says why its hits cannot be judged, or is "".
    """
    started = time.perf_counter()
    try:
        query = page_query(chosen or {}, text, options or {})
        found = rank(service, query)
        hash = reference_hash(service, query)
    except HemlineError as error:
        return {"problem": str(error)}
    except OSError as error:
        return {"problem": f"the reference photo could not be read: {error.strerror or error}"}
    asked = {"reference_id": query.reference_id, "reference_hash": hash, "text": query.words}
    return {
        "query": asked,
        "reference": shown(service, query.reference_id) if query.reference_id else None,
        "upload": str((chosen or {}).get("upload") or ""),
        "second": shown(service, query.second_id) if query.second_id else None,
        "change": query.text,
        "options": dict(options or {}),
        "unjudged": TWO_REFERENCES if query.second_id else "",
        "hits": [hit_page(service, query, one) for one in found],
        "state": standing(service, asked, annotator),
        "catalogue": service.name,
        "model": service.model_fingerprint,
        "index": service.index_fingerprint,
        "seconds": round(time.perf_counter() - started, 3),
    }


def hit_page(service: Service, query: ComposedQuery, found: Found) -> dict[str, Any]:
    """A hit as the page shows it, with what it does about the query (`core.meeting`) and what is folded."""
    hit = found.hit
    reference = service.garments.get(query.reference_id or "")
    meets = by_record(query.text, query.without, reference, service.garments.get(hit.id))
    return shown(service, hit.id) | {
        "rank": hit.rank,
        "score": hit.score,
        "meets": asdict(meets),
        "folded": [shown(service, one.id) | {"score": one.score} for one in found.folded],
    }


def seen_page(service: Service, wish: Mapping[str, Any]) -> dict[str, Any]:
    """What the model sees on the page's reference: {"turn", "words"} or {"turn", "problem": sentence}.

    `wish` is the value of reference.js with the "turn" by which seen.js knows the answer again. With the id
    of a "hit" there is its caption, too, and with the words asked ("change", "without") what it meets of
    them by both captions: "hit" and "meets".
    """
    turn = wish.get("turn")
    try:
        query = page_query(wish, str(wish.get("change") or ""), {"without": wish.get("without")})
        words = ""
        if query.reference or not wish.get("hit"):
            words = describe(
                service.searcher, reference_id=query.reference_id, reference_image=query.reference_image
            )
        if not wish.get("hit"):
            return {"turn": turn, "words": words}
        hit = describe(service.searcher, reference_id=str(wish["hit"]))
    except HemlineError as error:
        return {"turn": turn, "problem": str(error)}
    except OSError as error:
        return {"turn": turn, "problem": f"the photo could not be read: {error.strerror or error}"}
    meets = by_caption(query.text, query.without, words, hit)
    return {"turn": turn, "words": words, "hit": hit, "meets": asdict(meets)}
