"""A shipped model is half the size, answers as the rounded model does, and keeps the tower's features."""

from pathlib import Path

import numpy as np
import pytest

from core.backbones import load_backbone
from core.backbones.mllm import add_adapters
from core.backbones.saving import save_backbone
from core.backbones.ship import ship
from tests.tiny_backbones import drawn, tiny


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.safetensors"))


@pytest.mark.parametrize("kind", ["mllm", "clip-sum", "clip-combiner"])
def test_shipped_model_answers_as_what_was_rounded(kind: str, tmp_path: Path) -> None:
    backbone = tiny(kind)
    add_adapters(backbone)
    save_backbone(backbone, tmp_path / "run")
    pictures = list(drawn(2))
    features = backbone.encode_pictures(pictures)
    before = backbone.embed_targets(pictures)
    ship(backbone, tmp_path / "shipped")
    shipped = load_backbone(tmp_path / "shipped")
    np.testing.assert_array_equal(shipped.encode_pictures(pictures), features)
    np.testing.assert_array_equal(shipped.embed_targets(pictures), backbone.embed_targets(pictures))
    assert shipped.target_fingerprint() == backbone.target_fingerprint()
    np.testing.assert_allclose(shipped.embed_targets(pictures), before, atol=1e-2)
    queries = [None, pictures[0]], ["red", "in blue"]
    np.testing.assert_array_equal(shipped.embed_queries(*queries), backbone.embed_queries(*queries))
    # The tiny tower's random weights need float32, unlike the published ones.
    assert size(tmp_path / "shipped") < 0.8 * size(tmp_path / "run")


def test_shipping_replaces_the_older_model_whole(tmp_path: Path) -> None:
    (tmp_path / "shipped").mkdir()
    (tmp_path / "shipped" / "left-over.txt").write_text("old")
    ship(tiny("mllm"), tmp_path / "shipped")
    assert not (tmp_path / "shipped" / "left-over.txt").exists()
    assert load_backbone(tmp_path / "shipped").spec.kind == "mllm"
