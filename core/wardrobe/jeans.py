"""What makes denim look like denim beside its weave: faded areas, creases and tan topstitched seams."""

import random

from core.wardrobe.palette import apart, darker, lab, lighter
from core.wardrobe.tiles import Inks, stroked

Box = tuple[float, float, float, float]
_LEGS = ("trousers", "shorts")


def stitch_tone(main: str) -> str:
    """The hex of denim's topstitch on a cloth of hex `main`: orange-tan, or cream or brown where tan would
    not show."""
    return max(("#dd8f38", "#f3dfb4", "#7a4a22"), key=lambda tone: min(apart(main, tone), 42.0))


def wash(inks: Inks, rng: random.Random, box: Box, family: str) -> tuple[str, str]:
    """Faded areas of worn denim as (defs, markup over the body): down the front, or down both legs."""
    x0, y0, x1, y1 = box
    width, height, middle = x1 - x0, y1 - y0, (x0 + x1) / 2
    pale = lighter(inks.main, 0.7) if lab(inks.main)[0] < 80 else darker(inks.main, 0.14)
    strength = rng.uniform(0.26, 0.42)
    stops = "".join(
        f'<stop offset="{at}" stop-color="{pale}" stop-opacity="{strength * share:.2f}"/>'
        for at, share in ((0, 1), (0.5, 0.62), (1, 0))
    )
    legs = family in _LEGS
    places = ((-0.25, 0.16), (0.25, 0.16)) if legs else ((0.0, 0.46),)
    y = y0 + height * rng.uniform(0.44, 0.56)
    over = "".join(
        f'<ellipse cx="{middle + dx * width:.1f}" cy="{y:.1f}" rx="{rx * width:.1f}" '
        f'ry="{height * 0.42:.1f}" fill="url(#cloth-wash)"/>'
        for dx, rx in places
    )
    if legs:
        creases = "".join(
            f"M{middle + side * 12:.1f} {y0 + 66 + i * 9:.1f}q{side * 14} {-2 + i} {side * 30} {-9 + i * 2}"
            for side in (-1, 1)
            for i in range(3)
        )
        over += stroked(creases, pale, 2.6, 0.4)
    return f'<radialGradient id="cloth-wash">{stops}</radialGradient>', over


def topstitch(tone: str, box: Box, family: str) -> str:
    """Seams sewn twice in hex `tone`: a fly on legs, a front seam on skirts, yoke and darts on the rest."""
    x0, y0, x1, y1 = box
    height, middle = y1 - y0, (x0 + x1) / 2
    if family in _LEGS:
        fly = "".join(f"M{middle + dx:.1f} {y0 + 10:.1f}v34q0 16 {1 - dx} 20" for dx in (10, 13))
        return _sewn(f"M{middle:.1f} {y0 + 8:.1f}v68", fly, tone)
    if family == "skirt":
        yoke, half, down = y0 + min(34.0, height * 0.28) - 8, (x1 - x0) / 2 + 4, f"V{y1 + 8:.1f}"

        def curve(dy: float) -> str:
            return f"M{x0 - 4:.1f} {yoke + dy:.1f}q{half:.1f} 18 {2 * half:.1f} 0"

        rows = "".join(f"M{middle + dx:.1f} {y0:.1f}{down}" for dx in (-2.4, 2.4))
        return _sewn(f"M{middle:.1f} {y0:.1f}{down}{curve(0)}", rows + curve(2.4) + curve(5), tone)
    small = 0.67 if family in ("dress", "coat") else 1.0
    yoke, half = y0 + 50 * small, 30 * small
    seam = f"M{x0 - 4:.1f} {yoke:.1f}H{x1 + 4:.1f}"
    rows = "".join(f"M{x0 - 4:.1f} {yoke + dy:.1f}H{x1 + 4:.1f}" for dy in (2.4, 5.0))
    for side in (-1, 1):
        top, low = middle + side * half, middle + side * half * 0.62
        end = y0 + min(height * 0.96, 190 * small)
        seam += f"M{top:.1f} {yoke:.1f}L{low:.1f} {end:.1f}"
        rows += "".join(f"M{top + dx:.1f} {yoke + 5:.1f}L{low + dx:.1f} {end:.1f}" for dx in (-2.2, 2.2))
    return _sewn(seam, rows, tone)


def _sewn(seam: str, rows: str, tone: str) -> str:
    """A seam's shadow, and the rows of stitches beside it."""
    stitches = f'<path d="{rows}" fill="none" stroke="{tone}" stroke-width="1.4" stroke-dasharray="4 1.8"/>'
    return stroked(seam, "#000000", 1.3, 0.35) + stitches
