"""Wishes relative to the reference, "longer" or "a bit darker": which values of a field are more, or less.

Lengths and sleeves are ordered as `core.vocabulary` lists them, colours by the lightness of what Wardrobe
draws them in (`core.wardrobe.palette`), fits by how much room they leave.
"""

from collections.abc import Sequence
from functools import lru_cache

from core import vocabulary
from core.requests import traits
from core.types import Garment
from core.wardrobe.design import RULES, Design
from core.wardrobe.palette import ANCHORS, lab

_ROOM = {
    "skinny": 0, "fitted": 1, "regular": 2, "straight": 2, "a-line": 3, "flared": 3, "loose": 4, "wide": 4,
}  # fmt: skip
_LIGHTER_BY = 8.0  # CIELAB lightness; less than this people call the same

_COMPARATIVES = {
    "longer": ("length", 1), "lengthen": ("length", 1), "shorter": ("length", -1), "shorten": ("length", -1),
    "darker": ("colors", -1), "lighter": ("colors", 1), "paler": ("colors", 1),
    "looser": ("fit", 1), "roomier": ("fit", 1), "baggier": ("fit", 1), "wider": ("fit", 1),
    "tighter": ("fit", -1), "slimmer": ("fit", -1), "narrower": ("fit", -1),
}  # fmt: skip
_COMPLAINTS = {
    "short": ("length", 1), "long": ("length", -1), "dark": ("colors", 1), "light": ("colors", -1),
    "pale": ("colors", -1), "tight": ("fit", 1), "clingy": ("fit", 1), "loose": ("fit", -1),
    "baggy": ("fit", -1), "wide": ("fit", -1),
}  # fmt: skip
_SLEEVES = {"sleeve", "sleeves", "sleeved", "arm", "arms"}
_OTHERS = {"fabric", "weight", "material", "neck", "neckline", "cuffs", "belt", "collar", "strap", "straps"}
_NOT = {"not", "no", "isn't", "don't", "nor", "never", "n't"}


def relative(
    tokens: Sequence[str], reference: Garment | Design | None
) -> dict[str, tuple[frozenset[str] | None, str]]:
    """Each field that `tokens` compare with the reference: the values that satisfy, and the words.

    The values are None where no reference is given, and empty where it has no value or nothing is beyond it.
    """
    found: dict[str, tuple[frozenset[str] | None, str]] = {}
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else ""
        if token in _COMPARATIVES and before not in _NOT:
            (field, way), said = _COMPARATIVES[token], token
        elif token in _COMPLAINTS and before == "too" and not _NOT & set(tokens[max(0, place - 3) : place]):
            (field, way), said = _COMPLAINTS[token], f"too {token}"
        else:
            continue
        if _OTHERS & {*tokens[place + 1 : place + 3]}:
            continue
        beside = {*tokens[max(0, place - 1) : place], *tokens[place + 1 : place + 4]}
        field = "sleeve" if field == "length" and beside & _SLEEVES else field
        if field not in found:
            found[field] = (None if reference is None else beyond(field, way, reference), said)
    return found


def beyond(field: str, way: int, reference: Garment | Design) -> frozenset[str]:
    """The values of `field` that are more (`way` 1) or less (-1) than the reference's: longer, lighter."""
    here = traits(reference)[field]
    order = _orders()[field]
    if here is None or here not in order:
        return frozenset()
    if field == "sleeve" and way < 0:  # "shorter sleeves" are sleeves
        order = {name: place for name, place in order.items() if name != "none"}
    least = _LIGHTER_BY if field == "colors" else 0.0
    rules = RULES.get(traits(reference)["kind"] or "")
    possible = {*order} if rules is None or field != "length" else {*rules.lengths} & {*order}
    start = _orders()[field][here]
    return frozenset(value for value in possible if way * (order[value] - start) > least)


@lru_cache(maxsize=1)
def _orders() -> dict[str, dict[str, float]]:
    lightness = {
        name: sum(lab(shade)[0] for shade in shades) / len(shades) for name, shades in ANCHORS.items()
    }
    return {
        "length": {name: float(place) for place, name in enumerate(vocabulary.LENGTHS)},
        "sleeve": {name: float(place) for place, name in enumerate(vocabulary.SLEEVES)},
        "fit": {name: float(room) for name, room in _ROOM.items()},
        "colors": lightness,
    }
