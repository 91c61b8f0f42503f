"""MiniGPT-4 as a model of transformers, which has none: EVA's vision tower, BLIP-2's Q-Former, Llama.

The vision side is Blip2's (`Blip2VisionModel`, `Blip2QFormerModel`), the decoder any Llama, and one linear
layer joins them (Zhu et al. 2023, "MiniGPT-4"). The Vicuna version looks through the Q-Former's query tokens;
the Llama-2 version has no Q-Former and joins four neighbouring patches to one token instead. The frame around
them is FastVLM's, whose forward pass and generation take precomputed pictures.
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForImageTextToText,
    Blip2QFormerConfig,
    Blip2QFormerModel,
    Blip2VisionConfig,
    Blip2VisionModel,
    FastVlmConfig,
    FastVlmForConditionalGeneration,
    FastVlmModel,
    PreTrainedConfig,
    PreTrainedModel,
    initialization,
)
from transformers.modeling_outputs import BaseModelOutputWithPooling

from core.backbones.tower import Tower, TowerConfig

# LAVIS normalises the tower's output with PyTorch's own epsilon; the layers inside it have 1e-6.
LN_VISION_EPS = 1e-5
# Neighbouring patches that are one token where there is no Q-Former.
JOINED_PATCHES = 4
MODEL_TYPE = "minigpt4"


class MiniGpt4VisionConfig(PreTrainedConfig):
    """Shape of the vision side.

    `eye` holds the fields of `Blip2VisionConfig`, or with their model type those of `TowerConfig` (a small
    model over our own tower, whose Q-Former trains), `qformer` those of `Blip2QFormerConfig` (None: the
    Llama-2 version). `frozen_qformer` says whether the Q-Former belongs to the frozen front, whose output is
    cached on disk, or may train.
    """

    model_type = "minigpt4_vision"

    eye: dict[str, Any] | None = None
    qformer: dict[str, Any] | None = None
    query_tokens: int = 32
    frozen_qformer: bool = True
    hidden_size: int = 0

    def __post_init__(self, **kwargs: object) -> None:
        eye = eye_config(self.eye)
        if isinstance(eye, TowerConfig) and (self.qformer is None or self.frozen_qformer):
            raise ValueError("a tower of ours needs a Q-Former that trains: its features stop before it")
        if self.qformer is None:
            self.hidden_size = JOINED_PATCHES * eye.hidden_size
        else:
            self.hidden_size = Blip2QFormerConfig(**self.qformer).hidden_size
        super().__post_init__(**kwargs)


def eye_config(fields: dict[str, Any] | None) -> Blip2VisionConfig | TowerConfig:
    """The configuration of the vision tower itself."""
    if fields and fields.get("model_type") == TowerConfig.model_type:
        return TowerConfig(**fields)
    return Blip2VisionConfig(**(fields or {}))


class MiniGpt4Vision(PreTrainedModel):
    """The vision side: pictures to what the projection takes, in a frozen front and a back that may train.

    It always computes as in evaluation: a picture's features are no matter of chance.
    """

    config_class = MiniGpt4VisionConfig
    base_model_prefix = "vision"
    main_input_name = "pixel_values"

    def __init__(self, config: MiniGpt4VisionConfig) -> None:
        super().__init__(config)
        eye = eye_config(config.eye)
        self.eye: Any = Tower(eye) if isinstance(eye, TowerConfig) else Blip2VisionModel(eye)
        if not isinstance(self.eye, Tower):
            self.eye.post_layernorm.eps = LN_VISION_EPS
        self.qformer: Any = None
        if config.qformer is not None:
            qformer = Blip2QFormerConfig(**{**config.qformer, "encoder_hidden_size": eye.hidden_size})
            self.query_tokens = nn.Parameter(torch.zeros(1, config.query_tokens, qformer.hidden_size))
            self.qformer = Blip2QFormerModel(qformer)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        super()._init_weights(module)
        if module is self and self.qformer is not None:
            # of zeros, all queries would see the same and learn the same for ever
            initialization.normal_(self.query_tokens, std=0.02)

    @property
    def dtype(self) -> torch.dtype:
        return self.eye.dtype  # the query tokens stay in float32

    def train(self, mode: bool = True) -> "MiniGpt4Vision":
        return super().train(False)

    def front(self, pixel_values: Tensor) -> Tensor:
        """Pictures [n, 3, size, size] to features [n, tokens, channels], without gradient."""
        with torch.no_grad():
            if isinstance(self.eye, Tower):
                return self.eye.front(pixel_values)
            states = self.eye(pixel_values=pixel_values.to(self.dtype)).last_hidden_state
            return states if self._opened else self._seen(states)

    def back(self, features: Tensor) -> Tensor:
        """The rest: features [n, tokens, channels] of any float type to [n, hidden_size, tokens, 1]."""
        states = features.to(self.dtype)
        if isinstance(self.eye, Tower):
            states = self.eye.back(states).flatten(2).transpose(1, 2)
        if self._opened:
            states = self._seen(states)
        return states.transpose(1, 2).unsqueeze(-1)

    def feature_shape(self) -> tuple[int, int]:
        """Tokens and channels of one picture's features as `front` gives them."""
        if isinstance(self.eye, Tower):
            return self.eye.feature_shape()
        eye = self.eye.config
        patches = self.eye.embeddings.num_patches
        if self._opened:
            return patches + 1, eye.hidden_size
        if self.qformer is not None:
            return self.config.query_tokens, self.config.hidden_size
        return patches // JOINED_PATCHES, self.config.hidden_size

    def front_tensors(self) -> list[tuple[str, Tensor]]:
        """What the features depend on."""
        if isinstance(self.eye, Tower):
            return self.eye.front_tensors()
        tensors = self.eye.state_dict() if self._opened else self.state_dict()
        return list(tensors.items())

    def back_parameters(self) -> list[nn.Parameter]:
        """What may train: the Q-Former, where it is not frozen, and what a tower of ours leaves open."""
        eye = self.eye.back_parameters() if isinstance(self.eye, Tower) else []
        return [*eye, self.query_tokens, *self.qformer.parameters()] if self._opened else []

    def freeze_front(self) -> None:
        """Take the gradient from what `front` uses."""
        self.requires_grad_(False)
        for parameter in self.back_parameters():
            parameter.requires_grad_(True)

    def forward(self, pixel_values: Tensor, **unused: object) -> BaseModelOutputWithPooling:
        hidden = self.back(self.front(pixel_values))
        return BaseModelOutputWithPooling(last_hidden_state=hidden, pooler_output=hidden.mean(dim=(2, 3)))

    @property
    def _opened(self) -> bool:
        """Whether the Q-Former may train, so that the features stop before it."""
        return self.qformer is not None and not self.config.frozen_qformer

    def _seen(self, states: Tensor) -> Tensor:
        """The tower's states [n, 1 + patches, width] to what the projection takes, [n, tokens, channels]."""
        if self.qformer is None:
            patches = states[:, 1:]
            count = patches.shape[1] // JOINED_PATCHES
            return patches.reshape(len(states), count, JOINED_PATCHES * states.shape[2])
        queries = self.query_tokens.expand(len(states), -1, -1)
        seen = self.qformer(query_embeds=queries, encoder_hidden_states=states).last_hidden_state
        return seen.to(states.dtype)


class MiniGpt4Config(FastVlmConfig):
    """A `MiniGpt4VisionConfig` and a `LlamaConfig`, whose vocabulary holds the image placeholder."""

    model_type = MODEL_TYPE


class MiniGpt4Model(FastVlmModel):
    """FastVLM's frame with MiniGPT-4's vision side and its single linear projection."""

    config_class = MiniGpt4Config

    def __init__(self, config: MiniGpt4Config) -> None:
        super().__init__(config)
        sight, words = (cast(Any, part) for part in (config.vision_config, config.text_config))
        self.multi_modal_projector: Any = nn.Linear(sight.hidden_size, words.hidden_size)
        self.post_init()


class MiniGpt4ForConditionalGeneration(FastVlmForConditionalGeneration):
    """MiniGPT-4 with its language-model head."""

    config_class = MiniGpt4Config
    # The original runs the Q-Former in float32, whatever the rest is in.
    _keep_in_fp32_modules_strict = ("qformer", "query_tokens")  # type: ignore[assignment]

    def __init__(self, config: MiniGpt4Config) -> None:
        super(FastVlmForConditionalGeneration, self).__init__(config)
        self.model = MiniGpt4Model(config)
        words = cast(Any, config.text_config)
        self.lm_head = nn.Linear(words.hidden_size, words.vocab_size, bias=False)
        self.post_init()

    @property
    def dtype(self) -> torch.dtype:
        return self.lm_head.weight.dtype


AutoConfig.register(MiniGpt4VisionConfig.model_type, MiniGpt4VisionConfig, exist_ok=True)
AutoModel.register(MiniGpt4VisionConfig, MiniGpt4Vision, exist_ok=True)
AutoConfig.register(MODEL_TYPE, MiniGpt4Config, exist_ok=True)
AutoModelForImageTextToText.register(MiniGpt4Config, MiniGpt4ForConditionalGeneration, exist_ok=True)
