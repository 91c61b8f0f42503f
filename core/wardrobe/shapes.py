"""Points, curves and marks: the geometry that everything drawn is made of, and its SVG.

Points are (x, y) in the 320 x 320 user space, x to the right and y downwards.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]
Points = Sequence[Point]
CX = 160.0
"""The x of the middle line of every garment."""


def mirrored(points: Points) -> list[Point]:
    """The points mirrored at the middle line, in reversed order (so that left follows right)."""
    return [(2 * CX - x, y) for x, y in reversed(points)]


def spline(knots: Points, steps: int = 8) -> list[Point]:
    """A Catmull-Rom curve through all `knots`, as a polyline with `steps` pieces between two of them."""
    if len(knots) < 3:
        return list(knots)
    ends = [knots[0], *knots, knots[-1]]
    out: list[Point] = []
    for a, b, c, d in zip(ends, ends[1:], ends[2:], ends[3:], strict=False):
        for step in range(steps):
            t = step / steps
            out.append(
                (
                    _cubic(a[0], b[0], c[0], d[0], t),
                    _cubic(a[1], b[1], c[1], d[1], t),
                )
            )
    return [*out, knots[-1]]


def _cubic(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)


def trace(points: Points, closed: bool = False) -> str:
    """The `d` of an SVG path of straight pieces through the points."""
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points) + ("Z" if closed else "")


def shape(points: Points | str, fill: str, opacity: float = 1.0, more: str = "") -> str:
    """A filled path: of points (closed), or of a `d` as it is; fills parted by a space lie one on another."""
    d = points if isinstance(points, str) else trace(points, closed=True)
    seen = "" if opacity == 1 else f' fill-opacity="{opacity:.3f}"'
    return "".join(f'<path d="{d}" fill="{one}"{seen} {more}/>' for one in fill.split())


def stroke(
    points: Points | str, color: str, width: float, opacity: float = 1.0, dash: str = "", more: str = ""
) -> str:
    """A line along points (open) or a `d`, with round ends unless dashed."""
    d = points if isinstance(points, str) else trace(points)
    seen = "" if opacity == 1 else f' stroke-opacity="{opacity:.3f}"'
    ends = f' stroke-dasharray="{dash}"' if dash else ' stroke-linecap="round"'
    return (
        f'<path d="{d}" fill="none" stroke="{color}" stroke-width="{width:.2f}" '
        f'stroke-linejoin="round"{seen}{ends} {more}/>'
    )


def lens(start: Point, end: Point, bend: float, width: float) -> str:
    """The `d` of a leaf-shaped fold, bent sideways by `bend` px, `width` px at its widest."""
    (x0, y0), (x1, y1) = start, end
    length = math.hypot(x1 - x0, y1 - y0) or 1.0
    nx, ny = -(y1 - y0) / length, (x1 - x0) / length
    mx, my = (x0 + x1) / 2, (y0 + y1) / 2
    a, b = 2 * bend + width, 2 * bend - width
    return (
        f"M{x0:.1f} {y0:.1f}Q{mx + nx * a:.1f} {my + ny * a:.1f} {x1:.1f} {y1:.1f}"
        f"Q{mx + nx * b:.1f} {my + ny * b:.1f} {x0:.1f} {y0:.1f}Z"
    )


def along(points: Points, every: float) -> list[tuple[Point, Point]]:
    """Places about `every` px apart on a polyline, each with the unit normal to the left of its way."""
    total = sum(math.dist(a, b) for a, b in pairwise(points))
    count = max(2, round(total / every))
    wanted = [total * i / count for i in range(count + 1)]
    found: list[tuple[Point, Point]] = []
    walked = 0.0
    for a, b in pairwise(points):
        piece = math.dist(a, b)
        if piece == 0:
            continue
        normal = ((b[1] - a[1]) / piece, -(b[0] - a[0]) / piece)
        while len(found) < len(wanted) and wanted[len(found)] <= walked + piece + 1e-6:
            t = (wanted[len(found)] - walked) / piece
            found.append(((a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t), normal))
        walked += piece
    return found


def shifted(points: Points, by: float) -> list[Point]:
    """The polyline moved `by` px to the left of its way (right where negative)."""
    out = []
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by_) = points[max(0, i - 1)], points[min(len(points) - 1, i + 1)]
        piece = math.hypot(bx - ax, by_ - ay) or 1.0
        out.append((x + (by_ - ay) / piece * by, y - (bx - ax) / piece * by))
    return out
