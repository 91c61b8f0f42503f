"""Every missing or unusable photo is counted and named; a partial gallery only where it is allowed."""

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from data_folder import make_folder, photo
from PIL import Image

from core.datasets.fashioniq import Split, read_split
from core.datasets.images import SHARED_BY, check_images, require_complete
from core.errors import HemlineError


@pytest.fixture
def split(tmp_path: Path) -> Split:
    return read_split(make_folder(tmp_path / "data", photos=True), "val")


def _put(split: Split, id_: str, data: bytes) -> None:
    (split.root / f"images/{id_}.jpg").write_bytes(data)


def _bytes(split: Split, id_: str) -> bytes:
    return (split.root / f"images/{id_}.jpg").read_bytes()


def _saved(picture: Image.Image, file_format: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format)
    return buffer.getvalue()


def test_closets_val_photos_are_all_there_and_whole(closet_dir: Path) -> None:
    data = read_split(closet_dir, "val")
    report = check_images(data, data.union_gallery())
    assert (len(report.found), report.missing, report.corrupt) == (543, (), {})
    assert list(report.found) == list(data.union_gallery())
    assert require_complete(report, allow_partial=False) is False


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_each_fault_is_named(split: Split) -> None:
    whole = _bytes(split, "a0")
    (split.root / "images/a1.jpg").unlink()
    _put(split, "a2", whole[: len(whole) // 2])
    _put(split, "a3", b"")
    _put(split, "a4", b"<html>404 Not Found</html>")
    _put(split, "a5", _saved(Image.new("RGB", (200, 200), (128, 128, 128)), "JPEG"))
    _put(split, "a6", _saved(Image.new("P", (1, 1)), "GIF"))
    _put(split, "a7", _saved(Image.new("1", (30_000, 3_000)), "PNG"))
    report = check_images(split, split.union_gallery())
    assert report.missing == ("a1",)
    assert report.corrupt == {
        "a2": "truncated",
        "a3": "empty",
        "a4": "not a picture",
        "a5": "placeholder: one flat colour",
        "a6": "placeholder: only 1 x 1 pixels",
        "a7": "too large",
    }
    assert list(report.found) == ["a0", "b0", "b1", "b2", "b3"]


def test_one_file_under_many_ids_is_a_placeholder(split: Split) -> None:
    logo = _saved(photo(99), "JPEG")
    for id_ in split.union_gallery()[: SHARED_BY - 1]:
        _put(split, id_, logo)
    assert check_images(split, split.union_gallery()).corrupt == {}
    for id_ in split.union_gallery()[:SHARED_BY]:
        _put(split, id_, logo)
    corrupt = check_images(split, split.union_gallery()).corrupt
    assert list(corrupt) == list(split.union_gallery()[:SHARED_BY])
    assert set(corrupt.values()) == {f"placeholder: the same file under {SHARED_BY} ids"}


def test_an_id_asked_twice_counts_once_and_unknown_ids_are_missing(split: Split) -> None:
    report = check_images(split, ["a0", "a0", "zz", "zz"])
    assert list(report.found) == ["a0"]
    assert report.missing == ("zz",)


def test_a_link_to_nowhere_is_missing(split: Split) -> None:
    (split.root / "images/a0.jpg").unlink()
    (split.root / "images/a0.jpg").symlink_to("nowhere.jpg")
    assert check_images(split, ["a0"]).missing == ("a0",)


def test_a_partial_gallery_is_refused_unless_allowed(split: Split) -> None:
    (split.root / "images/a1.jpg").unlink()
    _put(split, "b0", b"")
    report = check_images(split, split.union_gallery())
    with pytest.raises(HemlineError) as raised:
        require_complete(report, allow_partial=False)
    message = str(raised.value)
    assert "of 12 photos 1 are missing (a1) and 1 cannot be used (b0: empty)" in message
    assert "\n" not in message
    assert require_complete(report, allow_partial=True) is True
    assert len(report.found) == 10


def test_many_faults_are_counted_and_the_first_named(split: Split) -> None:
    for id_ in split.galleries["dress"]:
        (split.root / f"images/{id_}.jpg").unlink()
    with pytest.raises(HemlineError, match=r"of 12 photos 8 are missing \(a0, a1, a2, a3, a4, …\);"):
        require_complete(check_images(split, split.union_gallery()), allow_partial=False)


def test_a_gallery_without_one_photo_is_refused_even_where_partial_is_allowed(fashioniq_dir: Path) -> None:
    data = read_split(fashioniq_dir, "val", ["dress"])
    report = check_images(data, data.union_gallery())
    assert len(report.missing) == 3_817
    with pytest.raises(HemlineError, match=r"of 3817 photos 3817 are missing .* as ID\.jpg"):
        require_complete(report, allow_partial=True)


def _check(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "core.datasets.check", "--data", str(root), *options]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_check_command_counts_by_category(split: Split) -> None:
    whole = _check(split.root)
    assert (whole.returncode, whole.stderr) == (0, "")
    (split.root / "images/a1.jpg").unlink()
    _put(split, "b0", _bytes(split, "b0")[:-400])
    done = _check(split.root, "--json")
    assert (done.returncode, done.stderr) == (1, "")
    answer = json.loads(done.stdout)
    assert answer["counts"] == {"queries": 3, "gallery": 12, "missing": 1, "corrupt": 1}
    assert answer["per_category"] == {
        "dress": {"queries": 2, "gallery": 8, "missing": 1, "corrupt": 0},
        "shirt": {"queries": 1, "gallery": 4, "missing": 0, "corrupt": 1},
    }
    assert (answer["missing"], answer["corrupt"]) == (["a1"], {"b0": "truncated"})
    text = _check(split.root, "--category", "dress").stdout
    assert "a1: missing" in text
    assert "shirt" not in text


def test_the_check_command_refuses_with_one_sentence(split: Split) -> None:
    done = _check(split.root / "images")
    assert done.returncode == 2
    assert done.stderr.startswith("hemline: ")
    assert done.stderr.count("\n") == 1
    assert "give the folder above it" in done.stderr
    assert done.stdout == ""


def test_dark_photos_are_no_placeholders(split: Split) -> None:
    dark = np.full((90, 90, 3), 12, np.uint8)
    dark[30:60, 30:60] = 40
    _put(split, "a0", _saved(Image.fromarray(dark), "JPEG"))
    assert check_images(split, ["a0"]).corrupt == {}
