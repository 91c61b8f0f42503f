"""The backbones: pictures and words to vectors, by CLIP or a multi-modal language model."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.backbones.base import Backbone


def load_backbone(path: Path) -> "Backbone":
    """The model saved in the folder `path`, ready to embed; HemlineError when it is not whole.

    A version's folder (`core.versions`) gives the model it goes with, with the version's query side.
    """
    from core.backbones.saving import checked_spec, quiet
    from core.versions import base_of, is_version, read_version

    folder = Path(path)
    if is_version(folder):
        from core.backbones.query_side import read_query_side, with_query_side

        return with_query_side(load_backbone(base_of(read_version(folder))), read_query_side(folder))
    spec = checked_spec(folder)
    with quiet():
        if spec.kind == "clip":
            from core.backbones.clip import load_clip

            return load_clip(folder, spec)
        from core.backbones.mllm import load_mllm

        return load_mllm(folder, spec)
