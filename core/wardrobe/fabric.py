"""The cloth a garment is cut from: its colours' shades and its pattern, as SVG to fill outlines with."""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from core.wardrobe import emblems, hides, jeans, prints, weaves
from core.wardrobe.design import Design
from core.wardrobe.palette import apart, darker, lab, lighter, shade, sheen
from core.wardrobe.tiles import Inks, Tile, rect

_TILES: dict[str, Callable[[Inks, random.Random], Tile]] = {
    "stripes": prints.stripes, "check": prints.check, "dots": prints.dots, "floral": prints.floral,
    "animal": hides.animal, "camouflage": hides.camouflage, "denim": weaves.denim, "texture": weaves.texture,
}  # fmt: skip
_GLEAM = 96.0  # px over which a metal's gleam comes round at the least


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
        defs, ground = defs + _gradient("cloth-ground", main, 116, 100), "url(#cloth-ground)"
    gleaming = second is not None and sheen(design.colors[1])
    if gleaming:
        motif = "url(#cloth-motif)"
    inks = _inks(main, second or main, ground, motif)
    draw = _TILES.get(design.pattern)
    fill, over, stitch = ground, "", None
    width, height = 130.0, 112.0
    if draw:
        tile = draw(inks, rng)
        width, height = tile.width, tile.height
        defs += _pattern(tile, inks)
        fill = "url(#cloth)"
    if design.pattern == "denim":
        stitch = jeans.stitch_tone(main)
        faded, over = jeans.wash(inks, rng, box, design.family)
        defs, over = defs + faded, over + jeans.topstitch(stitch, box, design.family)
    elif design.pattern == "graphic":
        over = emblems.placed(design, inks, rng, box)
    elif design.pattern == "colorblock":
        over = emblems.panels(inks, rng, box)
    if second and gleaming:
        defs += _gradient("cloth-motif", second, width, height)
    return Cloth(main, second, defs, fill, over, stitch)


def _shades(design: Design, rng: random.Random) -> tuple[str, str | None]:
    """Shades of the design's colours; of neighbouring colours, shades that lie well apart."""
    main = shade(design.colors[0], rng)
    if len(design.colors) < 2:
        return main, None
    best, most = (main, main), -1.0
    for _ in range(10):
        second = shade(design.colors[1], rng)
        far = apart(main, second)
        if far > most:
            best, most = (main, second), far
        if far > 40:
            break
        main = shade(design.colors[0], rng)
    return best


def _inks(main: str, second: str, ground: str, motif: str) -> Inks:
    lightness = lab(main)[0]
    if lightness < 24:
        dark, deep, light = lighter(main, 0.17), lighter(main, 0.36), darker(main, 0.55)
    elif lightness < 40:
        dark, deep, light = darker(main, 0.36), darker(main, 0.68), lighter(main, 0.24)
    else:
        dark, deep, light = darker(main, 0.25), darker(main, 0.56), lighter(main, 0.36)
    return Inks(main, second, ground, motif, dark, deep, light)


def _gradient(name: str, color: str, width: float, height: float) -> str:
    """A metal's soft gleam: slanting light and shade that is whole on every tile of this size (px)."""
    low, high = darker(color, 0.16), lighter(color, 0.58)
    stops = ((0.0, low), (0.3, color), (0.5, high), (0.68, color), (1.0, low))
    marks = "".join(f'<stop offset="{at}" stop-color="{tone}"/>' for at, tone in stops)
    # The gradient runs along (1/width, 1/height), so that it comes round once per width and per height.
    square = width**-2 + height**-2
    return (
        f'<linearGradient id="{name}" gradientUnits="userSpaceOnUse" spreadMethod="repeat" x1="0" y1="0" '
        f'x2="{1 / width / square:.3f}" y2="{1 / height / square:.3f}">{marks}</linearGradient>'
    )


def _pattern(tile: Tile, inks: Inks) -> str:
    """The tile as the pattern `cloth`; on a metal's ground it is laid out until the gleam has room."""
    markup, ground, defs = tile.markup.replace("MAIN", inks.main), inks.main, ""
    width, height = tile.width, tile.height
    if inks.ground != inks.main:
        down = 1 if height >= _GLEAM / 2 else math.ceil(_GLEAM / height)
        markup = "".join(f'<g transform="translate(0 {row * height:g})">{markup}</g>' for row in range(down))
        height *= down
        # On a narrow tile a slanting gleam would look like stripes: it runs straight down there.
        slant = width if width >= _GLEAM / 2 else math.inf
        defs, ground = _gradient("cloth-sheen", inks.main, slant, height), "url(#cloth-sheen)"
    # The ground reaches over the edges: a tile that is scaled to a broken number of pixels shows no seam.
    back = rect(-2, -2, width + 4, height + 4, ground)
    turn = f' patternTransform="{tile.turn}"' if tile.turn else ""
    return (
        f'{defs}<pattern id="cloth" patternUnits="userSpaceOnUse" width="{width:g}" '
        f'height="{height:g}"{turn}>{back}{markup}</pattern>'
    )
