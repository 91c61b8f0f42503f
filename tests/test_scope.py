"""A refined query side answers near the judged queries, and the unrefined one everywhere else."""

from pathlib import Path

import numpy as np
import pytest
import torch

from core.backbones.base import Backbone
from core.backbones.mllm import add_adapters
from core.backbones.query_side import query_tensors, with_query_side, write_query_side
from core.backbones.scope import FAR, NEAR, Scope
from core.backbones.tensors import read_tensors
from tests.tiny_backbones import tiny

WORDS = ["red", "with long sleeves", "a striped dress without a belt"]


@pytest.fixture
def plain() -> Backbone:
    backbone = tiny("mllm")
    add_adapters(backbone)
    return backbone


def refined(plain: Backbone, anchors: np.ndarray) -> Backbone:
    """`plain` with another query side, which is asked near the `anchors` alone."""
    twin = with_query_side(plain, {name: value + 0.3 for name, value in query_tensors(plain).items()})
    twin.scope = Scope(plain, torch.from_numpy(anchors), torch.zeros(anchors.shape))
    return twin


def ask(backbone: Backbone) -> np.ndarray:
    return backbone.embed_queries([None] * len(WORDS), WORDS)


def test_far_from_what_was_judged_nothing_changes_and_at_it_the_refined_side_answers(plain: Backbone) -> None:
    old = ask(plain)
    new = ask(with_query_side(plain, {name: value + 0.3 for name, value in query_tensors(plain).items()}))
    assert np.abs(new - old).max() > 0.01
    opposite = refined(plain, -old[:1])
    assert np.array_equal(ask(opposite), old)
    assert np.allclose(ask(refined(plain, old)), new, atol=1e-6)


def test_between_the_two_cosines_the_share_rises_evenly() -> None:
    anchor = torch.tensor([[1.0, 0.0]])
    cosines = torch.tensor([-1.0, FAR, (FAR + NEAR) / 2, NEAR, 1.0])
    queries = torch.stack([cosines, (1 - cosines**2).sqrt()], dim=1)
    share = Scope(tiny("mllm"), anchor, torch.zeros(1, 2)).share(queries).flatten()
    assert torch.allclose(share, torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0]), atol=1e-5)


def test_at_a_judged_query_the_answer_is_the_corrected_vector(plain: Backbone) -> None:
    old = ask(plain)
    twin = refined(plain, old)
    wanted = torch.nn.functional.normalize(torch.from_numpy(old[::-1].copy()), dim=1)
    twin.scope = None
    twin.scope = Scope(plain, torch.from_numpy(old), wanted - torch.from_numpy(ask(twin)))
    assert np.allclose(ask(twin), wanted.numpy(), atol=1e-5)


def test_a_saved_version_keeps_its_scope(plain: Backbone, tmp_path: Path) -> None:
    twin = refined(plain, ask(plain)[:1])
    write_query_side(twin, tmp_path / "query.safetensors")
    loaded = with_query_side(plain, read_tensors(tmp_path / "query.safetensors", "write it again"))
    assert np.array_equal(ask(loaded), ask(twin))
