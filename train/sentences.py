"""Sentences made of a garment's attributes: captions beside the human ones for the captioning warm-up."""

import random

from core.types import Garment
from train import wording


def attribute_sentences(garment: Garment, rng: random.Random) -> str:
    """One sentence of some or all that the attributes hold, in one of several forms, drawn from `rng`.

    The main colour and the kind are always said; every word is true of the attributes. Only garments of the
    train split should be trained on; `train.triplets.check_train_split` holds a caller to that.
    """
    describing = _describing(garment, rng)
    having = _having(garment, rng)
    rng.shuffle(having)
    having = having[: rng.randint(1, 4)]
    color = _colors(garment, rng)
    kind = garment.kind
    form = rng.randrange(4)
    if form == 0:
        said = rng.sample(describing, min(len(describing), rng.randint(0, 3)))
        head = " ".join([*said, color, kind]).strip()
        return head + (f" with {_listed(having)}" if having else "")
    if form == 1:
        return ", ".join([f"{color} {kind}".strip(), *describing, *having])
    noun = kind if wording.is_plural(kind) else wording.with_article(kind)
    if form == 2:
        verb = "these are" if wording.is_plural(kind) else "this is"
        said = rng.sample(describing, min(len(describing), 2))
        head = " ".join([color, *said, kind]).strip()
        whole = head if wording.is_plural(kind) else wording.with_article(head)
        return f"{verb} {whole}" + (f", it has {_listed(having)}" if having and verb == "this is" else "")
    traits = [t for t in (color, *describing) if t]
    return f"{noun}: {_listed(traits)}" + (f"; has {_listed(having)}" if having else "")


def _colors(garment: Garment, rng: random.Random) -> str:
    words = [rng.choice(wording.COLORS[c]) for c in garment.colors]
    return _listed(words[:1] if rng.random() < 0.3 else words)


def _describing(garment: Garment, rng: random.Random) -> list[str]:
    """Adjectives: pattern, fit, length, fabric, sleeves."""
    tables = (
        (garment.pattern, wording.PATTERN_ADJECTIVES),
        (garment.fit, wording.FITS),
        (garment.length if garment.length != "hip" else None, wording.LENGTHS),
        (garment.fabric, wording.FABRICS),
        (garment.sleeve, wording.SLEEVE_ADJECTIVES),
    )
    said = [rng.choice(words[value]) for value, words in tables if value in words]
    return [word for word in said if word not in garment.kind.split()]


def _having(garment: Garment, rng: random.Random) -> list[str]:
    """Nouns: sleeves, neckline, the pattern as a print, details."""
    tables = [
        (garment.sleeve if garment.sleeve not in wording.SLEEVE_ADJECTIVES else None, wording.SLEEVES),
        (garment.neckline, wording.NECKLINES),
        (
            garment.pattern if garment.pattern not in wording.PATTERN_ADJECTIVES else None,
            wording.PATTERN_NOUNS,
        ),
    ]
    tables += [(detail, wording.DETAILS) for detail in garment.details if detail != garment.neckline]
    return [rng.choice(words[value]) for value, words in tables if value in words]


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))
