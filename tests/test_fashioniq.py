"""The strict reader: the real files read whole, and each kind of bad folder is one sentence."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
from data_folder import GARMENT, make_folder, write, write_lines
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import vocabulary
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.types import Garment, Triplet


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "data")


def _refused(root: Path, *told: str, split: str = "val", categories: list[str] | None = None) -> None:
    with pytest.raises(HemlineError) as raised:
        read_split(root, split, categories)
    message = str(raised.value)
    assert "\n" not in message
    for words in told:
        assert words in message, message


@pytest.mark.parametrize(
    ("split", "category", "queries", "gallery"),
    [
        ("val", "dress", 2_017, 3_817),
        ("val", "toptee", 1_961, 5_373),
        ("train", "dress", 5_985, 11_452),
        ("train", "toptee", 6_027, 16_121),
    ],
)
def test_fashioniq_is_whole(
    fashioniq_dir: Path, split: str, category: str, queries: int, gallery: int
) -> None:
    data = read_split(fashioniq_dir, split, [category])
    assert len(data.triplets) == queries
    assert len(data.galleries[category]) == gallery
    assert all(len(triplet.captions) == 2 for triplet in data.triplets)
    assert data.garments == {}


def test_fashioniqs_own_empty_captions_are_kept(fashioniq_dir: Path) -> None:
    data = read_split(fashioniq_dir, "val")
    assert data.categories == ("dress", "toptee")
    halves = [
        triplet for triplet in data.triplets if not all(caption.strip() for caption in triplet.captions)
    ]
    assert len(halves) == 2
    assert {triplet.category for triplet in halves} == {"toptee"}
    assert data.triplets[0] == Triplet(
        "dress:0",
        "dress",
        "val",
        "B005X4PL1G",
        "B0084Y8XIU",
        ("is shiny and silver with shorter sleeves", "fit and flare"),
    )
    assert data.triplets[2_017].key == "toptee:0"


@pytest.mark.parametrize(("split", "queries", "gallery"), [("val", 444, 543), ("train", 1_200, 2_597)])
def test_closet_is_whole(closet_dir: Path, split: str, queries: int, gallery: int) -> None:
    data = read_split(closet_dir, split)
    assert data.categories == vocabulary.CATEGORIES
    assert len(data.triplets) == queries
    assert len(data.union_gallery()) == len(set(data.union_gallery())) == gallery
    assert set(data.garments) == set(data.union_gallery())
    assert {garment.split for garment in data.garments.values()} == {data.split} == {split}
    assert {triplet.split for triplet in data.triplets} == {split}
    assert data.image_path(data.union_gallery()[0]) == closet_dir / f"images/{data.union_gallery()[0]}.jpg"


def test_closets_splits_share_nothing(closet_dir: Path) -> None:
    train, val = read_split(closet_dir, "train"), read_split(closet_dir, "val")
    assert not set(train.union_gallery()) & set(val.union_gallery())
    assert not set(train.garments) & set(val.garments)
    assert train.fingerprint != val.fingerprint


def test_the_committed_annotations_are_closets(closet_dir: Path) -> None:
    committed = Path(__file__).parents[1] / "assets/closet"
    for split in ("train", "val"):
        assert read_split(committed, split).fingerprint == read_split(closet_dir, split).fingerprint


def test_a_small_folder_as_read(root: Path) -> None:
    data = read_split(root, "val")
    assert data.categories == ("dress", "shirt")
    assert [triplet.key for triplet in data.triplets] == ["dress:0", "dress:1", "shirt:0"]
    assert data.triplets[1] == Triplet("dress:1", "dress", "val", "a1", "a2", ("", "is blue "))
    assert data.galleries["shirt"] == ("b0", "b1", "b2", "b3")
    red = dict(GARMENT, id="a1", colors=("red", "white"), details=())
    del red["image"]
    assert data.garments["a1"] == Garment(**red)
    assert data.image_path("a1") is None


def test_the_first_photo_ending_counts(root: Path) -> None:
    data = read_split(root, "val")
    (root / "images").mkdir()
    for suffix in (".webp", ".png", ".jpeg", ".jpg"):
        (root / f"images/a1{suffix}").touch()
        assert data.image_path("a1") == root / f"images/a1{suffix}"


def test_categories_can_be_chosen_and_keep_their_order(root: Path) -> None:
    assert read_split(root, "val", ["shirt", "dress"]).categories == ("shirt", "dress")
    only = read_split(root, "val", ["dress"])
    assert set(only.garments) == set(only.union_gallery()) == {f"a{n}" for n in range(8)}
    _refused(root, "no category 'coats'", "dress, shirt", categories=["coats"])
    _refused(root, "once each", categories=["dress", "dress"])
    _refused(root, "once each", categories=[])


def test_the_fingerprint_knows_the_content_and_not_the_place(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root, tmp_path / "copy")
    mark = read_split(root, "val").fingerprint
    assert read_split(tmp_path / "copy", "val").fingerprint == mark
    write(root / "image_splits/split.shirt.val.json", ["b1", "b0", "b2", "b3"])
    assert read_split(root, "val").fingerprint != mark


def test_a_split_cannot_be_changed(root: Path) -> None:
    data = read_split(root, "val")
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.split = "train"  # type: ignore[misc]


def test_wrong_folders(root: Path, closet_dir: Path, cirr_dir: Path, tmp_path: Path) -> None:
    _refused(closet_dir / "images", "is the images folder of a dataset; give the folder above it")
    _refused(root / "captions", "is the captions folder")
    _refused(cirr_dir, "CIRR")
    _refused(tmp_path, "the folder above a dataset", "data")
    _refused(tmp_path / "nowhere", "does not exist", "captions/cap.CATEGORY.SPLIT.json")
    _refused(root / "garments.jsonl", "is a file, not a folder")
    (tmp_path / "empty").mkdir()
    _refused(tmp_path / "empty", "has no captions and image_splits folder")
    shutil.rmtree(root / "image_splits")
    _refused(root, "has no image_splits folder")


def test_splits_that_are_not_whole(root: Path) -> None:
    _refused(root, "has no split 'train'", "its splits are: val", split="train")
    (root / "captions/cap.shirt.val.json").rename(root / "shirt.json")
    _refused(root, "has split.shirt.val.json but", "no cap.shirt.val.json")
    assert read_split(root, "val", ["dress"]).categories == ("dress",)
    (root / "shirt.json").rename(root / "captions/cap.shirt.val.json")
    (root / "image_splits/split.shirt.val.json").unlink()
    _refused(root, "has cap.shirt.val.json but", "no split.shirt.val.json")


ROW: dict[str, Any] = {"target": "a1", "candidate": "a0", "captions": ["is red", "longer"]}


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ({"0": ROW}, "must be a list of one or more rows, not an object"),
        ([], "must be a list of one or more rows, not an empty list"),
        ([ROW, "a1"], "row 1 must be"),
        ([ROW | {"captions": ["", " "]}], "row 0: every caption is empty"),
        ([ROW | {"captions": []}], "row 0: every caption is empty"),
        ([ROW | {"captions": "is red"}], "row 0: captions must be a list of texts, not a text"),
        ([ROW | {"captions": ["is red", None]}], "row 0: captions must be a list of texts"),
        ([ROW | {"captions": ["half a pair \ud83d"]}], "row 0: captions must be a list of texts"),
        ([{"candidate": "a0", "captions": ["is red"]}], "row 0 has no target: a test split's answers"),
        ([{"target": "a1", "captions": ["is red"]}], "row 0: candidate must be a photo id, not nothing"),
        ([ROW | {"target": 7}], "row 0: target must be a photo id, not a number"),
        ([ROW | {"target": "../../etc/passwd"}], "row 0: target must be a photo id"),
        ([ROW | {"target": "zz"}], "row 0: target zz is not in split.dress.val.json"),
        ([ROW | {"target": "b1"}], "row 0: target b1 is not in split.dress.val.json"),
        ([ROW, ROW | {"candidate": "zz"}], "row 1: candidate zz is in no gallery of split 'val'"),
        ([ROW, ROW], "row 1 repeats row 0"),
        ([ROW | {"target": "a0"}], "row 0: target and candidate are the same photo"),
        ([{"pairid": 1, "reference": "a", "target_hard": "b", "caption": "c"}], "row 0 is a row of CIRR"),
    ],
)
def test_bad_rows(root: Path, rows: object, told: str) -> None:
    write(root / "captions/cap.dress.val.json", rows)
    _refused(root, "cap.dress.val.json", told)


@pytest.mark.parametrize(
    ("gallery", "told"),
    [
        ({"a1": "./dev/a1.png"}, "must be a list of photo ids, not an object; is it CIRR's file?"),
        ([], "is an empty gallery"),
        (["a0", 1], "entry 1 must be a photo id"),
        (["a0", "x/../../a1"], "entry 1 must be a photo id"),
        (["a0", ""], "entry 1 must be a photo id"),
        (["a0", "a1", "a0"], "names a0 twice"),
    ],
)
def test_bad_galleries(root: Path, gallery: object, told: str) -> None:
    write(root / "image_splits/split.dress.val.json", gallery)
    _refused(root, "split.dress.val.json", told)


def test_json_cut_short(root: Path) -> None:
    path = root / "captions/cap.dress.val.json"
    path.write_text(path.read_text()[:40])
    _refused(root, str(path), "is not JSON", "it may be cut short")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"pattern": "plaid"}, "pattern 'plaid' is not in the vocabulary (solid, stripes"),
        ({"colors": ["red", "mauve"]}, "colors 'mauve' is not in the vocabulary"),
        ({"colors": "red"}, "colors must be a list"),
        ({"details": [["zip"]]}, "details ['zip'] is not in the vocabulary"),
        ({"details": ["zip", "zip"]}, "details names a value twice"),
        ({"category": "hats"}, "category 'hats' is not in the vocabulary"),
        ({"kind": None}, "kind None is not in the vocabulary"),
        ({"split": "dev"}, "split 'dev' is not in the vocabulary"),
        ({"caption": " "}, "caption must be a text that is not empty"),
        ({"image": "a/b"}, "image must be a photo id"),
        ({"image": "a0"}, "a0 has a line already"),
    ],
)
def test_bad_garments(root: Path, change: dict[str, Any], told: str) -> None:
    write_lines(root / "garments.jsonl", [GARMENT | {"image": "a0"}, GARMENT | change])
    _refused(root, "garments.jsonl line 2", told)


def test_garments_of_the_wrong_shape(root: Path) -> None:
    path = root / "garments.jsonl"
    lines = path.read_text()
    path.write_text(lines + '{"image": "a')
    _refused(root, "garments.jsonl line 13 is not JSON")
    path.write_text(lines + "[]\n")
    _refused(root, "garments.jsonl line 13 must be one garment's record")
    path.write_text(lines + '{"image": "c0", "split": "val"}\n')
    _refused(root, "garments.jsonl line 13 lacks caption, category")
    path.write_text("\n")
    _refused(root, "garments.jsonl holds no garment")


def test_garments_that_do_not_fit_the_galleries(root: Path) -> None:
    everything = [GARMENT | {"image": f"a{n}"} for n in range(8)]
    everything += [GARMENT | {"image": f"b{n}", "category": "shirt"} for n in range(4)]
    write_lines(root / "garments.jsonl", everything[1:])
    _refused(root, "a0, in image_splits/split.dress.val.json, has no line")
    write_lines(root / "garments.jsonl", [everything[0] | {"split": "train"}, *everything[1:]])
    _refused(root, "a0, in image_splits/split.dress.val.json, is of split 'train'")
    write_lines(root / "garments.jsonl", [everything[0] | {"category": "shirt"}, *everything[1:]])
    _refused(root, "is of split 'val' and category 'shirt'")
    write_lines(root / "garments.jsonl", [*everything, GARMENT | {"image": "lost"}])
    _refused(root, "lost is of split 'val' but in no gallery")
    write_lines(root / "garments.jsonl", [*everything, GARMENT | {"image": "other", "split": "train"}])
    assert "other" not in read_split(root, "val").garments


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["a0", "a1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["target", "candidate", "captions", "image"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    value=plain, file=st.sampled_from(["captions/cap.dress.val.json", "image_splits/split.dress.val.json"])
)
def test_any_json_is_a_split_or_one_sentence(root: Path, value: object, file: str) -> None:
    whole = (root / file).read_text()
    write(root / file, value)
    try:
        assert isinstance(read_split(root, "val"), Split)
    except HemlineError as error:
        assert "\n" not in str(error)
    finally:
        (root / file).write_text(whole)
