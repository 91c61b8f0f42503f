"""Where queries are embedded: a GPU that is not there, one that ZeroGPU lends, and one it lends no more."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core.backbones import load_backbone
from core.backbones.base import Backbone
from core.errors import HemlineError
from demo.device import announce_zero_gpu, lend, place
from tests.small_catalogue import make_model

# Stands for the package that ZeroGPU Spaces bring: its decorator, and a quota in an environment variable.
SPACES = """
import functools, os
asked = []
def GPU(duration):
    def decorate(task):
        @functools.wraps(task)
        def lent(*arguments):
            asked.append(duration)
            if os.environ["QUOTA"] == "none":
                raise RuntimeError("quota exceeded")
            return task(*arguments)
        return lent
    return decorate
"""


@pytest.fixture
def zero_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "spaces.py").write_text(SPACES)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "spaces", raising=False)
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    monkeypatch.setenv("QUOTA", "some")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two different models, so that it shows which one answered."""
    folder = tmp_path_factory.mktemp("models")
    return [make_model(folder / str(seed), seed=seed) for seed in (0, 1)]


def answer(backbone: Backbone) -> np.ndarray:
    return backbone.embed_queries([None], ["a red dress"])


def test_the_lent_gpu_answers_and_without_quota_the_cpu_does(
    zero_gpu: None, models: list[Path], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert announce_zero_gpu()
    cpu, gpu = map(load_backbone, models)
    alone = answer(cpu)
    lend(cpu, gpu)
    assert np.array_equal(answer(cpu), answer(gpu))
    assert sys.modules["spaces"].asked == [10]
    monkeypatch.setenv("QUOTA", "none")
    assert np.array_equal(answer(cpu), alone)
    assert "quota exceeded" in caplog.text


def test_a_bad_query_is_refused_in_words_on_a_lent_gpu_too(zero_gpu: None, models: list[Path]) -> None:
    cpu, gpu = map(load_backbone, models)
    lend(cpu, gpu)
    with pytest.raises(HemlineError, match="neither a picture nor a text"):
        cpu.embed_queries([None], [" "])


def test_the_cpu_can_be_asked_for_where_a_gpu_would_be_lent(zero_gpu: None, models: list[Path]) -> None:
    cpu = load_backbone(models[0])
    alone = answer(cpu)
    place(cpu, models[0], "cpu", zero_gpu=True)
    assert np.array_equal(answer(cpu), alone)
    assert sys.modules["spaces"].asked == []


def test_elsewhere_nothing_is_lent_and_a_gpu_that_is_not_there_is_told(
    models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert not announce_zero_gpu()
    backbone = load_backbone(models[0])
    place(backbone, models[0], "auto", zero_gpu=False)
    there = torch.cuda.is_available()
    assert backbone.device.type == ("cuda" if there else "cpu")
    if not there:
        with pytest.raises(HemlineError, match="HEMLINE_DEVICE"):
            place(backbone, models[0], "cuda", zero_gpu=False)
