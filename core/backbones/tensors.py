"""safetensors files of our own: faults as one sentence, and a fingerprint of what is in memory."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from core.errors import HemlineError


def write_tensors(tensors: Mapping[str, Tensor], path: Path, metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file; HemlineError where the disk does not take it."""
    try:
        save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, path, metadata)
    except SafetensorError as error:
        raise HemlineError(f"{path} cannot be written ({error}); free some space and try again") from None


def read_tensors(path: Path, mend: str) -> dict[str, Tensor]:
    """The tensors of a safetensors file; HemlineError ending with `mend` where it is absent or damaged."""
    if not path.is_file():
        raise HemlineError(f"{path} is missing; {mend}")
    try:
        return load_file(path)
    except SafetensorError as error:
        raise HemlineError(f"{path} is damaged ({error}); {mend}") from None


def stored_type(path: Path) -> torch.dtype | None:
    """The type of the first tensor of a safetensors file; None where there is no such file.

    HemlineError where it is damaged.
    """
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            return next((file.get_tensor(name).dtype for name in file.keys()), None)  # noqa: SIM118, no mapping
    except SafetensorError as error:
        raise HemlineError(f"{path} is damaged ({error}); copy the whole model folder again") from None


def load_into(module: nn.Module, path: Path) -> None:
    """Load a safetensors file into `module`; HemlineError when it is absent or of another shape."""
    found, expected = read_tensors(path, "copy the whole model folder again"), module.state_dict()
    shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}
    wanted = {name: tuple(tensor.shape) for name, tensor in expected.items()}
    if shapes != wanted:
        raise HemlineError(
            f"{path} holds {shapes}, but the specification asks for {wanted}; copy the model folder again"
        )
    module.load_state_dict(found)


def tensors_fingerprint(tensors: Iterable[tuple[str, Tensor]], *facts: object) -> str:
    """sha256 over names, shapes, types and bytes of `tensors` and over `facts`."""
    digest = hashlib.sha256(repr(facts).encode())
    for name, tensor in sorted(tensors, key=lambda pair: pair[0]):
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
