"""What a backbone asks of its vision side, and any vision model of transformers seen so."""

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from core.backbones.clip_vision import pooled


@runtime_checkable
class Vision(Protocol):
    """A vision side split in a frozen front, whose output is cached, and a back that may train."""

    def front(self, pixel_values: Tensor) -> Tensor:
        """[n, 3, size, size] to features [n, tokens, channels], without gradient."""

    def back(self, features: Tensor) -> Tensor:
        """Features [n, tokens, channels] to states [n, hidden, side, side]."""

    def feature_shape(self) -> tuple[int, int]:
        """Tokens and channels of one picture's features."""

    def front_tensors(self) -> list[tuple[str, Tensor]]:
        """What the features depend on."""

    def back_parameters(self) -> list[nn.Parameter]:
        """What may train."""

    def freeze_front(self) -> None:
        """Take the gradient from what `front` uses."""


class FrozenVision:
    """A vision model that gives a `pooler_output` (CLIP's, say): its one pooled state is the feature.

    `at_once`: on a CPU so many pictures at once take less time than one by one.
    """

    at_once = 8

    def __init__(self, model: Any) -> None:
        self.model = model

    def front(self, pixel_values: Tensor) -> Tensor:
        with torch.no_grad():
            pixels = pixel_values.to(self.model.dtype)
            if self.model.config.model_type == "clip_vision_model":
                return pooled(self.model, pixels)[:, None]
            states: Tensor = self.model(pixel_values=pixels).pooler_output
        return states[:, None]

    def back(self, features: Tensor) -> Tensor:
        return features.to(self.model.dtype).transpose(1, 2).unsqueeze(-1)

    def feature_shape(self) -> tuple[int, int]:
        return 1, int(self.model.config.hidden_size)

    def front_tensors(self) -> list[tuple[str, Tensor]]:
        return list(self.model.state_dict().items())

    def back_parameters(self) -> list[nn.Parameter]:
        return []

    def freeze_front(self) -> None:
        self.model.requires_grad_(False)
