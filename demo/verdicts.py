"""Judging hits on the page: one act becomes durable events, and the page is told what now stands."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from core.errors import HemlineError
from core.guard import WARNINGS, SecondLook, accept
from core.judgement_checks import check, check_shown, clean_name
from core.judgements import save, saving, undo
from core.undoing import redo_last, undo_last
from core.verdicts import UNDO, Event, Judgement, fold, role_of
from demo.guarding import cautions, known_targets
from demo.service import Service, history, shown
from demo.uploads import keep_with

ANONYMOUS = "anonymous"
LONGEST_NAME = 80
LONGEST_REASON = 500  # what the page's field takes
MOST_AT_ONCE = 100  # hits judged by one act
OCCASIONS = ("", "queue")


def named(annotator: str | None) -> str:
    """The annotator's name as it is saved: one line, trimmed, "anonymous" where none was given."""
    return clean_name(annotator or "", LONGEST_NAME) or ANONYMOUS


def sitting_of(act: Mapping[str, Any], session: str) -> str:
    """The sitting an act belongs to, which outlives a reload of the page; Gradio's `session` without one."""
    sitting = act.get("sitting")
    return clean_name(sitting, 64) if isinstance(sitting, str) and sitting else session


def offered(service: Service) -> list[dict[str, str]]:
    """The vocabulary as the page shows it: {"name", "key", "role", "meaning"} of each verdict."""
    return [vars(verdict) for verdict in service.store.vocabulary.values()]


def standing(service: Service, query: Mapping[str, Any], annotator: str) -> dict[str, Any]:
    """What stands: {"verdicts": {id: {"verdict", "reason", "seq"}} on this query, "total", "last": event}.

    All of this annotator's; `last` grows with every event, so a page can tell a late answer from a new one.
    """
    name = named(annotator)
    so_far = history(service)
    mine = [event for judged, event in fold(so_far).items() if judged.annotator == name]
    asked = (query["reference_hash"], query["text"])
    return {
        "verdicts": {
            event.judgement.hit_id: {
                "verdict": event.judgement.verdict,
                "reason": event.judgement.reason,
                "seq": event.seq,
            }
            for event in mine
            if (event.judgement.reference_hash, event.judgement.text) == asked
        },
        "total": len(mine),
        "last": so_far[-1].seq if so_far else 0,
    }


def judge(service: Service, act: Mapping[str, Any], annotator: str, session: str) -> dict[str, Any]:
    """Do one act of the page: {"turn", "query", "saved", "state", "warned", "told", "note"}, or a "problem".

    An act has "turn" (the page's own number for it), "query", and one of
    - "step": "undo" or "redo" of the last of this sitting; `told` then says what that was,
    - "undoes": numbers of this annotator's events to take back,
    - "hits" with "verdict", "model" and "index"; perhaps "reason", "second_look" ({id: warnings' names}),
      "upload" with "consent", "occasion".
    What was `saved` (event numbers) is on the disk. A hit of which something speaks against the flag is not
    saved but `warned` of: {"hit", "cautions", "targets"}.
    """
    turn, name = act.get("turn"), named(annotator)
    sitting = sitting_of(act, session)
    warned: list[dict[str, Any]] = []
    told: dict[str, Any] | None = None
    note = ""
    try:
        query = query_of(act.get("query"))
        if act.get("step") is not None:
            saved, told = step(service, act["step"], name, sitting)
        elif act.get("undoes") is not None:
            saved = [_take_back(service, seq, name, sitting) for seq in _listed(act["undoes"])]
        else:
            ready, warned = _weighed(service, act, query, name, sitting)
            saved = save_all(service, ready)
            note = keep_with(service.store, act, query["reference_hash"], name) if saved else ""
    except HemlineError as error:
        return {"turn": turn, "problem": str(error)}
    return {
        "turn": turn,
        "query": query,
        "saved": saved,
        "state": standing(service, query, annotator),
        "warned": warned,
        "told": told,
        "note": note,
    }


def query_of(value: object) -> dict[str, Any]:
    """The query an act names: {"reference_id", "reference_hash", "text"}; HemlineError where it is none."""
    if not isinstance(value, Mapping):
        raise HemlineError("a judgement needs the query it belongs to: search again")
    query = {name: value.get(name) for name in ("reference_id", "reference_hash", "text")}
    if not all(item is None or isinstance(item, str) for item in query.values()) or query["text"] is None:
        raise HemlineError("the judged query is damaged: search again")
    return query


def step(service: Service, way: object, name: str, sitting: str) -> tuple[list[int], dict[str, Any]]:
    """Undo or redo the last of this sitting: event numbers, none where nothing is left, and what it was."""
    if way not in ("undo", "redo"):
        raise HemlineError(f"a step is undo or redo; it is {way!r}")
    seq = (undo_last if way == "undo" else redo_last)(service.store, name, sitting)
    if seq is None:
        return [], {"step": way, "nothing": True}
    known = {event.seq: event for event in history(service)}
    event = known[seq]
    while event.judgement.verdict == UNDO and event.judgement.undoes is not None:
        event = known[event.judgement.undoes]
    said = event.judgement
    return [seq], {
        "step": way,
        "nothing": False,
        "verdict": said.verdict,
        "text": said.text,
        "hit": said.hit_id,
        "item": [said.reference_hash or said.reference_id, said.text, said.hit_id],
    }


def save_all(service: Service, judgements: list[Judgement]) -> list[int]:
    """Save the judgements, all or none, and return their numbers once they are on the disk."""
    for judgement in judgements:
        check(judgement, service.store.vocabulary)
    if not judgements:
        return []
    with saving(service.store):
        return [save(service.store.connection, judgement) for judgement in judgements]


def warning_of(
    service: Service, judgement: Judgement, looked: object, events: list[Event]
) -> tuple[Judgement, dict[str, Any] | None]:
    """The judgement with the warnings that were gone past, and what is to be shown before it may be saved.

    `looked` are the names of the warnings that the person has seen of this hit; `events` as in
    `demo.guarding.cautions`.
    """
    vocabulary = service.store.vocabulary
    if role_of(judgement.verdict, vocabulary) != "negative":
        return judgement, None
    query = {name: getattr(judgement, name) for name in ("reference_id", "reference_hash", "text")}
    shown_now = cautions(service, query, judgement.hit_id, events)
    names = looked if isinstance(looked, list) else []
    seen = tuple(one.name for one in shown_now if one.name in names and one.name in WARNINGS)
    accepted = accept(replace(judgement, second_look=seen), shown_now, vocabulary)
    if not isinstance(accepted, SecondLook):
        return accepted.judgement, None
    targets = [id_ for id_ in known_targets(service, query, events) if id_ != judgement.hit_id]
    return judgement, {
        "hit": shown(service, judgement.hit_id) | {"rank": judgement.rank, "score": judgement.score},
        "cautions": [vars(caution) for caution in accepted.missing],
        "targets": [shown(service, id_) for id_ in targets[:1]],
    }


def _weighed(
    service: Service, act: Mapping[str, Any], query: dict[str, Any], name: str, sitting: str
) -> tuple[list[Judgement], list[dict[str, Any]]]:
    """The act's judgements that may be saved, and what is to be shown of the others."""
    so_far = history(service)
    looked = act.get("second_look")
    ready, warned = [], []
    for hit in _listed(act.get("hits")):
        judgement = _judgement(service, act, hit, query, name, sitting)
        seen = looked.get(judgement.hit_id) if isinstance(looked, Mapping) else None
        judgement, warning = warning_of(service, judgement, seen, so_far)
        if warning is None:
            ready.append(judgement)
        else:
            warned.append(warning)
    return ready, warned


def _judgement(
    service: Service, act: Mapping[str, Any], hit: object, query: dict[str, Any], name: str, sitting: str
) -> Judgement:
    if not isinstance(hit, Mapping):
        raise HemlineError("the judged garment is not in this catalogue: search again")
    if act.get("verdict") not in service.store.vocabulary:  # an undo is no verdict of the page
        known = ", ".join(service.store.vocabulary)
        raise HemlineError(f"a verdict here is one of {known}; it is {act.get('verdict')!r}")
    judgement = Judgement(
        annotator=name,
        hit_id=str(hit.get("id")),
        rank=hit.get("rank"),  # type: ignore[arg-type]  # checked before it is saved, with a sentence
        score=hit.get("score"),  # type: ignore[arg-type]
        verdict=str(act["verdict"]),
        reason=reason_of(act),
        model_fingerprint=str(act.get("model")),
        index_fingerprint=str(act.get("index")),
        session=sitting,
        catalogue=service.name,
        occasion=str(act["occasion"]) if act.get("occasion") in OCCASIONS else "",
        **query,
    )
    ranked_by = judgement.model_fingerprint  # a version may have gone live since
    model = ranked_by if ranked_by in service.former else service.model_fingerprint
    check_shown(judgement, service.searcher.pictures, model, service.index_fingerprint)
    return replace(judgement, hit_hash=service.searcher.hash_of(judgement.hit_id))


def reason_of(act: Mapping[str, Any]) -> str:
    """The reason an act gives, as one line; HemlineError where it is no text or too long for the page."""
    reason = act.get("reason") or ""
    if not isinstance(reason, str) or len(reason) > LONGEST_REASON:
        raise HemlineError(f"a reason is text of at most {LONGEST_REASON} characters: shorten it")
    return " ".join(reason.split())


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_AT_ONCE:
        raise HemlineError(f"an act is about 1 to {MOST_AT_ONCE} garments: select fewer")
    return value


def _take_back(service: Service, seq: object, annotator: str, session: str) -> int:
    if not isinstance(seq, int) or isinstance(seq, bool):
        raise HemlineError(f"an event to undo is named by its number; it is {seq!r}")
    found = [event for event in history(service) if event.seq == seq]
    if found and found[0].judgement.annotator != annotator:
        raise HemlineError(
            f"event {seq} is {found[0].judgement.annotator}'s: only its own annotator takes it back"
        )
    return undo(service.store, seq, session=session)
