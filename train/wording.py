"""How shoppers word a garment's attributes: for each value of the vocabulary, words that are true of it.

Read off the human texts of Closet's train split. A value that people do not name has no words here.
"""

COLORS: dict[str, tuple[str, ...]] = {
    "black": ("black",),
    "white": ("white",),
    "grey": ("grey", "grey", "gray"),
    "beige": ("beige",),
    "brown": ("brown",),
    "red": ("red",),
    "burgundy": ("burgundy", "burgundy", "wine red", "dark red", "maroon"),
    "pink": ("pink", "pink"),
    "orange": ("orange", "orange"),
    "yellow": ("yellow", "yellow"),
    "green": ("green", "green"),
    "olive": ("olive", "olive green", "khaki green"),
    "teal": ("teal", "teal", "blue-green"),
    "turquoise": ("turquoise", "turquoise", "aqua"),
    "light-blue": ("light blue", "light blue", "pale blue"),
    "blue": ("blue",),
    "navy": ("navy", "navy", "navy blue", "dark blue"),
    "purple": ("purple", "purple", "violet"),
    "lilac": ("lilac", "lilac", "lavender", "pale purple"),
    "gold": ("gold", "golden"),
    "silver": ("silver", "silvery"),
    "multicolor": ("multicoloured", "colourful", "multicolor"),
}

PATTERN_ADJECTIVES: dict[str, tuple[str, ...]] = {
    "solid": ("plain", "plain", "solid"),
    "stripes": ("striped", "striped"),
    "check": ("checked", "plaid", "checkered"),
    "floral": ("floral", "flowery"),
    "dots": ("polka dot", "dotted"),
    "animal": ("animal-print",),
    "camouflage": ("camouflage", "camo"),
    "colorblock": ("colour-blocked", "two-tone"),
    "texture": ("textured",),
    "gradient": ("ombre",),
}

PATTERN_NOUNS: dict[str, tuple[str, ...]] = {
    "stripes": ("stripes", "stripes all over"),
    "check": ("checks", "a check pattern", "a plaid print"),
    "floral": ("a floral print", "flowers", "a flower pattern"),
    "dots": ("dots", "polka dots"),
    "animal": ("an animal print",),
    "camouflage": ("a camouflage print",),
    "graphic": ("a graphic", "a picture on it", "a printed graphic", "a graphic print"),
    "text": ("lettering", "text", "writing on it", "a slogan"),
    "abstract": ("an abstract print", "an abstract pattern"),
    "colorblock": ("colour blocks", "blocks of colour"),
    "texture": ("a textured weave", "some texture"),
    "gradient": ("a colour gradient", "fading colours"),
}

SLEEVES: dict[str, tuple[str, ...]] = {
    "none": ("no sleeves",),
    "cap": ("cap sleeves", "tiny cap sleeves"),
    "short": ("short sleeves",),
    "elbow": ("elbow-length sleeves", "elbow sleeves"),
    "three-quarter": ("three-quarter sleeves", "3/4 sleeves"),
    "long": ("long sleeves", "full-length sleeves"),
}

SLEEVE_ADJECTIVES: dict[str, tuple[str, ...]] = {
    "none": ("sleeveless",),
    "short": ("short-sleeved",),
    "long": ("long-sleeved",),
}

NECKLINES: dict[str, tuple[str, ...]] = {
    "crew": ("a crew neck", "a round neck"),
    "v": ("a v-neck", "a v neck", "a v-shaped neckline"),
    "scoop": ("a scoop neck", "a low round neck", "a scooped neckline"),
    "collar": ("a collar", "a shirt collar"),
    "polo": ("a polo collar",),
    "turtleneck": ("a turtleneck", "a high roll neck"),
    "mock": ("a mock neck", "a stand-up collar"),
    "hood": ("a hood",),
    "off-shoulder": ("an off-the-shoulder neckline", "bare shoulders"),
    "square": ("a square neck", "a square neckline"),
    "boat": ("a boat neck", "a wide neck"),
    "straps": ("straps", "shoulder straps"),
    "halter": ("a halter neck",),
    "lapel": ("lapels", "notched lapels"),
    "keyhole": ("a keyhole neck",),
    "zip": ("a zip neck",),
}

LENGTHS: dict[str, tuple[str, ...]] = {
    "cropped": ("cropped",),
    "waist": ("waist length",),
    "hip": ("hip length",),
    "mini": ("mini length",),
    "knee": ("knee length",),
    "midi": ("midi length", "mid-calf length"),
    "maxi": ("floor length", "maxi length"),
    "ankle": ("ankle length",),
    "full": ("full length",),
}

FITS: dict[str, tuple[str, ...]] = {
    "fitted": ("fitted", "slim", "close-fitting"),
    "loose": ("loose", "loose-fitting", "roomy"),
    "flared": ("flared",),
    "straight": ("straight", "straight-cut"),
    "wide": ("wide-legged", "wide"),
    "skinny": ("skinny",),
    "a-line": ("a-line",),
}

FABRICS: dict[str, tuple[str, ...]] = {
    "cotton": ("cotton",),
    "denim": ("denim",),
    "knit": ("knitted", "knit"),
    "leather": ("leather",),
    "lace": ("lace",),
    "chiffon": ("chiffon",),
    "satin": ("satin", "satiny"),
    "velvet": ("velvet", "velvety"),
    "quilted": ("quilted", "padded"),
    "wool": ("wool", "woollen"),
    "sheer": ("sheer", "see-through"),
    "linen": ("linen",),
    "fleece": ("fleece", "fleecy"),
}

DETAILS: dict[str, tuple[str, ...]] = {
    "buttons": ("buttons", "a button front"),
    "pockets": ("pockets",),
    "zip": ("a zip", "a zipper"),
    "logo": ("a logo", "a small logo"),
    "contrast-trim": ("contrast trim", "contrasting trim"),
    "hood": ("a hood",),
    "drawstring": ("a drawstring",),
    "elastic-waist": ("an elastic waist", "an elasticated waist"),
    "ruffles": ("ruffles", "frills"),
    "patch": ("a patch",),
    "cuffs": ("cuffs",),
    "embroidery": ("embroidery",),
    "pleats": ("pleats",),
    "tie": ("a tie",),
    "sequins": ("sequins",),
    "belt": ("a belt",),
    "bow": ("a bow",),
    "ribbed hem": ("a ribbed hem",),
    "lace-trim": ("lace trim",),
    "laces": ("laces",),
    "fur-trim": ("fur trim",),
    "fringe": ("fringes", "a fringe"),
    "contrast-stitching": ("contrast stitching",),
    "belt-loops": ("belt loops",),
    "epaulettes": ("epaulettes",),
    "side-stripes": ("side stripes", "stripes down the sides"),
    "buckle": ("a buckle",),
    "keyhole": ("a keyhole opening",),
    "rhinestones": ("rhinestones",),
    "studs": ("studs",),
}

DETAIL_ADJECTIVES: dict[str, tuple[str, ...]] = {
    "distressed": ("distressed", "ripped"),
    "fading": ("faded",),
    "lined": ("lined",),
}

# Stems in a caption that forbid saying of its garment that it lacks the pattern.
PATTERN_STEMS: dict[str, frozenset[str]] = {
    "stripes": frozenset(["stripe", "striped", "pinstripe", "pinstriped", "line", "band", "banded"]),
    "check": frozenset(
        ["check", "checked", "plaid", "tartan", "gingham", "checkerboard", "checkered", "grid"]
    ),
    "floral": frozenset(["flower", "floral", "flowery", "rose", "bloom", "blossom", "leaf"]),
    "dots": frozenset(["dot", "dotted", "polka", "spot", "spotted"]),
    "animal": frozenset(["leopard", "zebra", "snake", "animal", "tiger", "cheetah"]),
    "camouflage": frozenset(["camo", "camouflage"]),
    "graphic": frozenset(
        ["graphic", "print", "printed", "picture", "face", "cartoon", "photo", "figure", "drawing"]
    ),
    "text": frozenset(
        ["letter", "lettering", "text", "script", "slogan", "writing", "word", "name", "logo", "print"]
    ),
    "abstract": frozenset(["abstract", "print", "printed", "pattern", "patterned"]),
    "colorblock": frozenset(["block", "panel", "two-tone", "yoke"]),
    "gradient": frozenset(["ombre", "fading", "gradient"]),
}

# Ordinals behind comparatives. A value not listed takes part in no comparison.
LIGHTNESS = {
    "black": 0.0, "navy": 1.0, "burgundy": 1.5, "brown": 1.8, "olive": 2.5, "purple": 2.5, "blue": 3.0,
    "red": 3.2, "pink": 5.0, "silver": 5.0, "yellow": 5.5, "lilac": 5.5, "light-blue": 5.5, "beige": 6.0,
    "white": 7.0,
}  # fmt: skip
VIVIDNESS = {
    "black": 0, "white": 0, "grey": 0, "beige": 0, "navy": 0, "brown": 0,
    "red": 2, "orange": 2, "yellow": 2, "green": 2, "pink": 2, "turquoise": 2, "blue": 2,
}  # fmt: skip
SLEEVE_ORDER = {"none": 0, "cap": 1, "short": 2, "elbow": 3, "three-quarter": 4, "long": 5}
LENGTH_ORDER = {
    "cropped": 0, "waist": 1, "hip": 2, "mini": 3, "knee": 4, "midi": 5, "ankle": 6, "maxi": 7, "full": 7,
}  # fmt: skip
FIT_ORDER = {"skinny": 0, "fitted": 0, "regular": 2, "straight": 2, "loose": 4, "wide": 4}
NECK_ORDER = {"v": 0, "scoop": 0, "crew": 2, "mock": 4, "turtleneck": 5}
FABRIC_WEIGHT = {
    "sheer": 0, "chiffon": 0, "lace": 1, "satin": 1, "linen": 1, "cotton": 2,
    "knit": 4, "denim": 4, "wool": 5, "fleece": 5, "quilted": 6,
}  # fmt: skip
BUSYNESS = {
    "solid": 0, "stripes": 2, "check": 2, "floral": 2, "dots": 2, "animal": 2, "abstract": 2, "graphic": 2,
    "text": 2,
}  # fmt: skip

# ordinal name -> (least difference, words for more, words for less)
COMPARATIVES: dict[str, tuple[float, tuple[str, ...], tuple[str, ...]]] = {
    "lightness": (1.9, ("lighter", "paler", "much lighter"), ("darker", "much darker")),
    "vividness": (
        2,
        ("brighter", "more colourful", "bolder"),
        ("more sober", "less colourful", "more muted"),
    ),
    "busyness": (2, ("busier", "more patterned"), ("plainer", "simpler", "less busy", "cleaner")),
    "sleeve length": (1, ("longer sleeves",), ("shorter sleeves",)),
    "length": (1, ("longer", "a bit longer"), ("shorter", "a bit shorter")),
    "looseness": (
        2,
        ("looser", "roomier", "more relaxed", "baggier"),
        ("slimmer", "more fitted", "tighter", "neater"),
    ),
    "neck height": (2, ("a higher neck", "a higher neckline"), ("a lower neck", "a lower neckline")),
    "fabric weight": (2, ("thicker", "warmer", "heavier"), ("thinner", "lighter in weight")),
}

PLURAL_KINDS = (
    "jeans", "trousers", "shorts", "leggings", "joggers", "pants", "sweatpants", "sneakers", "boots", "shoes",
    "sandals", "flats", "slippers", "pumps", "loafers", "slip-ons", "mary janes", "flip-flops", "clogs",
    "heels", "mules", "overalls", "chinos", "slacks", "capris", "trainers",
)  # fmt: skip


def is_plural(kind: str) -> bool:
    """Whether a kind of garment is a plural noun: "jeans", "swim shorts"."""
    return kind.endswith(PLURAL_KINDS)


def with_article(noun_phrase: str) -> str:
    """The noun phrase with "a" or "an"."""
    return f"{'an' if noun_phrase[:1].lower() in 'aeiou' else 'a'} {noun_phrase}"
