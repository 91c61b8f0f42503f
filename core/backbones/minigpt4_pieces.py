"""Reads MiniGPT-4's released pieces, and refuses those that do not belong together."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.backbones.minigpt4_keys import Piece
from core.errors import HemlineError
from core.files import read_json

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase

# LLaMA-1, and so Vicuna's first version, was trained on contexts of 2,048 tokens, Llama 2 on 4,096.
POSITIONS = {"vicuna": 2048, "llama2": 4096}
NAMES = {"vicuna": "Vicuna's first version", "llama2": "Llama 2"}


@dataclass(frozen=True)
class Shape:
    """What the files' tensors cannot tell: the fields of Blip2's configurations; the default is the release.

    `flan_t5` is the width of the language model which the Q-Former was trained for, flan-t5-xxl's.
    """

    eye: dict[str, Any] = field(default_factory=dict)
    qformer: dict[str, Any] = field(default_factory=dict)
    query_tokens: int = 32
    flan_t5: int = 4096


@dataclass(frozen=True)
class Pieces:
    """Where the released pieces lie; `eva` may be None where `blip2` holds the vision tower as well."""

    llama: Path
    projection: Path
    eva: Path | None = None
    blip2: Path | None = None


def read_piece(path: Path) -> Piece:
    """The tensors of a released file: safetensors, or a pickle that holds tensors, under "model" or bare."""
    import torch

    from core.backbones.convert import read_values
    from core.backbones.tensors import read_tensors

    if not path.is_file():
        raise HemlineError(f"{path} is no file; bring it first (docs/backbones.md says from where)")
    if path.suffix == ".safetensors":
        return Piece(path.name, read_tensors(path, "bring the file again"))
    values = read_values(path, "bring the file again")
    if isinstance(values, dict) and isinstance(values.get("model"), dict):
        values = values["model"]
    if not isinstance(values, dict) or not all(isinstance(value, torch.Tensor) for value in values.values()):
        raise HemlineError(f"{path.name} does not hold weights by name; bring the file again")
    return Piece(path.name, values)


def read_llama(folder: Path) -> Piece:
    """The tensors of a language model in transformers' layout, of however many files."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("pytorch_model*.bin"))
    if not files:
        raise HemlineError(f"{folder} holds no weights (*.safetensors or pytorch_model*.bin); bring it again")
    tensors: dict[str, Tensor] = {}
    for path in files:
        for name, tensor in read_piece(path).tensors.items():
            if name in tensors:
                raise HemlineError(
                    f"{folder} holds {name} twice, the second in {path.name}; leave the files of one release"
                )
            tensors[name] = tensor
    for index in folder.glob("*.index.json"):
        if index.name.split(".")[0] != files[0].name.split(".")[0].split("-")[0]:
            continue
        absent = sorted(set(read_json(index).get("weight_map", {})) - tensors.keys())
        if absent:
            raise HemlineError(
                f"{folder}: {absent[0]} is missing, though {index.name} names it; bring it again"
            )
    return Piece(str(folder), tensors)


def check_projection(piece: Piece, version: str, inputs: int, hidden: int, folder: Path) -> None:
    """Refuse a projection that was not trained between this vision side and this language model."""
    if any("lora_" in name for name in piece.tensors):
        raise HemlineError(
            f"{piece.name} is of MiniGPT-v2 (it holds LoRA weights); give MiniGPT-4's checkpoint"
        )
    weight = piece.tensors.get("llama_proj.weight")
    if weight is None or weight.ndim != 2:
        raise HemlineError(f"{piece.name} holds no llama_proj.weight; give MiniGPT-4's own checkpoint")
    if weight.shape[1] != inputs:
        raise HemlineError(
            f"{piece.name} projects from a width of {weight.shape[1]}, the {version} version has {inputs} "
            "(Vicuna's looks through a Q-Former of 768, Llama 2's joins four patches to 5,632); "
            "give the checkpoint of the same version"
        )
    if weight.shape[0] != hidden:
        raise HemlineError(
            f"{piece.name} projects to a language model of width {weight.shape[0]}, but {folder} is of width "
            f"{hidden} (4,096 is a 7B, 5,120 a 13B); give checkpoint and language model of one size"
        )


def read_tokenizer(folder: Path) -> "tuple[PreTrainedTokenizerBase, int]":
    """The language model's tokenizer with the image placeholder added, and the placeholder's id."""
    from core.backbones.minigpt4 import IMAGE
    from core.backbones.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(folder)
    if (tokenizer.bos_token, tokenizer.eos_token) != ("<s>", "</s>"):
        raise HemlineError(
            f"{folder}: the tokenizer's start and end are {tokenizer.bos_token} and {tokenizer.eos_token}, "
            "Llama's are <s> and </s>; bring the folder again"
        )
    tokenizer.add_special_tokens({"additional_special_tokens": [IMAGE]})
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token or tokenizer.eos_token
    return tokenizer, tokenizer.get_vocab()[IMAGE]


def check_qformer(piece: Piece, flan_t5: int) -> None:
    """Refuse the Q-Former of another language model than flan-t5-xxl, which MiniGPT-4 was trained on."""
    way = piece.tensors.get("t5_proj.weight")
    if way is None or len(way) != flan_t5:
        other = "holds no t5_proj.weight" if way is None else f"leads to a T5 of width {len(way)}"
        raise HemlineError(
            f"{piece.name} {other}: its Q-Former is not the one trained for flan-t5-xxl (width {flan_t5}), "
            "which MiniGPT-4 looks through; give blip2_pretrained_flant5xxl.pth"
        )
