"""The CLIP baseline: the sum, the combiner, and a released checkpoint."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import CLIPConfig, CLIPModel

from core.backbones import load_backbone
from core.backbones.clip import ClipBackbone, Combiner, from_released
from core.backbones.saving import save_backbone
from core.backbones.tokenizer import train_tokenizer
from core.errors import HemlineError
from tests.tiny_backbones import WORDS, drawn, tiny


def test_the_sum_is_of_the_two_unit_vectors() -> None:
    backbone = tiny("clip-sum")
    features = torch.from_numpy(backbone.encode_pictures(drawn(3)))
    texts = ["red", "blue shirt", "shorter"]
    with torch.inference_mode():
        summed = backbone.target_vectors(features) + backbone.text_vectors(texts)
        queries = backbone.query_vectors(features, None, texts)
    torch.testing.assert_close(queries, summed / summed.norm(dim=1, keepdim=True))


def test_the_combiner_mixes_pairs_and_leaves_single_sides() -> None:
    backbone = tiny("clip-combiner")
    assert isinstance(backbone, ClipBackbone) and backbone.combiner is not None
    features = torch.from_numpy(backbone.encode_pictures(drawn(2)))
    with torch.inference_mode():
        pictures, words = backbone.target_vectors(features), backbone.text_vectors(["red", "red"])
        mixed = backbone.combiner(pictures, words)
        queries = backbone.query_vectors(features, None, ["red", None])
        torch.testing.assert_close(queries[0], mixed[0] / mixed[0].norm())
        torch.testing.assert_close(queries[1], pictures[1])


def test_the_gate_weighs_the_two_inputs() -> None:
    combiner = Combiner(8).eval()
    with torch.no_grad():
        combiner.out.weight.zero_(), combiner.out.bias.zero_()
        combiner.gate[3].weight.zero_(), combiner.gate[3].bias.fill_(np.log(3.0))
        picture, text = torch.randn(2, 8), torch.randn(2, 8)
        torch.testing.assert_close(combiner(picture, text), 0.75 * text + 0.25 * picture)


def released(folder: Path) -> Path:
    """A CLIP checkpoint of random weights in the layout of a released one."""
    tokenizer = train_tokenizer(WORDS * 3, 320)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": 5, "eos_token_id": 5, "pad_token_id": 0, "max_position_embeddings": 24}
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config={**shape, **ends, "vocab_size": len(tokenizer)},
        vision_config={**shape, "image_size": 32, "patch_size": 16},
        projection_dim=12,
    )
    CLIPModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("combiner", ["sum", "combiner"])
def test_a_released_clip_becomes_a_backbone(tmp_path: Path, combiner: str) -> None:
    backbone = from_released(released(tmp_path / "clip"), combiner)
    queries = backbone.embed_queries([*drawn(2), None], ["red", None, "blue"])
    save_backbone(backbone, tmp_path / "run")
    loaded = load_backbone(tmp_path / "run")
    assert np.array_equal(queries, loaded.embed_queries([*drawn(2), None], ["red", None, "blue"]))
    assert loaded.spec.image_size == 32 and loaded.spec.max_text_tokens == 22
    model = CLIPModel.from_pretrained(tmp_path / "clip").eval()
    ids = torch.tensor([[*backbone.tokenizer("blue")["input_ids"], 5]])
    text = model.get_text_features(input_ids=ids).pooler_output.detach().numpy()
    np.testing.assert_allclose(queries[2:], text / np.linalg.norm(text), atol=1e-5)


def test_a_folder_that_is_no_released_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HemlineError, match="is not a released CLIP"):
        from_released(tmp_path)


def test_clip_writes_no_captions() -> None:
    with pytest.raises(HemlineError, match="kind clip writes no captions"):
        tiny("clip-sum").caption(drawn(1))
