"""To `datasets.Dataset` and back, exactly."""

from pathlib import Path

import datasets
import pytest
from data_folder import make_folder

from core.datasets.fashioniq import read_split
from core.datasets.hub import from_dataset, to_dataset
from core.errors import HemlineError
from core.pictures import read_picture


@pytest.mark.parametrize("images", [False, True])
def test_closet_comes_back_exactly(closet_dir: Path, images: bool) -> None:
    split = read_split(closet_dir, "val")
    assert from_dataset(to_dataset(split, images)) == split.triplets
    assert from_dataset(to_dataset(split, images, "garments")) == tuple(split.garments.values())


def test_fashioniqs_captions_come_back_exactly(fashioniq_dir: Path) -> None:
    split = read_split(fashioniq_dir, "val", ["toptee"])
    dataset = to_dataset(split)
    assert dataset.column_names == ["key", "category", "split", "reference", "target", "captions"]
    assert from_dataset(dataset) == split.triplets


def test_photos_come_with_the_rows(closet_dir: Path) -> None:
    split = read_split(closet_dir, "val")
    row = to_dataset(split, images=True)[3]
    for column in ("reference", "target"):
        path = split.image_path(row[column])
        assert path is not None
        assert row[f"{column}_image"].convert("RGB").tobytes() == read_picture(path).tobytes()
    assert to_dataset(split, True, "garments")[0]["image"].size == (400, 534)


def test_what_datasets_saves_and_selects_comes_back(tmp_path: Path) -> None:
    split = read_split(make_folder(tmp_path / "data", photos=True), "val")
    to_dataset(split, True).to_parquet(tmp_path / "triplets.parquet")
    loaded = datasets.Dataset.from_parquet(
        str(tmp_path / "triplets.parquet"), cache_dir=str(tmp_path / "cache")
    )
    assert from_dataset(loaded) == split.triplets
    to_dataset(split, what="garments").save_to_disk(tmp_path / "garments")
    loaded = datasets.load_from_disk(str(tmp_path / "garments"))
    assert from_dataset(loaded.select([3, 1])) == tuple(split.garments[id_] for id_ in ("a3", "a1"))


def test_missing_photos_and_garments_are_named(tmp_path: Path, fashioniq_dir: Path) -> None:
    split = read_split(make_folder(tmp_path / "data", photos=True), "val")
    (split.root / "images/a2.jpg").unlink()
    with pytest.raises(HemlineError, match=r"1 are missing \(a2\)"):
        to_dataset(split, images=True)
    with pytest.raises(HemlineError, match="has no garments for split 'val'"):
        to_dataset(read_split(fashioniq_dir, "val", ["dress"]), what="garments")


def test_other_datasets_are_refused() -> None:
    with pytest.raises(HemlineError, match="columns text, label holds neither triplets"):
        from_dataset(datasets.Dataset.from_dict({"text": ["a"], "label": [1]}))
