"""A study end to end: a model given as a value on Closet's annotations, and the command on real results."""

import re
import sys
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.cli import entry
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.evaluation.protocol import preset
from core.evaluation.result import MODALITIES, read_result
from core.evaluation.run import evaluate_split
from core.evaluation.study import Study, read_study, study_results
from tests.data_folder import write_lines
from train import study
from train.study_table import table

SHIPPED = Path(__file__).parents[1] / "assets" / "results" / "shipped"


class Words:
    """A model whose query is the photo's own vector, moved by one that depends on the words alone."""

    def __init__(self) -> None:
        self.embedded = 0

    def embed_queries(self, looks: Sequence[np.ndarray | None], texts: Sequence[str | None]) -> np.ndarray:
        rows = []
        for look, text in zip(looks, texts, strict=True):
            seed = zlib.crc32((text or "").encode())
            moved = np.random.default_rng(seed).standard_normal(8) if text else np.zeros(8)
            rows.append((look if look is not None else 0) + 0.3 * moved)
        vectors = np.stack(rows)
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)

    def embed_targets(self, looks: Sequence[np.ndarray]) -> np.ndarray:
        self.embedded += 1
        return np.stack(looks)

    def target_fingerprint(self) -> str:
        return "words"


def looks_of(split: Split) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    drawn = {photo: rng.standard_normal(8) for photo in split.union_gallery()}
    return {photo: (v / np.linalg.norm(v)).astype(np.float32) for photo, v in drawn.items()}


def made(split: Split, model: Words, **files: Path) -> Study:
    looks = looks_of(split)
    once = study.Once(model)
    results = {m: evaluate_split(once, split, preset("closet"), m, looks) for m in MODALITIES}
    return study.more_of(study_results(results), results["both"], once, split, looks, **files)


@pytest.fixture(scope="module")
def split(closet_dir: Path) -> Split:
    return read_split(closet_dir, "val", ["dress", "shoes"])


def test_a_model_is_asked_for_what_results_do_not_say(split: Split, closet_dir: Path, tmp_path: Path) -> None:
    keys = {t.key for t in split.triplets}
    lines = (closet_dir / "paraphrases.val.jsonl").read_text().splitlines(keepends=True)
    worded = tmp_path / "paraphrases.jsonl"
    worded.write_text("".join(line for line in lines if line.split('"')[3] in keys))
    judged = tmp_path / "verdicts.jsonl"
    first, others = split.triplets[0], split.galleries["dress"][:3]
    wrong = [photo for photo in others if photo not in (first.target, first.reference)]
    write_lines(judged, [{"query": first.key, "id": photo, "verdict": "hard negative"} for photo in wrong])
    model = Words()
    told = made(split, model, paraphrases=worded, verdicts=judged)
    assert model.embedded == 1  # the same photos, once for all modalities and wordings
    assert told.answers is not None and set(told.answers) == {"records", "verdicts"}
    assert told.answers["verdicts"]["counts"]["negatives"] == len(wrong) > 0
    assert told.answers["verdicts"]["counts"]["verdicts"] == len(wrong)
    # With a gallery of more than ten, and the target among the right answers, "found" is no less than it.
    records = told.answers["records"]
    assert records["found"]["10"]["percent"] >= records["target"]["10"]["percent"]
    assert told.wordings is not None and set(told.wordings) == {"annotators", "supplied"}
    assert told.wordings["supplied"]["counts"] == {"queries": len(keys), "wordings": 3 * len(keys)}
    asked = told.modalities["metrics"]["both"]["R@10"] if told.modalities else 0
    assert told.wordings["annotators"]["as_evaluated"]["R@10"]["percent"] == pytest.approx(asked)
    assert set(told.not_measured) == {"lexicon"}
    shown = table(told)
    assert "solved only by both together" in shown and "target in 10 flips" in shown


def test_wordings_that_are_alike_do_not_move_a_rank(split: Split) -> None:
    twice = replace(split, triplets=tuple(replace(t, captions=("is red", "is red")) for t in split.triplets))
    told = made(twice, Words())
    assert told.wordings is not None
    found = told.wordings["annotators"]
    assert found["overlap"]["percent"] == 100 and found["rank_spread"]["mean"] == 0
    assert all(share["percent"] == 0 for share in found["flips"].values())


def test_without_records_or_wordings_the_study_says_so(split: Split) -> None:
    bare = replace(
        split, garments={}, triplets=tuple(replace(t, captions=t.captions[:1]) for t in split.triplets)
    )
    told = made(bare, Words())
    assert told.answers is told.wordings is told.attributes is None
    assert set(told.not_measured) == {"answers", "wordings", "attributes", "lexicon"}


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["study", *map(str, arguments)])
    try:
        entry(study.main)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_results_made_elsewhere_are_studied(
    tmp_path: Path, closet_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = {m: SHIPPED / f"closet-val-{m}.json" for m in MODALITIES}
    out = tmp_path / "out"
    assert run(monkeypatch, "--results", *paths.values(), "--data", closet_dir, "--out", out) == 0
    assert "not measured: answers" in capsys.readouterr().out
    told = read_study(out / "study.json")
    for modality, path in paths.items():
        assert read_result(out / told.results[modality]).ranks == read_result(path).ranks
    assert told.modalities is not None
    assert told.modalities["at"]["10"]["both"]["percent"] == pytest.approx(
        100 * np.mean(read_result(paths["both"]).rank_array() <= 10)
    )
    both = paths["both"]
    wrong = [
        (("--results", both), "image, text is missing"),
        (("--results", both, both, paths["text"]), "two of --results have modality 'both'"),
        (("--results", *paths.values(), "--model", out), "either --model and --data, or --results"),
        (("--model", out), "either --model and --data, or --results"),
        (("--results", *paths.values(), "--verdicts", both), "need the model's rankings"),
        (
            ("--results", *paths.values(), "--data", closet_dir, "--split", "train"),
            "is not of .*, split train",
        ),
        (("--results", both, paths["image"], SHIPPED / "wardrobe-val-text.json"), "different galleries"),
    ]
    for arguments, says in wrong:
        assert run(monkeypatch, *arguments, "--out", tmp_path / "no") == 2
        said = capsys.readouterr().err
        assert re.search(says, said), said
        assert said.count("\n") == 1
    assert not (tmp_path / "no").exists()
    with pytest.raises(HemlineError, match="does not exist"):
        read_study(tmp_path / "no" / "study.json")
