"""What stands, lies or hangs at the neck: bindings, collars, lapels, hoods, straps; and the inside there."""

from core.wardrobe.design import Design
from core.wardrobe.paint import Paint
from core.wardrobe.shapes import CX, Point, lens, mirrored, shape, shifted, spline, stroke
from core.wardrobe.silhouette import Cut


def _pair(points: list[Point], paint: Paint, tone: float = 0.0) -> str:
    """A piece on the right and its mirror image, in cloth."""
    parts = []
    for piece in (points, mirrored(points)):
        parts.append(shape([(x, y + 2.2) for x, y in piece], "#000", 0.2))
        parts.append(shape(piece, paint.fill))
        if tone:
            parts.append(shape(piece, "#fff" if tone > 0 else "#000", abs(tone)))
        parts.append(stroke([*piece, piece[0]], paint.line, 1.4))
    return "".join(parts)


def behind(design: Design, cut: Cut, paint: Paint) -> str:
    """What lies behind the front: the inner back of the neck, a hood, straps going over the shoulder."""
    name, k, y, half = design.neckline, cut.k, cut.neck_y, cut.neck_half
    if name is None:
        return ""
    if name in ("strapless", "off-shoulder"):
        return _inner_rim(cut, paint, 7 * k)
    if name == "straps":
        hang = ""
        for side in (-1, 1):
            line = [(CX + side * 30 * k, cut.neck_y + 6 * k), (CX + side * 19 * k, cut.armpit[1] - 2)]
            hang += stroke(line, paint.line, 5.4 * cut.detail) + stroke(line, paint.deep, 3.6 * cut.detail)
        return hang + _inner_rim(cut, paint, 9 * k)
    if name == "halter":
        loop = spline(
            [
                (CX - half - 3 * k, y + 3),
                (CX - half * 0.6, y - 9 * k),
                (CX, y - 13 * k),
                (CX + half * 0.6, y - 9 * k),
                (CX + half + 3 * k, y + 3),
            ],
            6,
        )
        rim = stroke(loop, paint.line, 8 * k) + stroke(loop, paint.deep, 6 * k)
        low = cut.armpit[1] - 6 * k
        back = [
            (2 * CX - cut.armpit[0] + 6 * k, low + 4),
            (cut.armpit[0] - 6 * k, low + 4),
            (CX, low + 16 * k),
        ]
        return rim + shape(back, paint.deep)
    if name == "hood":
        return _hood(cut, paint)
    if name in ("turtleneck", "mock"):
        return ""
    rise = 3.0 * k if name in ("boat", "square", "scoop") else 5.0 * k
    if name in ("collar", "polo", "lapel"):
        rise = 12 * k
        back = spline(
            [
                (CX - half - 2, y + 4),
                (CX - half * 0.75, y - rise * 0.6),
                (CX, y - rise),
                (CX + half * 0.75, y - rise * 0.6),
                (CX + half + 2, y + 4),
            ],
            5,
        )
    else:
        back = spline(
            [
                (CX - half - 1, y),
                (CX - half * 0.5, y + rise * 0.9),
                (CX, y + rise * 1.25),
                (CX + half * 0.5, y + rise * 0.9),
                (CX + half + 1, y),
            ],
            5,
        )
    inside = [*back, *cut.edge[::-1]]
    parts = [shape(inside, paint.deep), stroke(back, paint.line, 1.2)]
    parts.append(stroke(shifted(back, -3.2), paint.line, 1, 0.6))
    label = y + (1 if name in ("collar", "polo", "lapel") else rise + 4)
    tag = [(CX - 5 * k, label), (CX + 5 * k, label), (CX + 5 * k, label + 5 * k), (CX - 5 * k, label + 5 * k)]
    parts.append(shape(tag, "#f4f0e8", 0.85))
    return "".join(parts)


def _inner_rim(cut: Cut, paint: Paint, depth: float) -> str:
    left, right = cut.edge[0], cut.edge[-1]
    back = spline([left, (CX, (left[1] + right[1]) / 2 - depth * 0.3), right], 8)
    low = min(depth, 5)
    return shape([*back, *[(x, y + 0.5) for x, y in cut.edge[::-1]]], paint.deep) + stroke(
        back, paint.line, 1 + low * 0.05
    )


def _hood(cut: Cut, paint: Paint) -> str:
    k, y = cut.k * (1.1 if cut.k < 1 else 1), cut.neck_y
    right = [
        (CX + 42 * k, y + 12 * k),
        (CX + 41 * k, y - 14 * k),
        (CX + 27 * k, y - 36 * k),
        (CX, y - 43 * k),
    ]
    outer = spline(right, 7)
    whole = [*outer, *mirrored(outer)]
    opening = spline(
        [(CX + 26 * k, y + 8 * k), (CX + 25 * k, y - 12 * k), (CX + 16 * k, y - 27 * k), (CX, y - 32 * k)], 7
    )
    hole = [*opening, *mirrored(opening), *cut.edge]
    parts = [
        shape(whole, paint.fill),
        shape(whole, "url(#round)"),
        stroke([*whole, whole[0]], paint.line, 1.3),
    ]
    parts.append(shape(hole, paint.deep))
    parts.append(shape(lens((CX - 2, y - 30 * k), (CX, y + 6 * k), 2, 5 * k), "#000", 0.25))
    rim = [*opening, *mirrored(opening)[1:]]
    parts.append(stroke(rim, paint.line, 1.3))
    parts.append(stroke(shifted(rim, 5), paint.line, 0.9, 0.6, "3 2"))
    return "".join(parts)


def front(design: Design, cut: Cut, paint: Paint) -> str:
    """What lies on the front at the neck."""
    name, k, y, half = design.neckline, cut.k, cut.neck_y, cut.neck_half
    trim = paint.trim if "contrast-trim" in design.details else None
    size = cut.detail
    if name in ("turtleneck", "mock"):
        return _stand(name, cut, paint, trim)
    if name in ("collar", "polo"):
        return _collar(name, cut, paint, trim)
    if name == "lapel":
        return _lapels(cut, paint, trim)
    if name is None:
        return ""
    if name == "hood":
        flap = spline(
            [
                (CX + half + 16 * k, y + 10 * k),
                (CX + 22 * k, y + 22 * k),
                (CX + 2 * k, y + cut.depth + 10 * k),
            ],
            6,
        )
        inner = [(CX + 1, y + cut.depth), (CX + half * 0.62, y + cut.depth * 0.45), (CX + half, y - 2 * k)]
        out = _pair([*flap, *inner], paint)
        if trim:
            line = [(CX + half, y), (CX + half * 0.55, y + cut.depth * 0.5), (CX, y + cut.depth)]
            out += stroke(line, trim, 5 * size) + stroke(mirrored(line), trim, 5 * size)
        return out
    width = {"crew": 8, "v": 6, "scoop": 5, "boat": 5, "square": 5, "off-shoulder": 14, "halter": 9}.get(
        str(name), 5
    ) * size
    if design.family == "sweater" and name in ("crew", "v", "scoop", "boat"):
        width *= 1.35
    tone = trim or paint.dark
    if name == "straps":
        return _straps(cut, paint, trim)
    inner = shifted(cut.edge, -width)
    parts = []
    if name == "off-shoulder":
        fold = [*cut.edge, *shifted(cut.edge, -width * 1.2)[::-1]]
        parts += [shape(fold, trim or paint.fill), shape(fold, "#fff", 0.12)]
        parts.append(stroke(shifted(cut.edge, -width * 1.2), paint.line, 1.3))
    elif name == "square":
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = cut.edge
        w = width
        ring = [*cut.edge, (x3 + w, y3 + 2), (x2 + w, y2 + w), (x1 - w, y1 + w), (x0 - w, y0 + 2)]
        parts += [shape(ring, tone), stroke([*ring, ring[0]], paint.line, 1, 0.8)]
    else:
        ring = [*cut.edge, *inner[::-1]]
        parts += [shape(ring, tone), stroke(inner, paint.line, 1, 0.8)]
    parts.append(stroke(cut.edge, paint.line, 1.3))
    return "".join(parts)


def _straps(cut: Cut, paint: Paint, trim: str | None) -> str:
    k, parts = cut.k, [stroke(cut.edge, trim or paint.dark, 5 * cut.detail), stroke(cut.edge, paint.line, 1)]
    top = cut.armpit[1] - 17 * k
    for side in (-1, 1):
        line = [(CX + side * 27 * k, top + 3), (CX + side * 30 * k, cut.neck_y + 6 * k)]
        parts += [
            stroke(line, paint.line, 6.4 * cut.detail),
            stroke(line, trim or paint.main, 4.2 * cut.detail),
        ]
    return "".join(parts)


def _stand(name: str | None, cut: Cut, paint: Paint, trim: str | None) -> str:
    k, y, half = cut.k, cut.neck_y, cut.neck_half
    rise = (31 if name == "turtleneck" else 13) * k * (1.12 if k < 1 else 1)
    wide = half + (4 if name == "turtleneck" else 1) * k
    bottom = spline(
        [
            (CX - wide, y + 3),
            (CX - wide * 0.5, y + 10 * k),
            (CX, y + 12 * k),
            (CX + wide * 0.5, y + 10 * k),
            (CX + wide, y + 3),
        ],
        4,
    )
    lip = spline([(CX + wide - 3 * k, y - rise), (CX, y - rise + 5 * k), (CX - wide + 3 * k, y - rise)], 6)
    back = spline([(CX - wide + 3 * k, y - rise), (CX, y - rise - 4 * k), (CX + wide - 3 * k, y - rise)], 6)
    whole = [*bottom, *lip]
    parts = [shape([*back, *lip], paint.deep), stroke(back, paint.line, 1)]
    parts += [shape(whole, trim or paint.fill), shape(whole, "url(#round)")]
    parts.append(stroke([*whole, whole[0]], paint.line, 1.3))
    ribs = 9
    for i in range(1, ribs):
        x = CX + (wide - 2) * (2 * i / ribs - 1)
        parts.append(stroke([(x, y - rise + 6 * k), (x, y + 7 * k)], paint.line, 0.8, 0.35))
    if name == "turtleneck":
        fold = [(px, py - 9 * k) for px, py in bottom]
        parts += [stroke([(a, b + 1.6) for a, b in fold], "#000", 3, 0.28), stroke(fold, paint.line, 1.5)]
    return "".join(parts)


def _collar(name: str | None, cut: Cut, paint: Paint, trim: str | None) -> str:
    k, y, half, size = cut.k * (1.15 if cut.k < 1 else 1), cut.neck_y, cut.neck_half, cut.detail
    parts = []
    base = y + cut.depth
    if name == "polo":
        w, deep = 8 * size, 46 * cut.k
        plate = [(CX - w, base - 4), (CX + w, base - 4), (CX + w, base + deep), (CX - w, base + deep)]
        parts += [
            shape(plate, trim or paint.fill),
            shape(plate, "#000", 0.08),
            stroke([*plate, plate[0]], paint.line, 1.4),
        ]
        parts.append(stroke([(CX, base - 4), (CX, base + deep - 8)], paint.deep, 2))
        parts.append(stroke([(CX - w, base + deep - 8), (CX + w, base + deep - 8)], paint.line, 1, 0.8))
        leaf = [
            (CX + half - 2, y - 12 * k),
            (CX + half + 7 * k, y + 2 * k),
            (CX + half + 10 * k, y + 16 * k),
            (CX + 13 * k, base + 9 * k),
            (CX + 1, base - 2 * k),
        ]
    else:
        leaf = [
            (CX + half - 2, y - 13 * k),
            (CX + half + 7 * k, y + 1 * k),
            (CX + half + 13 * k, y + 24 * k),
            (CX + 20 * k, base + 27 * k),
            (CX + 1, base - 1 * k),
        ]
    parts.append(_pair(leaf, paint, 0.1))
    if trim:
        lower = leaf[1:]
        inner = shifted(lower, -2.4 * size)
        parts += [stroke(inner, trim, 4.5 * size), stroke(mirrored(inner), trim, 4.5 * size)]
    else:
        inner = shifted(leaf[1:], -3)
        parts += [
            stroke(inner, paint.line, 0.8, 0.5, "3 2"),
            stroke(mirrored(inner), paint.line, 0.8, 0.5, "3 2"),
        ]
    return "".join(parts)


def _lapels(cut: Cut, paint: Paint, trim: str | None) -> str:
    k, y, half = cut.k * (1.1 if cut.k < 1 else 1), cut.neck_y, cut.neck_half
    base = y + cut.depth
    notch = y + cut.depth * 0.36
    collar = [
        (CX + half - 2, y - 12 * k),
        (CX + half + 8 * k, y + 1 * k),
        (CX + half + 20 * k, notch - 6 * k),
        (CX + half + 6 * k, notch + 2 * k),
        (CX + half * 0.62, notch - 2 * k),
        (CX + half * 0.9, y + 6 * k),
    ]
    lapel = [
        (CX, base + 3 * k),
        (CX + half * 0.62, notch - 2 * k),
        (CX + half + 8 * k, notch + 3 * k),
        (CX + half + 26 * k, notch - 1 * k),
        (CX + half + 17 * k, notch + 24 * k),
        (CX + 4 * k, base + 4 * k),
    ]
    out = _pair(lapel, paint, 0.13) + _pair(collar, paint, 0.13)
    if trim:
        rim = shifted(lapel[3:], 2)
        out += stroke(rim, trim, 4 * cut.detail) + stroke(mirrored(rim), trim, 4 * cut.detail)
    return out
