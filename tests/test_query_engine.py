"""The ONNX engine of the query side: close to its model, gated by recall, tied to it, targets untouched."""

import logging
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.backbones import load_backbone
from core.backbones.base import Backbone, Shown
from core.backbones.mllm import add_adapters
from core.backbones.query_side import query_tensors, with_query_side
from core.backbones.saving import save_backbone
from core.errors import HemlineError
from core.pictures import read_picture
from core.query_engine.card import PARTS, read_card, write_card
from core.query_engine.gate import Trial, measure, passes, read_trial
from core.query_engine.make import draw, keep
from core.query_engine.running import QueryEngine, open_engine, run_graphs
from demo.engine import start_engine
from tests.data_folder import make_folder
from tests.tiny_backbones import WORDS, drawn, tiny


def moved(backbone: Backbone) -> Backbone:
    """With adapters of both sides, which are the identity until something moves them."""
    add_adapters(backbone, rank=4)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for tensor in query_tensors(backbone).values():
            tensor += 0.05 * torch.randn(tensor.shape, generator=generator)
    return backbone.eval()


@pytest.fixture(scope="module")
def model() -> Backbone:
    """Positions are averaged 3 to 2 a side, which is no whole number of them, as in the model that ships."""
    return moved(tiny("mllm", grid=3, image_grid=2))


@pytest.fixture(scope="module")
def trial(model: Backbone, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    return read_trial(model, make_folder(tmp_path_factory.mktemp("data"), photos=True), "val")


@pytest.fixture(scope="module")
def graphs(model: Backbone, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """In 8 bits and in float32."""
    return draw(model, tmp_path_factory.mktemp("graphs"))[0]


@pytest.fixture(scope="module")
def folder(
    model: Backbone, graphs: dict[str, Path], trial: Trial, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("engine") / "engine"
    keep(model, graphs, out, trial, 100, {})
    return out


@pytest.fixture(scope="module")
def engine(folder: Path, model: Backbone) -> QueryEngine:
    return open_engine(folder, model)


@pytest.fixture
def queries(model: Backbone) -> tuple[list[Shown], list[str | None]]:
    """A picture with words, kept features with words, words, a picture, and two pictures with words."""
    pictures = drawn(5)
    kept = model.encode_pictures(pictures[1:2])[0]
    shown = [pictures[0], kept, None, pictures[2], [pictures[3], pictures[4]]]
    return shown, [WORDS[0], WORDS[1], WORDS[2], None, WORDS[3]]


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(axis=1)


def test_every_kind_of_query_is_answered_as_by_the_model(
    model: Backbone, engine: QueryEngine, queries: tuple[list[Shown], list[str | None]]
) -> None:
    wanted, found = model.embed_queries(*queries), engine.embed_queries(*queries)
    assert found.dtype == np.float32 and found.shape == wanted.shape
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert cosines(wanted, found).min() > 0.98  # 8 bits
    others = np.roll(wanted, 1, axis=0)
    assert cosines(wanted, found).min() > cosines(wanted, others).max()


def test_in_float32_it_is_the_model(model: Backbone, graphs: dict[str, Path], queries: tuple) -> None:
    assert sorted(path.stem for path in graphs["fp32"].iterdir()) == sorted(PARTS)
    found = run_graphs(graphs["fp32"], model).embed_queries(*queries)
    assert np.abs(found - model.embed_queries(*queries)).max() < 1e-4


def test_a_vector_is_the_same_bits_alone_and_among_others(engine: QueryEngine, queries: tuple) -> None:
    together = engine.embed_queries(*queries)
    alone = [engine.embed_queries([shown], [text])[0] for shown, text in zip(*queries, strict=True)]
    assert (np.stack(alone) == together).all()


def test_the_model_answers_by_its_engine_and_targets_stay_as_they_are(
    model: Backbone, engine: QueryEngine, queries: tuple
) -> None:
    pictures = drawn(3)
    before, plain = model.embed_targets(pictures), model.embed_queries(*queries)
    model.engine = engine
    try:
        assert (model.embed_queries(*queries) == engine.embed_queries(*queries)).all()
        assert (model.embed_targets(pictures) == before).all()
        with pytest.raises(HemlineError, match="query 0 has neither a picture nor a text"):
            model.embed_queries([None], [" "])
        with pytest.raises(HemlineError, match="this model reads at most 64"):
            model.embed_queries([None], ["word " * 90])
        with pytest.raises(HemlineError, match="are not of this model"):
            model.embed_queries([np.zeros((1, 2), np.float16)], ["red"])
        with pytest.raises(HemlineError, match="2 pictures and 1 texts"):
            model.embed_queries([None, None], ["red"])
    finally:
        model.engine = None
    assert (model.embed_queries(*queries) == plain).all()


def test_a_refined_version_answers_by_its_own_query_side(
    model: Backbone, engine: QueryEngine, queries: tuple
) -> None:
    refined = {name: tensor + 0.1 for name, tensor in query_tensors(model).items()}
    wanted = with_query_side(model, refined).embed_queries(*queries)
    model.engine = engine
    try:
        twin = with_query_side(model, refined)
    finally:
        model.engine = None
    assert twin.engine is not None and not twin.engine.whole
    found = twin.embed_queries(*queries)
    # pictures by the engine, which rounds like the tower; the rest by the version itself
    assert cosines(wanted, found).min() > 0.999
    assert (found[1:3] == wanted[1:3]).all()
    assert cosines(found, engine.embed_queries(*queries)).min() < 0.99


def test_an_engine_goes_with_its_model_alone(folder: Path, model: Backbone) -> None:
    refined = {name: tensor + 0.1 for name, tensor in query_tensors(model).items()}
    with pytest.raises(HemlineError, match="was made of another model"):
        open_engine(folder, with_query_side(model, refined))
    with pytest.raises(HemlineError, match="there is no engine for this model"):
        open_engine(folder, tiny("clip-sum"))


@pytest.mark.parametrize("part", ["pictures", "tokens", "words"])
def test_a_damaged_engine_is_refused(part: str, folder: Path, model: Backbone, tmp_path: Path) -> None:
    copied = shutil.copytree(folder, tmp_path / "engine")
    graph = copied / f"{part}.onnx"
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 1
    graph.write_bytes(data)
    with pytest.raises(HemlineError, match="is damaged; make it anew"):
        open_engine(copied, model)
    graph.unlink()
    with pytest.raises(HemlineError, match="cannot be read"):
        open_engine(copied, model)


def test_an_engine_of_other_libraries_or_another_form_is_refused(
    folder: Path, model: Backbone, tmp_path: Path
) -> None:
    copied = shutil.copytree(folder, tmp_path / "engine")
    card = read_card(copied)
    write_card(replace(card, versions=card.versions | {"onnxruntime": "1.0"}), copied)
    with pytest.raises(HemlineError, match="made by other versions of libraries"):
        open_engine(copied, model)
    write_card(replace(card, format=0), copied)
    with pytest.raises(HemlineError, match="is no engine's card of this version"):
        open_engine(copied, model)
    with pytest.raises(HemlineError, match=r"engine\.json"):
        open_engine(tmp_path, model)


def test_the_gate_writes_nothing_where_recall_is_lost(
    model: Backbone, graphs: dict[str, Path], folder: Path, trial: Trial, tmp_path: Path
) -> None:
    out = shutil.copytree(folder, tmp_path / "engine")
    before = (out / "engine.json").read_bytes()
    with pytest.raises(
        HemlineError, match=r"loses more than -100.1 points of recall@10 on 3 queries .* fp32"
    ):
        keep(model, graphs, out, trial, -100.1, {})
    assert (out / "engine.json").read_bytes() == before
    assert list(tmp_path.iterdir()) == [out]


def test_the_gate_counts_what_an_engine_gets_wrong(model: Backbone, trial: Trial) -> None:
    class Wrong:
        """An engine gone bad: it answers the opposite."""

        def embed_queries(self, looks: list, texts: list) -> np.ndarray:
            return -model.embed_queries(looks, texts)

    # against what the model itself finds first, as random weights find nothing that is asked for
    asked = [(question.photo, question.text) for question in trial.questions]
    vectors = np.stack([model.embed_queries([read_picture(photo)], [text])[0] for photo, text in asked])
    scores = vectors @ trial.vectors.T
    scores[np.arange(len(asked)), [question.reference for question in trial.questions]] = -2
    first = scores.argmax(axis=1)
    easy = tuple(replace(q, target=int(row)) for q, row in zip(trial.questions, first, strict=True))
    found = measure(model, Wrong(), replace(trial, questions=easy))
    assert found.eager_recall == 100 and found.lost > 0 and not passes(found)
    assert found.low <= found.lost <= found.high
    assert passes(measure(model, model, replace(trial, questions=easy)))


def test_the_card_says_what_was_measured(folder: Path) -> None:
    card = read_card(folder)
    assert card.precision == "int8" and set(card.files) == {"pictures", "tokens", "words"}
    assert card.gate["queries"] == 3 and card.gate["limit"] == 100
    assert card.gate["least_cosine"] > 0.98 and card.gate["engine_ms"] > 0
    assert card.hardware["cpu"] and card.versions["onnxruntime"]


def test_without_the_package_it_says_what_to_install(
    folder: Path, model: Backbone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(HemlineError, match="pip install onnxruntime"):
        open_engine(folder, model)


# --- in the app and on the command line -------------------------------------------------------------------


@pytest.fixture
def saved(model: Backbone, tmp_path: Path) -> Path:
    save_backbone(model, tmp_path / "model")
    return tmp_path / "model"


def test_the_app_makes_an_engine_beside_it_and_finds_it_again(
    saved: Path, trial: Trial, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="hemline")
    data = trial.questions[0].photo.parents[1], "val"
    first = load_backbone(saved)
    waiting = start_engine(first, saved, tmp_path / "engines", data, polite=False)
    assert first.engine is None and waiting is not None
    plain = first.embed_queries([None], ["a red dress"])
    waiting.join(timeout=240)
    assert isinstance(first.engine, QueryEngine), caplog.text
    assert cosines(plain, first.embed_queries([None], ["a red dress"])).min() > 0.98
    again = load_backbone(saved)
    assert start_engine(again, saved, tmp_path / "engines", data) is None
    assert again.engine is not None
    assert caplog.text.count("queries are answered by an engine: ") == 2


def test_the_app_goes_on_without_an_engine_and_says_why(
    saved: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="hemline")
    clip = tiny("clip-sum")
    assert start_engine(clip, saved, tmp_path / "engines") is None and clip.engine is None
    assert "the model itself answers: there is no engine for this model" in caplog.text
