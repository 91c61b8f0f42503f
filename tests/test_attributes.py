"""The extra terms of stage 2: attribute heads, affinity and the loss against it; the step's number format."""

import math
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.types import Garment
from train.affinity import Affinity
from train.attributes import ABSENT, LEAST, AttributeHeads
from train.losses import info_nce, soft_info_nce
from train.precision import PRECISIONS, computing, resolve

RED = Garment(
    "red", "train", "dress", "maxi dress", ("red", "white"), "dots", "none", "v", "maxi", "flared", "cotton",
    ("buttons", "bow"), "red dress with white dots",
)  # fmt: skip
BLUE = Garment(
    "blue", "train", "shirt", "blouse", ("blue",), "solid", "long", "collar", "hip", "regular", "satin",
    ("buttons",), "a plain blue blouse",
)  # fmt: skip
BARE = replace(BLUE, id="bare", category="shoes", sleeve=None, neckline=None, colors=("red",), details=())
# Kinds and details are asked for when they are common.
GARMENTS = [replace(g, id=f"{g.id}{n}") for n in range(LEAST) for g in (RED, BLUE)] + [BARE]
DIM = 8
EYE = torch.eye(4)


@pytest.fixture
def heads() -> AttributeHeads:
    torch.manual_seed(0)
    return AttributeHeads(GARMENTS, DIM)


def unit_rows(count: int, seed: int = 0) -> Tensor:
    rows = torch.randn(count, DIM, generator=torch.Generator().manual_seed(seed))
    return functional.normalize(rows)


def test_labels_say_what_the_record_says(heads: AttributeHeads) -> None:
    assert heads.values["category"] == ["dress", "shirt", "shoes"]
    assert heads.values["colors"] == ["blue", "red", "white"]
    assert heads.values["details"] == ["bow", "buttons"]
    for garment in GARMENTS:
        label = heads.labels[garment.id]
        for name in ("category", "kind", "pattern", "sleeve", "neckline", "length", "fit", "fabric"):
            given_value, place = getattr(garment, name), int(label[name])
            if given_value is None:
                assert place == ABSENT
            else:
                assert heads.values[name][place] == given_value
        for name in ("colors", "details"):
            marked = {v for v, on in zip(heads.values[name], label[name], strict=True) if on}
            assert marked == set(getattr(garment, name))


def test_rare_kinds_and_details_are_not_asked_for() -> None:
    rare = replace(RED, id="rare", kind="sundress", details=("sequins",), pattern="floral")
    heads = AttributeHeads([*GARMENTS, rare], DIM)
    assert "sundress" not in heads.values["kind"] and "sequins" not in heads.values["details"]
    assert "floral" in heads.values["pattern"]
    assert int(heads.labels["rare"]["kind"]) == ABSENT


def test_the_heads_learn_to_tell_garments_apart(heads: AttributeHeads) -> None:
    photos = ["red0", "blue0", "bare"]
    vectors = functional.normalize(torch.randn(3, DIM, generator=torch.Generator().manual_seed(1)))
    optimizer = torch.optim.Adam(heads.parameters(), lr=0.02)
    first = float(heads.loss(vectors, photos).detach())
    for _ in range(120):
        loss = heads.loss(vectors, photos)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(heads.loss(vectors, photos).detach()) < 0.1 * first


def test_the_gradient_reaches_the_vectors(heads: AttributeHeads) -> None:
    vectors = unit_rows(2).requires_grad_()
    heads.loss(vectors, ["red0", "blue0"]).backward()
    assert vectors.grad is not None and vectors.grad.abs().sum(1).gt(0).all()


def test_photos_without_a_record_are_left_out(heads: AttributeHeads) -> None:
    vectors = unit_rows(4).requires_grad_()
    loss = heads.loss(vectors, ["unknown", "red0", "nobody", "blue0"])
    alone = heads.loss(vectors[[1, 3]], ["red0", "blue0"])
    assert float(loss.detach()) == pytest.approx(float(alone.detach()))
    loss.backward()
    assert vectors.grad is not None
    assert vectors.grad.abs().sum(1).gt(0).tolist() == [False, True, False, True]


def test_a_batch_without_any_record_costs_nothing(heads: AttributeHeads) -> None:
    vectors = unit_rows(2).requires_grad_()
    loss = heads.loss(vectors, ["unknown", "nobody"])
    assert float(loss.detach()) == 0.0
    loss.backward()
    assert vectors.grad is not None and not vectors.grad.any()


def test_a_batch_whose_attributes_are_all_absent_is_no_nan(heads: AttributeHeads) -> None:
    vectors = unit_rows(1).requires_grad_()
    loss = heads.loss(vectors, ["bare"])
    loss.backward()
    assert math.isfinite(float(loss.detach()))
    assert vectors.grad is not None and bool(vectors.grad.isfinite().all())


@pytest.fixture(scope="module")
def closet_garments(closet_dir: Path) -> list[Garment]:
    return list(read_split(closet_dir, "train").garments.values())


def test_affinity_on_closet(closet_garments: list[Garment]) -> None:
    garments = closet_garments[:600]
    ids = [g.id for g in garments]
    alike = Affinity(garments).between(ids, ids)
    assert alike.shape == (600, 600) and alike.dtype == np.float32
    np.testing.assert_allclose(alike, alike.T, atol=1e-6)
    np.testing.assert_allclose(np.diag(alike), 1, atol=1e-5)
    assert alike.min() >= 0 and alike.max() <= 1 + 1e-5
    # Garments of one kind and main colour are far more alike than two at random.
    marks = np.array([f"{g.kind} {g.colors[:1]}" for g in garments])
    common = [mark for mark, n in Counter(marks).items() if n > 3]
    same = (marks[:, None] == marks) & np.isin(marks, common)[:, None]
    np.fill_diagonal(same, False)
    assert alike[same].mean() > 2 * alike[~same].mean()


def test_garments_of_the_same_attributes_are_the_most_alike() -> None:
    twin = replace(RED, id="twin", caption="a spotted gown in red")
    red, same, blue = _to_red([RED, twin, BLUE])
    assert red == pytest.approx(1) and 1 > same > blue
    nearer = replace(BLUE, id="nearer", colors=("red",))
    assert _to_red([RED, nearer, BLUE]).argsort().tolist() == [2, 1, 0]


def _to_red(garments: list[Garment]) -> np.ndarray:
    return Affinity(garments).between([RED.id], [garment.id for garment in garments])[0]


def test_soft_info_nce_by_hand() -> None:
    # Logits 2, 0, 0 at temperature 0.5; wanted is the softmax of 1, 0.5, 0 at temperature 0.5: of 2, 1, 0.
    loss = soft_info_nce(
        EYE[:1, :3], EYE[:3, :3], torch.tensor([0]), torch.tensor([[1.0, 0.5, 0.0]]), None, 0.5, 0.5
    )
    wanted = [math.exp(v) / (math.exp(2) + math.e + 1) for v in (2, 1, 0)]
    told = [math.log(math.exp(v) / (math.exp(2) + 2)) for v in (2, 0, 0)]
    assert float(loss) == pytest.approx(-sum(w * t for w, t in zip(wanted, told, strict=True)), rel=1e-5)


def test_masked_columns_take_no_part_but_the_target_does() -> None:
    # Without its own mark the target still counts; column 1 is forbidden and leaves 0 and 2.
    mask = torch.tensor([[False, False, True]])
    loss = soft_info_nce(
        EYE[:1, :3], EYE[:3, :3], torch.tensor([0]), torch.tensor([[1.0, 0.9, 0.0]]), mask, 0.5, 0.5
    )
    wanted = [math.exp(2) / (math.exp(2) + 1), 1 / (math.exp(2) + 1)]
    told = [math.log(w) for w in wanted]
    assert float(loss) == pytest.approx(-sum(w * t for w, t in zip(wanted, told, strict=True)), rel=1e-5)


def test_masked_columns_get_no_gradient_and_no_nan() -> None:
    queries, candidates = unit_rows(3, 1).requires_grad_(), unit_rows(5, 2).requires_grad_()
    mask = torch.ones(3, 5, dtype=torch.bool)
    mask[:, 4] = False
    mask[0] = False  # only the target is left: nothing to learn
    alike = torch.rand(3, 5, generator=torch.Generator().manual_seed(3))
    soft_info_nce(queries, candidates, torch.tensor([0, 1, 2]), alike, mask).backward()
    assert queries.grad is not None and candidates.grad is not None
    assert bool(queries.grad.isfinite().all() and candidates.grad.isfinite().all())
    assert not candidates.grad[4].any() and not queries.grad[0].any()
    assert candidates.grad[:4].abs().sum(1).gt(0).all()


def test_one_hot_affinity_at_a_tiny_temperature_is_info_nce() -> None:
    queries, candidates, columns = unit_rows(3, 1), unit_rows(6, 2), torch.tensor([4, 0, 4])
    mask = torch.rand(3, 6, generator=torch.Generator().manual_seed(0)) < 0.7
    one_hot = functional.one_hot(columns, 6).float()
    for allowed in (None, mask):
        soft = soft_info_nce(queries, candidates, columns, one_hot, allowed, 0.05, 1e-3)
        torch.testing.assert_close(soft, info_nce(queries, candidates, columns, allowed, 0.05))


@given(st.integers(0, 10_000), st.floats(0.02, 1), st.floats(0.02, 1), st.booleans())
def test_it_is_never_under_the_entropy_of_what_is_wanted(
    seed: int, temperature: float, softness: float, masked: bool
) -> None:
    """Gibbs' inequality; where logits are what is wanted, both are equal."""
    generator = torch.Generator().manual_seed(seed)
    alike = torch.rand(3, 5, generator=generator)
    columns = torch.randint(0, 5, (3,), generator=generator)
    mask = torch.rand(3, 5, generator=generator) < 0.6 if masked else None
    logits = alike / softness
    if mask is not None:
        logits = logits.masked_fill(~(mask | functional.one_hot(columns, 5).bool()), -math.inf)
    wanted = logits.softmax(1)
    entropy = float(-(wanted * wanted.clamp(min=1e-30).log()).sum(1).mean())
    loss = soft_info_nce(
        unit_rows(3, seed), unit_rows(5, seed + 1), columns, alike, mask, temperature, softness
    )
    assert float(loss) >= entropy - 1e-5
    perfect = soft_info_nce(alike, torch.eye(5), columns, alike, mask, softness, softness)
    assert float(perfect) == pytest.approx(entropy, abs=1e-4)


def test_precision_is_one_of_three_words() -> None:
    assert resolve("auto") in ("bfloat16", "float32")
    assert [resolve(p) for p in PRECISIONS[1:]] == ["bfloat16", "float32"]
    with pytest.raises(HemlineError, match=r"one of auto, bfloat16, float32, not 'float16'"):
        resolve("float16")


def test_bfloat16_is_for_the_products_of_a_step_alone() -> None:
    weight = torch.randn(4, 4)
    for precision, kind in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        with computing(precision):
            assert (weight @ weight).dtype == kind
        assert (weight @ weight).dtype == weight.dtype == torch.float32
