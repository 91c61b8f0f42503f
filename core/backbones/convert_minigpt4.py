"""Assembles MiniGPT-4 from its released pieces into a model folder of this project.

    python -m core.backbones.convert_minigpt4 --version vicuna --llama vicuna-7b \\
        --blip2 blip2_pretrained_flant5xxl.pth --eva eva_vit_g.pth \\
        --projection prerained_minigpt4_7b.pth --out MINIGPT4
    python -m core.backbones.convert_minigpt4 --version llama2 --llama Llama-2-7b-chat-hf \\
        --eva eva_vit_g.pth --projection checkpoint_stage2.pth --out MINIGPT4-LLAMA2

Pickled pieces are read with `weights_only=True`, so that nothing in them can run; what is written is
safetensors. Every tensor of every piece is accounted for (`core.backbones.minigpt4_keys`), and pieces that do
not belong together are refused with the reason.
"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.backbones import minigpt4_keys as keys
from core.backbones.minigpt4_pieces import (
    NAMES,
    POSITIONS,
    Pieces,
    Shape,
    check_projection,
    check_qformer,
    read_llama,
    read_piece,
    read_tokenizer,
)
from core.cli import entry
from core.errors import HemlineError
from core.files import read_json

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerBase


def convert(
    pieces: Pieces,
    version: Any,
    out: Path,
    *,
    shape: Shape | None = None,
    dim: int | None = None,
    dtype: str = "bfloat16",
    frozen_qformer: bool = True,
    seed: int = 0,
) -> None:
    """Write the model folder `out`.

    `version` is "vicuna" or "llama2". A vector is as long as the decoder's state, which is taken as it is,
    or with `dim` a random projection of it, to be trained. Raises HemlineError for pieces that are damaged,
    hold a tensor too many or too few, or do not belong together.
    """
    import torch
    from torch import nn

    from core.backbones.clip import CLIP_MEAN, CLIP_STD
    from core.backbones.minigpt4 import MiniGpt4Backbone, prompts_of
    from core.backbones.saving import quiet, refuse_other_model, save_backbone
    from core.backbones.spec import Spec

    shape = shape or Shape()
    refuse_other_model(out)
    tokenizer, config = _frame(pieces, version, shape, frozen_qformer)
    found = _gather(pieces, int(config.text_config.vocab_size), shape)
    with quiet(), torch.device("meta"):
        from core.backbones.minigpt4_model import MiniGpt4ForConditionalGeneration

        model = MiniGpt4ForConditionalGeneration(config)
    expected = model.state_dict()
    keys.check_filled(found, expected, _sources(pieces))
    model.load_state_dict({name: _cast(name, found.pop(name), dtype) for name in expected}, assign=True)
    model.config.dtype = getattr(torch, dtype)
    hidden = int(config.text_config.hidden_size)
    spec = Spec(
        kind="mllm",
        dim=hidden if dim is None else dim,
        prompts=prompts_of(version),
        image_size=int(model.model.vision_tower.eye.config.image_size),
        mean=CLIP_MEAN,
        std=CLIP_STD,
        padding="left",
        max_text_tokens=128,
        dtype=dtype,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        projection = nn.Identity() if dim is None else nn.Linear(hidden, dim, bias=False, dtype=model.dtype)
    save_backbone(MiniGpt4Backbone(spec, model.eval(), tokenizer, projection), out)


def _frame(
    pieces: Pieces, version: str, shape: Shape, frozen_qformer: bool
) -> "tuple[PreTrainedTokenizerBase, Any]":
    """The tokenizer, with the image placeholder, and the configuration of the whole model."""
    from transformers import AutoConfig

    from core.backbones.minigpt4_model import MiniGpt4Config, MiniGpt4VisionConfig

    folder = pieces.llama
    if version not in POSITIONS:
        raise HemlineError(f'version is "{version}"; it must be one of {", ".join(POSITIONS)}')
    if not (folder / "config.json").is_file():
        raise HemlineError(f"{folder} holds no config.json; give the folder of {NAMES[version]}")
    said = read_json(folder / "config.json")
    if said.get("model_type") != "llama":
        raise HemlineError(
            f"{folder} is a {said.get('model_type')}, not a Llama; give the folder of {NAMES[version]}"
        )
    text = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    if text.max_position_embeddings != POSITIONS[version]:
        raise HemlineError(
            f"{folder} reads {text.max_position_embeddings} tokens where {NAMES[version]} reads "
            f"{POSITIONS[version]}: it is another Llama; give that of --version {version}, or say the other"
        )
    if (pieces.blip2 is None) == (version == "vicuna"):
        raise HemlineError(
            "the Vicuna version looks through BLIP-2's Q-Former; give --blip2"
            if version == "vicuna"
            else "the Llama-2 version has no Q-Former; leave --blip2 out"
        )
    sight = MiniGpt4VisionConfig(
        eye=shape.eye,
        qformer=shape.qformer if version == "vicuna" else None,
        query_tokens=shape.query_tokens,
        frozen_qformer=frozen_qformer,
    )
    check_projection(read_piece(pieces.projection), version, sight.hidden_size, text.hidden_size, folder)
    tokenizer, image = read_tokenizer(folder)
    text.vocab_size = max(text.vocab_size, image + 1)
    text.tie_word_embeddings = False
    config = MiniGpt4Config(vision_config=sight, text_config=text, image_token_index=image)
    return tokenizer, config


def _gather(pieces: Pieces, vocabulary: int, shape: Shape) -> dict[str, "Tensor"]:
    """All tensors of all pieces, under this project's names and in the types they were released in."""
    import torch
    from transformers import Blip2VisionConfig

    found: dict[str, Tensor] = {}
    eye = None if pieces.eva is None else read_piece(pieces.eva)
    if pieces.blip2 is not None:
        inside, rest = keys.split_eye(read_piece(pieces.blip2))
        check_qformer(rest, shape.flan_t5)
        found |= keys.blip2_tensors(rest)
        if inside.tensors and eye is not None:
            raise HemlineError(f"{inside.name} holds the vision tower already; leave --eva out")
        eye = eye or (inside if inside.tensors else None)
    if eye is None:
        raise HemlineError("no piece holds the vision tower; give --eva eva_vit_g.pth")
    vision = Blip2VisionConfig(**shape.eye)
    found |= keys.eye_tensors(eye, vision.num_hidden_layers)
    if pieces.blip2 is None:
        # The original never loads weights for it in this version: it stays as it begins.
        found[f"{keys.EYE}.post_layernorm.weight"] = torch.ones(vision.hidden_size)
        found[f"{keys.EYE}.post_layernorm.bias"] = torch.zeros(vision.hidden_size)
    found |= keys.projection_tensors(read_piece(pieces.projection))
    found |= keys.llama_tensors(read_llama(pieces.llama))
    known = read_json(pieces.llama / "config.json").get("vocab_size")
    for name in ("model.language_model.embed_tokens.weight", "lm_head.weight"):
        rows = found.get(name)
        if rows is not None and rows.ndim == 2 and len(rows) == known < vocabulary:
            # The placeholder's row is never looked at: the picture takes its place, and it is never written.
            more = rows.new_zeros(vocabulary - len(rows), rows.shape[1])
            found[name] = torch.cat([rows, more])
    return found


def _sources(pieces: Pieces) -> dict[str, str]:
    blip2 = pieces.blip2 and pieces.blip2.name
    eva = (pieces.eva or pieces.blip2 or pieces.llama).name
    named = {f"{keys.EYE}.post_layernorm": blip2 or eva, keys.EYE: eva, keys.QFORMER: blip2 or eva}
    return {**named, keys.JOIN: pieces.projection.name, "": str(pieces.llama)}


def _cast(name: str, tensor: "Tensor", dtype: str) -> "Tensor":
    """The tensor in the model's type; the Q-Former stays in float32."""
    import torch

    kept = "qformer" in name or "query_tokens" in name
    return tensor.to(torch.float32 if kept else getattr(torch, dtype)).contiguous()


def main() -> None:
    """Command line: read the pieces, check them, write the model folder."""
    parser = argparse.ArgumentParser(description="Assemble MiniGPT-4 from its released pieces.")
    parser.add_argument("--version", choices=list(POSITIONS), required=True)
    parser.add_argument("--llama", type=Path, required=True, help="folder of Vicuna v0 or Llama-2-chat")
    parser.add_argument("--projection", type=Path, required=True, help="MiniGPT-4's own checkpoint (.pth)")
    parser.add_argument("--blip2", type=Path, help="of vicuna: LAVIS's blip2_pretrained_flant5xxl.pth")
    parser.add_argument("--eva", type=Path, help="EVA's vision tower, eva_vit_g.pth")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--dim", type=int, help="length of a vector (default: the decoder's width)")
    parser.add_argument("--dtype", choices=["bfloat16", "float32"], default="bfloat16")
    parser.add_argument("--train-qformer", action="store_true", help="let the Q-Former train (part tower)")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    pieces = Pieces(options.llama, options.projection, options.eva, options.blip2)
    convert(
        pieces,
        options.version,
        options.out,
        dim=options.dim,
        dtype=options.dtype,
        frozen_qformer=not options.train_qformer,
        seed=options.seed,
    )
    print(f"{options.out}: MiniGPT-4, {options.version} version, {options.dtype}")


if __name__ == "__main__":
    entry(main)
