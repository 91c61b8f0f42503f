"""Pictures to pixels: the square a picture becomes, and the normalised tensor of it."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

from core.backbones.spec import Spec

Frames = NDArray[np.uint8]


def frame(picture: Image.Image, size: int, framing: str) -> Image.Image:
    """An RGB square of `size` pixels a side.

    "squash" resizes the whole picture and so keeps everything; "pad" keeps its proportions on mid grey;
    "crop" keeps its proportions and cuts the middle out; "centre" does so to the pixel as CLIP's own
    processor, whose resized side and margin are whole numbers.
    """
    if picture.mode != "RGB":
        picture = picture.convert("RGB")
    if framing == "pad":
        return ImageOps.pad(picture, (size, size), Image.Resampling.BICUBIC, color=(127, 127, 127))
    if framing == "crop":
        return ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    if framing == "centre":
        return picture.resize((size, size), Image.Resampling.BICUBIC, box=_centre(picture.size, size))
    return picture.resize((size, size), Image.Resampling.BICUBIC, reducing_gap=3.0)


def _centre(whole: tuple[int, int], size: int) -> tuple[float, float, float, float]:
    """The part of a picture that is left of it resized to `size` for the shorter side and cut to a square."""
    ends = []
    for side in whole:
        resized = side * size // min(whole)
        start = (resized - size) // 2
        ends.append((start * side / resized, (start + size) * side / resized))
    return ends[0][0], ends[1][0], ends[0][1], ends[1][1]


def framed(picture: Image.Image, spec: Spec) -> Frames:
    """The square that the model sees, uint8 [size, size, 3]."""
    return np.asarray(frame(picture, spec.image_size, spec.framing))


def normalised(frames: Frames, spec: Spec, device: torch.device | str = "cpu") -> Tensor:
    """Normalised float32 pixels [n, 3, size, size] of squares, uint8 [n, size, size, 3]."""
    pixels = torch.from_numpy(frames).to(device).permute(0, 3, 1, 2).float().div_(255)
    mean, std = (torch.tensor(value, device=device).view(1, 3, 1, 1) for value in (spec.mean, spec.std))
    return pixels.sub_(mean).div_(std)


def to_pixels(pictures: Sequence[Image.Image], spec: Spec) -> Tensor:
    """Normalised float32 pixels [n, 3, size, size] of pictures of any size."""
    return normalised(np.stack([framed(picture, spec) for picture in pictures]), spec)
