"""Necklines: how the top of a garment is cut."""

from core.wardrobe.design import Design
from core.wardrobe.shapes import CX, Point, mirrored, spline
from core.wardrobe.silhouette import Cut

_OPENINGS = {
    # half width at the neck and depth in front, in px on the body of tops
    "crew": (23, 20), "v": (25, 74), "scoop": (33, 52), "collar": (21, 24), "polo": (21, 22),
    "turtleneck": (21, 8), "mock": (21, 8), "hood": (25, 30), "square": (35, 44), "boat": (47, 12),
    "lapel": (23, 96),
}  # fmt: skip


def cut_neckline(design: Design, cut: Cut) -> None:
    """Cut the neckline of `design` into `cut`: sets its `top`, `edge`, `neck_half` and `depth`."""
    name, k = design.neckline or "crew", cut.k
    if name in ("strapless", "straps", "off-shoulder", "halter"):
        _bare(name, cut)
        return
    half, depth = (float(size) for size in _OPENINGS[name])
    # On the small body of a dress the opening is cut a little larger, to be seen.
    scale = k * (1.12 if k < 1 else 1.0)
    half, depth = half * scale, depth * scale
    half = min(half, cut.shoulder[0] - CX - 3)
    y = cut.neck_y + (3 if name == "boat" else 0)
    cut.neck_half, cut.depth = half, depth
    right: Point = (CX + half, y)
    left: Point = (CX - half, y)
    if name in ("v", "lapel", "hood"):
        bow = 3 if name == "v" else 0
        down = spline([left, (CX - half * 0.52 - bow * k, y + depth * 0.55), (CX, y + depth)], 6)
        front = [*down, *mirrored(down)[1:]]
    elif name == "square":
        inset = half * 0.86
        front = [left, (CX - inset, y + depth), (CX + inset, y + depth), right]
    else:
        full = 0.9 if name == "scoop" else 0.78
        down = spline(
            [left, (CX - half * full, y + depth * 0.6), (CX - half * 0.4, y + depth * 0.95), (CX, y + depth)],
            5,
        )
        front = [*down, *mirrored(down)[1:]]
    cut.edge = front
    arm = _armhole(design, cut)
    cut.top = [*mirrored(arm), *front, *arm]


def _armhole(design: Design, cut: Cut) -> list[Point]:
    """From the shoulder's tip down to the armpit, on the right."""
    (sx, sy), (ax, ay) = cut.shoulder, cut.armpit
    deep = 5 * cut.k if design.sleeve == "none" else 2 * cut.k
    inner = min(sx, ax)
    return spline(
        [(sx, sy), (inner - deep, sy + (ay - sy) * 0.55), (ax - deep * 0.4, ay - 5 * cut.k), (ax, ay)], 5
    )


def _bare(name: str, cut: Cut) -> None:
    k, ay = cut.k, cut.armpit[1]
    ax = cut.armpit[0]
    if name == "off-shoulder":
        y = cut.neck_y + 38 * k
        x = CX + max(cut.half(ay), 52 * k)
        cut.armpit = (ax, ay)
        cut.shoulder = (x + 4 * k, y - 3 * k)
        across = spline(
            [
                (CX - x + CX - 4 * k, y - 3 * k),
                (CX - 30 * k, y + 8 * k),
                (CX, y + 10 * k),
                (CX + 30 * k, y + 8 * k),
                cut.shoulder,
            ],
            6,
        )
        cut.edge = across
        cut.top = [(2 * CX - ax, ay), *across, (ax, ay)]
        cut.depth, cut.neck_half = y + 10 * k - cut.neck_y, 34 * k
        return
    if name == "halter":
        half = 19 * k * (1.1 if k < 1 else 1)
        depth = 46 * k
        y = cut.neck_y + 2
        arm = spline(
            [
                (CX + half + 7 * k, y),
                (CX + half + 11 * k, y + 24 * k),
                (CX + half + 20 * k, ay - 16 * k),
                (ax, ay),
            ],
            6,
        )
        down = spline([(CX - half, y), (CX - half * 0.62, y + depth * 0.6), (CX, y + depth)], 5)
        cut.edge = [*down, *mirrored(down)[1:]]
        cut.top = [*mirrored(arm), *cut.edge, *arm]
        cut.depth, cut.neck_half = depth + 2, half
        return
    y = ay - (6 if name == "strapless" else 2) * k
    if name == "strapless":
        across = spline(
            [(2 * CX - ax, y), (CX - 26 * k, y - 9 * k), (CX, y + 5 * k), (CX + 26 * k, y - 9 * k), (ax, y)],
            6,
        )
    else:
        across = spline(
            [
                (2 * CX - ax, y),
                (CX - 27 * k, y - 16 * k),
                (CX, y + 12 * k),
                (CX + 27 * k, y - 16 * k),
                (ax, y),
            ],
            6,
        )
    cut.edge, cut.top = across, [(2 * CX - ax, ay), *across, (ax, ay)]
    cut.depth, cut.neck_half = across[len(across) // 2][1] - cut.neck_y, 27 * k
