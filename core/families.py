"""The ten families of garments, and which of them each of Closet's kinds is of.

People say "a skirt", "the shirt", and records say "pleated skirt", "button-up shirt": a wish for a family is
met by every kind of it.
"""

# fmt: off
FAMILIES: dict[str, frozenset[str]] = {
    "dress": frozenset([
        "a-line dress", "sheath dress", "shift dress", "maxi dress", "shirt dress", "t-shirt dress",
        "tunic dress",
        "bodycon dress", "sundress", "sweater dress", "babydoll dress", "drop-waist dress", "tank dress",
        "wrap dress", "pinafore dress", "slip dress", "bandage dress", "coat dress", "denim dress",
        "blouson dress", "dress", "empire dress", "evening dress", "jersey dress", "knit dress", "lace dress",
        "midi dress", "polo dress", "strapless dress", "sweatshirt dress", "swing dress", "tiered dress",
        "velvet dress",
    ]),
    "skirt": frozenset([
        "pencil skirt", "a-line skirt", "denim skirt", "pleated skirt", "maxi skirt", "skater skirt",
        "straight skirt", "wrap skirt", "leather skirt", "tiered skirt", "midi skirt", "tulle skirt",
        "bubble skirt", "cargo skirt", "high-low skirt", "lace skirt", "mini skirt",
    ]),
    "shirt": frozenset(["button-up shirt", "blouse", "denim shirt", "shirt jacket"]),
    "t-shirt": frozenset([
        "t-shirt", "long-sleeve t-shirt", "tank top", "polo shirt", "long-sleeve polo shirt", "top",
        "peplum top",
        "tunic", "tunic top", "cycling jersey",
    ]),
    "sweater": frozenset([
        "sweater", "sweatshirt", "cardigan", "turtleneck", "pullover", "sweater vest", "track top",
    ]),
    "hoodie": frozenset(["hoodie"]),
    "jacket": frozenset([
        "jacket", "blazer", "denim jacket", "bomber jacket", "leather jacket", "softshell jacket",
        "windbreaker",
        "fleece jacket", "ski jacket", "track jacket", "puffer jacket", "puffer vest", "vest", "denim vest",
        "puffer top",
    ]),
    "coat": frozenset(["coat", "puffer coat", "trench coat", "parka", "peacoat", "robe"]),
    "trousers": frozenset([
        "trousers", "jeans", "joggers", "leggings", "track pants", "sweatpants", "pyjama trousers",
        "ski pants",
        "snow bib overalls",
    ]),
    "shorts": frozenset(["shorts", "denim shorts", "swim shorts", "sweat shorts", "athletic shorts",
    "skort"]),
}
# fmt: on
"""Each family's kinds, of `core.vocabulary.KINDS`. Shoes, rompers and snowsuits are of none."""

_FAMILY_OF = {kind: family for family, kinds in FAMILIES.items() for kind in kinds}


def family_of(kind: str) -> str | None:
    """The family of one of Closet's kinds; None for shoes and what covers the whole body with trousers."""
    return _FAMILY_OF.get(kind)
