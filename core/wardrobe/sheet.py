"""Contact sheets of drawn garments.

    python -m core.wardrobe.sheet --out FILE.png [--seed N] [--rows R --columns C] [--family F] [--field NAME]

A sheet shows random designs; with `--field` and `--family` one field runs over all its values while the rest
stays, and the value is written under each.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from PIL import Image, ImageDraw

from core.cli import entry
from core.errors import HemlineError
from core.wardrobe.design import COLORS, RULES, Design, changed, sample
from core.wardrobe.draw import draw

FIELDS = ("family", "color", "pattern", "sleeve", "neckline", "length", "fit", "details")


def plain(family: str) -> Design:
    """The plainest design of a family: its first values, no details but those that go with the neckline."""
    rules = RULES[family]
    base = sample(random.Random(7), family)
    base = replace(base, colors=("blue",), pattern="solid", details=())
    first = {"sleeve": rules.sleeves[0] if rules.sleeves else None}
    first["neckline"] = rules.necklines[0] if rules.necklines else None
    values = {**first, "length": rules.lengths[0], "fit": rules.fits[0]}
    return changed(base, random.Random(7), **values)


def varied(family: str, field: str) -> list[tuple[str, Design]]:
    """Designs that differ in `field` alone (and what must go with it), each with that field's value."""
    rng, base, rules = random.Random(3), plain(family), RULES[family]
    if field == "family":
        return [(name, plain(name)) for name in RULES]
    if field == "color":
        return [(c, replace(base, colors=(c,))) for c in COLORS]
    if field == "details":
        return [(d, changed(base, rng, details=(d,))) for d in rules.details]
    if field not in FIELDS:
        raise HemlineError(f"--field {field} is none of {', '.join(FIELDS)}; name one of them")
    values = {"pattern": rules.patterns, "sleeve": rules.sleeves, "neckline": rules.necklines,
              "length": rules.lengths, "fit": rules.fits}[field]  # fmt: skip
    return [(v, changed(base, rng, **{field: v})) for v in values]


def sheet(named: Sequence[tuple[str, Design]], columns: int, seed: int, cell: int = 200) -> Image.Image:
    """Designs side by side, `cell` px each, a line of words under those that have any."""
    line = 14 if any(name for name, _ in named) else 0
    rows = -(-len(named) // columns)
    whole = Image.new("RGB", (columns * cell, rows * (cell + line)), "white")
    pen = ImageDraw.Draw(whole)
    for i, (name, design) in enumerate(named):
        x, y = i % columns * cell, i // columns * (cell + line)
        whole.paste(draw(design, seed + i).resize((cell, cell), Image.Resampling.LANCZOS), (x, y))
        pen.text((x + 4, y + cell + 1), name, fill="black")
    return whole


def main(argv: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m core.wardrobe.sheet", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the picture to write, .png or .webp")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--columns", type=int, default=6)
    parser.add_argument("--family", choices=list(RULES), default=None)
    parser.add_argument("--field", choices=FIELDS, default=None, help="the field that runs over its values")
    parser.add_argument("--cell", type=int, default=200, help="px of each garment")
    args = parser.parse_args(argv)
    if args.field:
        named = varied(args.family or "dress", args.field)
    else:
        rng = random.Random(args.seed)
        families = [args.family] if args.family else list(RULES)
        count = args.rows * args.columns
        named = [("", sample(rng, families[i % len(families)])) for i in range(count)]
        rng.shuffle(named)
    columns = min(args.columns, len(named))
    sheet(named, columns, args.seed, args.cell).save(args.out, optimize=True, quality=90)


if __name__ == "__main__":
    entry(main)
