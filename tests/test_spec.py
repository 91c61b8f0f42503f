"""A model folder that is not whole, or not what its specification says, is refused with one sentence."""

import json
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from core.backbones import load_backbone
from core.backbones.mllm import add_adapters
from core.backbones.saving import save_backbone
from core.backbones.spec import SPEC_FILE, Spec, read_spec, with_weights
from core.errors import HemlineError
from tests.tiny_backbones import drawn, tiny


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "run"
    backbone = tiny("mllm")
    add_adapters(backbone, rank=4)
    save_backbone(backbone, folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "run"))


def rewrite(folder: Path, change: Callable[[dict], object]) -> None:
    value = json.loads((folder / SPEC_FILE).read_text())
    change(value)
    (folder / SPEC_FILE).write_text(json.dumps(value))


def vouch(folder: Path, spec: Spec) -> None:
    """Make the specification vouch for the files as they are now."""
    (folder / SPEC_FILE).write_text(json.dumps(with_weights(spec, folder).to_json()))


@pytest.mark.parametrize(
    "name",
    [
        "model.safetensors",
        "projection.safetensors",
        "tokenizer.json",
        "adapters/query/adapter_model.safetensors",
    ],
)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(HemlineError, match=rf"{name} is missing.*copy the whole model folder again"):
        load_backbone(folder)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "config.json", "adapters/target/adapter_model.safetensors"]
)
def test_a_changed_file_is_named(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[-2] ^= 1
    (folder / name).write_bytes(bytes(data))
    with pytest.raises(HemlineError, match=rf"{name} is not the file hemline.json was saved with"):
        load_backbone(folder)


def test_a_truncated_file_is_named(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(HemlineError, match="its fingerprint differs"):
        load_backbone(folder)


def test_weights_of_another_shape_are_refused(folder: Path) -> None:
    spec = read_spec(folder)
    vouch(folder, replace(spec, dim=24))
    with pytest.raises(HemlineError, match=r"projection\.safetensors holds .*16.*asks for .*24"):
        load_backbone(folder)


def test_a_lacking_tensor_is_refused(folder: Path) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.multi_modal_projector.linear_1.weight")
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    vouch(folder, read_spec(folder))
    with pytest.raises(
        HemlineError, match=r"do not fit config.json \(1 tensors, first model.multi_modal_projector"
    ):
        load_backbone(folder)


def test_another_tokenizer_is_refused(folder: Path) -> None:
    text = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(text.replace('"Lowercase"', '"NFKC"'))
    vouch(folder, read_spec(folder))
    with pytest.raises(
        HemlineError, match=r"the tokenizer in .* is not the one hemline\.json was saved with"
    ):
        load_backbone(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v: v.update(kind="blip"), "kind is 'blip'; it must be one of mllm, clip"),
        (lambda v: v.update(padding="top"), "padding is 'top'"),
        (lambda v: v.update(dim=0), "dim is 0; it must be a whole number of 1 or more"),
        (lambda v: v.update(format=7), "not a specification of format 1"),
        (lambda v: v.pop("dim"), r"missing fields \['dim'\]"),
        (lambda v: v.update(size=3), r"unknown fields \['size'\]"),
        (lambda v: v["prompts"].update(query="<image>"), "query prompt has no {text}"),
    ],
)
def test_a_specification_that_makes_no_sense_is_refused(
    folder: Path, change: Callable[[dict], object], says: str
) -> None:
    rewrite(folder, change)
    with pytest.raises(HemlineError, match=says):
        load_backbone(folder)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HemlineError, match=r"holds no hemline\.json, so it is no model"):
        load_backbone(tmp_path)
    with pytest.raises(HemlineError, match="is not a folder"):
        load_backbone(tmp_path / "nowhere")
    (tmp_path / SPEC_FILE).write_text("{")
    with pytest.raises(HemlineError, match="is not JSON"):
        load_backbone(tmp_path)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The system takes no file over `size` bytes, as a full disk would not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [100, 20_000, 100_000])
def test_a_full_disk_while_saving_leaves_the_old_model(folder: Path, size: int) -> None:
    backbone = load_backbone(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises((HemlineError, OSError), match=r"free some space|too large"), largest_file(size):
        save_backbone(backbone, folder)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_saving_over_a_model_replaces_it_and_keeps_other_files(folder: Path) -> None:
    (folder / "run.json").write_text("{}")
    bare = tiny("mllm", seed=5)
    save_backbone(bare, folder)
    loaded = load_backbone(folder)
    assert np.array_equal(bare.embed_targets(drawn(2)), loaded.embed_targets(drawn(2)))
    assert (folder / "run.json").exists() and not list(folder.rglob("adapter_model.safetensors"))
