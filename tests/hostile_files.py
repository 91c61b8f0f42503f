"""Hostile files that are no broken picture: other kinds, polyglots, SVG, EXIF, and names."""

import gzip
import io
import random
import struct
import zipfile
from collections.abc import Iterator

from tests.hostile_pieces import (
    EITHER,
    ELSEWHERE,
    FORMATS,
    MARK,
    READ,
    REFUSE,
    Hostile,
    ending,
    png,
    saved,
    scene,
    sound,
)


def exif(rng: random.Random) -> Iterator[Hostile]:
    def tiff(*entries: bytes, offset: int = 8, following: int = 0) -> bytes:
        return (
            b"Exif\0\0II*\0"
            + struct.pack("<I", offset)
            + struct.pack("<H", len(entries))
            + b"".join(entries)
            + struct.pack("<I", following)
        )

    def orientation(kind: int, count: int, value: int) -> bytes:
        return struct.pack("<HHII", 0x0112, kind, count, value)

    blocks = [tiff(orientation(3, 1, value)) for value in (0, 1, 6, 8, 9, 255, 65_535)]
    blocks += [tiff(orientation(kind, 1, 6)) for kind in range(14)]
    blocks += [tiff(orientation(3, count, 6)) for count in (0, 2, 2**16, 2**32 - 1)]
    blocks += [tiff(orientation(3, 1, 6), offset=offset) for offset in (0, 4, 7, 2**31, 2**32 - 1)]
    blocks += [tiff(orientation(3, 1, 6), following=8), tiff(*[orientation(3, 1, 6)] * 5_000)]
    blocks += [
        tiff(struct.pack("<HHII", tag, 4, 1, 8)) for tag in (0x8769, 0x8825, 0xA005, 0x014A)
    ]  # in circles
    blocks += [b"Exif\0\0", b"Exif", b"Exif\0\0MM\0*" + bytes(60_000), b"Exif\0\0II*\0" + b"\xff" * 60_000]
    blocks += [b"Exif\0\0" + rng.randbytes(rng.randrange(2, 3_000)) for _ in range(16)]
    for number, block in enumerate(blocks):
        data = saved(scene(), "JPEG", exif=block)
        yield Hostile(f"exif-{number}.jpg", "EXIF", READ, data)
    for number, block in enumerate(blocks[:12]):
        yield Hostile(f"exif-{number}.webp", "EXIF", READ, saved(scene(), "WEBP", exif=block))
        yield Hostile(f"exif-{number}.png", "EXIF", READ, saved(scene(), "PNG", exif=block))
    for number, profile in enumerate((b"", b"x" * 200_000, rng.randbytes(3_000))):
        yield Hostile(f"icc-{number}.jpg", "EXIF", READ, saved(scene(), "JPEG", icc_profile=profile))
    xmp = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "{ELSEWHERE}">]><x>&e;</x>'.encode()
    yield Hostile("xmp.jpg", "EXIF", READ, saved(scene(), "JPEG", xmp=xmp))
    yield Hostile("xmp.webp", "EXIF", READ, saved(scene(), "WEBP", xmp=xmp))


def polyglots() -> Iterator[Hostile]:
    script = f"<html><script>document.title='{MARK}'</script></html>".encode()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as inside:
        inside.writestr(zipfile.ZipInfo("../../escape.txt"), MARK)
    for name in FORMATS:
        end = ending(name)
        for what, tail in (("zip", archive.getvalue()), ("html", script), ("php", b"<?php system('id');?>")):
            fate = READ if end != "webp" else EITHER
            yield Hostile(f"{name}-and-{what}.{end}", "polyglot", fate, sound(name) + tail)
        yield Hostile(f"html-before-{name}.{end}", "polyglot", REFUSE, script + sound(name))
        yield Hostile(f"{name}.{end}.html", "polyglot", READ, sound(name))
    yield Hostile("gif-and-script.gif", "polyglot", REFUSE, f"GIF89a=1;document.title='{MARK}'//".encode())
    yield Hostile("gif-comment.js.gif", "polyglot", EITHER, b"GIF89a/*" + sound("gif")[8:] + b"*/=1;alert(1)")
    yield Hostile(
        "bmp-and-script.bmp", "polyglot", REFUSE, f"BM=1;document.title='{MARK}'//".encode() + bytes(60)
    )
    yield Hostile("comment.jpg", "polyglot", READ, saved(scene(), "JPEG", comment=script))
    yield Hostile("png-signature.png", "polyglot", REFUSE, b"\x89PNG\r\n\x1a\n" + script)
    yield Hostile("pdf-and-jpeg.jpg", "polyglot", REFUSE, b"%PDF-1.4\n" + sound("jpeg"))
    yield Hostile("jpeg-in-riff.webp", "polyglot", REFUSE, b"RIFF\0\0\0\0WEBP" + sound("jpeg"))


def vector() -> Iterator[Hostile]:
    top = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    insides = {
        "image": f'<image xlink:href="{ELSEWHERE}" width="9" height="9"/>',
        "file": '<image xlink:href="file:///etc/passwd" width="9" height="9"/>',
        "script": f"<script>document.title='{MARK}'</script>",
        "handler": f"<rect onload=\"document.title='{MARK}'\" width='9' height='9'/>",
        "foreign": f"<foreignObject><iframe src='{ELSEWHERE}'/></foreignObject>",
        "style": f"<style>@import url({ELSEWHERE});</style>",
        "use": f'<use xlink:href="{ELSEWHERE}#x"/>',
        "huge": '<rect width="1e9" height="1e9" filter="url(#f)"/>',
        "plain": '<rect width="9" height="9"/>',
    }
    texts = {name: f'<svg {top} width="90" height="90">{inside}</svg>' for name, inside in insides.items()}
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    texts["laughs"] = f'<?xml version="1.0"?><!DOCTYPE svg [{entities}]><svg {top}>&a9;</svg>'
    outside = '<!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    texts["entity"] = f'<?xml version="1.0"?>{outside}<svg {top}><text>&e;</text></svg>'
    for name, text in texts.items():
        for end in ("svg", "jpg", "png"):
            yield Hostile(f"vector-{name}.{end}", "SVG", REFUSE, text.encode())
    yield Hostile("vector.svgz", "SVG", REFUSE, gzip.compress(texts["script"].encode(), mtime=0))
    yield Hostile("vector-16.svg", "SVG", REFUSE, texts["script"].encode("utf-16"))


def of_another_kind(rng: random.Random) -> Iterator[Hostile]:
    for file_format, mode in (
        ("TIFF", "RGB"), ("PPM", "RGB"), ("ICO", "RGBA"), ("TGA", "RGB"), ("PCX", "RGB"), ("EPS", "RGB"),
        ("SGI", "RGB"), ("DDS", "RGBA"), ("IM", "RGB"), ("ICNS", "RGBA"), ("XBM", "1"),
        ("MSP", "1"), ("SPIDER", "F"), ("DIB", "RGB"), ("BLP", "P"), ("QOI", "RGBA"),
    ):  # fmt: skip
        try:
            data = saved(scene(mode=mode), file_format)
        except (OSError, KeyError, ValueError):  # this Pillow cannot write it
            continue
        yield Hostile(f"{file_format}.jpg", "another kind", REFUSE, data)
        yield Hostile(f"true.{file_format.lower()}", "another kind", REFUSE, data)
    heads = {
        "psd": b"8BPS\0\1" + bytes(6) + b"\0\3\xff\xff\xff\xff\xff\xff\xff\xff\0\x08\0\3",
        "heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "avif": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf",
        "jp2": b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ",
        "jxl": b"\xff\x0a\xfa\x1f\x01\x90",
        "mp4": b"\0\0\0\x20ftypisom\0\0\2\0isomiso2",
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99 99\n(/etc/passwd) (r) file run\n",
        "pdf": f"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert('{MARK}'))>>>>endobj".encode(),
        "wmf": b"\xd7\xcd\xc6\x9a" + bytes(40),
        "emf": b"\1\0\0\0" + bytes(36) + b" EMF",
        "elf": b"\x7fELF\2\1\1" + bytes(60),
        "exe": b"MZ\x90\0" + bytes(60),
        "pickle": b"\x80\x04\x95\x0e\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
        "npy": b"\x93NUMPY\1\0v\0{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "sqlite": b"SQLite format 3\0" + bytes(90),
        "safetensors": b"\xff\xff\xff\xff\xff\xff\xff\x7f{}",
        "parquet": b"PAR1" + bytes(20) + b"PAR1",
        "gzip": gzip.compress(bytes(2**20), mtime=0),
        "html": f"<!doctype html><title>404</title><script>document.title='{MARK}'</script>".encode(),
        "script": f"document.title='{MARK}'".encode(),
        "shell": b"#!/bin/sh\nrm -rf /\n",
        "json": b'{"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}',
        "csv": b"image,title\n../../etc/passwd,=1+1\n",
        "mvg": b"push graphic-context\nviewbox 0 0 9 9\nimage over 0,0 0,0 'url(http://127.0.0.1:9/)'\n",
        "msl": b"<?xml version='1.0'?><image><read filename='/etc/passwd'/></image>",
        "xml": b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
        "link": b"[InternetShortcut]\nURL=http://127.0.0.1:9/\n",
        "empty": b"",
        "null": b"\0",
        "nulls": bytes(100_000),
        "ones": b"\xff" * 100_000,
        "text": b"This is no photo.\n" * 50,
        "utf16": "This is no photo".encode("utf-16"),
        "bom": b"\xef\xbb\xbf",
        "jpeg-start": b"\xff\xd8\xff",
        "jpeg-starts": b"\xff\xd8\xff\xe0" * 20_000,
        "jpeg-empty": b"\xff\xd8\xff\xd9",
        "png-start": b"\x89PNG\r\n\x1a\n",
        "png-end": png((b"IEND", b"")),
        "gif-start": b"GIF89a",
        "bmp-start": b"BM",
        "riff": b"RIFF",
        "webp-start": b"RIFF\xff\xff\xff\xffWEBPVP8X",
    }
    for name, data in heads.items():
        yield Hostile(f"{name}.jpg", "another kind", REFUSE, data)
        if name not in ("empty", "null"):
            yield Hostile(f"photo.{name}", "another kind", REFUSE, data)
    for number in range(20):
        yield Hostile(f"noise-{number}.png", "another kind", REFUSE, rng.randbytes(rng.randrange(1, 5_000)))


NAMES = (
    "../../escape.jpg", "/etc/escape.jpg", "..\\..\\escape.jpg", "C:\\escape.jpg", "con.jpg", "AUX.png",
    "nul", "a\0b.jpg", "x" * 300 + ".jpg", f"<img src=x onerror=\"document.title='{MARK}'\">.jpg", "=1+1.jpg",
    "@SUM(1).jpg", "+cmd|' 'C calc'!A0.jpg", "\u202egpj.exe", "👗.jpg", "dress .jpg. ", "-rf.jpg",
    "%2e%2e%2fescape.jpg", "${document.title}.jpg", "{{7*7}}.jpg", "two\nlines.jpg", ".hidden.jpg",
    "~root.jpg", "`id`.jpg", "$(id).jpg", "'; DROP TABLE events; --.jpg", "\ud83d.jpg", "photo.jpg.exe",
    "garments.jsonl", "index.json",
)  # fmt: skip


def named() -> Iterator[Hostile]:
    for number, name in enumerate(NAMES):
        picture = scene().rotate(number * 7, expand=True)  # no two alike
        yield Hostile(name, "name", READ, saved(picture, "JPEG"))
