"""Deterministic augmented views of a photo, made before the frozen tower sees it.

Colour is meaning in this field ("but red"), so hue and saturation are left alone: only the light changes.
"""

import math

import numpy as np
from PIL import Image, ImageEnhance

AREA = (0.7, 1.0)  # share of the picture a crop keeps
ASPECT = (0.85, 1.18)  # of the crop against the picture's own
DEGREES = 5.0  # of rotation either way; more would cut hems and sleeves off with the corners
BRIGHTNESS = 0.2  # either way
CONTRAST = 0.15
WARMTH = 0.06  # gain of red against blue, as between lamp and daylight


def augmented(picture: Image.Image, fingerprint: str, view: int, seed: int) -> Image.Image:
    """View number `view` of the RGB `picture` whose bytes have the sha256 `fingerprint`; view 0 is the
    picture.

    The same arguments always give the same view.
    """
    if view == 0:
        return picture
    draw = np.random.default_rng([seed, view, int(fingerprint[:15], 16)])
    picture = _turned(picture, float(draw.uniform(-DEGREES, DEGREES)))
    picture = _cropped(picture, draw)
    if draw.random() < 0.5:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture = ImageEnhance.Brightness(picture).enhance(float(draw.uniform(1 - BRIGHTNESS, 1 + BRIGHTNESS)))
    picture = ImageEnhance.Contrast(picture).enhance(float(draw.uniform(1 - CONTRAST, 1 + CONTRAST)))
    return _warmed(picture, float(draw.uniform(-WARMTH, WARMTH)))


def _turned(picture: Image.Image, degrees: float) -> Image.Image:
    """Rotated and cut to the largest box of its own proportions that has no empty corner."""
    width, height = picture.size
    angle = math.radians(abs(degrees))
    short, long = min(width, height), max(width, height)
    scale = short / (long * math.sin(angle) + short * math.cos(angle))
    turned = picture.rotate(degrees, Image.Resampling.BILINEAR)
    dx, dy = width * (1 - scale) / 2, height * (1 - scale) / 2
    return turned.crop((math.ceil(dx), math.ceil(dy), math.floor(width - dx), math.floor(height - dy)))


def _cropped(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    area = draw.uniform(*AREA)
    aspect = math.exp(draw.uniform(math.log(ASPECT[0]), math.log(ASPECT[1])))
    width = max(1, min(picture.width, round(picture.width * math.sqrt(area * aspect))))
    height = max(1, min(picture.height, round(picture.height * math.sqrt(area / aspect))))
    left = int(draw.integers(0, picture.width - width + 1))
    top = int(draw.integers(0, picture.height - height + 1))
    return picture.crop((left, top, left + width, top + height))


def _warmed(picture: Image.Image, warmth: float) -> Image.Image:
    red, blue = ([min(255, round(v * gain)) for v in range(256)] for gain in (1 + warmth, 1 - warmth))
    return picture.point([*red, *range(256), *blue])
