"""The one way from untrusted bytes to an RGB picture."""

import hashlib
import io
import os
import re
import threading
import warnings
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from core.errors import HemlineError

MAX_BYTES = 32 * 2**20
"""The largest file read, in bytes."""

MAX_PIXELS = 64_000_000
"""The most pixels (width times height) decoded: a 50-megapixel camera's photo, 192 MB as RGB."""

MAX_SCANS = 100
"""The most passes over a progressive JPEG. Cameras and programs write about ten; each takes time over all
pixels, and a hostile file says a thousand of them in as many bytes as a photo has."""

LARGE = 4_000_000
"""Pixels from which pictures are decoded one at a time, so that many at once take no more memory than one."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""The formats that Pillow may try; every further parser is one more that hostile bytes can reach."""

MIN_SIDE = 32
"""A dataset's picture with a side under this many pixels is a placeholder (Amazon's is a GIF of 1 x 1)."""

FLAT_SPREAD = 4
"""A dataset's picture whose channels all vary by at most this (of 255) is one flat colour: a placeholder."""

_NEXT_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")
_SIGNATURES = (b"\xff\xd8\xff", b"\x89PNG", b"RIFF", b"GIF8", b"BM")
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

_large = threading.Lock()


def _unlock() -> None:
    """A child may be forked while another thread of its parent decodes; the child has no such thread."""
    global _large
    _large = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock)

# Pillow warns from 89 million pixels on; MAX_PIXELS is lower and an error, so the warning adds nothing.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
# Nor is broken EXIF anything to tell: the picture is read as stored.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")


class PictureError(HemlineError):
    """A picture that cannot be used, told in one sentence.

    `reason` is "missing", "unreadable", "empty", "truncated", "not a picture" or "too large".
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
    """Decode a picture fully: RGB, upright by its EXIF orientation, without metadata.

    Raises PictureError. `source` is a path, the bytes, or an open binary file (read from where it stands).
    Sizes are checked before anything is decoded. Transparent parts are laid on white, 16-bit values scaled
    to 8, CMYK and palettes converted, of an animation the first frame is taken. With `at_least` (pixels of
    the shorter side) a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size as long as its shorter side keeps
    that many pixels, which is several times faster; all its bytes are still read, so damage shows all the
    same.
    """
    data, name = _read_bytes(source, max_bytes)
    _refuse_size(_webp_size(data), name, max_pixels)
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise PictureError(
            "too large", _too_many_pixels(name, "hundreds of millions of", max_pixels)
        ) from None
    except Exception as error:  # Pillow's parsers raise many kinds on hostile bytes; each means the same here
        raise _not_opened(name, data, error) from None
    with picture:
        _refuse_size(picture.size, name, max_pixels)
        if picture.format == "JPEG" and _scans(data) > MAX_SCANS:
            raise PictureError(
                "too large",
                f"{name} is a JPEG of more than {MAX_SCANS} passes; save it again, as a plain one",
            )
        try:
            if at_least is not None:
                picture.draft(None, (at_least, at_least))
            with _turn(picture):
                picture.load()
                return _upright_rgb(picture)
        except Exception as error:  # as above
            raise _damaged(name, error) from None


def picture_hash(source: Path | bytes) -> str:
    """The sha256 (64 hex digits) of the picture's bytes as stored."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with open(source, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def placeholder_reason(picture: Image.Image) -> str | None:
    """Why an RGB picture cannot be a dataset's photo (a side under 32 px, or one flat colour), or None."""
    if min(picture.size) < MIN_SIDE:
        return f"placeholder: only {picture.width} x {picture.height} pixels"
    if _is_flat(picture):
        return "placeholder: one flat colour"
    return None


def _is_flat(picture: Image.Image) -> bool:
    def flat(some: Image.Image) -> bool:
        return all(most - least <= FLAT_SPREAD for least, most in some.getextrema())  # type: ignore[misc]

    # Few photos are flat in some of their pixels; only of those all must be looked at.
    few = picture.resize((16, 16), Image.Resampling.NEAREST)
    return flat(few) and flat(picture)


def _read_bytes(source: Path | bytes | BinaryIO, max_bytes: int) -> tuple[bytes, str]:
    """The bytes, at most `max_bytes`, and the name that error sentences use."""
    name = "the picture"
    if isinstance(source, bytes):
        data = source
    elif isinstance(source, str | os.PathLike):
        name = str(source)
        try:
            with open(source, "rb") as file:
                data = file.read(max_bytes + 1)
        except (FileNotFoundError, ValueError):  # ValueError: a name with a null character, which no file has
            raise PictureError("missing", f"there is no picture {name!r}") from None
        except OSError as error:
            raise PictureError("unreadable", f"{name} cannot be read ({error.strerror})") from None
    else:
        data = source.read(max_bytes + 1)
    if not data:
        raise PictureError("empty", f"{name} is empty (0 bytes); bring it again")
    if len(data) > max_bytes:
        limit = f"{max_bytes / 2**20:.0f} MiB"
        raise PictureError("too large", f"{name} is larger than the {limit} allowed; save it smaller")
    return data, name


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height from a WebP header, because Pillow lets libwebp allocate the canvas while opening.

    The three layouts are those of https://developers.google.com/speed/webp/docs/riff_container.
    """
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or len(data) < 30:
        return None
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _scans(data: bytes) -> int:
    """How many scans a JPEG has, at most one more than MAX_SCANS; its markers are walked, none is decoded."""
    at, scans = 2, 0
    while scans <= MAX_SCANS:
        marker = _NEXT_MARKER.search(data, at)
        if marker is None or data[marker.end() - 1] == 0xD9:
            break
        scans += data[marker.end() - 1] == 0xDA
        at = marker.end() + int.from_bytes(data[marker.end() : marker.end() + 2], "big")
    return scans


def _turn(picture: Image.Image) -> AbstractContextManager[object]:
    return _large if picture.width * picture.height > LARGE else nullcontext()


def _refuse_size(size: tuple[int, int] | None, name: str, max_pixels: int) -> None:
    if size is not None and size[0] * size[1] > max_pixels:
        raise PictureError("too large", _too_many_pixels(name, f"{size[0]} x {size[1]}", max_pixels))


def _too_many_pixels(name: str, how_many: str, max_pixels: int) -> str:
    return (
        f"{name} has {how_many} pixels, more than the {max_pixels / 1e6:g} million allowed; save it smaller"
    )


def _not_opened(name: str, data: bytes, error: Exception) -> PictureError:
    if data.startswith(_SIGNATURES):
        return _damaged(name, error)
    formats = ", ".join(FORMATS[:-1])
    return PictureError(
        "not a picture",
        f"{name} is not a picture Hemline can read ({formats} or {FORMATS[-1]}); save it as JPEG",
    )


def _damaged(name: str, error: Exception) -> PictureError:
    # Pillow's own words name a memory address for bytes it cannot identify: nothing that helps anybody.
    told = "" if "cannot identify" in str(error) or not str(error) else f" ({error})"
    return PictureError("truncated", f"{name} is truncated or damaged{told}; bring it again")


def _upright_rgb(picture: Image.Image) -> Image.Image:
    try:
        orientation = picture.getexif().get(_EXIF_ORIENTATION)
    except Exception:  # broken EXIF is no reason to refuse a sound picture: it stays as stored
        orientation = None
    rgb = _to_rgb(picture)
    turn = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    rgb = rgb if turn is None else rgb.transpose(turn)
    rgb.info = {}
    return rgb


def _to_rgb(picture: Image.Image) -> Image.Image:
    """A new RGB image, of a large picture strip by strip: its conversions take several times its size."""
    rows = max(1, LARGE // picture.width)
    if picture.height <= rows:
        return _converted(picture)
    rgb = Image.new("RGB", picture.size)
    for top in range(0, picture.height, rows):
        box = (0, top, picture.width, min(top + rows, picture.height))
        rgb.paste(_converted(picture.crop(box)), box)
    return rgb


def _converted(picture: Image.Image) -> Image.Image:
    """As RGB; Pillow's own conversion clips 16-bit greys at 255 instead of scaling them."""
    if picture.mode.startswith("I"):
        values = np.asarray(picture).astype(np.float32)
        grey = np.clip(np.rint(values / 257), 0, 255).astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        white = Image.new("RGBA", clear.size, "white")
        return Image.alpha_composite(white, clear).convert("RGB")
    return picture.convert("RGB")
