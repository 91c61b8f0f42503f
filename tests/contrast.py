"""WCAG's contrast of two colours."""


def contrast(first: str, second: str) -> float:
    """The contrast, 1 to 21, of two colours as "rgb(r, g, b)" or "#rrggbb"."""
    low, high = sorted((_light(first), _light(second)))
    return (high + 0.05) / (low + 0.05)


def _light(colour: str) -> float:
    if colour.startswith("#"):
        values = list(bytes.fromhex(colour[1:]))
    else:
        values = [int(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3]]
    parts = [value / 255 for value in values]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
