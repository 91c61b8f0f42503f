"""Shapes on file, counts on the meta device, and what is worked out from them."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backbones.estimate import (
    Setting,
    activation_bytes,
    adapter_parameters,
    feature_bytes,
    inference_memory,
    step_flops,
    trained_parameters,
    training_memory,
    weight_bytes,
)
from core.backbones.meta import count_adapters, count_model, count_parts, main, meta_model, on_meta
from core.backbones.registry import MODELS, entry_of
from core.backbones.shapes import FOLDER, architecture, counted
from core.errors import HemlineError
from tests.bench import memory_estimate
from tests.tiny_released import RELEASED, hub_folder, released

MEASURED = Path(__file__).parents[1] / "assets" / "results" / "memory_estimate.json"
LLAVA = entry_of("llava-1.5-7b").shape


def test_the_parameters_of_every_model_are_the_published_ones() -> None:
    on_file = [model for model in MODELS if model.family != "openclip"]
    assert (
        {path.stem for path in FOLDER.glob("*.json")} == {model.name for model in on_file} == set(counted())
    )
    for model in on_file:
        total = sum(counted()[model.name].values())
        assert total == pytest.approx(1e9 * model.billions, rel=0.03), model.name


# The largest is not among them for its time only; they are of five ways to name the parts.
@pytest.mark.parametrize("name", ["smolvlm2-256m", "clip-l14", "internvl3-8b", "minigpt4-llama2-7b"])
def test_what_is_on_file_is_what_transformers_builds(name: str) -> None:
    assert count_model(name) == counted()[name]
    assert entry_of(name).shape.total == sum(counted()[name].values())


@pytest.mark.parametrize("name", sorted(RELEASED))
def test_a_model_without_weights_has_the_parameters_of_the_real_one(name: str) -> None:
    config = json.loads((hub_folder(name) / "config.json").read_text("utf-8"))
    parts = count_parts(on_meta(config))
    model = released(name).model
    assert sum(parts.values()) == sum(parameter.numel() for parameter in model.parameters())
    vision = model.vision_model if hasattr(model, "vision_model") else None
    if vision is not None and name == "clip":
        assert parts["vision"] == sum(p.numel() for p in vision.parameters()) + 1  # and the logit scale


@pytest.mark.parametrize("name", ["smolvlm2-256m", "blip2-opt-2.7b"])
def test_adapters_are_as_many_as_peft_injects(name: str) -> None:
    shape = entry_of(name).shape
    config = architecture(name)
    fewer = on_meta(
        {**config, "text_config": {**config["text_config"], "num_hidden_layers": 2}}
    )  # all would take long
    stack = replace(shape.decoder, layers=2)
    assert count_adapters(fewer, 8, shape.family) == 2 * adapter_parameters(stack, 8)


def test_the_command_counts_one_model(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["meta", "clip-b32"])
    main()
    assert capsys.readouterr().out.startswith("clip-b32: 151,277,313  (vision 87,456,001")
    with pytest.raises(HemlineError, match="tower of timm's"):
        meta_model("fastvlm-7b")
    with pytest.raises(HemlineError, match="shape of marqo-fashion-clip is not on file"):
        meta_model("marqo-fashion-clip")


def test_what_trains_at_each_stage() -> None:
    one = adapter_parameters(LLAVA.decoder, 16)
    assert [trained_parameters(LLAVA, stage, 16) for stage in ("stage1", "in-batch", "bank")] == [
        one, 2 * one, one,
    ]  # fmt: skip
    decoder = LLAVA.parameters["decoder"] + LLAVA.parameters["head"]
    assert trained_parameters(LLAVA, "stage1", 0) == decoder
    clip = entry_of("clip-l14").shape
    assert trained_parameters(clip, "bank", 16) == clip.parameters["decoder"] < clip.total
    # All of a decoder in float32 with gradient and moments: 16 bytes each, and nothing twice.
    whole = training_memory(LLAVA, "stage1", Setting(batch=8, lora=0))
    held = sum(whole[name] for name in ("trained", "gradients", "optimizer"))
    assert held == 16 * decoder and whole["weights"] == 2 * (LLAVA.total - decoder)


def test_sizes_that_are_known_from_elsewhere() -> None:
    assert weight_bytes(LLAVA, Setting(batch=1)) == 2 * 7_063_427_072
    assert weight_bytes(LLAVA, Setting(batch=1, quantize="4bit")) < 0.35 * 2 * LLAVA.total
    assert feature_bytes(LLAVA, 1) == 2 * 576 * 4096  # as docs/backbones.md says, 4.7 MB
    # Six operations a parameter and token train a model whole (Kaplan et al. 2020), beside its attention.
    tokens = 8 * (576 + 72)
    flops = step_flops(LLAVA, "stage1", Setting(batch=8, lora=0))
    assert flops == pytest.approx(6 * 6.6e9 * tokens, rel=0.1)


@given(
    name=st.sampled_from(["internvl3-2b", "qwen3-vl-8b", "blip2-opt-6.7b", "smolvlm2-500m"]),
    stage=st.sampled_from(["stage1", "in-batch", "bank"]),
    batch=st.integers(2, 512),
    chunk=st.integers(1, 64),
)
def test_what_saves_memory_saves_it_in_the_estimate(name: str, stage: str, batch: int, chunk: int) -> None:
    shape = entry_of(name).shape
    plain = Setting(batch=batch)

    def total(**changes: object) -> float:
        return training_memory(shape, stage, replace(plain, **changes))["total"]  # type: ignore[arg-type]

    assert total(quantize="4bit") < total(quantize="8bit") < total()
    assert total(checkpoint_layers=True) < total()
    assert total(lora=8) < total(lora=64)
    assert total(chunk=chunk) <= total()
    assert total(batch=batch + 1) > total()
    if chunk < batch:  # then the batch does not matter
        assert total(chunk=chunk) == total(chunk=chunk, batch=2 * batch)
        work = step_flops(shape, stage, replace(plain, chunk=chunk))  # type: ignore[arg-type]
        assert work > step_flops(shape, stage, plain)  # type: ignore[arg-type]
    one, many = (inference_memory(shape, rows, plain)["total"] for rows in (1, 32))
    assert weight_bytes(shape, plain) < one < many


def test_the_estimate_is_as_far_from_the_measured_as_the_document_says() -> None:
    rows = json.loads(MEASURED.read_text("utf-8"))["settings"]
    assert len(rows) == len(memory_estimate.SETTINGS)
    for row, setting in zip(rows, memory_estimate.SETTINGS, strict=True):
        shape = memory_estimate.shape()
        states = activation_bytes(shape, "bank", setting)
        adapter = 4 * trained_parameters(shape, "bank", setting.lora)
        assert row["estimated_bytes"] == round(states + adapter), "measure again: the formulas changed"
        assert 0.79 <= row["measured_over_estimated"] <= 0.93  # docs/real_sizes.md
