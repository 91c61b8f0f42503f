"""The key map of MiniGPT-4's released pieces, and the check that every tensor is accounted for.

The pieces are EVA's vision tower (`eva_vit_g.pth`), LAVIS's BLIP-2 (`blip2_pretrained_flant5xxl.pth`), a
Llama in transformers' layout, and MiniGPT-4's own projection. A source tensor is either used or known to
be of no use here (`IGNORED`); anything else means that the file is not what it should be.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import HemlineError

if TYPE_CHECKING:
    from torch import Tensor

    Tensors = Mapping[str, Tensor]

EYE, QFORMER, JOIN = "model.vision_tower.eye", "model.vision_tower", "model.multi_modal_projector"
_PREFIX = "visual_encoder."
# What a piece holds beside what is used, by piece.
IGNORED = {
    # Its own last norm and head: LAVIS takes the states before them. `fc_norm` and `mask_token` are left from
    # training it.
    "eva": r"(norm|fc_norm|head)\.(weight|bias)|mask_token",
    # The Q-Former's text branch, which MiniGPT-4 removes, and the way to flan-t5-xxl.
    "blip2": r"t5_proj\.(weight|bias)|Qformer\.cls\..+"
    r"|Qformer\.bert\.embeddings\.(word_embeddings\.weight|position_embeddings\.weight|position_ids)"
    r"|Qformer\.bert\.encoder\.layer\.\d+\.(intermediate|output)\..+",
    # Buffers that older versions of transformers and LAVIS wrote along.
    "llama": r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq",
    "projection": r"Qformer\.bert\.embeddings\.position_ids|llama_model\..+\.rotary_emb\.inv_freq",
}
_EYE = (
    (r"cls_token", "embeddings.class_embedding"),
    (r"pos_embed", "embeddings.position_embedding"),
    (r"patch_embed\.proj\.(weight|bias)", r"embeddings.patch_embedding.\1"),
    (r"blocks\.(\d+)\.norm([12])\.(weight|bias)", r"encoder.layers.\1.layer_norm\2.\3"),
    (r"blocks\.(\d+)\.attn\.qkv\.weight", r"encoder.layers.\1.self_attn.qkv.weight"),
    (r"blocks\.(\d+)\.attn\.([qv])_bias", r"encoder.layers.\1.self_attn.\2_bias"),
    (r"blocks\.(\d+)\.attn\.proj\.(weight|bias)", r"encoder.layers.\1.self_attn.projection.\2"),
    (r"blocks\.(\d+)\.mlp\.(fc[12])\.(weight|bias)", r"encoder.layers.\1.mlp.\2.\3"),
)
_BLIP2 = (
    (r"query_tokens", f"{QFORMER}.query_tokens"),
    (r"ln_vision\.(weight|bias)", rf"{EYE}.post_layernorm.\1"),
    (r"Qformer\.bert\.embeddings\.LayerNorm\.(weight|bias)", rf"{QFORMER}.qformer.layernorm.\1"),
    (
        r"Qformer\.bert\.encoder\.layer\.(\d+)\.(attention|crossattention)\.self\.(\w+\.\w+)",
        rf"{QFORMER}.qformer.encoder.layer.\1.\2.attention.\3",
    ),
    (
        r"Qformer\.bert\.encoder\.layer\.(\d+)\.((?:attention|crossattention)\.output\..+|\w+_query\..+)",
        rf"{QFORMER}.qformer.encoder.layer.\1.\2",
    ),
)
_LLAMA = ((r"model\.(.+)", r"model.language_model.\1"), (r"lm_head\.weight", "lm_head.weight"))
_PROJECTION = ((r"llama_proj\.(weight|bias)", rf"{JOIN}.\1"),)


@dataclass(frozen=True)
class Piece:
    """A released file or folder: its name for messages, and its tensors by their released names."""

    name: str
    tensors: "Tensors"


def eye_tensors(piece: Piece, depth: int) -> dict[str, "Tensor"]:
    """EVA's tensors under this project's names; the blocks from `depth` on, which LAVIS drops, are left out.

    The bias of queries, keys and values is one tensor here, the keys' part of it zero. Raises HemlineError
    for a tensor that is not EVA's.
    """
    import torch

    # LAVIS drops one block of forty; more would be another tower.
    over = rf"blocks\.{depth}\..+"
    named = _renamed(piece, _EYE, f"{IGNORED['eva']}|{over}", EYE + ".")
    for name in [name for name in named if name.endswith(".q_bias")]:
        stem = name.removesuffix("q_bias")
        if stem + "v_bias" not in named:
            raise HemlineError(f"{piece.name}: {name} has no v_bias beside it; bring the file again")
        queries, values = named.pop(name), named.pop(stem + "v_bias")
        named[stem + "qkv.bias"] = torch.cat([queries, torch.zeros_like(values), values])
    return named


def blip2_tensors(piece: Piece) -> dict[str, "Tensor"]:
    """BLIP-2's Q-Former, query tokens and `ln_vision` under this project's names."""
    return _renamed(piece, _BLIP2, IGNORED["blip2"])


def llama_tensors(piece: Piece) -> dict[str, "Tensor"]:
    """Llama's tensors under this project's names."""
    return _renamed(piece, _LLAMA, IGNORED["llama"])


def projection_tensors(piece: Piece) -> dict[str, "Tensor"]:
    """The projection under this project's names."""
    return _renamed(piece, _PROJECTION, IGNORED["projection"])


def split_eye(piece: Piece) -> tuple[Piece, Piece]:
    """The tensors of a BLIP-2 file that are its vision tower's, without their prefix, and the rest."""
    eye = {k.removeprefix(_PREFIX): v for k, v in piece.tensors.items() if k.startswith(_PREFIX)}
    rest = {k: v for k, v in piece.tensors.items() if not k.startswith(_PREFIX)}
    return Piece(piece.name, eye), Piece(piece.name, rest)


def check_filled(found: "Tensors", expected: "Tensors", pieces: Mapping[str, str]) -> None:
    """Refuse a model that is not filled exactly: a tensor missing, left over or of another shape.

    `pieces` says for the beginning of a name which file it comes from.
    """

    def source(name: str) -> str:
        return next((file for start, file in pieces.items() if name.startswith(start)), "the pieces")

    for name in sorted(expected.keys() - found.keys()):
        raise HemlineError(f"{source(name)}: nothing in it gives {name}; it is not whole, bring it again")
    for name in sorted(found.keys() - expected.keys()):
        raise HemlineError(f"{source(name)}: it gives {name}, for which this model has no place; wrong file")
    for name, tensor in found.items():
        if tensor.shape != expected[name].shape:
            raise HemlineError(
                f"{source(name)}: {name} is {tuple(tensor.shape)}, but this model takes "
                f"{tuple(expected[name].shape)}; wrong file"
            )
        if not tensor.is_floating_point():
            raise HemlineError(
                f"{source(name)}: {name} is of type {tensor.dtype}, no floating-point weights; "
                "bring weights that are not quantised"
            )


def _renamed(
    piece: Piece, rules: tuple[tuple[str, str], ...], ignored: str, prefix: str = ""
) -> dict[str, "Tensor"]:
    named: dict[str, Tensor] = {}
    for name, tensor in piece.tensors.items():
        if re.fullmatch(ignored, name):
            continue
        target = next((m.expand(new) for old, new in rules if (m := re.fullmatch(old, name))), None)
        if target is None:
            raise HemlineError(
                f"{piece.name}: tensor {name} is neither used nor known to be of no use; "
                "this is not the file that it should be"
            )
        named[prefix + target] = tensor
    return named
