"""How each chat-style architecture of transformers looks at a framed picture, frozen whole.

One tile a picture, at the model's base size: the number of image tokens is then a fact of the model, and a
picture's features have one shape. What the decoder sees is computed by the architecture's own modules.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_outputs import BaseModelOutputWithPooling

from core.errors import HemlineError


class Sight:
    """The vision side of LLaVA-1.5, InternVL and FastVLM, projector included: `Vision`, frozen whole.

    The features [n, tokens, channels] are what the decoder sees. A look at a grey picture tells their shape,
    and whether the model wants its precomputed pictures as a list of [tokens, hidden] or as one tensor.
    """

    modules: tuple[str, ...] = ("vision_tower", "multi_modal_projector")
    parameters: tuple[str, ...] = ()

    def __init__(self, model: Any, image_size: int) -> None:
        self.model = model
        self.base = getattr(model, "model", model)
        self.image_size = image_size
        self.listed = True
        with torch.no_grad():
            grey = torch.zeros(1, 3, image_size, image_size, device=model.device, dtype=model.dtype)
            seen = self.look(grey)
        self.shape = (int(seen.shape[1]), int(seen.shape[2]))

    def look(self, pixels: Tensor) -> Tensor:
        """Pixels [n, 3, size, size] in the model's own dtype to features [n, tokens, channels]."""
        seen = self.base.get_image_features(pixel_values=pixels, return_dict=True).pooler_output
        self.listed = not isinstance(seen, Tensor)
        return torch.stack(list(seen)) if self.listed else seen

    def seen(self, tokens: Tensor) -> BaseModelOutputWithPooling:
        """Features [k, tokens, channels] as the model takes precomputed pictures."""
        return BaseModelOutputWithPooling(pooler_output=list(tokens) if self.listed else tokens)  # type: ignore[arg-type]

    def front(self, pixel_values: Tensor) -> Tensor:
        """Normalised pixels to features, without gradient; HemlineError where float16 cannot hold them."""
        with torch.no_grad():
            states = self.look(pixel_values.to(self.model.dtype))
        if not torch.isfinite(states.half()).all():
            raise HemlineError(
                "the picture's features do not fit into float16, in which they are kept; load the model as "
                "float32, and if that says so too, its weights are damaged"
            )
        return states

    def back(self, features: Tensor) -> Tensor:
        """Features as they are, in the model's dtype: [n, channels, tokens, 1]."""
        return features.to(self.model.dtype).transpose(1, 2).unsqueeze(-1)

    def feature_shape(self) -> tuple[int, int]:
        """Tokens and channels of one picture's features."""
        return self.shape

    def front_tensors(self) -> list[tuple[str, Tensor]]:
        """Names and tensors that the features depend on."""
        found = [
            (f"{name}.{key}", tensor)
            for name, module in self._modules()
            for key, tensor in module.state_dict().items()
        ]
        return found + [(name, getattr(self.base, name)) for name in self.parameters]

    def back_parameters(self) -> list[nn.Parameter]:
        """Nothing: the whole side is frozen."""
        return []

    def freeze_front(self) -> None:
        """Take the gradient from the whole side."""
        for _, module in self._modules():
            module.requires_grad_(False)
        for name in self.parameters:
            getattr(self.base, name).requires_grad_(False)

    def _modules(self) -> Iterator[tuple[str, nn.Module]]:
        return ((name, getattr(self.base, name)) for name in self.modules)


class OneTile(Sight):
    """LLaVA-1.6 and LLaVA-OneVision: the base tile alone, and the newline that ends it.

    Their own code adds tiles of the enlarged picture, in a number that its proportions choose.
    """

    parameters = ("image_newline",)

    def look(self, pixels: Tensor) -> Tensor:
        config = self.base.config
        states = self.base.vision_tower(pixels, output_hidden_states=True, return_dict=True).hidden_states
        layers = config.vision_feature_layer
        layers = [layers] if isinstance(layers, int) else layers
        chosen = torch.cat([states[layer] for layer in layers], dim=-1)
        if config.vision_feature_select_strategy == "default":  # without the class token
            chosen = chosen[:, 1:]
        tokens = self.base.multi_modal_projector(chosen)
        return torch.cat([tokens, self.base.image_newline.expand(len(tokens), 1, -1)], dim=1)


class QwenSight(Sight):
    """Qwen2.5-VL and Qwen3-VL: patches of a square grid; Qwen3's deeper features lie beside the first ones.

    The channels of Qwen3 are the decoder's width once for its input and once for each of its first layers
    that is given a picture (DeepStack).
    """

    modules = ("visual",)

    def look(self, pixels: Tensor) -> Tensor:
        grid = self.grid(len(pixels)).to(pixels.device)
        seen = self.base.get_image_features(self._patches(pixels), grid, return_dict=True)
        levels = [seen.pooler_output, *(getattr(seen, "deepstack_features", None) or [])]
        self.levels = len(levels)
        return torch.cat([torch.stack(list(level)) for level in levels], dim=-1)

    def seen(self, tokens: Tensor) -> BaseModelOutputWithPooling:
        first, *deeper = (list(level) for level in tokens.chunk(self.levels, dim=-1))
        if not deeper:
            return BaseModelOutputWithPooling(pooler_output=first)  # type: ignore[arg-type]
        from transformers.models.qwen3_vl.modeling_qwen3_vl import BaseModelOutputWithDeepstackFeatures

        return BaseModelOutputWithDeepstackFeatures(
            pooler_output=first,  # type: ignore[arg-type]
            deepstack_features=deeper,  # type: ignore[arg-type]
        )

    def grid(self, count: int) -> Tensor:
        """Time, height and width of each of `count` pictures in patches, int64 [count, 3]."""
        side = self.image_size // self.base.config.vision_config.patch_size
        return torch.tensor([[1, side, side]]).expand(count, 3)

    def _patches(self, pixels: Tensor) -> Tensor:
        """[n, 3, size, size] to [patches, values], in the order of Qwen's own image processor."""
        vision = self.base.config.vision_config
        patch, merge, frames = vision.patch_size, vision.spatial_merge_size, vision.temporal_patch_size
        blocks = self.image_size // (patch * merge)
        cut = pixels[:, None].expand(-1, frames, -1, -1, -1)
        cut = cut.reshape(len(pixels), frames, 3, blocks, merge, patch, blocks, merge, patch)
        cut = cut.permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
        return cut.reshape(len(pixels) * (blocks * merge) ** 2, -1)


class SmolSight(Sight):
    """SmolVLM and Idefics3: the global picture alone, without the splits."""

    modules = ("vision_model", "connector")

    def look(self, pixels: Tensor) -> Tensor:
        seen = self.base.get_image_features(pixel_values=pixels[:, None], return_dict=True).pooler_output
        return torch.stack(list(seen))


class Blip2Sight(Sight):
    """BLIP-2: what the Q-Former's query tokens gather, projected."""

    modules = ("vision_model", "qformer", "language_projection")
    parameters = ("query_tokens",)


SIGHTS: dict[str, type[Sight]] = {
    "llava_next": OneTile,
    "llava_onevision": OneTile,
    "qwen2_5_vl": QwenSight,
    "qwen3_vl": QwenSight,
    "smolvlm": SmolSight,
    "idefics3": SmolSight,
    "blip-2": Blip2Sight,
}


def sight_of(model: Any, image_size: int) -> Sight:
    """The vision side of a chat-style model that looks at pictures of `image_size` pixels a side."""
    return SIGHTS.get(model.config.model_type, Sight)(model, image_size)
