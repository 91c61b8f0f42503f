"""Patterns in shades of one colour with organic spots: animal skins and camouflage."""

import math
import random

from core.wardrobe.tiles import Inks, Point, Tile, blob, copies, filled, loop, scattered


def animal(inks: Inks, rng: random.Random) -> Tile:
    """Leopard, zebra, tiger or snake, in the main colour and deeper shades of it."""
    kind = rng.choices((_leopard, _zebra, _tiger, _snake), (0.5, 0.2, 0.18, 0.12))[0]
    return kind(inks, rng)


def camouflage(inks: Inks, rng: random.Random) -> Tile:
    """Interlocking blots in four shades of the main colour."""
    size = float(rng.randint(100, 140))
    parts = []
    for tone, count, radius in ((inks.dark, 6, 0.125), (inks.light, 5, 0.10), (inks.deep, 5, 0.085)):
        shapes = []
        for x, y in scattered(count, size, size, rng, 10):
            r = size * radius * rng.uniform(0.85, 1.2)
            d = loop(_blot(x, y, r, rng))
            shapes.append(copies(filled(d, tone), x, y, r * 2.2, size, size))
        parts.extend(shapes)
    return Tile(size, size, "".join(parts))


def _blot(x: float, y: float, r: float, rng: random.Random) -> list[Point]:
    """A lobed, lengthwise shape as of a camouflage's blots."""
    turn = rng.choice((0.0, 0.0, 0.5, -0.5)) + rng.uniform(-0.25, 0.25)
    cos, sin = math.cos(turn), math.sin(turn)
    points = []
    count = 12
    for i in range(count):
        at = math.tau * i / count
        far = r * ((1.25 if i % 2 else 0.72) + rng.uniform(-0.22, 0.22))
        u, v = math.cos(at) * far * 1.55, math.sin(at) * far * 0.85
        points.append((x + u * cos - v * sin, y + u * sin + v * cos))
    return points


def _leopard(inks: Inks, rng: random.Random) -> Tile:
    size = float(rng.choice((56, 70, 84, 104)))
    count = 11
    parts = []
    for i, (x, y) in enumerate(scattered(count, size, size, rng, 14)):
        r = size * rng.uniform(0.088, 0.118)
        if i % 4 == 3:
            spot = filled(loop(blob(x, y, r * 0.5, rng, 1.5, 0.2)), inks.deep)
        else:
            middle = filled(loop(blob(x, y, r * 0.78, rng, 1.2, 0.15)), inks.dark, 0.75)
            arcs, at = [], rng.uniform(0, math.tau)
            for _ in range(3):
                span = rng.uniform(1.15, 1.75)
                arcs.append(_arc(x, y, r, at, at + span, rng))
                at += span + rng.uniform(0.3, 0.6)
            spot = middle + filled("".join(arcs), inks.deep)
        parts.append(copies(spot, x, y, r * 1.5, size, size))
    return Tile(size, size, "".join(parts))


def _arc(x: float, y: float, r: float, start: float, end: float, rng: random.Random) -> str:
    """A thick crescent around a rosette's middle."""
    outer, inner = [], []
    for i in range(4):
        t = i / 3
        at = start + (end - start) * t
        thick = math.sin(math.pi * (0.15 + 0.7 * t)) * r * 0.34
        far = r * rng.uniform(0.94, 1.08)
        outer.append((x + math.cos(at) * (far + thick * 0.6), y + math.sin(at) * (far + thick * 0.6)))
        inner.append((x + math.cos(at) * (far - thick), y + math.sin(at) * (far - thick)))
    return loop(outer + inner[::-1])


def _lens(x: float, y: float, length: float, thick: float, sway: float, rng: random.Random) -> list[Point]:
    """A wavy stripe that tapers to both ends."""
    upper, lower, phase = [], [], rng.uniform(0, math.tau)
    for i in range(6):
        t = i / 5
        u = x + (t - 0.5) * length
        v = y + math.sin(phase + t * 4.2) * sway
        half = thick / 2 * math.sin(math.pi * (0.04 + 0.92 * t)) ** 0.6
        upper.append((u, v - half * rng.uniform(0.85, 1.15)))
        lower.append((u, v + half * rng.uniform(0.85, 1.15)))
    return upper + lower[::-1]


def _zebra(inks: Inks, rng: random.Random) -> Tile:
    size = float(rng.choice((84, 100, 120)))
    rows = 6
    pitch = size / rows
    parts = []
    for row in range(rows):
        y = (row + 0.5) * pitch
        split = rng.uniform(0, size)
        for x, length in ((split, size * 0.66), (split + size * 0.52, size * 0.56)):
            x %= size
            lift = rng.uniform(-0.12, 0.12) * pitch
            d = loop(_lens(x, y + lift, length, pitch * rng.uniform(0.5, 0.62), pitch * 0.2, rng))
            parts.append(copies(filled(d, inks.deep), x, y, length * 0.6, size, size))
    return Tile(size, size, "".join(parts), f"rotate({rng.choice((-12, 12, 78, 102))})")


def _tiger(inks: Inks, rng: random.Random) -> Tile:
    size = float(rng.choice((90, 110, 130)))
    rows = 5
    pitch = size / rows
    parts = []
    for row in range(rows):
        for column in range(2):
            x = (column + (row % 2) / 2 + rng.uniform(0.15, 0.35)) * size / 2 % size
            y = (row + 0.5) * pitch + rng.uniform(-0.1, 0.1) * pitch
            length = size * rng.uniform(0.36, 0.5)
            bold = loop(_lens(x, y, length, pitch * rng.uniform(0.38, 0.5), pitch * 0.3, rng))
            fine = loop(
                _lens(x + length * 0.3, y + pitch * 0.45, length * 0.5, pitch * 0.2, pitch * 0.16, rng)
            )
            markup = filled(bold, inks.deep) + filled(fine, inks.deep)
            parts.append(copies(markup, x, y, length, size, size))
    return Tile(size, size, "".join(parts), f"rotate({rng.choice((0, 6, -6))})")


def _snake(inks: Inks, rng: random.Random) -> Tile:
    width = float(rng.choice((44, 52, 60)))
    height = width * 1.3
    parts, cells = [], 4
    for row in range(cells * 2):
        for column in range(cells):
            x = (column + (row % 2) / 2) * width / cells
            y = row * height / (cells * 2)
            u = abs(x - width / 2) / (width / 2)
            v = abs(y - height / 2) / (height / 2)
            ring = u + v
            tone = inks.deep if 0.55 < ring < 0.95 else inks.dark if ring <= 0.3 else inks.main
            a, b = width / cells * 0.46, height / cells * 0.46
            d = f"M{x - a:.1f} {y:.1f}L{x:.1f} {y - b:.1f}L{x + a:.1f} {y:.1f}L{x:.1f} {y + b:.1f}Z"
            parts.append(copies(filled(d, tone), x, y, max(a, b), width, height))
    backing = f'<rect width="{width:.0f}" height="{height:.1f}" fill="{inks.dark}"/>'
    return Tile(width, height, backing + "".join(parts))
