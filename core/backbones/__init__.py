"""The backbones: pictures and words to vectors, by CLIP or a multi-modal language model."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.backbones.base import Backbone


def load_backbone(path: Path) -> "Backbone":
    """The model saved in the folder `path`, ready to embed; HemlineError when it is not whole."""
    from core.backbones.saving import checked_spec, quiet

    folder = Path(path)
    spec = checked_spec(folder)
    with quiet():
        if spec.kind == "clip":
            from core.backbones.clip import load_clip

            return load_clip(folder, spec)
        from core.backbones.mllm import load_mllm

        return load_mllm(folder, spec)
