"""Model and index folders that somebody made to do harm: never run, never opened, refused in a sentence."""

import json
import pickle
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.backbones import load_backbone
from core.backbones.mllm import add_adapters
from core.backbones.released import from_folder
from core.backbones.saving import save_backbone
from core.backbones.spec import SPEC_FILE, read_spec, with_weights
from core.errors import HemlineError
from core.gallery import load_gallery
from core.index import load_index, map_index
from tests.small_catalogue import copy_photos, make_model
from tests.tiny_backbones import tiny


class Runs:
    """Unpickled, it makes a file."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.place,))


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("model") / "run"
    backbone = tiny("mllm")
    add_adapters(backbone, rank=2)
    save_backbone(backbone, folder)
    return folder


@pytest.fixture
def folder(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "run"))


def vouch(folder: Path) -> None:
    """Whoever makes a hostile folder makes its specification fit."""
    (folder / SPEC_FILE).write_text(json.dumps(with_weights(read_spec(folder), folder).to_json()))


def change(path: Path, **values: object) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt", "weights.pkl", "model.ckpt", "model.npy"])
def test_pickled_weights_are_never_opened(folder: Path, tmp_path: Path, name: str) -> None:
    ran = tmp_path / "it ran"
    for weights in folder.glob("*.safetensors"):
        weights.unlink()
    (folder / name).write_bytes(pickle.dumps(Runs(ran)))
    change(folder / SPEC_FILE, weights={})
    for load in (load_backbone, from_folder):
        with pytest.raises(HemlineError, match=r"safetensors|no backbone carries"):
            load(folder)
    with pytest.raises(HemlineError, match=rf"{name} is a pickle, which can run any code .* as safetensors"):
        load_backbone(folder)
    change(folder / "config.json", model_type="clip")
    with pytest.raises(HemlineError, match=rf"{name} is a pickle"):
        from_folder(folder)
    assert not ran.exists()


def test_a_pickled_adapter_is_never_opened(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "it ran"
    adapter = next((folder / "adapters").iterdir())
    (adapter / "adapter_model.safetensors").unlink()
    (adapter / "adapter_model.bin").write_bytes(pickle.dumps(Runs(ran)))
    vouch(folder)
    with pytest.raises(HemlineError, match=r"adapter_model\.bin is a pickle"):
        load_backbone(folder)
    assert not ran.exists()


def test_code_in_a_folder_is_never_run(folder: Path, tmp_path: Path) -> None:
    """It loads as what it says it is, by the library's own classes, or is refused."""
    ran = tmp_path / "it ran"
    (folder / "evil.py").write_text(f"open({str(ran)!r}, 'w')\nclass Evil: pass\n")
    mapped = dict.fromkeys(("AutoConfig", "AutoModel", "AutoModelForImageTextToText"), "evil.Evil")
    change(folder / "config.json", auto_map=mapped)
    change(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["evil.Evil", "evil.Evil"]})
    vouch(folder)
    load_backbone(folder)
    change(folder / "config.json", model_type="evil")
    vouch(folder)
    with pytest.raises(HemlineError):
        load_backbone(folder)
    with pytest.raises(HemlineError, match="needs code of its own, which is never run"):
        from_folder(folder)
    assert not ran.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"text_config": {"vocab_size": 10**12, "hidden_size": 4096}},
        {"text_config": {"vocab_size": 2**24, "hidden_size": 4096}},
        {"text_config": {"num_hidden_layers": 10**9}},
        {"vision_config": {"image_size": 10**9}},
        {"text_config": 7},
        {"text_config": None, "vision_config": []},
        {"text_config": {"num_attention_heads": 0}},
        {"text_config": {"hidden_size": "x"}},
        {"model_type": ["x"]},
        {"torch_dtype": "evil", "dtype": "evil"},
    ],
)
def test_configurations_that_make_no_sense_are_refused(folder: Path, values: dict[str, Any]) -> None:
    config = json.loads((folder / "config.json").read_text())
    for name, value in values.items():
        inner = isinstance(value, dict) and isinstance(config.get(name), dict)
        config[name] = {**config[name], **value} if inner else value
    (folder / "config.json").write_text(json.dumps(config))
    vouch(folder)
    with pytest.raises(HemlineError) as caught:
        load_backbone(folder)
    assert "\n" not in str(caught.value)


def test_specifications_of_junk_are_refused(folder: Path) -> None:
    whole = json.loads((folder / SPEC_FILE).read_text())
    junk = (None, True, -1, 10**12, "x", "", [], [[]], {}, {"x": {}}, ["../../etc/passwd"], "a\0b")
    kept = 0
    for name in whole:
        for value in junk:
            (folder / SPEC_FILE).write_text(json.dumps({**whole, name: value}))
            try:
                read_spec(folder)
                kept += 1
            except HemlineError as error:
                assert "\n" not in str(error)
    assert kept < len(whole) * len(junk) / 3
    for outside in ("../../etc/passwd", "/etc/passwd", "a\0b"):
        (folder / SPEC_FILE).write_text(json.dumps({**whole, "weights": {outside: "0" * 64}}))
        with pytest.raises(HemlineError, match="names files outside its folder"):
            load_backbone(folder)


def lying(name: str, told: dict[str, Any], length: int | None = None, body: bytes = bytes(64)) -> bytes:
    text = json.dumps({name: told}).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + body


def lies(name: str) -> list[bytes]:
    """safetensors files whose heads lie: of lengths, places, kinds and shapes."""
    whole = {"dtype": "F32", "shape": [4, 4], "data_offsets": [0, 64]}
    return [
        lying(name, whole, length=2**63),
        lying(name, whole, length=2**40),
        lying(name, whole, length=0),
        lying(name, {**whole, "shape": [2**40, 2**40]}),
        lying(name, {**whole, "shape": [-4, -4]}),
        lying(name, {**whole, "shape": []}),
        lying(name, {**whole, "shape": "x"}),
        lying(name, {**whole, "data_offsets": [0, 2**50]}),
        lying(name, {**whole, "data_offsets": [64, 0]}),
        lying(name, {**whole, "data_offsets": [32, 96]}),
        lying(name, {**whole, "dtype": "O"}),
        lying(name, {**whole, "dtype": "F8_E4M3"}),
        lying(name, {**whole, "dtype": "I8"}),
        struct.pack("<Q", 20_000) + b"[" * 20_000,
        struct.pack("<Q", 3) + b"\xff\xfe{",
        b"",
        bytes(7),
    ]


def test_weights_whose_heads_lie_are_refused(folder: Path) -> None:
    for number, data in enumerate(lies("projection.weight")):
        for path in (folder / "model.safetensors", folder / "projection.safetensors")[
            : 1 + (number % 4 == 0)
        ]:
            kept = path.read_bytes()
            path.write_bytes(data)
            vouch(folder)
            with pytest.raises(HemlineError) as caught:
                load_backbone(folder)
            assert "\n" not in str(caught.value), number
            path.write_bytes(kept)


@pytest.fixture(scope="module")
def index(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from core.building import build

    folder = tmp_path_factory.mktemp("index")
    build(make_model(folder / "model"), copy_photos(closet_dir, folder / "photos", 4), folder / "index")
    return folder / "index"


def opened(index: Path) -> None:
    loaded = load_index(index)
    map_index(index)
    load_gallery(index, loaded)
    assert np.isfinite(loaded.vectors).all()


def test_an_index_that_somebody_changed_is_refused_or_the_same(index: Path, tmp_path: Path) -> None:
    copy = tmp_path / "index"
    damages: list[Callable[[bytes], bytes]] = [lambda data: data[: len(data) // 2], lambda data: b""]
    damages += [lambda data: b"[" * 50_000, lambda data: b"null", lambda data: b"{}", lambda data: b"[1]"]
    damages += [lambda data, n=n: _flipped(data, random.Random(n)) for n in range(4)]
    refused = 0
    for path in sorted(index.iterdir()):
        own = [*damages, *[lambda data, lie=lie: lie for lie in lies("vectors")]]
        own.append(lambda data: data.replace(b'"', b'"../../etc/', 2))
        for damage in own:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(index, copy)
            (copy / path.name).write_bytes(damage(path.read_bytes()))
            try:
                opened(copy)
            except HemlineError as error:
                refused += 1
                assert "\n" not in str(error) and len(str(error)) <= 1000
    assert refused > 80


def _flipped(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 4))):
        changed[rng.randrange(min(len(changed), 400))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def test_a_pickle_in_an_index_is_never_opened(index: Path, tmp_path: Path) -> None:
    ran = tmp_path / "it ran"
    copy = Path(shutil.copytree(index, tmp_path / "index"))
    features = next(copy.glob("*.npy"))
    np.save(features, np.array([Runs(ran)], dtype=object), allow_pickle=True)
    with pytest.raises(HemlineError, match="features"):
        opened(copy)
    features.write_bytes(pickle.dumps(Runs(ran)))
    with pytest.raises(HemlineError):
        opened(copy)
    assert not ran.exists()
