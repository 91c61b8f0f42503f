"""Patterns in one colour that lie in the weave: denim, and the relief of knits and heavy cloth."""

import random

from core.wardrobe.palette import darker, lab, lighter
from core.wardrobe.tiles import Inks, Tile, rect, stroked


def denim(inks: Inks, rng: random.Random) -> Tile:
    """Twill: fine diagonal lines of the pale weft in the dyed warp, with uneven yarns."""
    pitch, size = 4.0, 48.0
    lightness = lab(inks.main)[0]
    pale = lighter(inks.main, 0.42 if lightness < 75 else 0.6)
    deep = darker(inks.main, 0.34 if lightness < 75 else 0.2) if lightness > 20 else "#000000"
    weft, warp = [], []
    for i in range(round(2 * size / pitch)):
        x = i * pitch - size
        weft.append(f"M{x:.0f} {size:.0f}l{size:.0f} {-size:.0f}")
        warp.append(f"M{x + pitch / 2:.0f} {size:.0f}l{size:.0f} {-size:.0f}")
    slubs = {pale: [], deep: []}
    for i in range(22):
        x, y, length = rng.uniform(0, size), rng.uniform(0, size), rng.uniform(8, 22)
        y = min(y, size - length)
        slubs[pale if i % 2 else deep].append(f"M{x:.1f} {y:.1f}v{length:.1f}")
    markup = stroked("".join(warp), deep, 1.5, 0.55) + stroked("".join(weft), pale, 1.3, 0.6)
    markup += "".join(stroked("".join(d), tone, 1.0, 0.5) for tone, d in slubs.items())
    return Tile(size, size, markup)


def wash(
    inks: Inks, rng: random.Random, box: tuple[float, float, float, float], legs: bool
) -> tuple[str, str]:
    """Faded areas of worn denim as (defs, markup over the garment): down the front, or down both legs."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    pale = lighter(inks.main, 0.75) if lab(inks.main)[0] < 80 else darker(inks.main, 0.16)
    strength = rng.uniform(0.34, 0.5)
    defs = (
        f'<radialGradient id="cloth-wash"><stop offset="0" stop-color="{pale}" stop-opacity="{strength:.2f}"/>'
        f'<stop offset="0.55" stop-color="{pale}" stop-opacity="{strength * 0.5:.2f}"/>'
        f'<stop offset="1" stop-color="{pale}" stop-opacity="0"/></radialGradient>'
    )
    middle, parts = (x0 + x1) / 2, []
    dx, rx = (0.25, 0.15) if legs else (0.24, 0.2)
    for side in (-1, 1):
        parts.append(
            f'<ellipse cx="{middle + side * dx * width:.1f}" cy="{y0 + height * rng.uniform(0.44, 0.54):.1f}" '
            f'rx="{rx * width:.1f}" ry="{height * 0.36:.1f}" fill="url(#cloth-wash)"/>'
        )
    return defs, "".join(parts)


def texture(inks: Inks, rng: random.Random) -> Tile:
    """Ribs, cables, stockinette, herringbone, corduroy or waffle: light and shade of one colour."""
    kind = rng.choice((_ribs, _cable, _stockinette, _herringbone, _corduroy, _waffle))
    lightness = lab(inks.main)[0]
    if lightness < 22:
        low, high = "#000000", lighter(inks.main, 0.3)
    elif lightness < 50:
        low, high = darker(inks.main, 0.42), lighter(inks.main, 0.26)
    else:
        low, high = darker(inks.main, 0.3), lighter(inks.main, 0.5)
    return kind(low, high, rng)


def _ribs(low: str, high: str, rng: random.Random) -> Tile:
    pitch = float(rng.randint(8, 13))
    markup = rect(0, 0, pitch * 0.3, 24, low, 0.85) + rect(pitch * 0.3, 0, pitch * 0.12, 24, low, 0.4)
    markup += rect(pitch * 0.56, 0, pitch * 0.2, 24, high, 0.75)
    ticks = "".join(
        f"M{pitch * 0.42:.1f} {y}l{pitch * 0.26:.1f} 2.2l{pitch * 0.26:.1f} -2.2" for y in (2, 8, 14, 20)
    )
    return Tile(pitch, 24, markup + stroked(ticks, low, 0.8, 0.45))


def _cable(low: str, high: str, rng: random.Random) -> Tile:
    w, h = float(rng.randint(30, 40)), float(rng.randint(28, 38))
    side = w * 0.24
    left, right, middle = side, w - side, w / 2
    parts = [rect(0, 0, side * 0.8, h, low, 0.4), rect(w - side * 0.8, 0, side * 0.8, h, low, 0.4)]
    purls = "".join(f"M{x:.1f} {y:.1f}h{side * 0.5:.1f}" for y in (h / 8, h * 3 / 8, h * 5 / 8, h * 7 / 8)
                    for x in (side * 0.12, w - side * 0.65))  # fmt: skip
    parts.append(stroked(purls, high, 1.6, 0.6))
    under = f"M{left:.1f} {-h * 0.1:.1f}C{left:.1f} {h * 0.4:.1f} {right:.1f} {h * 0.6:.1f} {right:.1f} {h * 1.1:.1f}"
    over = f"M{right:.1f} {-h * 0.1:.1f}C{right:.1f} {h * 0.4:.1f} {left:.1f} {h * 0.6:.1f} {left:.1f} {h * 1.1:.1f}"
    strand = w * 0.23
    for d in (under, over):
        parts.append(stroked(d, low, strand + 3.2))
        parts.append(stroked(d, "MAIN", strand))
        parts.append(stroked(d, high, strand * 0.42, 0.7))
    ticks = "".join(
        f"M{middle + dx * w:.1f} {h * y:.1f}l{w * 0.08:.1f} {w * 0.07:.1f}"
        for dx, y in ((-0.2, 0.72), (-0.06, 0.54), (0.08, 0.37), (0.16, 0.2), (-0.26, 0.9))
    )
    parts.append(stroked(ticks, low, 1.0, 0.6))
    return Tile(w, h, "".join(parts))


def _stockinette(low: str, high: str, rng: random.Random) -> Tile:
    w = float(rng.randint(10, 14))
    h = round(w * 0.78)
    m = w / 2
    left = f"M{w * 0.06:.1f} 0L{m:.1f} {h * 0.72:.1f}"
    right = f"M{w * 0.94:.1f} 0L{m:.1f} {h * 0.72:.1f}"
    gap = "".join(f"{d}" for d in (left, right))
    moved = f'<g transform="translate(0 {h})">{stroked(gap, high, w * 0.2, 0.7)}</g>'
    dark = f"M{w * 0.06:.1f} {h * 0.42:.1f}L{m:.1f} {h * 1.12:.1f}L{w * 0.94:.1f} {h * 0.42:.1f}"
    above = f"M{w * 0.06:.1f} {h * -0.58:.1f}L{m:.1f} {h * 0.12:.1f}L{w * 0.94:.1f} {h * -0.58:.1f}"
    column = stroked(f"M0 0V{h}M{w:.1f} 0V{h}", low, 1.7, 0.8)
    return Tile(
        w, h, stroked(dark + above, low, w * 0.13, 0.75) + stroked(gap, high, w * 0.2, 0.7) + moved + column
    )


def _herringbone(low: str, high: str, rng: random.Random) -> Tile:
    w, pitch = float(rng.choice((20, 24, 30))), float(rng.choice((5, 6, 7)))
    rise = round(w / 2 / pitch) * pitch
    h = pitch * 2
    dark, pale = [], []
    for i in range(-int(rise / pitch) - 2, 5):
        y = i * pitch
        for lines, shift in ((dark, 0.0), (pale, pitch / 2)):
            lines.append(f"M0 {y + shift:.1f}L{w / 2:.1f} {y + rise + shift:.1f}L{w:.1f} {y + shift:.1f}")
    markup = stroked("".join(dark), low, pitch * 0.4, 0.9) + stroked("".join(pale), high, pitch * 0.26, 0.6)
    markup += stroked(f"M{w / 2:.1f} 0V{h:.0f}M0 0V{h:.0f}M{w:.1f} 0V{h:.0f}", low, 1.2, 0.7)
    return Tile(w, h, markup)


def _corduroy(low: str, high: str, rng: random.Random) -> Tile:
    pitch = float(rng.randint(6, 9))
    bands = (
        (0.0, 0.24, low, 0.95),
        (0.24, 0.14, low, 0.45),
        (0.48, 0.26, high, 0.6),
        (0.86, 0.14, low, 0.45),
    )
    markup = "".join(rect(pitch * x, 0, pitch * w, 16, tone, seen) for x, w, tone, seen in bands)
    return Tile(pitch, 16, markup)


def _waffle(low: str, high: str, rng: random.Random) -> Tile:
    size = float(rng.randint(12, 17))
    line = size * 0.2
    markup = rect(line, line, size - line, size - line, low, 0.55)
    markup += rect(line, line, size - line, size * 0.2, low, 0.75) + rect(
        line, line, size * 0.18, size - line, low, 0.75
    )
    markup += rect(0, 0, size, line * 0.8, high, 0.75) + rect(0, 0, line * 0.8, size, high, 0.75)
    return Tile(size, size, markup)
