"""MiniGPT-4's pieces as they are released, only tiny and random: the names and layout of the real files."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from torch import Tensor

from core.backbones import load_backbone
from core.backbones.base import Backbone
from core.backbones.convert_minigpt4 import convert
from core.backbones.minigpt4 import prompts_of
from core.backbones.minigpt4_pieces import Pieces, Shape

WORDS = ("a red dress", "white shoes", "is red", "shorter", "long sleeves")
WIDTH, DEPTH, QFORMER, LLAMA, FLAN_T5, TOKENS = 16, 2, 24, 32, 40, 8
SHAPE = Shape(
    eye={
        "hidden_size": WIDTH,
        "intermediate_size": 32,
        "num_hidden_layers": DEPTH,
        "num_attention_heads": 2,
        "image_size": 56,
    },
    qformer={
        "hidden_size": QFORMER,
        "intermediate_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "vocab_size": 40,
    },
    query_tokens=TOKENS,
    flan_t5=FLAN_T5,
)
Maker = Callable[..., Tensor]


def random(seed: int) -> Maker:
    """A maker of random tensors of a shape."""
    generator = torch.Generator().manual_seed(seed)
    return lambda *shape: torch.randn(*shape, generator=generator) * 0.3


def eva(make: Maker) -> dict[str, Tensor]:
    """eva_vit_g.pth: bare names, one block more than is used, and the head."""
    tensors = {"cls_token": make(1, 1, WIDTH), "pos_embed": make(1, 17, WIDTH)}
    tensors |= {"patch_embed.proj.weight": make(WIDTH, 3, 14, 14) / 10, "patch_embed.proj.bias": make(WIDTH)}
    for block in range(DEPTH + 1):
        start = f"blocks.{block}."
        for norm in ("norm1", "norm2"):
            tensors |= {f"{start}{norm}.weight": 1 + make(WIDTH), f"{start}{norm}.bias": make(WIDTH)}
        tensors |= {f"{start}attn.q_bias": make(WIDTH), f"{start}attn.v_bias": make(WIDTH)}
        tensors[f"{start}attn.qkv.weight"] = make(3 * WIDTH, WIDTH)
        tensors |= linear(f"{start}attn.proj", WIDTH, WIDTH, make)
        tensors |= linear(f"{start}mlp.fc1", 32, WIDTH, make) | linear(f"{start}mlp.fc2", WIDTH, 32, make)
    return tensors | {"norm.weight": make(WIDTH), "norm.bias": make(WIDTH)} | linear("head", 5, WIDTH, make)


def blip2(make: Maker) -> dict[str, Tensor]:
    """blip2_pretrained_flant5xxl.pth: query tokens, ln_vision, Q-Former without its text branch, t5_proj."""
    tensors = {"query_tokens": make(1, TOKENS, QFORMER)} | norm("ln_vision", WIDTH, make)
    tensors["Qformer.bert.embeddings.position_ids"] = torch.arange(8)[None]
    tensors |= norm("Qformer.bert.embeddings.LayerNorm", QFORMER, make)
    for layer in range(2):
        start = f"Qformer.bert.encoder.layer.{layer}."
        for kind in ("attention", "crossattention")[: 2 - layer % 2]:
            seen = WIDTH if kind == "crossattention" else QFORMER
            tensors |= linear(f"{start}{kind}.self.query", QFORMER, QFORMER, make)
            tensors |= linear(f"{start}{kind}.self.key", QFORMER, seen, make)
            tensors |= linear(f"{start}{kind}.self.value", QFORMER, seen, make)
            tensors |= linear(f"{start}{kind}.output.dense", QFORMER, QFORMER, make)
            tensors |= norm(f"{start}{kind}.output.LayerNorm", QFORMER, make)
        tensors |= linear(f"{start}intermediate_query.dense", 48, QFORMER, make)
        tensors |= linear(f"{start}output_query.dense", QFORMER, 48, make)
        tensors |= norm(f"{start}output_query.LayerNorm", QFORMER, make)
    return tensors | linear("t5_proj", FLAN_T5, QFORMER, make)


def linear(name: str, outputs: int, inputs: int, make: Maker) -> dict[str, Tensor]:
    """A linear layer's two tensors."""
    return {f"{name}.weight": make(outputs, inputs), f"{name}.bias": make(outputs)}


def norm(name: str, width: int, make: Maker) -> dict[str, Tensor]:
    """A layer normalisation's two tensors."""
    return {f"{name}.weight": 1 + make(width), f"{name}.bias": make(width)}


def projection(make: Maker, inputs: int = QFORMER, outputs: int = LLAMA) -> dict[str, Any]:
    """MiniGPT-4's checkpoint, with what its training wrote along."""
    return {
        "model": linear("llama_proj", outputs, inputs, make),
        "optimizer": {"state": {}, "param_groups": [{"lr": 3e-5}]},
        "config": {"model": {"arch": "mini_gpt4"}, "run": {"amp": True}},
        "scaler": {"scale": 65536.0},
        "epoch": 4,
    }


@functools.cache
def learnt_vocabulary() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """A small vocabulary of Llama's kind, with all bytes and the words of the prompts, and its merges."""
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    learner = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    learner.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=tokens, show_progress=False)
    prompts = [prompt for version in ("vicuna", "llama2") for prompt in prompts_of(version).values()]
    learner.train_from_iterator([*prompts, *WORDS, *map(chr, range(33, 127))], trainer)
    model = json.loads(learner.to_str())["model"]
    return model["vocab"], [tuple(pair) for pair in model["merges"]]


def write_llama(folder: Path, positions: int = 2048, hidden: int = LLAMA, seed: int = 2) -> None:
    """A Llama in transformers' layout, in the old form: pickled shards, with rotary buffers in them."""
    from transformers import LlamaConfig, LlamaForCausalLM, LlamaTokenizer

    vocabulary, merges = learnt_vocabulary()
    tokenizer = LlamaTokenizer(vocab=vocabulary, merges=merges, legacy=True)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=hidden,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=positions,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        tensors = dict(LlamaForCausalLM(config).state_dict())
    for layer in range(2):
        tensors[f"model.layers.{layer}.self_attn.rotary_emb.inv_freq"] = torch.ones(8)
    folder.mkdir()
    config.architectures = ["LlamaForCausalLM"]
    config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    names = list(tensors)
    for part, chosen in enumerate((names[:9], names[9:])):
        torch.save({k: tensors[k] for k in chosen}, folder / f"pytorch_model-0000{part + 1}-of-00002.bin")


def write_pieces(folder: Path, version: str = "vicuna") -> Pieces:
    """The released files of a version in `folder`."""
    folder.mkdir(parents=True)
    torch.save(eva(random(0)), folder / "eva_vit_g.pth")
    if version == "vicuna":
        torch.save({"model": blip2(random(1))}, folder / "blip2_pretrained_flant5xxl.pth")
    inputs = QFORMER if version == "vicuna" else 4 * WIDTH
    torch.save(projection(random(3), inputs), folder / "pretrained_minigpt4.pth")
    write_llama(folder / "llama", 2048 if version == "vicuna" else 4096)
    return Pieces(
        folder / "llama",
        folder / "pretrained_minigpt4.pth",
        folder / "eva_vit_g.pth",
        folder / "blip2_pretrained_flant5xxl.pth" if version == "vicuna" else None,
    )


def tiny_minigpt4(folder: Path, version: str = "vicuna", **changes: Any) -> Backbone:
    """A tiny MiniGPT-4, written as it is released, converted and loaded."""
    pieces = write_pieces(folder / "pieces", version)
    settings: dict[str, Any] = {"shape": SHAPE, "dim": 16, "dtype": "float32", **changes}
    convert(pieces, version, folder / "model", **settings)
    return load_backbone(folder / "model")
