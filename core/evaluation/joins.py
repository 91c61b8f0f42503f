"""How a row's captions become what is asked: one text, several texts of one query, or several queries."""

import re
import string
from collections.abc import Callable, Sequence

from core.errors import HemlineError

_PUNCTUATION = str.maketrans(dict.fromkeys(string.punctuation, " "))
_BLIP_MARKS = re.compile(r'[.!"()*#:;~]')
_BLIP_WORDS = 50


def query_text(captions: Sequence[str], join: str) -> str:
    """One query's modification text from its captions, in annotation order, under a join that gives one text.

    "and" (Closet): the captions as they are, joined by " and "; a blank caption says nothing and is left out,
    so that one wording alone reads as itself and blanks alone give "".
    "clip4cir" (retrieval section 2b, to the letter): every caption stripped of the characters .?, and space
    at both ends, the first then capitalised (which lowers its other letters), joined by " and "; blank
    captions are kept as the references keep them, so that ["", "is red"] gives " and is red".
    "sprc": that text through the caption processor of BLIP (LAVIS), which lowers it, puts a space for each of
    .!"()*#:;~, makes one space of several, strips it, and cuts it after 50 words.
    "recall" (ReCALL): the captions raw, blanks too, joined by " and ".
    "dqu" (DQU-CIR): each caption lowered, a space for every ASCII punctuation mark, one space of several;
    joined by " and ". Its dictionary of spelling corrections is not public here and not applied.
    "comma": the captions raw, joined by ", ". "first" and "second": one annotator's caption alone, raw; the
    only one where there is no second.
    HemlineError for "both-orders" and "each", which make more than one text (`query_texts`), and others.
    """
    if join not in _ONE_TEXT:
        if join in CAPTION_JOINS:
            raise HemlineError(f"the caption join {join!r} makes more than one text of a row's captions")
        raise HemlineError(f"captions join as one of {', '.join(CAPTION_JOINS)}, not {join!r}")
    return _ONE_TEXT[join](captions)


def query_texts(captions: Sequence[str], join: str) -> tuple[tuple[str, ...], ...]:
    """The queries that a row's captions make, each the texts whose vectors are summed, then made unit.

    Every join of `query_text` makes one query of one text. "both-orders" (E5-V): one query of "c1, c2" and
    "c2, c1" (of one caption alone, that caption once). "each" (VAL): a query for each caption, raw, so that a
    row of two is asked twice and counts twice; blank captions are asked too, about the reference alone.
    """
    if join == "each":
        return tuple((caption,) for caption in captions)
    if join == "both-orders":
        orders = ", ".join(captions), ", ".join(reversed(captions))
        return (tuple(dict.fromkeys(orders)) if len(captions) == 1 else orders,)
    return ((query_text(captions, join),),)


def _and(captions: Sequence[str]) -> str:
    return " and ".join(caption for caption in captions if caption.strip())


def _clip4cir(captions: Sequence[str]) -> str:
    stripped = [caption.strip(".?, ") for caption in captions]
    return " and ".join([text.capitalize() for text in stripped[:1]] + stripped[1:])


def _sprc(captions: Sequence[str]) -> str:
    text = re.sub(r"\s{2,}", " ", _BLIP_MARKS.sub(" ", _clip4cir(captions).lower()))
    return " ".join(text.rstrip("\n").strip(" ").split(" ")[:_BLIP_WORDS])


def _dqu(captions: Sequence[str]) -> str:
    return " and ".join(" ".join(caption.lower().translate(_PUNCTUATION).split()) for caption in captions)


_ONE_TEXT: dict[str, Callable[[Sequence[str]], str]] = {
    "and": _and,
    "clip4cir": _clip4cir,
    "sprc": _sprc,
    "recall": " and ".join,
    "dqu": _dqu,
    "comma": ", ".join,
    "first": lambda captions: captions[0],
    "second": lambda captions: captions[min(1, len(captions) - 1)],
}

CAPTION_JOINS = (*_ONE_TEXT, "both-orders", "each")
