"""What a training is measured on: the tuning slice unless told otherwise, val only with --watch-val."""

import json
from pathlib import Path
from typing import Any

import pytest

from core.datasets.fashioniq import read_split
from core.files import sha256_file
from tests.forked_runs import Done, Runner, forked
from tests.train_folder import make_train_folder, tiny_start
from train.slices import tuning_slice

STAGES = {
    "train.stage1": ("--steps", 4),
    "train.stage2": ("--steps", 3, "--bank-steps", 2),
}
FEW = ("--batch", 12, "--views", 2, "--threads", 1, "--precision", "float32")
LOGS = {"train.stage1": [""], "train.stage2": ["in-batch", "bank"]}
FIGURE = {"train.stage1": "caption_loss", "train.stage2": "R@10"}


@pytest.fixture(scope="module")
def run() -> Runner:
    return forked()


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("start")
    return tiny_start(make_train_folder(root / "data"), root / "model")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A dataset of a train and a val split."""
    return make_train_folder(make_train_folder(tmp_path / "data"), each=6, split="val")


def train(run: Runner, stage: str, start: Path, data: Path, out: Path, *flags: Any) -> Done:
    where = ("--init", start, "--out", out, "--cache", out.parent / "cache")
    return run(stage, "--data", data, *where, *FEW, *STAGES[stage], *flags)


def card(out: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((out / "run.json").read_text("utf-8"))
    return value


def weights(out: Path) -> list[str]:
    return [sha256_file(path) for path in sorted(out.rglob("*.safetensors"))]


def ruin_val(data: Path) -> None:
    """Leave of the val split's own files only the names."""
    for path in [*data.glob("*/*.val.json"), *data.glob("images/val*.jpg")]:
        path.write_bytes(b"\x00 neither JSON nor a picture")


@pytest.mark.parametrize("stage", STAGES)
def test_val_is_measured_with_the_flag_and_never_opened_without(
    run: Runner, start: Path, data: Path, tmp_path: Path, stage: str
) -> None:
    watched, plain = tmp_path / "watched", tmp_path / "plain"
    done = train(run, stage, start, data, watched, "--watch-val")
    assert done.code == 0, done.err
    ruin_val(data)
    done = train(run, stage, start, data, plain)
    assert done.code == 0, done.err

    val, tune = f"val_{FIGURE[stage]}", f"tune_{FIGURE[stage]}"
    for folder in LOGS[stage]:
        assert f'"{val}"' in (watched / folder / "log.jsonl").read_text("utf-8")
        assert '"val_' not in (plain / folder / "log.jsonl").read_text("utf-8")
    assert card(watched)["config"]["watch_val"] is True
    assert card(plain)["config"]["watch_val"] is False
    assert {val, tune} <= card(watched)["results"].keys()
    assert card(watched)["results"][val] != card(watched)["results"][tune]
    assert not any(name.startswith("val_") for name in card(plain)["results"])
    assert card(plain)["results"][tune] == card(watched)["results"][tune]
    assert weights(plain) == weights(watched)  # looking changes nothing

    again = train(run, stage, start, data, tmp_path / "again", "--watch-val")
    assert again.code == 2 and ".val.json" in again.sentence


@pytest.mark.parametrize("stage", STAGES)
def test_the_slice_is_held_out_unless_told_otherwise(
    run: Runner, start: Path, data: Path, tmp_path: Path, stage: str
) -> None:
    whole = read_split(data, "train")
    for out, flags, fingerprint in (
        ("default", (), tuning_slice(whole)[0].fingerprint),
        ("everything", ("--no-hold-out",), whole.fingerprint),
    ):
        done = train(run, stage, start, data, tmp_path / out, *flags)
        assert done.code == 0, done.err
        assert card(tmp_path / out)["data_fingerprint"] == fingerprint
        assert card(tmp_path / out)["config"]["hold_out"] is (out == "default")
        assert bool(card(tmp_path / out)["results"]) is (out == "default")
    assert weights(tmp_path / "default") != weights(tmp_path / "everything")


def test_a_dataset_without_a_val_split_cannot_be_watched(run: Runner, start: Path, tmp_path: Path) -> None:
    data = make_train_folder(tmp_path / "data")
    done = train(run, "train.stage2", start, data, tmp_path / "run", "--watch-val")
    assert done.code == 2 and "has no split 'val'" in done.sentence and "--watch-val" in done.sentence
