"""A drawn garment's title as a shop would write it: every attribute once, in plain words."""

from core.wardrobe.design import Design

_PATTERNS = {
    "stripes": "striped", "check": "checked", "floral": "floral", "dots": "polka-dot",
    "animal": "animal-print", "camouflage": "camouflage", "graphic": "graphic-print",
    "colorblock": "colour-block", "denim": "denim", "texture": "textured",
}  # fmt: skip
_SLEEVES = {
    "none": "sleeveless", "cap": "cap sleeves", "short": "short sleeves", "elbow": "elbow sleeves",
    "three-quarter": "three-quarter sleeves", "long": "long sleeves",
}  # fmt: skip
_NECKLINES = {
    "crew": "crew neck", "v": "V-neck", "scoop": "scoop neck", "collar": "collar", "polo": "polo collar",
    "mock": "mock neck", "off-shoulder": "off the shoulder", "square": "square neck", "boat": "boat neck",
    "straps": "spaghetti straps", "halter": "halter neck", "lapel": "lapels",
}  # fmt: skip
_LENGTHS = {
    "waist": "waist-length", "hip": "hip-length", "mini": "mini", "knee": "knee-length",
    "ankle": "ankle-length", "full": "full-length",
}  # fmt: skip


def title(design: Design) -> str:
    """One line without a full stop: "green and white polka-dot midi a-line dress, short sleeves, V-neck"."""
    words = [" and ".join(color.replace("-", " ") for color in design.colors)]
    if design.pattern in _PATTERNS:
        words.append(_PATTERNS[design.pattern])
    words.append(_LENGTHS.get(design.length, design.length))
    if design.fit != "regular":
        words.append({"wide": "wide-leg"}.get(design.fit, design.fit))
    rest = [" ".join([*words, design.family])]
    if design.sleeve is not None and design.neckline not in ("strapless", "straps", "halter"):
        rest.append(_SLEEVES[design.sleeve])
    if design.neckline is not None and design.neckline != "hood":
        rest.append(_NECKLINES.get(design.neckline, design.neckline))
    rest += [
        detail.replace("-", " ") for detail in design.details if design.family != "hoodie" or detail != "hood"
    ]
    return ", ".join(rest)
