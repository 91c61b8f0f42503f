"""CIRR's train split as what stage 2 trains on."""

import json
from pathlib import Path

import numpy as np
import pytest

from core.backbones import load_backbone
from core.datasets.layouts import read_either
from core.errors import HemlineError
from core.runs import load_card
from tests.forked_runs import forked
from tests.small_cirr import draw_photos, make_cirr
from tests.tiny_backbones import drawn
from tests.train_folder import make_train_folder, tiny_start

WITHOUT_RECORDS = ("--generated", 0, "--words", 0, "--soft", 0, "--attribute", 0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = make_cirr(tmp_path / "cirr", "train", pairs=27)
    draw_photos(root, root / "img_raw", "train")
    return root


def test_stage_2_trains_on_cirr(folder: Path, tmp_path: Path) -> None:
    start = tiny_start(make_train_folder(tmp_path / "data"), tmp_path / "start", "mllm")
    where = ("--data", folder, "--init", start, "--cache", tmp_path / "cache", "--batch", 8, "--views", 1)
    few = ("--steps", 4, "--bank-steps", 3, "--threads", 1, "--precision", "float32")
    run = forked()
    done = run("train.stage2", *where, *few, "--out", tmp_path / "run", *WITHOUT_RECORDS)
    assert done.code == 0, done.err
    refused = run("train.stage2", *where, *few, "--out", tmp_path / "other")
    assert refused.code == 2 and "add --generated 0 --words 0 --soft 0 --attribute 0" in refused.err
    card = load_card(tmp_path / "run")
    assert card is not None and card.finished
    # The tuning slice is held out of it as of any dataset, and is what recall is told of.
    assert any(name.startswith("tune_R@10") for name in card.results), card.results
    before, after = (load_backbone(path) for path in (start, tmp_path / "run"))
    assert not np.allclose(before.embed_targets(drawn(2)), after.embed_targets(drawn(2)))


def test_a_pair_without_words_is_left_out_of_training(folder: Path) -> None:
    whole = read_either(folder, "train")
    assert len(whole.triplets) == 27 and whole.categories == ("cirr",)
    assert whole.image_path(whole.triplets[0].target) is not None
    path = folder / "captions" / "cap.rc2.train.json"
    rows = json.loads(path.read_text("utf-8"))
    rows[3]["caption"] = "  "
    path.write_text(json.dumps(rows))
    found = read_either(folder, "train")
    assert [t.key for t in found.triplets] == [t.key for t in whole.triplets if t != whole.triplets[3]]
    assert found.image_path(whole.triplets[0].target) is not None


def test_either_layout_is_read_and_another_is_refused(tmp_path: Path) -> None:
    assert read_either(make_train_folder(tmp_path / "data"), "train").garments
    with pytest.raises(HemlineError, match="does not exist"):
        read_either(tmp_path / "nothing", "train")
