"""Which garments of a catalogue a hand-written text can be put to, and a seeded draw of some of them."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from core.errors import HemlineError
from core.families import family_of
from core.requests import HandText, Request, fits, met
from core.types import Garment
from core.wardrobe.design import COLORS, RULES, Design, changed, mended

USABLE, MET, IMPOSSIBLE = "usable", "already as asked", "cannot be changed so"


@dataclass(frozen=True)
class References:
    """The references drawn for one text, and how many fitting garments are of each kind (`standing`)."""

    ids: tuple[str, ...]
    counts: dict[str, int]


def draw_references(text: HandText, garments: Mapping[str, Garment], count: int, seed: int = 0) -> References:
    """`count` garments (fewer where there are fewer) that fit the text's conditions and are usable for it.

    The draw depends on the seed, the text and the garments' ids alone, not on other texts.
    """
    standings = {
        id_: standing(text.request, garment)
        for id_, garment in sorted(garments.items())
        if fits(text.reference, garment)
    }
    usable = [id_ for id_, found in standings.items() if found == USABLE]
    rng = random.Random(f"{seed} {text.text}")
    drawn = rng.sample(usable, min(count, len(usable)))
    counts = Counter(standings.values())
    return References(tuple(drawn), {name: counts[name] for name in (USABLE, MET, IMPOSSIBLE)})


def standing(request: Request, garment: Garment) -> str:
    """What a request is to a garment: USABLE, MET (it asks for nothing new) or IMPOSSIBLE.

    It is impossible where no garment of the asked family, or of the garment's own, can be what is asked
    (`core.wardrobe.design`): long sleeves on trousers.
    """
    if met(request, garment):
        return MET
    return USABLE if _possible(request, garment) else IMPOSSIBLE


def _possible(request: Request, garment: Garment) -> bool:
    """Whether one of the satisfying values of each edit gives, with `changed`, a design that meets it all."""
    own = family_of(garment.kind)
    families = request.edits.get("kind", frozenset([own] if own else []))
    return any(
        family in RULES and any(_meets(request, garment, own, family, values) for values in tried)
        for family in sorted(families)
        for tried in [_choices(request, family)]
    )


def _choices(request: Request, family: str) -> list[dict[str, str]]:
    """The values to try of each edited field but kind and colour; none where the family can have none.

    Neckline and sleeve decide on each other, so each pair is tried; of the rest any value does.
    """
    rules = RULES[family]
    allowed = {
        "pattern": rules.patterns, "sleeve": rules.sleeves, "neckline": rules.necklines,
        "length": rules.lengths, "fit": rules.fits,
    }  # fmt: skip
    fields = {}
    for name, values in request.edits.items():
        if name in allowed:
            found = [value for value in allowed[name] if value in values]
            fields[name] = found if name in ("sleeve", "neckline") else found[:1]
    return [dict(zip(fields, chosen, strict=True)) for chosen in product(*fields.values())]


def _meets(request: Request, garment: Garment, own: str | None, family: str, values: dict[str, str]) -> bool:
    rng = random.Random(0)  # it draws second colours alone, on which nothing here depends
    changes: dict[str, object] = dict(values)
    if family != own:
        changes["family"] = family
    if "colors" in request.edits:
        drawable = sorted(request.edits["colors"] & set(COLORS))
        if not drawable:
            return False
        changes["colors"] = (drawable[0], *(c for c in garment.colors[1:] if c in COLORS))
    design = _nearest(garment, own or family, rng)
    if request.add or request.remove:
        changes["details"] = tuple((set(design.details) - request.remove) | request.add)
    try:
        return met(request, changed(design, rng, **changes))
    except HemlineError:
        return False


def _nearest(garment: Garment, family: str, rng: random.Random) -> Design:
    """The garment as a design of its family; what cannot be drawn of a photo gives way to the likeliest."""
    rules = RULES[family]
    colors = tuple(color for color in garment.colors if color in COLORS)[:2] or COLORS[:1]
    design = Design(
        family, colors, garment.pattern or rules.patterns[0], garment.sleeve, garment.neckline,
        garment.length or rules.lengths[0], garment.fit or rules.fits[0], garment.details,
    )  # fmt: skip
    return mended(design, rng)
