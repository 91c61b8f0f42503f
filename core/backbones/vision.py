"""What a backbone asks of its vision side, and any vision model of transformers seen so."""

from typing import Any, Protocol, cast, runtime_checkable

import torch
from torch import Tensor, nn


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
    """A vision model that gives a `pooler_output` (CLIP's, say): its one pooled state is the feature."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def front(self, pixel_values: Tensor) -> Tensor:
        with torch.no_grad():
            states: Tensor = self.model(pixel_values=pixel_values.to(self.model.dtype)).pooler_output
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


class ProjectedVision:
    """The vision side of a chat-style model (LLaVA, InternVL), projector included, frozen whole.

    The features are what the decoder sees. `listed` says whether the model wants its precomputed pictures as
    a list of [tokens, hidden], as LLaVA does, or as one tensor; a look at a grey picture tells both shape and
    form.
    """

    def __init__(self, model: Any, image_size: int) -> None:
        self.model = model
        with torch.no_grad():
            seen = self._states(torch.zeros(1, 3, image_size, image_size, device=model.device))
        self.listed = not isinstance(seen, Tensor)
        self.shape = (int(seen[0].shape[0]), int(seen[0].shape[1]))

    def _states(self, pixel_values: Tensor) -> Any:
        pixels = pixel_values.to(self.model.dtype)
        return self.model.model.get_image_features(pixel_values=pixels, return_dict=True).pooler_output

    def front(self, pixel_values: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.stack(list(self._states(pixel_values)))

    def back(self, features: Tensor) -> Tensor:
        return features.to(self.model.dtype).transpose(1, 2).unsqueeze(-1)

    def feature_shape(self) -> tuple[int, int]:
        return self.shape

    def front_tensors(self) -> list[tuple[str, Tensor]]:
        return [(name, tensor) for part in self._parts() for name, tensor in part.state_dict().items()]

    def back_parameters(self) -> list[nn.Parameter]:
        return []

    def freeze_front(self) -> None:
        for part in self._parts():
            part.requires_grad_(False)

    def _parts(self) -> list[nn.Module]:
        return [
            cast(nn.Module, part)
            for part in (self.model.model.vision_tower, self.model.model.multi_modal_projector)
        ]
