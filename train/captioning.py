"""The language-model loss on captions, for stage 1 and for a stage 2 that goes on captioning."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from train.chunks import in_chunks
from train.material import fitted
from train.precision import computing
from train.processes import everyones_sum, share

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
    with computing(precision, backbone.device):
        return backbone.caption_loss(rows, texts)


def shared_caption_loss(
    backbone: "Backbone",
    rows_of: "Callable[[slice], Tensor]",
    captions: Sequence[str],
    precision: str,
    chunk: int,
) -> "Tensor":
    """`caption_loss` of a batch, a `chunk` at a time, of which each process computes its share.

    `rows_of` gives the features of some of the captions' photos. The mean is over the tokens of the whole
    batch, whichever way it is cut.
    """
    import torch

    if not captions:
        return torch.zeros((), device=backbone.device)
    tokens = [_tokens(backbone, caption) for caption in captions]
    whole = sum(tokens)

    def part(some: slice) -> "Tensor":
        mean = caption_loss(backbone, rows_of(some), captions[some], precision)
        return (mean * sum(tokens[some]) / whole).reshape(1)

    own = share(len(captions))
    if own.start == own.stop:
        return everyones_sum(torch.zeros((), device=backbone.device))
    return everyones_sum(in_chunks(part, own, chunk, backbone.device).sum())


def _tokens(backbone: "Backbone", caption: str) -> int:
    """Of how many tokens the loss on a caption is made: its words' and the end's."""
    ids = backbone.tokenizer(*fitted(backbone, [caption]), add_special_tokens=False)["input_ids"]
    return len(ids) + 1
