"""The mean of two runs' weights."""

from pathlib import Path

import pytest
import torch

from core.backbones import load_backbone
from core.backbones.saving import save_backbone
from core.errors import HemlineError
from tests.tiny_backbones import tiny
from train.average import average


def test_every_trained_weight_is_the_mean_and_the_model_loads_and_answers(tmp_path: Path) -> None:
    backbone = tiny("mllm")
    save_backbone(backbone, tmp_path / "one")
    before = {name: p.detach().clone() for name, p in backbone.named_parameters()}
    trained = backbone.train_only(["projection", "decoder"])
    with torch.no_grad():
        for parameter in trained:
            parameter.add_(1.0)
    save_backbone(backbone.eval(), tmp_path / "two")
    average([tmp_path / "one", tmp_path / "two"], tmp_path / "mean")
    mean = load_backbone(tmp_path / "mean")
    changed = {id(p) for p in trained}
    names = {name: id(p) in changed for name, p in backbone.named_parameters()}
    for name, parameter in mean.named_parameters():
        torch.testing.assert_close(parameter, before[name] + (0.5 if names[name] else 0.0))
    assert mean.embed_queries([None], ["is darker"]).shape == (1, 16)


def test_models_of_another_making_are_refused(tmp_path: Path) -> None:
    save_backbone(tiny("mllm"), tmp_path / "one")
    save_backbone(tiny("clip-sum"), tmp_path / "other")
    with pytest.raises(HemlineError, match="not of the same making"):
        average([tmp_path / "one", tmp_path / "other"], tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
