"""Blind second judgements: a share of what was judged is offered to others, who do not see what was said.

Whether an item is among the share is told by its hash alone: no list is kept, a larger share holds every item
of a smaller one, and neither the verdict nor who gave it has a say. The same holds for the order of a queue.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import HemlineError
from core.opinions import SECOND_JUDGEMENT, Item, as_shown, digest, item_of, opinions
from core.verdicts import Event, Judgement, now

JUDGES = 2
"""How many people's verdicts an item of the share shall have."""


@dataclass(frozen=True)
class Offer:
    """An item to judge again: the query and the hit as they were shown, and nothing of who said what."""

    item: Item
    reference_id: str | None
    reference_hash: str | None
    text: str
    hit_id: str
    hit_hash: str | None
    rank: int
    score: float
    catalogue: str
    model_fingerprint: str
    index_fingerprint: str


@dataclass(frozen=True)
class Progress:
    """How far the second judgements are: items in the share, those with enough verdicts, and per person.

    `given` counts the second judgements that a person gave and that stand, `waiting` what is in their queue.
    """

    chosen: int
    done: int
    given: dict[str, int]
    waiting: dict[str, int]


def is_chosen(item: Item, share: float) -> bool:
    """Whether an item is among the `share` (0 to 1) that is judged again; HemlineError for another share."""
    if not 0 <= share <= 1:
        raise HemlineError(f"the share of second judgements is a number from 0 to 1; it is {share!r}")
    return int.from_bytes(digest(item)[:8], "big") < share * 2**64


def queue(history: Iterable[Event], annotator: str, share: float, judges: int = JUDGES) -> list[Offer]:
    """What `annotator` is asked to judge blindly, in an order of their own.

    Items of the share that have an opinion and fewer than `judges`, and on which this person never said
    anything, taken back or not. What was imported without the rank it was shown at is not offered.
    """
    past = list(history)
    return _queue(opinions(past), _seen(past).get(annotator, set()), annotator, share, judges)


def progress(history: Iterable[Event], share: float, judges: int = JUDGES) -> Progress:
    """How far the second judgements of this share are, and what waits for everybody who ever judged."""
    past = list(history)
    standing = opinions(past)
    chosen = [item for item in standing if is_chosen(item, share)]
    seen = _seen(past)
    given = dict.fromkeys(seen, 0)
    for event in (event for said in standing.values() for event in said):
        given[event.judgement.annotator] += event.judgement.occasion == SECOND_JUDGEMENT
    waiting = {name: len(_queue(standing, items, name, share, judges)) for name, items in seen.items()}
    return Progress(len(chosen), sum(len(standing[item]) >= judges for item in chosen), given, waiting)


def second_judgement(
    offer: Offer, annotator: str, verdict: str, reason: str = "", session: str = ""
) -> Judgement:
    """The judgement to append for an answer to an offer: blind, and of its occasion."""
    return Judgement(
        annotator=annotator, verdict=verdict, reason=reason, session=session, reference_id=offer.reference_id,
        reference_hash=offer.reference_hash, text=offer.text, hit_id=offer.hit_id, hit_hash=offer.hit_hash,
        rank=offer.rank, score=offer.score, catalogue=offer.catalogue,
        model_fingerprint=offer.model_fingerprint, index_fingerprint=offer.index_fingerprint,
        occasion=SECOND_JUDGEMENT, blind=True, time=now(),
    )  # fmt: skip


def _seen(history: Iterable[Event]) -> dict[str, set[Item]]:
    """What each person ever judged or adjudicated."""
    seen: dict[str, set[Item]] = {}
    for event in history:
        seen.setdefault(event.judgement.annotator, set()).add(item_of(event))
    return seen


def _queue(
    standing: dict[Item, tuple[Event, ...]], seen: set[Item], annotator: str, share: float, judges: int
) -> list[Offer]:
    open_items = [
        item
        for item, said in standing.items()
        if is_chosen(item, share) and len(said) < judges and item not in seen
    ]
    # sorted by a hash of person and item, so that the order tells nothing of verdicts, names or times
    ordered = sorted(open_items, key=lambda item: digest(item, annotator))
    shown = [(item, as_shown(standing[item])) for item in ordered]
    return [_offer(item, event) for item, event in shown if event is not None]


def _offer(item: Item, event: Event) -> Offer:
    said = event.judgement
    return Offer(
        item, said.reference_id, said.reference_hash, said.text, said.hit_id, said.hit_hash, said.rank,
        said.score, said.catalogue, said.model_fingerprint, said.index_fingerprint,
    )  # fmt: skip
