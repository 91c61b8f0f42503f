"""Patterns of two colours that repeat: stripes, check, dots and flowers."""

import math
import random

from core.wardrobe.palette import darker, lab, lighter, mix
from core.wardrobe.tiles import Inks, Tile, copies, filled, lattice, loop, rect, stroked


def stripes(inks: Inks, rng: random.Random) -> Tile:
    """Horizontal, vertical or, rarely, diagonal stripes from pinstripes to broad ones."""
    kind = rng.choices(("even", "breton", "pin", "group"), (0.4, 0.25, 0.15, 0.2))[0]
    way = rng.choices((90, 0, 45, -45), (0.55, 0.33, 0.06, 0.06))[0]
    if kind == "pin":
        period = rng.uniform(10, 15)
        bands = [(0.0, period * rng.uniform(0.2, 0.26))]
        way = 0 if way == 90 else way
    elif kind == "even":
        period = rng.choice((14, 18, 24, 32, 44, 56)) * rng.uniform(0.92, 1.08)
        bands = [(0.0, period * rng.uniform(0.38, 0.45))]
    elif kind == "breton":
        period = rng.uniform(15, 26)
        bands = [(0.0, period * rng.uniform(0.26, 0.36))]
    else:
        period = rng.uniform(34, 50)
        broad, thin = period * 0.24, period * 0.07
        bands = [(0.0, broad), (broad + thin * 1.3, thin), (period - thin * 2.3, thin)]
    period = float(round(period))
    across = 48.0
    markup = "".join(rect(x, -2, width, across + 4, inks.motif) for x, width in bands)
    return Tile(period, across, markup, f"rotate({way})" if way else "")


def check(inks: Inks, rng: random.Random) -> Tile:
    """Gingham, tartan or windowpane."""
    kind = rng.choices(("gingham", "tartan", "windowpane"), (0.4, 0.38, 0.22))[0]
    turn = "rotate(45)" if rng.random() < 0.08 else ""
    if kind == "windowpane":
        size = float(rng.randint(24, 38))
        line = size * rng.uniform(0.11, 0.14)
        return Tile(size, size, _crossed(0, line, size, inks.motif), turn)
    if kind == "gingham":
        size = float(rng.choice((14, 18, 22, 28, 36)))
        band = size * rng.uniform(0.37, 0.42)
        half = mix(inks.main, inks.second, 0.42)
        markup = _crossed(0, band, size, half) + rect(0, 0, band, band, inks.motif)
        return Tile(size, size, markup, turn)
    size = float(rng.randint(40, 60))
    tone = darker(inks.main, 0.4) if lab(inks.main)[0] > 30 else lighter(inks.main, 0.12)
    broad, line = size * 0.25, max(1.8, size * 0.045)
    markup = _crossed(0, broad, size, inks.motif, 0.42) + rect(0, 0, broad, broad, inks.motif, 0.8)
    for at, width, paint in ((0.5, 1.3, tone), (0.75, 1.7, inks.motif)):
        markup += _crossed(size * at - line * width / 2, line * width, size, paint, 0.85)
    return Tile(size, size, markup, turn)


def _crossed(at: float, width: float, size: float, paint: str, opacity: float = 1.0) -> str:
    """A band down and a band across a square tile."""
    down = rect(at, -2, width, size + 4, paint, opacity)
    return down + rect(-2, at, size + 4, width, paint, opacity)


def dots(inks: Inks, rng: random.Random) -> Tile:
    """Dots, from pin dots to big polka dots, in staggered rows or scattered in two sizes."""
    if rng.random() < 0.15:
        size = float(rng.randint(70, 96))
        parts = []
        for i, (x, y) in enumerate(lattice(4, 3, size, size, 0.2, rng)):
            r = size * (0.085 if i % 3 else 0.06)
            dot = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r:.1f}" fill="{inks.motif}"/>'
            parts.append(copies(dot, x, y, r, size, size))
        return Tile(size, size, "".join(parts))
    size = float(rng.choice((16, 20, 24, 30, 38, 48, 58)))
    r = size * rng.uniform(0.185, 0.245)
    places = [(0.25, 0.25), (0.75, 0.75)]
    markup = "".join(
        f'<circle cx="{size * x:.1f}" cy="{size * y:.1f}" r="{r:.1f}" fill="{inks.motif}"/>'
        for x, y in places
    )
    return Tile(size, size, markup)


def floral(inks: Inks, rng: random.Random) -> Tile:
    """Flowers in the second colour: small and many, daisies, or large blossoms with leaves."""
    kind = rng.choices(("ditsy", "daisy", "blossom"), (0.3, 0.35, 0.35))[0]
    rows, reach = {"ditsy": (4, 0.118), "daisy": (4, 0.131), "blossom": (2, 0.192)}[kind]
    size = float(round({"ditsy": 66, "daisy": 96, "blossom": 112}[kind] * rng.uniform(0.88, 1.15)))
    shadow = darker(inks.second, 0.3) if lab(inks.second)[0] > 45 else lighter(inks.second, 0.26)
    heart, leaf = _heart_tone(inks), _leaf_tone(inks)
    leaves, flowers = [], []
    for i, (x, y) in enumerate(lattice(rows, 2, size, size, 0.12, rng)):
        r = size * reach * (rng.uniform(0.94, 1.08) if (i + i // 2) % 2 else rng.uniform(0.74, 0.86))
        turn = rng.uniform(0, math.tau)
        leaves.append(copies(_leaves(x, y, r, turn, leaf, rng), x, y, r * 2.1, size, size))
        draw = _blossom if kind == "blossom" else _daisy
        petals = {"ditsy": 5, "daisy": 9, "blossom": 5}[kind]
        flower = draw(x, y, r, turn, petals, inks.motif, shadow, heart)
        if kind == "blossom":
            u, v, bud = x + size * 0.25, y + rng.uniform(-0.05, 0.05) * size, r * 0.34
            small = _daisy(u, v, bud, turn, 5, inks.motif, shadow, heart)
            leaves.append(copies(small, u, v, bud * 1.2, size, size))
        flowers.append(copies(flower, x, y, r * 1.2, size, size))
    return Tile(size, size, "".join(leaves + flowers))


def _leaf_tone(inks: Inks) -> str:
    """Leaves: a muted green near the cloth's own colour."""
    if lab(inks.main)[0] > 35:
        return mix(darker(inks.main, 0.35), "#3f7a3c", 0.4)
    return mix(lighter(inks.main, 0.3), "#5f9a58", 0.45)


def _heart_tone(inks: Inks) -> str:
    """A flower's middle: golden on most petals, dark on yellow ones."""
    lightness, _, b = lab(inks.second)
    return "#7a4a1c" if b > 40 and lightness > 45 else "#f0c23a"


def _leaves(x: float, y: float, r: float, turn: float, tone: str, rng: random.Random) -> str:
    parts = []
    for side in (rng.uniform(0.4, 0.9), rng.uniform(2.6, 3.4)):
        at = turn + side
        cos, sin = math.cos(at), math.sin(at)
        tip = (x + cos * r * 1.95, y + sin * r * 1.95)
        mx, my = x + cos * r * 1.2, y + sin * r * 1.2
        bend = r * 0.42
        parts.append(
            f"M{x:.1f} {y:.1f}Q{mx - sin * bend:.1f} {my + cos * bend:.1f} {tip[0]:.1f} {tip[1]:.1f}"
            f"Q{mx + sin * bend:.1f} {my - cos * bend:.1f} {x:.1f} {y:.1f}Z"
        )
    return filled("".join(parts), tone)


def _daisy(
    x: float, y: float, r: float, turn: float, petals: int, motif: str, shadow: str, heart: str
) -> str:
    parts = []
    wide = r * (0.36 if petals > 6 else 0.52)
    for i in range(petals):
        at = turn + math.tau * i / petals
        cos, sin = math.cos(at), math.sin(at)
        cx, cy = x + cos * r * 0.62, y + sin * r * 0.62
        tx, ty = x + cos * r * 1.08, y + sin * r * 1.08
        parts.append(
            f"M{x:.1f} {y:.1f}Q{cx - sin * wide * 1.25:.1f} {cy + cos * wide * 1.25:.1f} {tx:.1f} {ty:.1f}"
            f"Q{cx + sin * wide * 1.25:.1f} {cy - cos * wide * 1.25:.1f} {x:.1f} {y:.1f}Z"
        )
    middle = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r * 0.27:.1f}" fill="{heart}"/>'
    return filled("".join(parts), motif) + middle


def _blossom(
    x: float, y: float, r: float, turn: float, petals: int, motif: str, shadow: str, heart: str
) -> str:
    points = []
    for i in range(petals * 4):
        at = turn + math.tau * i / (petals * 4)
        far = (0.74, 0.99, 1.06, 0.99)[i % 4]
        points.append((x + math.cos(at) * r * far, y + math.sin(at) * r * far))
    veins = "".join(
        f"M{x + math.cos(at) * r * 0.28:.1f} {y + math.sin(at) * r * 0.28:.1f}"
        f"L{x + math.cos(at) * r * 0.74:.1f} {y + math.sin(at) * r * 0.74:.1f}"
        for at in (turn + math.tau * i / petals for i in range(petals))
    )
    inner = [
        (x + math.cos(at) * r * far, y + math.sin(at) * r * far)
        for i in range(petals * 2)
        for at in (turn + 0.4 + math.tau * i / (petals * 2),)
        for far in ((0.30, 0.46)[i % 2],)
    ]
    return (
        filled(loop(points), motif)
        + stroked(veins, shadow, max(1.0, r * 0.07), 0.75)
        + filled(loop(inner), shadow, 0.8)
        + f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{r * 0.2:.1f}" fill="{heart}"/>'
    )
