"""The query and the target adapter: two LoRA adapters of PEFT on one decoder."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from core.errors import HemlineError
from core.files import read_json, write_json

if TYPE_CHECKING:
    from peft import PeftModel
    from transformers import PreTrainedModel

SIDES = ("query", "target")
FOLDER = "adapters"


def create(
    model: nn.Module, decoder: nn.Module, rank: int, alpha: int, dropout: float, seed: int
) -> "PeftModel":
    """Inject a LoRA adapter for each of `SIDES` into every linear layer of `decoder`, which lies in `model`.

    Both start as the identity. Returns PEFT's wrapper, which is needed for saving only: `model` itself is
    changed.
    """
    from peft import LoraConfig, PeftModel

    path = next(name for name, module in model.named_modules() if module is decoder)
    layers = {
        name.rsplit(".", 1)[-1] for name, module in decoder.named_modules() if isinstance(module, nn.Linear)
    }
    if not layers:
        raise HemlineError("the decoder has no linear layers to adapt")
    config = LoraConfig(
        r=rank,
        lora_alpha=alpha,
        lora_dropout=dropout,
        target_modules=rf"{re.escape(path)}\..*\.({'|'.join(sorted(layers))})",
    )
    trained = [parameter.requires_grad for parameter in model.parameters()]
    before = list(model.parameters())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        wrapper = PeftModel(cast("PreTrainedModel", model), config, adapter_name=SIDES[0])
        wrapper.add_adapter(SIDES[1], config)
    # PEFT freezes the rest of the model; what trains is for the training stage to say.
    for parameter, flag in zip(before, trained, strict=True):
        parameter.requires_grad_(flag)
    return wrapper


def save(wrapper: "PeftModel", folder: Path) -> None:
    """Each adapter as its own folder of safetensors, in PEFT's format."""
    wrapper.save_pretrained(str(folder / FOLDER), selected_adapters=list(SIDES), save_embedding_layers=False)
    for readme in (folder / FOLDER).rglob("README.md"):
        readme.unlink()
    for config in (folder / FOLDER).rglob("adapter_config.json"):
        # The base is two folders up; PEFT writes where on this machine it was loaded from.
        write_json(config, {**read_json(config), "base_model_name_or_path": None})


def load(model: nn.Module, folder: Path, names: Sequence[str]) -> "PeftModel":
    """The adapters that `save` wrote, injected into `model`."""
    from peft import PeftModel

    before = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    first, *others = names
    # PEFT would read the weights onto a GPU where there is one; the model is moved as a whole, or not at all
    where = "cpu"
    wrapper = PeftModel.from_pretrained(
        model, str(folder / FOLDER / first), adapter_name=first, is_trainable=True, torch_device=where
    )
    for name in others:
        path = str(folder / FOLDER / name)
        wrapper.load_adapter(path, adapter_name=name, is_trainable=True, torch_device=where)
    for parameter, flag in before:
        parameter.requires_grad_(flag)
    return wrapper


def activate(model: nn.Module, side: str | None) -> None:
    """Let the adapter of `side` take part in the forward pass, or none; what trains stays as it was."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for module in model.modules():
        if isinstance(module, BaseTunerLayer):
            flags = [(parameter, parameter.requires_grad) for parameter in module.parameters()]
            module.enable_adapters(side is not None)
            if side is not None:
                module.set_adapter(side)
            for parameter, flag in flags:
                parameter.requires_grad_(flag)


def parameters(model: nn.Module, side: str) -> list[nn.Parameter]:
    """The parameters of one adapter."""
    return [parameter for name, parameter in model.named_parameters() if _is_of(name, side)]


def base_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The model's tensors as they are named without adapters."""
    return {
        name.replace(".base_layer.", "."): tensor
        for name, tensor in model.state_dict().items()
        if "lora_" not in name
    }


def side_tensors(model: nn.Module, side: str) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors of one adapter."""
    return ((name, tensor) for name, tensor in model.state_dict().items() if _is_of(name, side))


def _is_of(name: str, side: str) -> bool:
    return "lora_" in name and f".{side}." in name
