"""The natural shades of the colour names, and lighter, darker and contrasting tones of a shade.

Shades vary as dyes do, yet each lies clearly nearer to its own name's centre than to any other's, so that a
person reads the name off the picture.
"""

import functools
import random

ANCHORS = {
    "black": ("#141416", "#1c1a1b", "#101012", "#222224"),
    "white": ("#fafaf8", "#ffffff", "#f6f5f1", "#f7f9fb"),
    "grey": ("#7d7f82", "#8b8b8b", "#6c6e72", "#929497", "#737374"),
    "beige": ("#dccbad", "#d6c2a0", "#e3d5bc", "#cfbb9b"),
    "brown": ("#6f4526", "#7d5031", "#5c3a22", "#85563a", "#69422f"),
    "red": ("#d21f26", "#c8161f", "#dc2c2a", "#e0262f"),
    "burgundy": ("#6a1428", "#741a2e", "#5e1322", "#701a3a"),
    "pink": ("#f08cb0", "#f6a3bf", "#ee77a3", "#f9b3c6", "#ea6a9e"),
    "orange": ("#f0801f", "#ee7318", "#f58a2a", "#e87420"),
    "yellow": ("#f8da38", "#fbe04e", "#f5d42a", "#fbe668", "#f3d81f"),
    "green": ("#1f8a48", "#2f9446", "#22703a", "#3f9c3c", "#16874f", "#1f6636"),
    "olive": ("#6b6a2c", "#747333", "#5f6029", "#79753b"),
    "teal": ("#0f6d70", "#14777a", "#0b6167", "#1d7076"),
    "turquoise": ("#2fc7c3", "#3fd0c9", "#28bdbe", "#52d3cf"),
    "light-blue": ("#a3cbee", "#93c1ea", "#b3d6f3", "#9cc8e8"),
    "blue": ("#2260c8", "#2a6bd0", "#1c54ba", "#3273d6", "#2b5cc9"),
    "navy": ("#1b2452", "#1f2a5c", "#19234a", "#202c62"),
    "purple": ("#6d2c98", "#7633a3", "#60288a", "#7b3caa"),
    "lilac": ("#c2a3de", "#b899d8", "#cbb0e4", "#bba0dc"),
    "gold": ("#bf9430", "#b98c2a", "#c69d3c", "#b48a34"),
    "silver": ("#bdc1c7", "#c4c8cd", "#b7bcc3", "#c0c4c8"),
}
"""Typical shades (hex) of each colour name that can be drawn."""

METALLIC = ("gold", "silver")
_SPREAD = 2.2  # how far a dye strays from its anchor, one standard deviation in CIELAB
_NEUTRAL = {
    "black": 0.6,
    "white": 0.5,
    "grey": 0.7,
    "silver": 0.6,
    "beige": 1.1,
    "navy": 1.3,
    "light-blue": 1.4,
}
_APART = 0.62  # a shade is at most this share as far from its own centre as from any other

Lab = tuple[float, float, float]


def shade(color: str, rng: random.Random) -> str:
    """One natural shade of a colour name of `core.wardrobe.design.COLORS`, as hex; KeyError for others."""
    anchors = ANCHORS[color]
    for _ in range(12):
        first, second, share = rng.choice(anchors), rng.choice(anchors), rng.random()
        mixed = mix(first, second, share * 0.5)
        spread = _NEUTRAL.get(color, _SPREAD)
        lightness, a, b = lab(mixed)
        found = _hex_of(
            (lightness + rng.gauss(0, spread), a + rng.gauss(0, spread), b + rng.gauss(0, spread))
        )
        if own(found, color) < _APART:
            return found
    return anchors[0]


def own(color: str, name: str) -> float:
    """How far a hex colour is from the centre of a colour name, as a share of the next nearest name's.

    Below 1 the name is the nearest.
    """
    seen = lab(color)
    others = (distance(seen, centre) for other, centre in centres().items() if other != name)
    return distance(seen, centres()[name]) / max(1e-6, min(others))


@functools.cache
def centres() -> dict[str, Lab]:
    """The centre of each colour name in CIELAB: the mean of its typical shades."""
    found = {}
    for name, anchors in ANCHORS.items():
        seen = [lab(anchor) for anchor in anchors]
        lightness, a, b = (sum(values) / len(seen) for values in zip(*seen, strict=True))
        found[name] = (lightness, a, b)
    return found


def sheen(color: str) -> bool:
    """Whether a colour name is a metal's: its cloth shines."""
    return color in METALLIC


def darker(color: str, amount: float) -> str:
    """A hex colour mixed with black; amount 0 to 1."""
    return mix(color, "#000000", amount)


def lighter(color: str, amount: float) -> str:
    """A hex colour mixed with white; amount 0 to 1."""
    return mix(color, "#ffffff", amount)


def contrast(color: str) -> str:
    """A hex tone that shows up on `color`, as buttons and stitches do: dark on light cloth, pale on dark."""
    return darker(color, 0.62) if lab(color)[0] > 52 else lighter(color, 0.72)


def mix(color: str, other: str, share: float) -> str:
    """The colour that lies `share` (0 to 1) of the way from `color` to `other`, all hex."""
    parts = zip(_rgb(color), _rgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def apart(color: str, other: str) -> float:
    """The distance of two hex colours in CIELAB (CIE76); from about 25 they are told apart at a glance."""
    return distance(lab(color), lab(other))


def distance(seen: Lab, other: Lab) -> float:
    """Euclidean distance in CIELAB."""
    return sum((a - b) ** 2 for a, b in zip(seen, other, strict=True)) ** 0.5


@functools.lru_cache(maxsize=4096)
def lab(color: str) -> Lab:
    """CIELAB (D65) of a hex colour: L 0 to 100, a and b about -110 to 110."""
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _unit(color))
    x = (0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047
    y = 0.2126729 * r + 0.7151522 * g + 0.0721750 * b
    z = (0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def _hex_of(seen: Lab) -> str:
    fy = (seen[0] + 16) / 116
    parts = (fy + seen[1] / 500, fy, fy - seen[2] / 200)
    x, y, z = (t**3 if t**3 > 0.008856 else (t - 16 / 116) / 7.787 for t in parts)
    x, z = x * 0.95047, z * 1.08883
    linear = (
        3.2404542 * x - 1.5371385 * y - 0.4985314 * z,
        -0.9692660 * x + 1.8760108 * y + 0.0415560 * z,
        0.0556434 * x - 0.2040259 * y + 1.0572252 * z,
    )
    return "#" + "".join(f"{_byte(value):02x}" for value in linear)


def _byte(linear: float) -> int:
    clipped = min(1.0, max(0.0, linear))
    value = clipped * 12.92 if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055
    return round(value * 255)


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def _unit(color: str) -> tuple[float, float, float]:
    r, g, b = _rgb(color)
    return r / 255, g / 255, b / 255
