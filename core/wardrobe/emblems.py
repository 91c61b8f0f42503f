"""Bold emblems for `graphic` garments, and where they sit; no lettering, nothing that repeats."""

import math
import random
from collections.abc import Callable

from core.wardrobe.design import Design
from core.wardrobe.palette import darker, lab, lighter
from core.wardrobe.tiles import Inks, filled, stroked

Box = tuple[float, float, float, float]
Draw = Callable[[str, str, str], str]
_DEEP = ("v", "scoop", "square", "straps", "halter", "polo", "collar", "strapless")


def placed(design: Design, inks: Inks, rng: random.Random, box: Box) -> str:
    """The markup of one emblem on the chest or the skirt, or of one on each leg, sized to the box."""
    draw = EMBLEMS[rng.choice(tuple(EMBLEMS))]
    shade = darker(inks.second, 0.24) if lab(inks.second)[0] > 45 else lighter(inks.second, 0.3)
    markup = draw(inks.motif, inks.main, shade)
    tilt = rng.uniform(-5, 5)
    return "".join(
        f'<g transform="translate({x:.1f} {y:.1f}) rotate({tilt * (-1 if x > 160 else 1):.1f}) '
        f'scale({radius:.2f} {radius * stretch:.2f})">{markup}</g>'
        for x, y, radius, stretch in _places(design, rng, box)
    )


def _places(design: Design, rng: random.Random, box: Box) -> list[tuple[float, float, float, float]]:
    """x, y, radius and stretch of each emblem."""
    x0, y0, x1, y1 = box
    width, height, middle = x1 - x0, y1 - y0, (x0 + x1) / 2
    if design.family == "trousers":
        radius, dx = (22.0 if design.fit == "skinny" else 28.0), 31.0
        y = y0 + min(height * 0.48, 120)
        return [(middle + side * dx, y, radius, 1.3) for side in (-1, 1)]
    if design.family == "shorts":
        dx, radius = width * 0.26, width * 0.21
        return [(middle + side * dx, y0 + height * 0.62, radius, 1.15) for side in (-1, 1)]
    if design.family == "skirt":
        radius = min(width * 0.33, height * 0.36)
        return [(middle, y0 + height * 0.54, radius, 1.0)]
    lapel = design.neckline == "lapel"
    if (lapel and design.family != "dress") or height < (120 if design.neckline in _DEEP else 72):
        # The neckline takes up the middle, or there is little room: one emblem on either side.
        radius = min(width * 0.22, height * 0.36)
        place = 0.6 if height < 120 else 0.66
        return [(middle + side * width * 0.26, y0 + height * place, radius, 1.0) for side in (-1, 1)]
    if design.family in ("dress", "coat"):
        if lapel or design.fit in ("a-line", "flared"):
            return [(middle, y0 + height * 0.66, min(width * 0.33, height * 0.27), 1.0)]
        stretch = 1.0 if design.length in ("mini", "hip") else 1.2
        return [(middle, y0 + height * 0.43, min(width * 0.43, height * 0.3), stretch)]
    radius = min(width * 0.43, height * 0.36) * rng.uniform(0.92, 1.0)
    return [(middle, y0 + height * (0.52 if height > 120 else 0.58), radius, 1.0)]


def _circle(x: float, y: float, r: float, paint: str) -> str:
    return f'<circle cx="{x}" cy="{y}" r="{r}" fill="{paint}"/>'


def _line(d: str, paint: str, width: float) -> str:
    return (
        f'<path d="{d}" fill="none" stroke="{paint}" stroke-width="{width}" '
        f'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _polygon(count: int, far: float, near: float, turn: float = -math.pi / 2) -> str:
    points = []
    for i in range(count * 2):
        at, r = turn + math.pi * i / count, far if i % 2 == 0 else near
        points.append(f"{math.cos(at) * r:.3f} {math.sin(at) * r:.3f}")
    return "M" + "L".join(points) + "Z"


def _sun(b: str, a: str, shade: str) -> str:
    face = _circle(0, 0, 0.56, a) + _circle(0, 0, 0.49, b)
    look = _line("M-.28 -.1q.09 -.12 .18 0M.1 -.1q.09 -.12 .18 0M-.22 .16q.22 .22 .44 0", a, 0.07)
    return filled(_polygon(12, 1.0, 0.6), b) + face + look


def _mountain(b: str, a: str, shade: str) -> str:
    disc = _circle(0, 0, 1.0, b) + _circle(0.36, -0.42, 0.22, a)
    far = filled("M-.78 .62L-.2 -.22L.12 .2L.4 -.08L.86 .5L.7 .72Q0 1.12 -.7 .72Z", shade)
    near = filled("M-.93 .38L-.42 -.3L.3 .6L.5 .4L.78 .64Q0 1.3 -.78 .64Z", a)
    snow = filled("M-.42 -.3L-.62 -.03L-.48 -.1L-.4 .04L-.3 -.06L-.18 .02Z", b)
    return disc + far + near + snow


def _star(b: str, a: str, shade: str) -> str:
    half = "".join(
        f"M0 0L{math.cos(t) * 1.0:.3f} {math.sin(t):.3f}L{math.cos(t + 0.628) * 0.45:.3f} "
        f"{math.sin(t + 0.628) * 0.45:.3f}Z"
        for t in (-math.pi / 2 + math.tau * i / 5 for i in range(5))
    )
    return _line(_polygon(5, 1.0, 0.45), b, 0.14) + filled(_polygon(5, 1.0, 0.45), b) + filled(half, shade)


def _wave(b: str, a: str, shade: str) -> str:
    disc = _circle(0, 0, 1.0, b) + _circle(-0.34, -0.42, 0.26, shade)
    crest = filled(
        "M-.98 .3C-.5 .5 -.3 -.1 .1 -.34C.45 -.54 .86 -.3 .8 .06C.7 -.16 .44 -.2 .36 .02"
        "C.3 .26 .6 .4 .95 .3Q.8 .78 .3 .94Q-.3 1.06 -.7 .7Q-.9 .5 -.98 .3Z", a,
    )  # fmt: skip
    foam = _line("M-.6 .52Q-.3 .36 -.1 .1M-.3 .72Q.1 .62 .12 .24M.14 .76Q.4 .78 .62 .56", b, 0.08)
    return disc + crest + foam


def _heart(b: str, a: str, shade: str) -> str:
    left, right = (
        "C-.5 .5 -1 .12 -.98 -.36C-.96 -.84 -.3 -.98 0 -.46",
        "C.3 -.98 .96 -.84 .98 -.36C1 .12 .5 .5 0 .92Z",
    )
    d = f"M0 .92{left}{right}"
    gleam = _line("M-.7 -.3Q-.66 -.56 -.44 -.6", a, 0.12)
    return filled(d, b) + filled("M.2 .74C.6 .4 1 .1 .98 -.36Q.9 .2 .2 .74Z", shade) + gleam


def _cat(b: str, a: str, shade: str) -> str:
    crown, chin = (
        "L-.4 -.58Q0 -.68 .4 -.58L.86 -.92Q.98 -.5 .9 -.1",
        "Q1 .7 0 .8Q-1 .7 -.9 -.1Q-.98 -.5 -.86 -.92Z",
    )
    head = f"M-.86 -.92{crown}{chin}"
    ears = filled("M-.76 -.72L-.5 -.5Q-.72 -.4 -.8 -.3ZM.76 -.72L.5 -.5Q.72 -.4 .8 -.3Z", shade)
    eyes = filled(
        "M-.6 -.02Q-.38 -.3 -.16 -.02Q-.38 .16 -.6 -.02ZM.6 -.02Q.38 -.3 .16 -.02Q.38 .16 .6 -.02Z", a
    )
    pupils = filled("M-.38 -.16l.05 .13l-.05 .13l-.05 -.13ZM.38 -.16l.05 .13l-.05 .13l-.05 -.13Z", b)
    nose = filled("M-.12 .24H.12L0 .38Z", a)
    mouth = _line(
        "M0 .38Q-.05 .56 -.24 .5M0 .38Q.05 .56 .24 .5"
        "M-.5 .34L-.8 .28M-.5 .44L-.78 .5M.5 .34L.8 .28M.5 .44L.78 .5",
        a,
        0.055,
    )
    return filled(head, b) + ears + eyes + pupils + nose + mouth


def _palm(b: str, a: str, shade: str) -> str:
    disc = _circle(0, 0, 1.0, b) + _circle(0.3, 0.12, 0.4, shade)
    trunk = filled("M-.2 .9Q-.3 .2 .02 -.3L.14 -.24Q-.08 .2 .06 .96Z", a)
    leaves = "".join(
        f"M.06 -.3Q{mx} {my} {x} {y}Q{nx} {ny} .06 -.3Z"
        for mx, my, x, y, nx, ny in (
            (-0.4, -0.7, -0.82, -0.12, -0.4, -0.42), (-0.3, -0.95, -0.46, -0.72, -0.02, -0.6),
            (0.3, -0.98, 0.5, -0.74, 0.34, -0.5), (0.6, -0.72, 0.86, -0.14, 0.44, -0.42),
            (-0.35, -0.3, -0.42, 0.2, -0.22, -0.12), (0.45, -0.3, 0.5, 0.16, 0.3, -0.12),
        )
    )  # fmt: skip
    land = filled("M-.8 .6Q0 .3 .8 .6Q.4 1 0 1Q-.4 1 -.8 .6Z", a)
    return disc + land + trunk + filled(leaves, a)


def _lightning(b: str, a: str, shade: str) -> str:
    bolt = "M.2 -1L-.62 .12H-.08L-.34 1L.66 -.26H.08L.56 -1Z"
    return _circle(0, 0, 0.9, shade) + _line(bolt, a, 0.26) + _line(bolt, b, 0.1) + filled(bolt, b)


def _moon(b: str, a: str, shade: str) -> str:
    moon = filled("M.3 -.95A.98 .98 0 1 0 .82 .62A.8 .8 0 1 1 .3 -.95Z", b)
    stars = "".join(
        f'<g transform="translate({x} {y}) scale({s})">{filled(_polygon(4, 1.0, 0.36), b)}</g>'
        for x, y, s in ((0.36, -0.1, 0.36), (0.82, -0.42, 0.2), (0.72, 0.24, 0.16))
    )
    craters = (
        _circle(-0.62, 0.1, 0.12, shade)
        + _circle(-0.38, 0.5, 0.09, shade)
        + _circle(-0.5, -0.36, 0.08, shade)
    )
    return moon + stars + craters


def _planet(b: str, a: str, shade: str) -> str:
    ball = _circle(0, 0, 0.8, b) + filled("M-.77 .2Q0 .5 .77 .2Q.6 .8 0 .8Q-.6 .8 -.77 .2Z", shade)
    ring = "M-.76 0C-1.3 .34 -1.2 .6 -.5 .36C.1 .14 1.4 -.52 1.12 -.68C1.04 -.72 .9 -.7 .7 -.6"
    return ball + _line(ring, a, 0.26) + _line(ring, b, 0.13)


def _butterfly(b: str, a: str, shade: str) -> str:
    wing = "M0 -.2C.2 -.9 .95 -1 .98 -.6C1 -.2 .7 .02 .3 .06C.75 .1 .84 .5 .62 .78C.4 .98 .1 .6 0 .2Z"
    upper, lower = (
        "M.36 -.34C.5 -.66 .8 -.72 .8 -.54C.8 -.3 .56 -.18 .36 -.16Z",
        "M.3 .26C.56 .26 .62 .46 .52 .6",
    )
    spot = f"{upper}{lower}C.42 .7 .28 .5 .24 .34Z"
    half = filled(wing, b) + filled(spot, shade)
    body = _line("M0 -.4V.5M0 -.4L-.18 -.78M0 -.4L.18 -.78", a, 0.09)
    return half + f'<g transform="scale(-1 1)">{half}</g>' + body


def _abstract(b: str, a: str, shade: str) -> str:
    return (
        filled("M-.95 -.3A.62 .62 0 0 1 .3 -.3V.5H-.95Z", b)
        + _circle(0.46, 0.42, 0.5, shade)
        + filled("M-.2 .5A.5 .5 0 0 1 .3 .02V.5Z", a)
        + _circle(0.6, -0.55, 0.3, b)
        + filled("M-.95 .62H-.1V.92H-.95Z", shade)
    )


def _arches(b: str, a: str, shade: str) -> str:
    outer = filled("M-1 .75V0A1 1 0 0 1 1 0V.75H.62V0A.62 .62 0 0 0 -.62 0V.75Z", b)
    inner = filled("M-.48 .75V0A.48 .48 0 0 1 .48 0V.75Z", shade)
    return outer + inner + filled("M-.2 .75V.08A.2 .2 0 0 1 .2 .08V.75Z", b)


def _mushroom(b: str, a: str, shade: str) -> str:
    stem = filled("M-.24 .1Q-.2 .6 -.34 .92Q0 1.02 .34 .92Q.2 .6 .24 .1Z", shade)
    cap = filled("M-.98 .2C-.96 -1.2 .96 -1.2 .98 .2Q0 .44 -.98 .2Z", b)
    spots = _circle(-0.42, -0.26, 0.17, a) + _circle(0.16, -0.52, 0.15, a) + _circle(0.5, -0.1, 0.16, a)
    return stem + cap + spots


EMBLEMS: dict[str, Draw] = {
    "sun": _sun, "mountain": _mountain, "star": _star, "wave": _wave, "heart": _heart, "cat": _cat,
    "palm": _palm, "lightning": _lightning, "moon": _moon, "planet": _planet, "butterfly": _butterfly,
    "abstract": _abstract, "arches": _arches, "mushroom": _mushroom,
}  # fmt: skip
"""Each emblem's markup in a square from -1 to 1, of the second colour's paint, the main hex and a shade."""


def panels(inks: Inks, rng: random.Random, box: Box) -> str:
    """Large panels of the second colour for `colorblock`, with the seam along each."""
    x0, y0, x1, y1 = (box[0] - 8, box[1] - 8, box[2] + 8, box[3] + 8)
    width, height = box[2] - box[0], box[3] - box[1]
    middle = (box[0] + box[2]) / 2
    kind = rng.choice(("lower", "yoke", "diagonal", "half", "middle", "chevron"))
    if kind == "lower":
        y = box[1] + height * rng.uniform(0.58, 0.64)
        d = f"M{x0:.1f} {y:.1f}H{x1:.1f}V{y1:.1f}H{x0:.1f}Z"
    elif kind == "yoke":
        y = box[1] + height * rng.uniform(0.44, 0.5)
        d = f"M{x0:.1f} {y0:.1f}H{x1:.1f}V{y:.1f}H{x0:.1f}Z"
    elif kind == "middle":
        y, deep = box[1] + height * rng.uniform(0.36, 0.42), height * rng.uniform(0.27, 0.33)
        d = f"M{x0:.1f} {y:.1f}H{x1:.1f}V{y + deep:.1f}H{x0:.1f}Z"
    elif kind == "half":
        x = middle + width * rng.uniform(0.02, 0.06)
        d = f"M{x:.1f} {y0:.1f}H{x1:.1f}V{y1:.1f}H{x:.1f}Z"
    elif kind == "chevron":
        y, dip = box[1] + height * rng.uniform(0.5, 0.56), min(height * 0.14, width * 0.2)
        d = f"M{x0:.1f} {y:.1f}L{middle:.1f} {y + dip:.1f}L{x1:.1f} {y:.1f}V{y1:.1f}H{x0:.1f}Z"
    else:
        y, rise = box[1] + height * rng.uniform(0.54, 0.6), min(height * 0.3, width * 0.42)
        d = f"M{x0:.1f} {y + rise:.1f}L{x1:.1f} {y - rise:.1f}V{y1:.1f}H{x0:.1f}Z"
    seam = darker(inks.main, 0.5) if lab(inks.main)[0] > 40 else lighter(inks.main, 0.4)
    return filled(d, inks.motif) + stroked(d, seam, 1.4, 0.7)
