"""A small dataset folder with a train split that can be learned: drawn garments, their records, triplets."""

from itertools import pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from tests.data_folder import write, write_lines

COLORS = {
    "black": (20, 20, 20),
    "white": (240, 240, 240),
    "red": (200, 20, 30),
    "green": (30, 140, 50),
    "blue": (30, 60, 200),
    "yellow": (240, 210, 40),
}
PATTERNS = ("solid", "stripes", "dots")
SLEEVES = ("none", "short", "long")
KINDS = {"dress": ("maxi dress", "sundress"), "shirt": ("button-up shirt", "denim shirt")}
NOUNS = {"dress": "dress", "shirt": "shirt"}


def make_train_folder(root: Path, each: int = 18, records: bool = True, split: str = "train") -> Path:
    """One split: `each` garments of two categories with photos, and a triplet from each to the next."""
    for category in KINDS:
        ids = [f"{'' if split == 'train' else split}{category}{n}" for n in range(each)]
        garments = [_garment(id_, category, n) | {"split": split} for n, id_ in enumerate(ids)]
        write(root / f"image_splits/split.{category}.{split}.json", ids)
        write(
            root / f"captions/cap.{category}.{split}.json",
            [
                {"target": target["image"], "candidate": reference["image"], "captions": _wordings(target)}
                for reference, target in pairwise(garments)
            ],
        )
        (root / "images").mkdir(exist_ok=True)
        for number, garment in enumerate(garments):
            _photo(garment, number).save(root / f"images/{garment['image']}.jpg", quality=90)
        if records:
            path = root / "garments.jsonl"
            before = path.read_text("utf-8") if path.exists() else ""
            write_lines(path, garments)
            path.write_text(before + path.read_text("utf-8"), "utf-8")
    return root


def _garment(id_: str, category: str, number: int) -> dict[str, object]:
    color = list(COLORS)[number % len(COLORS)]
    pattern, sleeve = PATTERNS[number // 2 % 3], SLEEVES[number // 3 % 3]
    sleeves = {"none": "no sleeves", "short": "short sleeves", "long": "long sleeves"}[sleeve]
    return {
        "image": id_,
        "category": category,
        "kind": KINDS[category][number % 2],
        "colors": [color],
        "pattern": pattern,
        "sleeve": sleeve,
        "neckline": "v" if number % 2 else "crew",
        "length": "maxi" if category == "dress" else "hip",
        "fit": "regular",
        "fabric": "cotton",
        "details": ["buttons"] if number % 3 else [],
        "caption": f"{color} {NOUNS[category]} with {pattern} and {sleeves}",
    }


def _wordings(target: dict[str, object]) -> list[str]:
    (color,) = target["colors"]  # type: ignore[misc]
    return [f"is {color}", f"has {target['pattern']} and {target['sleeve']} sleeves"]


def _photo(garment: dict[str, object], number: int) -> Image.Image:
    """The garment's colour and pattern on a grey of its own."""
    (color,) = garment["colors"]  # type: ignore[misc]
    picture = Image.new("RGB", (64, 80), (120 + number, 120, 130))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((12, 10, 52, 70 if garment["category"] == "dress" else 45), fill=COLORS[color])
    if garment["pattern"] == "stripes":
        for y in range(12, 44, 8):
            draw.line((12, y, 52, y), fill=(128, 128, 128), width=2)
    if garment["pattern"] == "dots":
        for x, y in np.ndindex(4, 3):
            draw.ellipse((16 + 9 * x, 14 + 10 * y, 20 + 9 * x, 18 + 10 * y), fill=(128, 128, 128))
    return picture


def tiny_start(data: Path, out: Path, name: str = "mllm") -> Path:
    """An untrained tiny model saved in `out`, whose vocabulary is of the words training on `data` uses."""
    import random

    from core.backbones.build import Parts, build, wordings
    from core.backbones.saving import save_backbone
    from core.datasets.fashioniq import read_split
    from tests.tiny_backbones import KINDS
    from train.sentences import attribute_sentences

    split, rng = read_split(data, "train"), random.Random(0)
    words = [attribute_sentences(g, rng) for g in split.garments.values() for _ in range(20)]
    parts = Parts(
        layers=2, hidden=32, heads=2, vocab=600, grid=2, dim=16, image_size=64, width=0.1, **KINDS[name]
    )
    save_backbone(build(parts, iter([*wordings(split), *words])), out)
    return out
