"""MiniGPT-4's released pieces: whatever is not exactly what it should be is refused in one sentence."""

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core.backbones.convert_minigpt4 import convert
from core.backbones.minigpt4_pieces import Pieces
from core.errors import HemlineError
from tests.tiny_minigpt4 import (
    QFORMER,
    SHAPE,
    WIDTH,
    eva,
    linear,
    random,
    write_llama,
    write_pieces,
)

BLIP2, EVA, OWN = "blip2_pretrained_flant5xxl.pth", "eva_vit_g.pth", "pretrained_minigpt4.pth"
SHARD = "llama/pytorch_model-00001-of-00002.bin"
Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Pieces]:
    folder = tmp_path_factory.mktemp("released")
    return {version: write_pieces(folder / version, version) for version in ("vicuna", "llama2")}


def copied(pieces: Pieces, folder: Path) -> Pieces:
    """The same pieces in a folder of the test's own."""
    home = folder / "pieces"
    shutil.copytree(pieces.llama.parent, home)
    places = {k: home / v.name for k, v in vars(pieces).items() if isinstance(v, Path)}
    return replace(pieces, **places)


def refusal(pieces: Pieces, version: str, folder: Path) -> str:
    """What is said; nothing may have been written."""
    with pytest.raises(HemlineError) as caught:
        convert(pieces, version, folder / "out", shape=SHAPE, dim=16, dtype="float32")
    assert not (folder / "out" / "hemline.json").exists()
    said = str(caught.value)
    assert "\n" not in said
    return said


def less(name: str) -> Change:
    return lambda tensors: tensors.pop(name)


def more(name: str, *shape: int) -> Change:
    return lambda tensors: tensors.update({name: torch.zeros(shape)})


@pytest.mark.parametrize(
    ("file", "change", "says"),
    [
        (EVA, less("pos_embed"), f"{EVA}: nothing in it gives .*position_embedding; it is not whole"),
        (EVA, less("blocks.1.attn.v_bias"), f"{EVA}: .*q_bias has no v_bias beside it"),
        (
            EVA,
            less("blocks.0.attn.proj.weight"),
            f"{EVA}: nothing .* gives .*layers.0.self_attn.projection",
        ),
        (EVA, more("blocks.0.gamma_1", WIDTH), f"{EVA}: tensor blocks.0.gamma_1 is neither used nor known"),
        (EVA, more("blocks.3.norm1.weight", WIDTH), f"{EVA}: it gives .*layers.3.* no place"),
        (
            EVA,
            more("pos_embed", 1, 26, WIDTH),
            rf"{EVA}: .* is \(1, 26, 16\), but .* takes \(1, 17, 16\)",
        ),
        (BLIP2, less("query_tokens"), f"{BLIP2}: nothing in it gives .*query_tokens"),
        (BLIP2, less("ln_vision.bias"), f"{BLIP2}: nothing in it gives .*post_layernorm.bias"),
        (BLIP2, more("query_tokens", 1, 8, 32), rf"{BLIP2}: .*query_tokens is \(1, 8, 32\)"),
        (BLIP2, more("temp"), f"{BLIP2}: tensor temp is neither used nor known"),
        (
            BLIP2,
            less("t5_proj.weight"),
            "holds no t5_proj.weight: its Q-Former is not the one",
        ),
        (
            BLIP2,
            more("t5_proj.weight", 20, QFORMER),
            "leads to a T5 of width 20: its Q-Former is not",
        ),
        (OWN, less("llama_proj.bias"), f"{OWN}: nothing in it gives model.multi_modal_projector.bias"),
        (OWN, less("llama_proj.weight"), f"{OWN} holds no llama_proj.weight"),
        (
            OWN,
            more("llama_proj.weight", 40, QFORMER),
            "to a language model of width 40, but .*llama is of width 32",
        ),
        (OWN, more("llama_model.lora_A.weight", 2, 2), "is of MiniGPT-v2"),
        (SHARD, less("model.embed_tokens.weight"), "llama: nothing in it gives .*embed_tokens.weight"),
        (SHARD, more("model.embed_tokens.weight", 9, 32), r"llama: .*embed_tokens.weight is \(9, 32\)"),
        (SHARD, more("lm_head.weight", 9, 32), "holds lm_head.weight twice"),
        (SHARD, more("score.weight", 1), "tensor score.weight is neither used nor known"),
    ],
)
def test_a_piece_that_is_not_whole_is_refused(
    released: dict[str, Pieces], file: str, change: Change, says: str, tmp_path: Path
) -> None:
    pieces = copied(released["vicuna"], tmp_path)
    path = pieces.llama.parent / file
    values = torch.load(path, weights_only=True)
    change(values.get("model", values))
    torch.save(values, path)
    said = refusal(pieces, "vicuna", tmp_path)
    assert re.search(says, said), said


class Harm:
    """Runs a command when it is unpickled by one who trusts it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize("file", [EVA, BLIP2, OWN, SHARD])
def test_code_in_a_pickle_is_refused_and_never_runs(
    released: dict[str, Pieces], file: str, tmp_path: Path
) -> None:
    pieces = copied(released["vicuna"], tmp_path)
    torch.save({"model": Harm(tmp_path / "ran")}, pieces.llama.parent / file)
    assert f"{Path(file).name} is not a plain file of weights" in refusal(pieces, "vicuna", tmp_path)
    (pieces.llama.parent / file).write_bytes(b"PK\x03\x04 half a file")
    assert f"{Path(file).name} is not a plain file of weights" in refusal(pieces, "vicuna", tmp_path)
    (pieces.llama.parent / file).unlink()
    refusal(pieces, "vicuna", tmp_path)
    assert not (tmp_path / "ran").exists()


def test_pieces_that_do_not_belong_together_are_refused(released: dict[str, Pieces], tmp_path: Path) -> None:
    vicuna, llama2 = released["vicuna"], released["llama2"]
    for pieces, version, says in [
        (
            replace(vicuna, llama=llama2.llama),
            "vicuna",
            "reads 4096 tokens where Vicuna",
        ),
        (replace(llama2, llama=vicuna.llama), "llama2", "reads 2048 tokens where Llama 2 reads 4096"),
        (
            replace(vicuna, projection=llama2.projection),
            "vicuna",
            "projects from a width of 64",
        ),
        (
            replace(llama2, projection=vicuna.projection),
            "llama2",
            "projects from a width of 24",
        ),
        (replace(vicuna, blip2=None), "vicuna", "give --blip2"),
        (replace(llama2, blip2=vicuna.blip2), "llama2", "leave --blip2 out"),
        (replace(vicuna, eva=None), "vicuna", "no piece holds the vision tower; give --eva"),
        (
            replace(vicuna, eva=vicuna.projection),
            "vicuna",
            "tensor llama_proj.weight is neither",
        ),
        (replace(vicuna, llama=vicuna.llama.parent), "vicuna", "holds no config.json"),
        (vicuna, "llama3", "it must be one of vicuna, llama2"),
    ]:
        assert says in refusal(pieces, version, tmp_path)


def test_another_language_model_is_refused(released: dict[str, Pieces], tmp_path: Path) -> None:
    write_llama(tmp_path / "wide", hidden=48)
    pieces = replace(released["vicuna"], llama=tmp_path / "wide")
    assert "is of width 48" in refusal(pieces, "vicuna", tmp_path)
    config = json.loads((tmp_path / "wide" / "config.json").read_text())
    (tmp_path / "wide" / "config.json").write_text(json.dumps({**config, "model_type": "mistral"}))
    assert "is a mistral, not a Llama" in refusal(pieces, "vicuna", tmp_path)


def test_a_vision_tower_within_the_blip2_file_is_taken_once(
    released: dict[str, Pieces], tmp_path: Path
) -> None:
    pieces = copied(released["vicuna"], tmp_path)
    assert pieces.blip2 is not None
    values = torch.load(pieces.blip2, weights_only=True)
    values["model"] |= {f"visual_encoder.{name}": tensor for name, tensor in eva(random(0)).items()}
    torch.save(values, pieces.blip2)
    assert "holds the vision tower already; leave --eva out" in refusal(pieces, "vicuna", tmp_path)
    outs = []
    for chosen, out in ((replace(pieces, eva=None), "inside"), (released["vicuna"], "beside")):
        convert(chosen, "vicuna", tmp_path / out, shape=SHAPE, dim=16, dtype="float32")
        outs.append((tmp_path / out / "model.safetensors").read_bytes())
    assert outs[0] == outs[1]
    with pytest.raises(HemlineError, match="already holds a model"):
        convert(released["vicuna"], "vicuna", tmp_path / "inside", shape=SHAPE)


def test_the_text_branch_of_a_qformer_is_known_to_be_of_no_use(
    released: dict[str, Pieces], tmp_path: Path
) -> None:
    pieces = copied(released["vicuna"], tmp_path)
    assert pieces.blip2 is not None
    values = torch.load(pieces.blip2, weights_only=True)
    layer = "Qformer.bert.encoder.layer.0"
    values["model"] |= linear(f"{layer}.intermediate.dense", 48, QFORMER, random(5))
    values["model"] |= linear(f"{layer}.output.dense", QFORMER, 48, random(5))
    values["model"]["Qformer.bert.embeddings.word_embeddings.weight"] = torch.zeros(40, QFORMER)
    torch.save(values, pieces.blip2)
    convert(pieces, "vicuna", tmp_path / "out", shape=SHAPE, dim=16, dtype="float32")
    suffixes = {path.suffix for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert suffixes == {".json", ".safetensors"}
