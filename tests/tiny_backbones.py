"""Tiny backbones of random weights and drawn pictures, for the tests of every room."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw

from core.backbones.base import Backbone
from core.backbones.build import Parts, build
from core.backbones.mllm import MllmBackbone

WORDS = (
    "a red cotton dress with long sleeves",
    "is darker and has short sleeves",
    "a blue shirt with a collar",
    "has a floral print instead of stripes",
    "is shorter and more colorful",
    "white leather shoes with laces",
)
# Every backbone of the project behind the one interface.
KINDS: dict[str, dict[str, Any]] = {
    "mllm": {"kind": "mllm"},
    "llava-style": {"kind": "mllm", "style": "llava"},
    "internvl-style": {"kind": "mllm", "style": "internvl"},
    "minigpt4-style": {"kind": "mllm", "style": "minigpt4"},
    "mllm-unfrozen": {"kind": "mllm", "frozen_blocks": 12},
    "clip-sum": {"kind": "clip", "combiner": "sum"},
    "clip-combiner": {"kind": "clip", "combiner": "combiner"},
    "minigpt4-vicuna": {"version": "vicuna"},
    "minigpt4-llama2": {"version": "llama2"},
    "minigpt4-open": {"version": "vicuna", "frozen_qformer": False},
}


def tiny(name: str, **changes: Any) -> Backbone:
    """The backbone of `KINDS` with a narrow random tower and a two-layer text side."""
    if "version" in KINDS[name]:
        from tests.tiny_minigpt4 import tiny_minigpt4

        with TemporaryDirectory() as folder:
            return tiny_minigpt4(Path(folder), **KINDS[name], **changes)
    sizes: dict[str, Any] = {"layers": 2, "hidden": 32, "heads": 2, "vocab": 320, "grid": 2, "dim": 16}
    sizes |= {"image_size": 64, "width": 0.1, **KINDS[name], **changes}
    return build(Parts(**sizes), iter(WORDS * 3))


def teach(backbone: Backbone, pictures: list[Image.Image], captions: list[str]) -> None:
    """Make a tiny multi-modal model know these captions by heart; the tower stays as it is."""
    assert isinstance(backbone, MllmBackbone)
    features = torch.from_numpy(backbone.encode_pictures(pictures))
    optimizer = torch.optim.Adam(backbone.train_only(["decoder", "projector"]), lr=0.01)
    for _ in range(200):
        loss = backbone.caption_loss(features, captions)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if loss.item() < 0.02:
            break
    backbone.requires_grad_(False)


def drawn(count: int, seed: int = 0) -> list[Image.Image]:
    """Pictures of different sizes with a few coloured shapes each."""
    random = np.random.default_rng(seed)
    pictures = []
    for _ in range(count):
        width, height = (int(side) for side in random.integers(70, 130, 2))
        picture = Image.new("RGB", (width, height), tuple(int(v) for v in random.integers(0, 256, 3)))
        draw = ImageDraw.Draw(picture)
        for _ in range(6):
            x, y = (int(v) for v in random.integers(0, 60, 2))
            colour = tuple(int(v) for v in random.integers(0, 256, 3))
            draw.rectangle(
                (x, y, x + int(random.integers(5, 60)), y + int(random.integers(5, 60))), fill=colour
            )
        pictures.append(picture)
    return pictures
