"""The cloth a garment is cut from: its colours' shades and its pattern, as SVG to fill outlines with."""

import random
from collections.abc import Callable
from dataclasses import dataclass

from core.wardrobe import emblems, hides, prints, weaves
from core.wardrobe.design import Design
from core.wardrobe.palette import apart, contrast, darker, lab, lighter, shade, sheen
from core.wardrobe.tiles import Inks, Tile

_TILES: dict[str, Callable[[Inks, random.Random], Tile]] = {
    "stripes": prints.stripes, "check": prints.check, "dots": prints.dots, "floral": prints.floral,
    "animal": hides.animal, "camouflage": hides.camouflage, "denim": weaves.denim, "texture": weaves.texture,
}  # fmt: skip


@dataclass(frozen=True)
class Cloth:
    """A garment's cloth. `main` and `second` are hex, `stitch` the hex of a visible topstitch (denim's).

    `defs` goes into the SVG's defs (every id begins with "cloth"); `fill` is the paint for outlines in the
    320 x 320 user space; `over` is markup to draw over the body, clipped to it.
    """

    main: str
    second: str | None
    defs: str
    fill: str
    over: str
    stitch: str | None = None


def cloth(design: Design, rng: random.Random, box: tuple[float, float, float, float]) -> Cloth:
    """The cloth of a design, drawn from `rng`; `box` is the body's x0, y0, x1, y1 in user space.

    The second colour is None where the design has one colour.
    """
    main, second = _shades(design, rng)
    defs, ground, motif = "", main, second or main
    if sheen(design.colors[0]):
        defs, ground = defs + _gradient("cloth-ground", main, 150, rng), "url(#cloth-ground)"
    if second and sheen(design.colors[1]):
        defs, motif = defs + _gradient("cloth-motif", second, 34, rng), "url(#cloth-motif)"
    inks = _inks(main, second or main, ground, motif)
    draw = _TILES.get(design.pattern)
    fill, over, stitch = ground, "", None
    if draw:
        defs += _pattern(draw(inks, rng), inks)
        fill = "url(#cloth)"
    if design.pattern == "denim":
        stitch = _stitch(main)
        more, over = weaves.wash(inks, rng, box, design.family in ("trousers", "shorts"))
        defs += more
    elif design.pattern == "graphic":
        over = emblems.placed(design, inks, rng, box)
    elif design.pattern == "colorblock":
        over = emblems.panels(inks, rng, box)
    return Cloth(main, second, defs, fill, over, stitch)


def _shades(design: Design, rng: random.Random) -> tuple[str, str | None]:
    """Shades of the design's colours; of neighbouring colours, shades that lie well apart."""
    main = shade(design.colors[0], rng)
    if len(design.colors) < 2:
        return main, None
    best, most = "", -1.0
    for _ in range(6):
        second = shade(design.colors[1], rng)
        far = apart(main, second)
        if far > most:
            best, most = second, far
        if far > 40:
            break
    return main, best


def _inks(main: str, second: str, ground: str, motif: str) -> Inks:
    lightness = lab(main)[0]
    if lightness < 24:
        dark, deep, light = lighter(main, 0.17), lighter(main, 0.36), darker(main, 0.55)
    elif lightness < 40:
        dark, deep, light = darker(main, 0.36), darker(main, 0.68), lighter(main, 0.24)
    else:
        dark, deep, light = darker(main, 0.25), darker(main, 0.56), lighter(main, 0.36)
    return Inks(main, second, ground, motif, dark, deep, light)


def _stitch(main: str) -> str:
    """Denim's topstitch: orange-tan, or cream and brown where tan would not show."""
    return max(("#d9913f", "#f0d9a8", "#7a4a22"), key=lambda tone: min(apart(main, tone), 45.0))


def _gradient(name: str, color: str, length: float, rng: random.Random) -> str:
    """A metal's soft gleam: slanting light and shade that repeats every `length` px."""
    stops = (
        (0.0, darker(color, 0.2)), (0.3, color), (0.5, lighter(color, 0.62)), (0.68, color),
        (1.0, darker(color, 0.2)),
    )  # fmt: skip
    marks = "".join(f'<stop offset="{at}" stop-color="{tone}"/>' for at, tone in stops)
    start = rng.uniform(0, length)
    return (
        f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" spreadMethod="repeat" '
        f'x1="{start:.1f}" y1="0" x2="{start + length * 0.72:.1f}" y2="{length * 0.62:.1f}">{marks}</linearGradient>'
    )


def _pattern(tile: Tile, inks: Inks) -> str:
    """The tile as the pattern `cloth`; on a metal ground the gleam runs on beneath the repeating tile."""
    markup = tile.markup.replace("MAIN", inks.main)
    turn = f' patternTransform="{tile.turn}"' if tile.turn else ""
    size = f'width="{tile.width:g}" height="{tile.height:g}"'
    units = 'patternUnits="userSpaceOnUse"'
    if inks.ground == inks.main:
        back = f'<rect {size} fill="{inks.main}"/>'
        return f'<pattern id="cloth" {units} {size}{turn}>{back}{markup}</pattern>'
    whole = 'x="-80" y="-80" width="480" height="480"'
    return (
        f'<pattern id="cloth-tile" {units} {size}{turn}>{markup}</pattern>'
        f'<pattern id="cloth" {units} {whole}><rect {whole} fill="{inks.ground}"/>'
        f'<rect {whole} fill="url(#cloth-tile)"/></pattern>'
    )


def tone_on(color: str) -> str:
    """A hex tone for buttons and stitches that shows up on a cloth of `color`."""
    return contrast(color)
