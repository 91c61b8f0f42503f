"""What differs between two garments, as phrases a shopper would use, each with what it claims."""

import random
from dataclasses import dataclass
from functools import lru_cache

from core.types import Garment
from train import wording
from train.captions import caption_parts, content_words, same_head_noun, without_place

# What every garment has, said or not: no lack can be claimed of it.
VAGUE = frozenset(["body", "shape", "cut", "fit", "look", "weave", "waist", "shoulder", "leg", "neck", "hem"])


@dataclass(frozen=True)
class Edit:
    """One claim about the target made by `words` of a text.

    `claim` is "has" (`field` of the target is, or holds, `value`), "lacks" (it does not, the reference
    does), "more" or "less" (than the reference, of the ordinal `field`), "says" (the words stand in the
    target's caption) or "unsaid" (they stand in the reference's caption, and the target's says nothing of
    the kind).
    """

    field: str
    value: str
    claim: str
    words: str


@dataclass(frozen=True)
class Phrase:
    """Words for one change: `role` is how they fit a sentence, `weight` how often people name such."""

    role: str
    words: str
    edits: tuple[Edit, ...]
    weight: float = 1.0


def change_phrases(reference: Garment, target: Garment, rng: random.Random) -> list[Phrase]:
    """Phrases for what the target has, lacks or is more of than the reference; wording drawn from `rng`."""
    return [
        *_color_phrases(reference, target, rng),
        *_pattern_phrases(reference, target, rng),
        *_kind_phrases(reference, target),
        *_shape_phrases(reference, target, rng),
        *_detail_phrases(reference, target, rng),
        *_comparative_phrases(reference, target, rng),
        *_caption_phrases(reference, target, rng),
    ]


def main_color(garment: Garment) -> str | None:
    """The garment's first colour, None where it has none."""
    return garment.colors[0] if garment.colors else None


def _color_phrases(reference: Garment, target: Garment, rng: random.Random) -> list[Phrase]:
    old, new = main_color(reference), main_color(target)
    if new is None or new == old:
        return []
    said = caption_parts(target.caption).colors
    word = rng.choice(wording.COLORS[new])
    edit = Edit("colors", new, "has", word)
    phrases = [Phrase("adjective", word, (edit,), 2.0)]
    if said is not None:
        phrases.append(Phrase("adjective", said, (Edit("colors", said, "says", said),), 3.0))
    if target.pattern == "solid":
        plain = rng.choice(wording.PATTERN_ADJECTIVES["solid"])
        phrases.append(
            Phrase("adjective", f"{plain} {word}", (Edit("pattern", "solid", "has", plain), edit), 1.5)
        )
    if len(target.colors) == 2 and target.pattern != "solid":
        other = rng.choice(wording.COLORS[target.colors[1]])
        second = Edit("colors", target.colors[1], "has", other)
        phrases.append(Phrase("adjective", f"{word} and {other}", (edit, second), 1.0))
    if old is not None and old not in target.colors:
        was = caption_parts(reference.caption).colors or ""
        gone = rng.choice(wording.COLORS[old])
        # The reference's own shade ("instead of bright blue") where its caption begins with it.
        shade = was if was.endswith(gone) and rng.random() < 0.5 else gone
        link = rng.choice(("instead of", "instead of", "rather than", "not"))
        lack = Edit("colors", old, "lacks", shade)
        phrases.append(Phrase("adjective", f"{word} {link} {shade}", (edit, lack), 2.0))
    return phrases


def _pattern_phrases(reference: Garment, target: Garment, rng: random.Random) -> list[Phrase]:
    old, new = reference.pattern, target.pattern
    if new == old:
        return []
    phrases = []
    for words in wording.PATTERN_ADJECTIVES.get(new or "", ()):
        phrases.append(Phrase("adjective", words, (Edit("pattern", str(new), "has", words),), 0.8))
    for words in wording.PATTERN_NOUNS.get(new or "", ()):
        phrases.append(Phrase("have", words, (Edit("pattern", str(new), "has", words),), 0.6))
    if old in wording.PATTERN_STEMS and not wording.PATTERN_STEMS[old] & content_words(target.caption):
        words = (
            _without_article(rng.choice(wording.PATTERN_NOUNS[old]))
            .removesuffix(" all over")
            .removesuffix(" on it")
        )
        phrases.append(Phrase("lack", words, (Edit("pattern", old, "lacks", words),), 1.2))
    return phrases


def _kind_phrases(reference: Garment, target: Garment) -> list[Phrase]:
    if reference.kind == target.kind:
        return []
    words = _kind_words(target.kind)
    edit = Edit("kind", target.kind, "has", target.kind)
    phrases = [Phrase("kind", words, (edit,), 1.5)]
    last = reference.kind.split()[-1]
    if (
        last not in target.kind
        and last != "shoes"
        and same_head_noun(last) not in content_words(target.caption)
    ):
        old = _kind_words(reference.kind)
        lack = Edit("kind", reference.kind, "lacks", reference.kind)
        phrases.append(Phrase("kind", f"{words} instead of {old}", (edit, lack), 1.5))
    return phrases


def _shape_phrases(reference: Garment, target: Garment, rng: random.Random) -> list[Phrase]:
    """Sleeves, neckline, length, fit and fabric, where the two differ and people have words for it."""
    tables = (
        ("sleeve", "have", wording.SLEEVES, 1.0),
        ("sleeve", "adjective", wording.SLEEVE_ADJECTIVES, 0.6),
        ("neckline", "have", wording.NECKLINES, 1.2),
        ("length", "adjective", wording.LENGTHS, 0.6),
        ("fit", "adjective", wording.FITS, 0.6),
        ("fabric", "adjective", wording.FABRICS, 0.6),
    )
    phrases = []
    for field, role, words, weight in tables:
        value = getattr(target, field)
        if value is None or value == getattr(reference, field) or value not in words:
            continue
        said = rng.choice(words[value])
        phrases.append(Phrase(role, said, (Edit(field, value, "has", said),), weight))
    return phrases


def _detail_phrases(reference: Garment, target: Garment, rng: random.Random) -> list[Phrase]:
    phrases = []
    for detail in target.details:
        if detail in reference.details:
            continue
        for role, words in (("have", wording.DETAILS), ("adjective", wording.DETAIL_ADJECTIVES)):
            if detail in words:
                said = rng.choice(words[detail])
                phrases.append(Phrase(role, said, (Edit("details", detail, "has", said),), 0.8))
    present = _known_words(target)
    for detail in reference.details:
        if detail not in target.details and detail in wording.DETAILS:
            said = _without_article(rng.choice(wording.DETAILS[detail]))
            if not content_words(f"{detail} {said}") & present:
                phrases.append(Phrase("lack", said, (Edit("details", detail, "lacks", said),), 0.7))
    return phrases


def ordinals(garment: Garment) -> dict[str, float]:
    """Where the garment stands on each scale of `wording.COMPARATIVES`; without those it has no place on."""
    color = main_color(garment)
    places = {
        "lightness": wording.LIGHTNESS.get(color or ""),
        "vividness": wording.VIVIDNESS.get(color or ""),
        "busyness": wording.BUSYNESS.get(garment.pattern or ""),
        "sleeve length": wording.SLEEVE_ORDER.get(garment.sleeve or ""),
        "length": wording.LENGTH_ORDER.get(garment.length or ""),
        "looseness": wording.FIT_ORDER.get(garment.fit or ""),
        "neck height": wording.NECK_ORDER.get(garment.neckline or ""),
        "fabric weight": wording.FABRIC_WEIGHT.get(garment.fabric or ""),
    }
    return {name: place for name, place in places.items() if place is not None}


def _comparative_phrases(reference: Garment, target: Garment, rng: random.Random) -> list[Phrase]:
    before, after = ordinals(reference), ordinals(target)
    phrases = []
    for scale, (least, more, less) in wording.COMPARATIVES.items():
        step = after.get(scale, 0.0) - before.get(scale, 0.0)
        if scale not in before or scale not in after or abs(step) < least:
            continue
        words = rng.choice(more if step > 0 else less)
        role = "have" if words.endswith(("sleeves", "neck", "neckline")) else "adjective"
        edit = Edit(scale, "", "more" if step > 0 else "less", words)
        phrases.append(Phrase(role, words, (edit,), 1.3))
    return phrases


def _caption_phrases(reference: Garment, target: Garment, rng: random.Random) -> list[Phrase]:
    """Pieces of the target's caption that are news to the reference, and of the reference's that are gone."""
    old, new = caption_parts(reference.caption), caption_parts(target.caption)
    before, present = content_words(reference.caption), _known_words(target)
    phrases = []
    for piece in new.pieces:
        said = without_place(piece) if rng.random() < 0.35 else piece
        if content_words(said) - before and not said.startswith("worn"):
            phrases.append(Phrase("have", said, (Edit("caption", piece, "says", said),), 2.0))
    if new.noun is not None and len(new.head.split()) <= 6 and content_words(new.head) - before:
        words = new.head if wording.is_plural(new.noun.lower()) else wording.with_article(new.head)
        phrases.append(Phrase("kind", words, (Edit("caption", new.head, "says", new.head),), 0.8))
    for piece in old.pieces:
        said = _without_article(without_place(piece) if rng.random() < 0.6 else piece)
        gone = content_words(said)
        kept = (gone | {same_head_noun(said)}) & (present | VAGUE)
        if gone and not kept and len(said.split()) <= 5:
            phrases.append(Phrase("lack", said, (Edit("caption", piece, "unsaid", said),), 1.0))
    return phrases


@lru_cache(maxsize=65536)
def _known_words(garment: Garment) -> frozenset[str]:
    """The stems of all that is known of a garment: its caption, its attributes and the words for them."""
    known = [garment.caption, garment.kind, *garment.details]
    for value, words in (
        (garment.pattern, wording.PATTERN_NOUNS),
        (garment.neckline, wording.NECKLINES),
        (garment.sleeve, wording.SLEEVES),
    ):
        known.extend([value or "", *words.get(value or "", ())])
    known.extend(w for detail in garment.details for w in wording.DETAILS.get(detail, ()))
    stems = content_words(" ".join(known)) | wording.PATTERN_STEMS.get(garment.pattern or "", frozenset())
    return stems | {same_head_noun(w) for w in garment.caption.split()}


def _kind_words(kind: str) -> str:
    return kind if wording.is_plural(kind) else wording.with_article(kind)


def _without_article(words: str) -> str:
    for article in ("a ", "an ", "the "):
        words = words.removeprefix(article)
    return words
