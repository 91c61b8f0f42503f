"""How a text means what it names: told by the words around it, "no", "keep", "too", "instead of".

A rule looks at a few words before the name and after it, inside the same clause; the nearest cue decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

ASKED, NOT, KEEP, CONTEXT = "asked", "not", "keep", "context"
"""How a text means what it names: it shall be so, shall not be so, shall stay, or is only talked about."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_MARKS = {*".,;:!?()", "->"}
_STOPS = _words(
    "but and with in for 4 to into as just want make plus also then so have get give need or n add "
    "try include wants over"
)
_NEGATIONS = _words(
    "no not without minus lose drop remove skip ditch less fewer don't dont never nor neither except "
    "hate isn't isnt aren't arent wasn't doesn't doesnt against lacks lacking scrap bin losing "
    "removing hates forget away withought withot cannot can't"
)
_SWAPS = _words("swap change replace trade exchange switch swapping")
_TOWARDS = _words("for to into with 4")
_KEEPS = _words("keep keeping same love leave like identical retain still loving adore loved keeps")
_POINTING = _words("that this these those")
_DEGREES = _words("too very so quite rather really")
_CONTEXTS = _words("my his her our their your than match matches matching under underneath was were mum's")
_COMPLAINS = _words("is are was looks look feels feel makes make gives give keeps isn't aren't isnt")
_STAYS = _words("stays stay staying stayed perfect fine lovely great")
_GONE = _words("off gone out removed")


@dataclass(frozen=True)
class Mention:
    """A phrase of the lexicon in a text: its place among the tokens, what it says and how it is meant."""

    start: int
    end: int
    words: str
    says: dict[str, frozenset[str]]
    how: str


def how_meant(tokens: Sequence[str], start: int, end: int, before: Sequence[Mention]) -> str:
    """How tokens `start` to `end` are meant: ASKED, NOT, KEEP or CONTEXT; after the mentions `before`."""
    after = _how_after(tokens, end)
    if after is not None:
        return after
    if start and tokens[start - 1] in ("or", "nor") and before and before[-1].end == start - 1:
        return before[-1].how
    for place in range(start - 1, max(-1, start - 6), -1):
        word, earlier = tokens[place], tokens[place - 1] if place else ""
        if word in _MARKS:
            break
        if word in ("of", "than") and earlier in ("instead", "rather", "rid", "other", "sick", "tired"):
            return NOT
        if word == "of" and tokens[max(0, place - 2) : place] == ["in", "place"]:
            return NOT
        if word == "but" and (earlier == "anything" or tokens[max(0, place - 2)] in ("any", "every")):
            return NOT
        if word in _DEGREES:
            return NOT if earlier in _NEGATIONS else CONTEXT
        if word in _CONTEXTS:
            return CONTEXT
        if word in _NEGATIONS and not (word == "less" and place < start - 2):
            return NOT
        if word in _POINTING:
            made = earlier in ("make", "do", "turn", "get", "have", "of")
            pointed = place >= start - 2 and not made
            if pointed:
                return NOT if earlier in _NEGATIONS else KEEP
            break
        if word in _KEEPS and not (word == "like" and earlier in ("would", "i'd", "something", "more", "'d")):
            return KEEP
        if word in _SWAPS:
            return NOT if _TOWARDS & set(tokens[end : end + 4]) else ASKED
        if word in _STOPS:
            # "don't want the zip", "not in pale blue"
            return NOT if earlier in _NEGATIONS else ASKED
    return ASKED


def _how_after(tokens: Sequence[str], end: int) -> str | None:
    """How the words after it make a mention meant; None where they say nothing of it."""
    clause = []
    for token in tokens[end : end + 6]:
        if token in _MARKS:
            break
        clause.append(token)
    if not clause:
        return NOT if tokens[end : end + 1] == ["->"] else None
    if clause[0] in _GONE or ({"come", "comes", "coming"} & {*clause[:3]} and "off" in clause[:4]):
        return NOT
    if "go" in clause[:4] and "with" not in clause:
        return NOT
    if clause[0] in _STAYS or (clause[0] in ("is", "are") and _STAYS & set(clause[1:3])):
        return KEEP
    if clause[0] in _COMPLAINS or "isn't" in clause[:2]:
        return CONTEXT
    return None
