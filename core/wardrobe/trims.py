"""What runs along an edge: bands of contrast, cuffs, ruffles, lace, stitching; and pleats.

Every line given runs from right to left, so that the outside is on its left: below it.
"""

import math
from itertools import pairwise

from core.wardrobe.design import Design
from core.wardrobe.paint import Paint, luminance
from core.wardrobe.palette import darker, lighter
from core.wardrobe.shapes import CX, Points, along, shape, shifted, spline, stroke
from core.wardrobe.silhouette import Cut


def band(line: Points, width: float, color: str, paint: Paint) -> str:
    """A band of `color` on the inner side of an edge."""
    inner = shifted(line, -width)
    tone = darker(color, 0.4) if luminance(color) > 0.25 else lighter(color, 0.3)
    return shape([*line, *inner[::-1]], color) + stroke(inner, tone, 1, 0.7)


def stitching(line: Points, inset: float, paint: Paint) -> str:
    """A hem's row of stitches."""
    return stroke(shifted(line, -inset), paint.line, 0.9, 0.55, "3 2")


def cuff(line: Points, height: float, paint: Paint) -> str:
    """A turned cuff at a sleeve's or a leg's end, a little wider than it and in a tone of its own."""
    out = shifted(line, 2)
    first, last = out[0], out[-1]
    grown = [(first[0] + 2.5, first[1]), *out[1:-1], (last[0] - 2.5, last[1])]
    inner = shifted(grown, -height)
    color = paint.trim or (
        darker(paint.main, 0.4) if luminance(paint.main) > 0.5 else lighter(paint.main, 0.5)
    )
    edge = darker(color, 0.45) if luminance(color) > 0.25 else lighter(color, 0.35)
    whole = [*grown, *inner[::-1]]
    parts = [shape(whole, color), stroke([*whole, whole[0]], edge, 1.3)]
    parts.append(stroke(shifted(grown, -3), edge, 0.9, 0.8, "3 2"))
    parts.append(stroke(shifted(inner, -2), "#000", 2.6, 0.2))
    return "".join(parts)


def ruffle(line: Points, height: float, paint: Paint, trim: str | None = None) -> str:
    """A gathered flounce that hangs from a line a little above the edge, itself edged with `trim`."""
    seam = shifted(line, -height * 0.55)
    places = along(seam, 2.2)
    count = max(3, round(math.dist(seam[0], seam[-1]) / (height * 0.85)))
    last = len(places) - 1
    bottom, folds = [], []
    for i, ((x, y), (nx, ny)) in enumerate(places):
        t = i / last
        wave = math.sin(2 * math.pi * count * t)
        out = height * (1 + 0.17 * wave)
        spread = (0.5 - t) * 2 * height * 0.45
        point = (x + nx * out + spread, y + ny * out)
        bottom.append(point)
        if i and (i * count * 2) // last != ((i - 1) * count * 2) // last:
            dark = wave < 0.0 or ((i * count * 2) // last) % 2 == 0
            folds.append((dark, (x + nx * 1.5, y + ny * 1.5), (point[0], point[1])))
    whole = [*seam, *bottom[::-1]]
    parts = [shape([(x, y + 2.5) for x, y in whole], "#000", 0.2), shape(whole, paint.fill)]
    parts.append(shape(whole, paint.dark, 0.35))
    for dark, a, b in folds:
        tip = (a[0] + (b[0] - a[0]) * 0.92, a[1] + (b[1] - a[1]) * 0.92)
        wedge = [a, (tip[0] + height * 0.13, tip[1]), (tip[0] - height * 0.13, tip[1])]
        parts.append(shape(wedge, "#000" if dark else "#fff", 0.22 if dark else 0.25))
    if trim:
        parts.append(stroke(bottom, trim, 4))
    parts.append(stroke(bottom, paint.line, 1.3))
    parts.append(stroke(seam, paint.line, 1.4, 0.9))
    return "".join(parts)


def lace(line: Points, height: float, paint: Paint) -> str:
    """A pale scalloped edge of lace, with its holes."""
    pale, thread = "#fffdf6", "#857b6f"
    inner, outer = shifted(line, -height * 0.62), shifted(line, height * 0.42)
    places = along(outer, height * 0.95)
    inset = [((ax + bx) / 2, (ay + by) / 2) for ((ax, ay), _), ((bx, by), _) in pairwise(places)]
    r = height * 0.52
    parts = [
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{pale}" stroke="{thread}"/>' for x, y in inset
    ]
    whole = [*inner, *outer[::-1]]
    parts += [shape([(x, y + 1.5) for x, y in whole], "#000", 0.12), shape(whole, pale)]
    parts.append(stroke(inner, thread, 1.1, 0.9))
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r * 0.42:.1f}" fill="{thread}"/>' for x, y in inset]
    parts.append(
        stroke(
            shifted(line, -height * 0.2), thread, height * 0.2, 0.9, f"{height * 0.2:.1f} {height * 0.3:.1f}"
        )
    )
    parts.append(
        stroke([whole[0], outer[0]], thread, 0.9, 0.7) + stroke([inner[-1], outer[-1]], thread, 0.9, 0.7)
    )
    return "".join(parts)


def pleats(design: Design, cut: Cut, paint: Paint) -> str:
    """Knife pleats from the waist down to the hem: facets of light and shade (to be clipped to the body)."""
    y0 = cut.waist_y + (4 if design.family == "dress" else 10)
    top = cut.half(y0)
    bottom = cut.half(cut.hem_y) + 2
    count = max(7, min(13, round(top / 4.5)))
    parts = []
    for i in range(count):
        a, b = -1 + 2 * i / count, -1 + 2 * (i + 1) / count
        c = a + (b - a) * 0.42
        y1 = cut.hem_y + 30

        def at(t: float, y: float) -> tuple[float, float]:
            return (CX + t * (top if y == y0 else bottom * 1.03), y)

        parts.append(shape([at(a, y0), at(c, y0), at(c, y1), at(a, y1)], "#000", 0.27))
        parts.append(shape([at(c, y0), at(b, y0), at(b, y1), at(c, y1)], "#fff", 0.13))
        parts.append(stroke([at(a, y0), at(a, y1)], paint.line, 1.2, 0.85))
    return "".join(parts)


def at_hem(design: Design, cut: Cut, paint: Paint) -> tuple[str, str]:
    """What runs along the body's hem: what is clipped to the garment, and what hangs over it."""
    size, inside, over = cut.detail, [], []
    details = design.details
    trim = paint.trim if "contrast-trim" in details else None
    turned = "cuffs" in details and bool(cut.inseam)
    for hem in cut.hems:
        if trim:
            above = 9 * size if "lace-trim" in details else 0
            wide = 15 if design.family in ("sweater", "hoodie") else 10 * size
            inside.append(band(shifted(hem, -above), wide, trim, paint))
        if design.family in ("sweater", "hoodie"):
            inside.append(ribbing(hem, 15, paint))
        elif not turned and not trim:
            inside.append(stitching(hem, 6 * size, paint))
        if turned:
            over.append(cuff(hem, 19, paint))
        if "ruffles" in details:
            tiers = design.family in ("dress", "skirt") and "pockets" not in details
            if tiers and cut.hem_y - cut.waist_y > 40:
                y = cut.waist_y + (cut.hem_y - cut.waist_y) * 0.52
                over.append(ruffle(cut.across(y, 6, 1)[::-1], 24 * size, paint, trim))
            over.append(ruffle(shifted(hem, -26) if turned else hem, 22 * size, paint, trim))
        if "lace-trim" in details:
            over.append(lace(hem, 12 * size, paint))
    return "".join(inside), "".join(over)


def ribbing(line: Points, height: float, paint: Paint) -> str:
    """A ribbed band at a hem."""
    inner = shifted(line, -height)
    parts = [shape([*line, *inner[::-1]], "#000", 0.09), stroke(inner, paint.line, 1, 0.6)]
    for (x, y), (nx, ny) in along(inner, 4.5):
        parts.append(stroke([(x, y), (x + nx * height, y + ny * height)], paint.line, 0.8, 0.4))
    return "".join(parts)


def at_neck(design: Design, cut: Cut, paint: Paint) -> str:
    """Ruffles and lace on the chest and along the neckline."""
    parts, size = [], cut.detail
    if not cut.edge or design.family in ("skirt", "trousers", "shorts"):
        return ""
    y = cut.neck_y + max(cut.depth * 0.5 + 20 * cut.k, 46 * cut.k)
    if design.neckline in ("v", "scoop", "lapel", "square", "strapless", "straps", "off-shoulder", "halter"):
        y = cut.neck_y + cut.depth + 10 * cut.k
    half = min(cut.half(y), cut.armpit[0] - CX) * 0.94
    line = spline([(CX + half, y), (CX, y + 7 * cut.k), (CX - half, y)], 10)
    if "ruffles" in design.details:
        parts.append(
            ruffle(line, 19 * size, paint, paint.trim if "contrast-trim" in design.details else None)
        )
    if "lace-trim" in design.details:
        if design.neckline in ("turtleneck", "mock", "hood", "lapel", "collar", "polo"):
            parts.append(
                lace(shifted(line, 14 * size if "ruffles" in design.details else 0), 10 * size, paint)
            )
        else:
            below = 8 * size if "contrast-trim" in design.details else 0
            parts.append(lace(shifted(cut.edge[::-1], below), 9.5 * size, paint))
    return "".join(parts)
