"""Where training computes: every loss of a model on torch's meta device stays there, and so do its gradients.

An operation on a tensor of the meta device and one of the CPU raises, as one on a GPU and the CPU would. No
number is computed, so what a GPU answers is not tested here.
"""

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.backbones import load_backbone
from core.backbones.adapters import CAPTION, SIDES
from core.backbones.base import Backbone
from core.backbones.features import Features
from core.datasets.fashioniq import Split
from core.devices import find_device
from core.errors import HemlineError
from core.wardrobe.lines import sample_lines
from tests.train_folder import make_train_folder, tiny_start
from train.bank import StaticBank
from train.contrast import InBatch
from train.line_queries import Lines
from train.lora import give_adapters
from train.material import Material, gather
from train.stage1 import Captioning, Stage1Config
from train.stage2 import Stage2Config

META = torch.device("meta")
SOME = {"batch": 12, "views": 1, "lined": 0.5, "feature_dropout": 0.1}


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Path], dict[str, Material]]:
    """Untrained models by kind, and what each trains on: photographed garments and lines of drawn ones."""
    root = tmp_path_factory.mktemp("placement")
    data = make_train_folder(root / "data", each=8)
    models = {kind: tiny_start(data, root / kind, kind) for kind in ("mllm", "clip-combiner")}
    materials = {
        kind: with_lines(gather(load_backbone(model), [data], root / "cache", 1, hold_out=False))
        for kind, model in models.items()
    }
    return models, materials


def with_lines(material: Material) -> Material:
    """The material with lines of drawn garments beside, whose features are noise."""
    made = sample_lines(4, 4, random.Random(0))
    ids = [[f"line{n}-{place}" for place in range(len(line))] for n, line in enumerate(made)]
    designs = {i: d for names, line in zip(ids, made, strict=True) for i, d in zip(names, line, strict=True)}
    array, places = material.features.array, dict(material.features.places)
    noise = np.random.default_rng(0).normal(size=(len(designs), *array.shape[1:])).astype(np.float16)
    places |= {(photo, 0): len(array) + row for row, photo in enumerate(designs)}
    galleries = dict(material.split.galleries)
    galleries["dress"] += tuple(designs)
    split: Split = replace(material.split, galleries=galleries)
    lines = Lines(tuple(tuple(names) for names in ids), designs)
    return replace(
        material, split=split, lines=lines, features=Features(np.concatenate([array, noise]), places, 1)
    )


@pytest.fixture(autouse=True)
def numbers_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let transformers leave out what reads numbers, as it does for a tensor it traces: meta has none.

    It counts placeholders to check a prompt, and looks whether a mask may be left out.
    """
    from transformers import masking_utils

    monkeypatch.setenv("TRANSFORMERS_DISABLE_TORCH_CHECK", "1")
    monkeypatch.setattr(masking_utils, "is_tracing", lambda *_: True)


def learns_in_place(backbone: Backbone, loss: torch.Tensor, beside: Any = None) -> None:
    """The loss is a scalar on meta whose gradient reaches what trains, on meta as well."""
    assert loss.shape == () and loss.device == META
    loss.backward()
    trained = [p for m in (backbone, beside) if m is not None for p in m.parameters() if p.requires_grad]
    reached = [p for p in trained if p.grad is not None]
    assert reached and all(p.grad is not None and p.grad.device == META for p in reached)


@pytest.mark.parametrize(
    ("kind", "chunk", "lora"), [("mllm", 0, 0), ("mllm", 5, 0), ("mllm", 5, 4), ("clip-combiner", 5, 0)]
)
def test_stage_2_computes_where_the_model_is(start: Any, kind: str, chunk: int, lora: int) -> None:
    backbone, material = load_backbone(start[0][kind]), start[1][kind]
    caption = 0.3 if kind == "mllm" and not lora else 0.0
    config = Stage2Config(**SOME, chunk=chunk, lora=lora, caption=caption, mined=3)  # type: ignore[arg-type]
    give_adapters(backbone, [CAPTION, *SIDES] if lora else SIDES, lora or 4, 0, frozen=lora > 0)
    backbone.train_only(backbone.query_parts)
    bank = StaticBank(backbone, material, config, "float32")  # mining reads numbers, so on the CPU
    backbone.to(META)
    bank.bank = bank.bank.to(META)
    for batch in (photographed(bank), drawn(bank)):
        learns_in_place(backbone, bank.loss(batch))

    backbone.train_only([*SIDES, "projection"] if lora else list(backbone.parts()))
    work = InBatch(backbone, material, config, "float32")
    work.batches(0)
    assert work.heads is not None and work.affinity is not None and work.asking is not None
    for batch in (photographed(work), drawn(work), drawn(work)):  # the last with remembered candidates
        learns_in_place(backbone, work.loss(batch), work.beside)
    assert int(work.asking.next) > 0


def photographed(work: InBatch | StaticBank) -> list[int]:
    return [i for i, e in enumerate(work.shown) if not e.query.target.startswith("line")][:12]


def drawn(work: InBatch | StaticBank) -> list[int]:
    found = [i for i, e in enumerate(work.shown) if e.query.target.startswith("line")][:12]
    assert any(work.shown[i].request is not None for i in found)
    return found


@pytest.mark.parametrize(("chunk", "lora"), [(0, 0), (5, 0), (5, 4)])
def test_stage_1_computes_where_the_model_is(start: Any, chunk: int, lora: int) -> None:
    backbone, material = load_backbone(start[0]["mllm"]), start[1]["mllm"]
    if lora:
        give_adapters(backbone, [CAPTION], lora, 0, frozen=True)
    backbone.train_only(["projector", CAPTION] if lora else ["tower", "projector", "decoder"])
    backbone.to(META)
    work = Captioning(backbone, material, Stage1Config(batch=12, views=1, chunk=chunk, lora=lora), "float32")
    (batch, *_) = work.batches(0)
    learns_in_place(backbone, work.loss(batch))


def test_a_tensor_left_on_the_cpu_would_be_found(start: Any) -> None:
    backbone = load_backbone(start[0]["mllm"])
    work = StaticBank(backbone, start[1]["mllm"], Stage2Config(**SOME, mined=0), "float32")  # type: ignore[arg-type]
    backbone.to(META)
    with pytest.raises(RuntimeError, match="device"):  # its bank was left there
        work.loss(photographed(work))


def test_a_gpu_that_is_not_there_is_told_and_auto_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert find_device("auto") == find_device("cpu") == "cpu"
    with pytest.raises(HemlineError, match="--device is cuda, but torch finds no GPU"):
        find_device("cuda")
    with pytest.raises(HemlineError, match="HEMLINE_DEVICE is 'tpu'; give one of auto, cpu, cuda"):
        find_device("tpu", "HEMLINE_DEVICE")


def test_of_several_processes_each_has_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert find_device("auto") == find_device("cuda") == "cuda"
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert find_device("auto") == "cuda:1" and find_device("cpu") == "cpu"
    monkeypatch.setenv("LOCAL_RANK", "2")
    with pytest.raises(HemlineError, match="process 2 of this machine has no GPU of its own, there are 2"):
        find_device("cuda")
