"""Captions of a design: one catalogue sentence that says what it is, in many wordings."""

import random

from core.wardrobe.design import Design
from train.language import colors, details, shapes, uppers
from train.language.change import bare, is_plural, pick, with_article
from train.language.hems import fit_words, length_words
from train.language.silhouettes import FAMILY_NOUNS, KIND_PHRASES

_TWO = ("{p} in {a} and {b}", "{a} and {b} {p}", "{a} with {b} {p}")
_OBVIOUS = {"length": ("hip", "full"), "fit": ("regular", "straight"), "neckline": ("hood",)}


def caption(design: Design, rng: random.Random) -> str:
    """A sentence such as "navy polka-dot midi dress with short sleeves and a belt", every word of it true.

    It names the colours, the pattern, the kind of garment and most of the other attributes.
    """
    noun, said = _noun(design, rng)
    color = pick(colors.plain_words(design.colors[0]), rng)
    second = pick(colors.plain_words(design.colors[1]), rng) if len(design.colors) > 1 else ""
    front: list[str] = []
    tail: list[str] = []
    whole = shapes.PATTERNS[design.pattern]
    if "pattern" not in said and (design.pattern != "solid" or rng.random() < 0.3):
        if rng.random() < 0.3 and design.pattern not in ("solid", "denim", "graphic"):
            thing = rng.choice(shapes.PATTERN_THINGS[design.pattern])
            tail.append(
                f"{second} {thing}" if second and design.pattern in ("dots", "stripes") else whole.nouns[0]
            )
        else:
            front.append(pick(whole.adjectives, rng))
    hue = color
    if second and not any(second in t for t in tail):
        hue = rng.choice((f"{color} and {second}", f"{color} and {second}", f"{color}/{second}", color))
    front.insert(rng.randrange(len(front) + 1), hue)
    for field in ("fit", "length", "sleeve", "neckline"):
        value = getattr(design, field)
        if (
            value is None
            or field in said
            or rng.random() < (0.75 if value in _OBVIOUS.get(field, ()) else 0.18)
        ):
            continue
        words = _field_words(design, field, value)
        adjective = bool(words.adjectives) and len(front) < 4
        if adjective and rng.random() < (0.8 if field in ("fit", "length") or value == "none" else 0.25):
            front.append(pick(words.adjectives[:5], rng))
        elif words.nouns:
            tail.append(pick(words.nouns[:6], rng))
    for detail in design.details:
        if detail == "hood" and (design.family == "hoodie" or rng.random() < 0.1):
            continue
        words = details.DETAILS[detail]
        if words.adjectives and len(front) < 4 and rng.random() < 0.2:
            front.append(pick(words.adjectives[:4], rng))
        else:
            tail.append(pick(words.nouns, rng))
    rng.shuffle(tail)
    return _sentence(front, noun, tail, rng)


def _field_words(design: Design, field: str, value: str) -> shapes.Words:
    if field == "fit":
        return fit_words(design.family, value)
    if field == "length":
        return length_words(design.family, value)
    return (uppers.SLEEVES if field == "sleeve" else uppers.NECKLINES)[value]


def _noun(design: Design, rng: random.Random) -> tuple[str, frozenset[str]]:
    """A name of the garment, and the fields that it says besides its family."""
    special = [
        (name, more)
        for name, family, more in KIND_PHRASES
        if family == design.family and all(getattr(design, f) == v for f, v in more.items())
    ]
    if special and rng.random() < 0.4:
        name, more = rng.choice(special)
        return name.removeprefix("pair of "), frozenset(more)
    return rng.choice(FAMILY_NOUNS[design.family]).removeprefix("pair of "), frozenset()


def _sentence(front: list[str], noun: str, tail: list[str], rng: random.Random) -> str:
    form = rng.random()
    having = ", ".join(tail[:-1]) + (" and " if len(tail) > 1 else "") + "".join(tail[-1:])
    if form < 0.12:
        return ", ".join([noun, *front, *map(bare, tail)])
    if form < 0.2 and len(front) > 1:
        text = f"{noun} in {front[0]}, {', '.join(front[1:])}"
        return f"{text}, with {having}" if tail else text
    head = " ".join([*front, noun])
    if form < 0.4:
        head = head if is_plural(noun) else with_article(head)
    return f"{head} with {having}" if tail else head
