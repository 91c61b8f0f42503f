"""How a garment opens in front: a placket, an opening from neck to hem, buttons, a zip."""

from functools import partial

from core.wardrobe.design import Design
from core.wardrobe.paint import Paint
from core.wardrobe.shapes import CX, shape, shifted, spline, stroke
from core.wardrobe.silhouette import Cut


def reach(design: Design, cut: Cut) -> tuple[float, float]:
    """From where to where, in y, the front opens."""
    if design.family in ("trousers", "shorts"):
        return cut.waist_y + 9, cut.inseam[-1][1] - 10
    if design.family == "skirt":
        return cut.waist_y + 9, min(cut.hem_y, cut.hem[len(cut.hem) // 2][1]) + 2
    start = cut.neck_y + cut.depth
    end = cut.hem[len(cut.hem) // 2][1] if not cut.inseam else cut.hem_y
    if design.family == "dress":
        end = min(end, max(cut.waist_y + 70, start + 60))
    return start, end


def opening(design: Design, cut: Cut, paint: Paint) -> str:
    """Seams of the opening that a shirt, a jacket or a coat has with or without buttons (clipped)."""
    y0, y1 = reach(design, cut)
    parts = []
    if design.family in ("jacket", "coat"):
        parts.append(_seams(cut, paint))
    if design.family in ("jacket", "coat") and "zip" not in design.details:
        x = CX + 8 * cut.detail
        parts.append(shape([(x, y0), (x + 4, y0), (x + 4, y1 + 9), (x, y1 + 9)], "#000", 0.18))
        parts.append(stroke([(CX + 2, y0 + 2), (x, y0 + 14), (x, y1 + 9)], paint.line, 1.8))
        parts.append(shape([(x, y1 - 26 * cut.k), (x + 7 * cut.k, y1 + 9), (x - 1, y1 + 9)], paint.deep))
    if (
        design.family == "shirt"
        and "zip" not in design.details
        and design.neckline not in ("off-shoulder", "lapel")
    ):
        w = 8 * cut.detail
        parts.append(shape([(CX - w, y0), (CX + w, y0), (CX + w, y1 + 9), (CX - w, y1 + 9)], "#fff", 0.10))
        parts.append(stroke([(CX - w, y0 + 2), (CX - w, y1 + 9)], paint.line, 0.9, 0.5, "3 2"))
        parts.append(stroke([(CX + w, y0 + 2), (CX + w, y1 + 9)], paint.line, 1.2, 0.7))
    if design.family in ("trousers", "shorts"):
        parts.append(stroke([(CX, y0), (CX, cut.inseam[-1][1])], paint.line, 1.2, 0.8))
        curve = [(CX + 13, y0), (CX + 12, y1 - 16), (CX + 8, y1 - 5), (CX, y1 + 2)]
        parts.append(stroke(curve, paint.line, 0.9, 0.6, "3 2"))
    return "".join(parts)


def _seams(cut: Cut, paint: Paint) -> str:
    """The tailored seams of a jacket's front."""
    k, parts = cut.k, []
    for side in (-1, 1):
        chest, low = cut.armpit[0] - CX, cut.half(cut.hem_y)
        waist = cut.half(min(cut.waist_y, cut.hem_y))
        at = [(chest * 0.98, cut.armpit[1] - 18 * k), (chest * 0.68, cut.armpit[1] + 8 * k)]
        at += [(waist * 0.58, min(cut.waist_y, cut.hem_y - 8)), (low * 0.66, cut.hem_y + 8)]
        line = spline([(CX + side * x, y) for x, y in at], 6)
        parts.append(stroke(line, paint.line, 1.2, 0.6) + stroke(shifted(line, 2.5), "#fff", 1.2, 0.12))
    return "".join(parts)


def buttons(design: Design, cut: Cut, paint: Paint) -> str:
    """A row of buttons that stand out."""
    y0, y1 = reach(design, cut)
    x = CX + (15 * cut.detail if "zip" in design.details else 0)
    r = 5.2 * (cut.detail + 0.08)
    start, end = y0 + r + (7 if cut.edge else 2), y1 - r - 4
    if design.family in ("trousers", "shorts", "skirt"):
        start, r = cut.waist_y + (1 if "belt" not in design.details else 20), 5.4
    if design.neckline == "lapel":
        start += 4
    if "bow" in design.details:
        start += 14 * cut.detail
    gap = 25 * cut.detail if design.family not in ("trousers", "shorts") else 17
    count = max(2, min(9, round((end - start) / gap) + 1))
    dot = partial(_dot, x)
    # A rim of the opposite tone: a dark button shows on a dark flower of a light cloth.
    rim = "#fdf9f0" if paint.button != "#fbf7ee" else "#3a322c"
    parts = []
    for i in range(count):
        y = start + (end - start) * i / (count - 1)
        parts += [dot(y + 1.8, r + 1.4, "#000", 0.28), dot(y, r + 1.3, rim), dot(y, r, paint.button)]
        parts += [dot(y, r * 0.66, "#808080", 0.28), dot(y, r * 0.5, paint.button)]
        parts += [_dot(x + dx, y, 0.9, "#7d766f") for dx in (-1.4, 1.4)]
    return "".join(parts)


def _dot(x: float, y: float, r: float, color: str, opacity: float = 1.0) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{color}" fill-opacity="{opacity}"/>'


def zipper(design: Design, cut: Cut, paint: Paint) -> str:
    """A metal zip with its pull: tape, teeth, slider."""
    y0, y1 = reach(design, cut)
    x, s = CX, cut.detail
    if design.family in ("trousers", "shorts"):
        y1 = max(y1, y0 + 46)
    elif design.neckline in ("turtleneck", "mock"):
        y0 -= 26 * cut.k if design.neckline == "turtleneck" else 16 * cut.k
    if "bow" in design.details:
        y0 += 4
    end = y1
    w = 5.6 * (s + 0.1)
    tape = "#26262a" if paint.button != "#fbf7ee" else "#4c4c52"
    parts = [shape([(x - w, y0), (x + w, y0), (x + w, end), (x - w, end)], tape)]
    parts.append(stroke([(x, y0), (x, end)], "#f3f3f3", 5 * s, 1, "1.9 1.5"))
    parts.append(stroke([(x, y0), (x, end)], "#8d8d93", 1.1))
    for side in (-1, 1):
        parts.append(stroke([(x + side * w, y0), (x + side * w, end)], paint.line, 1, 0.9))
    top = y0 + 3
    pull = [(x - 4 * s, top), (x + 4 * s, top), (x + 4.8 * s, top + 9 * s), (x - 4.8 * s, top + 9 * s)]
    tab = [
        (x - 3 * s, top + 9 * s),
        (x + 3 * s, top + 9 * s),
        (x + 4.4 * s, top + 27 * s),
        (x - 4.4 * s, top + 27 * s),
    ]
    for piece, tone in ((tab, "#d9d9de"), (pull, "#bfc0c6")):
        parts += [shape(piece, tone), stroke([*piece, piece[0]], "#3a3a3e", 1.1)]
    return "".join(parts)
