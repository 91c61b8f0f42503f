"""Which of a model's own texts are no good for training, and why: a reason by name, or None.

A description is judged by itself (`description_fault`), a change by itself and against the two descriptions
(`change_fault`), and all of them by how often the same words were written (`repeated`).
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from train.captions import COLOR_WORDS, HUES, PREPOSITIONS, STOP_WORDS, caption_parts, content_words
from train.said import contradicts_itself

REASONS = {
    "empty": "no words",
    "too short": "fewer words than people write",
    "too long": "more words than people write, or cut off",
    "looping": "the text goes round: a phrase or a piece of it comes again",
    "contradicting": "two sleeve lengths or necklines of one garment",
    "made-up words": "a word that none of the dataset's own texts has (small models alone spell such)",
    "leaking": "a file name, address, id, special token, the prompt's own words, or talk of the picture",
    "whole target": "the target described as if alone, where a change was asked for",
    "unchanged": "the text asks for no change",
    "not differing": "nothing differs between the two, or what is asked for the reference has already",
    "repeated": "the same words for too many photos to say something of one",
}
"""Every reason, and what it means."""

SHARED_BY = 5
SHARE = 0.005
"""More than `SHARED_BY` texts alike, and more than this share of all: they are dropped as "repeated"."""

_ADDRESS = re.compile(
    r"https?:|www\.|\w\.(?:com|org|net)\b|\S+\.(?:jpe?g|png|webp|gif)\b|(?:^|\s)(?:/|[A-Z]:\\)\w+[/\\]"
)
_ID = re.compile(r"\b(?=\w*\d)[0-9a-f]{8,}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-|\bB0\w{8}\b")
_TOKEN = re.compile(r"<[^<>\s]+>|\[/?INST\]|###|�|\b(?:USER|ASSISTANT):", re.IGNORECASE)
_PICTURE = r"(?:image|photo|photograph|picture)s?"
_SEEN = re.compile(
    rf"^(?:(?:here|this|it) is )?(?:(?:an?|the) (?:\w+ )?)?{_PICTURE} (?:of|shows?|depicts?)\b"
    rf"|\b(?:this|first|second|reference|target|in the) {_PICTURE}\b"
    r"|\bas an ai\b|^(?:sorry|sure|certainly)\b",
    re.IGNORECASE,
)
_RUN = 4  # so many words of the prompt in a row are no chance
_NO_CHANGE = re.compile(
    r"\bno (?:visible |real )?(?:changes?|differences?)\b|\bnothing (?:changes|to change|has to change)\b"
    r"|\bunchanged\b|\bidentical\b|\b(?:stays?|is|are|remains?|looks?) (?:exactly )?the same\W*$",
    re.IGNORECASE,
)
# Words that ask for nothing by themselves.
_IDLE = frozenset(re.findall(r"\w+", """
    same keep it its garment item piece one change changed stay stays exactly as be make
        a an the is are they to each other product both look looks like
"""))  # fmt: skip
_RELATION = re.compile(
    r"\b(?:is|are|has|have|make|with|without|no|not|more|less|instead|than|change|add|remove|replace|lose"
    r"|need|want|should|must|swap|switch|turn|but)\b|\w(?:er|ier)\b",
    re.IGNORECASE,
)
_AWAY = re.compile(r"\b(?:no|not|without|remove|lose|less|more|instead|than|rather|replace)\b|\w{3}er\b")


@dataclass(frozen=True)
class Standard:
    """What texts of one run are held to.

    `least` and `most` words; `prompt`: the wording the model was given; `ids`: every id that may not be told;
    `lexicon`: the words there are, None where any may be written.
    """

    least: int = 3
    most: int = 24
    prompt: str = ""
    ids: frozenset[str] = frozenset()
    lexicon: frozenset[str] | None = None


def cleaned(text: str) -> str:
    """The text on one line, without the quotation marks or dashes a chat model may put around it."""
    return " ".join(text.split()).strip("\"'`*“”‘’- ").strip()


def description_fault(text: str, standard: Standard, about_one: bool = True) -> str | None:
    """Why a cleaned text is no good, or None; a description is `about_one` garment, a change is not."""
    words = _words(text)
    if not words:
        return "empty"
    if _leaks(text, words, standard):
        return "leaking"
    if len(words) < standard.least:
        return "too short"
    if len(text.split()) > standard.most:
        return "too long"
    if _loops(text) or (about_one and _head_again(text)):
        return "looping"
    if about_one and contradicts_itself(text):
        return "contradicting"
    if standard.lexicon is not None and not standard.lexicon.issuperset(words):
        return "made-up words"
    return None


def change_fault(text: str, reference: str, target: str, standard: Standard) -> str | None:
    """Why a cleaned change is no good, or None; `reference` and `target` are the two's descriptions."""
    fault = description_fault(text, standard, about_one=False)
    if fault is not None:
        return fault
    asked = _meaning(text)
    if _NO_CHANGE.search(text) or _IDLE.issuperset(_words(text)):
        return "unchanged"
    if cleaned(reference).casefold() == cleaned(target).casefold():
        return "not differing"
    whole = _meaning(target)
    if len(whole) >= 4 and len(asked & whole) >= 0.8 * len(whole) and not _RELATION.search(_head(text)):
        return "whole target"
    news = asked - _IDLE
    if news and news <= _meaning(reference) and not _AWAY.search(text.lower()):
        return "not differing"
    return None


def repeated(texts: Sequence[str]) -> frozenset[str]:
    """The texts, of all that are otherwise good, that are written too often (letter case aside)."""
    most = max(SHARED_BY, SHARE * len(texts))
    counts = Counter(text.casefold() for text in texts)
    return frozenset(text for text in texts if counts[text.casefold()] > most)


def lexicon_of(texts: Iterable[str]) -> frozenset[str]:
    """The words of texts, as `Standard.lexicon` takes them."""
    return frozenset(word for text in texts for word in _words(text))


def _words(text: str) -> list[str]:
    """Lower-case words; a hyphenated one counts as its parts."""
    return re.findall(r"[^\W_]+(?:'[^\W_]+)?", text.lower())


def _leaks(text: str, words: Sequence[str], standard: Standard) -> bool:
    if any(pattern.search(text) for pattern in (_ADDRESS, _ID, _TOKEN, _SEEN)):
        return True
    if any(token.strip(".,;:()") in standard.ids for token in text.split()):
        return True
    return bool(_runs(words) & _runs(_words(standard.prompt)))


def _runs(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1)}


def _loops(text: str) -> bool:
    """Whether a word follows itself, a phrase comes again, or one piece says what another says."""
    words = _words(text)
    if re.search(r"\b(\w{2,})'?(?:,? and|,)?[ -]\1\b", text.lower()) or re.search(
        r"([^\W\d_])\1{2}", text.lower()
    ):
        return True
    phrases = Counter(pair for pair in pairwise(words) if not STOP_WORDS & set(pair))
    if any(times > 1 for times in phrases.values()):
        return True
    trigrams = Counter(zip(words, words[1:], words[2:], strict=False))
    return any(times > 1 for times in trigrams.values()) or _piece_again(caption_parts(text).pieces)


def _piece_again(pieces: Collection[str]) -> bool:
    """Whether all that a piece says another says too: "flap chest pockets and flap pockets"."""
    said = [frozenset(_words(piece)) - STOP_WORDS - PREPOSITIONS for piece in pieces]
    return any(one and one <= other for i, one in enumerate(said) for j, other in enumerate(said) if i != j)


def _head_again(text: str) -> bool:
    """Whether a word comes twice before what the garment has: "sleeveless navy sleeveless dress"."""
    words = [word for word in _words(_head(text)) if word not in STOP_WORDS and word not in COLOR_WORDS]
    return len(set(words)) < len(words)


def _meaning(text: str) -> frozenset[str]:
    """The stems of what is said, colours among them."""
    colors = {word for word in _words(text) if word in HUES or word in COLOR_WORDS}
    return content_words(text) | frozenset(colors)


def _head(text: str) -> str:
    """The text before what the garment has, where a relation to the reference is said."""
    return text.partition(" with ")[0]
