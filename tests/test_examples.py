"""What an epoch shows: drawn from seed and number alone, of the training side alone, true to its mixture."""

import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backbones.features import Features
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from tests.tiny_backbones import tiny
from train.bank import StaticBank
from train.contrast import InBatch
from train.examples import Mixture, _thinned, captioned_examples, composed_examples, human_examples
from train.material import Material, fitted
from train.negatives import QueryInfo
from train.slices import tuning_slice
from train.stage1 import Captioning, Stage1Config
from train.stage2 import Stage2Config

VIEWS = 3


@pytest.fixture(scope="module")
def closet(closet_dir: Path) -> Split:
    return read_split(closet_dir, "train")


def stand_in(split: Split, tune: Split | None = None) -> Material:
    """Material whose photos are numbers only: examples are about ids."""
    photos = [*split.union_gallery(), *(tune.union_gallery() if tune else ())]
    rows = np.random.default_rng(0).normal(size=(len(photos), 4, 1)).astype(np.float16)
    places = {(photo, view): row for row, photo in enumerate(photos) for view in range(VIEWS)}
    return Material(split, tune, Features(rows, places, VIEWS), {photo: photo for photo in photos})


def epoch(split: Split, seed: str, mix: Mixture | None = None) -> list[object]:
    garments = list(split.garments.values())
    return composed_examples(split, garments, {}, VIEWS, mix or Mixture(generated=0.1), random.Random(seed))


def test_an_epoch_is_a_function_of_its_seed(closet: Split) -> None:
    assert epoch(closet, "a") == epoch(closet, "a") != epoch(closet, "b")


def test_the_stages_draw_an_epoch_from_seed_and_number_alone(closet: Split) -> None:
    """Whatever was drawn before, the third epoch is the third epoch: a resumed run meets the same one."""
    material = stand_in(closet)
    backbone = tiny("mllm")

    def second_stage(seed: int = 0) -> InBatch:
        return InBatch(
            backbone, material, Stage2Config(seed=seed, soft=0, generated=0.1, views=VIEWS), "float32"
        )

    def first_stage(seed: int = 0) -> Captioning:
        return Captioning(backbone, material, Stage1Config(seed=seed, views=VIEWS), "float32")

    for stage in (second_stage, first_stage):
        straight, resumed, other = stage(), stage(), stage(seed=1)
        for number in range(3):
            order = straight.batches(number)
        random.seed(99)
        assert resumed.batches(2) == order and resumed.shown == straight.shown
        assert other.batches(2) != order and other.shown != straight.shown


def test_every_human_triplet_comes_once_and_the_mixture_is_kept(closet: Split) -> None:
    shown = epoch(closet, "a", Mixture(generated=0.2, words=0.25, word_dropout=0))
    keys = Counter(e.query.key for e in shown)
    count = len(closet.garments)
    assert {key: n for key, n in keys.items() if key} == {t.key: 1 for t in closet.triplets}
    alone = [e for e in shown if e.query.reference is None]
    assert len(alone) == round(0.25 * count)
    assert keys[""] - len(alone) == round(0.2 * count)
    by_key = {t.key: t for t in closet.triplets}
    for example in shown:
        triplet = by_key.get(example.query.key)
        if triplet is not None:
            assert (example.query.reference, example.query.target) == (triplet.reference, triplet.target)
            assert any(caption in example.query.text for caption in triplet.captions)
    assert Counter(e.query.key for e in human_examples(closet, random.Random(0))) == Counter(by_key.keys())


def test_views_are_drawn_among_those_there_are(closet: Split) -> None:
    shown = epoch(closet, "a")
    assert {e.reference_view for e in shown} == {e.target_view for e in shown} == set(range(VIEWS))
    captions = captioned_examples(list(closet.garments.values()), VIEWS, 0.4, random.Random(0))
    assert {c.view for c in captions} == set(range(VIEWS))
    assert {(e.reference_view, e.target_view) for e in human_examples(closet, random.Random(0))} == {(0, 0)}


def test_each_garment_gets_one_sentence_its_caption_or_of_its_attributes(closet: Split) -> None:
    garments = list(closet.garments.values())
    shown = captioned_examples(garments, 1, 0.4, random.Random(0))
    assert [c.photo for c in shown] == [g.id for g in garments]
    own = sum(c.caption == g.caption for c, g in zip(shown, garments, strict=True))
    assert 0.55 < own / len(garments) < 0.65
    blank = replace(garments[0], caption=" ")
    assert all(c.caption.strip() for c in captioned_examples([blank] * 20, 1, 0.0, random.Random(0)))


@given(st.text(min_size=1).filter(str.strip), st.floats(0, 1), st.integers())
def test_word_dropout_keeps_order_and_never_empties(text: str, dropout: float, seed: int) -> None:
    query = QueryInfo("dress:0", "a", text, "b")
    thinned = _thinned(query, dropout, random.Random(seed))
    assert thinned.text.strip()
    assert (thinned.key, thinned.reference, thinned.target) == ("dress:0", "a", "b")
    words = iter(text.split())
    assert all(word in words for word in thinned.text.split())  # a subsequence


def test_other_splits_are_never_worded(closet_dir: Path) -> None:
    val = read_split(closet_dir, "val")
    with pytest.raises(HemlineError, match="train split only"):
        epoch(val, "a")


@pytest.mark.parametrize("seed", [0, 7])
def test_nothing_of_the_tuning_slice_is_ever_shown(closet: Split, seed: int) -> None:
    kept, tune = tuning_slice(closet)
    held = set(tune.union_gallery())
    material = stand_in(kept, tune)
    backbone = tiny("mllm")
    config = Stage2Config(seed=seed, views=VIEWS, soft=0, generated=0.3)
    in_batch = InBatch(backbone, material, config, "float32")
    captioning = Captioning(backbone, material, Stage1Config(seed=seed, views=VIEWS), "float32")
    shown: set[str | None] = set()
    for number in range(3):
        in_batch.batches(number)
        shown |= {photo for e in in_batch.shown for photo in (e.query.reference, e.query.target)}
        captioning.batches(number)
        shown |= {c.photo for c in captioning.shown}
    assert shown == {*material.photos, None} and not held & shown
    assert not held & in_batch.heads.labels.keys()
    assert not held & set(material.photos)


def test_nothing_of_the_tuning_slice_is_in_the_bank(closet: Split) -> None:
    kept, tune = tuning_slice(closet)
    held = set(tune.union_gallery())
    backbone = tiny("mllm", width=0.1)
    small = replace(
        kept, triplets=kept.triplets[:60], galleries={c: g[:60] for c, g in kept.galleries.items()}
    )
    photos = {p for t in small.triplets for p in (t.reference, t.target)}
    small = replace(small, galleries={"dress": tuple(sorted(photos | set(small.union_gallery())))})
    small = replace(small, categories=("dress",))
    shape = backbone.feature_shape()
    everything = [*small.union_gallery(), *tune.union_gallery()]
    rows = np.random.default_rng(0).normal(size=(len(everything), *shape)).astype(np.float16)
    places = {(photo, view): row for row, photo in enumerate(everything) for view in range(VIEWS)}
    material = Material(small, tune, Features(rows, places, VIEWS), {})
    bank = StaticBank(backbone, material, Stage2Config(views=VIEWS, generated=0.2, mined=4), "float32")
    assert len(bank.bank) == len(bank.photos) and not held & set(bank.photos)
    assert not held & {photo for e in bank.shown for photo in (e.query.reference, e.query.target)}


def test_a_text_too_long_for_the_model_is_cut_and_others_stay() -> None:
    backbone = tiny("mllm")
    long = "is red " * 100
    texts = ["is  darker and has\tshort sleeves", long, "", "red <image>"]
    short = fitted(backbone, texts)
    assert [short[0], *short[2:]] == [texts[0], *texts[2:]]
    assert long.startswith(short[1]) and len(short[1].split()) > 20
    assert backbone.text_vectors([short[1]]).shape == (1, 16)
