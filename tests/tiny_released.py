"""Released models in miniature: random weights of every architecture in a folder of the hub's own layout.

Each has the real classes of model, image processor and tokenizer, and a chat template of the released form.
"""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers as t

from core.backbones.base import Backbone
from core.backbones.released import from_folder
from tests import tiny_tokenizers

SIDE = 32
TEXT = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 2,
    "num_key_value_heads": 2, "max_position_embeddings": 512,
}  # fmt: skip
SIGHT = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}IMAGE{% else %}{{ c['text'] }}{% endif %}{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VICUNA = (
    "{% for m in messages %}{{ m['role'].upper() }}: {% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>\n{% else %}{{ c['text'] }}{% endif %}{% endfor %} {% endfor %}"
    "{% if add_generation_prompt %}ASSISTANT:{% endif %}"
)
MISTRAL = (
    "{% for m in messages %}[INST] {% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>\n{% else %}{{ c['text'] }}{% endif %}{% endfor %} [/INST]"
    "{% endfor %}"
)
SMOL = (
    "<|im_start|>{% for m in messages %}{{ m['role'].capitalize() }}:{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}<image>{% else %}{{ c['text'] }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}Assistant:{% endif %}"
)
Made = tuple[Any, Any, Any, str | None]


def _words(tokenizer: Any) -> dict[str, Any]:
    ends = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    return {**TEXT, **ends, "bos_token_id": tokenizer.bos_token_id, "vocab_size": len(tokenizer)}


def llava() -> Made:
    tokenizer = tiny_tokenizers.llama("<image>")
    vision = t.CLIPVisionConfig(**SIGHT, image_size=SIDE, patch_size=8)
    config = t.LlavaConfig(
        vision_config=vision, text_config=t.LlamaConfig(**_words(tokenizer)), image_token_index=_id(tokenizer)
    )
    eye = t.LlavaImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE)
    return t.LlavaForConditionalGeneration(config), tokenizer, eye, VICUNA


def llava_next() -> Made:
    tokenizer = tiny_tokenizers.llama("<image>")
    vision = t.CLIPVisionConfig(**SIGHT, image_size=SIDE, patch_size=8)
    text = t.MistralConfig(**_words(tokenizer), head_dim=16)
    config = t.LlavaNextConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=_id(tokenizer),
        image_grid_pinpoints=[[SIDE, 2 * SIDE]],
    )
    eye = t.LlavaNextImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE)
    return t.LlavaNextForConditionalGeneration(config), tokenizer, eye, MISTRAL


def llava_onevision() -> Made:
    tokenizer = tiny_tokenizers.qwen("<image>", "<video>")
    vision = t.SiglipVisionConfig(**SIGHT, image_size=SIDE, patch_size=8, vision_use_head=False)
    config = t.LlavaOnevisionConfig(
        vision_config=vision, text_config=t.Qwen2Config(**_words(tokenizer)),
        image_token_index=_id(tokenizer),
        video_token_index=_id(tokenizer, "<video>"), image_grid_pinpoints=[[SIDE, SIDE]],
        vision_feature_select_strategy="full", vision_feature_layer=-1,
    )  # fmt: skip
    eye = t.LlavaOnevisionImageProcessorPil(size={"height": SIDE, "width": SIDE})
    template = CHATML.replace("IMAGE", "<image>")
    return t.LlavaOnevisionForConditionalGeneration(config), tokenizer, eye, template


def internvl() -> Made:
    tokenizer = tiny_tokenizers.qwen("<img>", "</img>", "<IMG_CONTEXT>")
    vision = t.InternVLVisionConfig(**SIGHT, image_size=(SIDE, SIDE), patch_size=(8, 8))
    config = t.InternVLConfig(
        vision_config=vision,
        text_config=t.Qwen2Config(**_words(tokenizer)),
        image_token_id=_id(tokenizer, "<IMG_CONTEXT>"),
    )
    eye = t.GotOcr2ImageProcessorPil(size={"height": SIDE, "width": SIDE}, crop_to_patches=True)
    template = CHATML.replace("IMAGE", "<IMG_CONTEXT>\n")
    return t.InternVLForConditionalGeneration(config), tokenizer, eye, template


def _qwen_ids(tokenizer: Any) -> dict[str, int]:
    ends = ("image_token_id", "<|image_pad|>"), ("video_token_id", "<|video_pad|>")
    marks = ("vision_start_token_id", "<|vision_start|>"), ("vision_end_token_id", "<|vision_end|>")
    return {name: _id(tokenizer, token) for name, token in (*ends, *marks)}


QWEN_TOKENS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
QWEN_TEMPLATE = CHATML.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")


def qwen2_5_vl() -> Made:
    tokenizer = tiny_tokenizers.qwen(*QWEN_TOKENS)
    vision = {
        "depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "patch_size": 4,
        "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 32, "window_size": 16,
        "fullatt_block_indexes": [1],
    }  # fmt: skip
    rope = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    text = {**_words(tokenizer), "rope_parameters": rope}
    config = t.Qwen2_5_VLConfig(vision_config=vision, text_config=text, **_qwen_ids(tokenizer))
    eye = t.Qwen2VLImageProcessorPil(patch_size=4, min_pixels=64, max_pixels=SIDE * SIDE)
    return t.Qwen2_5_VLForConditionalGeneration(config), tokenizer, eye, QWEN_TEMPLATE


def qwen3_vl() -> Made:
    tokenizer = tiny_tokenizers.qwen(*QWEN_TOKENS)
    vision = {
        "depth": 2, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "patch_size": 4,
        "spatial_merge_size": 2, "temporal_patch_size": 2, "out_hidden_size": 32,
        "deepstack_visual_indexes": [0], "num_position_embeddings": 64,
    }  # fmt: skip
    rope = {
        "rope_type": "default",
        "mrope_section": [4, 2, 2],
        "rope_theta": 10000.0,
        "mrope_interleaved": True,
    }
    text = {**_words(tokenizer), "head_dim": 16, "rope_parameters": rope}
    config = t.Qwen3VLConfig(vision_config=vision, text_config=text, **_qwen_ids(tokenizer))
    eye = t.Qwen2VLImageProcessorPil(
        patch_size=4, min_pixels=64, max_pixels=SIDE * SIDE, image_mean=[0.5] * 3, image_std=[0.5] * 3
    )
    return t.Qwen3VLForConditionalGeneration(config), tokenizer, eye, QWEN_TEMPLATE


def smolvlm() -> Made:
    marks = ("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>", "<|im_start|>")
    tokenizer = tiny_tokenizers.gpt2(*marks, eos_token="<end_of_utterance>", pad_token="<|endoftext|>")
    config = t.SmolVLMConfig(
        image_token_id=_id(tokenizer), vision_config={**SIGHT, "image_size": SIDE, "patch_size": 8},
        text_config=t.LlamaConfig(**_words(tokenizer)), scale_factor=2, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    eye = t.SmolVLMImageProcessorPil(size={"longest_edge": SIDE}, max_image_size={"longest_edge": SIDE})
    return t.SmolVLMForConditionalGeneration(config), tokenizer, eye, SMOL


def blip2() -> Made:
    ends = {"bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"}
    tokenizer = tiny_tokenizers.gpt2("<image>", **ends, add_bos_token=True)
    words = _words(tokenizer)
    text = t.OPTConfig(
        **{k: v for k, v in words.items() if k not in ("intermediate_size", "num_key_value_heads")},
        ffn_dim=48, word_embed_proj_dim=32,
    )  # fmt: skip
    config = t.Blip2Config(
        vision_config={**SIGHT, "image_size": SIDE, "patch_size": 8, "initializer_range": 0.1},
        # (its own initial weights are so small that no picture differs from another)
        qformer_config={**SIGHT, "encoder_hidden_size": 16, "vocab_size": 30},
        text_config=text.to_dict(), num_query_tokens=4, image_token_index=_id(tokenizer),
    )  # fmt: skip
    eye = t.BlipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    return t.Blip2ForConditionalGeneration(config), tokenizer, eye, None


def clip() -> Made:
    tokenizer = tiny_tokenizers.clip()
    words = {k: v for k, v in _words(tokenizer).items() if k != "num_key_value_heads"}
    config = t.CLIPConfig(
        text_config={**words, "max_position_embeddings": 77},
        vision_config={**SIGHT, "image_size": SIDE, "patch_size": 16}, projection_dim=24,
    )  # fmt: skip
    eye = t.CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size=SIDE)
    return t.CLIPModel(config), tokenizer, eye, None


def siglip() -> Made:
    tokenizer = tiny_tokenizers.siglip2()
    sizes = {**SIGHT, "hidden_size": 32}
    config = t.SiglipConfig(
        text_config={**sizes, "vocab_size": len(tokenizer), "max_position_embeddings": 64},
        vision_config={**sizes, "image_size": SIDE, "patch_size": 16},
    )
    eye = t.SiglipImageProcessorPil(size={"height": SIDE, "width": SIDE})
    return t.SiglipModel(config), tokenizer, eye, None


def _id(tokenizer: Any, token: str = "<image>") -> int:
    return int(tokenizer.convert_tokens_to_ids(token))


# Every architecture that can be released to us: how it is made, and how it is taken.
RELEASED: dict[str, tuple[Callable[[], Made], dict[str, Any]]] = {
    "llava": (llava, {}),
    "llava_next": (llava_next, {}),
    "llava_onevision": (llava_onevision, {}),
    "internvl": (internvl, {}),
    "qwen2_5_vl": (qwen2_5_vl, {"image_size": SIDE}),
    "qwen3_vl": (qwen3_vl, {"image_size": SIDE}),
    "qwen3_vl-embedding": (qwen3_vl, {"image_size": SIDE, "embedder": True}),
    "smolvlm": (smolvlm, {}),
    "blip2": (blip2, {}),
    "clip": (clip, {}),
    "siglip": (siglip, {}),
}
_KEPT: list[tempfile.TemporaryDirectory[str]] = []


@functools.cache
def hub_folder(name: str) -> Path:
    """The folder of a tiny model as the hub would hold it; made once a session."""
    kept = tempfile.TemporaryDirectory(prefix="hub-")
    _KEPT.append(kept)
    folder = Path(kept.name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model, tokenizer, eye, template = RELEASED[name][0]()
        for parameter in model.parameters():  # some start at zero, and would hide what they do
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.02)
    assert sum(parameter.numel() for parameter in model.parameters()) < 500_000
    model.save_pretrained(folder)
    eye.save_pretrained(folder)
    tokenizer.chat_template = template
    tokenizer.save_pretrained(folder)
    return folder


def released(name: str, **changes: Any) -> Backbone:
    """The tiny released model as a backbone, by the path that a hub id takes."""
    return from_folder(hub_folder(name), **{**RELEASED[name][1], **changes})
