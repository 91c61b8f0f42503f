"""Small untrained models in the style of each chat architecture, all over the same tower of ours.

What an architecture is beside its tower is how it joins picture and words, and that is its own: FastVLM and
LLaVA project every position by a two-layer perceptron, InternVL joins four neighbours to one token before it
(pixel shuffle), MiniGPT-4 asks with the query tokens of a Q-Former and projects by one linear layer. The
decoder is a Qwen2 for FastVLM and InternVL, a Llama for LLaVA and MiniGPT-4. Released models differ in their
towers and in what they were trained on as well.
"""

from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from core.backbones.build import Parts
    from core.backbones.tower import TowerConfig

Style = Literal["fastvlm", "llava", "internvl", "minigpt4"]
STYLES: tuple[Style, ...] = ("fastvlm", "llava", "internvl", "minigpt4")
# Query tokens of a small Q-Former, and its layers; every second one looks at the picture, as BLIP-2's do.
QUERY_TOKENS = 8
QFORMER_LAYERS = 2


def styled_model(
    parts: "Parts", tower: "TowerConfig", tokenizer: "PreTrainedTokenizerBase"
) -> "PreTrainedModel":
    """A model of random weights of the style that `parts` names, in transformers' own class for it."""
    import transformers as t

    from core.backbones.tokenizer import IMAGE, SPECIAL

    image = SPECIAL.index(IMAGE)
    words = _decoder_fields(parts, tokenizer)
    shared: dict[str, Any] = {"vision_config": tower, "tie_word_embeddings": True}
    if parts.style == "llava":
        llama = t.LlamaConfig(**words)
        return t.LlavaForConditionalGeneration(
            t.LlavaConfig(
                text_config=llama, image_token_index=image, image_seq_length=parts.grid**2, **shared
            )
        )
    if parts.style == "internvl":
        from core.backbones.internvl import TowerInternVl, TowerInternVlConfig

        qwen, length = t.Qwen2Config(**words), (parts.grid // 2) ** 2
        return TowerInternVl(
            TowerInternVlConfig(text_config=qwen, image_token_id=image, image_seq_length=length, **shared)
        )
    if parts.style == "minigpt4":
        return _minigpt4(parts, tower, t.LlamaConfig(**words), image)
    qwen = t.Qwen2Config(**words)
    length = min(parts.grid, parts.image_grid) ** 2
    return t.FastVlmForConditionalGeneration(
        t.FastVlmConfig(text_config=qwen, image_token_index=image, image_seq_length=length, **shared)
    )


def _minigpt4(parts: "Parts", tower: "TowerConfig", words: Any, image: int) -> "PreTrainedModel":
    from core.backbones.minigpt4_model import (
        MiniGpt4Config,
        MiniGpt4ForConditionalGeneration,
        MiniGpt4VisionConfig,
    )

    width = parts.hidden // 2
    qformer = {
        "hidden_size": width, "num_hidden_layers": QFORMER_LAYERS, "num_attention_heads": parts.heads,
        "intermediate_size": 4 * width, "cross_attention_frequency": 2, "vocab_size": 1,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0,
    }  # fmt: skip
    vision = MiniGpt4VisionConfig(
        eye=tower.to_dict(), qformer=qformer, query_tokens=QUERY_TOKENS, frozen_qformer=False
    )
    return MiniGpt4ForConditionalGeneration(
        MiniGpt4Config(
            vision_config=vision,
            text_config=words,
            image_token_index=image,
            image_seq_length=QUERY_TOKENS,
            tie_word_embeddings=True,
        )
    )


def _decoder_fields(parts: "Parts", tokenizer: "PreTrainedTokenizerBase") -> dict[str, Any]:
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": parts.hidden,
        # SwiGLU has three matrices where a plain feed-forward has two: 8/3 keeps the size of the usual 4.
        "intermediate_size": max(32, round(parts.hidden * 8 / 3 / 32) * 32),
        "num_hidden_layers": parts.layers,
        "num_attention_heads": parts.heads,
        "num_key_value_heads": parts.heads,
        "max_position_embeddings": 512,
        "tie_word_embeddings": True,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
    }
