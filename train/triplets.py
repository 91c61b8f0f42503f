"""Generated triplets: two garments of the train split, and the change worded as shoppers word it.

The wording is put together from what differs between the two (`train.edits`); nothing is said of the target
that its attributes or its caption do not say, and each text comes with its claims, so that a test can hold
it to that.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import HemlineError
from core.types import Garment, Triplet
from train import wording
from train.captions import caption_parts, content_words
from train.edits import Edit, Phrase, change_phrases

FIELDS = ("kind", "pattern", "sleeve", "neckline", "length", "fit", "fabric")
# How many of these seven the two garments of a human triplet share, in Closet's train split (of 1,200).
SHARED = {7: 313, 6: 359, 5: 296, 4: 164, 3: 54, 2: 12, 1: 2}
OPENERS = {
    "is": 45,
    "make it": 18,
    "": 30,
    "the same but": 3,
    "similar but": 2,
    "same style but": 2,
}  # percent
HAVE_AND_LACK = (
    "has {have} instead of {lack}",
    "has {have} and no {lack}",
    "has {have}, no {lack}",
    "{have} instead of {lack}",
    "{have} rather than {lack}",
    "replace the {lack} with {have}",
    "with {have}, without the {lack}",
    "no {lack}, has {have}",
)
HAVE = ("has {have}",) * 4 + ("with {have}", "{have}") * 2 + ("add {have}", "the same with {have}")
LACK = (
    "no {lack}",
    "has no {lack}",
    "without {lack}",
    "without the {lack}",
    "remove the {lack}",
    "lose the {lack}",
)
CONTRASTS = (" instead of ", " rather than ", " not ")
CHANGES = {1: 0.15, 2: 0.6, 3: 0.25}  # how many changes one annotator names


@dataclass(frozen=True)
class GeneratedTriplet:
    """A made-up composed query: ids, two wordings as two annotators would, and every claim they make."""

    reference: str
    target: str
    category: str
    captions: tuple[str, str]
    edits: tuple[Edit, ...]

    @property
    def text(self) -> str:
        """Both wordings joined as evaluation joins them."""
        return " and ".join(self.captions)

    def triplet(self, number: int) -> Triplet:
        """As a Triplet of the train split with the key "generated:NUMBER"."""
        return Triplet(
            f"generated:{number}", self.category, "train", self.reference, self.target, self.captions
        )


def generate_triplets(
    garments: Sequence[Garment],
    count: int,
    rng: random.Random,
    *,
    cross_category: float = 0.03,
    duplicates: Mapping[str, str] | None = None,
) -> list[GeneratedTriplet]:
    """`count` triplets from garments of the train split; the same `rng` state gives the same triplets.

    References are drawn evenly over the garments; the target is of the same category (but for the share
    `cross_category`) and as like the reference as in human triplets. `duplicates`
    (`train.negatives.duplicates`) keeps two photos of one garment from being paired. Raises HemlineError for
    a garment of another split, or where no two garments differ in anything that can be worded.
    """
    check_train_split(garments)
    pool = _Pool(garments)
    same = duplicates or {}
    made: list[GeneratedTriplet] = []
    refused = 0
    while len(made) < count:
        reference = rng.randrange(len(garments))
        target = pool.partner(reference, rng, cross=rng.random() < cross_category)
        triplet = None
        if target is not None and same.get(garments[reference].id, "") != same.get(garments[target].id, "-"):
            triplet = word_triplet(garments[reference], garments[target], rng)
        if triplet is not None:
            made.append(triplet)
        else:
            refused += 1
        if refused > 100 and refused > 20 * len(made):
            raise HemlineError(f"the {len(garments)} garments differ too little to word triplets from them")
    return made


def word_triplet(reference: Garment, target: Garment, rng: random.Random) -> GeneratedTriplet | None:
    """Word the change from one garment to the other twice; None where there is too little to say."""
    phrases = change_phrases(reference, target, rng)
    first = _choose(phrases, rng)
    rest = [p for p in phrases if not _subjects(p) & {s for q in first for s in _subjects(q)}]
    second = _choose(rest, rng)
    if not first or not second:
        return None
    noun = caption_parts(target.caption).noun
    captions = (_sentence(first, noun, rng), _sentence(second, noun, rng))
    edits = [e for p in (*first, *second) for e in p.edits]
    if noun is not None and any(noun in c.replace(",", " ").split() for c in captions):
        edits.append(Edit("caption", noun, "says", noun))
    return GeneratedTriplet(reference.id, target.id, target.category, captions, tuple(edits))


class _Pool:
    """The garments as an attribute table, to find a partner that shares a given number of attributes."""

    def __init__(self, garments: Sequence[Garment]) -> None:
        codes: dict[tuple[str, str | None], int] = {}
        self.table = np.array(
            [[codes.setdefault((f, getattr(g, f)), len(codes)) for f in FIELDS] for g in garments], np.int32
        )
        groups: dict[str, list[int]] = {}
        for index, garment in enumerate(garments):
            groups.setdefault(garment.category, []).append(index)
        self.groups = {category: np.array(members) for category, members in groups.items()}
        self.categories = [g.category for g in garments]

    def partner(self, reference: int, rng: random.Random, cross: bool) -> int | None:
        """Another garment, of another category if `cross`; None where there is none."""
        category = self.categories[reference]
        if cross:
            others = sorted(c for c in self.groups if c != category)
            if not others:
                return None
            members = self.groups[rng.choices(others, [len(self.groups[c]) for c in others])[0]]
        else:
            members = self.groups[category]
        shared = (self.table[members] == self.table[reference]).sum(1)
        shared[members == reference] = -1
        (wanted,) = rng.choices(list(SHARED), list(SHARED.values()))
        # The nearest count there is: rare garments have no near twins.
        distance = np.where(shared < 0, len(FIELDS) + 1, np.abs(shared - wanted))
        nearest = members[distance == distance.min()] if distance.min() <= len(FIELDS) else []
        return int(nearest[rng.randrange(len(nearest))]) if len(nearest) else None


def check_train_split(garments: Sequence[Garment]) -> None:
    """Raise HemlineError unless all garments, two or more, are of the train split."""
    foreign = [g for g in garments if g.split != "train"]
    if foreign:
        raise HemlineError(
            f"triplets are generated from the train split only; {len(foreign)} of the garments are not, "
            f"first {foreign[0].id} ({foreign[0].split})"
        )
    if len(garments) < 2:
        raise HemlineError(f"triplets need at least two garments; got {len(garments)}")


def _subjects(phrase: Phrase) -> set[str]:
    """What a phrase talks about: two phrases of one subject would say the same thing twice."""
    subjects = {
        "lightness": "colors", "vividness": "colors", "busyness": "pattern", "sleeve length": "sleeve",
        "looseness": "fit", "neck height": "neckline", "fabric weight": "fabric",
    }  # fmt: skip
    own = {subjects.get(e.field, e.field) for e in phrase.edits} - {"caption", "details"}
    if phrase.role == "kind":  # a caption's head names the kind and most often the colour
        own |= {"kind", "colors"} if any(e.field == "caption" for e in phrase.edits) else {"kind"}
    return own | {f"{e.field} {e.value}" for e in phrase.edits if e.field in ("caption", "details")}


def _choose(phrases: Sequence[Phrase], rng: random.Random) -> list[Phrase]:
    """One annotator's changes: a few phrases by weight, no subject and (but for "have") no role crowded."""
    (wanted,) = rng.choices(list(CHANGES), list(CHANGES.values()))
    left = list(phrases)
    chosen: list[Phrase] = []
    # People write three words at the least.
    while left and (len(chosen) < wanted or sum(len(p.words.split()) for p in chosen) < 3):
        (phrase,) = rng.choices(left, [p.weight for p in left])
        chosen.append(phrase)
        taken = {s for p in chosen for s in _subjects(p)}
        full = {role for role in ("kind", "lack") if any(p.role == role for p in chosen)}
        if any(link in p.words for p in chosen for link in CONTRASTS):
            full.add("lack")
        words = {w for p in chosen for w in content_words(p.words)}
        left = [
            p
            for p in left
            if p.role not in full and not _subjects(p) & taken and not content_words(p.words) & words
        ]
    return chosen


def _sentence(phrases: Sequence[Phrase], noun: str | None, rng: random.Random) -> str:
    """Put one annotator's phrases together, by the roles there are."""
    by_role = {
        role: [p.words for p in phrases if p.role == role] for role in ("adjective", "have", "lack", "kind")
    }
    adjectives = _joined(by_role["adjective"], rng)
    have, lack = _joined(by_role["have"], rng), "".join(by_role["lack"])
    if by_role["kind"]:
        text = _kind_sentence(by_role["kind"][0], adjectives, rng)
    elif adjectives:
        text = _adjective_sentence(adjectives, noun if have else None, rng)
    else:
        return _having_sentence(have, lack, rng)
    if have:
        contrast = any(link in text for link in CONTRASTS)
        text += (
            rng.choice((" and has ", ", has ", ", with ", *(() if contrast else (" with ", " with ")))) + have
        )
    if lack:
        links = [" without ", ", no ", " and no ", ", without the ", " without the "]
        text += rng.choice([*links, " instead of "] if have else links) + lack
    return text


def _kind_sentence(kind: str, adjectives: str, rng: random.Random) -> str:
    bare = kind.removeprefix("a ").removeprefix("an ")
    contrast = any(link in adjectives for link in (*CONTRASTS, "length"))
    if adjectives and not contrast and bare != kind and len(bare.split()) <= 2:
        whole = wording.with_article(f"{adjectives} {bare}")
        return rng.choice((f"is {whole}", whole, f"make it {whole}"))
    if adjectives:
        return rng.choice((f"is {kind}, {adjectives}", f"{adjectives}, {kind}", f"{kind}, {adjectives}"))
    if not kind.startswith(("a ", "an ")):  # plural: jeans
        return rng.choice((kind, kind, f"make it {kind}", f"change to {kind}"))
    if " instead of " in kind:
        return rng.choice((f"is {kind}", kind, f"make it {kind}"))
    return rng.choice(
        (f"is {kind}", f"is {kind}", kind, f"make it {kind}", f"as {kind} instead", f"change to {kind}")
    )


def _adjective_sentence(adjectives: str, noun: str | None, rng: random.Random) -> str:
    contrast = any(link in adjectives for link in (*CONTRASTS, " in ", "length"))
    if noun is not None and not contrast and rng.random() < 0.25:
        return f"{adjectives} {noun}"
    (opener,) = rng.choices(list(OPENERS), list(OPENERS.values()))
    return f"{opener} {adjectives}".strip()


def _having_sentence(have: str, lack: str, rng: random.Random) -> str:
    forms = HAVE_AND_LACK if have and lack else HAVE if have else LACK
    return rng.choice(forms).format(have=have, lack=lack)


def _joined(words: Sequence[str], rng: random.Random) -> str:
    if len(words) < 2:
        return "".join(words)
    # Two adjectives may stand side by side with a comma; the last pair is otherwise joined by "and".
    link = ", " if len(words) == 2 and rng.random() < 0.35 else " and "
    return ", ".join(words[:-1]) + link + words[-1]
