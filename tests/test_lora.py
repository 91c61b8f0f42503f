"""Training on a frozen decoder: the adapters of both stages, packed weights, layers computed again."""

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from core.backbones import load_backbone
from core.backbones.mllm import MllmBackbone, add_adapters
from core.backbones.recompute import recompute_layers
from core.backbones.saving import save_backbone
from core.backbones.ship import ship
from core.errors import HemlineError
from core.files import sha256_file
from core.pictures import read_picture
from tests.forked_runs import Done, Runner, forked
from tests.tiny_backbones import drawn, tiny
from tests.tiny_released import released
from tests.train_folder import make_train_folder, tiny_start
from train.chunks import in_chunks
from train.losses import info_nce

FEW = ("--batch", 12, "--views", 1, "--threads", 1, "--precision", "float32", "--no-hold-out")
STAGE1 = ("train.stage1", "--steps", 6, "--lora", 4)
STAGE2 = ("train.stage2", "--steps", 4, "--bank-steps", 3, "--lora", 4)


class Place:
    """A dataset, an untrained model, and what trains on them."""

    def __init__(self, root: Path, run: Runner) -> None:
        self.root, self.run = root, run
        self.data = make_train_folder(root / "data", each=12)
        self.start = tiny_start(self.data, root / "start")

    def train(self, out: Path, init: Path, *options: Any, kill_at: int | None = None) -> Done:
        module, *flags = options
        where = ("--data", self.data, "--init", init, "--out", out, "--cache", self.root / "cache")
        return self.run(module, *where, *FEW, *flags, kill_at=kill_at)

    def trained(self, out: Path, init: Path, *options: Any) -> Path:
        done = self.train(out, init, *options)
        assert done.code == 0, done.err
        return out

    def photos(self) -> list[Any]:
        return [read_picture(path) for path in sorted((self.data / "images").iterdir())[:4]]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("lora"), forked())


@pytest.fixture(scope="module")
def both(place: Place) -> dict[str, Path]:
    """Stage 1 and stage 2 after it, on a frozen decoder."""
    first = place.trained(place.root / "first", place.start, *STAGE1)
    return {"stage1": first, "stage2": place.trained(place.root / "second", first, *STAGE2)}


def loaded(folder: Path, quantize: str = "none") -> MllmBackbone:
    backbone = load_backbone(folder, quantize)
    assert isinstance(backbone, MllmBackbone)
    return backbone


def caption_logits(backbone: MllmBackbone, pictures: list[Any]) -> Tensor:
    """What the model would write first about each picture, before rounding to words."""
    with torch.inference_mode():
        backbone.set_side(None)
        tokens = backbone.image_tokens(torch.from_numpy(backbone.encode_pictures(pictures)))
        row = backbone._prompt(backbone.spec.prompts["caption"].split("{caption}")[0], tokens, 1)
        states = backbone._states(backbone._pad([row] * len(pictures)), tokens)
        logits: Tensor = backbone.model.get_output_embeddings()(states)
        return logits


def test_stage_1_trains_a_caption_adapter_and_no_weight_of_the_decoder(
    place: Place, both: dict[str, Path]
) -> None:
    before, after = loaded(place.start), loaded(both["stage1"])
    assert after.spec.adapters == ("caption",) and after.query_parts == ()
    assert (both["stage1"] / "adapters/caption/adapter_model.safetensors").is_file()
    old, new = (load_file(run / "model.safetensors") for run in (place.start, both["stage1"]))
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert changed and all("multi_modal_projector" in name for name in changed)
    assert any(p.abs().max() > 0 for p in after.parts()["caption"])
    assert not torch.equal(caption_logits(before, place.photos()), caption_logits(after, place.photos()))


def test_stage_2_trains_the_sides_on_top_and_leaves_captioning_bit_equal(
    place: Place, both: dict[str, Path]
) -> None:
    first, second = loaded(both["stage1"]), loaded(both["stage2"])
    pictures = place.photos()
    assert second.spec.adapters == ("caption", "query", "target") and second.query_parts == ("query",)
    assert torch.equal(caption_logits(first, pictures), caption_logits(second, pictures))
    assert first.caption(pictures) == second.caption(pictures)
    for file in ("model.safetensors", "config.json", "adapters/caption/adapter_model.safetensors"):
        assert sha256_file(both["stage1"] / file) == sha256_file(both["stage2"] / file), file
    assert not np.array_equal(first.embed_targets(pictures), second.embed_targets(pictures))
    texts = ["is red"] * len(pictures)
    assert not np.array_equal(first.embed_queries(pictures, texts), second.embed_queries(pictures, texts))
    card = json.loads((both["stage2"] / "run.json").read_text("utf-8"))
    assert (card["config"]["lora"], card["config"]["quantize"]) == (4, "none")


def test_a_killed_run_on_a_frozen_decoder_ends_with_the_same_weights(
    place: Place, both: dict[str, Path], tmp_path: Path
) -> None:
    for kill in (4, 4):  # in phase (a), two steps of which are saved; then in (b)
        assert place.train(tmp_path / "run", both["stage1"], *STAGE2, kill_at=kill).code == -9
    place.trained(tmp_path / "run", both["stage1"], *STAGE2)
    names = sorted(p.relative_to(both["stage2"]) for p in both["stage2"].rglob("*.safetensors"))
    for name in names:
        assert sha256_file(tmp_path / "run" / name) == sha256_file(both["stage2"] / name), name


def test_vectors_of_the_sides_stand_on_the_caption_adapter() -> None:
    backbone = tiny("mllm")
    assert isinstance(backbone, MllmBackbone)
    add_adapters(backbone, ["caption"], rank=4)
    add_adapters(backbone, rank=2)
    pictures = drawn(2)
    queries, targets = backbone.embed_queries(pictures, ["red", None]), backbone.embed_targets(pictures)
    logits, fingerprint = caption_logits(backbone, pictures), backbone.target_fingerprint()
    with torch.no_grad():
        for parameter in backbone.parts()["query"]:
            parameter.add_(0.1)
    assert torch.equal(caption_logits(backbone, pictures), logits)
    assert backbone.target_fingerprint() == fingerprint
    assert np.array_equal(backbone.embed_targets(pictures), targets)
    assert not np.array_equal(backbone.embed_queries(pictures, ["red", None]), queries)
    with torch.no_grad():
        for parameter in backbone.parts()["caption"]:
            parameter.add_(0.1)
    assert not torch.equal(caption_logits(backbone, pictures), logits)
    assert backbone.target_fingerprint() != fingerprint
    assert not np.array_equal(backbone.embed_targets(pictures), targets)
    with pytest.raises(HemlineError, match="has its adapters already"):
        add_adapters(backbone, ["caption"])


def test_three_adapters_are_saved_loaded_and_shipped(tmp_path: Path) -> None:
    backbone = tiny("mllm")
    add_adapters(backbone, ["caption"], rank=4)
    add_adapters(backbone, rank=2)
    assert isinstance(backbone, MllmBackbone)
    with torch.no_grad():
        for name in backbone.spec.adapters:
            for parameter in backbone.parts()[name]:
                parameter.normal_(std=0.1)
    pictures = drawn(2)
    wanted = backbone.embed_queries(pictures, ["red", None]), backbone.embed_targets(pictures)
    logits = caption_logits(backbone, pictures)
    save_backbone(backbone, tmp_path / "run")
    again = loaded(tmp_path / "run")
    assert again.spec == backbone.spec and again.target_fingerprint() == backbone.target_fingerprint()
    assert torch.equal(caption_logits(again, pictures), logits)  # before any side was chosen
    assert np.array_equal(again.embed_queries(pictures, ["red", None]), wanted[0])
    assert np.array_equal(again.embed_targets(pictures), wanted[1])
    ship(again, tmp_path / "shipped")
    shipped = loaded(tmp_path / "shipped")
    assert shipped.spec.adapters == ("caption", "query", "target")
    assert np.array_equal(shipped.embed_targets(pictures), again.embed_targets(pictures))


def test_adapters_in_float32_train_on_a_bfloat16_decoder(place: Place, tmp_path: Path) -> None:
    start = tmp_path / "start"
    save_backbone(released("llava", dtype="bfloat16", dim=16), start)
    rates = ("--lr", 1e-2)
    first = place.trained(tmp_path / "first", start, *STAGE1, *rates)
    second = place.trained(tmp_path / "second", first, *STAGE2, *rates)
    assert {p.dtype for n, p in loaded(second).model.named_parameters() if "lora_" in n} == {torch.float32}
    assert loaded(second).projection.weight.dtype == torch.float32
    assert {t.dtype for t in load_file(second / "model.safetensors").values()} == {torch.bfloat16}
    # The whole of this architecture's vision side is frozen: not one byte of the model is new.
    assert len({sha256_file(run / "model.safetensors") for run in (start, first, second)}) == 1
    assert loaded(second).spec.dtype == "bfloat16"
    pictures = place.photos()
    assert torch.equal(caption_logits(loaded(first), pictures), caption_logits(loaded(second), pictures))
    assert not np.array_equal(loaded(first).embed_targets(pictures), loaded(second).embed_targets(pictures))


# --- packed weights ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("quantize", "near"), [("4bit", 0.2), ("8bit", 0.05)])
def test_a_packed_decoder_answers_nearly_as_the_whole_one(tmp_path: Path, quantize: str, near: float) -> None:
    save_backbone(tiny("mllm", hidden=64), tmp_path)
    whole, packed = loaded(tmp_path), loaded(tmp_path, quantize)
    pictures = drawn(3)
    assert packed.tower_fingerprint() == whole.tower_fingerprint()
    layers = [m for n, m in packed.model.named_modules() if isinstance(m, nn.Linear)]
    inside = [m for n, m in packed.decoder.named_modules() if isinstance(m, nn.Linear)]
    for layer in layers:
        is_packed = layer.weight.dtype in (torch.int8, torch.uint8)
        assert is_packed == any(layer is one for one in inside)
    difference = np.abs(whole.embed_targets(pictures) - packed.embed_targets(pictures)).max()
    assert 0 < difference < near


@pytest.mark.parametrize("quantize", ["4bit", "8bit"])
def test_both_stages_train_on_packed_weights_and_save_the_whole_ones(
    place: Place, tmp_path: Path, quantize: str
) -> None:
    options = ("--quantize", quantize, "--checkpoint-layers", "--chunk", 5)
    first = place.trained(tmp_path / "first", place.start, *STAGE1, *options)
    second = place.trained(tmp_path / "second", first, *STAGE2, *options)
    assert len({sha256_file(run / "model.safetensors") for run in (place.start, first, second)}) == 1
    assert json.loads((second / "config.json").read_text("utf-8")).get("quantization_config") is None
    assert json.loads((second / "run.json").read_text("utf-8"))["config"]["quantize"] == quantize
    shutil.rmtree(first)  # what is shared with it stays
    backbone = loaded(second)
    assert backbone.spec.adapters == ("caption", "query", "target") and backbone.base is None
    assert all(any(p.abs().max() > 0 for p in backbone.parts()[name]) for name in backbone.spec.adapters)
    assert np.isfinite(backbone.embed_targets(place.photos())).all()


def test_without_the_package_packing_is_refused(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "bitsandbytes" else real(name, *more)
    )
    with pytest.raises(HemlineError, match="--quantize 4bit needs the package bitsandbytes, which is not"):
        load_backbone(place.start, "4bit")


def test_a_clip_has_nothing_to_pack_adapt_or_compute_again(place: Place, tmp_path: Path) -> None:
    clip = tiny_start(place.data, tmp_path / "clip", "clip-sum")
    for flags, says in (
        (("--lora", 4), "--lora adapts a language model's decoder and kind clip has none"),
        (("--lora", 4, "--quantize", "4bit"), "--quantize packs a language model and"),
        (("--checkpoint-layers",), "--checkpoint-layers is for the layers of a language model"),
    ):
        done = place.train(tmp_path / "run", clip, "train.stage2", "--steps", 1, *flags)
        assert done.code == 2 and says in done.sentence, done.err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("train.stage1", "--quantize", "4bit"), "packs weights that then cannot train; add --lora RANK"),
        (("train.stage2", "--lora", 4, "--quantize", "2bit"), "must be one of none, 4bit, 8bit"),
        (("train.stage1", "--lora", -1), "--lora is -1; it must be 0 or more"),
        (("train.stage2", "--lora", 4, "--caption", 0.5), "captioning stays as it is; leave it out"),
    ],
)
def test_flags_that_do_not_go_together_are_one_sentence(
    place: Place, tmp_path: Path, options: tuple[Any, ...], says: str
) -> None:
    done = place.train(tmp_path / "run", place.start, *options)
    assert done.code == 2 and says in done.sentence, done.err


def test_adapters_of_another_rank_and_packing_of_no_model_are_refused(
    place: Place, both: dict[str, Path], tmp_path: Path
) -> None:
    done = place.train(tmp_path / "run", both["stage2"], *STAGE2, "--lora", 8)
    assert done.code == 2 and "query adapter of --init is of rank 4; give --lora 4" in done.sentence
    where = ("--data", place.data, "--out", tmp_path / "run", *FEW)
    done = place.run("train.stage1", *where, "--lora", 4, "--quantize", "4bit")
    assert done.code == 2 and done.sentence.endswith("give it by --init")


# --- layers computed again, chunks ------------------------------------------------------------------------


def lively() -> MllmBackbone:
    """A tiny model with three adapters that differ and dropout in layers and adapters, in training."""
    backbone = tiny("mllm")
    assert isinstance(backbone, MllmBackbone)
    add_adapters(backbone, ["caption"], rank=4, dropout=0.2)
    add_adapters(backbone, rank=4, dropout=0.2)
    for name, module in backbone.decoder.named_modules():
        if name.endswith("self_attn"):
            module.attention_dropout = 0.2  # type: ignore[assignment]
    torch.manual_seed(0)
    with torch.no_grad():
        for name in backbone.spec.adapters:
            for parameter in backbone.parts()[name]:
                parameter.normal_(std=0.1)
    backbone.train_only([*backbone.spec.adapters, "projection", "projector"])
    return backbone.train()


def gradients(backbone: MllmBackbone, chunk: int, again: bool) -> tuple[float, dict[str, Tensor]]:
    """Loss and gradients of queries against targets, in chunks of `chunk`; `again`: each chunk forgotten."""
    features = torch.from_numpy(backbone.encode_pictures(drawn(9))).float()
    texts = ["is red", "has long sleeves and a floral print", "shorter"] * 3
    backbone.zero_grad()
    torch.manual_seed(7)

    def encoded(encode: Any) -> Tensor:
        if again:
            return in_chunks(encode, slice(0, 9), chunk)
        return torch.cat([encode(slice(at, min(at + chunk, 9))) for at in range(0, 9, chunk)])

    def rows(some: slice) -> Tensor:
        return nn.functional.dropout(features[some], 0.1)

    queries = encoded(lambda some: backbone.query_vectors(rows(some), None, texts[some]))
    targets = encoded(lambda some: backbone.target_vectors(rows(some)))
    allowed = ~torch.eye(9, dtype=torch.bool)
    loss = info_nce(queries, targets, torch.arange(9), allowed, 0.1)
    loss.backward()
    found = {n: p.grad.clone() for n, p in backbone.named_parameters() if p.grad is not None}
    return float(loss.detach()), found


@pytest.mark.parametrize("chunk", [2, 4, 9])
@pytest.mark.parametrize("layers", [False, True])
def test_chunks_and_layers_computed_again_have_the_gradients_of_those_kept(chunk: int, layers: bool) -> None:
    """In float32 to 1e-5, dropout of features, attention and adapters replayed."""
    backbone = lively()
    loss, wanted = gradients(backbone, chunk, again=False)
    assert gradients(backbone, chunk, again=False)[0] == loss
    if layers:
        recompute_layers(backbone)
    found_loss, found = gradients(backbone, chunk, again=True)
    assert found_loss == loss and found.keys() == wanted.keys()
    sides = {name.split(".")[-2] for name in found if "lora_" in name}
    assert sides == {"caption", "query", "target"}
    for name, gradient in wanted.items():
        torch.testing.assert_close(
            found[name], gradient, atol=1e-5, rtol=1e-5, msg=lambda m, n=name: f"{n}: {m}"
        )


def test_without_dropout_the_chunks_have_the_gradients_of_the_whole_batch() -> None:
    backbone = tiny("mllm")
    assert isinstance(backbone, MllmBackbone)
    add_adapters(backbone, rank=4)
    backbone.train_only(list(backbone.parts()))
    features = torch.from_numpy(backbone.encode_pictures(drawn(7))).float()

    def run(chunk: int) -> list[Tensor]:
        backbone.zero_grad()
        texts = ["is red"] * 7
        queries = in_chunks(lambda s: backbone.query_vectors(features[s], None, texts[s]), slice(0, 7), chunk)
        targets = in_chunks(lambda s: backbone.target_vectors(features[s]), slice(0, 7), chunk)
        info_nce(queries, targets, torch.arange(7), ~torch.eye(7, dtype=torch.bool), 0.1).backward()
        return [p.grad.clone() for p in backbone.parameters() if p.grad is not None]

    for found, wanted in zip(run(3), run(0), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_layers_are_forgotten_in_training_alone() -> None:
    backbone = lively()
    recompute_layers(backbone)
    calls = 0

    def counted(*_: Any) -> None:
        nonlocal calls
        calls += 1

    layer: Any = backbone.decoder.layers[0]  # type: ignore[index]
    layer.self_attn.register_forward_pre_hook(counted)
    gradients(backbone, 9, again=False)
    assert calls == 4  # queries and targets, each once more
    backbone.eval().embed_targets(drawn(1))
    assert calls == 5
