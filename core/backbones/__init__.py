"""The backbones: pictures and words to vectors, by CLIP or a multi-modal language model."""

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import HemlineError

if TYPE_CHECKING:
    from core.backbones.base import Backbone


def load_backbone(path: Path, quantize: str = "none", device: str = "cpu") -> "Backbone":
    """The model saved in the folder `path`, ready to embed; HemlineError when it is not whole.

    A version's folder (`core.versions`) gives the model it goes with, with the version's query side.
    `quantize`: how a language model's frozen weights are packed (`core.backbones.quantize.KINDS`), to train
    adapters on; HemlineError where the model, or what is installed, does not allow it. `device` is torch's
    name of where it shall be (`core.devices.find_device`).
    """
    from core.backbones.saving import checked_spec, quiet
    from core.versions import base_of, is_version, read_version

    folder = Path(path)
    if is_version(folder):
        from core.backbones.query_side import read_query_side, with_query_side

        base = base_of(read_version(folder))
        return with_query_side(load_backbone(base, device=device), read_query_side(folder))
    spec = checked_spec(folder)
    with quiet():
        if spec.kind == "clip":
            from core.backbones.clip import load_clip

            if quantize != "none":
                raise HemlineError(
                    f"--quantize packs a language model and {folder} is of kind clip; leave it out"
                )
            return load_clip(folder, spec).to(device)
        from core.backbones.mllm import load_mllm

        return load_mllm(folder, spec, quantize, device)
