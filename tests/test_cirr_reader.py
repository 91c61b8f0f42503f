"""CIRR's annotations: the official counts, and what a damaged folder is told."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.datasets.cirr import Cirr, holds_cirr, read_cirr
from core.errors import HemlineError
from tests.data_folder import write
from tests.small_cirr import make_cirr, name

OFFICIAL = {"train": (28225, 16939), "val": (4181, 2297), "test1": (4148, 2315)}
"""Pairs and gallery of each split (CIRR's own files; the paper's 4,184 and 2,316 are not theirs)."""

CAPTIONS = "captions/cap.rc2.val.json"
GALLERY = "image_splits/split.rc2.val.json"


def test_the_official_files_have_the_official_counts(cirr_dir: Path) -> None:
    there = [s for s in OFFICIAL if (cirr_dir / f"captions/cap.rc2.{s}.json").is_file()]
    assert "val" in there
    for split in there:
        cirr = read_cirr(cirr_dir, split)
        assert (len(cirr.pairs), len(cirr.gallery)) == OFFICIAL[split]
        if split != "train":
            assert {len(pair.candidates()) for pair in cirr.pairs} == {5}


def test_official_val_is_read_whole(cirr_dir: Path) -> None:
    cirr = read_cirr(cirr_dir, "val")
    first = cirr.pairs[0]
    assert (first.key, first.reference, first.target) == ("12060", "dev-244-0-img0", "dev-1028-1-img1")
    assert first.caption == "show three bottles of soft drink"
    assert max(len(pair.caption.split()) for pair in cirr.pairs) == 47
    assert all(pair.target in pair.candidates() for pair in cirr.pairs)
    assert cirr.files[first.reference] == "./dev/dev-244-0-img0.png"


def test_it_is_the_projects_plain_values_too(tmp_path: Path) -> None:
    make_cirr(tmp_path)
    split = read_cirr(tmp_path, "val").to_split(tmp_path / "photos")
    assert [t.key for t in split.triplets[:2]] == ["12000", "12003"]
    assert split.triplets[0].captions == ("the same with 0 more",)
    assert split.triplets[0].target in split.union_gallery()
    assert split.image_path(name("val", 0)) is None
    place = tmp_path / "photos/dev" / f"{name('val', 0)}.png"
    place.parent.mkdir(parents=True)
    place.touch()
    assert split.image_path(name("val", 0)) == place


def test_photos_are_looked_for_in_img_raw_where_there_is_one(tmp_path: Path) -> None:
    make_cirr(tmp_path)
    beside, raw = (folder / "dev" / f"{name('val', 0)}.png" for folder in (tmp_path, tmp_path / "img_raw"))
    beside.parent.mkdir()
    beside.touch()
    assert read_cirr(tmp_path, "val").to_split().image_path(name("val", 0)) == beside
    raw.parent.mkdir(parents=True)
    raw.touch()
    assert read_cirr(tmp_path, "val").to_split().image_path(name("val", 0)) == raw


def test_test1_has_no_targets_and_keeps_an_empty_caption(tmp_path: Path) -> None:
    make_cirr(tmp_path, "test1")
    path = tmp_path / "captions/cap.rc2.test1.json"
    rows = json.loads(path.read_text())
    rows[3]["caption"] = ""
    write(path, rows)
    cirr = read_cirr(tmp_path, "test1")
    assert {pair.target for pair in cirr.pairs} == {None}
    assert cirr.pairs[3].caption == ""
    assert cirr.to_split().triplets == ()


def test_a_folder_knows_that_it_is_cirrs(tmp_path: Path) -> None:
    assert not holds_cirr(tmp_path)
    assert holds_cirr(make_cirr(tmp_path))


def test_the_fingerprint_moves_with_the_data_and_not_with_the_folder(tmp_path: Path) -> None:
    one, other = (read_cirr(make_cirr(tmp_path / n), "val") for n in "ab")
    assert one.fingerprint == other.fingerprint
    _damage(tmp_path / "b", lambda rows: rows[5].update(caption="another"))
    assert read_cirr(tmp_path / "b", "val").fingerprint != one.fingerprint


def _damage(root: Path, change: Callable[[Any], object], file: str = CAPTIONS) -> None:
    value = json.loads((root / file).read_text())
    change(value)
    write(root / file, value)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda rows: rows[2].update(target_hard="dev-99-0-img0"), "row 2: target_hard dev-99-0-img0 is not"),
        (lambda rows: rows[2].pop("target_hard"), "row 2: target_hard must be"),
        (lambda rows: rows[2].update(target_hard=rows[2]["reference"]), "row 2: target_hard and reference"),
        (lambda rows: rows[2].update(target_soft=None), "row 2: target_soft must be"),
        (lambda rows: rows[2].update(reference="dev-0-0-img0"), "reference dev-0-0-img0 is not among the"),
        (lambda rows: rows[2].update(reference="../x"), "row 2: reference must be"),
        (lambda rows: rows[2].update(pairid=12000), "row 2 has the pairid 12000 of row 0"),
        (lambda rows: rows[2].update(pairid="12006"), "row 2: pairid must be a whole number"),
        (lambda rows: rows[2].update(pairid=True), "row 2: pairid must be a whole number"),
        (lambda rows: rows[2].update(caption=None), "row 2: caption must be a text"),
        (lambda rows: rows[2].pop("img_set"), "row 2: img_set must hold members"),
        (lambda rows: rows[2]["img_set"]["members"].pop(0), "row 2: img_set must have 6 different members"),
        (
            lambda rows: rows[2]["img_set"]["members"].__setitem__(0, rows[2]["reference"]),
            "6 different members",
        ),
        (
            lambda rows: rows[2]["img_set"]["members"].__setitem__(0, "dev-99-0-img0"),
            "member dev-99-0-img0 is not",
        ),
        (
            lambda rows: rows.__setitem__(2, {"candidate": "a", "target": "b", "captions": []}),
            "a row of FashionIQ",
        ),
        (lambda rows: rows.clear(), "must be a list of one or more pairs"),
    ],
)
def test_a_damaged_row_is_one_sentence(tmp_path: Path, change: Callable[[Any], object], told: str) -> None:
    make_cirr(tmp_path)
    _damage(tmp_path, change)
    with pytest.raises(HemlineError) as raised:
        read_cirr(tmp_path, "val")
    assert told in str(raised.value) and "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('["dev-0-0-img0"]', "FashionIQ's file"),
        ('{"a": "./dev/a.png", "a": "./dev/a.png"}', "names a twice"),
        ('{"a": "/dev/a.png"}', "the path of a must be relative"),
        ('{"a": "./dev/../../a.png"}', "the path of a must be relative"),
        ('{"a": "./dev/b.png"}', "end in a.png"),
        ('{"a": 1}', "the path of a must be relative"),
        ("{", "is not JSON"),
    ],
)
def test_a_damaged_gallery_is_one_sentence(tmp_path: Path, text: str, told: str) -> None:
    make_cirr(tmp_path)
    (tmp_path / GALLERY).write_text(text)
    with pytest.raises(HemlineError, match=told):
        read_cirr(tmp_path, "val")


def test_another_version_or_split_is_told(tmp_path: Path) -> None:
    make_cirr(tmp_path)
    with pytest.raises(HemlineError, match="has no split 'test1' of CIRR; it has val"):
        read_cirr(tmp_path, "test1")
    (tmp_path / CAPTIONS).rename(tmp_path / "captions/cap.rc1.val.json")
    with pytest.raises(HemlineError, match="holds version rc1 of CIRR; this reads rc2"):
        read_cirr(tmp_path, "val")
    with pytest.raises(HemlineError, match="is no folder"):
        read_cirr(tmp_path / "nowhere", "val")


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["pairid", "reference", "target_hard", "target_soft", "caption", "img_set"])
            | st.text(max_size=3),
            inner,
            max_size=7,
        )
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(value=plain, file=st.sampled_from([CAPTIONS, GALLERY]))
def test_any_json_is_a_split_or_one_sentence(tmp_path: Path, value: object, file: str) -> None:
    make_cirr(tmp_path)
    write(tmp_path / file, value)
    try:
        assert isinstance(read_cirr(tmp_path, "val"), Cirr)
    except HemlineError as error:
        assert "\n" not in str(error)
