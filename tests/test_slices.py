"""The tuning slice: no photo on both sides, drops instead of leaks, the same slice every time."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.types import Triplet
from train.slices import tuning_slice


def _split(pairs: dict[str, list[tuple[str, str]]], spare: int = 0, split: str = "train") -> Split:
    """A split without files: its (reference, target) pairs by category, `spare` more photos a gallery."""
    triplets = tuple(
        Triplet(
            key=f"{c}:{row}", category=c, split=split, reference=r, target=t, captions=("is red", "is long")
        )
        for c, rows in pairs.items()
        for row, (r, t) in enumerate(rows)
    )
    galleries = {
        c: tuple(sorted({p for pair in rows for p in pair})) + tuple(f"{c}-spare-{i}" for i in range(spare))
        for c, rows in pairs.items()
    }
    return Split(
        root=Path("nowhere"),
        split=split,
        categories=tuple(pairs),
        triplets=triplets,
        galleries=galleries,
        garments={},
        fingerprint="f",
    )


def _assert_apart(kept: Split, tune: Split) -> None:
    def everywhere(split: Split) -> set[str]:
        photos = {p for t in split.triplets for p in (t.reference, t.target)}
        return photos | set(split.union_gallery()) | set(split.garments)

    assert everywhere(kept).isdisjoint(everywhere(tune))
    for triplet in tune.triplets:
        assert {triplet.reference, triplet.target} <= set(tune.union_gallery())
        assert triplet.target in tune.galleries[triplet.category]


def test_closet_train_gives_a_slice_the_size_of_val(closet_dir: Path) -> None:
    train = read_split(closet_dir, "train")
    kept, tune = tuning_slice(train)
    _assert_apart(kept, tune)
    assert (kept.split, tune.split) == ("train", "tune")
    assert len(tune.union_gallery()) == len(read_split(closet_dir, "val").union_gallery()) == 543
    assert len(kept.union_gallery()) == 2597 - 543
    assert set(kept.garments) == set(kept.union_gallery())
    assert set(tune.garments) == set(tune.union_gallery())
    # Closet's components are small: nothing has to be dropped at the border, and each category gives its
    # share.
    assert len(kept.triplets) + len(tune.triplets) == 1200
    every, held = (Counter(t.category for t in s.triplets) for s in (train, tune))
    for category, count in every.items():
        assert 0.5 * 0.15 * count <= held[category] <= round(0.15 * count)
    assert 170 <= len(tune.triplets) <= 180


def test_the_same_seed_gives_the_same_slice_and_another_seed_another(closet_dir: Path) -> None:
    train = read_split(closet_dir, "train")
    first, again, other = (tuning_slice(train, seed=seed)[1] for seed in (0, 0, 1))
    assert first == again
    assert {t.key for t in first.triplets} != {t.key for t in other.triplets}
    prints = {train.fingerprint, first.fingerprint, other.fingerprint, tuning_slice(train)[0].fingerprint}
    assert len(prints) == 4


def test_one_giant_component_is_cut_and_its_border_dropped() -> None:
    chain = [(f"p{i}", f"p{i + 1}") for i in range(100)]
    kept, tune = tuning_slice(_split({"dress": chain}), share=0.2, gallery_size=0)
    _assert_apart(kept, tune)
    assert len(tune.triplets) == 20
    assert 100 - 20 - 2 <= len(kept.triplets) <= 100 - 20 - 1  # a stretch of the chain has one or two ends


def test_a_photo_shared_by_two_categories_stays_on_one_side() -> None:
    shared = {"shirt": [("a", "b"), ("c", "d"), ("e", "f")], "toptee": [("b", "g"), ("h", "i"), ("f", "j")]}
    for seed in range(10):
        kept, tune = tuning_slice(_split(shared), share=0.34, seed=seed, gallery_size=0)
        _assert_apart(kept, tune)


def test_distractors_fill_the_gallery_only_from_photos_without_a_kept_triplet() -> None:
    pairs = {"dress": [(f"r{i}", f"t{i}") for i in range(10)]}
    kept, tune = tuning_slice(_split(pairs, spare=5), share=0.2, gallery_size=7)
    assert len(tune.union_gallery()) == 7  # 2 triplets' 4 photos and 3 spare ones
    assert len([p for p in tune.union_gallery() if "spare" in p]) == 3
    _, all_of_them = tuning_slice(_split(pairs, spare=5), share=0.2, gallery_size=1000)
    assert len(all_of_them.union_gallery()) == 4 + 5
    assert len(kept.union_gallery()) == 25 - 7


@pytest.mark.parametrize(
    ("split", "share", "says"),
    [("val", 0.15, "not of 'val'"), ("train", 0.0, "between 0 and 1"), ("train", 1.0, "between 0 and 1")],
)
def test_refuses_other_splits_and_shares(split: str, share: float, says: str) -> None:
    with pytest.raises(HemlineError, match=says):
        tuning_slice(_split({"dress": [("a", "b"), ("c", "d")]}, split=split), share=share)


def test_too_few_triplets_is_an_error() -> None:
    alone, star = [("a", "b"), ("c", "d")], [("a", f"t{i}") for i in range(8)]
    for pairs in (alone, star):  # no triplet to hold out; none that is left
        with pytest.raises(HemlineError, match=r"too few, or too closely joined.*with --no-hold-out"):
            tuning_slice(_split({"dress": pairs}), share=0.15)


def test_a_small_dataset_keeps_half_of_its_photos() -> None:
    pairs = {"dress": [(f"r{i}", f"t{i}") for i in range(10)]}
    kept, tune = tuning_slice(_split(pairs, spare=40))
    assert len(tune.union_gallery()) == len(kept.union_gallery()) == 30


_photo = st.integers(0, 30).map(lambda i: f"p{i}")
_pairs = st.lists(st.tuples(_photo, _photo).filter(lambda pair: pair[0] != pair[1]), min_size=4, max_size=40)


@settings(max_examples=100, deadline=None)
@given(st.fixed_dictionaries({"dress": _pairs, "shirt": _pairs}), st.integers(0, 5))
def test_never_a_photo_on_both_sides(pairs: dict[str, list[tuple[str, str]]], seed: int) -> None:
    try:
        kept, tune = tuning_slice(_split(pairs), share=0.3, seed=seed, gallery_size=12)
    except HemlineError:
        reject()  # every triplet shares a photo with the slice
    _assert_apart(kept, tune)
