"""Hostile zips and tables: bombs that overlap, nest, lie of their sizes or have a million entries."""

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.hostile_files import NAMES
from tests.hostile_pieces import saved, scene

WHOLE, PARTS = "the whole is refused", "each file in it is refused or taken"


@dataclass(frozen=True)
class Source:
    """A hostile file to bring: its name, what must become of it, how many photos come of it, its bytes."""

    name: str
    fate: str
    photos: int
    data: bytes


def hostile_sources(rows: int = 500_000) -> Iterator[Source]:
    """All of them; the tables of too many rows have `rows`."""
    photo = saved(scene(), "JPEG")
    zeros = _deflated(bytes(64 * 2**20))
    yield Source("many-entries.zip", WHOLE, 0, _listed([f"{n}.jpg" for n in range(40_000)], zeros))
    yield Source("many-folders.zip", WHOLE, 0, _listed([f"{n}/" for n in range(40_000)], zeros))
    yield Source("overlapping.zip", WHOLE, 0, _listed([f"{n}.jpg" for n in range(1_500)], zeros))
    yield Source("lying-small.zip", PARTS, 0, _listed([f"{n}.jpg" for n in range(50)], zeros, says=100))
    yield Source("lying-huge.zip", WHOLE, 0, _listed(["x.jpg"], zeros, says=2**32 - 2))
    yield Source("bomb.zip", PARTS, 0, _listed(["x.jpg"], zeros))
    inner = _zipped({"0.jpg": photo})
    for _ in range(30):
        inner = _zipped({"inner.zip": inner})
    yield Source("nested.zip", WHOLE, 0, inner)  # no photo at all
    yield Source("nested-as-photo.zip", PARTS, 0, _zipped({"x.jpg": inner}))
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield Source(f"method-{method}.zip", WHOLE, 0, _zipped({"x.jpg": photo}, method))
    yield Source("encrypted.zip", WHOLE, 0, _flagged(_zipped({"x.jpg": photo}), 1))
    pictures = {
        name: saved(scene().rotate(n), "JPEG") for n, name in enumerate(NAMES) if name.endswith("jpg")
    }
    pictures |= {
        f"{place}/{n}.jpg": photo for n, place in enumerate(("..", "a/../..", "/etc", "C:", "\\\\host"))
    }
    yield Source("names.zip", PARTS, 17, _zipped(pictures))
    yield Source("deep.zip", PARTS, 1, _zipped({"d/" * 2_000 + "x.jpg": photo}))
    yield Source("cut.zip", WHOLE, 0, _zipped({"x.jpg": photo})[:-30])
    yield Source("no.zip", WHOLE, 0, b"PK\3\4")
    yield Source("empty.zip", WHOLE, 0, _zipped({}))
    yield from _tables(rows)


def _tables(rows: int) -> Iterator[Source]:
    head = b"image,title\n"
    yield Source("rows.csv", WHOLE, 0, head + b"a,b\n" * rows)
    yield Source("rows.jsonl", WHOLE, 0, b"{}\n" * rows)
    yield Source("faults.jsonl", WHOLE, 0, b"7\n" * rows)
    yield Source("columns.jsonl", WHOLE, 0, json.dumps({f"c{n}": n for n in range(50_000)}).encode())
    yield Source("columns.csv", WHOLE, 0, ",".join(f"c{n}" for n in range(50_000)).encode() + b"\n1\n")
    yield Source("cell.csv", WHOLE, 0, head + b'"' + b"x" * 2**20 + b'",b\n')
    yield Source("deep.jsonl", WHOLE, 0, b'{"image": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n")
    yield Source("number.jsonl", WHOLE, 0, b'{"image": ' + b"9" * 200_000 + b"}\n")
    yield Source("null.csv", WHOLE, 0, head + b"a\0b.jpg,\0\n")
    for coding in ("utf-16", "utf-32", "latin-1", "cp037"):
        yield Source(f"{coding}.csv", WHOLE, 0, "image,title\nä.jpg,ü\n".encode(coding))
    yield Source("large.csv", WHOLE, 0, head + b"x" * (65 * 2**20))
    yield Source("quote.csv", WHOLE, 0, b'image,title\n"' + b"a.jpg\n" * 1_000)
    outside = ("../secret.jpg", "/etc/passwd", "images/../../secret.jpg", "/proc/self/environ", "a\0b")
    text = "".join(json.dumps({"image": name, "caption": "=1+1"}) + "\n" for name in outside)
    yield Source("outside.jsonl", WHOLE, 0, text.encode())


def _deflated(data: bytes) -> tuple[bytes, int, int]:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush(), zlib.crc32(data), len(data)


def _listed(names: list[str], kernel: tuple[bytes, int, int], says: int | None = None) -> bytes:
    """A zip whose every entry is the one same kernel, there once (after David Fifield)."""
    packed, check, size = kernel
    size = size if says is None else says
    body = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(packed), size, 1, 0)
    out = b"PK\3\4" + body + b"x" + packed
    start, entries = len(out), []
    for name in names:
        fields = (20, 20, 0, 8, 0, 33, check, len(packed), size, len(name), 0, 0, 0, 0, 0, 0)
        entries.append(b"PK\1\2" + struct.pack("<HHHHHHIIIHHHHHII", *fields) + name.encode())
    listed = b"".join(entries)
    count = min(len(names), 65_534)
    return out + listed + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(listed), start, 0)


def _zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name.encode("utf-8", "replace").decode()), data, method)
    return out.getvalue()


def _flagged(data: bytes, flag: int) -> bytes:
    changed = bytearray(data)
    for start, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = data.index(start) + offset
        changed[at] |= flag
    return bytes(changed)
