"""What a drawn garment is: its attributes, which of them go together, and changing one of them.

A design says everything that can be read off the picture, in Closet's words (`core.vocabulary`), and nothing
else is drawn: so a drawn garment's attributes are exact by construction.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace

from core import vocabulary
from core.errors import HemlineError

COLORS = tuple(c for c in vocabulary.COLORS if c != "multicolor")
"""Every colour that can be drawn as one colour."""

ONE_COLOR = ("solid", "animal", "camouflage", "denim", "texture")
"""Patterns of one colour and its own shades."""

TWO_COLOR = ("stripes", "check", "floral", "dots", "graphic", "colorblock")
"""Patterns that need a second colour."""

PATTERNS = ONE_COLOR + TWO_COLOR
_ALL_SLEEVES = vocabulary.SLEEVES
_TOP_LENGTHS = ("cropped", "waist", "hip")
_GOWN_LENGTHS = ("mini", "knee", "midi", "maxi")


@dataclass(frozen=True)
class Rules:
    """What one family may have; the first value of each is what it most often is.

    `sleeves` and `necklines` are empty for what is worn below the waist.
    """

    sleeves: tuple[str, ...]
    necklines: tuple[str, ...]
    lengths: tuple[str, ...]
    fits: tuple[str, ...]
    details: tuple[str, ...]
    patterns: tuple[str, ...] = PATTERNS


_NOT_DENIM = tuple(p for p in PATTERNS if p != "denim")
RULES: Mapping[str, Rules] = {
    "dress": Rules(
        _ALL_SLEEVES,
        ("crew", "v", "scoop", "collar", "turtleneck", "mock", "off-shoulder", "square", "boat", "strapless",
         "straps", "halter", "polo", "lapel", "hood"),
        _GOWN_LENGTHS,
        ("a-line", "fitted", "flared", "straight", "loose"),
        ("buttons", "zip", "pockets", "belt", "tie", "bow", "cuffs", "contrast-trim", "ruffles", "pleats",
         "lace-trim", "hood"),
    ),
    "skirt": Rules(
        (), (), _GOWN_LENGTHS,
        ("a-line", "fitted", "straight", "flared"),
        ("buttons", "zip", "pockets", "belt", "tie", "bow", "contrast-trim", "ruffles", "pleats",
        "lace-trim"),
    ),
    "shirt": Rules(
        ("long", "short", "none", "cap", "elbow", "three-quarter"),
        ("collar", "v", "crew", "square", "off-shoulder", "halter", "scoop", "boat", "mock", "lapel"),
        ("hip", "waist", "cropped"), ("regular", "fitted", "loose"),
        ("buttons", "zip", "pockets", "tie", "bow", "cuffs", "contrast-trim", "ruffles", "lace-trim"),
    ),
    "t-shirt": Rules(
        ("short", "none", "cap", "elbow", "three-quarter", "long"),
        ("crew", "v", "scoop", "polo", "boat", "square", "turtleneck", "mock", "off-shoulder", "straps",
         "halter", "strapless", "collar", "hood"),
        ("hip", "waist", "cropped"), ("regular", "fitted", "loose"),
        ("buttons", "zip", "pockets", "tie", "bow", "cuffs", "contrast-trim", "ruffles", "lace-trim", "hood"),
        _NOT_DENIM,
    ),
    "sweater": Rules(
        ("long", "three-quarter", "elbow", "short", "none"),
        ("crew", "v", "turtleneck", "scoop", "mock", "boat", "polo", "off-shoulder", "square", "collar"),
        ("hip", "waist", "cropped"), ("regular", "fitted", "loose"),
        ("buttons", "zip", "pockets", "tie", "belt", "bow", "cuffs", "contrast-trim", "lace-trim"),
        _NOT_DENIM,
    ),
    "hoodie": Rules(
        ("long", "three-quarter", "elbow", "short", "none"), ("hood",),
        ("hip", "waist", "cropped"), ("regular", "fitted", "loose"),
        ("hood", "zip", "buttons", "pockets", "tie", "cuffs", "contrast-trim"), _NOT_DENIM,
    ),
    "jacket": Rules(
        ("long", "three-quarter", "elbow", "short", "none"),
        ("collar", "lapel", "mock", "crew", "v", "hood", "turtleneck", "scoop"),
        ("waist", "hip", "cropped"), ("regular", "fitted", "loose"),
        ("zip", "buttons", "pockets", "belt", "tie", "cuffs", "contrast-trim", "hood"),
    ),
    "coat": Rules(
        ("long", "three-quarter", "elbow", "none"),
        ("lapel", "collar", "mock", "hood", "crew", "v", "turtleneck"),
        ("knee", "midi", "mini", "hip", "maxi"), ("regular", "fitted", "loose"),
        ("buttons", "zip", "pockets", "belt", "tie", "cuffs", "contrast-trim", "hood"),
    ),
    "trousers": Rules(
        (), (), ("full", "ankle", "cropped"), ("straight", "skinny", "wide", "flared", "loose"),
        ("pockets", "belt", "buttons", "zip", "tie", "cuffs", "contrast-trim"),
    ),
    "shorts": Rules(
        (), (), ("mini", "knee"), ("regular", "loose", "fitted"),
        ("pockets", "belt", "buttons", "zip", "tie", "cuffs", "contrast-trim", "ruffles", "lace-trim"),
    ),
}  # fmt: skip
"""The ten families (`core.families`) and what each may have."""

BARE_NECKS = ("strapless", "straps", "halter")
"""Necklines that leave the shoulders bare: nothing of a sleeve goes with them."""


@dataclass(frozen=True)
class Design:
    """What a drawn garment is. `family` is one of `RULES`; the other fields are as in `core.types.Garment`.

    `colors` holds one colour, or two where the pattern or a contrast trim shows a second.
    """

    family: str
    colors: tuple[str, ...]
    pattern: str
    sleeve: str | None
    neckline: str | None
    length: str
    fit: str
    details: tuple[str, ...]


def two_colored(pattern: str, details: tuple[str, ...]) -> bool:
    """Whether a garment of this pattern and these details shows a second colour."""
    return pattern in TWO_COLOR or "contrast-trim" in details


def faults(design: Design) -> list[str]:
    """What of a design cannot be drawn or read off, in words; empty where all is well."""
    rules = RULES.get(design.family)
    if rules is None:
        return [f"{design.family} is not one of the families {', '.join(RULES)}"]
    found = []
    for field, values in (
        ("pattern", rules.patterns), ("sleeve", rules.sleeves or (None,)),
        ("neckline", rules.necklines or (None,)), ("length", rules.lengths), ("fit", rules.fits),
    ):  # fmt: skip
        if getattr(design, field) not in values:
            found.append(f"{field} {getattr(design, field)} does not go with a {design.family}")
    found += [f"a {design.family} has no {d}" for d in design.details if d not in rules.details]
    found += [f"{d} is named twice" for d in set(design.details) if design.details.count(d) > 1]
    wanted = 2 if two_colored(design.pattern, design.details) else 1
    if len(set(design.colors)) != wanted or len(design.colors) != wanted or set(design.colors) - set(COLORS):
        found.append(f"it needs {wanted} of the colours, each another; it has {', '.join(design.colors)}")
    if (design.neckline == "hood") != ("hood" in design.details):
        found.append("a hood is both a neckline and a detail")
    if design.neckline in BARE_NECKS and design.sleeve != "none":
        found.append(f"a {design.neckline} neckline has no sleeves")
    if design.neckline == "off-shoulder" and design.sleeve == "none":
        found.append("an off-shoulder neckline needs sleeves")
    if "cuffs" in design.details and design.sleeve in ("none", "cap"):
        found.append("cuffs need sleeves")
    return found


def check(design: Design) -> Design:
    """The design itself; HemlineError names what cannot be drawn."""
    found = faults(design)
    if found:
        raise HemlineError(f"this garment cannot be drawn: {'; '.join(found)} ({design})")
    return design


def sample(rng: random.Random, family: str | None = None) -> Design:
    """A design drawn from `rng`, of `family` or of any; common values are likelier than rare ones."""
    family = family or rng.choice(list(RULES))
    rules = RULES[family]
    neckline = _often_first(rules.necklines, rng)
    sleeve = _often_first(rules.sleeves, rng)
    (count,) = rng.choices((0, 1, 2, 3), (0.3, 0.35, 0.25, 0.1))
    details = set(rng.sample(rules.details, min(count, len(rules.details))))
    drawn = Design(
        family, (), _often_first(rules.patterns, rng, 0.2) or "solid", sleeve, neckline,
        rng.choice(rules.lengths), _often_first(rules.fits, rng, 0.2) or "regular", tuple(details),
    )  # fmt: skip
    return mended(drawn, rng)


def changed(design: Design, rng: random.Random, **values: object) -> Design:
    """The design with the fields of `values` changed, and what no longer goes with them made to fit.

    What was asked for wins over what was there: a dress asked to be a skirt loses its sleeves. Raises
    HemlineError where the values cannot go together.
    """
    return check(mended(replace(design, **values), rng, frozenset(values)))  # type: ignore[arg-type]


def mended(design: Design, rng: random.Random, asked: frozenset[str] = frozenset()) -> Design:
    """The design that is nearest to `design` and can be drawn; fields in `asked` are the last to give way."""
    rules = RULES[design.family]
    sleeve, neckline, details = design.sleeve, design.neckline, list(design.details)
    if rules.necklines:
        if "details" in asked and "neckline" not in asked:
            if "hood" in details:
                neckline = "hood"
            elif neckline == "hood" and design.family != "hoodie":
                neckline = next(n for n in rules.necklines if n != "hood")
        neckline = neckline if neckline in rules.necklines else rules.necklines[0]
        sleeve = sleeve if sleeve in rules.sleeves else _nearest_sleeve(sleeve, rules.sleeves)
        if neckline in BARE_NECKS and sleeve != "none":
            if "sleeve" in asked and "neckline" not in asked:
                neckline = rules.necklines[0]
            else:
                sleeve = "none"
        if neckline == "off-shoulder" and sleeve == "none":
            if "sleeve" in asked and "neckline" not in asked:
                neckline = rules.necklines[0]
            else:
                sleeve = "short"
        details = [d for d in details if d != "hood"] + (["hood"] if neckline == "hood" else [])
    else:
        sleeve = neckline = None
    details = [d for d in details if d in rules.details]
    if sleeve in ("none", "cap") and "cuffs" in details:
        if "details" in asked and "sleeve" not in asked and neckline not in BARE_NECKS:
            sleeve = "long"
        else:
            details.remove("cuffs")
    length = (
        design.length if design.length in rules.lengths else _nearest_length(design.length, rules.lengths)
    )
    fit = design.fit if design.fit in rules.fits else _nearest_fit(design.fit, rules.fits)
    pattern = design.pattern if design.pattern in rules.patterns else "solid"
    ordered = tuple(d for d in vocabulary.DETAILS if d in details)
    colors = _colors(design.colors, pattern, ordered, rng)
    return Design(design.family, colors, pattern, sleeve, neckline, length, fit, ordered)


def _colors(
    colors: tuple[str, ...], pattern: str, details: tuple[str, ...], rng: random.Random
) -> tuple[str, ...]:
    kept = tuple(dict.fromkeys(colors))
    wanted = 2 if two_colored(pattern, details) else 1
    while len(kept) < wanted:
        likely = ("white", "black", "navy", "beige") if kept and rng.random() < 0.4 else COLORS
        kept = tuple(dict.fromkeys((*kept, rng.choice(likely))))
    return kept[:wanted]


def _often_first(values: tuple[str, ...], rng: random.Random, share: float = 0.3) -> str | None:
    if not values:
        return None
    return values[0] if rng.random() < share else rng.choice(values)


def _nearest_sleeve(sleeve: str | None, allowed: tuple[str, ...]) -> str:
    if sleeve is None:
        return allowed[0]
    order = vocabulary.SLEEVES
    return min(allowed, key=lambda s: abs(order.index(s) - order.index(sleeve)))


_HEIGHT = {
    "cropped": 0.0, "waist": 1.0, "hip": 2.0, "mini": 3.0, "knee": 4.0, "midi": 5.0, "ankle": 6.0, "full":
    7.0,
    "maxi": 7.0,
}  # fmt: skip
_WIDTH = {
    "skinny": 0.0, "fitted": 1.0, "straight": 2.0, "regular": 2.1, "a-line": 3.0, "flared": 4.0, "loose": 4.1,
    "wide": 5.0,
}  # fmt: skip


def _nearest_length(length: str, allowed: tuple[str, ...]) -> str:
    return min(allowed, key=lambda value: abs(_HEIGHT[value] - _HEIGHT[length]))


def _nearest_fit(fit: str, allowed: tuple[str, ...]) -> str:
    return min(allowed, key=lambda value: abs(_WIDTH[value] - _WIDTH[fit]))
