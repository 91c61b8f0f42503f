"""The outlines of garments on an invisible body of fixed size: where shoulders, waist and hem lie.

Families that share their lengths share the body, so that a hem's height says the length.
"""

import math
import random
from dataclasses import dataclass, field
from itertools import pairwise

from core.wardrobe.design import BARE_NECKS, Design
from core.wardrobe.shapes import CX, Point, Points, mirrored, spline

TOP_HEMS = {"cropped": 157.0, "waist": 202.0, "hip": 252.0}
GOWN_HEMS = {"hip": 163.0, "mini": 197.0, "knee": 233.0, "midi": 268.0, "maxi": 303.0}
SKIRT_HEMS = {"mini": 120.0, "knee": 179.0, "midi": 240.0, "maxi": 300.0}
_CHEST = {
    # shoulder, chest, waist, hip, hem: half widths in px on the body of tops
    "regular": (57, 60, 58, 61, 61), "fitted": (51, 51, 39, 51, 53), "loose": (72, 80, 83, 85, 82),
    "straight": (53, 55, 56, 58, 59), "a-line": (51, 52, 45, 0, 0), "flared": (50, 50, 39, 0, 0),
}  # fmt: skip


@dataclass
class Cut:
    """A garment's geometry: all that is drawn on it asks here for its place.

    `top` runs from the left armpit over shoulders and neckline to the right one (or along the waist of what
    is worn below it), `side` down the right, `hem` from right to left; `edge` is the neckline from left to
    right. With legs, `hem` is the right one and `inseam` goes from it up to the crotch. `k` is the
    body's scale (1 for tops) and `detail` the size of what is put on it.
    """

    top: list[Point]
    side: list[Point]
    hem: list[Point]
    edge: list[Point] = field(default_factory=list)
    inseam: list[Point] = field(default_factory=list)
    k: float = 1.0
    detail: float = 1.0
    neck_y: float = 0.0
    neck_half: float = 0.0
    depth: float = 0.0
    shoulder: Point = (0.0, 0.0)
    armpit: Point = (0.0, 0.0)
    waist_y: float = 0.0
    hem_y: float = 0.0

    @property
    def outline(self) -> list[Point]:
        """The closed outline of the body of the garment."""
        if self.inseam:
            right = [*self.side, *self.hem, *self.inseam]
            return [*self.top, *right, *mirrored(right)]
        return [*self.top, *self.side, *self.hem, *mirrored(self.side)]

    @property
    def hems(self) -> list[list[Point]]:
        """Every hem, each from right to left."""
        return [self.hem, mirrored(self.hem)] if self.inseam else [self.hem]

    def half(self, y: float) -> float:
        """Half the width at height y, as far as the sides go."""
        points = self.side
        if y <= points[0][1]:
            return points[0][0] - CX
        for (x0, y0), (x1, y1) in pairwise(points):
            if y0 <= y <= y1 and y1 > y0:
                return x0 + (x1 - x0) * (y - y0) / (y1 - y0) - CX
        return points[-1][0] - CX

    def across(self, y: float, sag: float = 3.0, beyond: float = 0.0) -> list[Point]:
        """A line across the garment at height y, from left to right, sagging in the middle."""
        half = self.half(y) + beyond
        return [(CX + half * t / 10, y + sag * (1 - (t / 10) ** 2)) for t in range(-10, 11)]


def upper(design: Design, rng: random.Random) -> Cut:
    """The cut of a dress, coat or anything else that begins at the shoulders."""
    gown = design.family in ("dress", "coat")
    k, detail, ny = (0.74, 0.86, 41.0) if gown else (1.0, 1.0, 62.0)
    hem_y = (GOWN_HEMS if gown else TOP_HEMS)[design.length] + rng.uniform(-2, 2) - _hanging(design)
    shoulder, chest, waist, hip, hem = (w * k * (1.07 if gown else 1.0) for w in _CHEST[design.fit])
    if design.family in ("coat", "jacket"):
        shoulder, chest, waist, hip, hem = (
            shoulder * 1.08, chest * 1.1, waist * 1.1, hip * 1.1, hem * 1.12,
        )  # fmt: skip
    shoulder_y = ny + (12 if design.fit != "loose" else 17) * k
    armpit_y = ny + (58 if design.fit != "loose" else 68) * k
    waist_y = ny + 114 * k
    hip_y = ny + 160 * k
    cut = Cut([], [], [], k=k, detail=detail, neck_y=ny, waist_y=waist_y, hem_y=hem_y)
    cut.armpit = (CX + chest, armpit_y)
    cut.shoulder = (CX + shoulder, shoulder_y)
    tail = 8 if design.family == "shirt" else 0
    cut.hem_y -= tail
    cut.side = _side(design, cut, waist, hip, hem, hip_y)
    cut.hem_y += tail
    cut.hem = _hem(design, cut, rng)
    if design.sleeve == "none" and design.neckline not in (*BARE_NECKS, "off-shoulder"):
        cut.shoulder = (CX + min(shoulder, 62 * k) * 0.86, ny + 9 * k)
    return cut


def _hanging(design: Design) -> float:
    """How far the hem is drawn up, px: what hangs from it reaches down to where the hem should be."""
    return 8.0 if {"ruffles", "lace-trim"} & set(design.details) else 0.0


def _side(design: Design, cut: Cut, waist: float, hip: float, hem: float, hip_y: float) -> list[Point]:
    armpit, hem_y = cut.armpit, cut.hem_y
    at: list[Point] = [armpit]
    if design.fit in ("a-line", "flared"):
        fall = hem_y - cut.waist_y
        wide = waist + (12 + fall * 0.27 if design.fit == "a-line" else 48 + fall * 0.22)
        at += [(CX + waist, cut.waist_y)]
        if design.fit == "flared":
            at += [(CX + waist + (wide - waist) * t**0.75, cut.waist_y + fall * t) for t in (0.3, 0.65)]
        else:
            at += [(CX + waist + (wide - waist) * t, cut.waist_y + fall * t) for t in (0.35, 0.7)]
        return spline([*at, (CX + wide, hem_y)])
    if design.family == "dress" and design.fit == "fitted":
        hem = hip * (0.93 if hem_y < 250 else 0.86)
    if design.family == "coat" and design.fit == "fitted":
        hem = hip + (hem_y - hip_y) * 0.2
    if design.family == "coat" and design.fit == "regular":
        hem = hip + (hem_y - hip_y) * 0.06
    full = [(CX + waist, cut.waist_y), (CX + hip, hip_y), (CX + hem, max(hem_y, hip_y + 30))]
    whole = spline([*at, *full], 12)
    kept = [p for p in whole if p[1] <= hem_y - 1]
    after = next((p for p in whole if p[1] > hem_y - 1), whole[-1])
    return [*kept, (after[0], hem_y)]


def _hem(design: Design, cut: Cut, rng: random.Random) -> list[Point]:
    half, y = cut.side[-1][0] - CX, cut.hem_y
    sag = 4 + half * 0.05
    waves, swing = 0, 0.0
    if design.fit == "flared":
        waves, swing = 5, 5.0
    phase = rng.uniform(-0.4, 0.4)
    points = []
    for i in range(41):
        t = 1 - i / 20
        dy = sag * (1 - t * t) + swing * math.sin(waves * math.pi * (t + phase)) * (1 - t**8)
        if design.family == "shirt" and design.fit != "flared":
            dy += 13 * (0.5 - 0.5 * math.cos(math.pi * (1 - abs(t)))) - 8
        points.append((CX + half * t, y + dy))
    return points


def skirt(design: Design, rng: random.Random) -> Cut:
    """The cut of a skirt; its waistband lies at the same height for all."""
    y0, hem_y = 40.0, SKIRT_HEMS[design.length] + rng.uniform(-2, 2) - _hanging(design)
    fall, waist = hem_y - y0, 39.0 if design.fit == "fitted" else 45.0
    at: list[Point] = [(CX + waist, y0)]
    if design.fit == "a-line":
        at += [(CX + waist + (20 + fall * 0.17) * t, y0 + fall * t) for t in (0.35, 0.7, 1)]
    elif design.fit == "flared":
        at += [(CX + waist + (44 + fall * 0.2) * t**0.75, y0 + fall * t) for t in (0.2, 0.45, 0.7, 1)]
    else:
        hips, hem = (50.0, 46.0) if design.fit == "fitted" else (62.0, 63.0)
        if design.fit == "fitted" and design.length != "mini":
            hem = 43.0 if design.length == "knee" else 40.0
        at += [(CX + hips - 5, y0 + 24)]
        # Knots at even steps: a spline overshoots where a short piece meets a long one.
        steps = max(1, round((fall - 50) / 28))
        at += [
            (CX + hips + (hem - hips) * i / steps, y0 + 50 + (fall - 50) * i / steps)
            for i in range(steps + 1)
        ]
    cut = Cut([(CX - waist, y0), (CX, y0 + 3), (CX + waist, y0)], spline(at), [], waist_y=y0 + 8)
    cut.hem_y, cut.depth = hem_y, 3.0
    cut.hem = _hem(design, cut, rng)
    cut.edge = [(CX + waist * t / 10, y0 + 3 * (1 - (t / 10) ** 2)) for t in range(-10, 11)]
    cut.top = list(cut.edge)
    return cut


def box_of(points: Points) -> tuple[float, float, float, float]:
    """The bounding box of points: x0, y0, x1, y1."""
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)
