"""What a design says can be seen: every value draws, differs from its neighbours, and the same every time."""

import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import HemlineError
from core.wardrobe.design import RULES, Design, sample
from core.wardrobe.draw import draw, svg
from core.wardrobe.sheet import plain, varied


def pixels(design: Design, seed: int = 4, size: int = 112) -> np.ndarray:
    return np.asarray(draw(design, seed, size), np.float32)


def changed_share(one: Design, other: Design) -> float:
    """The share of pixels that differ clearly between two designs drawn with one seed."""
    return float((np.abs(pixels(one) - pixels(other)).max(axis=2) > 24).mean())


@pytest.mark.parametrize("family", RULES)
@pytest.mark.parametrize("field", ["sleeve", "neckline", "length", "fit"])
def test_every_value_differs_visibly_from_every_other(family: str, field: str) -> None:
    if field in ("sleeve", "neckline") and not RULES[family].necklines:
        assert varied(family, field) == []
        return
    named = varied(family, field)
    pictures = [pixels(design) for _, design in named]
    for i, (name, _) in enumerate(named):
        for j in range(i):
            share = float((np.abs(pictures[i] - pictures[j]).max(axis=2) > 24).mean())
            assert share > 0.003, f"{family}: {field} {name} looks like {named[j][0]}"


@pytest.mark.parametrize("family", RULES)
def test_every_detail_adds_something_to_see(family: str) -> None:
    base = plain(family)
    for name, design in varied(family, "details"):
        same = replace(design, details=base.details, colors=base.colors)
        same = replace(same, neckline=base.neckline) if name == "hood" else same
        if name != "hood" or family != "hoodie":
            assert changed_share(design, same) > 0.004, f"{family}: {name} cannot be seen"


@pytest.mark.parametrize("family", RULES)
def test_details_show_on_black_and_on_white(family: str) -> None:
    for color in ("black", "white"):
        base = replace(plain(family), colors=(color,))
        for name, design in varied(family, "details"):
            if name in ("contrast-trim", "hood", "cuffs"):
                continue
            other = replace(design, colors=(color,))
            assert changed_share(other, replace(other, details=base.details)) > 0.002, (family, color, name)


@given(st.integers(0, 2**40))
@settings(max_examples=60, deadline=None)
def test_whatever_can_be_drawn_is_drawn_alike_each_time(seed: int) -> None:
    design = sample(random.Random(seed))
    picture = draw(design, seed, 64)
    assert picture.mode == "RGB" and picture.size == (64, 64)
    assert picture.tobytes() == draw(design, seed, 64).tobytes()
    # The ground stays free at the picture's corners, the garment fills its middle.
    values = np.asarray(picture, np.int16)
    corners = values[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert corners.min() > 200
    assert np.abs(values - values[0, 0]).max(axis=2).mean() > 4


def test_another_process_draws_the_same() -> None:
    code = (
        "import random, sys; from core.wardrobe.design import sample; from core.wardrobe.draw import svg;"
        "sys.stdout.write(svg(sample(random.Random(5)), 9))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == svg(sample(random.Random(5)), 9)


def test_seeds_vary_and_sizes_are_honoured() -> None:
    design = plain("dress")
    assert draw(design, 1, 96).tobytes() != draw(design, 2, 96).tobytes()
    assert [draw(design, 1, size).size for size in (64, 320, 500)] == [(64, 64), (320, 320), (500, 500)]


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(HemlineError, match="cannot be drawn"):
        draw(replace(plain("skirt"), neckline="v"), 1)


@pytest.mark.parametrize(
    "flags", [["--rows", "1", "--columns", "2"], ["--field", "length", "--family", "skirt"]]
)
def test_the_sheet_is_written(tmp_path: Path, flags: list[str]) -> None:
    from core.wardrobe.sheet import main

    out = tmp_path / "sheet.png"
    main(["--out", str(out), "--cell", "60", *flags])
    with Image.open(out) as picture:
        assert picture.width == (120 if "--rows" in flags else 240)
