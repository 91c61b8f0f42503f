"""Patterns in shades of one colour with organic spots: animal skins and camouflage."""

import math
import random

from core.wardrobe.tiles import Inks, Point, Tile, blob, copies, filled, lattice, loop, wrapped


def animal(inks: Inks, rng: random.Random) -> Tile:
    """Leopard, zebra, tiger or snake, in the main colour and deeper shades of it."""
    kind = rng.choices((_leopard, _zebra, _tiger, _snake), (0.5, 0.21, 0.2, 0.09))[0]
    return kind(inks, rng)


def camouflage(inks: Inks, rng: random.Random) -> Tile:
    """Interlocking blots in four shades of the main colour."""
    size = float(rng.randint(100, 140))
    parts = []
    for tone, places, radius in (
        (inks.dark, (4, 2), 0.103),
        (inks.light, (2, 3), 0.083),
        (inks.deep, (4, 2), 0.063),
    ):
        shapes = []
        for x, y in lattice(*places, size, size, 0.3, rng):
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
    count, bow, notch = 13, rng.uniform(0, math.tau), rng.uniform(0, math.tau)
    for i in range(count):
        at = math.tau * i / count
        far = r * (
            1 + 0.3 * math.sin(2 * at + bow) + 0.34 * math.sin(3 * at + notch) + rng.uniform(-0.1, 0.1)
        )
        u, v = math.cos(at) * far * 1.6, math.sin(at) * far * 0.9
        points.append((x + u * cos - v * sin, y + u * sin + v * cos))
    return points


def _leopard(inks: Inks, rng: random.Random) -> Tile:
    size = float(rng.choice((52, 64, 80, 100)))
    parts = []
    for i, (x, y) in enumerate(lattice(4, 4, size, size, 0.16, rng)):
        r = size * rng.uniform(0.082, 0.112)
        if i % 5 == 4:
            spot = filled(loop(blob(x, y, r * 0.5, rng, 1.5, 0.2)), inks.deep)
        else:
            middle = filled(loop(blob(x, y, r * 0.74, rng, 1.15, 0.12)), inks.dark)
            arcs, at = [], rng.uniform(0, math.tau)
            for span in (rng.uniform(1.9, 2.5), rng.uniform(0.9, 1.5), rng.uniform(0.8, 1.2)):
                arcs.append(_arc(x, y, r, at, at + span, rng))
                at += span + rng.uniform(0.25, 0.45)
            spot = middle + filled("".join(arcs), inks.deep)
        parts.append(copies(spot, x, y, r * 1.5, size, size))
    return Tile(size, size, "".join(parts))


def _arc(x: float, y: float, r: float, start: float, end: float, rng: random.Random) -> str:
    """A thick crescent around a rosette's middle."""
    outer, inner = [], []
    for i in range(5):
        t = i / 4
        at = start + (end - start) * t
        thick = math.sin(math.pi * (0.2 + 0.6 * t)) * r * 0.36
        far = r * rng.uniform(0.93, 1.09)
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
    """Scales whose tones make a python's saddles."""
    across, down = 10, 18
    cell = rng.uniform(6.5, 8.5)
    width, height = across * cell, down * cell * 0.62
    tones: dict[str, list[str]] = {inks.main: [], inks.dark: [], inks.deep: []}
    sway, twist = rng.uniform(0, math.tau), rng.uniform(0, math.tau)
    for row in range(down):
        for column in range(across):
            x, y = (column + (row % 2) / 2) * cell, row * height / down
            u, v = math.tau * x / width, math.tau * y / height
            depth = math.cos(u) * math.cos(v) + 0.3 * math.cos(2 * u + sway)
            depth += 0.25 * math.sin(2 * v + u + twist) + rng.uniform(-0.16, 0.16)
            tone = inks.deep if 0.16 < depth < 0.5 else inks.dark if depth >= 0.5 else inks.main
            a, b = cell * 0.46, height / down * 0.92
            for p, q in wrapped(x, y, cell, width, height):
                tones[tone].append(
                    f"M{p - a:.1f} {q:.1f}Q{p - a:.1f} {q - b:.1f} {p:.1f} {q - b:.1f}"
                    f"Q{p + a:.1f} {q - b:.1f} {p + a:.1f} {q:.1f}L{p:.1f} {q + b:.1f}Z"
                )
    ground = f'<rect width="{width:.1f}" height="{height:.1f}" fill="{inks.dark}"/>'
    return Tile(width, height, ground + "".join(filled("".join(d), tone) for tone, d in tones.items()))
