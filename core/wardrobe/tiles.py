"""What every pattern of a cloth is made of: the inks, the tile that repeats, and organic shapes on it."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

Point = tuple[float, float]


@dataclass(frozen=True)
class Inks:
    """What a cloth is printed with. `main` and `second` are hex; `ground` and `motif` are their SVG paints.

    A paint is the hex itself, or a gradient where the colour is a metal's. `dark`, `deep` and `light` are
    hex tones of the main colour for relief, spots and highlights; on black they are all lighter than it.
    """

    main: str
    second: str
    ground: str
    motif: str
    dark: str
    deep: str
    light: str


@dataclass(frozen=True)
class Tile:
    """A piece of cloth that repeats: its size in px, its markup, and how it is turned (SVG transform)."""

    width: float
    height: float
    markup: str
    turn: str = ""


def rect(x: float, y: float, width: float, height: float, paint: str, opacity: float = 1.0) -> str:
    """A filled rectangle."""
    seen = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{paint}"{seen}/>'


def filled(d: str, paint: str, opacity: float = 1.0) -> str:
    """A filled path."""
    seen = f' fill-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return f'<path d="{d}" fill="{paint}"{seen}/>'


def stroked(d: str, paint: str, width: float, opacity: float = 1.0) -> str:
    """A stroked path with round ends."""
    seen = f' stroke-opacity="{opacity:.2f}"' if opacity < 1 else ""
    return (
        f'<path d="{d}" fill="none" stroke="{paint}" stroke-width="{width:.1f}" '
        f'stroke-linecap="round" stroke-linejoin="round"{seen}/>'
    )


def loop(points: list[Point]) -> str:
    """The path data of a smooth closed curve through points (Catmull-Rom)."""
    count = len(points)
    parts = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    for i in range(count):
        (x0, y0), (x1, y1) = points[i - 1], points[i]
        (x2, y2), (x3, y3) = points[(i + 1) % count], points[(i + 2) % count]
        parts.append(
            f"C{x1 + (x2 - x0) / 6:.1f} {y1 + (y2 - y0) / 6:.1f} {x2 - (x3 - x1) / 6:.1f} "
            f"{y2 - (y3 - y1) / 6:.1f} {x2:.1f} {y2:.1f}"
        )
    return "".join(parts) + "Z"


def blob(
    x: float,
    y: float,
    radius: float,
    rng: random.Random,
    stretch: float = 1.0,
    rough: float = 0.25,
    angle: float | None = None,
    count: int = 7,
) -> list[Point]:
    """Points around an irregular round shape; `stretch` is its length over its width."""  # fmt: skip
    turn = rng.uniform(0, math.tau) if angle is None else angle
    cos, sin = math.cos(turn), math.sin(turn)
    points = []
    for i in range(count):
        at = math.tau * i / count
        r = radius * (1 + rng.uniform(-rough, rough))
        u, v = math.cos(at) * r * stretch**0.5, math.sin(at) * r / stretch**0.5
        points.append((x + u * cos - v * sin, y + u * sin + v * cos))
    return points


def wrapped(x: float, y: float, reach: float, width: float, height: float) -> Iterator[Point]:
    """Where to draw what lies at x, y so that it also comes in again at the tile's other edges."""
    for dx in (0.0, width, -width):
        if not -reach < x + dx < width + reach:
            continue
        for dy in (0.0, height, -height):
            if -reach < y + dy < height + reach:
                yield x + dx, y + dy


def copies(markup: str, x: float, y: float, reach: float, width: float, height: float) -> str:
    """Markup that is drawn around x, y, together with its copies across the tile's edges."""
    parts = []
    for u, v in wrapped(x, y, reach, width, height):
        moved = (u, v) != (x, y)
        parts.append(f'<g transform="translate({u - x:.1f} {v - y:.1f})">{markup}</g>' if moved else markup)
    return "".join(parts)


def lattice(
    rows: int, columns: int, width: float, height: float, jitter: float, rng: random.Random
) -> list[Point]:
    """Evenly spread places on a tile: staggered rows (an even number), each place moved by up to `jitter`
    of the spacing."""
    across, down = width / columns, height / rows
    return [
        (
            (column + 0.25 + (row % 2) / 2 + rng.uniform(-jitter, jitter)) * across,
            (row + 0.5 + rng.uniform(-jitter, jitter)) * down,
        )
        for row in range(rows)
        for column in range(columns)
    ]
