"""One change of a wish: what it asks for, and its words in every place of a sentence."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.wardrobe.design import Design
from train import wording
from train.language.silhouettes import FAMILY_NOUNS, PLURAL_ENDINGS

NONE: frozenset[str] = frozenset()


@dataclass
class Change:
    """What is asked for (`edits`, `add`, `remove` as in `core.requests.Request`) and how it can be said.

    Each place is one drawn wording, "" where there is none: `adj` before a noun, `have` after "with", `lack`
    after "without", `inside` after "in", `after` behind the noun as it stands, `pred` after "make it" or
    "but", `key` as a keyword, `noun` a garment's name and `behind`
    what follows that name, `cmd` an imperative, `say` a sentence, `why` what is
    wrong with the reference. Where nothing but `why` is said, it asks for the same.
    """

    edits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    add: frozenset[str] = NONE
    remove: frozenset[str] = NONE
    keep: frozenset[str] = NONE
    adj: str = ""
    have: str = ""
    lack: str = ""
    inside: str = ""
    after: str = ""
    pred: str = ""
    key: str = ""
    noun: str = ""
    behind: str = ""
    cmd: str = ""
    say: str = ""
    why: str = ""


@dataclass(frozen=True)
class Talk:
    """What a wish is about: the reference, the target, the source of chance, how to call the reference."""

    reference: Design
    target: Design
    rng: random.Random
    noun: str
    plural: bool

    @property
    def it(self) -> str:
        """ "it" or "them"."""
        return "them" if self.plural else "it"

    @property
    def this(self) -> str:
        """ "this" or "these"."""
        return "these" if self.plural else "this"

    @property
    def that(self) -> str:
        """ "that" or "those"."""
        return "those" if self.plural else "that"

    @property
    def they(self) -> str:
        """ "it" or "they", as a subject."""
        return "they" if self.plural else "it"

    @property
    def its(self) -> str:
        """ "it's" or "they're"."""
        return "they're" if self.plural else "it's"


def talk_about(reference: Design, target: Design, rng: random.Random) -> Talk:
    """The `Talk` of a pair, the reference called by a drawn name of its family."""
    noun = rng.choice(FAMILY_NOUNS[reference.family]).removeprefix("pair of ")
    return Talk(reference, target, rng, noun, is_plural(noun))


def is_plural(noun: str) -> bool:
    """Whether a garment's name is a plural: "wide-leg trousers"; not "pair of jeans"."""
    return noun.endswith(PLURAL_ENDINGS) and not noun.startswith("pair ")


def pick(words: Sequence[str], rng: random.Random) -> str:
    """One of the words, the first few (the common ones) likelier."""
    if len(words) > 4 and rng.random() < 0.35:
        return words[int(rng.random() * 3)]
    return words[int(rng.random() * len(words))]


def bare(noun_phrase: str) -> str:
    """The noun phrase without its article."""
    for article in ("a ", "an ", "the ", "some "):
        if noun_phrase.startswith(article):
            return noun_phrase[len(article) :]
    return noun_phrase


def against(new: str, old: str, rng: random.Random) -> str:
    """ "new instead of old", in one of several ways."""
    return rng.choice(_LINKS).format(new=new, old=old)


_LINKS = (
    "{new} instead of {old}", "{new} not {old}", "{new} rather than {old}", "{new}, not {old}",
    "{new} in place of {old}", "less {old} more {new}", "not {old} but {new}", "{new} over {old}",
    "{new} instead of the {old}",
)  # fmt: skip
SWAPS = (
    "swap the {old} for {new}", "change the {old} to {new}", "replace the {old} with {new}",
    "ditch the {old} and go for {new}", "swap {old} for {new}", "trade the {old} for {new}",
    "switch the {old} for {new}", "turn the {old} into {new}", "change {old} to {new}",
    "go from {old} to {new}", "exchange the {old} for {new}", "lose the {old}, do {new}",
    "drop the {old} and use {new}", "make the {old} {new} instead", "swop the {old} for {new}",
)  # fmt: skip


def split_lines(text: str) -> tuple[str, ...]:
    """The pieces of lines of text that are separated by "|" and line ends."""
    return tuple(piece.strip() for line in text.strip().splitlines() for piece in line.split("|"))


def with_article(noun_phrase: str) -> str:
    """The noun phrase with "a" or "an"; it is "a one"."""
    return f"a {noun_phrase}" if noun_phrase.startswith(("one", "uni")) else wording.with_article(noun_phrase)
