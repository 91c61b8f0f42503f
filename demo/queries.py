"""Asking for the page and for the API: the reference is resolved, then core.search ranks or describes."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import HemlineError
from core.pictures import picture_hash
from core.search import describe, search
from core.types import Hit
from demo.service import Service, shown
from demo.uploads import uploaded_bytes
from demo.verdicts import standing

LOG = logging.getLogger("hemline")
MOST_HITS = 100  # an answer is for people; whoever wants the whole ranking uses core.search
PAGE_HITS = 24


@dataclass(frozen=True)
class Query:
    """A composed query: the reference by catalogue id or as uploaded bytes, or none; the words, or ""."""

    reference_id: str | None
    upload: bytes | None
    text: str


def rank(service: Service, query: Query, top_k: int) -> list[Hit]:
    """The ranked hits of `query`, at most MOST_HITS; HemlineError for a query that cannot be answered."""
    if top_k < 1:
        raise HemlineError(f"top_k must be a whole number from 1 to {MOST_HITS}; it is {top_k}")
    started = time.perf_counter()
    hits = search(
        service.searcher,
        reference_id=query.reference_id,
        reference_image=query.upload,
        text=query.text,
        top_k=min(top_k, MOST_HITS),
    )
    LOG.info("searched in %.0f ms", 1000 * (time.perf_counter() - started))
    return hits


def reference_hash(service: Service, query: Query) -> str | None:
    """The sha256 of the reference's bytes, which ties a judgement to the very photo; None without one."""
    if query.upload is not None:
        return picture_hash(query.upload)
    return service.searcher.hash_of(query.reference_id) if query.reference_id else None


def answer_page(
    service: Service, chosen: Mapping[str, Any] | None, text: str, annotator: str
) -> dict[str, Any]:
    """The page's answer to its query, or {"problem": sentence}. `chosen` is the value of reference.js.

    Beside the hits it carries the query as a judgement will name it, this annotator's verdicts on it, the
    fingerprints under which it was ranked, and the seconds it took.
    """
    started = time.perf_counter()
    try:
        query = _page_query(chosen or {}, text)
        hits = rank(service, query, PAGE_HITS)
        hash = reference_hash(service, query)
    except HemlineError as error:
        return {"problem": str(error)}
    except OSError as error:
        return {"problem": f"the reference photo could not be read: {error.strerror or error}"}
    asked = {"reference_id": query.reference_id, "reference_hash": hash, "text": query.text}
    return {
        "query": asked,
        "reference": shown(service, query.reference_id) if query.reference_id else None,
        "upload": str((chosen or {}).get("upload") or ""),
        "hits": [shown(service, hit.id) | {"rank": hit.rank, "score": hit.score} for hit in hits],
        "state": standing(service, asked, annotator),
        "catalogue": service.name,
        "model": service.model_fingerprint,
        "index": service.index_fingerprint,
        "seconds": round(time.perf_counter() - started, 3),
    }


def seen_page(service: Service, ask: Mapping[str, Any]) -> dict[str, Any]:
    """What the model sees on the page's reference: {"turn", "words"} or {"turn", "problem": sentence}.

    `ask` is the value of reference.js with the "turn" by which seen.js knows the answer again.
    """
    turn = ask.get("turn")
    try:
        query = _page_query(ask, "")
        words = describe(service.searcher, reference_id=query.reference_id, reference_image=query.upload)
    except HemlineError as error:
        return {"turn": turn, "problem": str(error)}
    except OSError as error:
        return {"turn": turn, "problem": f"the photo could not be read: {error.strerror or error}"}
    return {"turn": turn, "words": words}


def _page_query(chosen: Mapping[str, Any], text: str) -> Query:
    reference_id, upload = chosen.get("reference_id"), chosen.get("upload")
    return Query(
        reference_id=str(reference_id) if reference_id else None,
        upload=uploaded_bytes(str(upload)) if upload else None,
        text=(text or "").strip(),
    )
