"""The one way from untrusted bytes to an RGB picture."""

import hashlib
import io
import os
import warnings
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from core.errors import HemlineError

MAX_BYTES = 32 * 2**20
MAX_PIXELS = 64_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
MIN_SIDE = 32
FLAT_SPREAD = 4
SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"BM")

_EXIF_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Pillow warns from 89 million pixels on; the limit here is lower and is an error, so the warning says nothing new.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class PictureError(HemlineError):
    """A picture that cannot be used, with one sentence.

    `reason` is one of "missing", "unreadable", "empty", "truncated", "not a picture", "too large", "placeholder".
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


def read_picture(
    source: Path | bytes | BinaryIO,
    *,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
    at_least: int | None = None,
) -> Image.Image:
    """Decode a picture fully: RGB, upright by its EXIF orientation, without metadata; raises PictureError.

    `source` is a path, the bytes, or an open binary file (read from where it stands). Sizes are checked before
    anything is decoded. Transparent parts are laid on white, 16-bit values scaled to 8, CMYK and palettes converted,
    of an animation the first frame is taken. With `at_least` (pixels of the shorter side) a JPEG may be decoded at
    1/2, 1/4 or 1/8 of its size as long as its shorter side keeps that many pixels, which is several times faster.
    """
    data, name = _read_bytes(source, max_bytes)
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise _too_many_pixels(name, None, max_pixels) from None
    except Exception as error:  # Pillow's parsers raise many kinds on hostile bytes; each means the same here
        raise _unopened(name, data, error) from None
    with picture:
        if picture.width * picture.height > max_pixels:
            raise _too_many_pixels(name, picture.size, max_pixels)
        try:
            if at_least is not None:
                picture.draft(None, (at_least, at_least))
            picture.load()
            return _upright_rgb(picture)
        except Exception as error:  # as above
            raise PictureError(
                "truncated", f"{name} is truncated or damaged ({error}); bring it again"
            ) from None


def picture_hash(source: Path | bytes) -> str:
    """The sha256 (64 hex digits) of the picture's bytes as stored."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with open(source, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def placeholder_reason(picture: Image.Image) -> str | None:
    """Why a decoded picture cannot be a photo of a garment, or None: a side under 32 px, or one flat colour."""
    if min(picture.size) < MIN_SIDE:
        return f"placeholder: only {picture.width} x {picture.height} pixels"
    if all(high - low <= FLAT_SPREAD for low, high in (band.getextrema() for band in picture.split())):
        return "placeholder: one flat colour"
    return None


def _read_bytes(source: Path | bytes | BinaryIO, max_bytes: int) -> tuple[bytes, str]:
    if isinstance(source, bytes):
        data, name = source, "the picture"
    elif isinstance(source, (str, os.PathLike)):
        name = str(source)
        try:
            with open(source, "rb") as file:
                data = file.read(max_bytes + 1)
        except FileNotFoundError:
            raise PictureError("missing", f"there is no picture {name}") from None
        except OSError as error:
            raise PictureError("unreadable", f"{name} cannot be read ({error.strerror})") from None
    else:
        data, name = source.read(max_bytes + 1), "the picture"
    if not data:
        raise PictureError("empty", f"{name} is empty (0 bytes)")
    if len(data) > max_bytes:
        limit = f"{max_bytes / 2**20:.0f} MiB"
        raise PictureError("too large", f"{name} is larger than {limit}; save it smaller and try again")
    return data, name


def _too_many_pixels(name: str, size: tuple[int, int] | None, max_pixels: int) -> PictureError:
    what = f"{size[0]} x {size[1]} pixels" if size else "several hundred million pixels"
    limit = f"{max_pixels / 1e6:.0f} million"
    return PictureError("too large", f"{name} has {what}, more than the {limit} allowed; save it smaller")


def _unopened(name: str, data: bytes, error: Exception) -> PictureError:
    if data.startswith(SIGNATURES):
        return PictureError("truncated", f"{name} is truncated or damaged ({error}); bring it again")
    formats = ", ".join(FORMATS)
    return PictureError("not a picture", f"{name} is not a picture that can be read ({formats})")


def _upright_rgb(picture: Image.Image) -> Image.Image:
    try:
        orientation = picture.getexif().get(_EXIF_ORIENTATION)
    except Exception:  # broken EXIF is no reason to refuse a sound picture
        orientation = None
    rgb = _to_rgb(picture)
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    rgb = rgb.transpose(turn) if turn is not None else rgb
    rgb.info = {}
    return rgb


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture).astype(np.float64)
        grey = np.clip(np.rint(values / 257.0), 0, 255).astype(np.uint8)
        return Image.fromarray(grey, "L").convert("RGB")
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        white = Image.new("RGBA", clear.size, (255, 255, 255, 255))
        return Image.alpha_composite(white, clear).convert("RGB")
    return picture.convert("RGB")
