"""What a change in words asks for, as a `Request`: read by a lexicon and cues, and rather not than wrongly.

    python -m core.wishes "same but navy, no belt, longer sleeves"

Words that name what the reference has ("love the dots but ..."), somebody's other clothes ("to go with my
white shirt") or a complaint ("it's very grey") ask for nothing. Wishes relative to the reference ("longer")
are read only where its record is given. What looks like a wish and cannot be told is in `unread`. How often
it is right is measured by `python -m train.wishes`, see docs/judgements.md.
"""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from core.cli import entry
from core.requests import VALUES, Request, details_of, traits
from core.types import Garment
from core.wardrobe.design import Design
from core.wish_cues import ASKED, KEEP, NOT, Mention, how_meant
from core.wish_order import relative
from core.wish_words import sayings

_ALTERNATIVE = frozenset({"or", "maybe", "perhaps", "even", "a", "an", "in", "either", "possibly"})
_CARRIERS = frozenset(
    {"piping", "trim", "buttons", "belt", "zip", "bow", "pockets", "cuffs", "lace", "ruffles", "frills"}
    | {"collar", "straps", "lapels"}
)
"""What a colour just before it is the colour of, and not the garment's."""
_FIELD_WORDS = {
    "length": "length", "hem": "length", "colour": "colors", "color": "colors", "shade": "colors",
    "sleeves": "sleeve", "sleeve": "sleeve", "neckline": "neckline", "neck": "neckline", "print": "pattern",
    "pattern": "pattern", "fabric": "pattern", "fit": "fit", "shape": "fit", "silhouette": "fit",
    "cut": "fit",
}  # fmt: skip
_VAGUE = {
    word: field
    for field, words in {
        "colors": "brighter bolder warmer cooler warm cool bright muted vivid colourful darker lighter paler "
        "tone tones colours colors duller softer dark",
        "pattern": "busier plainer fancier boring patterned prints patterns louder jazzier simpler",
        "neckline": "neckline neck necked collar shoulders chest cleavage",
        "fit": "volume tighter looser slimmer roomier baggier flattering cling curves",
        "length": "longer shorter hem knee knees ankle ankles legs thigh belly",
        "sleeve": "sleeves sleeve arms elbows wrists",
    }.items()
    for word in words.split()
}


@dataclass(frozen=True)
class Reading:
    """What was read: the request, the words of each of its parts (named as `parts_met` names them), the rest.

    `unread` holds words that speak of an attribute and could not be told: a comparison without the
    reference's record, or two values that exclude each other.
    """

    request: Request
    words: dict[str, str]
    unread: tuple[str, ...]


def read_wish(text: str, reference: Garment | Design | None = None) -> Reading:
    """The request that `text` makes of `reference` (its record, where there is one)."""
    tokens = _tokens(text)
    mentions = _mentions(tokens)
    reader = _Gathering(tokens, mentions, reference)
    edits, words, unread = reader.edits()
    for field, (values, said) in relative(tokens, reference).items():
        if values is None:
            unread.append(said)
        elif values and (field not in edits or edits[field] & reader.has(field)):
            # "the blue, but paler": what the reference has is where the comparison starts from
            edits[field], words[field] = values, said
    add, remove, said_details = reader.details()
    keep = _kept_fields(tokens, mentions) - set(edits)
    unread += _not_told(tokens, mentions, {*edits, *keep})
    words.update(said_details)
    return Reading(Request(edits, add, remove, frozenset(keep)), words, tuple(dict.fromkeys(unread)))


@dataclass(frozen=True)
class _Gathering:
    """Mentions put together, field by field."""

    tokens: Sequence[str]
    mentions: Sequence[Mention]
    reference: Garment | Design | None

    def edits(self) -> tuple[dict[str, frozenset[str]], dict[str, str], list[str]]:
        """The values asked of each field but details, the words that say so, and what excludes itself."""
        edits: dict[str, frozenset[str]] = {}
        words: dict[str, str] = {}
        unread: list[str] = []
        for field in (name for name in VALUES if name != "details"):
            named = [mention for mention in self.mentions if field in mention.says]
            asked = self._asked(field, [m for m in named if m.how == ASKED])
            refused = [m for m in named if m.how == NOT]
            said = " / ".join(m.words for m in (asked or refused))
            if asked:
                values = self._one(field, asked)
                if values:
                    edits[field], words[field] = values, said
                else:
                    unread.append(said)
            elif refused and field != "kind":
                gone = frozenset[str]().union(*(m.says[field] for m in refused))
                edits[field], words[field] = frozenset(VALUES[field]) - gone, f"not {said}"
        return edits, words, unread

    def has(self, field: str) -> frozenset[str]:
        """The reference's value of `field` as a set; empty where it has none or is not known."""
        value = traits(self.reference)[field] if self.reference is not None else None
        return frozenset([value] if value else [])

    def details(self) -> tuple[frozenset[str], frozenset[str], dict[str, str]]:
        """Details to add and to remove, and the words for each; one that is both is neither."""
        sides: dict[str, dict[str, str]] = {"+": {}, "-": {}}
        for mention in self.mentions:
            side = {ASKED: "+", NOT: "-"}.get(mention.how)
            for detail in mention.says.get("details", ()) if side else ():
                sides[side or ""].setdefault(detail, mention.words)
        both = sides["+"].keys() & sides["-"].keys()
        if self.reference is not None:
            # "no zip, more like a proper zip": what the reference has is what is to go
            both -= details_of(self.reference)
        add = {d: w for d, w in sides["+"].items() if d not in sides["-"]}
        remove = {d: w for d, w in sides["-"].items() if d not in both}
        words = {f"+{d}": w for d, w in add.items()} | {f"-{d}": w for d, w in remove.items()}
        return frozenset(add), frozenset(remove), words

    def _asked(self, field: str, asked: list[Mention]) -> list[Mention]:
        """Those of `asked` that are wishes: no names of what the reference is, no colours of trims."""
        has = traits(self.reference).get(field) if self.reference is not None else None
        if field == "kind":
            if self.reference is None:
                return [m for m in asked if self._becomes(m)]
            return [m for m in asked if has not in m.says[field]]
        if field == "colors":
            asked = [m for m in asked if not self._colours_a_part(m)]
            asked = [m for n, m in enumerate(asked) if n == 0 or self._joined(asked[n - 1], m)]
        others = [m for m in asked if has not in m.says[field]]
        return others if has is not None and others else asked

    def _one(self, field: str, asked: list[Mention]) -> frozenset[str]:
        values = asked[0].says[field]
        for before, after in pairwise(asked):
            more = after.says[field]
            values = values | more if self._joined(before, after) else values & more
        return values

    def _joined(self, before: Mention, after: Mention) -> bool:
        between = set(self.tokens[before.end : after.start])
        return before.end <= after.start and bool(between & {"or", "maybe"}) and between <= _ALTERNATIVE

    def _colours_a_part(self, mention: Mention) -> bool:
        return self.tokens[mention.end : mention.end + 1] != [] and self.tokens[mention.end] in _CARRIERS

    def _becomes(self, mention: Mention) -> bool:
        """Whether a garment's name, of a reference nobody described, is plainly what it shall become."""
        before = self.tokens[max(0, mention.start - 3) : mention.start]
        return (
            bool({"as", "into", "for"} & set(before))
            or "version" in self.tokens[mention.end : mention.end + 1]
        )


def _tokens(text: str) -> list[str]:
    plain = (
        text.lower().replace("’", "'").replace("w/o", "without ").replace("w/", "with ").replace("->", " -> ")
    )
    plain = re.sub(r"[&+]", " and ", plain)
    plain = re.sub(r"(?<!-)-(?!>)|[–—]", lambda m: " " if m[0] == "-" else " , ", plain)
    return re.findall(r"->|\d/\d|[\w']+|[.,;:!?()]", plain)


def _mentions(tokens: Sequence[str]) -> list[Mention]:
    """What the text names, the longest phrase at each place, and how it means it."""
    known, longest = sayings(), _longest()
    found: list[Mention] = []
    place = 0
    while place < len(tokens):
        for size in range(min(longest, len(tokens) - place), 0, -1):
            phrase = tuple(tokens[place : place + size])
            if phrase in known:
                end = place + size
                how = how_meant(tokens, place, end, found)
                found.append(Mention(place, end, " ".join(phrase), known[phrase], how))
                place = end
                break
        else:
            place += 1
    return found


@lru_cache(maxsize=1)
def _longest() -> int:
    return max(map(len, sayings()))


def _kept_fields(tokens: Sequence[str], mentions: Sequence[Mention]) -> set[str]:
    """The fields asked to stay, by their names ("same length") or by their values ("keep the dots")."""
    kept = {field for mention in mentions if mention.how == KEEP for field in mention.says}
    inside = {place for mention in mentions for place in range(mention.start, mention.end)}
    for place, token in enumerate(tokens):
        field = _FIELD_WORDS.get(token)
        if field is not None and place not in inside and how_meant(tokens, place, place + 1, ()) == KEEP:
            kept.add(field)
    return kept


def _not_told(tokens: Sequence[str], mentions: Sequence[Mention], told: set[str]) -> list[str]:
    """Words that speak of a field of which nothing was read."""
    inside = {place for mention in mentions for place in range(mention.start, mention.end)}
    fields = {token: field for token, field in (_FIELD_WORDS | _VAGUE).items() if field not in told}
    return [token for place, token in enumerate(tokens) if token in fields and place not in inside]


def main() -> None:
    """Print what a change in words asks for, as JSON."""
    parser = argparse.ArgumentParser(prog="python -m core.wishes", description=main.__doc__)
    parser.add_argument("text", help="the change, in words")
    reading = read_wish(parser.parse_args().text)
    request = reading.request
    print(
        json.dumps(
            {
                "edits": {field: sorted(values) for field, values in request.edits.items()},
                "add": sorted(request.add),
                "remove": sorted(request.remove),
                "keep": sorted(request.keep),
                "words": reading.words,
                "unread": _plain(reading.unread),
            },
            ensure_ascii=False,
        )
    )


def _plain(words: Iterable[str]) -> list[str]:
    return list(words)


if __name__ == "__main__":
    entry(main)
