"""What several people say of the same hit of the same query: an item, and the opinions that stand on it.

An adjudication is an event too (its `occasion` says so), but no opinion: it settles what opinions leave open,
and is neither counted in agreement nor in place of what its author said before as one judge among others.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from core.verdicts import UNDO, Event, fold, judged, place_of

ADJUDICATION = "adjudication"
SECOND_JUDGEMENT = "second judgement"


class Item(NamedTuple):
    """What several people may judge: one hit of one query, whoever asked it."""

    reference_hash: str | None
    text: str
    hit_id: str


def item_of(event: Event) -> Item:
    """The item that an event is about."""
    return Item(*judged(event.judgement)[1:])


def digest(item: Item, *more: str) -> bytes:
    """The sha256 (32 bytes) of an item, and of further words; the same on every machine."""
    return hashlib.sha256(repr((*item, *more)).encode()).digest()


def opinions(history: Iterable[Event]) -> dict[Item, tuple[Event, ...]]:
    """The standing verdicts of each item, one a person, in the order of saving; no adjudications."""
    return _by_item(event for event in history if event.judgement.occasion != ADJUDICATION or _undo(event))


def as_shown(said: Iterable[Event]) -> Event | None:
    """The first of an item's events that knows the rank it was shown at; None where none does (imports)."""
    return next((event for event in said if event.judgement.rank > 0), None)


def rulings(history: Iterable[Event]) -> dict[Item, Event]:
    """The adjudication that stands for each adjudicated item: the latest, whoever's."""
    standing = _by_item(
        event for event in history if event.judgement.occasion == ADJUDICATION or _undo(event)
    )
    return {item: events[-1] for item, events in standing.items()}


def _undo(event: Event) -> bool:
    return event.judgement.verdict == UNDO


def _by_item(history: Iterable[Event]) -> dict[Item, tuple[Event, ...]]:
    found: dict[Item, tuple[Event, ...]] = {}
    for event in sorted(fold(history).values(), key=lambda event: (place_of(event), event.seq)):
        item = item_of(event)
        found[item] = (*found.get(item, ()), event)
    return found
