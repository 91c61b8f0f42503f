"""Changes to tap, made from what is on record of the reference and of the garments around it."""

from collections.abc import Iterable

from core.requests import details_of, traits
from core.types import Garment

# Each phrase asks for its value alone, by the lexicon of `core.wishes`; values without a plain phrase lack.
PHRASES: dict[str, dict[str, str]] = {
    "colors": {
        **{color: f"in {color}" for color in (
            "black", "white", "grey", "beige", "brown", "red", "burgundy", "pink", "orange", "yellow",
            "green", "olive", "teal", "turquoise", "blue", "navy", "purple", "lilac", "gold", "silver",
        )},
        "light-blue": "in light blue", "multicolor": "multicoloured",
    },
    "pattern": {
        "solid": "plain", "stripes": "with stripes", "check": "with a check pattern",
        "floral": "with flowers", "dots": "with polka dots",
        "animal": "with an animal print", "camouflage": "in camouflage",
        "graphic": "with a graphic print", "colorblock": "with colour blocks", "denim": "in denim",
        "texture": "textured", "gradient": "with a colour gradient", "abstract": "with an abstract print",
    },
    "sleeve": {
        "none": "sleeveless", "cap": "with cap sleeves", "short": "with short sleeves",
        "elbow": "with elbow-length sleeves", "three-quarter": "with three-quarter sleeves",
        "long": "with long sleeves",
    },
    "neckline": {
        "crew": "with a crew neck", "v": "with a v-neck", "scoop": "with a scoop neck",
        "collar": "with a shirt collar", "polo": "with a polo collar", "turtleneck": "with a turtleneck",
        "mock": "with a mock neck", "off-shoulder": "off the shoulder", "square": "with a square neck",
        "boat": "with a boat neck", "strapless": "strapless", "straps": "with shoulder straps",
        "halter": "with a halter neck", "lapel": "with lapels",
    },
    "length": {
        "cropped": "cropped", "waist": "waist length", "hip": "hip length", "mini": "mini length",
        "knee": "knee length", "midi": "midi length", "maxi": "maxi length", "ankle": "ankle length",
    },
    "fit": {
        "fitted": "slim fit", "regular": "regular fit", "loose": "loose fit", "flared": "flared",
        "straight": "straight cut", "wide": "wide cut", "skinny": "skinny fit", "a-line": "a-line",
    },
}  # fmt: skip
"""What a person says for one value of a field."""

DETAILS = {
    "buttons": "buttons", "pockets": "pockets", "zip": "a zip", "contrast-trim": "contrast trim",
    "hood": "a hood", "cuffs": "cuffs", "ruffles": "ruffles", "embroidery": "embroidery", "pleats": "pleats",
    "belt": "a belt", "sequins": "sequins", "bow": "a bow", "lace-trim": "lace trim", "fringe": "fringing",
    "fur-trim": "fur trim", "peplum": "a peplum",
}  # fmt: skip
"""What a person says for a detail, after "with" or "without"."""


def suggestions(reference: Garment, garments: Iterable[Garment], count: int = 6) -> list[str]:
    """Up to `count` changes in words, a field each, to which one of `garments` is an answer.

    Of each field the value is that of the garment of the same family that is else most like the reference.
    """
    before, has = traits(reference), details_of(reference)
    best: dict[str, tuple[float, str]] = {}
    for garment in garments:
        after = traits(garment)
        if after["kind"] != before["kind"] or garment.id == reference.id:
            continue
        details = details_of(garment)
        same = sum(after[name] == value for name, value in before.items())
        alike = same - 0.5 * len(has ^ details)
        for name, phrases in PHRASES.items():
            value = after[name]
            if value != before[name] and before[name] is not None and value in phrases:
                best[name] = max(best.get(name, (-9.0, "")), (alike, phrases[value]))
        for detail in (has ^ details) & DETAILS.keys():
            words = f"{'without' if detail in has else 'with'} {DETAILS[detail]}"
            best["details"] = max(best.get("details", (-9.0, "")), (alike + 0.5, words))
    order = ("colors", "sleeve", "pattern", "details", "length", "neckline", "fit")
    return [best[name][1] for name in order if name in best][:count]
