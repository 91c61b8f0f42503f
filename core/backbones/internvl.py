"""InternVL over a tower of ours: transformers' own model with another vision side, and as a backbone.

`InternVLConfig` reads every vision side as InternVL's own; here it is the tower that it says it is. What is
the architecture's own is that four neighbouring positions become one token (pixel shuffle).
"""

from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForImageTextToText,
    InternVLConfig,
    InternVLForConditionalGeneration,
)

from core.backbones.mllm import MllmBackbone
from core.backbones.tower import TowerConfig


class TowerInternVlConfig(InternVLConfig):
    """An `InternVLConfig` whose `vision_config` is a `TowerConfig`."""

    model_type = "hemline_internvl"
    sub_configs_defaults = dict(InternVLConfig.sub_configs_defaults) | {"vision_config": TowerConfig}  # type: ignore[assignment]


class TowerInternVl(InternVLForConditionalGeneration):
    """InternVL with that configuration."""

    config_class = TowerInternVlConfig


class InternVlBackbone(MllmBackbone):
    """InternVL over our tower, through the code of every chat-style model."""

    def projected(self, states: Tensor) -> Tensor:
        base = self.model.model
        squares = states.permute(0, 2, 3, 1)
        joined = base.pixel_shuffle(squares, scale_factor=self.model.config.downsample_ratio)
        tokens: Tensor = base.multi_modal_projector(joined.flatten(1, 2))
        return tokens


AutoConfig.register(TowerInternVlConfig.model_type, TowerInternVlConfig, exist_ok=True)
AutoModelForImageTextToText.register(TowerInternVlConfig, TowerInternVl, exist_ok=True)
