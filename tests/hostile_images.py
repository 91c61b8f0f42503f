"""Broken and hostile pictures, made anew from a seed: some 700 of every kind that people are known to send.

Each says what must become of it: REFUSE (it is no whole picture of a known format), READ (odd, and sound) or
EITHER (damage that a decoder may or may not notice). Whatever happens, nothing may crash, hang, run or leak.
"""

import random
import struct
import zlib
from collections.abc import Iterator
from functools import cache

import numpy as np
from PIL import Image

from tests.hostile_files import exif, named, of_another_kind, polyglots, vector
from tests.hostile_pieces import (
    EITHER,
    FORMATS,
    READ,
    REFUSE,
    Hostile,
    ending,
    header,
    png,
    saved,
    scene,
    sound,
)

CUTS = 20  # of each format
FLIPS = 20


@cache
def hostile_images(seed: int = 0) -> tuple[Hostile, ...]:
    """All of them, the same for the same seed (and versions of Pillow and zlib)."""
    rng = random.Random(seed)
    made = [
        *_cut(),
        *_flipped(rng),
        *_declared(),
        *_bombs(),
        *_animated(),
        *_odd_modes(),
        *exif(rng),
        *polyglots(),
        *vector(),
        *of_another_kind(rng),
        *_rearranged(rng),
        *named(),
    ]
    return tuple(made)


def _cut() -> Iterator[Hostile]:
    for name in FORMATS:
        data = sound(name)
        for number in range(CUTS):
            keep = 1 + len(data) * 95 // 100 * number // CUTS
            yield Hostile(f"cut-{name}-{number}.{ending(name)}", "truncated", REFUSE, data[:keep])
        yield Hostile(f"cut-{name}-last.{ending(name)}", "truncated", EITHER, data[:-1])


def _flipped(rng: random.Random) -> Iterator[Hostile]:
    for name in FORMATS:
        for number in range(FLIPS):
            data = bytearray(sound(name))
            reach = min(len(data), 64 if number % 2 else len(data))
            for _ in range(rng.choice((1, 1, 2, 5))):
                data[rng.randrange(reach)] ^= 1 << rng.randrange(8)
            yield Hostile(f"flip-{name}-{number}.{ending(name)}", "flipped bits", EITHER, bytes(data))


def _declared() -> Iterator[Hostile]:
    """Headers that say far more pixels than may be, or a size that no picture has."""
    most = 2**31 - 1
    large = [
        (30_000, 30_000),
        (65_535, 65_535),
        (8_001, 8_000),
        (most, 1),
        (1, most),
        (most, most),
        (100_000, 700),
    ]
    body = b"IDAT", zlib.compress(bytes(1000))
    for width, height in [*large, (0, 0), (0, 9), (9, 0), (2**32 - 1, 2**32 - 1)]:
        for depth, colour in ((8, 2), (16, 6), (1, 0)):
            data = png(header(width, height, depth, colour), body, (b"IEND", b""))
            yield Hostile(f"png-{width}x{height}-{depth}-{colour}.png", "declared size", REFUSE, data)
    for progressive in (False, True):
        jpeg = saved(scene(), "JPEG", progressive=progressive)
        at = max(jpeg.find(b"\xff\xc0"), jpeg.find(b"\xff\xc2"))
        for width, height in [(65_500, 65_500), (65_500, 1_000), (8_001, 8_000), (0, 0), (0, 72), (96, 0)]:
            data = jpeg[: at + 5] + struct.pack(">HH", height, width) + jpeg[at + 9 :]
            kind = "progressive" if progressive else "plain"
            yield Hostile(f"jpeg-{kind}-{width}x{height}.jpg", "declared size", REFUSE, data)
    for side in (8_001, 16_383):
        for kind, head in (
            (b"VP8X", bytes(4) + 2 * (side - 1).to_bytes(3, "little")),
            (b"VP8L", b"\x2f" + (side - 1 | (side - 1) << 14).to_bytes(4, "little")),
            (b"VP8 ", b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", side, side)),
        ):
            chunk = kind + struct.pack("<I", len(head)) + head + bytes(40)
            data = b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk
            yield Hostile(f"webp-{kind.decode().strip()}-{side}.webp", "declared size", REFUSE, data)
    extended = bytearray(saved(scene(mode="RGBA"), "WEBP", exif=b"Exif\0\0II*\0\x08\0\0\0\0\0"))
    extended[24:30] = 2 * (16_383).to_bytes(3, "little")
    yield Hostile("webp-canvas.webp", "declared size", REFUSE, bytes(extended))
    gif = sound("gif")
    for width, height in [(65_535, 65_535), (65_535, 1_000), (8_001, 8_000)]:
        yield Hostile(
            f"gif-{width}x{height}.gif",
            "declared size",
            REFUSE,
            gif[:6] + struct.pack("<HH", width, height) + gif[10:],
        )
    bmp = sound("bmp")
    for width, height in [*large, (30_000, -30_000), (-30_000, 30_000), (-1, -1), (0, 0), (most, -most)]:
        data = bmp[:18] + struct.pack("<ii", width, height) + bmp[26:]
        yield Hostile(f"bmp-{width}x{height}.bmp", "declared size", REFUSE, data)


def _bombs() -> Iterator[Hostile]:
    """Little that becomes much when it is read."""
    rows = zlib.compress(bytes((1 + 30_000 // 8) * 3_000), 9)
    yield Hostile(
        "flat-30000.png", "bomb", REFUSE, png(header(30_000, 3_000, 1, 0), (b"IDAT", rows), (b"IEND", b""))
    )
    pixels = b"IDAT", zlib.compress(bytes(range(256)) * 84 + bytes(100_000))
    small, end = header(80, 80), (b"IEND", b"")
    much = zlib.compress(bytes(96 * 2**20), 9)
    for kind, body in (
        (b"zTXt", b"Comment\0\0" + much),
        (b"iTXt", b"Comment\0\1\0\0\0" + much),
        (b"iCCP", b"profile\0\0" + much),
        (b"tEXt", b"Comment\0" + b"x" * 4 * 2**20),
        (b"eXIf", b"II*\0" + bytes(2**20)),
    ):
        yield Hostile(f"{kind.decode()}-bomb.png", "bomb", EITHER, png(small, (kind, body), pixels, end))
    several = [(b"zTXt", f"K{n}".encode() + b"\0\0" + zlib.compress(bytes(1_000_000))) for n in range(90)]
    yield Hostile("many-texts.png", "bomb", EITHER, png(small, *several, pixels, end))
    yield Hostile("many-chunks.png", "bomb", EITHER, png(small, *[(b"abCd", b"")] * 50_000, pixels, end))
    yield Hostile("many-idat.png", "bomb", EITHER, png(small, *[(b"IDAT", b"")] * 50_000, pixels, end))
    longer = b"IDAT", zlib.compress(bytes(128 * 2**20), 9)
    yield Hostile("pixels-beyond-the-size.png", "bomb", EITHER, png(small, longer, end))
    for scans in (200, 3_000):
        yield Hostile(f"jpeg-{scans}-scans.jpg", "bomb", REFUSE, many_scans(scans))
    for width, height in ((1, 100_000), (100_000, 1), (40, 60_000), (60_000, 40), (1, 1)):
        grey = Image.fromarray((np.arange(width * height) % 251).astype(np.uint8).reshape(height, width))
        yield Hostile(f"thin-{width}x{height}.png", "huge dimensions", READ, saved(grey, "PNG"))
    wide = Image.fromarray((np.arange(60_000 * 40) % 251).astype(np.uint8).reshape(40, 60_000))
    yield Hostile("thin.jpg", "huge dimensions", READ, saved(wide, "JPEG"))
    yield Hostile(
        "largest-allowed.png", "huge dimensions", READ, saved(Image.new("1", (8_000, 8_000), 1), "PNG")
    )


def many_scans(scans: int, side: int = 7_992) -> bytes:
    """A progressive JPEG of `side` squared whose every scan costs a pass over all blocks and few bytes."""
    table = b"\xff\xdb\x00\x43\x00" + bytes([16] * 64)
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, side, side, 1) + b"\x01\x11\x00"
    # one code each: DC difference 0, and AC "end of 16384 to 32767 blocks" (run length 14, no value)
    codes = bytes([1] + [0] * 15)
    huffman = b"\xff\xc4" + struct.pack(">H", 20) + b"\x00" + codes + b"\x00"
    huffman += b"\xff\xc4" + struct.pack(">H", 20) + b"\x10" + codes + b"\xe0"
    blocks = (side // 8) ** 2
    first = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x00\x00\x00" + bytes(-(-blocks // 8))
    runs, left = "", blocks
    while left > 0:
        runs += "0" + format(min(32_767, max(left, 16_384)) - 16_384, "014b")
        left -= 32_767
    runs += "1" * (-len(runs) % 8)
    packed = int(runs, 2).to_bytes(len(runs) // 8, "big").replace(b"\xff", b"\xff\x00")
    each = b"\xff\xda" + struct.pack(">HB", 8, 1) + b"\x01\x00\x01\x3f\x00" + packed
    return b"\xff\xd8" + table + frame + huffman + first + each * scans + b"\xff\xd9"


def _animated() -> Iterator[Hostile]:
    first = scene(mode="P")
    frames = [Image.new("P", first.size, number % 250) for number in range(60)]
    many = saved(first, "GIF", save_all=True, append_images=frames, duration=10)
    yield Hostile("frames-61.gif", "animated", READ, many)
    body = sound("gif")
    picture = body[body.index(b"\x2c") : -1]
    yield Hostile(
        "frames-4000.gif", "animated", READ, body[:-1] + picture[:10] + (picture * 4_000)[10:] + b";"
    )
    for number, block in enumerate((b"\x00\x00\xff\xff", b"\xff\xff\xff\xff", b"\x00\x00\x00\x00")):
        data = body[: body.index(b"\x2c") + 1] + block * 2 + body[body.index(b"\x2c") + 9 :]
        yield Hostile(f"frame-elsewhere-{number}.gif", "animated", EITHER, data)
    for code in (0, 1, 13, 255):
        at = body.index(b"\x2c") + 10
        yield Hostile(f"lzw-{code}.gif", "animated", EITHER, body[:at] + bytes([code]) + body[at + 1 :])
    yield Hostile("no-frame.gif", "animated", REFUSE, body[: body.index(b"\x2c")] + b";")
    yield Hostile(
        "endless-comment.gif",
        "animated",
        REFUSE,
        body[: body.index(b"\x2c")] + (b"\x21\xfe" + (b"\xff" + b"c" * 255) * 4_000),
    )
    for file_format in ("WEBP", "PNG"):
        several = saved(scene(), file_format, save_all=True, append_images=[scene().rotate(90)] * 20)
        yield Hostile(f"animated.{file_format.lower()}", "animated", READ, several)
        at = several.find(b"acTL")
        if at > 0:
            lying = bytearray(several)
            lying[at + 4 : at + 8] = b"\x7f\xff\xff\xff"
            yield Hostile("animated-lying.png", "animated", EITHER, bytes(lying))


def _odd_modes() -> Iterator[Hostile]:
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"):
        if mode == "I;16":
            picture = Image.fromarray(np.arange(96 * 72, dtype=np.uint16).reshape(72, 96) * 9)
        else:
            picture = scene(mode=mode)
        yield Hostile(f"mode-{mode.replace(';', '')}.png", "odd mode", READ, saved(picture, "PNG"))
        if mode != "I;16":
            yield Hostile(f"mode-{mode}.webp", "odd mode", READ, saved(picture.convert("RGBA"), "WEBP"))
    for mode in ("L", "CMYK", "YCbCr"):
        for progressive in (False, True):
            data = saved(scene(mode=mode), "JPEG", progressive=progressive)
            yield Hostile(f"mode-{mode}-{progressive}.jpg", "odd mode", READ, data)
    for mode in ("1", "L", "P", "RGB", "RGBA"):
        yield Hostile(f"mode-{mode}.bmp", "odd mode", READ, saved(scene(mode=mode), "BMP"))
    for mode in ("1", "L", "P", "RGB"):
        yield Hostile(f"mode-{mode}.gif", "odd mode", READ, saved(scene(mode=mode), "GIF"))
    for depth, colour in [(d, c) for d in (1, 2, 4, 8, 16, 3, 32, 0) for c in (0, 2, 3, 4, 6, 1, 5, 7)]:
        rows = zlib.compress(bytes(40 * (1 + 40 * 8)))
        data = png(header(40, 40, depth, colour), (b"IDAT", rows), (b"IEND", b""))
        yield Hostile(f"png-{depth}-bit-{colour}.png", "odd mode", EITHER, data)
    for colours in (0, 1, 3, 767, 769, 3_000):
        data = png(header(40, 40, 8, 3), (b"PLTE", bytes(colours)), (b"tRNS", bytes(400)),
                   (b"IDAT", zlib.compress(bytes([0] + [200] * 40) * 40)), (b"IEND", b""))  # fmt: skip
        yield Hostile(f"palette-{colours}.png", "odd mode", EITHER, data)
    for bits, packing in [(b, c) for b in (1, 4, 8, 16, 24, 32, 0, 64) for c in (0, 1, 2, 3, 4, 5)]:
        data = bytearray(sound("bmp"))
        data[28:34] = struct.pack("<HI", bits, packing)
        yield Hostile(f"bmp-{bits}-bit-{packing}.bmp", "odd mode", EITHER, bytes(data))


def _rearranged(rng: random.Random) -> Iterator[Hostile]:
    """Sound pieces in a wrong order, twice, or missing."""
    jpeg = sound("jpeg")
    starts = [0, 2]
    while jpeg[starts[-1] : starts[-1] + 2] != b"\xff\xda":
        starts.append(starts[-1] + 2 + int.from_bytes(jpeg[starts[-1] + 2 : starts[-1] + 4], "big"))
    pieces = [jpeg[a:b] for a, b in zip(starts, [*starts[1:], len(jpeg)], strict=True)][1:]
    for number in range(16):
        mixed = rng.choices(pieces, k=rng.randrange(1, 2 * len(pieces)))
        yield Hostile(
            f"mixed-{number}.jpg", "rearranged", EITHER, b"\xff\xd8" + b"".join(mixed) + b"\xff\xd9"
        )
    for marker in (0xC3, 0xC5, 0xC9, 0xCA, 0xCF):  # lossless, hierarchical, arithmetic
        data = jpeg.replace(b"\xff\xc0", bytes([0xFF, marker]), 1)
        yield Hostile(f"frame-{marker:x}.jpg", "rearranged", EITHER, data)
    for length in (0, 1, 2, 65_535):
        at = jpeg.index(b"\xff\xc4") + 2
        data = jpeg[:at] + struct.pack(">H", length) + jpeg[at + 2 :]
        yield Hostile(f"table-{length}.jpg", "rearranged", EITHER, data)
    rows = b"IDAT", zlib.compress(b"".join(b"\0" + bytes([n, 2 * n, 99]) * 40 for n in range(40)))
    size, end = header(40, 40), (b"IEND", b"")
    for number in range(12):
        chunks = [size, rows, end, (b"PLTE", bytes(30)), size, (b"tRNS", bytes(6)), (b"gAMA", b"\0\0\0\0")]
        rng.shuffle(chunks)
        yield Hostile(f"mixed-{number}.png", "rearranged", EITHER, png(*chunks))
    for filter_ in (5, 99, 255):
        wrong = b"IDAT", zlib.compress((bytes([filter_]) + bytes(120)) * 40)
        yield Hostile(f"filter-{filter_}.png", "rearranged", EITHER, png(size, wrong, end))
    webp = sound("webp-lossless")
    for number in range(8):
        data = bytearray(webp)
        data[4:8] = struct.pack("<I", rng.choice((0, 1, 2**31, 2**32 - 1, rng.randrange(len(webp)))))
        data[16:20] = struct.pack("<I", rng.choice((0, 2**32 - 1, 12, rng.randrange(2**32))))
        yield Hostile(f"lengths-{number}.webp", "rearranged", EITHER, bytes(data))
