"""Pockets: patches and flaps with their stitching."""

from core.wardrobe.design import Design
from core.wardrobe.paint import Paint
from core.wardrobe.shapes import CX, mirrored, shape, shifted, stroke
from core.wardrobe.silhouette import Cut


def pockets(design: Design, cut: Cut, paint: Paint) -> str:
    """The pockets of a garment, where its family has them."""
    s = cut.detail
    trim = paint.trim if "contrast-trim" in design.details else None
    family = design.family
    if family in ("shirt", "t-shirt"):
        x, w, h = CX + (33 if {"bow", "zip", "buttons"} & set(design.details) else 28), 27.0, 31.0
        y = max(
            cut.neck_y + 46,
            cut.neck_y + cut.depth + (22 if design.neckline == "off-shoulder" else 6)
            if cut.depth > 40
            else 0,
        )
        x = max(x - w / 2, CX + 12) + w / 2
        if (
            "ruffles" in design.details
            or "bow" in design.details
            or design.neckline in ("collar", "lapel", "polo")
        ):
            y += 30
        y = min(y, cut.hem_y - h - 12)
        return _patch(x, y, w, h, paint, trim, flap=False)
    if family == "hoodie" and not {"zip", "buttons"} & set(design.details):
        y1 = cut.hem_y - 17
        y0 = max(y1 - 56, cut.neck_y + 58)
        kangaroo = [(CX + 27, y0), (CX + 42, y0 + (y1 - y0) * 0.62), (CX + 42, y1)]
        whole = [*mirrored(kangaroo), *kangaroo]
        parts = [shape([(x, y + 2) for x, y in whole], "#000", 0.18), shape(whole, paint.fill)]
        parts += [shape(whole, "#000", 0.06), stroke([*whole, whole[0]], paint.line, 1.8)]
        for side in (kangaroo[:2], mirrored(kangaroo[:2])):
            parts += [
                stroke(side, trim or paint.deep, 4.2),
                stroke(shifted(side, 5), paint.line, 0.9, 0.6, "3 2"),
            ]
        return "".join(parts)
    if family in ("trousers", "shorts"):
        big = family == "shorts"
        y = 128.0 if not big else min(132.0, cut.hem_y - 50)
        w, h = (36.0, 40.0) if not big else (42.0, 40.0)
        half = cut.half(y + h / 2)
        inner = 6.0
        x = CX + max((half + inner) / 2 + 3, half - w * 0.42)
        w = min(w, (half - 4) * 0.9)
        out = _patch(x, y, w, h, paint, trim, flap=True) + _patch(2 * CX - x, y, w, h, paint, trim, flap=True)
        slant = [
            (CX + cut.half(cut.waist_y + 12) - 18, cut.waist_y + 11),
            (CX + cut.half(cut.waist_y + 42) - 1, cut.waist_y + 42),
        ]
        for line in (slant, mirrored(slant)):
            out += stroke(line, paint.deep, 2.6) + stroke(shifted(line, 4), paint.line, 0.9, 0.6, "3 2")
        return out
    w, h = 33 * s, 36 * s
    if family == "skirt":
        w, h, y = 34.0, 36.0, cut.waist_y + 22
        y = min(y, cut.hem_y - h - 10)
    elif family in ("dress", "coat"):
        y = cut.waist_y + 18
        y = min(y, cut.hem_y - h - 9)
    else:
        y = min(cut.waist_y + 22, cut.hem_y - h - 16)
    room = min(cut.half(y), cut.half(y + h)) - 4
    gap = 5 * s if not {"zip", "buttons"} & set(design.details) else 9 * s
    w = min(w, room - gap)
    x = CX + min(max(cut.half(y + h / 2) * 0.56, w / 2 + gap), room - w / 2)
    flap = family in ("jacket", "coat")
    return _patch(x, y, w, h, paint, trim, flap) + _patch(2 * CX - x, y, w, h, paint, trim, flap)


def _patch(x: float, y: float, w: float, h: float, paint: Paint, trim: str | None, flap: bool) -> str:
    """A patch pocket whose upper edge's middle is (x, y), with a flap or a hemmed edge."""
    a, b = x - w / 2, x + w / 2
    whole = [(a, y), (b, y), (b, y + h * 0.84), (x + w * 0.2, y + h), (x - w * 0.2, y + h), (a, y + h * 0.84)]
    parts = [shape([(px + 1, py + 2.5) for px, py in whole], "#000", 0.22), shape(whole, paint.fill)]
    parts += [shape(whole, "#fff", 0.13), stroke([*whole, whole[0]], paint.line, 1.7)]
    parts.append(stroke(shifted(whole[1:] + whole[:1], -3.2), paint.line, 0.9, 0.7, "3 2"))
    top = h * (0.36 if flap else 0.2)
    lid = [
        (a - 1.5, y - 2),
        (b + 1.5, y - 2),
        (b + 1.5, y + top * 0.75),
        (x, y + top * (1.25 if flap else 0.75)),
        (a - 1.5, y + top * 0.75),
    ]
    parts += [shape([(px, py + 2) for px, py in lid], "#000", 0.25), shape(lid, trim or paint.fill)]
    parts += [
        shape(lid, "#000", 0.02 if trim else 0.2),
        stroke([*lid, lid[0]], paint.line, 1.5),
    ]
    return "".join(parts)
