"""The outlines of trousers and shorts."""

import random

from core.wardrobe.design import Design
from core.wardrobe.shapes import CX, Point, spline
from core.wardrobe.silhouette import Cut

TROUSER_HEMS = {"cropped": 206.0, "ankle": 256.0, "full": 306.0}
SHORT_HEMS = {"mini": 168.0, "knee": 250.0}
_TROUSERS = {
    # half waist, half hip, leg's half width at thigh, knee and full length, how far out the hem stands
    "straight": (45, 54, 27, 24, 23, 36), "skinny": (42, 49, 22, 13, 9, 30),
    "wide": (45, 57, 32, 37, 43, 52), "flared": (43, 51, 23, 16, 36, 44), "loose": (50, 64, 34, 30, 17, 38),
}  # fmt: skip
_SHORTS = {"regular": (58, 72), "fitted": (54, 64), "loose": (64, 84)}


def trousers(design: Design, rng: random.Random) -> Cut:
    """The cut of trousers: the waist lies at the same height for all, the hem says the length."""
    y0, crotch, knee, floor = 32.0, 108.0, 190.0, 306.0
    waist, hip, thigh, at_knee, at_floor, out = _TROUSERS[design.fit]
    hem_y = TROUSER_HEMS[design.length] + rng.uniform(-2, 2)
    shrink = (hem_y - crotch) / (floor - crotch)
    if design.fit in ("flared", "loose"):
        # Flare and taper are part of the cut: they end at the hem, wherever it is.
        knee = crotch + (knee - crotch) * shrink + 6
        floor = hem_y
        out = round(28 + (out - 28) * shrink)

    def middle(y: float) -> float:
        return 27 + (out - 27) * (y - crotch) / (floor - crotch)

    outer: list[Point] = [(CX + waist, y0), (CX + hip, 78), (CX + hip + 1, crotch)]
    outer += [(CX + middle(knee) + at_knee, knee), (CX + middle(floor) + at_floor, floor)]
    inner: list[Point] = [(CX + 3, crotch), (CX + max(4, middle(136) - thigh), 136)]
    inner += [(CX + max(5, middle(knee) - at_knee), knee), (CX + max(6, middle(floor) - at_floor), floor)]
    return _cut(outer, inner, hem_y, y0, waist, 2.0)


def shorts(design: Design, rng: random.Random) -> Cut:
    """The cut of shorts, on a body larger than that of trousers."""
    y0, crotch = 62.0, 142.0
    waist, hip = _SHORTS[design.fit]
    hem_y = SHORT_HEMS[design.length] + rng.uniform(-2, 2)
    gap = 3 + (hem_y - crotch) * 0.1
    outer: list[Point] = [(CX + waist, y0), (CX + hip, 116), (CX + hip + 3, crotch)]
    inner: list[Point] = [(CX + 2, crotch)]
    spread = 0 if design.fit == "fitted" else 8 if design.fit == "regular" else 16
    outer += [(CX + hip + 3 + spread * (hem_y - crotch) / 108, hem_y)]
    inner += [(CX + gap, hem_y)]
    return _cut(outer, inner, hem_y, y0, waist, 6.0)


def _cut(outer: list[Point], inner: list[Point], hem_y: float, y0: float, waist: float, slant: float) -> Cut:
    side = _until(spline(outer, 12), hem_y - slant)
    inseam = _until(spline(inner, 10), hem_y + slant / 2)[::-1]
    edge = [(CX + waist * t / 10, y0 + 3 * (1 - (t / 10) ** 2)) for t in range(-10, 11)]
    cut = Cut(list(edge), side, [], edge, inseam[1:] or inseam, waist_y=y0 + 8, hem_y=hem_y)
    (x0, ya), (x1, yb) = side[-1], inseam[0]
    cut.hem = [
        (x0 + (x1 - x0) * t / 8, ya + (yb - ya) * t / 8 + 3 * (1 - (t / 4 - 1) ** 2)) for t in range(9)
    ]
    return cut


def _until(points: list[Point], y: float) -> list[Point]:
    kept = [p for p in points if p[1] < y - 0.5]
    if len(kept) == len(points):
        return [*kept[:-1], (points[-1][0], y)]
    (x0, y0), (x1, y1) = kept[-1], points[len(kept)]
    t = (y - y0) / ((y1 - y0) or 1.0)
    return [*kept, (x0 + (x1 - x0) * t, y)]
