"""A small folder in CIRR's layout, made by the tests that then damage it."""

from pathlib import Path
from typing import Any

import numpy as np

from tests.data_folder import photo, write

GALLERY = 60


def row(number: int, split: str) -> dict[str, Any]:
    """Pair `number`: the photos from 2 * number on are its subset, the second of them the reference."""
    members = [name(split, 2 * number + place) for place in range(6)]
    value: dict[str, Any] = {
        "pairid": 12000 + 3 * number,
        "reference": members[1],
        "caption": f"the same with {number} more",
        "img_set": {"id": number, "members": members, "reference_rank": 0},
    }
    if split != "test1":
        value |= {"target_hard": members[4], "target_soft": {members[4]: 1.0, members[0]: -1.0}}
    return value


def name(split: str, number: int) -> str:
    return f"{'dev' if split == 'val' else split}-{number}-0-img{number % 2}"


def make_cirr(root: Path, split: str = "val", pairs: int = 12, gallery: int = GALLERY) -> Path:
    """A split of some pairs over `gallery` photos (54 or more for a submission), annotations only."""
    names = [name(split, number) for number in range(gallery)]
    folder = names[0].split("-")[0]
    write(root / f"image_splits/split.rc2.{split}.json", {n: f"./{folder}/{n}.png" for n in names})
    write(root / f"captions/cap.rc2.{split}.json", [row(number, split) for number in range(pairs)])
    return root


def draw_photos(root: Path, images: Path, split: str = "val", gallery: int = GALLERY) -> None:
    """A PNG for every photo of the gallery, where the annotations say."""
    for number in range(gallery):
        path = images / ("dev" if split == "val" else split) / f"{name(split, number)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        photo(number).save(path)


def unit(rng: np.random.Generator, rows: int, dim: int = 8) -> np.ndarray:
    """Unit rows float32 [rows, dim]."""
    vectors = rng.standard_normal((rows, dim)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
