"""The cache of tower features: right, resumable after any kill, and with views that keep the colour."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.backbones.augment import augmented
from core.backbones.base import Backbone
from core.backbones.features import KEYS_FILE, ROWS_FILE, encode_all, encode_folder
from core.errors import HemlineError
from core.pictures import PictureError
from tests.tiny_backbones import drawn, tiny


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return tiny("mllm")


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    folder = tmp_path / "images"
    folder.mkdir()
    for number, picture in enumerate(drawn(5)):
        picture.save(folder / f"photo{number}.png")
    return {path.stem: path for path in sorted(folder.iterdir())}


def files(cache: Path) -> tuple[Path, Path]:
    (folder,) = cache.iterdir()
    return folder / ROWS_FILE, folder / KEYS_FILE


def test_view_0_is_the_picture_and_the_others_are_not(
    backbone: Backbone, photos: dict, tmp_path: Path
) -> None:
    features = encode_all(backbone, photos, tmp_path / "cache", views=3)
    plain = backbone.encode_pictures(drawn(5)).astype(np.float32)
    scale = np.abs(plain).max()
    np.testing.assert_allclose(features.rows(list(photos)).astype(np.float32), plain, atol=2e-3 * scale)
    first, second = features.rows(["photo1", "photo1"], [1, 2])
    assert (
        features.array.dtype == np.float16
        and (first != second).any()
        and (first != features.rows(["photo1"])).any()
    )
    with pytest.raises(HemlineError, match="view 3 of photo photo1 is not among the 3 encoded ones"):
        features.rows(["photo1"], 3)


def test_what_is_there_is_not_encoded_again(backbone: Backbone, photos: dict, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    encode_all(backbone, photos, cache, views=2)
    before = [path.read_bytes() for path in files(cache)]
    copies = {"again": photos["photo2"], **photos}
    features = encode_all(backbone, copies, cache, views=2)
    assert [path.read_bytes() for path in files(cache)] == before
    assert np.array_equal(features.rows(["again"], 1), features.rows(["photo2"], 1))


@pytest.mark.parametrize(("rows_kept", "keys_kept"), [(0.55, 0.75), (1.0, 0.5), (0.3, 0.0), (0.0, 0.0)])
def test_a_kill_at_any_moment_costs_only_unpublished_rows(
    backbone: Backbone, photos: dict, tmp_path: Path, rows_kept: float, keys_kept: float
) -> None:
    cache = tmp_path / "cache"
    whole = encode_all(backbone, photos, cache, views=2)
    expected = whole.rows(list(photos) * 2, [0] * 5 + [1] * 5)
    for path, kept in zip(files(cache), (rows_kept, keys_kept), strict=True):
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    again = encode_all(backbone, photos, cache, views=2)
    assert np.array_equal(again.rows(list(photos) * 2, [0] * 5 + [1] * 5), expected)
    assert len(again.array) == 10


def test_another_tower_or_seed_never_shares_rows(backbone: Backbone, photos: dict, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    one = encode_all(backbone, photos, cache, views=2, seed=0)
    two = encode_all(backbone, photos, cache, views=2, seed=1)
    assert np.array_equal(one.rows(list(photos)), two.rows(list(photos)))
    assert (one.rows(list(photos), 1) != two.rows(list(photos), 1)).any()
    other = encode_all(tiny("mllm", seed=9), photos, cache)
    assert len(list(cache.iterdir())) == 2
    assert (other.rows(list(photos)) != one.rows(list(photos))).any()


def test_a_broken_photo_stops_with_its_name_and_loses_nothing(
    backbone: Backbone, photos: dict, tmp_path: Path
) -> None:
    broken = tmp_path / "images" / "broken.jpg"
    broken.write_text("not a picture")
    with pytest.raises(PictureError, match=r"broken\.jpg is not a picture"):
        encode_all(backbone, {**photos, "broken": broken}, tmp_path / "cache")
    assert files(tmp_path / "cache")[1].read_text().count("\n") == 5


def test_a_damaged_key_file_says_what_to_do(backbone: Backbone, photos: dict, tmp_path: Path) -> None:
    encode_all(backbone, photos, tmp_path / "cache")
    files(tmp_path / "cache")[1].write_text("not a key\nat all\n")
    with pytest.raises(HemlineError, match=r"keys\.txt is damaged; remove"):
        encode_all(backbone, photos, tmp_path / "cache")


def test_a_folder_is_encoded_by_name(backbone: Backbone, photos: dict, tmp_path: Path) -> None:
    features = encode_folder(backbone, tmp_path / "images", tmp_path / "cache")
    assert features.rows(["photo0", "photo4"]).shape == (2, *backbone.feature_shape())
    (tmp_path / "empty").mkdir()
    with pytest.raises(HemlineError, match=r"holds no \.jpg"):
        encode_folder(backbone, tmp_path / "empty", tmp_path / "cache")
    with pytest.raises(HemlineError, match="views is 0"):
        encode_all(backbone, photos, tmp_path / "cache", views=0)


def test_views_repeat_and_keep_the_colour() -> None:
    red = Image.new("RGB", (120, 90), (190, 40, 45))
    for view in range(1, 30):
        shown = augmented(red, "ab" * 32, view, 7)
        assert shown.tobytes() == augmented(red, "ab" * 32, view, 7).tobytes()
        r, g, b = np.asarray(shown).reshape(-1, 3).mean(axis=0)
        assert r > 2.5 * g and r > 2.5 * b, "still red, and no empty corner of the rotation is in it"
        assert np.asarray(shown).reshape(-1, 3).std(axis=0).max() < 1.0
        assert shown.width > 60 and shown.height > 45
