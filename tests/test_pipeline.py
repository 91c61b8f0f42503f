"""The stages of a build: photos read once, an error in any stage ends it with what is done kept."""

import os
import shutil
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.backbones import load_backbone
from core.backbones.base import Backbone
from core.building import build, build_with, open_model
from core.errors import HemlineError
from core.gallery import load_gallery, scan
from core.index import load_index
from core.staging import Photo, staging
from core.threads import ahead, one_core_each
from tests.small_catalogue import chunk_count, copy_photos, disk_full_at, make_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "run")


@pytest.fixture
def images(closet_dir: Path, tmp_path: Path) -> Path:
    return copy_photos(closet_dir, tmp_path / "images", 12)


def contents(index: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in index.iterdir() if path.name != "index.json"}


def fails_at(backbone: Backbone, photo: int, error: Exception) -> None:
    """The tower raises when it is given its `photo`th picture, as it does when memory runs out."""
    lock, seen = threading.Lock(), [0]

    def refuse(*_: Any) -> None:
        with lock:
            seen[0] += 1
            if seen[0] == photo:
                raise error

    stem: torch.nn.Module = next(iter(backbone.tower.children()))  # type: ignore[attr-defined]
    stem.register_forward_pre_hook(refuse)


def test_an_encoder_that_fails_ends_the_build_and_what_is_done_is_kept(
    model: Path, images: Path, tmp_path: Path
) -> None:
    out = tmp_path / "index"
    backbone, making = open_model(model, images, out, "cpu")
    fails_at(backbone, 10, MemoryError("no memory for the tenth"))
    found = scan(images)
    with pytest.raises(MemoryError, match="the tenth"):
        build_with(backbone, making, found, list(found), False, 3)
    left = [thread.name for thread in threading.enumerate() if "ThreadPool" in thread.name]
    assert left == [], "no thread is left behind"
    assert not out.exists() and chunk_count(out) >= 1
    built = build(model, images, out, batch=3)
    assert 0 < built.encoded < 12
    build(model, images, tmp_path / "at once", batch=3)
    assert contents(out) == contents(tmp_path / "at once")


def test_a_writer_that_fails_ends_the_build(model: Path, images: Path, tmp_path: Path) -> None:
    with disk_full_at(400), pytest.raises(OSError, match="File too large"):
        build(model, images, tmp_path / "index", batch=2)
    assert not (tmp_path / "index").exists() and chunk_count(tmp_path / "index") == 0
    assert build(model, images, tmp_path / "index", batch=2).encoded == 12


def test_a_photo_that_is_not_the_one_on_record_ends_the_build_after_what_came_before(
    model: Path, images: Path, tmp_path: Path
) -> None:
    from core.assembling import earlier_at
    from core.building import encode_all
    from core.pictures import picture_hash

    backbone, making = open_model(model, images, tmp_path / "index", "cpu")
    photos = [Photo(name, path, picture_hash(path)) for name, path in scan(images).items()]
    shutil.copyfile(photos[0].path, photos[9].path)
    with (
        staging(making.out, making.target_fingerprint, making.tower_fingerprint) as folder,
        pytest.raises(HemlineError, match=f"{photos[9].path.name} changed while the index"),
    ):
        encode_all(backbone, photos, earlier_at(making), folder, 3)
    assert chunk_count(making.out) == 3


def test_each_photo_is_read_once_and_the_same_bytes_are_encoded_once(
    model: Path, images: Path, tmp_path: Path
) -> None:
    first = min(images.iterdir())
    for number in range(3):
        shutil.copyfile(first, images / f"copy {number}.jpg")
    read: Counter[str] = Counter()
    watched = threading.Event()

    def watch(event: str, arguments: tuple) -> None:
        if watched.is_set() and event == "open" and str(arguments[0]).endswith(".jpg"):
            read[os.path.basename(str(arguments[0]))] += 1

    import sys

    sys.addaudithook(watch)
    watched.set()
    built = build(model, images, tmp_path / "index", batch=4)
    watched.clear()
    assert (built.encoded, built.kept) == (12, 3)
    assert set(read.values()) == {1} and len(read) == 15
    index = load_index(tmp_path / "index")
    alike = [row for name, row in zip(index.ids, index.vectors, strict=True) if name.startswith("copy")]
    assert all(np.array_equal(row, index.vectors[index.positions[first.stem]]) for row in alike)


def test_features_depend_neither_on_the_batch_nor_on_how_many_cores_encode(
    model: Path, images: Path, tmp_path: Path
) -> None:
    before = torch.get_num_threads()
    for threads, batch in ((1, 32), (2, 5), (3, 1)):
        torch.set_num_threads(threads)
        build(model, images, tmp_path / f"{threads}", batch=batch)
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    one, *others = (load_index(tmp_path / name) for name in ("1", "2", "3"))
    for name, other in zip("23", others, strict=True):
        features = (tmp_path / name / "features.npy").read_bytes()
        assert features == (tmp_path / "1" / "features.npy").read_bytes()
        np.testing.assert_allclose(other.vectors, one.vectors, atol=1e-6)


def test_a_vision_transformer_of_several_pictures_at_once_answers_queries_alike(
    images: Path, tmp_path: Path
) -> None:
    """At eight at once rows may differ in the last bits from those of one: the index and a query agree."""
    from core.backbones.released import from_folder
    from core.backbones.saving import save_backbone
    from core.pictures import read_picture
    from tests.tiny_released import hub_folder

    save_backbone(from_folder(hub_folder("clip")), tmp_path / "clip")
    build(tmp_path / "clip", images, tmp_path / "index", batch=9)
    index = load_index(tmp_path / "index")
    table = load_gallery(tmp_path / "index", index).table
    backbone = load_backbone(tmp_path / "clip")
    assert backbone.at_once > 1
    for path, row in zip(table.paths, index.vectors, strict=True):
        alone = backbone.embed_targets([read_picture(images / path)])[0]
        assert float(alone @ row) > 0.99999


def test_nothing_is_begun_far_ahead_of_who_takes_it() -> None:
    begun: list[int] = []
    with one_core_each(2) as pool:
        for taken, number in enumerate(ahead(pool, lambda n: begun.append(n) or n, range(40), 5)):
            assert number == taken and len(begun) <= taken + 5
