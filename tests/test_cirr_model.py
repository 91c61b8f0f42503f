"""A tiny model on CIRR's layout with drawn photos: evaluated, and its submission written, by the commands."""

import json
import sys
from pathlib import Path

import pytest

from core.cli import entry
from core.evaluation.result import read_result
from tests.data_folder import write
from tests.small_cirr import draw_photos, make_cirr, name
from train import cirr, evaluate

LONG = " ".join(f"word{n}" for n in range(53))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from core.backbones.build import Parts, build
    from core.backbones.saving import save_backbone

    parts = Parts(layers=1, hidden=32, heads=2, vocab=300, grid=2, dim=16, width=0.1, image_size=64)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_backbone(build(parts, ["the same with one more", LONG]), folder)
    return folder


def _folder(root: Path, split: str) -> Path:
    """Two pairs changed: one of 53 words, and on test1 one of none, as the official files have them."""
    make_cirr(root, split)
    path = root / f"captions/cap.rc2.{split}.json"
    rows = json.loads(path.read_text())
    rows[2]["caption"] = LONG
    rows[3]["caption"] = "" if split == "test1" else rows[3]["caption"]
    write(path, rows)
    draw_photos(root, root.parent / "photos", split)
    return root


def _run(monkeypatch: pytest.MonkeyPatch, command: object, *words: object) -> int:
    main = {"evaluate": evaluate.main, "cirr": cirr.main}[str(command)]
    monkeypatch.setattr(sys, "argv", [str(command), *map(str, words)])
    try:
        entry(main)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_val_is_evaluated_and_long_captions_are_cut_and_counted(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = _folder(tmp_path / "data", "val"), tmp_path / "out.json"
    photos = ("--images", tmp_path / "photos")
    given = ("--model", model, "--data", root, "--json", out)
    assert _run(monkeypatch, "evaluate", *given, *photos) == 0
    told = capsys.readouterr().out
    assert "protocol cirr: original gallery, reference removed" in told
    assert "1 texts lost words" in told and "Rs@3, of five candidates" in told and "(R@5 + Rs@1) / 2" in told
    result = read_result(out)
    assert result.counts == {"queries": 12, "gallery": 60, "missing": 0, "corrupt": 0}
    assert result.model["cut_texts"] == ["12006"] and result.ranks[2].text == LONG
    assert result.subset is not None and set(result.subset) == {"Rs@1", "Rs@2", "Rs@3", "mean"}
    assert all(query.subset_rank in range(1, 6) and query.top1 != query.reference for query in result.ranks)
    assert _run(monkeypatch, "evaluate", *given, *photos, "--protocol", "closet") == 2
    (tmp_path / "photos/dev" / f"{name('val', 59)}.png").unlink()
    assert _run(monkeypatch, "evaluate", *given, *photos) == 2
    assert "of 60 photos 1 are missing" in capsys.readouterr().err
    assert _run(monkeypatch, "evaluate", *given, *photos, "--allow-partial") == 0
    partial = read_result(out)
    assert partial.partial and partial.missing == (name("val", 59),) and partial.counts["gallery"] == 59


def test_a_models_submission_of_test1_is_valid(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root, out = _folder(tmp_path / "data", "test1"), tmp_path / "out"
    answers = ("--model", model, "--images", tmp_path / "photos")
    given = ("--data", root, *answers, "--out", out, "--name", "tiny")
    assert _run(monkeypatch, "cirr", "write", *given) == 0
    assert "pair 12006" in capsys.readouterr().err
    recall, subset = (out / f"{metric}_submission_tiny.json" for metric in ("recall", "recall_subset"))
    files = ("--data", root, "--split", "test1", "--recall", recall, "--subset", subset)
    assert _run(monkeypatch, "cirr", "validate", *files) == 0
    assert "valid, recall_subset of 12 pairs of test1" in capsys.readouterr().out
