"""The contract of every released architecture: real classes, tiny random weights, the path of a hub id."""

import copy
import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from core.backbones import load_backbone
from core.backbones.base import Backbone
from core.backbones.mllm import add_adapters
from core.backbones.saving import save_backbone
from core.errors import HemlineError
from tests.tiny_backbones import drawn
from tests.tiny_released import RELEASED, released

TEXTS: list[str | None] = [
    "is red",
    None,
    "has long sleeves and a floral print, much darker",
    "  ",
    "shorter",
]
CHAT = [name for name in RELEASED if name not in ("clip", "siglip")]


@functools.cache
def _made(name: str) -> Backbone:
    made = released(name)
    add_adapters(made, rank=2)
    return made


@pytest.fixture(params=list(RELEASED))
def backbone(request: pytest.FixtureRequest) -> Backbone:
    """A backbone with its adapters; a copy, as tests train it."""
    return copy.deepcopy(_made(request.param))


def looks() -> list:
    pictures = drawn(5)
    return [pictures[0], pictures[1], None, pictures[3], pictures[4]]


def moved(backbone: Backbone, parts: tuple[str, ...]) -> None:
    """One step of the named parts."""
    chosen = backbone.train_only(parts)
    features = torch.from_numpy(backbone.encode_pictures(drawn(2)))
    queries = backbone.query_vectors(features, None, ["is red", "shorter"])
    (queries[:, 0].sum() + (queries @ backbone.target_vectors(features).T)[0, 1]).backward()
    reached = {id(p) for p in backbone.parameters() if p.grad is not None}
    assert reached and reached <= {id(p) for p in chosen}, "the gradient reaches what trains and nothing else"
    with torch.no_grad():
        for parameter in chosen:
            if parameter.grad is not None:
                parameter -= 0.5 * parameter.grad + 0.01
    backbone.zero_grad(set_to_none=True)
    backbone.requires_grad_(False)


def test_vectors_are_unit_rows_that_no_batch_or_padding_changes(backbone: Backbone) -> None:
    together, targets = backbone.embed_queries(looks(), TEXTS), backbone.embed_targets(drawn(3))
    assert together.shape == (5, backbone.spec.dim) and targets.shape == (3, backbone.spec.dim)
    for vectors in (together, targets):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
        apart = np.abs(vectors[:, None] - vectors[None]).max(axis=2)
        assert apart[~np.eye(len(vectors), dtype=bool)].min() > 1e-6
    alone = [backbone.embed_queries([look], [text]) for look, text in zip(looks(), TEXTS, strict=True)]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=2e-6)
    np.testing.assert_allclose(targets[:1], backbone.embed_targets(drawn(1)), atol=2e-6)
    for side in ("left", "right"):
        object.__setattr__(backbone.spec, "padding", side)
        np.testing.assert_allclose(together, backbone.embed_queries(looks(), TEXTS), atol=2e-6)


def test_a_text_alone_a_picture_alone_and_both_differ(backbone: Backbone) -> None:
    picture, other = drawn(2)
    shown = [[picture], [other], [picture], [picture], [None]]
    texts = [["is red"], ["is red"], ["is blue"], [None], ["is red"]]
    vectors = np.concatenate([backbone.embed_queries(a, b) for a, b in zip(shown, texts, strict=True)])
    assert np.abs(vectors[:1] - vectors[1:]).max(axis=1).min() > 1e-6
    blank = backbone.embed_queries([picture], ["  "])
    assert np.array_equal(blank, vectors[3:4])


def test_training_the_query_side_never_moves_a_target(backbone: Backbone, tmp_path: Path) -> None:
    targets, queries = backbone.embed_targets(drawn(2)), backbone.embed_queries(drawn(2), ["is red"] * 2)
    fingerprint = backbone.target_fingerprint()
    moved(backbone, backbone.query_parts)
    assert np.array_equal(targets, backbone.embed_targets(drawn(2)))
    assert np.abs(queries - backbone.embed_queries(drawn(2), ["is red"] * 2)).max() > 1e-5
    assert backbone.target_fingerprint() == fingerprint
    queries = backbone.embed_queries(looks(), TEXTS)
    save_backbone(backbone, tmp_path / "run")
    loaded = load_backbone(tmp_path / "run")
    assert np.array_equal(queries, loaded.embed_queries(looks(), TEXTS))
    assert np.array_equal(targets, loaded.embed_targets(drawn(2)))
    assert loaded.spec == backbone.spec
    assert loaded.target_fingerprint() == backbone.target_fingerprint()
    assert {p.suffix for p in (tmp_path / "run").rglob("*") if p.is_file()} <= {
        ".json",
        ".safetensors",
        ".jinja",
    }


def test_wrong_input_is_refused_in_a_sentence(backbone: Backbone) -> None:
    picture = drawn(1)[0]
    wrong: list[tuple[str, Callable[[], object]]] = [
        (
            "query 1 has neither a picture nor a text",
            lambda: backbone.embed_queries([picture, None], ["a", " "]),
        ),
        ("2 pictures and 1 texts", lambda: backbone.embed_queries([picture] * 2, ["red"])),
        ("this model reads at most", lambda: backbone.embed_queries([picture], ["long sleeves " * 150])),
        ("are not of this model", lambda: backbone.embed_targets([np.zeros((3, 3), np.float16)])),
        ("no features are given", lambda: backbone.query_vectors(None, [True], ["red"])),
        ("no part named nose", lambda: backbone.train_only(["nose"])),
    ]
    for says, asked in wrong:
        with pytest.raises(HemlineError, match=says):
            asked()


@pytest.mark.parametrize("name", RELEASED)
def test_several_pictures_of_a_query(name: str) -> None:
    backbone, (first, second, third) = _made(name), drawn(3)
    if name not in CHAT:
        with pytest.raises(HemlineError, match="one picture a query"):
            backbone.embed_queries([[first, second]], ["red"])
        return
    shown, texts = [[first, second], third, None, [second, first]], ["red", None, "blue", "red"]
    together = backbone.embed_queries(shown, texts)
    alone = [backbone.embed_queries([look], [text]) for look, text in zip(shown, texts, strict=True)]
    np.testing.assert_allclose(together, np.concatenate(alone), atol=2e-6)
    assert np.abs(together[0] - together[3]).max() > 1e-6, "the order of the pictures counts"
    assert np.abs(together[0] - backbone.embed_queries([first], ["red"])[0]).max() > 1e-6


@pytest.mark.parametrize("name", CHAT)
def test_captions_are_written_and_learnt_where_the_model_can(name: str) -> None:
    backbone = copy.deepcopy(_made(name))
    pictures = drawn(2)
    if "embedding" in name:
        with pytest.raises(HemlineError, match="only embeds"):
            backbone.caption(pictures)
        return
    captions = backbone.caption(pictures, max_words=2)
    assert len(captions) == 2 and captions == [backbone.caption([p], max_words=2)[0] for p in pictures]
    backbone.train_only(["decoder"])
    features = torch.from_numpy(backbone.encode_pictures(pictures))
    optimizer = torch.optim.Adam(backbone.train_only(["decoder"]), 0.01)
    losses = []
    for _ in range(8):
        loss = backbone.caption_loss(features, ["a red dress", "white shoes"])  # type: ignore[operator]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.parametrize("name", CHAT)
def test_half_precision_gives_the_same_vectors_but_for_rounding(name: str) -> None:
    whole, half = released(name), released(name, dtype="bfloat16")
    for vectors, rounded in (
        (whole.embed_queries(looks(), TEXTS), half.embed_queries(looks(), TEXTS)),
        (whole.embed_targets(drawn(2)), half.embed_targets(drawn(2))),
    ):
        assert rounded.dtype == np.float32
        assert (vectors * rounded).sum(axis=1).min() > 0.99
