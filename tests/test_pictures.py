"""Untrusted bytes become an upright RGB picture, or one PictureError; never anything else."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.errors import HemlineError
from core.pictures import PictureError, picture_hash, placeholder_reason, read_picture

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP"]


def _picture(width: int = 60, height: int = 40) -> Image.Image:
    """Smooth colours that differ in every corner, so that turning and mirroring show."""
    rows, columns = np.mgrid[0:height, 0:width]
    bands = [columns * 255 // width, rows * 255 // height, (rows + columns) * 255 // (width + height)]
    return Image.fromarray(np.stack(bands, axis=-1).astype(np.uint8))


def _saved(picture: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def _difference(one: Image.Image, other: Image.Image) -> float:
    """Mean absolute difference of two pictures of one size, in levels of 255."""
    assert one.size == other.size
    return float(np.abs(np.asarray(one, np.float64) - np.asarray(other, np.float64)).mean())


def _refused(source: bytes | Path, reason: str, **limits: int) -> str:
    with pytest.raises(PictureError) as raised:
        read_picture(source, **limits)
    assert raised.value.reason == reason
    assert isinstance(raised.value, HemlineError)
    assert "\n" not in str(raised.value)
    return str(raised.value)


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_format_from_bytes_path_and_open_file(tmp_path: Path, file_format: str) -> None:
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = _saved(_picture(), file_format, **options)
    path = tmp_path / "picture"
    path.write_bytes(data)
    for source in (data, path, io.BytesIO(data)):
        picture = read_picture(source)
        assert picture.mode == "RGB"
        assert _difference(picture, _picture()) < 6


@pytest.mark.parametrize("file_format", FORMATS)
@pytest.mark.parametrize("keep", [0.05, 0.5, 0.95])
def test_truncated_pictures_are_told(file_format: str, keep: float) -> None:
    data = _saved(_picture(300, 200), file_format)
    assert "bring it again" in _refused(data[: int(len(data) * keep)], "truncated")


def test_a_jpeg_cut_by_one_byte_or_filled_with_zeros_is_told(closet_dir: Path) -> None:
    data = next(iter(sorted((closet_dir / "images").glob("*.jpg")))).read_bytes()
    for at_least in (None, 64):
        for damaged in (data[:-1], data[:-2], data[:-3000] + bytes(3000)):
            with pytest.raises(PictureError) as raised:
                read_picture(damaged, at_least=at_least)
            assert raised.value.reason == "truncated"


def test_no_picture_at_all(tmp_path: Path) -> None:
    text = tmp_path / "notes.jpg"
    text.write_text("This is not a photo.\n" * 50)
    assert str(text) in _refused(text, "not a picture")
    _refused(b"GIF89a", "truncated")
    empty = tmp_path / "empty.jpg"
    empty.touch()
    assert str(empty) in _refused(empty, "empty")
    _refused(b"", "empty")
    assert "there is no picture" in _refused(tmp_path / "none.jpg", "missing")
    _refused(tmp_path / "null\0.jpg", "missing")
    _refused(tmp_path, "unreadable")


def test_formats_outside_the_list_are_not_tried() -> None:
    for file_format in ("TIFF", "PPM", "ICO", "TGA"):
        message = _refused(_saved(_picture(), file_format), "not a picture")
        assert "JPEG, PNG, WEBP, GIF or BMP" in message


def _png(width: int, height: int, depth: int, data: bytes) -> bytes:
    """A greyscale PNG that says its size and holds `data`, which need not be all of it."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(data, 1)) + chunk(b"IEND", b"")


def _webp_header(kind: bytes, body: bytes) -> bytes:
    chunk = kind + struct.pack("<I", len(body)) + body + bytes(40)
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


@pytest.mark.parametrize(
    "data",
    [
        _png(30_000, 30_000, 8, b"\0"),
        _png(9_000, 9_000, 8, b"\0"),
        _png(10_000, 10_000, 8, b"\0"),
        _webp_header(b"VP8X", bytes(4) + (16_382).to_bytes(3, "little") + (16_382).to_bytes(3, "little")),
        _webp_header(b"VP8L", b"\x2f" + (16_382 | 16_382 << 14).to_bytes(4, "little")),
        _webp_header(b"VP8 ", b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 16_383, 16_383)),
        b"GIF89a"
        + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0)
        + b",\0\0\0\0\xff\xff\xff\xff\0\x08\x01\0\0;",
    ],
    ids=["png 900 MP", "png 81 MP", "png 100 MP", "webp extended", "webp lossless", "webp lossy", "gif"],
)
def test_bombs_are_refused_before_anything_is_allocated(data: bytes) -> None:
    """In a process that may take 50 MiB more at most, where decoding any of them would fail for memory."""
    program = """
import resource, sys
from core.pictures import PictureError, read_picture
data = sys.stdin.buffer.read()
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 50 * 2**20, used + 50 * 2**20))
try:
    read_picture(data)
except PictureError as error:
    print(error.reason, "|", error)
"""
    done = subprocess.run([sys.executable, "-c", program], input=data, capture_output=True, check=True)
    assert done.stdout.decode().startswith("too large | the picture has ")
    assert b"more than the 64 million allowed" in done.stdout
    assert done.stderr == b""


def test_a_whole_30000_by_30000_png_is_refused_by_its_size() -> None:
    data = _png(30_000, 30_000, 1, bytes((1 + 30_000 // 8) * 30_000))
    assert len(data) < 2**20
    message = _refused(data, "too large")
    assert "million allowed; save it smaller" in message


def test_limits_can_be_set() -> None:
    data = _saved(_picture(60, 40), "PNG")
    assert "60 x 40 pixels" in _refused(data, "too large", max_pixels=2_399)
    assert read_picture(data, max_pixels=2_400).size == (60, 40)
    _refused(data, "too large", max_bytes=len(data) - 1)
    assert read_picture(data, max_bytes=len(data)).size == (60, 40)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("at_least", [None, 40])
def test_exif_orientation_is_applied(orientation: int, at_least: int | None) -> None:
    # What each value means by EXIF's table of "Orientation": where row 0 and column 0 are in the scene.
    turns = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.swapaxes(0, 1),
        6: lambda p: p.swapaxes(0, 1)[:, ::-1],
        7: lambda p: p[::-1, ::-1].swapaxes(0, 1),
        8: lambda p: p.swapaxes(0, 1)[::-1],
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = _picture(120, 80)
    upright = Image.fromarray(np.ascontiguousarray(turns[orientation](np.asarray(stored))))
    read = read_picture(_saved(stored, "JPEG", quality=95, exif=exif), at_least=at_least)
    assert read.size == (upright.size if at_least is None else (upright.width // 2, upright.height // 2))
    assert _difference(read, upright.resize(read.size, Image.Resampling.BOX)) < 3


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_exif_orientation_is_not_for_jpeg_alone(file_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    options = {"lossless": True} if file_format == "WEBP" else {}
    read = read_picture(_saved(_picture(), file_format, exif=exif, **options))
    assert _difference(read, _picture().transpose(Image.Transpose.ROTATE_270)) == 0


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_is_no_reason_to_refuse() -> None:
    data = _saved(_picture(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    assert read_picture(data).size == (60, 40)


def test_metadata_is_stripped() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif.get_ifd(0x8825)[1] = "N"
    for file_format in ("JPEG", "PNG", "WEBP"):
        read = read_picture(_saved(_picture(), file_format, exif=exif, icc_profile=b"profile", dpi=(72, 72)))
        assert read.info == {}
        assert not dict(read.getexif())
        assert b"taken at home" not in _saved(read, "JPEG")


def test_cmyk_greyscale_and_one_bit() -> None:
    assert _difference(read_picture(_saved(_picture().convert("CMYK"), "JPEG", quality=95)), _picture()) < 4
    grey = _picture().convert("L")
    assert _difference(read_picture(_saved(grey, "PNG")), grey.convert("RGB")) == 0
    bits = _picture().convert("1")
    assert _difference(read_picture(_saved(bits, "PNG")), bits.convert("RGB")) == 0


def test_16_bit_grey_is_scaled_not_clipped() -> None:
    values = np.linspace(0, 65_535, 64 * 64).reshape(64, 64).astype(np.uint16)
    read = np.asarray(read_picture(_saved(Image.fromarray(values), "PNG")))
    assert (read[..., 0] == np.rint(values / 257)).all()
    assert (read[..., 0] == read[..., 1]).all()
    assert (read[..., 1] == read[..., 2]).all()


def test_transparent_parts_are_laid_on_white() -> None:
    clear = Image.new("RGBA", (40, 40), (255, 0, 0, 0))
    clear.paste((0, 0, 255, 255), (20, 0, 40, 40))
    clear.paste((0, 0, 255, 128), (20, 20, 40, 40))
    for file_format in ("PNG", "WEBP"):
        read = read_picture(
            _saved(clear, file_format, **({"lossless": True} if file_format == "WEBP" else {}))
        )
        assert read.getpixel((5, 5)) == (255, 255, 255)
        assert read.getpixel((30, 5)) == (0, 0, 255)
        assert read.getpixel((30, 30)) == (127, 127, 255)


def test_palettes_with_and_without_transparency() -> None:
    palette = Image.new("P", (40, 40), 0)
    palette.putpalette([255, 0, 0, 0, 128, 0])
    palette.paste(1, (20, 0, 40, 40))
    plain = read_picture(_saved(palette, "PNG"))
    assert (plain.getpixel((5, 5)), plain.getpixel((30, 5))) == ((255, 0, 0), (0, 128, 0))
    for file_format in ("PNG", "GIF"):
        clear = read_picture(_saved(palette, file_format, transparency=0))
        assert (clear.getpixel((5, 5)), clear.getpixel((30, 5))) == ((255, 255, 255), (0, 128, 0))


def test_one_colour_made_transparent() -> None:
    picture = Image.new("RGB", (40, 40), (10, 20, 30))
    picture.paste((200, 0, 0), (20, 0, 40, 40))
    read = read_picture(_saved(picture, "PNG", transparency=(10, 20, 30)))
    assert (read.getpixel((5, 5)), read.getpixel((30, 5))) == ((255, 255, 255), (200, 0, 0))


@pytest.mark.parametrize("file_format", ["GIF", "WEBP", "PNG", "MPO"])
def test_of_several_frames_the_first_is_taken(file_format: str) -> None:
    first, second = Image.new("RGB", (40, 40), "blue"), Image.new("RGB", (40, 40), "red")
    read = read_picture(_saved(first, file_format, save_all=True, append_images=[second]))
    red, _, blue = read.getpixel((20, 20))
    assert blue > 240
    assert red < 15


def test_a_smaller_decode_is_close_to_the_whole_one(closet_dir: Path) -> None:
    for path in sorted((closet_dir / "images").glob("*.jpg"))[:12]:
        whole, small = read_picture(path), read_picture(path, at_least=100)
        assert min(small.size) == 100
        assert _difference(whole.reduce(4), small) < 1
        assert read_picture(path, at_least=10_000).size == whole.size


def test_a_smaller_decode_changes_nothing_but_jpeg() -> None:
    assert read_picture(_saved(_picture(400, 400), "PNG"), at_least=10).size == (400, 400)


def test_placeholders() -> None:
    assert placeholder_reason(_picture()) is None
    assert "31 x 100" in str(placeholder_reason(_picture(31, 100)))
    assert placeholder_reason(read_picture(_saved(Image.new("RGB", (80, 80), "grey"), "JPEG"))) is not None
    dark = np.full((80, 80, 3), 7, np.uint8)
    dark[::7, ::5] += 30
    assert placeholder_reason(Image.fromarray(dark)) is None


def test_hash_is_of_the_bytes_as_stored(tmp_path: Path) -> None:
    path = tmp_path / "abc.jpg"
    path.write_bytes(b"abc")
    assert picture_hash(b"abc") == picture_hash(path)
    assert picture_hash(b"abc").startswith("ba7816bf")


def _read_or_refuse(data: bytes, at_least: int | None) -> None:
    try:
        picture = read_picture(data, max_pixels=1_000_000, at_least=at_least)
    except PictureError as error:
        assert error.reason in {"empty", "truncated", "not a picture", "too large"}
        assert "\n" not in str(error)
    else:
        assert picture.mode == "RGB"
        assert picture.width * picture.height <= 1_000_000


SEEDS = [_saved(_picture(24, 16), file_format) for file_format in FORMATS] + [
    _saved(Image.new("P", (9, 7)), "PNG", transparency=0),
    _saved(Image.fromarray(np.arange(64, dtype=np.uint16).reshape(8, 8)), "PNG"),
    _saved(_picture(24, 16).convert("CMYK"), "JPEG", progressive=True),
    _saved(_picture(24, 16), "WEBP", lossless=True),
    _saved(_picture(24, 16), "GIF", save_all=True, append_images=[Image.new("RGB", (24, 16), "red")]),
]


@given(data=st.binary(max_size=400), at_least=st.sampled_from([None, 8]))
@example(data=b"RIFF\x00\x00\x00\x00WEBPVP8X", at_least=None)
def test_arbitrary_bytes_give_a_picture_or_a_picture_error(data: bytes, at_least: int | None) -> None:
    _read_or_refuse(data, at_least)


@settings(max_examples=400)
@given(
    seed=st.sampled_from(SEEDS),
    changes=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 10_000),
    at_least=st.sampled_from([None, 8]),
)
def test_damaged_pictures_give_a_picture_or_a_picture_error(
    seed: bytes, changes: list[tuple[int, int]], cut: int, at_least: int | None
) -> None:
    data = bytearray(seed)
    for place, value in changes:
        data[place % len(data)] = value
    _read_or_refuse(bytes(data[: cut % (2 * len(data)) + 1]), at_least)
