"""Builds an untrained backbone from its parts: the ImageNet tower, a new tokenizer, a new decoder.

    python -m core.backbones.build --data CLOSET --out RUN0
    python -m core.backbones.build --data CLOSET --out RUN0 --style llava --grid 4
    python -m core.backbones.build --data CLOSET --out CLIP0 --kind clip --combiner combiner
    python -m core.backbones.build --init internvl3-1b --out RUN0

The tokenizer learns from the train split's captions and modification texts only.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.backbones.styles import STYLES, Style, styled_model
from core.cli import entry
from core.errors import HemlineError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from core.backbones.base import Backbone
    from core.backbones.clip import ClipBackbone
    from core.backbones.mllm import MllmBackbone
    from core.backbones.tower import TowerConfig
    from core.datasets.fashioniq import Split


@dataclass(frozen=True)
class Parts:
    """What a backbone is built from.

    `style`: the architecture of kind mllm. `grid` positions a side come from the tower, and of style fastvlm
    are averaged to `image_grid` tokens a side after the projector. `multiscale` counts only where the tower
    is frozen whole. `width` under 1 makes a narrow tower of random weights, for tests.
    """

    kind: Literal["mllm", "clip"] = "mllm"
    style: Style = "fastvlm"
    layers: int = 2
    hidden: int = 384
    heads: int = 6
    vocab: int = 2000
    grid: int = 2
    image_grid: int = 7
    frozen_blocks: int = 17
    multiscale: bool = True
    dim: int = 256
    combiner: Literal["sum", "combiner"] = "sum"
    pooling: Literal["last", "mean"] = "mean"
    framing: Literal["squash", "pad", "crop"] = "squash"
    padding: Literal["right", "left"] = "right"
    image_size: int = 224
    width: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("layers", "hidden", "heads", "grid", "image_grid", "dim", "image_size"):
            if getattr(self, name) < 1:
                raise HemlineError(
                    f"--{name.replace('_', '-')} is {getattr(self, name)}; it must be 1 or more"
                )
        if self.hidden % (2 * self.heads):
            raise HemlineError(
                f"--hidden {self.hidden} does not divide into {self.heads} heads of an even width"
            )
        if self.style == "internvl" and self.grid % 2:
            raise HemlineError(
                f"--grid is {self.grid}; style internvl joins 2 by 2 positions: give an even one"
            )
        if not 0 <= self.frozen_blocks <= 17:
            raise HemlineError(
                f"--frozen-blocks is {self.frozen_blocks}; it must lie in 0..17 (17: the whole tower)"
            )


def wordings(split: "Split") -> Iterator[str]:
    """The captions and modification texts of a split."""
    for garment in split.garments.values():
        yield garment.caption
    for triplet in split.triplets:
        yield from triplet.captions


def build(parts: Parts, texts: Iterator[str], *, calibrated: bool = True) -> "Backbone":
    """An untrained backbone; the same parts, texts and seed give the same weights.

    Without `calibrated` a multiscale tower's channels stay as they come (to measure them).
    """
    import torch

    from core.backbones.tokenizer import train_tokenizer

    tokenizer = train_tokenizer(texts, parts.vocab)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(parts.seed)
        backbone = _clip(parts, tokenizer) if parts.kind == "clip" else _mllm(parts, tokenizer)
    if parts.width == 1.0:
        from core.backbones.calibrate import load_calibration
        from core.backbones.convert import load_asset
        from core.backbones.tower import Tower

        tower = getattr(backbone.tower, "eye", backbone.tower)
        assert isinstance(tower, Tower)
        tower.load_state_dict(load_asset(), strict=False)
        if tower.config.multiscale and calibrated:
            tower.load_state_dict(load_calibration(), strict=False)
    backbone.tower.freeze_front()
    return backbone.eval()


def _tower_config(parts: Parts) -> "TowerConfig":
    from core.backbones.tower import FROZEN_WHOLE, TowerConfig

    return TowerConfig(
        width=parts.width,
        grid=parts.grid,
        frozen_blocks=parts.frozen_blocks,
        multiscale=parts.multiscale and parts.frozen_blocks == FROZEN_WHOLE,
        image_size=parts.image_size,
    )


def _mllm(parts: Parts, tokenizer: "PreTrainedTokenizerBase") -> "MllmBackbone":
    from torch import nn

    from core.backbones.mllm import class_of
    from core.backbones.spec import Spec

    model = styled_model(parts, _tower_config(parts), tokenizer)
    projection = nn.Linear(parts.hidden, parts.dim, bias=False)
    spec = Spec(
        kind="mllm",
        dim=parts.dim,
        pooling=parts.pooling,
        image_size=parts.image_size,
        framing=parts.framing,
        padding=parts.padding,
        image_grid=parts.image_grid if parts.style == "fastvlm" and parts.image_grid < parts.grid else None,
    )
    return class_of(model.config.model_type)(spec, model, tokenizer, projection)


def _clip(parts: Parts, tokenizer: "PreTrainedTokenizerBase") -> "ClipBackbone":
    from transformers import CLIPTextConfig, VisionTextDualEncoderConfig, VisionTextDualEncoderModel

    from core.backbones.clip import ClipBackbone, Combiner
    from core.backbones.spec import Spec

    spec = Spec(
        kind="clip",
        dim=parts.dim,
        prompts={"query": "{text}<eos>"},
        image_size=parts.image_size,
        framing=parts.framing,
        padding=parts.padding,
        combiner=parts.combiner,
    )
    words = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=parts.hidden,
        intermediate_size=4 * parts.hidden,
        num_hidden_layers=parts.layers,
        num_attention_heads=parts.heads,
        max_position_embeddings=spec.max_text_tokens + 1,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.eos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    config = VisionTextDualEncoderConfig(
        vision_config=_tower_config(parts).to_dict(), text_config=words.to_dict(), projection_dim=parts.dim
    )
    combiner = Combiner(parts.dim) if parts.combiner == "combiner" else None
    return ClipBackbone(spec, VisionTextDualEncoderModel(config), tokenizer, combiner)


def initial(
    name: str, *, dim: int | None = None, dtype: str = "float32", combiner: str = "sum"
) -> "Backbone":
    """A released model by its registry name, its hub id, or the folder that holds its files.

    Fetches it from the hub where it is not in the local cache. Raises HemlineError where the name is unknown,
    the hub cannot be reached, or the model's files cannot be loaded here.
    """
    from core.backbones.hub import fetch
    from core.backbones.registry import entry_of
    from core.backbones.released import from_folder

    if Path(name).is_dir():
        return from_folder(Path(name), dim=dim, dtype=dtype, combiner=combiner)
    found = entry_of(name)
    if found.refused:
        raise HemlineError(f"{found.name} cannot be loaded: {found.refused}")
    return from_folder(
        fetch(found.hub),
        dim=dim,
        dtype=dtype,
        image_size=found.image_size,
        framing=found.framing,
        embedder=found.embedder,
        combiner=combiner,
    )


def main() -> None:
    """Command line: read the train split, build, save."""
    parser = argparse.ArgumentParser(description="Build an untrained backbone from its parts.")
    parser.add_argument("--data", type=Path, nargs="+", help="dataset folders; their train splits are read")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    parser.add_argument("--kind", choices=["mllm", "clip"], default="mllm")
    parser.add_argument("--style", choices=STYLES, default="fastvlm", help="of kind mllm: its architecture")
    parser.add_argument("--layers", type=int, default=2, help="of the decoder or text encoder")
    parser.add_argument("--hidden", type=int, default=384)
    parser.add_argument("--heads", type=int, default=6)
    parser.add_argument("--vocab", type=int, default=2000, help="tokens of the vocabulary at most")
    parser.add_argument("--grid", type=int, default=2, help="positions a side that the tower gives; 7 is all")
    parser.add_argument("--image-grid", type=int, default=7, help="of style fastvlm: image tokens a side")
    parser.add_argument("--frozen-blocks", type=int, default=17, help="blocks of the frozen front; 17 is all")
    parser.add_argument(
        "--multiscale", action=argparse.BooleanOptionalAction, default=True, help="early layers' channels too"
    )
    parser.add_argument("--dim", type=int, default=256, help="length of a vector")
    parser.add_argument("--combiner", choices=["sum", "combiner"], default="sum", help="of kind clip")
    parser.add_argument("--pooling", choices=["last", "mean"], default="mean", help="of kind mllm")
    parser.add_argument("--framing", choices=["squash", "pad", "crop"], default="squash")
    parser.add_argument("--padding", choices=["right", "left"], default="right")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--init", help="a released model instead: a name of core.backbones.registry, a hub id or a folder"
    )
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32", help="of --init")
    options = vars(parser.parse_args())
    data, out, init, dtype = (options.pop(name) for name in ("data", "out", "init", "dtype"))
    if (data is None) == (init is None):
        raise HemlineError("give either --data, to build a new model, or --init, for a released one")
    parts = Parts(**options)

    from core.backbones.saving import refuse_other_model, save_backbone
    from core.datasets.fashioniq import join_splits
    from core.datasets.layouts import read_either

    refuse_other_model(out)
    if init is not None:
        backbone = initial(init, dtype=dtype, combiner=parts.combiner)
    else:
        backbone = build(parts, wordings(join_splits([read_either(folder, "train") for folder in data])))
    save_backbone(backbone, out)
    counts = {name: sum(p.numel() for p in found) for name, found in backbone.parts().items()}
    sizes = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    words = len(backbone.tokenizer)
    print(f"{out}: {backbone.spec.kind}, {words} tokens in the vocabulary, parameters: {sizes}")


if __name__ == "__main__":
    entry(main)
