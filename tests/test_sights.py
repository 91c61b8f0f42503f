"""What a backbone feeds a released model is what the model's own processor and forward pass would."""

import numpy as np
import pytest
import torch
from transformers import AutoImageProcessor

from core.backbones.framing import to_pixels
from core.backbones.mllm import MllmBackbone
from core.backbones.sights import OneTile, QwenSight
from tests.tiny_backbones import drawn
from tests.tiny_released import RELEASED, SIDE, hub_folder, released

ONE = {"crop_to_patches": False, "do_image_splitting": False}
ONE_TILE = ("llava_next", "llava_onevision")


def squares(count: int) -> list:
    """Pictures of the models' own size, which no framing changes."""
    return [picture.resize((SIDE, SIDE)) for picture in drawn(count)]


@pytest.mark.parametrize("name", [name for name in RELEASED if name not in ONE_TILE])
def test_the_pixels_are_the_image_processors(name: str) -> None:
    backbone = released(name)
    processor = AutoImageProcessor.from_pretrained(hub_folder(name))
    options = {key: value for key, value in ONE.items() if hasattr(processor, key)}
    own = torch.as_tensor(np.asarray(processor(squares(2), **options)["pixel_values"])).float()
    ours = to_pixels(squares(2), backbone.spec)
    if isinstance(backbone.tower, QwenSight):
        ours = backbone.tower._patches(ours)
    torch.testing.assert_close(ours, own.reshape(ours.shape), atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ONE_TILE)
def test_one_tile_is_packed_as_the_model_packs_a_single_one(name: str) -> None:
    sight = released(name).tower
    assert isinstance(sight, OneTile)
    pixels = torch.randn(1, 3, SIDE, SIDE)
    with torch.inference_mode():
        tokens = sight.look(pixels)
        extra = {"vision_feature_select_strategy": "default"} if name == "llava_next" else {}
        packed = sight.base.pack_image_features(
            [tokens[:, :-1]], torch.tensor([[SIDE, SIDE]]), image_newline=sight.base.image_newline, **extra
        )[0]
    torch.testing.assert_close(tokens[0], packed[0])


@pytest.mark.parametrize("name", ["llava", "internvl", "qwen2_5_vl", "qwen3_vl", "smolvlm", "blip2"])
def test_a_vector_is_what_the_models_own_forward_pass_gives(name: str) -> None:
    backbone = released(name)
    assert isinstance(backbone, MllmBackbone)
    pixels = to_pixels(squares(1), backbone.spec)
    features = backbone.tower.front(pixels).float()
    row = backbone._prompt(backbone.spec.prompts["target"], features, 1)
    inputs: dict[str, torch.Tensor] = {"input_ids": torch.tensor([row]), "pixel_values": pixels}
    if isinstance(backbone.tower, QwenSight):
        inputs["pixel_values"] = backbone.tower._patches(pixels)
        inputs["image_grid_thw"] = backbone.tower.grid(1)
        inputs["mm_token_type_ids"] = (inputs["input_ids"] == backbone.image_id).int()
    elif name == "smolvlm":
        inputs["pixel_values"] = pixels[:, None]
    with torch.inference_mode():
        own = backbone.model(**inputs).logits[0, -1]
        batch = backbone._pad([row])
        ours = backbone.model.get_output_embeddings()(backbone._states(batch, features))[0, -1]
    torch.testing.assert_close(ours, own, atol=1e-5, rtol=1e-5)
