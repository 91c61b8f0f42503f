"""MiniGPT-4 from its released files: what it computes is what the original computes, and what it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from core.backbones import load_backbone
from core.backbones.framing import to_pixels
from core.backbones.minigpt4 import MiniGpt4Backbone
from core.backbones.mllm import add_adapters
from core.backbones.saving import save_backbone
from tests.tiny_backbones import drawn
from tests.tiny_minigpt4 import DEPTH, QFORMER, WIDTH, blip2, eva, projection, random, tiny_minigpt4

VERSIONS = ["vicuna", "llama2"]


def tiny(folder: Path, version: str = "vicuna", **changes: object) -> MiniGpt4Backbone:
    made = tiny_minigpt4(folder, version, **changes)
    assert isinstance(made, MiniGpt4Backbone)
    return made


# --- the original's arithmetic, written again from its own names -------------------------------------------


def dense(x: Tensor, t: dict[str, Tensor], name: str) -> Tensor:
    return functional.linear(x, t[f"{name}.weight"], t[f"{name}.bias"])


def normed(x: Tensor, t: dict[str, Tensor], name: str, eps: float) -> Tensor:
    return functional.layer_norm(x, x.shape[-1:], t[f"{name}.weight"], t[f"{name}.bias"], eps)


def attended(q: Tensor, k: Tensor, v: Tensor, heads: int = 2) -> Tensor:
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v))
    weights = (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)
    return (weights @ v).transpose(1, 2).flatten(2)


def eye(t: dict[str, Tensor], pixels: Tensor) -> Tensor:
    """EVA as LAVIS runs it: all blocks but the last, no norm after them."""
    patches = functional.conv2d(pixels, t["patch_embed.proj.weight"], t["patch_embed.proj.bias"], stride=14)
    patches = patches.flatten(2).transpose(1, 2)
    x = torch.cat([t["cls_token"].expand(len(pixels), -1, -1), patches], dim=1) + t["pos_embed"]
    for i in range(DEPTH):
        block = f"blocks.{i}."
        bias = torch.cat([t[f"{block}attn.q_bias"], torch.zeros(WIDTH), t[f"{block}attn.v_bias"]])
        y = functional.linear(normed(x, t, f"{block}norm1", 1e-6), t[f"{block}attn.qkv.weight"], bias)
        x = x + dense(attended(*y.chunk(3, dim=-1)), t, f"{block}attn.proj")
        y = functional.gelu(dense(normed(x, t, f"{block}norm2", 1e-6), t, f"{block}mlp.fc1"))
        x = x + dense(y, t, f"{block}mlp.fc2")
    return x


def qformer(t: dict[str, Tensor], states: Tensor) -> Tensor:
    """BERT's layers over the query tokens, every second one looking at the picture."""
    x = normed(t["query_tokens"], t, "Qformer.bert.embeddings.LayerNorm", 1e-12).expand(len(states), -1, -1)
    for i in range(2):
        layer = f"Qformer.bert.encoder.layer.{i}."
        for kind in ("attention", "crossattention")[: 2 - i % 2]:
            seen = states if kind == "crossattention" else x
            own = f"{layer}{kind}.self."
            y = attended(
                dense(x, t, own + "query"), dense(seen, t, own + "key"), dense(seen, t, own + "value")
            )
            output = f"{layer}{kind}.output."
            x = normed(dense(y, t, output + "dense") + x, t, output + "LayerNorm", 1e-12)
        y = functional.gelu(dense(x, t, layer + "intermediate_query.dense"))
        y = dense(y, t, layer + "output_query.dense")
        x = normed(y + x, t, layer + "output_query.LayerNorm", 1e-12)
    return x


@pytest.mark.parametrize("version", VERSIONS)
def test_it_sees_what_the_original_sees(version: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, version)
    pixels = to_pixels(drawn(2), backbone.spec)
    states = eye(eva(random(0)), pixels)
    if version == "vicuna":
        lavis = blip2(random(1))
        expected, inputs = qformer(lavis, normed(states, lavis, "ln_vision", 1e-5)), QFORMER
    else:  # ln_vision keeps its first weights; four patches in a row are one token
        plain = functional.layer_norm(states, (WIDTH,), eps=1e-5)[:, 1:]
        expected, inputs = plain.reshape(2, 4, 4 * WIDTH), 4 * WIDTH
    torch.testing.assert_close(backbone.tower.front(pixels), expected, atol=2e-5, rtol=1e-4)
    joined = dense(expected, projection(random(3), inputs)["model"], "llama_proj")
    torch.testing.assert_close(backbone.image_tokens(expected), joined, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("version", VERSIONS)
def test_its_prompt_is_cut_as_the_original_cuts_it(version: str, tmp_path: Path) -> None:
    """One start, the pieces beside the picture each by itself (the original's `get_context_emb`)."""
    backbone = tiny(tmp_path, version)
    tokens = backbone.image_tokens(torch.from_numpy(backbone.encode_pictures(drawn(1))))
    prompt = backbone.spec.prompts["target"]
    original = prompt.removeprefix("<s>").split("<ImageHere>")
    plain = [backbone.tokenizer(piece)["input_ids"] for piece in original]
    plain = [ids[1:] if ids[0] == backbone.tokenizer.bos_token_id else ids for ids in plain]
    image = [backbone.tokenizer.get_vocab()["<ImageHere>"]] * tokens.shape[1]
    bos = [backbone.tokenizer.bos_token_id]
    assert backbone._prompt(prompt, tokens, True) == bos + plain[0] + image + plain[1]
    decoded = backbone.tokenizer.decode(backbone._prompt(prompt, None, False))
    assert ("ImageHere" not in decoded and "Human: Describe" in decoded) or version == "llama2"
    begins = {"vicuna": "<s>Give the following image:", "llama2": "<s>[INST] <Img><ImageHere></Img> "}
    ends = {"vicuna": "###Assistant:", "llama2": " [/INST]"}
    assert prompt.startswith(begins[version]) and prompt.endswith(ends[version])


# --- what it learns ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_it_learns_to_caption_and_ends_as_its_version_does(version: str, tmp_path: Path) -> None:
    backbone = tiny(tmp_path, version)
    features = torch.from_numpy(backbone.encode_pictures(drawn(2)))
    captions = ["a red dress", "white shoes"]
    optimizer = torch.optim.Adam(backbone.train_only(["decoder", "projector"]), 1e-2)
    backbone.train()
    for _ in range(130):
        optimizer.zero_grad()
        loss = backbone.caption_loss(features, captions)
        loss.backward()
        optimizer.step()
        if loss.item() < 0.1:
            break
    assert backbone.caption(drawn(2)) == captions


def test_the_qformer_may_train_where_it_is_opened(tmp_path: Path) -> None:
    closed = tiny(tmp_path / "closed")
    opened = tiny(tmp_path / "opened", frozen_qformer=False)
    pictures = drawn(3)
    np.testing.assert_allclose(closed.embed_targets(pictures), opened.embed_targets(pictures), atol=1e-3)
    assert opened.feature_shape() == (17, WIDTH) and not closed.parts()["tower"]
    assert opened.tower_fingerprint() != closed.tower_fingerprint()
    before, features = opened.target_fingerprint(), opened.encode_pictures(pictures)
    optimizer = torch.optim.SGD(opened.train_only(["tower"]), 0.1)
    opened.train()
    opened.target_vectors(torch.from_numpy(features))[:, 0].sum().backward()
    assert all(p.grad is not None for p in opened.parts()["tower"])
    optimizer.step()
    assert opened.target_fingerprint() != before
    assert np.array_equal(features, opened.encode_pictures(pictures)), "the front stays as it was"


def test_training_mode_changes_no_feature(tmp_path: Path) -> None:
    backbone = tiny(tmp_path)
    features = backbone.encode_pictures(drawn(1))
    backbone.train()
    assert np.array_equal(features, backbone.encode_pictures(drawn(1)))


def test_in_bfloat16_the_qformer_stays_exact_and_vectors_stay_near(tmp_path: Path) -> None:
    exact, half = tiny(tmp_path / "exact"), tiny(tmp_path / "half", dtype="bfloat16")
    tensors = half.model.state_dict()
    kept = {str(t.dtype) for k, t in tensors.items() if "qformer" in k or "query_tokens" in k}
    rest = {str(t.dtype) for k, t in tensors.items() if "qformer" not in k and "query_tokens" not in k}
    assert kept == {"torch.float32"} and rest == {"torch.bfloat16"}
    add_adapters(half, rank=4)
    looks, texts = [*drawn(2), None], ["is red", None, "shorter"]
    near = half.embed_queries(looks, texts)
    assert (near * exact.embed_queries(looks, texts)).sum(axis=1).min() > 0.95
    save_backbone(half, tmp_path / "again")
    assert np.array_equal(near, load_backbone(tmp_path / "again").embed_queries(looks, texts))
