"""A small dataset folder in FashionIQ's layout, made by the tests that then damage it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

GARMENT = {
    "image": "a1",
    "split": "val",
    "category": "dress",
    "kind": "maxi dress",
    "colors": ["red", "white"],
    "pattern": "dots",
    "sleeve": "none",
    "neckline": "v",
    "length": "maxi",
    "fit": "flared",
    "fabric": "cotton",
    "details": [],
    "caption": "red dress with white dots",
}


def write(path: Path, value: Any) -> None:
    """`value` as JSON at `path`, with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), "utf-8")


def make_folder(root: Path, photos: bool = False) -> Path:
    """Split val: dress (a0 to a7, two queries) and shirt (b0 to b3, one query), with garments."""
    galleries = {"dress": [f"a{n}" for n in range(8)], "shirt": [f"b{n}" for n in range(4)]}
    for category, gallery in galleries.items():
        write(root / f"image_splits/split.{category}.val.json", gallery)
    write(
        root / "captions/cap.dress.val.json",
        [
            {"target": "a1", "candidate": "a0", "captions": ["is red", "longer"]},
            {"target": "a2", "candidate": "a1", "captions": ["", "is blue "]},
        ],
    )
    write(
        root / "captions/cap.shirt.val.json",
        [{"target": "b1", "candidate": "a0", "captions": ["is a shirt", "has a collar"]}],
    )
    lines = [
        GARMENT | {"image": id_, "category": category}
        for category, gallery in galleries.items()
        for id_ in gallery
    ]
    write_lines(root / "garments.jsonl", lines)
    if photos:
        (root / "images").mkdir()
        for number, id_ in enumerate(galleries["dress"] + galleries["shirt"]):
            photo(number).save(root / f"images/{id_}.jpg", quality=90)
    return root


def write_lines(path: Path, values: list[Any]) -> None:
    """One JSON value a line."""
    path.write_text("".join(json.dumps(value) + "\n" for value in values), "utf-8")


def photo(seed: int) -> Image.Image:
    """A picture of 80 x 60 that differs by seed."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (60, 80, 3), dtype=np.uint8))
