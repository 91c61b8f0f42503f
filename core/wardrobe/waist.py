"""Belt, tie and bow; each has a place of its own, so that all of them can be seen together."""

from core.wardrobe.design import Design
from core.wardrobe.paint import Paint, luminance
from core.wardrobe.palette import darker, lighter
from core.wardrobe.shapes import CX, Point, lens, shape, spline, stroke
from core.wardrobe.silhouette import Cut


def _waist(design: Design, cut: Cut) -> float:
    if design.family in ("skirt", "trousers", "shorts"):
        return cut.waist_y - 1
    return min(cut.waist_y, cut.hem_y - 16 * cut.detail)


def belt(design: Design, cut: Cut, paint: Paint) -> str:
    """A leather belt with its buckle, around the waist."""
    y, w = _waist(design, cut), 13 * (cut.detail + 0.1)
    upper = cut.across(y - w / 2, 3, 1.5)
    lower = cut.across(y + w / 2, 3, 1.5)
    whole = [*upper, *lower[::-1]]
    parts = [shape([(a, b + 2.5) for a, b in whole], "#000", 0.22), shape(whole, paint.leather)]
    parts += [stroke(upper, "#000", 1.1, 0.5), stroke(lower, "#000", 1.1, 0.6)]
    parts.append(stroke([(a, b + 3) for a, b in upper], "#fff", 1.6, 0.22))
    h = w * 0.82
    x, yy = CX, y + 3
    parts.append(
        f'<rect x="{x - h:.1f}" y="{yy - h:.1f}" width="{2 * h:.1f}" height="{2 * h * 0.96:.1f}" rx="2.5" '
        f'fill="{paint.leather}" stroke="#6d5512" stroke-width="5.4"/>'
        f'<rect x="{x - h:.1f}" y="{yy - h:.1f}" width="{2 * h:.1f}" height="{2 * h * 0.96:.1f}" rx="2.5" '
        f'fill="none" stroke="#e9c65a" stroke-width="3.6"/>'
    )
    parts.append(stroke([(x - h, yy), (x + h * 0.8, yy)], "#f2d67a", 2.4))
    return "".join(parts)


def tie(design: Design, cut: Cut, paint: Paint) -> str:
    """A sash knotted on the wearer's right, its two ends hanging long."""
    s = cut.detail + 0.08
    y = _waist(design, cut)
    bottoms = design.family in ("skirt", "trousers", "shorts")
    x = CX - (17 if bottoms else 20) * s
    band_y = y
    if "belt" in design.details:
        band_y = y + 17 * s
        x = CX - 27 * s
    color, edge = _sash(paint)
    w = 9 * s
    parts = []
    if design.family not in ("trousers", "shorts") or "belt" not in design.details:
        upper, lower = cut.across(band_y - w / 2, 3, 1), cut.across(band_y + w / 2, 3, 1)
        parts += [shape([*upper, *lower[::-1]], color), stroke(upper, edge, 1), stroke(lower, edge, 1)]
    top = band_y + 3
    for dx, reach, lean in ((-13 * s, 66 * s, 4), (8 * s, 58 * s, -3)):
        tip: Point = (x + dx, top + reach)
        left = spline(
            [
                (x - 2.5 * s, top),
                (x + dx * 0.5 - 4.5 * s + lean, top + reach * 0.5),
                (tip[0] - 5.5 * s, tip[1]),
            ],
            5,
        )
        right = spline(
            [
                (tip[0] + 5.5 * s, tip[1] - 6 * s),
                (x + dx * 0.5 + 4.5 * s + lean, top + reach * 0.5),
                (x + 2.5 * s, top),
            ],
            5,
        )
        whole = [*left, *right]
        parts += [shape([(a + 2, b + 2) for a, b in whole], "#000", 0.22), shape(whole, color)]
        parts += [stroke([*whole, whole[0]], edge, 1.3)]
        parts.append(shape(lens((x, top + 6), (tip[0], tip[1] - 8), 2, 3 * s), "#000", 0.15))
    knot = [
        (x - 6.5 * s, top - 6 * s),
        (x + 6.5 * s, top - 5 * s),
        (x + 5.5 * s, top + 6.5 * s),
        (x - 5.5 * s, top + 6 * s),
    ]
    parts += [
        shape(knot, color),
        stroke([*knot, knot[0]], edge, 1.5),
        stroke([(x - 3 * s, top + 3), (x + 2 * s, top - 4)], edge, 1),
    ]
    return "".join(parts)


def bow(design: Design, cut: Cut, paint: Paint) -> str:
    """A large bow of two loops at the neckline, or at the side of the waist of a skirt."""
    s = cut.detail + 0.06
    if design.length == "cropped":
        s *= 0.8
    if design.family == "skirt":
        s = 0.84
        x, y = CX + 38, cut.waist_y + 4
    else:
        x, y = CX, cut.neck_y + cut.depth + 5 * s
        if design.neckline in ("collar", "polo", "turtleneck", "mock"):
            y += 5 * s
    color, edge = _sash(paint)
    parts = []
    for side in (-1, 1):
        tail = [
            (x, y),
            (x + side * 16 * s, y + 30 * s),
            (x + side * 8 * s, y + 31 * s),
            (x + side * 4 * s, y + 35 * s),
        ]
        parts += [
            shape([(a, b + 2) for a, b in tail], "#000", 0.2),
            shape(tail, color),
            stroke([*tail, tail[0]], edge, 1.3),
        ]
    for side in (-1, 1):
        loop = spline(
            [
                (x, y - 2 * s),
                (x + side * 18 * s, y - 15 * s),
                (x + side * 31 * s, y - 12 * s),
                (x + side * 32 * s, y + 5 * s),
                (x + side * 22 * s, y + 12 * s),
                (x, y + 3 * s),
            ],
            6,
        )
        parts += [
            shape([(a, b + 2.5) for a, b in loop], "#000", 0.22),
            shape(loop, color),
            stroke([*loop, loop[0]], edge, 1.5),
        ]
        parts.append(
            shape(lens((x + side * 3 * s, y), (x + side * 23 * s, y - 3 * s), 2 * side, 6 * s), "#000", 0.28)
        )
        parts.append(
            shape(
                lens((x + side * 15 * s, y - 11 * s), (x + side * 29 * s, y - 8 * s), -2, 3 * s), "#fff", 0.25
            )
        )
    knot = [(x - 6 * s, y - 7 * s), (x + 6 * s, y - 7 * s), (x + 6 * s, y + 7 * s), (x - 6 * s, y + 7 * s)]
    parts += [shape(knot, color), stroke([*knot, knot[0]], edge, 1.5)]
    return "".join(parts)


def _sash(paint: Paint) -> tuple[str, str]:
    """A tone that stands out from the cloth, and its outline's."""
    if paint.trim:
        color = paint.trim
    else:
        light = luminance(paint.main)
        color = darker(paint.main, 0.5) if light > 0.5 else lighter(paint.main, 0.55)
    return color, darker(color, 0.45) if luminance(color) > 0.25 else lighter(color, 0.35)


def waistband(design: Design, cut: Cut, paint: Paint) -> str:
    """The band at the top of a skirt, trousers or shorts; and the waist seam of a dress."""
    if design.family == "dress":
        if design.fit in ("loose", "straight"):
            return ""
        line = cut.across(cut.waist_y, 3)
        return stroke(line, paint.line, 1.2, 0.8) + stroke([(a, b + 2) for a, b in line], "#000", 3, 0.1)
    if design.family not in ("skirt", "trousers", "shorts"):
        return ""
    y0, y1 = cut.waist_y - 9, cut.waist_y + 7
    upper, lower = cut.across(y0, 3), cut.across(y1, 3)
    whole = [*upper, *lower[::-1]]
    color = paint.trim if paint.trim and "contrast-trim" in design.details else None
    back = [*upper, (upper[-1][0] - 1, upper[-1][1] - 3), (CX, y0 - 2), (upper[0][0] + 1, upper[0][1] - 3)]
    parts = [shape(back, paint.deep), shape(whole, color or paint.fill), shape(whole, "#000", 0.1)]
    parts += [stroke(upper, paint.line, 1.2), stroke(lower, paint.line, 1.4)]
    return "".join(parts)
