"""What waits to be judged: blind second looks, disagreements, useful queries; and how far people agree.

An item is known by [reference's hash, words, hit's id]. Of a second look the page learns nothing of the first
verdict before its own is saved.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from core import agreement as agreeing
from core.adjudication import Disagreement, adjudication, disagreements
from core.errors import HemlineError
from core.opinions import Item, opinions, rulings
from core.second_judgements import Offer, progress, queue, second_judgement
from core.verdicts import Event, Judgement
from demo.catalogues import Catalogues, service_of
from demo.second_share import read_share
from demo.service import Service, history, shown
from demo.uploads import kept_address
from demo.useful import useful_count, useful_queries
from demo.verdicts import named, reason_of, save_all, sitting_of, step, warning_of

SOURCES = ("second", "disagreements", "useful")
SENT = 200  # items sent at once; the page asks again when it is through


def queue_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The queue of `wish`: its "source" (of SOURCES), for "annotator", in the "catalogue" on the shelf.

    Answers {"items", "done", "left", "hidden": items that cannot be shown here, "counts": what is left of
    each source, "share": percent of second judgements}.
    """
    name = named(wish.get("annotator"))
    so_far = history(catalogues.first)
    share = read_share(catalogues.first.store)
    offers = queue(so_far, name, share / 100)
    open_ = disagreements(so_far, catalogues.first.store.vocabulary)
    try:
        service = service_of(catalogues, wish.get("catalogue"))
    except HemlineError:
        service = catalogues.first
    source = wish.get("source")
    items: list[dict[str, Any] | None] = []
    if source == "disagreements":
        items = [_contested(catalogues, one) for one in open_[:SENT]]
        done = len(rulings(so_far))
    elif source == "useful":
        items = [_query_item(service, vars(one)) for one in useful_queries(service, so_far)]
        done = 0
    else:
        items = [_item(catalogues, offer) for offer in offers[:SENT]]
        done = progress(so_far, share / 100).given.get(name, 0)
    can = [item for item in items if item is not None]
    counts = {"second": len(offers), "disagreements": len(open_), "useful": useful_count(service, so_far)}
    return {
        "items": can,
        "done": done,
        "left": len(can),
        "hidden": len(items) - len(can),
        "counts": counts,
        "share": share,
    }


def judge_item(
    catalogues: Catalogues, act: Mapping[str, Any], annotator: str, session: str
) -> dict[str, Any]:
    """Save the verdict of `act` on an item: {"turn", "saved", "first", "warned", "told"}, or "problem".

    An act has "turn", and "step" (undo, redo) or "source", "item", "verdict"; perhaps "reason" and
    "second_look" (names of warnings). `first` is what the first judge said, told once the second has judged.
    """
    turn, name, sitting = act.get("turn"), named(annotator), sitting_of(act, session)
    try:
        if act.get("step") is not None:
            saved, told = step(catalogues.first, act["step"], name, sitting)
            return {"turn": turn, "saved": saved, "told": told}
        item = _item_named(act.get("item"))
        said = opinions(history(catalogues.first)).get(item, ())
        if not said:
            raise HemlineError("nobody's verdict stands on this one any more: go on to the next")
        service = service_of(catalogues, said[0].judgement.catalogue)
        judgement = _answered(service, act, item, said, name, sitting)
        # neither judge is warned by what others said: the second must not know it, the adjudicator does
        mine = [event for event in history(service) if event.judgement.annotator == name]
        judgement, warned = warning_of(service, judgement, act.get("second_look"), mine)
        saved = [] if warned else save_all(service, [judgement])
    except HemlineError as error:
        return {"turn": turn, "problem": str(error)}
    return {
        "turn": turn,
        "saved": saved,
        "warned": [warned] if warned else [],
        "first": _said(said[0]) if saved else None,
    }


def agreement_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """How far people agree, as core.agreement says it; `wish` may ask for "roles", and "blind" ones alone."""
    store = catalogues.first.store
    units = agreeing.ratings(
        history(catalogues.first), bool(wish.get("roles")), bool(wish.get("blind")), store.vocabulary
    )
    return agreeing.as_json(agreeing.agreement(units))


def _answered(
    service: Service, act: Mapping[str, Any], item: Item, said: tuple[Event, ...], name: str, sitting: str
) -> Judgement:
    verdict, reason = str(act.get("verdict") or ""), reason_of(act)
    if act.get("source") == "disagreements":
        return adjudication(Disagreement(item, said, 0, 0, 0), name, verdict, reason, sitting)
    if act.get("source") != "second":
        raise HemlineError("an item is of the second looks or of the disagreements: choose one of them again")
    if said[0].judgement.annotator == name:
        raise HemlineError("you judged this one first; a second look is for somebody else")
    return second_judgement(_offer(item, said[0]), name, verdict, reason, sitting)


def _offer(item: Item, event: Event) -> Offer:
    said = event.judgement
    names = [one.name for one in fields(Offer) if one.name != "item"]
    return Offer(item, **{name: getattr(said, name) for name in names})


def _item_named(value: object) -> Item:
    if not isinstance(value, list) or len(value) != 3:
        raise HemlineError("an item is named by reference, words and garment: load the queue again")
    hash_, text, hit = value
    if not (hash_ is None or isinstance(hash_, str)) or not isinstance(text, str) or not isinstance(hit, str):
        raise HemlineError("the item is damaged: load the queue again")
    return Item(hash_, text, hit)


def _item(catalogues: Catalogues, offer: Offer) -> dict[str, Any] | None:
    """What the page shows of an item; None where its catalogue, garment or reference cannot be shown."""
    try:
        service = service_of(catalogues, offer.catalogue)
    except HemlineError:
        return None
    if offer.hit_id not in service.searcher.pictures:
        return None
    reference = _reference(service, offer.reference_id, offer.reference_hash)
    if reference is None and (offer.reference_id or offer.reference_hash):
        return None
    return {
        "item": list(offer.item),
        "text": offer.text,
        "reference": reference,
        "hit": shown(service, offer.hit_id) | {"rank": offer.rank, "score": offer.score},
    }


def _contested(catalogues: Catalogues, one: Disagreement) -> dict[str, Any] | None:
    item = _item(catalogues, _offer(one.item, one.events[0]))
    return item and item | {"said": [_said(event) for event in one.events]}


def _said(event: Event) -> dict[str, str]:
    said = event.judgement
    return {"verdict": said.verdict, "reason": said.reason, "annotator": said.annotator}


def _query_item(service: Service, query: Mapping[str, Any]) -> dict[str, Any] | None:
    if query["reference_id"] not in service.searcher.pictures:
        return None
    return {
        "item": [query["reference_id"], query["text"], ""],
        "text": query["text"],
        "why": query["why"],
        "reference": shown(service, query["reference_id"]),
        "hit": None,
    }


def _reference(service: Service, id_: str | None, sha: str | None) -> dict[str, str] | None:
    if id_ is not None and id_ in service.searcher.pictures:
        return shown(service, id_)
    address = kept_address(service.store, sha)
    if not address:
        return None
    words = {"id": "", "catalogue": service.name, "caption": "Somebody's photo", "category": ""}
    return words | {"card": address, "view": address}
