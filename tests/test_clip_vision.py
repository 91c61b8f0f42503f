"""CLIP as it is computed here: the same pixels and the same vectors as transformers' own, only sooner."""

import numpy as np
import pytest
import torch
import transformers as t
from PIL import Image

from core.backbones.clip_vision import pooled
from core.backbones.framing import frame
from tests.tiny_backbones import drawn


@pytest.mark.parametrize("act", ["quick_gelu", "gelu"])
def test_the_pooled_state_is_that_of_the_whole_model(act: str) -> None:
    torch.manual_seed(0)
    config = t.CLIPVisionConfig(
        hidden_size=32, intermediate_size=64, num_hidden_layers=3, num_attention_heads=4, image_size=32,
        patch_size=8, hidden_act=act, initializer_factor=4.0,
    )  # fmt: skip
    model = t.CLIPVisionModel(config).eval()
    pixels = torch.randn(3, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(pooled(model, pixels), model(pixels).pooler_output, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(400, 533), (533, 400), (224, 224), (640, 301), (57, 90)])
def test_the_middle_is_what_clips_own_processor_sees(size: tuple[int, int]) -> None:
    picture = drawn(1)[0].resize(size, Image.Resampling.BICUBIC)
    eye = t.CLIPImageProcessorPil(
        size={"shortest_edge": 64}, crop_size=64, do_normalize=False, do_rescale=False
    )
    theirs = np.asarray(eye(picture, return_tensors="np").pixel_values[0]).transpose(1, 2, 0)
    assert np.abs(np.asarray(frame(picture, 64, "centre")).astype(int) - theirs.astype(int)).max() <= 1
