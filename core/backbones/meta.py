"""Builds the released models without weights, on torch's meta device, and counts what is in them.

    python -m core.backbones.meta internvl3-1b
    python -m core.backbones.meta --write

The classes are transformers' own, chosen by its Auto classes from the shape on file
(`core.backbones.shapes`); nothing is downloaded, and no memory is taken. `--write` counts them all anew into
`core/backbones/parameters.json`, which is what the registry and the estimates read.
"""

import argparse
from typing import TYPE_CHECKING, Any

from core.backbones.registry import MODELS
from core.backbones.shapes import DUAL, FOLDER, PARAMETERS, PARTS, architecture
from core.cli import entry
from core.errors import HemlineError
from core.files import write_json

if TYPE_CHECKING:
    from torch import nn

# Parts of the names of parameters, the first that fits; the rest is the decoder's.
_CONNECTOR = (
    "multi_modal_projector", "connector", "qformer", "query_tokens", "language_projection", "merger",
    "image_newline", "visual_projection",
)  # fmt: skip
_VISION = ("vision_tower", "vision_model", "visual.", "logit_")


def meta_model(name: str) -> "nn.Module":
    """The model of that name on the meta device, in bfloat16.

    HemlineError where its shape is not on file, or its vision tower is not one of transformers'.
    """
    fields = architecture(name)
    if fields["vision_config"].get("model_type") == "timm_wrapper":
        raise HemlineError(f"{name} has a vision tower of timm's, which cannot be built here")
    return on_meta(fields)


def on_meta(config: dict[str, Any]) -> "nn.Module":
    """The model that a config.json describes, on the meta device, in bfloat16."""
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText

    from core.backbones.saving import quiet

    fields = dict(config)
    kind = str(fields.pop("model_type"))
    if kind == "minigpt4":
        from core.backbones import minigpt4_model  # noqa: F401  (makes it known to transformers)
    auto: Any = AutoModel if kind in DUAL else AutoModelForImageTextToText
    with quiet(), torch.device("meta"):
        model: nn.Module = auto.from_config(AutoConfig.for_model(kind, **fields), dtype=torch.bfloat16)
    return model


def count_parts(model: "nn.Module") -> dict[str, int]:
    """Parameters by `core.backbones.shapes.PARTS`; a shared one counts once, as the decoder's."""
    found = dict.fromkeys(PARTS, 0)
    for name, parameter in model.named_parameters():
        found[_part(name)] += parameter.numel()
    return found


def _part(name: str) -> str:
    if any(piece in name for piece in _CONNECTOR):
        return "connector"
    if any(piece in name for piece in _VISION):
        return "vision"
    return "head" if "lm_head" in name else "decoder"


def count_adapters(model: Any, rank: int, kind: str = "") -> int:
    """Inject both LoRA adapters of `rank` into the decoder, as training does; parameters of the two."""
    import torch

    from core.backbones.adapters import SIDES, create, parameters
    from core.backbones.saving import quiet

    inner = model.language_model if kind == "blip-2" else model
    with quiet(), torch.device("meta"):
        create(model, inner.get_decoder(), rank, 2 * rank, 0.0, 0)
    return sum(parameter.numel() for side in SIDES for parameter in parameters(model, side))


def count_model(name: str) -> dict[str, int]:
    """Parameters by part of the model of that name; of a tower of timm's, its published size stands."""
    fields = architecture(name)
    tower = fields["vision_config"]
    if tower.get("model_type") != "timm_wrapper":
        return count_parts(meta_model(name))
    return _count_over_timm(fields["text_config"], tower)


def _count_over_timm(words: dict[str, Any], tower: dict[str, Any]) -> dict[str, int]:
    """FastVLM: its decoder built alone, two linear layers of its projector, the tower as published."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    fields = dict(words)
    kind, width = str(fields.pop("model_type")), int(words["hidden_size"])
    with torch.device("meta"):
        decoder = AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **fields))
    found = count_parts(decoder)
    found["connector"] = (int(tower["hidden_size"]) + 1) * width + (width + 1) * width
    return found | {"vision": int(tower["parameters"])}


def main() -> None:
    """Command line: count models, or write down what all of them have."""
    parser = argparse.ArgumentParser(
        prog="python -m core.backbones.meta",
        description="Count the parameters of released models, without their weights.",
    )
    parser.add_argument("names", nargs="*", help="names of the registry; none: all on file")
    parser.add_argument("--write", action="store_true", help=f"count all into {PARAMETERS.name}")
    options = parser.parse_args()
    on_file = [model.name for model in MODELS if (FOLDER / f"{model.name}.json").is_file()]
    if options.write and options.names:
        raise HemlineError("--write counts every model; leave the names out")
    found = {}
    for name in options.names or on_file:
        found[name] = count_model(name)
        parts = "  ".join(f"{part} {number:,}" for part, number in found[name].items())
        print(f"{name}: {sum(found[name].values()):,}  ({parts})", flush=True)
    if options.write:
        write_json(PARAMETERS, found)


if __name__ == "__main__":
    entry(main)
