"""What a modification text is about, by its words: a small lexicon, and the names of groups of queries.

A text may be of several kinds, or of none ("other"). The words are matched as whole words without regard to
case, longest phrases first, and a word that a longer phrase has used counts for that phrase alone: "shorter
sleeves" is of sleeve and relative, not of length. It reads words, not meaning: a garment that is only named
("a jumper with the same print") counts as of kind "kind". How far it agrees with exact requests is measured
in a study where those are on file.
"""

import re
from functools import lru_cache

from core import vocabulary
from core.requests import Request

FIELDS = ("colors", "pattern", "sleeve", "neckline", "length", "fit", "kind")
"""Kinds of change that are fields of a garment (`core.requests.FIELDS`); "kind" is its family."""

FORMS = ("negation", "relative")
"""Kinds that are forms of speech: what shall not be there; more or less of something."""

OTHER = "other"

LENGTHS = ((1, 4), (5, 8), (9, 15), (16, None))
"""The numbers of words, first and last, that texts are grouped by."""

_SHADES = (
    "gray charcoal ivory cream creamy ecru tan khaki camel taupe sand nude chocolate maroon wine crimson "
    "scarlet rust coral peach salmon rose fuchsia magenta mustard lemon lime mint sage emerald aqua cyan "
    "cobalt indigo royal sky violet lavender mauve plum golden metallic pastel neon colour colours "
    "colored coloured color colors shade tone hue multicolour multicoloured multicolored monochrome "
    "bright brighter dark darker pale paler light lighter reddish bluish greenish pinkish yellowish "
    "whitish blackish"
)
_PATTERNS = (
    "plain pattern patterned patterns print prints printed striped stripe stripes stripy checked checks "
    "checkered chequered checkerboard plaid tartan gingham houndstooth argyle flowers flower flowery "
    "florals polka dotted dot spots spotted spotty leopard zebra tiger snake snakeskin camo graphics logo "
    "text slogan lettering letters writing picture image abstract block blocked tie-dye tie-dyed ombre "
    "paisley geometric tropical hawaiian palm unpatterned textured cable-knit ribbed"
)
_SLEEVES = (
    "sleeve sleeves sleeved sleeveless sleevless short-sleeved long-sleeved arms arm long-sleeve "
    "short-sleeve sleeve-length"
)
_NECKS = (
    "neck necks neckline necked v-neck v-necked vneck crewneck turtleneck turtlenecks roll-neck polo-neck "
    "collar collars collared collarless hood hoods hooded lapels lapel scoop strapless halter halterneck "
    "off-the-shoulder shoulders straps spaghetti one-shoulder bardot boatneck décolletage mandarin"
)
_LENGTHS = (
    "long longer short shorter length mini midi maxi knee knee-length calf calf-length ankle ankle-length "
    "floor-length full-length floor cropped crop thigh thighs hem hemline lengthy tea-length hip-length"
)
_FITS = (
    "fit fits fitted fitting tight tighter loose looser loosely slim slimmer skinny baggy baggier "
    "oversized boxy boxier relaxed flared flare flares flowy flowing flowier roomy roomier wide-leg snug "
    "figure-hugging bodycon tailored straight a-line"
)
_KINDS = (
    "dress dresses gown sundress skirt skirts skort shirt shirts blouse blouses tee tees tshirt t-shirt "
    "t-shirts top tops tank vest polo sweater sweaters jumper jumpers pullover sweatshirt cardigan knit "
    "hoodie hoodies jacket jackets blazer coat coats parka trench trousers pants jeans leggings joggers "
    "slacks shorts shoe shoes sneaker sneakers trainer trainers boot boots sandal sandals heels pumps "
    "loafers flats tunic romper jumpsuit bomber windbreaker anorak raincoat"
)
_NOT = (
    "no not non without never none nor neither isn't aren't doesn't don't won't wasn't lacks lacking lose "
    "drop skip remove removed minus anything-but except"
)
_MORE = "more less most least fewer much too bit slightly than"

_PHRASES: dict[str, tuple[str, ...]] = {
    "sleeve": (
        r"(?:(?:long|short|half|full|cap|elbow|three[- ]quarter|3/4|bell|puff(?:ed|y)?)(?:er)?[- ]"
        r"(?:length[- ])?(?:sleeved?|sleeves|arms))",
    ),
    "neckline": (
        r"(?:v|crew|scoop|round|boat|square|high|polo|roll|turtle|cowl|mock|halter|low|sweetheart)(?:er)?"
        r"[- ]?neck(?:ed|line|s)?",
        r"off[- ](?:the[- ])?shoulders?",
    ),
    "colors": (r"light[- ]blue", r"navy[- ]blue", r"(?:dark|light|pale|bright)(?:er)?(?= )"),
    "negation": (r"instead of", r"rather than", r"anything but", r"get rid of", r"take off", r"other than"),
    "relative": (r"(?:a )?(?:little )?bit more", r"a lot", r"as \w+ as"),
}
# Words in -er that are no comparatives, as they occur in texts about garments.
_NO_COMPARATIVE = (
    "over under after other rather either neither never ever summer winter water another silver leather "
    "copper zipper number paper flower letter sweater jumper pullover blazer bomber trainer sneaker "
    "lavender ginger amber consider lover shoulder corner center centre designer power super tiger "
    "slipper loafer order shower together whether wonder remember border layer quarter feather checker "
    "hanger danger cover offer player glitter shimmer prefer dinner wrapper laser butter"
)


def kinds_of_text(text: str) -> frozenset[str]:
    """What the words of a text are about, of `FIELDS` and `FORMS`; "other" where they are of none.

    A comparative ("darker", "more fitted") is relative beside what it compares.
    """
    found: set[str] = set()
    rest = text.lower().replace("’", "'")
    for kind, phrase in _phrases():
        if phrase.search(rest):
            found.add(kind)
            if re.search(r"(?:long|short|high|low|light|dark|pale|bright)er", " ".join(phrase.findall(rest))):
                found.add("relative")
            rest = phrase.sub(" ", rest)
    for word in re.findall(r"[\w'/-]+", rest):
        found |= _kinds_of_word(word)
    return frozenset(found or {OTHER})


def kinds_of_request(request: Request) -> frozenset[str]:
    """What an exact request is about: its edited fields, "add" and "remove"."""
    sides = {name for name in ("add", "remove") if getattr(request, name)}
    return frozenset({*request.edits, *sides})


def length_of_text(text: str) -> str:
    """The group of `LENGTHS` a text is of, by its number of words, such as "05 to 08"; sorted as read."""
    words = max(1, len(text.split()))
    first, last = next(ends for ends in LENGTHS if ends[1] is None or words <= ends[1])
    return f"{first:02d} or more" if last is None else f"{first:02d} to {last:02d}"


@lru_cache(maxsize=1)
def _phrases() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (kind, re.compile(rf"\b(?:{phrase})\b")) for kind, phrases in _PHRASES.items() for phrase in phrases
    ]


@lru_cache(maxsize=1)
def _words() -> dict[str, frozenset[str]]:
    """Each word's kinds; values of the vocabulary stand beside what people say for them."""
    lists = {
        "colors": [*vocabulary.COLORS, *_SHADES.split()],
        "pattern": [*(p for p in vocabulary.PATTERNS if p not in ("other", "texture")), *_PATTERNS.split()],
        "sleeve": _SLEEVES.split(),
        "neckline": _NECKS.split(),
        "length": _LENGTHS.split(),
        "fit": _FITS.split(),
        "kind": _KINDS.split(),
        "negation": _NOT.split(),
        "relative": _MORE.split(),
    }
    kinds: dict[str, set[str]] = {}
    for kind, words in lists.items():
        for word in words:
            kinds.setdefault(word, set()).add(kind)
    return {word: frozenset(some) for word, some in kinds.items()}


@lru_cache(maxsize=65536)
def _kinds_of_word(word: str) -> frozenset[str]:
    known = _words()
    found = known.get(word)
    if found is None:
        # What is written with a hyphen counts by its parts: "rose-pink", "knee-high".
        parts = [part for part in re.split(r"[-/]", word) if part != word]
        found = frozenset().union(*(_kinds_of_word(part) for part in parts))
    if word.endswith("n't"):
        found |= {"negation"}
    if len(word) > 4 and word.endswith("er") and word not in _NO_COMPARATIVE.split() and not found & {"kind"}:
        found |= {"relative"}
    return found
