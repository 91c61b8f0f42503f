"""LoRA adapters of PEFT on one decoder: of the query, of the target, and where it stays frozen of captioning.

The caption adapter stands for what stage 1 taught a frozen decoder, so the sides are learnt on top of it:
with it, a vector is made by two adapters at once.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from core.backbones.unsafe import refuse_unsafe
from core.errors import HemlineError
from core.files import read_json, write_json

if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel
    from transformers import PreTrainedModel

SIDES = ("query", "target")
CAPTION = "caption"
NAMES = (CAPTION, *SIDES)
FOLDER = "adapters"


def create(
    model: nn.Module,
    decoder: nn.Module,
    rank: int,
    alpha: int,
    dropout: float,
    seed: int,
    names: Sequence[str] = SIDES,
) -> "PeftModel":
    """Inject a LoRA adapter for each of `names` into every linear layer of `decoder`, which lies in `model`.

    All start as the identity, in float32 whatever the decoder is in. Returns PEFT's wrapper, which is needed
    for saving and for `add`: `model` itself is changed.
    """
    from peft import PeftModel

    path = next(name for name, module in model.named_modules() if module is decoder)
    layers = {
        name.rsplit(".", 1)[-1] for name, module in decoder.named_modules() if isinstance(module, nn.Linear)
    }
    if not layers:
        raise HemlineError("the decoder has no linear layers to adapt")
    config = _config(rank, alpha, dropout, rf"{re.escape(path)}\..*\.({'|'.join(sorted(layers))})")
    with _seeded(seed), _what_trains_kept(model):
        wrapper = PeftModel(cast("PreTrainedModel", model), config, adapter_name=names[0])
        for name in names[1:]:
            wrapper.add_adapter(name, config)
    return wrapper


def add(wrapper: "PeftModel", rank: int, alpha: int, dropout: float, seed: int, names: Sequence[str]) -> None:
    """Inject further adapters, as `create` does, into the layers that have those of `wrapper`."""
    layers = next(iter(wrapper.peft_config.values())).target_modules  # type: ignore[attr-defined]
    config = _config(rank, alpha, dropout, layers)
    with _seeded(seed), _what_trains_kept(wrapper):
        for name in names:
            wrapper.add_adapter(name, config)


def rank_of(wrapper: "PeftModel", name: str) -> int:
    """The rank of one adapter."""
    return int(wrapper.peft_config[name].r)  # type: ignore[attr-defined]


def _config(rank: int, alpha: int, dropout: float, layers: str) -> "LoraConfig":
    from peft import LoraConfig

    return LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=dropout, target_modules=layers)


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


@contextmanager
def _what_trains_kept(model: nn.Module) -> Iterator[None]:
    """PEFT freezes the rest of the model; what trains is for the training stage to say."""
    before = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    yield
    for parameter, flag in before:
        parameter.requires_grad_(flag)


def save(wrapper: "PeftModel", folder: Path) -> None:
    """Each adapter as its own folder of safetensors, in PEFT's format."""
    names = [name for name in NAMES if name in wrapper.peft_config]
    wrapper.save_pretrained(str(folder / FOLDER), selected_adapters=names, save_embedding_layers=False)
    for readme in (folder / FOLDER).rglob("README.md"):
        readme.unlink()
    for config in (folder / FOLDER).rglob("adapter_config.json"):
        # The base is two folders up; PEFT writes where on this machine it was loaded from.
        write_json(config, {**read_json(config), "base_model_name_or_path": None})


def load(model: nn.Module, folder: Path, names: Sequence[str]) -> "PeftModel":
    """The adapters that `save` wrote, injected into `model`."""
    from peft import PeftModel

    for name in names:
        refuse_unsafe(folder / FOLDER / name)
    first, *others = names
    # PEFT would read the weights onto a GPU where there is one; the model is moved as a whole, or not at all
    where = "cpu"
    with _what_trains_kept(model):
        wrapper = PeftModel.from_pretrained(
            model, str(folder / FOLDER / first), adapter_name=first, is_trainable=True, torch_device=where
        )
        for name in others:
            path = str(folder / FOLDER / name)
            wrapper.load_adapter(path, adapter_name=name, is_trainable=True, torch_device=where)
    return wrapper


def activate(model: nn.Module, names: Sequence[str]) -> None:
    """Let the adapters `names` take part in the forward pass together; what trains stays as it was."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for module in model.modules():
        if isinstance(module, BaseTunerLayer):
            flags = [(parameter, parameter.requires_grad) for parameter in module.parameters()]
            module.enable_adapters(bool(names))
            if names:
                module.set_adapter(list(names))
            for parameter, flag in flags:
                parameter.requires_grad_(flag)


def parameters(model: nn.Module, adapter: str) -> list[nn.Parameter]:
    """The parameters of one adapter."""
    return [parameter for name, parameter in model.named_parameters() if _is_of(name, adapter)]


def base_tensors(model: nn.Module) -> dict[str, Tensor]:
    """The model's tensors as they are named without adapters."""
    return {
        name.replace(".base_layer.", "."): tensor
        for name, tensor in model.state_dict().items()
        if "lora_" not in name
    }


def adapter_tensors(model: nn.Module, adapter: str) -> Iterator[tuple[str, Tensor]]:
    """Names and tensors of one adapter."""
    return ((name, tensor) for name, tensor in model.state_dict().items() if _is_of(name, adapter))


def _is_of(name: str, adapter: str) -> bool:
    return "lora_" in name and f".{adapter}." in name
