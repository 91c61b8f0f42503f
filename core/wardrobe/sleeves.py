"""Sleeves, held a little away from the body so that their length shows.

A sleeve is drawn as if it hung straight down and is then turned about the shoulder, so that a pattern turns
with it.
"""

import math
import random
from dataclasses import dataclass

from core.wardrobe import trims
from core.wardrobe.design import Design
from core.wardrobe.paint import Paint
from core.wardrobe.shapes import CX, Point, lens, shape, shifted, spline, stroke, trace
from core.wardrobe.silhouette import Cut

ARM = 146.0
SHARES = {"cap": 0.13, "short": 0.36, "elbow": 0.57, "three-quarter": 0.77, "long": 1.0}
_WIDTHS = {
    # across at the upper arm and at the wrist, px on the body of tops
    "fitted": (38, 23), "loose": (58, 41), "regular": (44, 30),
}  # fmt: skip


@dataclass
class Sleeve:
    """One sleeve: its outline and hem (from right to left) as if it hung straight, how it is turned, and its
    outline then."""

    outline: list[Point]
    hem: list[Point]
    turn: str
    placed: list[Point]
    right: bool
    middle: list[Point]


def sleeves(design: Design, cut: Cut, rng: random.Random) -> list[Sleeve]:
    """The left and the right sleeve; none where the design has none."""
    if design.sleeve in (None, "none"):
        return []
    return [_sleeve(design, cut, rng, right) for right in (False, True)]


def _sleeve(design: Design, cut: Cut, rng: random.Random, right: bool) -> Sleeve:
    k = cut.k
    side = 1 if right else -1
    slope = math.radians((22 if design.fit == "loose" else 29) + rng.uniform(-2.5, 2.5))
    (sx, sy), (ax, ay) = cut.shoulder, cut.armpit
    length = ARM * k * SHARES[design.sleeve or "long"]
    if design.neckline == "off-shoulder":
        length = max(length - 14 * k, 22 * k)
    upper, wrist = (w * k for w in _WIDTHS.get(design.fit, _WIDTHS["regular"]))
    if design.family in ("coat", "jacket", "hoodie", "sweater"):
        upper, wrist = upper * 1.08, wrist * 1.12
    share = min(1.0, length / (ARM * k))
    across = upper + (wrist - upper) * max(0.0, (share - 0.3) / 0.7)
    # In the straight frame: v runs down the arm from the shoulder, u outwards.
    u0, v0 = _straight(ax - sx, ay - sy, slope)
    bulge = min(max(upper + u0, 5 * k), 17 * k)
    if design.sleeve == "cap":
        outer = [(-3 * k, -2 * k), (6 * k, 8 * k), (13 * k, length + 5 * k)]
        hem = [(13 * k, length + 5 * k), (2 * k, length + 9 * k), (u0 * 0.55 - 2 * k, length + 9 * k)]
        inner = [(u0 * 0.55 - 10 * k, length + 6 * k)]
    else:
        v_end = max(length, v0 + 6 * k)
        u_end = bulge * (1.05 - 0.5 * max(0.0, share - 0.3))
        outer = [(0, 0), (bulge * 0.72, 15 * k), (bulge, 38 * k), (u_end, v_end)]
        outer = [p for p in outer if p[1] < v_end - 4 * k] + [(u_end, v_end)]
        hem = [(u_end, v_end), (u_end - across / 2, v_end + 2 * k), (u_end - across, v_end - 1 * k)]
        elbow = ((u0 + u_end - across) / 2 - 1 * k, (v0 + v_end) / 2)
        inner = [(u_end - across, v_end - 1 * k), elbow, (u0, v0)] if v_end > v0 + 30 * k else [(u0, v0)]
        inner = spline(inner, 6)
    outer, hem = spline(outer, 6), spline(hem, 4)
    inside = [(u0 - 12 * k, v0 - 4 * k), (-14 * k, 6 * k)]
    if design.sleeve == "cap":
        inside = [(-14 * k, 6 * k)]
    whole = [*outer, *hem[1:], *inner, *inside]
    middle = [((outer[i][0] * 2 - across * 0.9) / 2, outer[i][1]) for i in range(len(outer))]

    def placed(points: list[Point]) -> list[Point]:
        return [(CX + side * (sx - CX + u), sy + v) for u, v in points]

    line = placed(hem)
    turned = [
        (
            CX + side * (sx - CX + u * math.cos(slope) + v * math.sin(slope)),
            sy - u * math.sin(slope) + v * math.cos(slope),
        )
        for u, v in whole
    ]
    turn = f"rotate({-side * math.degrees(slope):.2f} {CX + side * (sx - CX):.1f} {sy:.1f})"
    if not right:
        turned.reverse()
    return Sleeve(placed(whole), line if right else line[::-1], turn, turned, right, placed(middle))


def _straight(dx: float, dy: float, slope: float) -> Point:
    """An offset from the right shoulder, in the straight frame (outwards, down the arm)."""
    return (
        dx * math.cos(slope) - dy * math.sin(slope),
        dx * math.sin(slope) + dy * math.cos(slope),
    )


def draw_sleeve(design: Design, sleeve: Sleeve, cut: Cut, paint: Paint) -> str:
    """A sleeve's markup."""
    rng, k, size = paint.rng, cut.k, cut.detail
    parts = [shape(sleeve.outline, paint.fill)]
    top, end = sleeve.outline[0], sleeve.hem[len(sleeve.hem) // 2]
    inside = [shape(sleeve.outline, "url(#roundR)" if sleeve.right else "url(#roundL)")]
    side = 1 if sleeve.right else -1
    reach = end[1] - top[1]
    if design.family == "sweater":
        inside.insert(0, shape(sleeve.outline, "url(#knit)"))
    if design.sleeve != "cap":
        for t in (0.42, 0.52, 0.9):
            if reach * t < 26 * k:
                continue
            y = top[1] + reach * t + rng.uniform(-4, 4)
            x = sleeve.middle[len(sleeve.middle) // 2][0] + rng.uniform(-3, 3)
            a, b = (x + 15 * k * side, y - 9 * k), (x - 13 * k * side, y + 5 * k)
            inside.append(shape(lens(a, b, 3 * side, 7 * k), "#000", 0.07))
            inside.append(shape(lens((a[0], a[1] - 4), (b[0], b[1] - 4), 3 * side, 4 * k), "#fff", 0.09))
    if "contrast-trim" in design.details and paint.trim and "cuffs" not in design.details:
        inside.append(trims.band(sleeve.hem, 8 * size, paint.trim, paint))
    elif "cuffs" not in design.details and design.family not in ("dress",):
        inside.append(trims.stitching(sleeve.hem, 5 * size, paint))
    parts += inside
    parts.append(stroke(trace(sleeve.outline, True), paint.line, 1.1, 0.75))
    if "cuffs" in design.details:
        parts.append(trims.cuff(sleeve.hem, 17 * size, paint))
    if "ruffles" in design.details:
        line = shifted(sleeve.hem, -18 * size) if "cuffs" in design.details else sleeve.hem
        trim = paint.trim if "contrast-trim" in design.details else None
        parts.append(trims.ruffle(line, 13 * size, paint, trim))
    if "lace-trim" in design.details:
        parts.append(trims.lace(sleeve.hem, 9 * size, paint))
    return f'<g transform="{sleeve.turn}">{"".join(parts)}</g>'
