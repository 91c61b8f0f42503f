"""The grid: every cell is what plain loops give, each photo and each distinct question is encoded once."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.fashioniq import Split
from core.evaluation.grid import AS_GIVEN, given_grid, model_grid, preset_cells
from core.evaluation.joins import CAPTION_JOINS, query_texts
from core.evaluation.metrics import summarise
from core.evaluation.protocol import GALLERIES, PRESETS, REFERENCES
from core.types import Triplet
from tests.oracle import naive_ranks


class Small:
    """A model of small whole numbers, so that every score is exact and many tie."""

    def __init__(self) -> None:
        self.photos: list[int] = []
        self.asked: list[tuple[int, str]] = []

    def embed_targets(self, looks: Sequence[np.ndarray]) -> np.ndarray:
        self.photos += [int(look[0]) for look in looks]
        return np.stack([_vector(int(look[0]), "") for look in looks])

    def embed_queries(self, looks: Sequence[np.ndarray], texts: Sequence[str]) -> np.ndarray:
        pairs = [(int(look[0]), text) for look, text in zip(looks, texts, strict=True)]
        self.asked += pairs
        return np.stack([_vector(*pair) for pair in pairs])

    def target_fingerprint(self) -> str:
        return "small"


def _vector(number: int, text: str) -> np.ndarray:
    seed = [number, *text.encode()]
    return np.random.default_rng(seed).integers(-2, 3, 4).astype(np.float32)


@st.composite
def _splits(draw: st.DrawFn) -> Split:
    galleries, triplets = {}, []
    for category, least in (("dress", 2), ("shirt", 3), ("toptee", 2)):
        numbers = st.lists(st.integers(0, 15), min_size=least, max_size=9, unique=True)
        ids = tuple(f"p{number}" for number in draw(numbers))
        galleries[category] = ids
        for row in range(draw(st.integers(1, 5))):
            reference, target = draw(st.permutations(ids))[:2]
            words = st.sampled_from(["is red", "Longer.", "", "has a bow?"])
            captions = (draw(words), draw(words.filter(bool)))
            triplets.append(Triplet(f"{category}:{row}", category, "val", reference, target, captions))
    return Split(Path("none"), "val", tuple(galleries), tuple(triplets), galleries, {}, "f" * 64)


def _looks(split: Split) -> dict[str, np.ndarray]:
    return {photo: np.array([int(photo[1:])]) for photo in split.union_gallery()}


@settings(max_examples=40, deadline=None)
@given(_splits())
def test_every_cell_is_what_plain_loops_give(split: Split) -> None:
    model = Small()
    cells = {(c.gallery, c.reference, c.caption_join): c for c in model_grid(model, split, _looks(split))}
    assert set(cells) == set(product(GALLERIES, REFERENCES, CAPTION_JOINS))
    assert sorted(model.photos) == sorted({int(photo[1:]) for photo in split.union_gallery()})
    assert len(model.asked) == len(set(model.asked))
    vectors = {photo: _vector(int(photo[1:]), "").astype(float) for photo in split.union_gallery()}
    for (gallery, reference, join), cell in cells.items():
        if join == "both-orders":
            continue  # a sum made unit is not exact; it has a test of its own
        asked = [
            (triplet, _vector(int(triplet.reference[1:]), texts[0]))
            for triplet in split.triplets
            for texts in query_texts(triplet.captions, join)
        ]
        ranks = naive_ranks(split, gallery, reference, asked, vectors)
        expected = summarise(np.array(ranks), [triplet.category for triplet, _ in asked])
        assert cell.queries == len(asked)
        assert cell.macro == expected.macro
        assert cell.micro == {name: expected.micro[name] for name in expected.macro}


def _three() -> Split:
    triplets = (Triplet("dress:0", "dress", "val", "p1", "p2", ("is red", "long")),)
    return Split(Path("none"), "val", ("dress",), triplets, {"dress": ("p1", "p2", "p3")}, {}, "f" * 64)


def test_both_orders_sum_two_vectors_and_make_the_sum_unit() -> None:
    rows = {"is red, long": [1, 0, 0], "long, is red": [0, 1, 0]}

    class Two(Small):
        def embed_queries(self, looks: Sequence[np.ndarray], texts: Sequence[str]) -> np.ndarray:
            return np.array([rows.get(text, [0, 0, 1]) for text in texts], np.float32)

        def embed_targets(self, looks: Sequence[np.ndarray]) -> np.ndarray:
            return np.array([[0.9, 0, 0], [0.7, 0.7, 0], [0, 0.9, 0]], np.float32)

    cells = model_grid(Two(), _three(), _looks(_three()))
    both = next(
        c for c in cells if (c.gallery, c.reference, c.caption_join) == ("original", "kept", "both-orders")
    )
    assert both.micro["R@1"] == 100.0  # either order alone ranks p1 or p3 first


def test_given_vectors_decide_six_cells_and_no_caption_join() -> None:
    split = _three()
    cells = given_grid(
        split, lambda keys: np.eye(3, dtype="f4")[: len(keys)], lambda ids: np.eye(3, dtype="f4")
    )
    assert [c.caption_join for c in cells] == [AS_GIVEN] * 6
    assert set(preset_cells(cells)) == set(PRESETS) - {"val"}
