"""`python -m core.wardrobe.swatches --out FILE.png`: a sheet of cloths and of shades, for the eye."""

import argparse
import io
import random
from pathlib import Path

from core.cli import entry
from core.files import write_atomically
from core.wardrobe.design import COLORS, PATTERNS, Design, two_colored
from core.wardrobe.fabric import Cloth, cloth
from core.wardrobe.palette import shade

PX, GAP, LABEL = 150, 8, 84
BOX = (85.0, 60.0, 235.0, 250.0)
PAIRS = (
    ("white", "navy"), ("navy", "white"), ("red", "black"), ("beige", "brown"), ("green", "pink"),
    ("black", "gold"), ("light-blue", "yellow"), ("grey", "orange"), ("silver", "purple"), ("gold", "black"),
    ("blue", "white"), ("burgundy", "lilac"),
)  # fmt: skip


def swatch(design: Design, made: Cloth, px: int = PX, clip: bool = True) -> str:
    """An SVG document of the piece of cloth that a body would be cut from, px wide."""
    x0, y0, x1, y1 = BOX
    shape = f'<rect x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{x0} {y0} {x1 - x0} {y1 - y0}" width="{px}" '
        f'height="{px * (y1 - y0) / (x1 - x0):.0f}"><defs>{made.defs}'
        f'<clipPath id="body">{shape}/></clipPath></defs>'
        f'{shape} fill="{made.fill}"/><g clip-path="url(#body)">{made.over}</g></svg>'
    )


def main() -> None:
    """Write the sheet."""
    parser = argparse.ArgumentParser(prog="python -m core.wardrobe.swatches", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="the picture to write, .png")
    parser.add_argument("--seed", type=int, default=0, help="of the cloths drawn")
    parser.add_argument("--pattern", choices=PATTERNS, help="this pattern alone, many times")
    asked = parser.parse_args()
    sheet = _sheet(asked.seed, asked.pattern)

    def write(aside: Path) -> None:
        aside.write_bytes(sheet)

    write_atomically(asked.out, write)


def _sheet(seed: int, only: str | None) -> bytes:
    import resvg_py
    from PIL import Image, ImageDraw

    high = PX * 190 // 150
    rows = [only] * 6 if only else list(PATTERNS)
    tall = len(rows) * (high + GAP + 12) + (0 if only else len(COLORS) * 26 + 20)
    sheet = Image.new("RGB", (LABEL + len(PAIRS) * (PX + GAP), tall), "#e9e6e1")
    pen = ImageDraw.Draw(sheet)
    y = GAP
    for row, pattern in enumerate(rows):
        pen.text((6, y + high // 2), pattern, fill="black")
        for column, pair in enumerate(PAIRS):
            family = ("t-shirt", "skirt", "dress", "trousers", "jacket")[column % 5]
            colors = pair if two_colored(pattern, ()) else pair[:1]
            made = Design(family, colors, pattern, None, None, "hip", "regular", ())
            svg = swatch(made, cloth(made, random.Random(f"{seed} {row} {column}"), BOX))
            picture = Image.open(io.BytesIO(bytes(resvg_py.svg_to_bytes(svg_string=svg))))
            sheet.paste(picture.convert("RGB"), (LABEL + column * (PX + GAP), y))
            pen.text((LABEL + column * (PX + GAP), y + high), " ".join(colors), fill="black")
        y += high + GAP + 12
    if not only:
        for color in COLORS:
            pen.text((6, y + 6), color, fill="black")
            for i in range(24):
                tone = shade(color, random.Random(f"{seed} {color} {i}"))
                pen.rectangle((LABEL + i * 70, y, LABEL + i * 70 + 68, y + 24), fill=tone)
            y += 26
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    return stream.getvalue()


if __name__ == "__main__":
    entry(main)
