"""Folds, the roundness of the body, the fall of light, the shadow on the ground; a sweater's knit."""

import random

from core.wardrobe.design import Design
from core.wardrobe.shapes import CX, Point, lens, shape, shifted, stroke, trace
from core.wardrobe.silhouette import Cut


def gradients(cut: Cut, knit: bool, ground: tuple[str, str], left: bool) -> str:
    """Definitions: `round` (body), `roundL` and `roundR` (sleeves), `fall` (top to bottom), `ground`, `knit`.

    The light comes from the left, or from the right.
    """
    x1 = max(x for x, _ in cut.outline)
    x0 = 2 * CX - x1

    def across(name: str, a: float, b: float, stops: list[tuple[float, str, float]]) -> str:
        if not left:
            a, b = b, a
        marks = "".join(f'<stop offset="{o}" stop-color="{c}" stop-opacity="{p}"/>' for o, c, p in stops)
        return (
            f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" x1="{a:.0f}" y1="0" x2="{b:.0f}" '
            f'y2="0">{marks}</linearGradient>'
        )

    body = [
        (0, "#000", 0.26),
        (0.14, "#000", 0.08),
        (0.3, "#fff", 0.11),
        (0.46, "#fff", 0.03),
        (0.72, "#000", 0.03),
        (0.88, "#000", 0.13),
        (1, "#000", 0.33),
    ]
    sx = cut.armpit[0] if cut.armpit[0] else CX
    limb = [(0, "#000", 0.24), (0.35, "#fff", 0.12), (0.6, "#fff", 0.0), (1, "#000", 0.26)]
    wide = 44 * cut.k
    out = across("round", x0, x1, body)
    out += across("roundL", 2 * CX - sx - wide / 2, 2 * CX - sx + wide / 2, limb)
    out += across("roundR", sx - wide / 2, sx + wide / 2, limb)
    out += (
        f'<linearGradient id="fall" gradientUnits="userSpaceOnUse" x1="{90 if left else 230}" y1="40" '
        f'x2="{200 if left else 120}" y2="300">'
        f'<stop offset="0" stop-color="#fff" stop-opacity="0.12"/><stop offset="0.5" stop-color="#fff" '
        f'stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity="0.16"/></linearGradient>'
        f'<linearGradient id="ground" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="{ground[0]}"/>'
        f'<stop offset="1" stop-color="{ground[1]}"/></linearGradient>'
    )
    if knit:
        out += (
            '<pattern id="knit" patternUnits="userSpaceOnUse" width="7" height="7">'
            + stroke("M0 0.7L3.5 4.9L7 0.7", "#000", 1.7, 0.15)
            + stroke("M0 4.2L3.5 8.4L7 4.2M0 -2.8L3.5 1.4L7 -2.8", "#fff", 1.4, 0.12)
            + "</pattern>"
        )
    return out


def soft(start: Point, end: Point, bend: float, width: float, strength: float) -> str:
    """One soft fold: a dark side of nested leaves and a light one beside it."""
    parts = []
    for share, part in ((1.7, 0.3), (1.0, 0.4), (0.45, 0.4)):
        parts.append(shape(lens(start, end, bend, width * share), "#000", strength * part))
    dx = width * 0.85
    for share, part in ((1.2, 0.3), (0.55, 0.33)):
        a, b = (start[0] + dx, start[1]), (end[0] + dx, end[1])
        parts.append(shape(lens(a, b, bend, width * share), "#fff", strength * part))
    return "".join(parts)


def folds(design: Design, cut: Cut, rng: random.Random) -> str:
    """The folds of the body of the garment (to be clipped to it)."""
    parts = []
    k = cut.k
    if cut.inseam:
        return _leg_folds(cut, rng)
    if cut.shoulder[0] and design.neckline not in ("strapless", "straps", "halter"):
        for side in (-1, 1):
            a = (CX + side * (cut.armpit[0] - CX) * 0.97, cut.armpit[1] + rng.uniform(-3, 3))
            b = (CX + side * (24 + rng.uniform(-4, 4)) * k, cut.armpit[1] + (26 + rng.uniform(-5, 5)) * k)
            parts.append(soft(a, b, 4 * side * k, 9 * k, 0.13))
    if design.fit in ("fitted", "a-line", "flared") and cut.armpit[0]:
        for side in (-1, 1):
            for dy in (-12, 4):
                x = cut.half(cut.waist_y + dy * k)
                a = (CX + side * x, cut.waist_y + dy * k)
                b = (CX + side * x * 0.45, cut.waist_y + (dy + 9 + rng.uniform(-3, 3)) * k)
                parts.append(soft(a, b, -2 * side, 5 * k, 0.17))
    top = cut.waist_y + 8 if design.family in ("dress", "skirt") else cut.armpit[1] + 34 * k
    count, force = 4, 0.16
    if design.fit in ("flared", "a-line"):
        count, force = (8, 0.26) if design.fit == "flared" else (5, 0.19)
    if design.fit == "loose":
        count, force = 6, 0.21
    for i in range(count):
        t = -0.82 + 1.64 * (i + 0.5) / count + rng.uniform(-0.07, 0.07)
        start = top + (cut.hem_y - top) * rng.uniform(0.02, 0.42 if design.fit != "flared" else 0.12)
        a = (CX + t * cut.half(start) * 0.9, start)
        b = (CX + t * cut.half(cut.hem_y) * 1.02, cut.hem_y + 14)
        parts.append(
            soft(a, b, rng.uniform(-3, 3), (7 if design.fit != "flared" else 11) * (0.6 + 0.4 * k), force)
        )
    return "".join(parts)


def _leg_folds(cut: Cut, rng: random.Random) -> str:
    parts = []
    crotch = cut.inseam[-1][1]
    for side in (-1, 1):
        for reach, dy in ((30, 10), (38, 22)):
            a = (CX + side * 3, crotch - 2)
            b = (CX + side * reach, crotch - dy + rng.uniform(-4, 4))
            parts.append(soft(a, b, -3 * side, 6, 0.15))
        hem = cut.hem[len(cut.hem) // 2]
        x = hem[0] - CX
        knee = crotch + (cut.hem_y - crotch) * 0.45
        if cut.hem_y - crotch > 70:
            for dy in (-6, 5, 16):
                half = cut.half(knee + dy)
                inner = max(4.0, 2 * x - cut.half(cut.hem_y))
                a = (CX + side * (half - 1), knee + dy)
                b = (CX + side * (half * 0.55 + inner * 0.45), knee + dy + rng.uniform(2, 8))
                parts.append(soft(a, b, 2 * side, 6, 0.12))
        crease = [(CX + side * cut.half(crotch) * 0.55, cut.waist_y + 22), (CX + side * x, cut.hem_y)]
        parts.append(stroke(crease, "#000", 5, 0.05) + stroke(crease, "#000", 1.6, 0.08))
        parts.append(
            soft((CX + side * x * 1.15, crotch + 20), (CX + side * x * 1.1, cut.hem_y + 8), 3, 7, 0.13)
        )
    return "".join(parts)


def shadow(outlines: list[list[Point]], dx: float, dy: float) -> str:
    """A soft shadow on the ground under outlines (clockwise), of ever larger ones: a blur costs more."""
    parts = []
    for grown, strength in ((9, 0.03), (6.6, 0.035), (4.6, 0.04), (2.8, 0.045), (1.2, 0.05), (-0.5, 0.05)):
        pieces = (shifted(points[::2], grown) for points in outlines)
        d = "".join(trace([(x + dx, y + dy) for x, y in piece], True) for piece in pieces)
        parts.append(shape(d, "#30261c", strength))
    return "".join(parts)
