"""What may be trained on: nothing that touches a photo of val or test."""

from dataclasses import replace
from pathlib import Path

import pytest

from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.files import sha256_file
from core.usable import HeldOut, held_out_photos, trainable
from core.verdicts import UNDO, Event, Judgement
from tests.test_judgements import BASE

HELD = HeldOut({"v1": "val", "t1": "test"}, {"e" * 64: "val"})


def history(*changes: dict) -> list[Event]:
    said = [replace(BASE, text=f"but {number}", **change) for number, change in enumerate(changes)]
    return [Event(number, one) for number, one in enumerate(said, start=1)]


def test_val_and_test_photos_are_refused_by_id_and_by_hash() -> None:
    told = trainable(
        history(
            {},
            {"reference_id": "v1"},
            {"reference_id": "t1"},
            {"hit_id": "v1"},
            {"reference_id": None, "reference_hash": "e" * 64},  # uploaded
            {"hit_id": "other-name", "hit_hash": "e" * 64},
            {"reference_id": "v1", "hit_id": "t1"},
        ),
        HELD,
    )
    assert [event.seq for event in told.events] == [1]
    assert told.refused == {
        "hit is a val photo": 2,
        "reference is a test photo": 1,
        "reference is a val photo": 3,
    }
    assert told.held_out == 6


def test_only_verdicts_that_stand_and_say_something_are_used() -> None:
    verdicts = ("hard negative", "unsure", "near-duplicate", "of another time", "target")
    judged = history(*({"verdict": verdict} for verdict in verdicts))
    taken_back = Event(6, replace(BASE, text="but 4", verdict=UNDO, undoes=5))
    told = trainable([*judged, taken_back], HELD)
    assert [event.seq for event in told.events] == [1, 3]
    assert told.refused == {
        "its verdict is not in the vocabulary": 1,
        "its verdict says nothing to training": 1,
    }
    assert told.held_out == 0


def test_a_catalogue_with_the_same_ids_is_told_by_its_hashes() -> None:
    judged = history({"hit_id": "v1", "hit_hash": "f" * 64}, {"hit_id": "v1"}, {"hit_hash": "e" * 64})
    assert [event.seq for event in trainable(judged, HELD).events] == []
    assert [event.seq for event in trainable(judged, HELD, by_id=False).events] == [1]


def test_closets_own_val_photos_are_known_by_id_and_bytes(closet_dir: Path) -> None:
    held = held_out_photos([closet_dir])
    split = read_split(closet_dir, "val")
    assert {*split.union_gallery()} == {*held.ids} and set(held.ids.values()) == {"val"}
    assert not {*held.ids} & {*read_split(closet_dir, "train").union_gallery()}
    some = split.triplets[0].reference
    photo = split.image_path(some)
    assert photo is not None and held.hashes[sha256_file(photo)] == "val"
    assert len(held.hashes) > 100


def test_other_layouts_are_read(fashioniq_dir: Path, cirr_dir: Path, tmp_path: Path) -> None:
    held = held_out_photos([fashioniq_dir, cirr_dir], hashes=False)
    assert {*read_split(fashioniq_dir, "val").union_gallery()} < {*held.ids}
    assert "dev-244-0-img0" in held.ids and held.hashes == {}
    (tmp_path / "garments.jsonl").write_text(
        '{"image": "a", "split": "test"}\n{"image": "b", "split": "train"}\n{"image": "c", "split": "shop"}\n'
    )
    assert held_out_photos([tmp_path]).ids == {"a": "test"}
    with pytest.raises(HemlineError, match="has no image_splits and no garments"):
        held_out_photos([tmp_path / "nowhere"])


def test_a_judgement_needs_no_photo_of_its_own() -> None:
    words = Judgement("ana", "p", 1, 0.5, "target", "m", "i", text="a red dress")
    assert len(trainable([Event(1, words)], HELD).events) == 1
