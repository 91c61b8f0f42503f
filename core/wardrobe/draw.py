"""A design drawn as a shop would show it, laid flat on a soft light ground."""

import io
import random

from PIL import Image

from core.wardrobe import closures, collars, legs, pockets, shading, silhouette, trims, waist
from core.wardrobe.design import Design, check
from core.wardrobe.fabric import cloth
from core.wardrobe.necklines import cut_neckline
from core.wardrobe.paint import paint_of
from core.wardrobe.shapes import CX, shape, stroke, trace
from core.wardrobe.sleeves import draw_sleeve, sleeves

SIDE = 320
"""Width and height of the user space that everything is drawn in."""
_GROUNDS = (("#f6f4f0", "#e3ded6"), ("#f3f4f5", "#dcdfe2"), ("#f5f2ee", "#e2dad2"), ("#f2f3ef", "#dcded5"))


def draw(design: Design, seed: int, size: int = SIDE) -> Image.Image:
    """The picture of `design`, RGB, `size` x `size` px.

    The same arguments give the same pixels; `seed` varies pose, light, ground, shade and folds. Raises
    HemlineError where the design cannot be drawn.
    """
    import resvg_py

    png = resvg_py.svg_to_bytes(svg_string=svg(design, seed), width=size, height=size, skip_system_fonts=True)
    with Image.open(io.BytesIO(bytes(png))) as picture:
        return picture.convert("RGB")


def svg(design: Design, seed: int) -> str:
    """The drawing of `design` as SVG text, without fonts or filters of ours; raises as `draw`."""
    check(design)
    rng = random.Random(seed)
    cut = _cut(design, rng)
    limbs = sleeves(design, cut, rng)
    whole = silhouette.box_of(cut.outline)
    fabric = cloth(design, rng, whole)
    paint = paint_of(fabric, rng)
    ground = rng.choice(_GROUNDS)
    left = rng.random() < 0.5
    defs = [fabric.defs, shading.gradients(cut, design.family == "sweater", ground, left)]
    body = trace(cut.outline, True)
    defs.append(f'<clipPath id="body"><path d="{body}"/></clipPath>')

    outlines = [*(limb.placed for limb in limbs), cut.outline]
    parts = [
        shading.shadow(outlines, rng.uniform(3, 6) * (1 if left else -1), rng.uniform(5, 8)),
        collars.behind(design, cut, paint),
    ]
    parts += [draw_sleeve(design, limb, cut, paint) for limb in limbs]
    inside, over = trims.at_hem(design, cut, paint)
    clipped = [fabric.over]
    if design.family == "sweater":
        clipped.append(shape(body, "url(#knit)"))
    clipped += [shape(body, "url(#round)"), shape(body, "url(#fall)")]
    clipped.append(shading.folds(design, cut, rng) if "pleats" not in design.details else "")
    if "pleats" in design.details:
        clipped.append(trims.pleats(design, cut, paint))
    clipped.append(closures.opening(design, cut, paint))
    clipped.append(inside)
    parts.append(shape(body, paint.fill))
    parts.append(f'<g clip-path="url(#body)">{"".join(clipped)}</g>')
    parts.append(stroke(body, paint.line, 1.3, 0.85))
    parts += [waist.waistband(design, cut, paint)]
    parts.append(over)
    put_on = pockets.pockets(design, cut, paint) if "pockets" in design.details else ""
    # A chest pocket lies on a ruffle, other pockets and a hem's ruffle do not meet.
    on_chest = design.family in ("shirt", "t-shirt")
    parts.append("" if on_chest else put_on)
    if cut.neck_y:
        neck, trimmed = collars.front(design, cut, paint), trims.at_neck(design, cut, paint)
        parts += [trimmed, neck] if "ruffles" in design.details else [neck, trimmed]
    if "zip" in design.details:
        parts.append(closures.zipper(design, cut, paint))
    parts.append(put_on if on_chest else "")
    if "buttons" in design.details:
        parts.append(closures.buttons(design, cut, paint))
    for name, put in (("belt", waist.belt), ("tie", waist.tie), ("bow", waist.bow)):
        if name in design.details:
            parts.append(put(design, cut, paint))

    turn, scale = rng.uniform(-1.6, 1.6), rng.uniform(0.97, 1.0)
    pose = (
        f"translate({CX + rng.uniform(-3, 3):.2f} {160 + rng.uniform(-2, 2):.2f}) rotate({turn:.2f}) "
        f"scale({scale:.3f}) translate({-CX} -160)"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}"><defs>{"".join(defs)}</defs>'
        f'<rect width="{SIDE}" height="{SIDE}" fill="url(#ground)"/>'
        f'<g transform="{pose}">{"".join(parts)}</g></svg>'
    )


def _cut(design: Design, rng: random.Random) -> silhouette.Cut:
    if design.family == "skirt":
        return silhouette.skirt(design, rng)
    if design.family == "trousers":
        return legs.trousers(design, rng)
    if design.family == "shorts":
        return legs.shorts(design, rng)
    cut = silhouette.upper(design, rng)
    cut_neckline(design, cut)
    return cut
