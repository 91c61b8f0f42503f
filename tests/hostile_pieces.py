"""What hostile files are made of: a scene in every format, PNG by chunks, and what must become of each."""

import io
import struct
import zlib
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

REFUSE, READ, EITHER = "refuse", "read", "either"
MARK = "hemline-hostile-mark"
"""What every script and external reference in here says: it may never be seen to act or be fetched."""
ELSEWHERE = f"http://127.0.0.1:9/{MARK}"
FORMATS: dict[str, tuple[str, str, dict[str, object]]] = {
    "jpeg": ("JPEG", "RGB", {"quality": 85}),
    "jpeg-progressive": ("JPEG", "RGB", {"quality": 85, "progressive": True}),
    "png": ("PNG", "RGB", {}),
    "png-palette": ("PNG", "P", {}),
    "webp": ("WEBP", "RGB", {"quality": 80}),
    "webp-lossless": ("WEBP", "RGBA", {"lossless": True}),
    "gif": ("GIF", "P", {}),
    "bmp": ("BMP", "RGB", {}),
}


@dataclass(frozen=True)
class Hostile:
    """A hostile file: the name it comes under, its kind, what must become of it, and its bytes."""

    name: str
    kind: str
    fate: str
    data: bytes


@cache
def scene(width: int = 96, height: int = 72, mode: str = "RGB") -> Image.Image:
    """A small picture with edges and gradients."""
    rows, columns = np.mgrid[0:height, 0:width]
    bands = [columns * 255 // width, rows * 255 // height, (rows // 8 + columns // 8) % 2 * 200]
    rgb = Image.fromarray(np.stack(bands, axis=-1).astype(np.uint8))
    return rgb.convert(mode) if mode != "RGBA" else _see_through(rgb)


def saved(picture: Image.Image, file_format: str, **options: object) -> bytes:
    """The picture's bytes in a format of Pillow's."""
    out = io.BytesIO()
    picture.save(out, file_format, **options)
    return out.getvalue()


def sound(name: str) -> bytes:
    """The scene in one of FORMATS."""
    file_format, mode, options = FORMATS[name]
    return saved(scene(mode=mode), file_format, **options)


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of these chunks, each with its right check sum."""
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def header(
    width: int, height: int, depth: int = 8, colour: int = 2, interlace: int = 0
) -> tuple[bytes, bytes]:
    """A PNG's first chunk."""
    return b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)


def _see_through(rgb: Image.Image) -> Image.Image:
    clear = rgb.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(rgb.size))
    return clear


def ending(name: str) -> str:
    return {"jpeg": "jpg"}.get(name.split("-")[0], name.split("-")[0])
