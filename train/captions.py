"""Takes a garment's caption apart: what it says of the garment as a whole, and the things the garment has.

"dark red tee with a white fist print and red text": head "dark red tee", noun "tee", colours "dark red",
pieces "a white fist print" and "red text". Wordings for a triplet are made of these; nothing is ever added
to what the caption says.
"""

import re
from dataclasses import dataclass
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NOUNS = _words("""
    tee t-shirt shirt top dress sweater hoodie jacket coat blouse cardigan polo tank camisole vest
    sweatshirt tunic jumper pullover blazer jeans trousers shorts skirt leggings joggers pants sneakers
    boots shoes sandals flats pumps loafers slippers turtleneck parka gilet windbreaker chinos kurta henley
    slacks sweatpants trainers raincoat trench bomber shift sundress crewneck anorak capris heels clogs
    mules skort softshell
""")
HUES = _words("""
    black white grey gray beige brown red burgundy pink orange yellow green olive teal turquoise blue navy
    purple lilac gold silver cream ivory charcoal tan camel khaki mustard coral peach salmon magenta fuchsia
    violet lavender plum maroon wine rust mint lime emerald aqua cobalt indigo taupe sand chocolate
    off-white multicolored multicoloured colourful cornflower steel slate peachy caramel raspberry petrol
    ochre scarlet crimson bronze copper blush mauve
""")
SHADES = _words("""
    pale dark light bright deep dusty faded soft warm cool muted royal sky baby hot neon heather plain solid
    washed vivid mid candy powder forest bottle grass brick
""")
COLOR_WORDS = HUES | SHADES
STOP_WORDS = _words("""
    a an the and or of in on at with to from by for its it is are down up across over all around under along
    into very little big small large long short wide thin front back side one two
""")
PREPOSITIONS = _words("""
    of in on at with to from for down up across over all around under along below above near through
""")
PLACES = PREPOSITIONS - {"of"}
# Nouns that end as verbs do.
ING_NOUNS = _words("""
    lettering piping stitching topstitching lining quilting edging ribbing fading tipping drawing writing
""")
_JOINS = re.compile(r", | and ")


@dataclass(frozen=True)
class CaptionParts:
    """A caption taken apart: `colors` are the colour words it begins with, `noun` its head's last word."""

    caption: str
    head: str
    noun: str | None
    colors: str | None
    pieces: tuple[str, ...]


@lru_cache(maxsize=65536)
def caption_parts(caption: str) -> CaptionParts:
    """Take a caption apart; words keep their order and spelling."""
    text = " ".join(caption.strip().rstrip(".").split())
    head, _, tail = text.partition(" with ")
    last = head.rpartition(" ")[2]
    noun = last if last.lower() in NOUNS else None
    return CaptionParts(text, head, noun, leading_colors(head), tuple(_pieces(tail)))


@lru_cache(maxsize=65536)
def content_words(text: str) -> frozenset[str]:
    """The words that carry meaning, lower-case, plurals cut, colours and small words left out."""
    words = re.findall(r"[a-z0-9'-]+", text.lower())
    return frozenset(_stem(w) for w in words if w not in STOP_WORDS and w not in COLOR_WORDS)


def same_head_noun(piece: str) -> str:
    """The stem of the word a noun piece is about: "white stripes down the sleeves" is about "stripe"."""
    return _stem(without_place(piece).split()[-1].lower())


def without_place(piece: str) -> str:
    """The piece up to its first preposition: "white stripes down the sleeves" gives "white stripes"."""
    words = piece.split()
    end = next((i for i, word in enumerate(words) if i > 0 and word.lower() in PLACES), len(words))
    if words[end - 1].endswith(("ing", "ed")) and words[end - 1].lower() not in ING_NOUNS:
        return piece  # "lettering leading down", "a name printed across": the verb needs its place
    return " ".join(words[:end])


def leading_colors(caption: str) -> str | None:
    """The colour words a caption begins with, with shades: "plain dark grey"; None where there are none."""
    words = caption.split()
    end = 0
    for i, word in enumerate(words[:6]):
        if word.lower() in HUES:
            end = i + 1
        elif word.lower() not in COLOR_WORDS and not (word == "and" and end == i):
            break
    return " ".join(words[:end]) or None


def _pieces(tail: str) -> list[str]:
    """The comma- and and-separated parts of a tail, joined again where one alone would lose its noun."""
    pieces: list[str] = []
    start = 0
    for join in [*_JOINS.finditer(tail), None]:
        end = join.start() if join else len(tail)
        piece = tail[start:end]
        # "a grey and red print", "down the front and back": the left or the right part does not stand alone.
        after = _JOINS.split(tail[join.end() :])[0].split() if join else []
        left_hangs = piece.rpartition(" ")[2].lower() in COLOR_WORDS
        right_hangs = len(after) < 2 or after[0].lower() in PREPOSITIONS
        if join and (left_hangs or right_hangs):
            continue
        if piece.strip():
            pieces.append(piece.strip())
        start = join.end() if join else end
    return pieces


def _stem(word: str) -> str:
    word = word.strip("'-")
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return word
