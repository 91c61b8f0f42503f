"""The loss of both phases on real material: what counts as a negative, and what is mined."""

import json
import shutil
from typing import Any

import numpy as np
import pytest
import torch

from core.backbones import load_backbone
from core.backbones.base import Backbone
from tests.train_folder import make_train_folder, tiny_start
from train.bank import StaticBank
from train.contrast import InBatch
from train.material import Material, gather
from train.stage2 import Stage2Config

CONFIG = Stage2Config(
    batch=12,
    views=1,
    generated=0.5,
    word_dropout=0,
    feature_dropout=0,
    mined=5,
    margin=0.9,
    soft=0,
    attribute=0,
)
COPIES = ("dress3", "dress9")  # one photo under two ids
TWICE = ("dress1", "dress4")  # both answer the same words about dress0


class Watched(InBatch):
    """Keeps the columns and the mask of the last batch."""

    def _contrast(self, queries: Any, candidates: Any, columns: Any, mask: Any, photos: Any) -> Any:
        self.columns, self.mask = columns.tolist(), mask
        return super()._contrast(queries, candidates, columns, mask, photos)


@pytest.fixture(scope="module")
def backbone_and_material(tmp_path_factory: pytest.TempPathFactory) -> tuple[Backbone, Material]:
    root = tmp_path_factory.mktemp("bank")
    data = make_train_folder(root / "data", each=12)
    shutil.copy(data / "images" / f"{COPIES[0]}.jpg", data / "images" / f"{COPIES[1]}.jpg")
    captions = data / "captions" / "cap.dress.train.json"
    rows = json.loads(captions.read_text("utf-8"))
    rows += [{"candidate": "dress0", "target": target, "captions": ["is other"]} for target in TWICE]
    captions.write_text(json.dumps(rows), "utf-8")
    backbone = load_backbone(tiny_start(data, root / "model"))
    return backbone, gather(backbone, [data], root / "cache", 1, hold_out=False)


@pytest.fixture
def bank(backbone_and_material: tuple[Backbone, Material]) -> StaticBank:
    return StaticBank(*backbone_and_material, CONFIG, "float32")


def example(bank: StaticBank, target: str, text: str | None = None) -> int:
    """The first human example with that target (and text)."""
    found = [
        index
        for index, e in enumerate(bank.shown)
        if e.query.key and e.query.target == target and text in (None, e.query.text)
    ]
    return found[0]


def counted(bank: StaticBank, index: int) -> set[str]:
    """The photos whose vectors the loss of one example depends on."""
    bank.bank.requires_grad_(True)
    bank.bank.grad = None
    bank.loss([index]).backward()
    assert bank.bank.grad is not None
    rows = bank.bank.grad.abs().sum(1).nonzero()[:, 0].tolist()
    bank.bank.requires_grad_(False)
    return {bank.photos[row] for row in rows}


def test_the_bank_holds_every_training_photo_once(bank: StaticBank) -> None:
    assert sorted(bank.photos) == sorted(f"{c}{n}" for c in ("dress", "shirt") for n in range(12))
    assert bank.bank.shape == (24, 16) and not bank.bank.requires_grad
    expected = bank.backbone.embed_targets(list(bank.material.features.rows(bank.photos)))
    assert np.array_equal(bank.bank.numpy(), expected)


def test_every_photo_counts_but_copies_of_the_target(bank: StaticBank) -> None:
    target, copy = COPIES
    assert counted(bank, example(bank, target)) == set(bank.photos) - {copy}
    assert counted(bank, example(bank, copy)) == set(bank.photos) - {target}
    assert counted(bank, example(bank, "shirt5")) == set(bank.photos)


def test_another_target_of_the_same_query_is_no_negative(bank: StaticBank) -> None:
    one, other = TWICE
    assert counted(bank, example(bank, one, "is other")) == set(bank.photos) - {other}
    assert counted(bank, example(bank, other, "is other")) == set(bank.photos) - {one}


def test_mined_negatives_are_permitted_below_the_margin_and_the_hardest(bank: StaticBank) -> None:
    assert len(bank.mined) == len(bank.shown)
    queries = [e.query for e in bank.shown]
    looks = [None if q.reference is None else bank.material.features.rows([q.reference])[0] for q in queries]
    vectors = bank.backbone.embed_queries(looks, [q.text for q in queries])
    scores = vectors @ bank.bank.numpy().T
    some = 0
    for row, (query, mined) in enumerate(zip(queries, bank.mined, strict=True)):
        same = bank.material.same
        target = scores[row, bank.column[query.target]]
        limit = target - 0.1 * abs(target)
        assert len(set(mined)) == len(mined) <= 5
        some += bool(mined)
        for column in mined:
            assert same[bank.photos[column]] != same[query.target]
            assert scores[row, column] <= limit + 1e-5
        taken = [same[p] == same[query.target] for p in bank.photos]
        left = [c for c in range(24) if c not in mined and not taken[c] and scores[row, c] < limit - 1e-5]
        if query.text != "is other" and mined and left:
            assert scores[row, left].max() <= scores[row, mined].min() + 1e-5
    assert some > len(queries) / 4
    one, other = TWICE
    assert bank.column[other] not in bank.mined[example(bank, one, "is other")]


def test_a_mined_negative_counts_more(backbone_and_material: tuple[Backbone, Material]) -> None:
    heavy = StaticBank(*backbone_and_material, CONFIG, "float32")
    index = next(i for i, mined in enumerate(heavy.mined) if mined)
    weighed = float(heavy.loss([index]).detach())
    heavy.mined = []
    assert float(heavy.loss([index]).detach()) < weighed


def test_a_resumed_phase_meets_the_same_examples_and_negatives(
    backbone_and_material: tuple[Backbone, Material],
) -> None:
    one, two = (StaticBank(*backbone_and_material, CONFIG, "float32") for _ in range(2))
    assert (one.shown, one.mined, one.batches(3)) == (two.shown, two.mined, two.batches(3))


def test_in_a_batch_copies_and_other_answers_are_no_negatives(
    backbone_and_material: tuple[Backbone, Material],
) -> None:
    work = Watched(*backbone_and_material, CONFIG, "float32")
    work.batches(0)
    wanted = [("shirt5", None), (COPIES[0], None), (COPIES[1], None), *((t, "is other") for t in TWICE)]
    chosen = []
    for target, text in wanted:
        fits = [
            i
            for i, e in enumerate(work.shown)
            if e.query.key and e.query.target == target and text in (None, e.query.text)
        ]
        chosen.append(fits[0])
    assert torch.isfinite(work.loss(chosen))
    columns = work.columns
    forbidden = {(row, col) for row, col in (~work.mask).nonzero().tolist() if col != columns[row]}
    pairs = {(1, columns[2]), (2, columns[1]), (3, columns[4]), (4, columns[3])}
    assert forbidden == pairs


def test_a_target_met_twice_in_a_batch_is_one_column(
    backbone_and_material: tuple[Backbone, Material],
) -> None:
    work = InBatch(*backbone_and_material, CONFIG, "float32")
    work.batches(0)
    index = next(i for i, e in enumerate(work.shown) if e.query.target == "shirt5")
    # With one candidate in the batch there is nothing to tell apart, so the loss is 0.
    assert float(work.loss([index, index]).detach()) == pytest.approx(0, abs=1e-6)
