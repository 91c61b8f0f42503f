"""The command that builds a backbone from its parts, on the real annotations."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.backbones import load_backbone
from core.backbones.build import Parts, main
from core.backbones.convert import load_asset
from core.errors import HemlineError
from core.pictures import read_picture
from tests.tiny_backbones import tiny

SMALL = ["--layers", "1", "--hidden", "32", "--heads", "2", "--vocab", "600", "--dim", "16"]


def build_by_command(monkeypatch: pytest.MonkeyPatch, data: Path, out: Path, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", ["build", "--data", str(data), "--out", str(out), *SMALL, *options])
    main()


@pytest.mark.parametrize("kind", ["mllm", "clip"])
def test_built_from_closet_it_embeds_real_photos(
    kind: str, closet_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_by_command(monkeypatch, closet_dir, tmp_path / "run", "--kind", kind, "--frozen-blocks", "15")
    backbone = load_backbone(tmp_path / "run")
    assert backbone.feature_shape() == (49, 192)
    weights = dict(backbone.tower.front_tensors())
    assert np.array_equal(weights["stem.conv.weight"].numpy(), load_asset()["stem.conv.weight"].numpy())
    photos = [read_picture(path) for path in sorted((closet_dir / "images").glob("*.jpg"))[:2]]
    vectors = backbone.embed_queries([photos[0], photos[1], None], ["is red", None, "with long sleeves"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_folder_with_a_model_is_not_overwritten(
    closet_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_by_command(monkeypatch, closet_dir, tmp_path)
    before = (tmp_path / "hemline.json").read_bytes()
    with pytest.raises(HemlineError, match="already holds a model; choose another --out"):
        build_by_command(monkeypatch, closet_dir, tmp_path, "--seed", "1")
    assert (tmp_path / "hemline.json").read_bytes() == before


def test_the_same_seed_builds_the_same_model() -> None:
    assert tiny("mllm", seed=2).target_fingerprint() == tiny("mllm", seed=2).target_fingerprint()
    assert tiny("mllm", seed=2).target_fingerprint() != tiny("mllm", seed=3).target_fingerprint()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"hidden": 30, "heads": 4}, "does not divide"),
        ({"layers": 0}, "--layers is 0"),
        ({"grid": -1}, "--grid is -1"),
    ],
)
def test_impossible_sizes_are_refused(wrong: dict[str, int], says: str) -> None:
    with pytest.raises(HemlineError, match=says):
        Parts(**wrong)


def test_the_command_ends_with_one_sentence_and_2(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "core.backbones.build",
        "--data",
        str(tmp_path),
        "--out",
        str(tmp_path / "run"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.startswith("hemline: ") and done.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()
