"""Qwen2.5-VL and Qwen3-VL: the generic code with positions in three axes (time, height, width)."""

from typing import Any

from torch import Tensor

from core.backbones.mllm import MllmBackbone
from core.backbones.padding import Padded
from core.backbones.sights import QwenSight


class QwenBackbone(MllmBackbone):
    """A Qwen-VL model, whose image tokens have a place in the picture besides one in the text."""

    def _positions(self, batch: Padded, tokens: Tensor | None) -> Tensor:
        """Each token's place in time, height and width, int64 [3, n, length]; padding has none."""
        positions: Tensor = self.model.model.get_rope_index(
            batch.ids, attention_mask=batch.mask, **self._places(batch, tokens)
        )[0]
        return positions

    def _generation_inputs(self, batch: Padded, tokens: Tensor | None) -> dict[str, Any]:
        return {**super()._generation_inputs(batch, tokens), **self._places(batch, tokens)}

    def _places(self, batch: Padded, tokens: Tensor | None) -> dict[str, Tensor | None]:
        """Which tokens are of a picture, and each picture's grid."""
        assert isinstance(self._sight, QwenSight)
        pictures = None if tokens is None else self._sight.grid(len(tokens)).to(batch.ids.device)
        return {"mm_token_type_ids": (batch.ids == self.image_id).int(), "image_grid_thw": pictures}
