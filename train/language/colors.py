"""Colours as people say them: each name with the values it may mean, groups of colours, and their order.

A name that people use of two colours ("khaki", "rust") is met by either.
"""

from train import wording

# fmt: off
_MORE: dict[str, str] = {
    "black": "jet black, pitch black, ebony, inky black, coal black",
    "white": "off-white, off white, snow white, bright white, ivory, cream, crisp white, pure white, "
    "winter white",
    "grey": "charcoal, charcoal grey, slate, slate grey, dark grey, light grey, pale grey, dove grey, ash "
    "grey, "
    "steel grey, heather grey, mid grey, gunmetal, pewter, marl grey, dark gray, light gray, stormy grey",
    "beige": "sand, stone, oatmeal, ecru, nude, biscuit, fawn, buff, light beige, "
    "sandy, champagne, taupe, bone, natural",
    "brown": "chocolate, chocolate brown, coffee, chestnut, mocha, walnut, dark brown, tobacco, cocoa, "
    "espresso, "
    "mahogany, conker brown, light brown, cognac, toffee, hazel",
    "red": "scarlet, crimson, cherry red, bright red, fire engine red, pillar box red, lipstick red, "
    "tomato red, "
    "poppy red, ruby red, true red, ruby, cherry, postbox red, vermilion",
    "burgundy": "wine, wine coloured, claret, oxblood, deep red, bordeaux, merlot, dark cherry, garnet",
    "pink": "hot pink, baby pink, pale pink, blush, blush pink, dusty pink, rose, fuchsia, magenta, "
    "bubblegum pink, "
    "candy pink, salmon, rose pink, bright pink, light pink, shocking pink, cerise, neon pink, powder pink, "
    "ballet pink, barbie pink, salmon pink",
    "orange": "tangerine, burnt orange, bright orange, pumpkin, apricot, amber, neon orange, hi vis orange, "
    "satsuma orange, terracotta orange, carrot orange",
    "yellow": "lemon, lemon yellow, mustard, mustard yellow, canary yellow, sunshine yellow, pale yellow, "
    "buttercup, "
    "bright yellow, butter yellow, sunflower yellow, primrose, neon yellow, daffodil yellow, ochre",
    "green": "emerald, emerald green, forest green, bottle green, dark green, bright green, grass green, "
    "mint, "
    "mint green, lime, lime green, apple green, racing green, pea green, kelly green, hunter green, jade, "
    "neon green, light green, pale green, leaf green, pistachio, sea green",
    "olive": "army green, moss green, military green, mossy green, olive drab, khaki green",
    "teal": "petrol, petrol blue, peacock blue, dark turquoise, deep teal, bluey green, greeny blue",
    "turquoise": "aquamarine, bright turquoise, turquoise blue, tiffany blue, lagoon blue, cyan",
    "light-blue": "baby blue, sky blue, powder blue, light blue, pale blue, ice blue, soft blue, sky, "
    "cornflower, "
    "cornflower blue, duck egg blue, pastel blue, eggshell blue, chambray blue",
    "blue": "royal blue, cobalt, cobalt blue, bright blue, electric blue, mid blue, sapphire, sapphire blue, "
    "denim blue, medium blue, azure, ultramarine, true blue, indigo blue",
    "navy": "midnight blue, dark navy, deep blue, french navy, dark blue, midnight, ink blue, marine "
    "blue, deep navy",
    "purple": "violet, aubergine, plum, deep purple, royal purple, dark purple, bright purple, amethyst, "
    "eggplant, "
    "grape, damson, imperial purple",
    "lilac": "mauve, light purple, soft purple, lavender, pale purple, wisteria, orchid, pale lilac",
    "gold": "metallic gold, golden, shiny gold, gold coloured, antique gold",
    "silver": "metallic silver, silvery, shiny silver, silver coloured, silver grey",
}
# Names that people use of more than one colour.
_BETWEEN: dict[str, str] = {
    "khaki": "olive beige", "rust": "orange brown", "rust coloured": "orange brown", "coral": "orange pink",
    "peach": "orange pink", "terracotta": "orange brown", "camel": "beige brown", "tan": "beige brown",
    "caramel": "brown beige", "copper": "brown orange", "bronze": "brown gold", "sage": "green olive",
    "sage green": "green olive", "aqua": "turquoise teal", "sea blue": "turquoise teal blue", "indigo":
    "navy blue purple", "maroon": "burgundy red", "berry": "burgundy purple pink", "raspberry": "pink red "
    "burgundy",
    "mulberry": "burgundy purple", "periwinkle": "light-blue lilac", "stone grey": "grey beige",
    "mushroom": "beige grey", "greige": "grey beige", "brick": "red brown orange", "brick red": "red "
    "brown burgundy",
    "chartreuse": "green yellow olive", "camel coloured": "beige brown", "wine red": "burgundy red",
    "dark green": "green olive", "ginger": "orange brown", "cinnamon": "brown orange", "honey": "gold yellow",
    "straw": "beige yellow", "mink": "brown beige", "sludge green": "olive green", "peachy": "orange pink",
    "cranberry": "burgundy red", "rosy": "pink", "gray": "grey", "grey": "grey",
}
# fmt: on


def _names() -> dict[str, frozenset[str]]:
    names = {word: frozenset([value]) for value, words in wording.COLORS.items() for word in words}
    names |= {w.strip(): frozenset([value]) for value, words in _MORE.items() for w in words.split(",")}
    names |= {word: frozenset(values.split()) for word, values in _BETWEEN.items()}
    return {word: values - {"multicolor"} for word, values in names.items() if values != {"multicolor"}}


NAMES: dict[str, frozenset[str]] = _names()
"""Each colour name with the colours it may mean."""


def _set(values: str) -> frozenset[str]:
    return frozenset(values.split())


DRAWN = frozenset(wording.COLORS) - {"multicolor"}
NEUTRALS = _set("black white grey beige brown")
BRIGHTS = _set("red pink orange yellow green turquoise blue purple")
PASTELS = _set("light-blue lilac pink beige yellow")
EARTHY = _set("brown beige olive")
JEWELS = _set("burgundy green teal blue purple")
WARM = _set("red burgundy pink orange yellow gold brown")
COOL = _set("blue light-blue navy teal turquoise green purple lilac grey silver")
PALE = _set("white beige light-blue pink lilac yellow silver")
DARK = _set("black navy burgundy brown purple olive")
COLOURFUL = _set("red burgundy pink orange yellow green teal turquoise light-blue blue purple lilac")
MUTED = _set("grey beige brown olive burgundy navy")
METALLIC = _set("gold silver")

# Each group: the values, how it is said as a noun phrase ("something ..." stands alone) and as an adjective.
GROUPS: tuple[tuple[frozenset[str], tuple[str, ...], tuple[str, ...]], ...] = (
    (
        EARTHY,
        ("earthy tones", "earth tones", "an earthy colour", "an earthy shade", "autumnal earthy colours"),
        ("earthy", "earth-toned"),
    ),
    (JEWELS, ("jewel tones", "a jewel tone", "a rich jewel colour", "jewel colours"), ("jewel-toned",)),
    (
        NEUTRALS,
        ("a neutral colour", "neutrals", "a neutral", "neutral tones", "a neutral shade", "something "
        "neutral"),
        ("neutral", "neutral coloured"),
    ),
    (
        PASTELS,
        ("a pastel", "pastels", "a pastel shade", "pastel colours", "a soft pastel"),
        ("pastel", "pastel coloured"),
    ),
    (WARM, ("a warm colour", "warm tones", "warm colours", "a warm shade"), ("warm-toned", "warm coloured")),
    (COOL, ("a cool colour", "cool tones", "cool colours", "a cool shade"), ("cool-toned",)),
    (
        BRIGHTS,
        ("a bright colour", "brights", "bright colours", "a bold colour", "something bright", "a vivid "
        "colour"),
        ("bright", "brightly coloured", "vivid", "bold coloured"),
    ),
    (
        DARK,
        ("a dark colour", "dark colours", "something dark", "a dark shade", "a deep dark shade"),
        ("dark", "dark coloured"),
    ),
    (
        PALE,
        ("a light colour", "a pale colour", "pale shades", "something light coloured", "a light shade"),
        ("pale", "light coloured", "pale coloured"),
    ),
    (
        METALLIC,
        ("a metallic", "a metallic shade", "something metallic", "shiny metallic"),
        ("metallic", "shiny metallic"),
    ),
    (
        MUTED,
        ("a muted colour", "muted tones", "a subdued shade", "something muted"),
        ("muted", "subdued", "toned down"),
    ),
)  # fmt: skip

LIGHTNESS = {
    "black": 0.0, "navy": 1.0, "burgundy": 1.5, "brown": 1.8, "purple": 2.2, "olive": 2.6, "teal": 2.8,
    "green": 2.9, "blue": 3.0, "red": 3.2, "grey": 3.6, "orange": 4.3, "gold": 4.4, "turquoise": 4.6,
    "pink": 5.2, "silver": 5.2, "light-blue": 5.6, "lilac": 5.6, "yellow": 5.7, "beige": 6.0, "white": 7.0,
}  # fmt: skip
"""How light a drawn colour is. `wording.LIGHTNESS` names only what can be told for sure from photos."""

VIVIDNESS = {color: 2 if color in BRIGHTS else 0 if color in NEUTRALS | {"navy"} else 1 for color in DRAWN}

HUES = (
    ("blue", ("navy", "blue", "light-blue")),
    ("red", ("burgundy", "red")),
    ("purple", ("purple", "lilac")),
    ("brown", ("brown", "beige")),
    ("pink", ("burgundy", "pink")),
    ("green", ("olive", "green")),
    ("grey", ("black", "grey", "silver", "white")),
)
"""A hue's name and its shades, the darkest first."""


def words_for(value: str, avoid: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """The names of a colour that cannot mean one of `avoid`."""
    if not avoid:
        return _BY_VALUE[value]
    return tuple(word for word in _BY_VALUE[value] if not NAMES[word] & avoid)


_BY_VALUE = {value: tuple(w for w, values in NAMES.items() if value in values) for value in sorted(DRAWN)}


COMMON = (
    "black",
    "white",
    "navy",
    "red",
    "green",
    "blue",
    "pink",
    "grey",
    "purple",
    "teal",
    "brown",
    "beige",
)
"""Colours that people name as an alternative."""


def plain_words(value: str) -> tuple[str, ...]:
    """The names of a colour that can mean nothing else."""
    return _PLAIN[value]


def lighter_by(value: str, least: float, most: float) -> frozenset[str]:
    """The colours that are lighter than `value` by `least` to `most` (negative: darker)."""
    here = LIGHTNESS[value]
    return frozenset(c for c, light in LIGHTNESS.items() if least <= light - here <= most)


_PLAIN = {value: tuple(w for w in words if len(NAMES[w]) == 1) for value, words in _BY_VALUE.items()}
