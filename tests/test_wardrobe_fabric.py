"""Cloth: colours that keep their names, patterns that show both colours, the same from the same seed."""

import functools
import io
import random
import re

import numpy as np
import pytest
import resvg_py
from PIL import Image

from core.wardrobe import legs, palette, silhouette
from core.wardrobe.design import COLORS, ONE_COLOR, PATTERNS, TWO_COLOR, Design, two_colored
from core.wardrobe.fabric import Cloth, cloth
from core.wardrobe.necklines import cut_neckline
from core.wardrobe.shapes import trace

BOX = (104.0, 62.0, 216.0, 268.0)
CLEAR_PAIRS = (("white", "navy"), ("black", "yellow"), ("red", "white"), ("light-blue", "brown"))
REPEATED = ("stripes", "check", "floral", "dots")


def t_shirt(pattern: str, *colors: str) -> Design:
    return Design("t-shirt", colors, pattern, "short", "crew", "hip", "regular", ())


def made(design: Design, seed: object = 0) -> Cloth:
    return cloth(design, random.Random(str(seed)), BOX)


def pixels(drawn: Cloth, size: int = 320, clip: str = "M104 62H216V268H104Z") -> np.ndarray:
    """What of the cloth lies within `clip`, float [n, 3]."""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" width="320" height="320">'
        f"<defs>{drawn.defs}"
        f'<clipPath id="body"><path d="{clip}"/></clipPath></defs>'
        f'<path d="{clip}" fill="{drawn.fill}"/><g clip-path="url(#body)">{drawn.over}</g></svg>'
    )
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True))
    with Image.open(io.BytesIO(png)) as picture:
        seen = np.asarray(picture.convert("RGBA")).reshape(-1, 4)
    return seen[seen[:, 3] > 250, :3].astype(float)


def rgb(color: str) -> np.ndarray:
    return np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], float)


def share_of_second(drawn: Cloth, clip: str = "M104 62H216V268H104Z") -> float:
    """The share of pixels that are nearer to the second colour than to the main one."""
    assert drawn.second
    seen = pixels(drawn, clip=clip)
    main, second = (np.linalg.norm(seen - rgb(c), axis=1) for c in (drawn.main, drawn.second))
    return float((second < main).mean())


def nearest_name(color: np.ndarray) -> str:
    seen = palette.lab("#" + "".join(f"{round(float(v)):02x}" for v in color))
    return min(palette.centres(), key=lambda name: palette.distance(seen, palette.centres()[name]))


@functools.cache
def outline(family: str, length: str, fit: str) -> tuple[str, tuple[float, float, float, float]]:
    """The path and the box of a garment's body."""
    neckline = "crew" if family in ("t-shirt", "sweater", "dress") else None
    design, rng = Design(family, ("red",), "solid", None, neckline, length, fit, ()), random.Random(0)
    below = {"trousers": legs.trousers, "shorts": legs.shorts, "skirt": silhouette.skirt}
    cut = below.get(family, silhouette.upper)(design, rng)
    if neckline:
        cut_neckline(design, cut)
    return trace(cut.outline, True), silhouette.box_of(cut.outline)


def test_there_is_a_palette_of_each_colour_that_can_be_drawn() -> None:
    assert set(palette.ANCHORS) == set(COLORS)


@pytest.mark.parametrize("name", COLORS)
def test_every_shade_is_nearest_to_its_own_name_and_shades_vary(name: str) -> None:
    rng = random.Random(name)
    shades = [palette.shade(name, rng) for _ in range(200)]
    assert max(palette.own(found, name) for found in shades) < 0.8
    assert len(set(shades)) > 3


def test_what_stands_out_from_a_colour_can_be_seen_on_it() -> None:
    for name in COLORS:
        found = palette.shade(name, random.Random(1))
        assert palette.apart(found, palette.contrast(found)) > 25, name
        assert palette.lab(palette.darker(found, 0.3))[0] < palette.lab(palette.lighter(found, 0.3))[0]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("name", COLORS)
def test_every_pattern_is_drawn_in_every_colour_and_keeps_its_name(pattern: str, name: str) -> None:
    other = "white" if palette.lab(palette.ANCHORS[name][0])[0] < 60 else "navy"
    drawn = made(t_shirt(pattern, *((name, other) if two_colored(pattern, ()) else (name,))), name)
    assert all(found.startswith("cloth") for found in re.findall(r'id="([^"]+)"', drawn.defs + drawn.over))
    assert (drawn.second is not None) == two_colored(pattern, ())
    seen = pixels(drawn, 320 if pattern == "check" else 110)
    if palette.sheen(name):
        found = rgb(drawn.main)
        assert seen.std(axis=0).max() > 8
    elif pattern in ("denim", "texture"):
        found = seen.mean(axis=0)  # its relief is of lighter and darker yarns
    else:
        found = rgb(drawn.main)
        assert (np.linalg.norm(seen - found, axis=1) < 20).mean() > 0.25
    assert nearest_name(found) == name


@pytest.mark.parametrize("pattern", REPEATED)
def test_the_second_colour_of_a_print_shows_and_the_main_one_leads(pattern: str) -> None:
    shares = [share_of_second(made(t_shirt(pattern, *pair), s)) for pair in CLEAR_PAIRS for s in range(5)]
    assert min(shares) >= 0.15 and max(shares) <= 0.5, shares


@pytest.mark.parametrize("pattern", ["graphic", "colorblock"])
@pytest.mark.parametrize(
    "family, length, fit",
    [
        ("t-shirt", "hip", "regular"), ("sweater", "cropped", "loose"), ("dress", "midi", "straight"),
        ("dress", "mini", "flared"), ("skirt", "knee", "a-line"), ("trousers", "full", "straight"),
        ("shorts", "knee", "regular"),
    ],
)  # fmt: skip
def test_emblems_and_panels_are_large_and_leave_the_main_colour_most(
    pattern: str, family: str, length: str, fit: str
) -> None:
    path, box = outline(family, length, fit)
    design = Design(family, ("white", "navy"), pattern, None, None, length, fit, ())
    shares = [share_of_second(cloth(design, random.Random(seed), box), path) for seed in range(12)]
    assert min(shares) >= 0.1 and max(shares) < 0.6, shares
    assert 0.13 <= np.mean(shares) < 0.5


@pytest.mark.parametrize("pattern", ONE_COLOR)
def test_patterns_of_one_colour_are_seen_in_shades_of_it(pattern: str) -> None:
    for name in ("white", "black", "red", "navy"):
        tones = pixels(made(t_shirt(pattern, name)), 224) @ (0.299, 0.587, 0.114)
        spread = float(np.percentile(tones, 95) - np.percentile(tones, 5))
        assert spread < 1 if pattern == "solid" else spread > 14, (name, spread)


def test_neighbouring_colours_are_worn_in_shades_that_lie_apart() -> None:
    for pair in (
        ("navy", "black"),
        ("blue", "navy"),
        ("beige", "white"),
        ("grey", "silver"),
        ("teal", "green"),
    ):
        for seed in range(8):
            drawn = made(t_shirt("dots", *pair), seed)
            assert drawn.second and palette.apart(drawn.main, drawn.second) > 17, (pair, seed)


def test_metals_gleam_and_their_neighbours_do_not() -> None:
    for metal, plain in (("gold", "yellow"), ("silver", "grey")):
        assert pixels(made(t_shirt("solid", metal)))[:, 0].std() > 6
        assert pixels(made(t_shirt("solid", plain)))[:, 0].std() < 1


def test_denim_alone_has_a_topstitch_and_it_shows() -> None:
    for name in COLORS:
        drawn = made(t_shirt("denim", name))
        assert drawn.stitch and palette.apart(drawn.main, drawn.stitch) > 20, name
    assert all(made(t_shirt(p, "red", "white")).stitch is None for p in TWO_COLOR)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_same_seed_gives_the_same_cloth_and_another_another(pattern: str) -> None:
    design = t_shirt(pattern, *(("blue", "white") if two_colored(pattern, ()) else ("blue",)))
    assert made(design, 5) == made(design, 5)
    assert len({made(design, seed) for seed in range(8)}) > 4
