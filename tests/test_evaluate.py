"""An evaluation end to end: known recalls on FashionIQ's files, and a tiny model on real photos."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.cli import entry
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.evaluation.protocol import Protocol, preset, query_text
from core.evaluation.result import Result, read_result
from core.evaluation.run import evaluate_split, photos_needed
from tests.oracle import Oracle
from train import compare, evaluate


def _recall(positions: Sequence[int], k: int) -> float:
    return 100 * sum(position < k for position in positions) / len(positions)


@pytest.fixture(scope="module")
def fashioniq(fashioniq_dir: Path) -> Split:
    return read_split(fashioniq_dir, "val")


def _ordered(split: Split) -> tuple[dict[str, np.ndarray], Oracle]:
    """Vectors under which every query ranks the union gallery in its own order, scores exact in float32."""
    union = split.union_gallery()
    looks = {photo: np.array([1 - row / 2**14, 0], np.float32) for row, photo in enumerate(union)}
    return looks, Oracle(np.tile(np.array([1, 0], np.float32), (len(split.triplets), 1)))


def test_fashioniq_under_clip4cir_gives_the_recall_that_the_files_fix(fashioniq: Split) -> None:
    looks, oracle = _ordered(fashioniq)
    result = evaluate_split(oracle, fashioniq, preset("clip4cir"), "both", looks)
    assert result.counts == {"queries": 3978, "gallery": 9190, "missing": 0, "corrupt": 0}
    expected = {}
    for category, ids in fashioniq.galleries.items():
        targets = [t.target for t in fashioniq.triplets if t.category == category]
        expected[category] = {
            k: _recall([ids.index(target) for target in targets], k) for k in (1, 5, 10, 50)
        }
        assert {k: result.per_category[category][f"R@{k}"] for k in (1, 5, 10, 50)} == expected[category]
    assert (result.per_category["dress"]["queries"], result.per_category["toptee"]["queries"]) == (2017, 1961)
    for k in (10, 50):
        macro = (expected["dress"][k] + expected["toptee"][k]) / 2
        assert 0 < result.metrics[f"R@{k}"] == pytest.approx(macro)
    assert oracle.asked[1] == [query_text(t.captions, "clip4cir") for t in fashioniq.triplets]


def test_union_gallery_and_removed_reference_move_ranks_as_the_files_say(fashioniq: Split) -> None:
    looks, oracle = _ordered(fashioniq)
    result = evaluate_split(oracle, fashioniq, preset("closet"), "both", looks)
    place = {photo: row for row, photo in enumerate(fashioniq.union_gallery())}
    expected = [place[t.target] + 1 - (place[t.reference] < place[t.target]) for t in fashioniq.triplets]
    assert [query.rank for query in result.ranks] == expected
    assert result.metrics["R@50"] == pytest.approx(100 * np.mean(np.array(expected) <= 50))


def _clip4cir_reference(
    queries: np.ndarray, gallery: np.ndarray, ids: tuple[str, ...], targets: list[str]
) -> list[float]:
    """R@10 and R@50 as CLIP4Cir's validate.py computes them (argsort of 1 - cosine, one true label a row)."""
    found = np.argsort(1 - queries @ gallery.T, axis=-1)
    labels = found == np.array([ids.index(target) for target in targets])[:, None]
    assert (labels.sum(axis=-1) == 1).all()
    return [100 * labels[:, :k].sum() / len(labels) for k in (10, 50)]


def test_fashioniq_agrees_with_clip4cirs_own_computation(fashioniq: Split) -> None:
    rng = np.random.default_rng(0)

    def unit(vectors: np.ndarray) -> np.ndarray:
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    union = fashioniq.union_gallery()
    looks = dict(zip(union, unit(rng.standard_normal((len(union), 32))), strict=True))
    signal = np.stack([0.5 * looks[t.target] + 0.5 * looks[t.reference] for t in fashioniq.triplets])
    queries = unit(signal + 0.2 * rng.standard_normal(signal.shape))
    result = evaluate_split(Oracle(queries), fashioniq, preset("clip4cir"), "both", looks)
    for category, ids in fashioniq.galleries.items():
        rows = [row for row, t in enumerate(fashioniq.triplets) if t.category == category]
        gallery = np.stack([looks[photo] for photo in ids])
        targets = [fashioniq.triplets[row].target for row in rows]
        r10, r50 = _clip4cir_reference(queries[rows], gallery, ids, targets)
        found = result.per_category[category]
        assert (found["R@10"], found["R@50"]) == (pytest.approx(r10), pytest.approx(r50))
        assert 5 < r10 < r50 < 95  # neither trivial


def test_each_modality_asks_with_what_it_names(closet_dir: Path) -> None:
    split = read_split(closet_dir, "val", ["shoes"])
    looks, oracle = _ordered(split)
    for modality, has_look, has_text in (("both", 1, 1), ("image", 1, 0), ("text", 0, 1)):
        result = evaluate_split(oracle, split, preset("closet"), modality, looks)
        assert result.modality == modality
        assert [look is not None for look in oracle.asked[0]] == [bool(has_look)] * 6
        assert [text is not None for text in oracle.asked[1]] == [bool(has_text)] * 6
    with pytest.raises(HemlineError, match="'sound'"):
        evaluate_split(oracle, split, preset("closet"), "sound", looks)


def test_val_split_gallery_leaves_distractors_out(closet_dir: Path) -> None:
    split = read_split(closet_dir, "val", ["shoes"])
    looks, oracle = _ordered(split)
    answered = {photo for t in split.triplets for photo in (t.reference, t.target)}
    original, val_split = (
        evaluate_split(oracle, split, Protocol("p", gallery, "kept", "and", "macro"), "both", looks)
        for gallery in ("original", "val-split")
    )
    assert (original.counts["gallery"], val_split.counts["gallery"]) == (9, len(answered))
    in_order = [photo for photo in split.galleries["shoes"] if photo in answered]
    assert [q.rank for q in val_split.ranks] == [in_order.index(t.target) + 1 for t in split.triplets]
    assert original.gallery_hash != val_split.gallery_hash


# A folder of real photos and a tiny random model, through the commands.


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, closet_dir: Path) -> Path:
    from core.backbones.build import Parts, build, wordings
    from core.backbones.saving import save_backbone

    parts = Parts(layers=1, hidden=32, heads=2, vocab=800, grid=2, dim=16, width=0.1, image_size=64)
    folder = tmp_path_factory.mktemp("models") / "tiny"
    save_backbone(build(parts, wordings(read_split(closet_dir, "train", ["dress", "shoes"]))), folder)
    return folder


@pytest.fixture
def data(tmp_path: Path, closet_dir: Path) -> Path:
    """Val's shoes and its first 8 dress queries, with their photos."""
    root = tmp_path / "data"
    for folder in ("captions", "image_splits", "images"):
        (root / folder).mkdir(parents=True)
    val = read_split(closet_dir, "val", ["dress", "shoes"])
    for category in val.categories:
        rows = [t for t in val.triplets if t.category == category][:8]
        ids = {photo for t in rows for photo in (t.reference, t.target)}
        gallery = [photo for photo in val.galleries[category] if photo in ids]
        told = [{"candidate": t.reference, "target": t.target, "captions": list(t.captions)} for t in rows]
        (root / f"captions/cap.{category}.val.json").write_text(json.dumps(told))
        (root / f"image_splits/split.{category}.val.json").write_text(json.dumps(gallery))
        for photo in gallery:
            (root / f"images/{photo}.jpg").symlink_to(closet_dir / f"images/{photo}.jpg")
    return root


def _run(monkeypatch: pytest.MonkeyPatch, command: str, *arguments: object) -> int:
    module = {"evaluate": evaluate, "compare": compare}[command]
    monkeypatch.setattr(sys, "argv", [command, *map(str, arguments)])
    try:
        entry(module.main)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_a_tiny_model_on_real_photos(
    model: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out/val.json"
    assert _run(monkeypatch, "evaluate", "--model", model, "--data", data, "--json", out) == 0
    text = capsys.readouterr().out
    assert "tiny on val, protocol closet: union gallery, reference removed, modality both" in text
    assert "PARTIAL" not in text
    value = json.loads(out.read_text())
    assert value["counts"]["queries"] == 14
    assert (value["counts"]["missing"], value["counts"]["corrupt"], value["partial"]) == (0, 0, False)
    assert set(value["metrics"]) == set(value["ci95"]) == {"R@1", "R@5", "R@10", "R@50"}
    assert set(value["per_category"]) == {"dress", "shoes"}
    assert value["metrics"]["R@50"] == 100.0  # fewer than 50 photos
    assert value["model"]["name"] == "tiny"
    assert {"torch", "numpy", "python"} <= set(value["versions"])
    result = read_result(out)
    for query in result.ranks:
        assert 1 <= query.rank < value["counts"]["gallery"]
        assert query.top1 != query.reference
        assert -1.001 <= query.score <= query.top1_score <= 1.001
        assert (query.rank == 1) == (query.top1 == query.target)
    features = tmp_path / "features"
    for _ in range(2):  # once encoded, once read back
        arguments = ("--model", model, "--data", data, "--json", out, "--features", features)
        assert _run(monkeypatch, "evaluate", *arguments) == 0
        assert read_result(out).ranks == result.ranks
    assert any(features.iterdir())
    image = tmp_path / "out/image.json"
    arguments = ("--model", model, "--data", data, "--json", image, "--modality", "image")
    assert _run(monkeypatch, "evaluate", *arguments) == 0
    assert read_result(image).query_hash == result.query_hash  # comparable: the same queries, less shown
    assert [q.score for q in read_result(image).ranks] != [q.score for q in result.ranks]
    assert _run(monkeypatch, "compare", out, image) == 0
    assert "micro average" in capsys.readouterr().out


def test_lacking_photos_are_named_refused_and_then_marked(
    model: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    whole, partial = tmp_path / "whole.json", tmp_path / "partial.json"
    assert _run(monkeypatch, "evaluate", "--model", model, "--data", data, "--json", whole) == 0
    split = read_split(data, "val")
    gone, broken = split.triplets[0].target, split.triplets[-1].reference
    (data / f"images/{gone}.jpg").unlink()
    head = (data / f"images/{broken}.jpg").read_bytes()[:2000]
    (data / f"images/{broken}.jpg").unlink()
    (data / f"images/{broken}.jpg").write_bytes(head)
    before = whole.read_bytes()
    capsys.readouterr()
    assert _run(monkeypatch, "evaluate", "--model", model, "--data", data, "--json", whole) == 2
    said = capsys.readouterr().err
    assert gone in said and broken in said and "Traceback" not in said
    assert whole.read_bytes() == before

    arguments = ("--model", model, "--data", data, "--json", partial, "--allow-partial")
    assert _run(monkeypatch, "evaluate", *arguments) == 0
    shown = capsys.readouterr()
    assert "PARTIAL: 1 photos missing, 1 corrupt" in shown.out
    assert f"missing: {gone}" in shown.err and f"corrupt: {broken}: truncated" in shown.err
    result = read_result(partial)
    assert result.partial and result.missing == (gone,) and list(result.corrupt) == [broken]
    lost = [t.key for t in split.triplets if {gone, broken} & {t.reference, t.target}]
    assert list(result.dropped) == lost
    assert (result.counts["missing"], result.counts["corrupt"]) == (1, 1)
    assert result.counts["queries"] == len(split.triplets) - len(lost)
    assert result.counts["gallery"] == len(split.union_gallery()) - 2
    assert _run(monkeypatch, "compare", whole, partial) == 2
    assert "different galleries (one of them is partial)" in capsys.readouterr().err


def test_wrong_folders_are_told_in_one_sentence(
    model: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "val.json"
    wrong = [
        (("--model", tmp_path / "none", "--data", data, "--json", out), "none is not a folder"),
        (("--model", data, "--data", data, "--json", out), "holds no hemline.json"),
        (("--model", model, "--data", model, "--json", out), "FashionIQ's layout"),
        (("--model", model, "--data", data, "--json", out, "--split", "tune"), "train"),
        (("--model", model, "--data", data, "--json", tmp_path / "val.txt"), "a .json file, not"),
        (
            ("--model", model, "--data", data, "--json", data / "captions/cap.dress.val.json/x.json"),
            "captions",
        ),
    ]
    for arguments, says in wrong:
        assert _run(monkeypatch, "evaluate", *arguments) == 2
        said = capsys.readouterr().err
        assert says in said and said.startswith("hemline: ") and said.count("\n") == 1
    assert not out.exists()


def test_a_library_call_refuses_lacking_looks_too(closet_dir: Path) -> None:
    split = read_split(closet_dir, "val", ["shoes"])
    looks, oracle = _ordered(split)
    del looks[split.triplets[0].target]
    with pytest.raises(HemlineError, match="1 photos are missing and 0 corrupt"):
        evaluate_split(oracle, split, preset("closet"), "both", looks)
    with pytest.raises(HemlineError, match="every one lacks a photo"):
        evaluate_split(oracle, split, preset("closet"), "both", {}, allow_partial=True)


def test_the_tuning_slice_is_a_split_to_evaluate(closet_dir: Path) -> None:
    split = evaluate.open_split(closet_dir, "tune")
    looks, oracle = _ordered(split)
    result: Result = evaluate_split(oracle, split, preset("closet"), "both", looks)
    assert result.split == "tune"
    assert result.counts["gallery"] == 543 == len(photos_needed(split, preset("closet")))
    assert result.counts["queries"] == len(split.triplets)
    assert set(looks).isdisjoint(read_split(closet_dir, "val").union_gallery())
