"""Judging hits on the page: one act becomes one durable event, and the page is told what now stands."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.errors import HemlineError
from core.judgement_checks import check_shown, clean_name
from core.judgements import append, undo
from core.verdicts import Judgement, fold
from demo.service import Service, history

ANONYMOUS = "anonymous"
LONGEST_NAME = 80


def named(annotator: str | None) -> str:
    """The annotator's name as it is saved: one line, trimmed, "anonymous" where none was given."""
    return clean_name(annotator or "", LONGEST_NAME) or ANONYMOUS


def standing(service: Service, query: Mapping[str, Any], annotator: str) -> dict[str, Any]:
    """What stands now: {"verdicts": {id: {"verdict", "seq"}} on this query, "total": on all, "last": event}.

    All of this annotator's; `last` grows with every event, so a page can tell a late answer from a new one.
    """
    name = named(annotator)
    so_far = history(service)
    mine = [event for judged, event in fold(so_far).items() if judged.annotator == name]
    asked = (query["reference_hash"], query["text"])
    return {
        "verdicts": {
            event.judgement.hit_id: {"verdict": event.judgement.verdict, "seq": event.seq}
            for event in mine
            if (event.judgement.reference_hash, event.judgement.text) == asked
        },
        "total": len(mine),
        "last": so_far[-1].seq if so_far else 0,
    }


def judge(service: Service, act: Mapping[str, Any], annotator: str, session: str) -> dict[str, Any]:
    """Save one act of the page: {"turn", "query", "saved": event number, "state"}, or {"turn", "problem"}.

    An act has "turn" (the page's own number for it), "query", and either "undoes" (an event number of this
    annotator) or "hit", "verdict", "model" and "index". An answer without a problem means it is on the disk.
    """
    turn = act.get("turn")
    try:
        query = _query(act.get("query"))
        if act.get("undoes") is not None:
            saved = _take_back(service, act["undoes"], named(annotator), session)
        else:
            saved = append(service.store, _judgement(service, act, query, named(annotator), session))
    except HemlineError as error:
        return {"turn": turn, "problem": str(error)}
    return {"turn": turn, "query": query, "saved": saved, "state": standing(service, query, annotator)}


def _query(value: object) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise HemlineError("a judgement needs the query it belongs to: search again")
    query = {name: value.get(name) for name in ("reference_id", "reference_hash", "text")}
    if not all(item is None or isinstance(item, str) for item in query.values()) or query["text"] is None:
        raise HemlineError("the judged query is damaged: search again")
    return query


def _judgement(
    service: Service, act: Mapping[str, Any], query: dict[str, Any], annotator: str, session: str
) -> Judgement:
    hit = act.get("hit")
    if not isinstance(hit, Mapping):
        raise HemlineError("the judged garment is not in this catalogue: search again")
    judgement = Judgement(
        annotator=annotator,
        hit_id=str(hit.get("id")),
        rank=hit.get("rank"),  # type: ignore[arg-type]  # append checks it, and says what is wrong
        score=hit.get("score"),  # type: ignore[arg-type]
        verdict=str(act.get("verdict")),
        model_fingerprint=str(act.get("model")),
        index_fingerprint=str(act.get("index")),
        session=session,
        catalogue=service.name,
        **query,
    )
    ids = service.searcher.pictures
    check_shown(judgement, ids, service.model_fingerprint, service.index_fingerprint)
    return replace(judgement, hit_hash=service.searcher.hash_of(judgement.hit_id))


def _take_back(service: Service, seq: object, annotator: str, session: str) -> int:
    if not isinstance(seq, int) or isinstance(seq, bool):
        raise HemlineError(f"an event to undo is named by its number; it is {seq!r}")
    found = [event for event in history(service) if event.seq == seq]
    if found and found[0].judgement.annotator != annotator:
        raise HemlineError(
            f"event {seq} is {found[0].judgement.annotator}'s: only its own annotator takes it back"
        )
    return undo(service.store, seq, session=session)
