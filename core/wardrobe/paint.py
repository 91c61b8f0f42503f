"""The tones a garment is painted in, so that a line shows on white cloth and on black."""

import random
from dataclasses import dataclass

from core.wardrobe.fabric import Cloth
from core.wardrobe.palette import darker, lighter


@dataclass(frozen=True)
class Paint:
    """Tones (hex) of one garment: `main` its cloth's, `dark` its edges, `deep` its inside, `line` seams.
    `fill` is what outlines are filled with (`shapes.shape`).

    `trim` is the second colour where the design shows one; `metal`, `button` and `leather` are for what is
    put on, chosen to stand out from the cloth.
    """

    fill: str
    main: str
    dark: str
    deep: str
    line: str
    gleam: str
    trim: str | None
    button: str
    leather: str
    rng: random.Random


def luminance(color: str) -> float:
    """How light a hex colour is, 0 to 1."""
    r, g, b = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * r + 0.587 * g + 0.114 * b


def paint_of(cloth: Cloth, rng: random.Random) -> Paint:
    """The tones that go with a cloth."""
    main = cloth.main
    # A gleaming ground under a tile is two fills here: as one nested pattern it is drawn ten times slower.
    layers = ("cloth-ground", "cloth-tile")
    nested = all(f'id="{name}"' in cloth.defs for name in layers)
    fill = " ".join(f"url(#{name})" for name in layers) if nested else cloth.fill
    light = luminance(main)
    if light < 0.22:
        line, deep, dark = lighter(main, 0.33), darker(main, 0.45), lighter(main, 0.14)
    else:
        line, deep, dark = darker(main, 0.5), darker(main, 0.42), darker(main, 0.17)
    red, green, blue = (int(main[i : i + 2], 16) for i in (1, 3, 5))
    brownish = red > green > blue and red - blue > 40 and light < 0.62
    leather = "#1f1b1a" if brownish or (light > 0.75 and rng.random() < 0.3) else "#6b3f22"
    if light < 0.2:
        leather = "#9a6234"
    return Paint(
        fill, main, dark, deep, line,
        "#ffffff", cloth.second,
        "#fbf7ee" if light < 0.5 else "#2e2622", leather,
        rng,
    )  # fmt: skip
