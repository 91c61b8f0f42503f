"""Patterns in one colour that lie in the weave: denim, and the relief of knits and heavy cloth."""

import random

from core.wardrobe.palette import darker, lab, lighter
from core.wardrobe.tiles import Inks, Tile, filled, rect, stroked


def denim(inks: Inks, rng: random.Random) -> Tile:
    """Twill: diagonal lines of the pale weft in the dyed warp, with uneven yarns down the cloth."""
    pitch, width, height = 4.5, 18.0, 54.0
    lightness = lab(inks.main)[0]
    pale = lighter(inks.main, 0.36 if lightness < 75 else 0.75)
    deep = darker(inks.main, 0.36 if lightness < 75 else 0.27)
    weft, warp = [], []
    for i in range(round((width + height) / pitch) + 1):
        x = i * pitch - height
        # A line from the lower left to the upper right, as a sliver: cheaper than a stroke.
        weft.append(f"M{x:.1f} {height:.0f}h2.2l{height:.0f} {-height:.0f}h-2.2Z")
        warp.append(f"M{x + pitch / 2:.1f} {height:.0f}h2.4l{height:.0f} {-height:.0f}h-2.4Z")
    yarns: dict[str, list[str]] = {pale: [], deep: []}
    for i in range(6):
        x, y, half = rng.uniform(1, width - 1), rng.uniform(0, height), rng.uniform(5, 14)
        for top in (y, y - height):
            yarns[pale if i % 2 else deep].append(
                f"M{x:.1f} {top:.1f}l.6 {half:.1f}l-.6 {half:.1f}h1.2v{-2 * half:.1f}Z"
            )
    markup = filled("".join(warp), deep, 0.5) + filled("".join(weft), pale, 0.55)
    markup += "".join(filled("".join(d), tone, 0.45) for tone, d in yarns.items())
    return Tile(width, height, markup)


def texture(inks: Inks, rng: random.Random) -> Tile:
    """Ribs, cables, stockinette, herringbone, corduroy or waffle: light and shade of one colour."""
    kind = rng.choice((_ribs, _cable, _stockinette, _herringbone, _corduroy, _basket))
    lightness = lab(inks.main)[0]
    if lightness < 22:
        low, high = "#000000", lighter(inks.main, 0.3)
    elif lightness < 50:
        low, high = darker(inks.main, 0.42), lighter(inks.main, 0.26)
    else:
        low, high = darker(inks.main, 0.27), lighter(inks.main, 0.45)
    return kind(low, high, rng)


def _ribs(low: str, high: str, rng: random.Random) -> Tile:
    pitch, rise = float(rng.randint(7, 9)), 5
    bands = ((0.0, 0.2, low, 0.8), (0.2, 0.14, low, 0.4), (0.5, 0.2, high, 0.5), (0.86, 0.14, low, 0.4))
    markup = "".join(rect(pitch * x, -2, pitch * w, 34, tone, seen) for x, w, tone, seen in bands)
    ticks = "".join(
        f"M{pitch * 0.3:.1f} {y}L{pitch * 0.6:.1f} {y + 2.4:.1f}L{pitch * 0.9:.1f} {y}"
        for y in range(0, 30, rise)
    )
    return Tile(pitch, 30, markup + stroked(ticks, low, 1.0, 0.7))


def _cable(low: str, high: str, rng: random.Random) -> Tile:
    w, h = float(rng.randint(30, 40)), float(rng.randint(28, 38))
    side = w * 0.24
    left, right, middle = side, w - side, w / 2
    parts = [rect(0, 0, side * 0.8, h, low, 0.4), rect(w - side * 0.8, 0, side * 0.8, h, low, 0.4)]
    purls = "".join(
        f"M{x:.1f} {h * y:.1f}h{side * 0.5:.1f}"
        for y in (0.125, 0.375, 0.625, 0.875)
        for x in (side * 0.12, w - side * 0.65)
    )
    parts.append(stroked(purls, high, 1.6, 0.6))
    top, low_end, bend, back = -h * 0.1, h * 1.1, h * 0.4, h * 0.6
    under = f"M{left:.1f} {top:.1f}C{left:.1f} {bend:.1f} {right:.1f} {back:.1f} {right:.1f} {low_end:.1f}"
    over = f"M{right:.1f} {top:.1f}C{right:.1f} {bend:.1f} {left:.1f} {back:.1f} {left:.1f} {low_end:.1f}"
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
    dark: list[str] = []
    pale: list[str] = []
    for i in range(-int(rise / pitch) - 2, 5):
        y = i * pitch
        for lines, shift in ((dark, 0.0), (pale, pitch / 2)):
            lines.append(f"M0 {y + shift:.1f}L{w / 2:.1f} {y + rise + shift:.1f}L{w:.1f} {y + shift:.1f}")
    markup = stroked("".join(dark), low, pitch * 0.4, 0.9) + stroked("".join(pale), high, pitch * 0.26, 0.6)
    markup += stroked(f"M{w / 2:.1f} 0V{h:.0f}M0 0V{h:.0f}M{w:.1f} 0V{h:.0f}", low, 1.2, 0.7)
    return Tile(w, h, markup)


def _corduroy(low: str, high: str, rng: random.Random) -> Tile:
    pitch = float(rng.randint(4, 6))
    bands = ((0.0, 0.26, low, 0.85), (0.26, 0.16, low, 0.35), (0.5, 0.24, high, 0.5), (0.84, 0.16, low, 0.35))
    markup = "".join(rect(pitch * x, -2, pitch * w, 20, tone, seen) for x, w, tone, seen in bands)
    return Tile(pitch, 16, markup)


def _basket(low: str, high: str, rng: random.Random) -> Tile:
    size = float(rng.choice((20, 24, 28)))
    half, strand = size / 2, size / 6
    dark: list[str] = []
    pale: list[str] = []
    for x, y in ((0.0, 0.0), (half, half)):
        for i in range(3):
            at = (i + 0.5) * strand
            dark.append(f"M{x + 0.6:.1f} {y + at + strand * 0.45:.1f}h{half - 1.2:.1f}")
            pale.append(f"M{x + 1.2:.1f} {y + at - strand * 0.12:.1f}h{half - 2.4:.1f}")
            u, v = x + half if x == 0 else 0.0, y
            dark.append(f"M{u + at + strand * 0.45:.1f} {v + 0.6:.1f}v{half - 1.2:.1f}")
            pale.append(f"M{u + at - strand * 0.12:.1f} {v + 1.2:.1f}v{half - 2.4:.1f}")
    return Tile(
        size,
        size,
        stroked("".join(dark), low, strand * 0.3) + stroked("".join(pale), high, strand * 0.32, 0.65),
    )
