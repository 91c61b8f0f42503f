"""The garment a caption tells of: its attributes as far as the words name them, and the change between two.

For models that caption but follow no instruction: two captions become two garments (`garment_said`), and what
differs is worded as between garments with records (`train.triplets`). Where a caption says nothing, nothing
is claimed.
"""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

from core.types import Garment
from train import wording
from train.captions import CaptionParts, caption_parts, without_place
from train.triplets import word_triplet

# The main colour of garments whose captions say so, in Closet's train split; words of no clear one are left
# out.
_OTHER_HUES: dict[str, tuple[str, ...]] = {
    "white": ("off-white", "ivory", "cream"),
    "grey": ("charcoal", "slate"),
    "beige": ("camel", "sand", "tan", "taupe"),
    "brown": ("bronze", "caramel", "chocolate"),
    "red": ("crimson", "scarlet"),
    "burgundy": ("wine",),
    "pink": ("blush", "coral", "fuchsia", "magenta", "raspberry", "salmon"),
    "yellow": ("mustard", "ochre"),
    "green": ("emerald", "lime", "mint"),
    "light-blue": ("sky blue", "baby blue", "powder blue", "light denim blue"),
    "blue": ("cobalt", "cornflower"),
    "navy": ("indigo", "dark denim blue"),
    "purple": ("plum",),
    "lilac": ("mauve",),
}
_OTHER_PATTERNS: dict[str, tuple[str, ...]] = {
    "stripes": ("striped", "stripe", "pinstripe", "pinstripes", "pinstriped"),
    "check": ("check", "checked", "tartan", "gingham"),
    "floral": ("flower print", "flower pattern", "floral"),
    "dots": ("spotted",),
    "animal": ("leopard", "leopard print", "zebra", "zebra print", "snake print"),
    "graphic": ("figure", "cartoon", "picture", "photo"),
    "text": ("letters",),
}
_OTHER_NECKLINES: dict[str, tuple[str, ...]] = {
    "crew": ("crew neck", "round neck", "crewneck"),
    "mock": ("stand collar", "stand up collar", "high collar"),
    "polo": ("polo",),
    "turtleneck": ("turtleneck", "roll neck", "high neck"),
    "hood": ("hooded", "hoodie"),
    "off-shoulder": ("off shoulder", "off the shoulder"),
    "scoop": ("scoop", "wide scoop neck"),
}
_OTHER_LENGTHS: dict[str, tuple[str, ...]] = {"mini": ("mini",), "midi": ("midi",), "maxi": ("maxi",)}
_OTHER_SLEEVES: dict[str, tuple[str, ...]] = {
    "short": ("short sleeve",),
    "long": ("long sleeve",),
    "three-quarter": ("three quarter sleeve",),
}
_ONE_NECK = frozenset(["crew", "v", "scoop", "turtleneck", "mock", "square", "boat", "halter"])
# Words that say an attribute in the tables but much else in a caption.
_AMBIGUOUS = frozenset(
    ["straight", "wide", "wide neck", "straps", "text", "some texture", "bare shoulders", "a tie"]
)


def garment_said(photo: str, category: str, caption: str) -> Garment:
    """The garment of the train split that `caption` tells of.

    `kind` is the caption's own noun ("" where it has none known), not the vocabulary's; an attribute that is
    not named is None.
    """
    parts = caption_parts(caption)
    text = _plain(caption)
    whole = _plain(" ".join([parts.head, *(p for p in parts.pieces if without_place(p) == p)]))
    return Garment(
        id=photo,
        split="train",
        category=category,
        kind=(parts.noun or "").lower(),
        colors=_colors(parts),
        pattern=_named("pattern", whole),
        sleeve=_named("sleeve", text),
        neckline=_named("neckline", text),
        length=_named("length", text),
        fit=_named("fit", text),
        fabric=_named("fabric", text),
        details=tuple(dict.fromkeys(_found("details", text))),
        caption=caption,
    )


def contradicts_itself(text: str) -> bool:
    """Whether a text gives one garment two sleeve lengths, or two necklines that exclude each other."""
    plain = _plain(text)
    necks = {value for value in _found("neckline", plain) if value in _ONE_NECK}
    return len(necks) > 1 or len(set(_found("sleeve", plain))) > 1


def worded_change(reference: Garment, target: Garment, rng: random.Random) -> tuple[str, ...]:
    """The change between two garments of `garment_said`, in two wordings; none where too little differs."""
    if not (reference.kind and target.kind):
        reference, target = replace(reference, kind=""), replace(target, kind="")
    made = word_triplet(reference, target, rng)
    return made.captions if made else ()


def _colors(parts: CaptionParts) -> tuple[str, ...]:
    """Colours of the caption's head, each once, the first the main one."""
    return tuple(dict.fromkeys(_found("colors", _plain(parts.head))))


def _named(field: str, text: str) -> str | None:
    """The first value of the field that the text names."""
    return next(iter(_found(field, text)), None)


def _found(field: str, text: str) -> list[str]:
    """Values of the field that a plain text names, in order; at one place the longest phrase counts."""
    values, pattern = _phrases(field)
    return [values[match[0]] for match in pattern.finditer(text)]


@cache
def _phrases(field: str) -> tuple[Mapping[str, str], re.Pattern[str]]:
    """The values of a field by the plain words for them, and what finds those words, the longest first."""
    tables: dict[str, Sequence[Mapping[str, tuple[str, ...]]]] = {
        "colors": (wording.COLORS, _OTHER_HUES),
        "pattern": (wording.PATTERN_ADJECTIVES, wording.PATTERN_NOUNS, _OTHER_PATTERNS),
        "sleeve": (wording.SLEEVES, wording.SLEEVE_ADJECTIVES, _OTHER_SLEEVES),
        "neckline": (wording.NECKLINES, _OTHER_NECKLINES),
        "length": (wording.LENGTHS, _OTHER_LENGTHS),
        "fit": (wording.FITS,),
        "fabric": (wording.FABRICS,),
        "details": (wording.DETAILS, wording.DETAIL_ADJECTIVES),
    }
    words = {
        _plain(phrase).removeprefix("a ").removeprefix("an "): value
        for table in tables[field]
        for value, phrases in table.items()
        for phrase in phrases
        if phrase not in _AMBIGUOUS
    }
    longest_first = sorted(words, key=len, reverse=True)
    return words, re.compile(rf"(?<!\S)(?:{'|'.join(map(re.escape, longest_first))})(?!\S)")


def _plain(text: str) -> str:
    """Lower-case words without hyphens and punctuation, so that "V-neck," is "v neck"."""
    return " ".join(re.findall(r"[a-z0-9/']+", text.lower()))
