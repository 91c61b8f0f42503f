"""The attribute vocabulary of garments: the value lists of Closet, in the order its README gives them."""

import hashlib
import json

# fmt: off
CATEGORIES = ("dress", "shirt", "toptee", "outerwear", "bottoms", "shoes")
"""FashionIQ's three categories, then Closet's own."""

PATTERNS = (
    "solid", "stripes", "check", "floral", "dots", "animal", "camouflage", "graphic", "text", "abstract",
    "colorblock", "denim", "texture", "gradient", "other",
)
"""What the fabric shows; "texture" is a woven or knitted relief in one colour."""

SLEEVES = ("none", "cap", "short", "elbow", "three-quarter", "long")
"""Sleeve lengths from none to long; None on bottoms and shoes."""

NECKLINES = (
    "crew", "v", "scoop", "collar", "polo", "turtleneck", "mock", "hood", "off-shoulder", "square", "boat",
    "strapless", "straps", "halter", "lapel", "keyhole", "zip",
)
"""Necklines; None on bottoms and shoes."""

LENGTHS = ("cropped", "waist", "hip", "mini", "knee", "midi", "maxi", "ankle", "full")
"""Tops: cropped, waist, hip; dresses and skirts: mini to maxi; trousers: knee, ankle, full."""

FITS = ("fitted", "regular", "loose", "flared", "straight", "wide", "skinny", "a-line")
"""How the garment sits or falls."""

FABRICS = (
    "cotton", "denim", "knit", "leather", "lace", "chiffon", "satin", "velvet", "quilted", "wool", "sheer",
    "linen", "synthetic", "fleece",
)
"""The fabric as judged by eye."""

COLORS = (
    "black", "white", "grey", "beige", "brown", "red", "burgundy", "pink", "orange", "yellow", "green",
    "olive", "teal", "turquoise", "light-blue", "blue", "navy", "purple", "lilac", "gold", "silver",
    "multicolor",
)
"""Colour names; a garment lists its main colour first."""

DETAILS = (
    "buttons", "pockets", "zip", "logo", "contrast-trim", "hood", "drawstring", "elastic-waist", "cuffs",
    "patch", "ruffles", "embroidery", "pleats", "belt", "sequins", "tie", "bow", "distressed", "lace-trim",
    "laces", "ribbed hem", "fur-trim", "fringe", "strap", "contrast-stitching", "side-stripes",
    "belt-loops", "slip-on", "epaulettes", "fading", "buckle", "fur", "keyhole", "rhinestones", "studs",
    "lined", "stitching", "layered-look", "beads", "cut-out", "heel", "peep-toe", "perforated", "snaps",
    "straps", "asymmetric", "chain", "collar", "cut-outs", "elastic", "embellished-collar",
    "gradient-stripes", "graphic", "high-waist", "peplum", "platform", "side-slits", "snap", "text",
    "toggle", "wedge", "wrap",
)
"""Details as they occur in Closet, the most frequent first."""

KINDS = (
    "t-shirt", "button-up shirt", "sweater", "blouse", "polo shirt", "tank top", "hoodie", "jacket",
    "long-sleeve t-shirt", "jeans", "sweatshirt", "a-line dress", "trousers", "shorts", "cardigan",
    "sheath dress", "turtleneck", "blazer", "denim jacket", "pencil skirt", "denim shorts", "puffer vest",
    "a-line skirt", "coat", "shift dress", "puffer jacket", "bomber jacket", "joggers", "sneakers",
    "denim skirt", "leggings", "leather jacket", "maxi dress", "puffer coat", "shirt dress",
    "softshell jacket", "denim shirt", "track pants", "pleated skirt", "t-shirt dress", "tunic", "boots",
    "swim shorts", "tunic dress", "vest", "bodycon dress", "maxi skirt", "skater skirt", "trench coat",
    "windbreaker", "parka", "shoes", "sundress", "fleece jacket", "sandals", "ski jacket", "straight skirt",
    "sweater dress", "flats", "sweatpants", "track jacket", "babydoll dress", "drop-waist dress", "pumps",
    "pyjama trousers", "ski pants", "slippers", "snowsuit", "wrap skirt", "leather skirt", "tank dress",
    "tiered skirt", "track top", "wrap dress", "clogs", "denim vest", "loafers", "midi skirt",
    "pinafore dress", "slip dress", "sweat shorts", "bandage dress", "coat dress", "denim dress",
    "flip-flops", "long-sleeve polo shirt", "mary janes", "romper", "shirt jacket", "slip-ons",
    "tulle skirt", "athletic shorts", "blouson dress", "bubble skirt", "cargo skirt", "cycling jersey",
    "dress", "empire dress", "evening dress", "heels", "high-low skirt", "jersey dress", "knit dress",
    "lace dress", "lace skirt", "midi dress", "mini skirt", "mules", "peacoat", "peplum top", "polo dress",
    "puffer top", "pullover", "robe", "skort", "slides", "snow bib overalls", "strapless dress",
    "sweater vest", "sweatshirt dress", "swing dress", "tiered dress", "top", "tunic top", "velvet dress",
)
"""Kinds of garment as they occur in Closet, the most frequent first."""
# fmt: on


ONE_OF: dict[str, tuple[str, ...]] = {
    "category": CATEGORIES,
    "kind": KINDS,
    "pattern": PATTERNS,
    "sleeve": SLEEVES,
    "neckline": NECKLINES,
    "length": LENGTHS,
    "fit": FITS,
    "fabric": FABRICS,
}
"""The values of each field of which a garment has one, or none."""

SOME_OF: dict[str, tuple[str, ...]] = {"colors": COLORS, "details": DETAILS}
"""The values of each field of which a garment may have several."""


def fingerprint() -> str:
    """The sha256 (64 hex digits) of every list in its order; a checkpoint records the one it knew."""
    lists = [CATEGORIES, PATTERNS, SLEEVES, NECKLINES, LENGTHS, FITS, FABRICS, COLORS, DETAILS, KINDS]
    return hashlib.sha256(json.dumps(lists).encode()).hexdigest()
