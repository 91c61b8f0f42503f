"""The released models that can be a backbone, as a table.

    python -m core.backbones.registry
    python -m core.backbones.registry --markdown

Sizes are as published; a test holds them to what the model of that shape has (`core.backbones.meta`). Memory
is worked out from the shape and not measured (`core.backbones.estimate`): bfloat16 weights, of CLIPs float32,
one query or 32 photos at once; the training stages with LoRA of rank 16, of CLIPs the whole text side, in
chunks of 8 with each layer checkpointed, whatever the batch, on cached features.
"""

import argparse
from dataclasses import dataclass
from typing import Literal

from core.backbones.estimate import GB, INDEXED, Setting, inference_memory, training_memory
from core.backbones.shapes import DUAL, Shape, shape_of
from core.cli import entry
from core.errors import HemlineError

Family = Literal[
    "llava", "llava_next", "llava_onevision", "internvl", "qwen2_5_vl", "qwen3_vl", "smolvlm", "fast_vlm",
    "blip-2", "minigpt4", "clip", "siglip", "openclip",
]  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A released model.

    `name` as it is given to `--init`; `hub` its id; `licence` of the weights; `billions` of parameters;
    `family` transformers' `model_type`, by which the code is chosen; `tested` the classes of transformers
    (model, image processor, tokenizer) that the contract test runs through in miniature; `image_size` pixels
    a side of the one tile a picture becomes (None: the tower's own); `framing` how it becomes square;
    `tokens` of a picture; `embedder` says that it was trained to embed and writes no captions; `refused`
    why its files cannot be loaded here, and what to do.
    """

    name: str
    hub: str
    licence: str
    billions: float
    family: Family
    tested: tuple[str, ...]
    tokens: int
    image_size: int | None = None
    framing: Literal["squash", "pad", "crop", "centre"] = "pad"
    embedder: bool = False
    refused: str = ""

    @property
    def shape(self) -> Shape:
        """What sizes follow from; HemlineError where it is not on file."""
        return shape_of(self.name, self.tokens, self.image_size)

    @property
    def query_gb(self) -> float:
        """GB of device memory to embed queries, one at a time."""
        return inference_memory(self.shape, 1, self._setting)["total"] / GB

    @property
    def indexing_gb(self) -> float:
        """GB to embed photos, as many at once as `core.catalogue` does."""
        return inference_memory(self.shape, INDEXED, self._setting)["total"] / GB

    @property
    def stage1_gb(self) -> float | None:
        """GB to train captions; None where the model writes none."""
        if self.embedder or self.shape.dual:
            return None
        return training_memory(self.shape, "stage1", self._setting)["total"] / GB

    @property
    def stage2_gb(self) -> float:
        """GB to train retrieval, in the phase that needs more."""
        return training_memory(self.shape, "in-batch", self._setting)["total"] / GB

    @property
    def _setting(self) -> Setting:
        dual = self.family in DUAL
        return Setting(
            batch=128,
            chunk=8,
            lora=0 if dual else 16,
            checkpoint_layers=not dual,
            dtype="float32" if dual else "bfloat16",
        )


APACHE = "Apache 2.0"
_LLAMA1 = "LLaMA research"
_LLAVA = ("LlavaForConditionalGeneration", "LlavaImageProcessorPil", "LlamaTokenizer")
_NEXT = ("LlavaNextForConditionalGeneration", "LlavaNextImageProcessorPil", "LlamaTokenizer")
_ONEVISION = ("LlavaOnevisionForConditionalGeneration", "LlavaOnevisionImageProcessorPil", "Qwen2Tokenizer")
_INTERNVL = ("InternVLForConditionalGeneration", "GotOcr2ImageProcessorPil", "Qwen2Tokenizer")
_QWEN25 = ("Qwen2_5_VLForConditionalGeneration", "Qwen2VLImageProcessorPil", "Qwen2Tokenizer")
_QWEN3 = ("Qwen3VLForConditionalGeneration", "Qwen2VLImageProcessorPil", "Qwen2Tokenizer")
_SMOL = ("SmolVLMForConditionalGeneration", "SmolVLMImageProcessorPil", "GPT2Tokenizer")
_BLIP2 = ("Blip2ForConditionalGeneration", "BlipImageProcessorPil", "GPT2Tokenizer")
_CLIP = ("CLIPModel", "CLIPImageProcessorPil", "CLIPTokenizer")
_SIGLIP = ("SiglipModel", "SiglipImageProcessorPil", "Siglip2Tokenizer")
_FAST = ("FastVlmForConditionalGeneration",)
_NO_TIMM = (
    "its vision tower is one of timm's, which brings torchvision and another build of torch; "
    "the architecture runs here over our own tower (core.backbones.build)"
)
_PIECES = (
    "it is released in pieces, none of which is a model; assemble them with "
    "python -m core.backbones.convert_minigpt4"
)
_OPENCLIP = (
    "it is published for open_clip (or as remote code around it), which brings another build of torch; "
    "take fashion-clip or siglip2 as the fashion baseline"
)

MODELS: tuple[Entry, ...] = (
    Entry("llava-1.5-7b", "llava-hf/llava-1.5-7b-hf", "Llama 2", 7.06, "llava", _LLAVA, 576),
    Entry("llava-1.5-13b", "llava-hf/llava-1.5-13b-hf", "Llama 2", 13.35, "llava", _LLAVA, 576),
    Entry(
        "llava-1.6-mistral-7b", "llava-hf/llava-v1.6-mistral-7b-hf", APACHE, 7.57, "llava_next",
        _NEXT, 577, framing="squash",
    ),
    Entry(
        "llava-1.6-llama3-8b", "llava-hf/llama3-llava-next-8b-hf", "Llama 3", 8.36, "llava_next", _NEXT, 577,
        framing="squash",
    ),
    Entry(
        "llava-onevision-0.5b", "llava-hf/llava-onevision-qwen2-0.5b-ov-hf", APACHE, 0.89,
        "llava_onevision", _ONEVISION, 730, framing="squash",
    ),
    Entry(
        "llava-onevision-7b", "llava-hf/llava-onevision-qwen2-7b-ov-hf", APACHE, 8.03,
        "llava_onevision", _ONEVISION, 730, framing="squash",
    ),
    Entry(
        "internvl3-1b", "OpenGVLab/InternVL3-1B-hf", APACHE, 0.94, "internvl", _INTERNVL, 256,
        framing="squash",
    ),
    Entry(
        "internvl3-2b", "OpenGVLab/InternVL3-2B-hf", APACHE, 2.09, "internvl", _INTERNVL, 256,
        framing="squash",
    ),
    Entry(
        "internvl3-8b", "OpenGVLab/InternVL3-8B-hf", APACHE, 7.94, "internvl", _INTERNVL, 256,
        framing="squash",
    ),
    Entry(
        "qwen2.5-vl-3b", "Qwen/Qwen2.5-VL-3B-Instruct", "Qwen", 3.75, "qwen2_5_vl", _QWEN25, 256, 448
    ),
    Entry("qwen2.5-vl-7b", "Qwen/Qwen2.5-VL-7B-Instruct", APACHE, 8.29, "qwen2_5_vl", _QWEN25, 256, 448),
    Entry("qwen3-vl-2b", "Qwen/Qwen3-VL-2B-Instruct", APACHE, 2.13, "qwen3_vl", _QWEN3, 256, 512),
    Entry("qwen3-vl-4b", "Qwen/Qwen3-VL-4B-Instruct", APACHE, 4.44, "qwen3_vl", _QWEN3, 256, 512),
    Entry("qwen3-vl-8b", "Qwen/Qwen3-VL-8B-Instruct", APACHE, 8.77, "qwen3_vl", _QWEN3, 256, 512),
    Entry(
        "qwen3-vl-embedding-2b", "Qwen/Qwen3-VL-Embedding-2B", APACHE, 2.13, "qwen3_vl", _QWEN3, 256, 512,
        embedder=True,
    ),
    Entry(
        "qwen3-vl-embedding-8b", "Qwen/Qwen3-VL-Embedding-8B", APACHE, 8.77, "qwen3_vl", _QWEN3, 256, 512,
        embedder=True,
    ),
    Entry(
        "smolvlm2-256m", "HuggingFaceTB/SmolVLM2-256M-Video-Instruct", APACHE, 0.26, "smolvlm",
        _SMOL, 64,
    ),
    Entry(
        "smolvlm2-500m", "HuggingFaceTB/SmolVLM2-500M-Video-Instruct", APACHE, 0.51, "smolvlm",
        _SMOL, 64,
    ),
    Entry("smolvlm2-2.2b", "HuggingFaceTB/SmolVLM2-2.2B-Instruct", APACHE, 2.25, "smolvlm", _SMOL, 81),
    Entry(
        "fastvlm-0.5b", "KamilaMila/FastVLM-0.5B", "Apple research", 0.76, "fast_vlm", _FAST, 256, 1024,
        refused=_NO_TIMM,
    ),
    Entry(
        "fastvlm-7b", "KamilaMila/FastVLM-7B", "Apple research", 7.76, "fast_vlm", _FAST, 256, 1024,
        refused=_NO_TIMM,
    ),
    Entry(
        "blip2-opt-2.7b", "Salesforce/blip2-opt-2.7b", "MIT; OPT research", 3.74, "blip-2", _BLIP2, 32,
        framing="squash",
    ),
    Entry(
        "blip2-opt-6.7b", "Salesforce/blip2-opt-6.7b", "MIT; OPT research", 7.75, "blip-2", _BLIP2, 32,
        framing="squash",
    ),
    Entry("minigpt4-7b", "", _LLAMA1, 7.83, "minigpt4", (), 32, framing="squash", refused=_PIECES),
    Entry("minigpt4-13b", "", _LLAMA1, 14.11, "minigpt4", (), 32, framing="squash", refused=_PIECES),
    Entry("minigpt4-llama2-7b", "", "Llama 2", 7.75, "minigpt4", (), 64, framing="squash", refused=_PIECES),
    Entry(
        "clip-b32", "openai/clip-vit-base-patch32", "MIT", 0.15, "clip", _CLIP, 1, framing="centre"
    ),
    Entry("clip-l14", "openai/clip-vit-large-patch14", "MIT", 0.43, "clip", _CLIP, 1, framing="centre"),
    Entry("fashion-clip", "patrickjohncyh/fashion-clip", "MIT", 0.15, "clip", _CLIP, 1, framing="centre"),
    Entry(
        "siglip2-b16", "google/siglip2-base-patch16-224", APACHE, 0.38, "siglip", _SIGLIP, 1,
        framing="squash",
    ),
    Entry(
        "marqo-fashion-clip", "Marqo/marqo-fashionCLIP", APACHE, 0.15, "openclip", (), 1,
        framing="crop", refused=_OPENCLIP,
    ),
    Entry(
        "marqo-fashion-siglip", "Marqo/marqo-fashionSigLIP", APACHE, 0.20, "openclip", (), 1,
        framing="squash", refused=_OPENCLIP,
    ),
)  # fmt: skip


def entry_of(name: str) -> Entry:
    """The model of that name or hub id; HemlineError naming the known ones where there is none."""
    for found in MODELS:
        if name in (found.name, found.hub):
            return found
    known = ", ".join(found.name for found in MODELS)
    raise HemlineError(f"no backbone is named {name}; the names are {known}")


HEADINGS = (
    "name",
    "hub id",
    "licence",
    "params",
    "picture tokens",
    "query",
    "indexing",
    "stage 1",
    "stage 2",
)


def rows() -> list[tuple[str, ...]]:
    """A row of words for each model, in the order of `HEADINGS`; memory in GB."""
    return [
        (found.name, found.hub, found.licence, f"{found.billions:.2f} B", str(found.tokens), *_memory(found))
        for found in MODELS
    ]


def _memory(found: Entry) -> tuple[str, ...]:
    """The four cells of memory; MiniGPT-4 is not released whole, but can be assembled and run."""
    if found.refused and found.refused != _PIECES:
        return ("see below",) * 4
    sizes = (found.query_gb, found.indexing_gb, found.stage1_gb, found.stage2_gb)
    return tuple("-" if memory is None else f"{memory:.0f} GB" for memory in sizes)


def markdown() -> str:
    """The table for docs/backbones.md."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS), *rows()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    """Command line: print the table, and why some cannot be loaded."""
    parser = argparse.ArgumentParser(description="List the released models that can be a backbone.")
    parser.add_argument("--markdown", action="store_true", help="as docs/backbones.md has it")
    if parser.parse_args().markdown:
        print(markdown())
        return
    table = [HEADINGS, *rows()]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    for found in MODELS:
        if found.refused:
            print(f"{found.name}: {found.refused}")


if __name__ == "__main__":
    entry(main)
