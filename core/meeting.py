"""What a hit does about a query: which of the asked changes it meets, and what of the reference it kept.

Told from what is on record of both; or, where nothing is, from the model's captions, which say less: what a
caption does not name is unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.requests import Request, details_of, kept, parts_met, traits
from core.types import Garment
from core.unwanted import has_unwanted, read_unwanted
from core.wishes import read_wish


@dataclass(frozen=True)
class Part:
    """One asked change: the words that ask for it, and whether it is met; None where that is unknown."""

    words: str
    met: bool | None


@dataclass(frozen=True)
class Meeting:
    """Every asked change; the fields (`core.requests.FIELDS`) that stayed, and those that changed unasked.

    `changed` holds field, value of the reference and value of the hit.
    """

    parts: tuple[Part, ...] = ()
    kept: tuple[str, ...] = ()
    changed: tuple[tuple[str, str, str], ...] = ()


def by_record(text: str, without: str, reference: Garment | None, hit: Garment | None) -> Meeting:
    """What the hit does, from records; nothing is known of a garment without one."""
    reading = read_wish(text, reference)
    asked = {name: _said(name, words) for name, words in reading.words.items()}
    unwanted = read_unwanted(without)
    if hit is None:
        return Meeting(tuple(Part(words, None) for words in [*asked.values(), *map(_no, unwanted)]))
    parts = [Part(asked[name], value) for name, value in parts_met(reading.request, hit).items()]
    parts += [Part(_no(words), not has_unwanted([request], hit)) for words, request in unwanted.items()]
    if reference is None:
        return Meeting(tuple(parts))
    before, after = _told(reference), _told(hit)
    stays = kept(reading.request, reference, hit)
    changed = tuple((name, before[name], after[name]) for name, same in stays.items() if not same)
    return Meeting(tuple(parts), tuple(name for name, same in stays.items() if same), changed)


def by_caption(text: str, without: str, reference: str, hit: str) -> Meeting:
    """What the hit does, from the model's captions of reference and hit ("" for none)."""
    reading = read_wish(text)
    before, after = read_wish(reference).request, read_wish(hit).request
    parts = []
    for name, values in reading.request.edits.items():
        parts.append(Part(_said(name, reading.words[name]), _inside(values, after.edits.get(name))))
    for sign, details in (("+", reading.request.add), ("-", reading.request.remove)):
        for detail in sorted(details):
            seen = detail in after.add
            words = _said(sign + detail, reading.words[sign + detail])
            parts.append(Part(words, (sign == "+") if seen else None))
    parts += [Part(_no(words), _avoided(request, after)) for words, request in read_unwanted(without).items()]
    stayed, changed = [], []
    for name, values in before.edits.items():
        there = after.edits.get(name)
        if name in reading.request.edits or there is None:
            continue
        if values == there:
            stayed.append(name)
        elif not values & there:
            changed.append((name, " or ".join(sorted(values)), " or ".join(sorted(there))))
    return Meeting(tuple(parts), tuple(stayed), tuple(changed))


def _said(name: str, words: str) -> str:
    """A part's words as a chip shows them: a removal by itself is not what is wanted."""
    return _no(words) if name.startswith("-") else words


def _no(words: str) -> str:
    return f"no {words}"


def _inside(values: frozenset[str], said: frozenset[str] | None) -> bool | None:
    """Whether what a caption says is asked for; None where it may or may not be."""
    if not said:
        return None
    return True if said <= values else False if not said & values else None


def _avoided(unwanted: Request, said: Request) -> bool | None:
    """Whether a caption says otherwise than the unwanted; None where it is silent."""
    answers = [_inside(values, said.edits.get(name)) for name, values in unwanted.edits.items()]
    answers += [True if detail in said.add else None for detail in unwanted.add]
    return True if False in answers else False if all(answers) else None


def _told(garment: Garment) -> Mapping[str, str]:
    values = {name: value or "" for name, value in traits(garment).items()}
    return values | {"details": ", ".join(sorted(details_of(garment))) or "none"}
