"""The multi-modal language model: transformers' own classes, captions, adapters."""

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForImageTextToText

from core.backbones import load_backbone
from core.backbones.framing import to_pixels
from core.backbones.mllm import MllmBackbone, add_adapters
from core.backbones.saving import save_backbone
from core.backbones.spec import Spec
from core.backbones.tokenizer import train_tokenizer
from core.errors import HemlineError
from tests.tiny_backbones import WORDS, drawn, tiny


def tiny_mllm(**changes: Any) -> MllmBackbone:
    made = tiny("mllm", **changes)
    assert isinstance(made, MllmBackbone)
    return made


def test_transformers_loads_the_folder_and_agrees_with_the_precomputed_path(tmp_path: Path) -> None:
    backbone = tiny_mllm()
    save_backbone(backbone, tmp_path)
    model = AutoModelForImageTextToText.from_pretrained(tmp_path).eval()
    assert type(model).__name__ == "FastVlmForConditionalGeneration"
    pixels = to_pixels(drawn(2), backbone.spec)
    ids = torch.tensor([[1] * 4 + [9, 10, 2], [1] * 4 + [11, 12, 2]])
    with torch.inference_mode():
        whole = model(input_ids=ids, pixel_values=pixels).logits
        tokens = backbone.image_tokens(backbone.tower.front(pixels))
        states = backbone.model.model(input_ids=ids, mm_encoder_outputs={"image": _outputs(tokens)})
        assert torch.equal(whole, backbone.model.lm_head(states.last_hidden_state))


def _outputs(tokens: torch.Tensor) -> Any:
    from transformers.modeling_outputs import BaseModelOutputWithPooling

    return BaseModelOutputWithPooling(pooler_output=tokens)


def test_caption_loss_is_transformers_own_on_the_captions_tokens() -> None:
    backbone = tiny_mllm()
    features = torch.from_numpy(backbone.encode_pictures(drawn(2)))
    captions = ["a red dress", "white leather shoes with laces"]
    total, count = 0.0, 0
    with torch.inference_mode():
        for row, caption in zip(features, captions, strict=True):
            words = backbone.tokenizer(caption)["input_ids"] + [backbone.tokenizer.eos_token_id]
            ids = torch.tensor([[1] * 4 + [4] + words])
            labels = torch.tensor([[-100] * 5 + words])
            outputs = {"image": _outputs(backbone.image_tokens(row[None]))}
            loss = backbone.model(input_ids=ids, labels=labels, mm_encoder_outputs=outputs).loss
            total, count = total + float(loss) * len(words), count + len(words)
        assert float(backbone.caption_loss(features, captions)) == pytest.approx(total / count, abs=1e-5)


@pytest.mark.parametrize("padding", ["left", "right"])
def test_it_learns_to_caption_and_to_stop(padding: str) -> None:
    backbone = tiny_mllm(padding=padding)
    features = torch.from_numpy(backbone.encode_pictures(drawn(2)))
    captions = ["a red cotton dress", "white leather shoes with laces"]
    optimizer = torch.optim.Adam(backbone.train_only(["decoder", "projector"]), 5e-3)
    backbone.train()
    for _ in range(60):
        optimizer.zero_grad()
        loss = backbone.caption_loss(features, captions)
        loss.backward()
        optimizer.step()
    assert float(loss.detach()) < 0.1
    assert backbone.caption(drawn(2)) == captions
    assert backbone.caption(list(features.numpy()), max_words=2) == ["a red", "white leather"]


def test_captions_without_pictures_train_the_words_alone() -> None:
    backbone = tiny_mllm()
    backbone.train_only(["decoder", "projector"])
    backbone.caption_loss(None, ["a red dress"]).backward()
    assert all(p.grad is None for p in backbone.parts()["projector"])
    assert backbone.model.get_input_embeddings().weight.grad is not None


@pytest.mark.parametrize(("caption", "says"), [(" ", "caption 1 is empty"), ("long " * 70, "at most 64")])
def test_captions_that_cannot_be_learnt_are_refused(caption: str, says: str) -> None:
    backbone = tiny_mllm()
    with pytest.raises(HemlineError, match=says):
        backbone.caption_loss(None, ["a red dress", caption])


def test_adapters_start_as_the_identity_and_serve_one_side_each() -> None:
    backbone = tiny_mllm()
    before = backbone.embed_queries(drawn(2), ["red", None]), backbone.embed_targets(drawn(2))
    add_adapters(backbone, rank=4)
    assert (backbone.embed_queries(drawn(2), ["red", None]) == before[0]).all()
    with torch.no_grad():
        for parameter in backbone.parts()["target"]:
            parameter.add_(0.1)
    assert (backbone.embed_queries(drawn(2), ["red", None]) == before[0]).all()
    assert (backbone.embed_targets(drawn(2)) != before[1]).any()
    with pytest.raises(HemlineError, match="has its adapters already"):
        add_adapters(backbone)


def test_the_same_seed_gives_the_same_adapters_and_leaves_the_global_generator() -> None:
    one, two = tiny_mllm(), tiny_mllm()
    state = torch.random.get_rng_state()
    add_adapters(one, seed=3)
    assert torch.equal(state, torch.random.get_rng_state())
    add_adapters(two, seed=3)
    assert one.target_fingerprint() == two.target_fingerprint()


def test_switching_sides_keeps_what_trains() -> None:
    backbone = tiny_mllm()
    add_adapters(backbone, rank=4)
    backbone.train_only(["query"])
    expected = [parameter.requires_grad for parameter in backbone.parameters()]
    for side in ("target", "query", None):
        backbone.set_side(side)
        assert [parameter.requires_grad for parameter in backbone.parameters()] == expected


def other_mllm(name: str) -> MllmBackbone:
    """LLaVA or InternVL of random weights behind the same class."""
    import transformers as t

    words = {"vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    words |= {"num_attention_heads": 2, "num_key_value_heads": 2, "pad_token_id": 0, "eos_token_id": 5}
    sight = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    torch.manual_seed(0)
    if name == "llava":
        vision = t.CLIPVisionConfig(**sight, image_size=32, patch_size=8)
        config = t.LlavaConfig(vision_config=vision, text_config=t.LlamaConfig(**words), image_token_index=1)
        model: Any = t.LlavaForConditionalGeneration(config)
    else:
        vision = t.InternVLVisionConfig(**sight, image_size=(32, 32), patch_size=(8, 8))
        model = t.InternVLForConditionalGeneration(
            t.InternVLConfig(vision_config=vision, text_config=t.Qwen2Config(**words), image_token_id=1)
        )
    spec = Spec(kind="mllm", dim=16, image_size=32)
    tokenizer = train_tokenizer(WORDS * 3, 320)
    return MllmBackbone(spec, model.eval(), tokenizer, torch.nn.Linear(32, 16, bias=False))


@pytest.mark.parametrize("name", ["llava", "internvl"])
def test_other_chat_models_go_through_the_same_code(name: str, tmp_path: Path) -> None:
    backbone = other_mllm(name)
    add_adapters(backbone, rank=4)
    queries = backbone.embed_queries([*drawn(2), None], ["red", None, "shorter"])
    alone = backbone.embed_queries(drawn(1), ["red"])
    assert abs(queries[:1] - alone).max() < 1e-5
    backbone.train_only(["query"])
    features = torch.from_numpy(backbone.encode_pictures(drawn(2)))
    backbone.query_vectors(features, None, ["red", "blue"])[:, 0].sum().backward()
    assert all(p.grad is not None for p in backbone.parts()["query"] if p.ndim == 2)
    assert len(backbone.caption(drawn(2), max_words=3)) == 2
    save_backbone(backbone, tmp_path)
    loaded = load_backbone(tmp_path)
    assert (loaded.embed_queries([*drawn(2), None], ["red", None, "shorter"]) == queries).all()
    assert loaded.target_fingerprint() == backbone.target_fingerprint()
