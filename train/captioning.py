"""The language-model loss on captions, for stage 1 and for a stage 2 that goes on captioning."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from train.material import fitted
from train.precision import computing

if TYPE_CHECKING:
    from torch import Tensor

    from core.backbones.base import Backbone


def caption_loss(backbone: "Backbone", rows: "Tensor", captions: Sequence[str], precision: str) -> "Tensor":
    """Mean loss a token, a scalar in nats, of features float32 [n, tokens, channels] and their captions.

    A caption that is too long for the model loses its last words. The backbone is of kind "mllm".
    """
    from core.backbones.mllm import MllmBackbone

    assert isinstance(backbone, MllmBackbone)
    texts = fitted(backbone, list(captions))
    with computing(precision):
        return backbone.caption_loss(rows, texts)
