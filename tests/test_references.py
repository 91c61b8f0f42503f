"""Uploaded references: kept once and only with consent, whole or absent, and deleted when asked."""

import io
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import HemlineError
from core.pictures import PictureError, picture_hash
from core.references import (
    LONGEST_SIDE,
    delete_uploads,
    keep_reference,
    read_reference,
    references_folder,
    uploads_of,
)


def photo(seed: int = 0, size: tuple[int, int] = (120, 90)) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1] // 10, size[0] // 10, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x010E] = "taken at home by Ana"
    out = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(out, "JPEG", exif=exif, comment=b"secret place")
    return out.getvalue()


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("??/*"))


def test_with_consent_it_is_kept_once_small_and_without_metadata(tmp_path: Path) -> None:
    folder = references_folder(tmp_path / "judgements.sqlite")
    data = photo(size=(3000, 1500))
    sha = keep_reference(folder, data, "ana", consent=True)
    assert sha == picture_hash(data) == keep_reference(folder, data, "<b>ben</b>/..", consent=True)
    kept = read_reference(folder, sha)
    assert kept is not None and kept.size == (LONGEST_SIDE, LONGEST_SIDE // 2)
    (path,) = files(folder)
    assert b"home" not in path.read_bytes() and b"secret" not in path.read_bytes()
    assert uploads_of(folder, "ana") == uploads_of(folder, "<b>ben</b>/..") == [sha]


def test_without_consent_nothing_is_kept(tmp_path: Path) -> None:
    sha = keep_reference(tmp_path / "references", photo(), "ana", consent=False)
    assert read_reference(tmp_path / "references", sha) is None
    assert not (tmp_path / "references").exists()
    with pytest.raises(PictureError):
        keep_reference(tmp_path / "references", b"not a picture", "ana", consent=True)
    assert not (tmp_path / "references").exists()
    assert read_reference(tmp_path, "../../etc/passwd") is None


def test_deleting_takes_ones_own_and_leaves_others(tmp_path: Path) -> None:
    shared = keep_reference(tmp_path, photo(1), "ana", consent=True)
    keep_reference(tmp_path, photo(1), "ben", consent=True)
    own = keep_reference(tmp_path, photo(2), "ana", consent=True)
    assert delete_uploads(tmp_path, "ana") == 2
    assert read_reference(tmp_path, own) is None
    assert read_reference(tmp_path, shared) is not None and uploads_of(tmp_path, "ana") == []
    assert delete_uploads(tmp_path, "ben") == 1 and files(tmp_path) == []
    assert delete_uploads(tmp_path / "none", "ana") == 0


def test_many_at_once_keep_and_delete(tmp_path: Path) -> None:
    def work(name: str) -> None:
        for seed in range(4):
            keep_reference(tmp_path, photo(seed), name, consent=True)
        if name != "p0":
            delete_uploads(tmp_path, name)

    threads = [threading.Thread(target=work, args=(f"p{number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(uploads_of(tmp_path, "p0")) == len(files(tmp_path)) == 4
    assert all(read_reference(tmp_path, sha) is not None for sha in uploads_of(tmp_path, "p0"))


def test_a_kill_leaves_a_whole_picture_or_none(tmp_path: Path) -> None:
    data = photo(5, (600, 400))
    started = time.monotonic()
    keep_reference(tmp_path / "measured", data, "ana", consent=True)
    whole = time.monotonic() - started
    seen = set()
    for number in range(10):
        folder = tmp_path / str(number)
        child = os.fork()
        if child == 0:
            try:
                keep_reference(folder, data, "ana", consent=True)
            finally:
                os._exit(0)
        time.sleep(whole * number / 4)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        kept = read_reference(folder, picture_hash(data))  # damaged it would raise
        owned = uploads_of(folder, "ana") if folder.exists() else []
        assert kept is not None or not owned
        seen.add(kept is not None)
        assert keep_reference(folder, data, "ana", consent=True) in uploads_of(folder, "ana")
    assert seen == {True, False}


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "references").write_text("a file in the folder's place")
    with pytest.raises(HemlineError, match="cannot be changed"):
        keep_reference(tmp_path / "references", photo(), "ana", consent=True)
