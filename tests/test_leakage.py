"""Leakage: photos of an evaluation split that train has too, and results with and without them."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from core.datasets.fashioniq import read_split
from core.datasets.leakage import COPY_DISTANCE, Match, audit, cleaned, difference_hash, mark_photos
from core.errors import HemlineError
from core.evaluation import leaks
from core.evaluation.protocol import PRESETS, gallery_ids
from core.evaluation.ranks import target_ranks
from core.evaluation.result import Result, read_result
from core.evaluation.run import evaluate_split
from tests.data_folder import write
from train.leakage import audit_folder, table, with_and_without

FULL_FASHIONIQ = {("shirt", "toptee"): (419, 140, 51), ("toptee", "shirt"): (392, 145, 49)}


class Still:
    """An embedder whose looks are its vectors."""

    def embed_queries(self, looks, texts):  # type: ignore[no-untyped-def]
        return np.stack(looks)

    def embed_targets(self, looks):  # type: ignore[no-untyped-def]
        return np.stack(looks)

    def target_fingerprint(self) -> str:
        return "still"


def two_splits(root: Path) -> Path:
    """Shirt's val gallery holds s1 and s2 of toptee's train; both val galleries hold s0."""
    galleries = {
        "shirt.train": ["t0", "t1", "t2"],
        "toptee.train": ["s1", "s2", "p0"],
        "shirt.val": ["s0", "s1", "s2", "s3", "s4"],
        "toptee.val": ["s0", "t0", "q1", "q2"],
    }
    for name, ids in galleries.items():
        write(root / f"image_splits/split.{name}.json", ids)
    pairs = {
        "shirt.train": [("t0", "t1")],
        "toptee.train": [("s1", "s2")],
        "shirt.val": [("s0", "s1"), ("s2", "s3"), ("s3", "s4"), ("s4", "s0")],
        "toptee.val": [("q1", "q2")],
    }
    for name, rows in pairs.items():
        told = [{"candidate": a, "target": b, "captions": ["is red", "longer"]} for a, b in rows]
        write(root / f"captions/cap.{name}.json", told)
    return root


def result_of(root: Path, seed: int = 0) -> Result:
    held = read_split(root, "val")
    rng = np.random.default_rng(seed)
    looks = {id_: rng.normal(size=8).astype(np.float32) for id_ in held.union_gallery()}
    return evaluate_split(Still(), held, PRESETS["clip4cir"], "both", looks)


def test_an_image_of_another_categorys_train_is_found_by_its_id_alone(tmp_path: Path) -> None:
    root = two_splits(tmp_path)
    _, found, told = audit_folder(root, "val", "train", COPY_DISTANCE)
    rows = {(o.category, o.train_category): (o.photos, o.targets, o.references) for o in found.overlaps}
    assert rows == {("shirt", "toptee"): (2, 1, 1), ("toptee", "shirt"): (1, 0, 0)}
    assert found.shared == {("shirt", "toptee"): 1}
    assert told["queries"] == ["shirt:0", "shirt:1"] and told["photos"]["compared"] == 0
    assert "by id alone" in table(told)


def test_the_real_fashioniq_overlaps_as_published_for_the_categories_at_hand(fashioniq_dir: Path) -> None:
    train, val = read_split(fashioniq_dir, "train"), read_split(fashioniq_dir, "val")
    found = audit(train, val)
    there = {k: v for k, v in FULL_FASHIONIQ.items() if {*k} <= {*val.categories}}
    rows = {(o.category, o.train_category): (o.photos, o.targets, o.references) for o in found.overlaps}
    assert rows == there
    assert found.shared == ({("shirt", "toptee"): 121} if there else {})


def test_copies_are_found_by_bytes_and_by_picture_and_closets_train_and_val_share_none(
    closet_dir: Path, tmp_path: Path
) -> None:
    root = two_splits(tmp_path)
    photos = [
        closet_dir / "images" / f"{id_}.jpg" for id_ in read_split(closet_dir, "val").union_gallery()[:13]
    ]
    ids = dict.fromkeys(
        [*read_split(root, "val").union_gallery(), *read_split(root, "train").union_gallery()]
    )
    (root / "images").mkdir()
    for id_, photo in zip(ids, photos, strict=False):
        shutil.copy(photo, root / f"images/{id_}.jpg")
    shutil.copy(root / "images/s3.jpg", root / "images/t1.jpg")
    with Image.open(root / "images/s4.jpg") as picture:
        small = ImageEnhance.Brightness(picture.resize((picture.width // 2, picture.height // 2))).enhance(
            0.8
        )
        small.save(root / "images/t2.jpg", quality=50)
        small.save(root / "images/q1.jpg", quality=60)
    _, found, told = audit_folder(root, "val", "train", COPY_DISTANCE)
    ways = {photo: [(m.right, m.way) for m in matches] for photo, matches in found.leaked.items()}
    assert ways["s3"] == [("t1", "bytes")] and ways["s4"] == [("t2", "copy")]
    assert ways["s1"] == [("s1", "id")] and set(ways) == {"s1", "s2", "t0", "s3", "s4", "q1"}
    assert [(m.left, m.right, m.way) for m in found.duplicates] == [("s4", "q1", "copy")]
    assert told["photos"] == {"asked": 11, "compared": 11, "missing": 0, "corrupt": 0}


def test_a_hash_tells_different_garments_apart(closet_dir: Path) -> None:
    ids = read_split(closet_dir, "val").union_gallery()[:60]
    marks = mark_photos({id_: closet_dir / "images" / f"{id_}.jpg" for id_ in ids})
    apart = [int((marks.hashes[a] != marks.hashes[b]).sum()) for a in ids for b in ids if a < b]
    assert min(apart) > COPY_DISTANCE
    with Image.open(closet_dir / "images" / f"{ids[0]}.jpg") as picture:
        assert (difference_hash(picture) != marks.hashes[ids[0]]).sum() <= COPY_DISTANCE


def test_with_and_without_agree_with_a_naive_count_and_bound_the_clean_gallery(tmp_path: Path) -> None:
    root = two_splits(tmp_path)
    held, found, _ = audit_folder(root, "val", "train", COPY_DISTANCE)
    for seed in range(5):
        result = result_of(root, seed)
        told = with_and_without(result, held, found, None)
        kept = [q.rank for q in result.ranks if not {q.target, q.reference} & {"s1", "s2", "t0"}]
        assert told["without_queries"]["queries"] == len(kept) == 3
        assert leaks.touched(result, found.leaked) == ("shirt:0", "shirt:1")
        rng = np.random.default_rng(seed)
        looks = {id_: rng.normal(size=8).astype(np.float32) for id_ in held.union_gallery()}
        exact = evaluate_split(
            Still(), cleaned(held, found.leaked), PRESETS["clip4cir"], "both", looks
        ).metrics
        for name in exact:
            low, high = (told[k]["metrics"][name] for k in ("without_queries", "without_photos_at_most"))
            assert low <= exact[name] <= high


def test_a_copy_of_the_target_counts_where_it_is_accepted(tmp_path: Path) -> None:
    root = two_splits(tmp_path)
    held, result = read_split(root, "val"), result_of(root)
    copies = leaks.copies_of([Match("s3", "s4", "copy", 3), Match("s3", "s0", "bytes")])
    assert copies["s3"] == ("s4", "s0") and copies["s4"] == ("s3",)
    rng = np.random.default_rng(0)
    looks = {id_: rng.normal(size=8).astype(np.float32) for id_ in held.union_gallery()}
    gallery = gallery_ids(result.protocol, held.triplets, held.galleries)["shirt"]
    vectors = np.stack([looks[id_] for id_ in gallery])
    rank = int(target_ranks(looks["s2"][None], vectors, gallery, ["s4"])[0])
    accepted = leaks.accepting(result, {("shirt:1", "s4"): rank})
    assert accepted is not None and accepted.queries == len(result.ranks)
    ranks = {q.key: q.rank for q in result.ranks} | {}
    ranks["shirt:1"] = min(ranks["shirt:1"], rank)
    of = [q.category for q in result.ranks]
    assert accepted == leaks.figures(list(ranks.values()), of, "macro")
    with pytest.raises(HemlineError, match="has no dress:9"):
        leaks.accepting(result, {("dress:9", "s4"): 1})


def test_a_result_of_other_data_is_refused(tmp_path: Path) -> None:
    root = two_splits(tmp_path / "one")
    other = two_splits(tmp_path / "two")
    path = other / "captions/cap.shirt.val.json"
    rows = json.loads(path.read_text())
    write(path, rows[:-1])
    held, found, _ = audit_folder(root, "val", "train", COPY_DISTANCE)
    with pytest.raises(HemlineError, match="of other data"):
        with_and_without(result_of(other), held, found, None)
    with pytest.raises(HemlineError, match="against itself"):
        audit_folder(root, "val", "val", COPY_DISTANCE)


def test_a_shipped_result_stands_beside_closets_audit(closet_dir: Path) -> None:
    result = read_result(Path(__file__).parents[1] / "assets/results/shipped/closet-val-both.json")
    held = read_split(closet_dir, "val")
    told = with_and_without(result, held, audit(read_split(closet_dir, "train"), held), None)
    assert told["whole"]["metrics"] == result.metrics == told["without_queries"]["metrics"]
