"""Refinement by its command on a tiny trained model: flags leave, the index stays, a kill costs nothing."""

import json
import os
import random
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.backbones import load_backbone
from core.backbones.mllm import add_adapters
from core.backbones.query_side import query_fingerprint, query_tensors, with_query_side
from core.building import build
from core.errors import HemlineError
from core.files import read_json
from core.judgements import append, open_store, undo
from core.refining import CANCEL_FILE, read_progress, start
from core.search import open_searcher, search, with_version
from core.versions import live, promote, read_version, roll_back, versions
from tests.forked_runs import Runner, forked
from tests.refine_world import STEPS, arguments, judgement, make_world
from tests.tiny_backbones import tiny
from tests.train_folder import make_train_folder


@pytest.fixture(scope="module")
def run() -> Runner:
    return forked()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("refine"))


@pytest.fixture(scope="module")
def refined(world: Path, run: Runner) -> Path:
    """A version that was made by the command."""
    out = world / "versions" / "first"
    done = run("train.refine", *arguments(world, out))
    assert done.code == 0, done.err
    assert "flagged hits: 12" in done.out
    return out


def test_flagged_hits_leave_the_first_ten_and_the_card_tells_everything(world: Path, refined: Path) -> None:
    version = read_version(refined)
    assert version.figures["summary"]["flagged"] == 12
    assert version.figures["summary"]["left"] >= 90
    assert version.figures["recall"]["R@10"]["low"] <= version.figures["recall"]["R@10"]["high"]
    trained = version.trained_on
    assert trained["judgements"]["events"] == list(range(1, 13)) and trained["judgements"]["queries"] == 4
    assert trained["config"]["steps"] == STEPS and trained["replay"]["tuning"] > 0
    effect = read_json(refined / "effect.json")
    assert len(effect["hits"]) == 12 and all(hit["old_rank"] <= 3 for hit in effect["hits"])
    progress = read_progress(refined)
    assert progress is not None and progress.state == "done" and 0 < len(progress.curve) <= STEPS
    assert progress.left == 0


def test_the_target_side_is_as_it_was_and_the_index_answers_for_both(world: Path, refined: Path) -> None:
    before, after = load_backbone(world / "model"), load_backbone(refined)
    assert after.target_fingerprint() == before.target_fingerprint()
    assert query_fingerprint(after) != query_fingerprint(before)
    searcher = open_searcher(world / "model", world / "index")
    newer = with_version(searcher, refined)
    gone = {hit["hit"] for hit in read_json(refined / "effect.json")["hits"] if hit["text"] == "is blue 0"}
    hits = {hit.id for hit in search(newer, reference_id="dress1", text="is blue 0")}
    assert gone and not gone & hits
    assert gone <= {hit.id for hit in search(searcher, reference_id="dress1", text="is blue 0")}
    assert open_searcher(refined, world / "index").index.card == searcher.index.card


def test_the_same_judgements_and_seed_give_the_same_version(world: Path, refined: Path, run: Runner) -> None:
    again = world / "elsewhere" / "second"
    assert run("train.refine", *arguments(world, again), "--no-promote").code == 0
    assert read_version(again).query == read_version(refined).query
    assert live(again.parent) is None


def test_a_version_that_lost_recall_does_not_go_live(world: Path, tmp_path: Path, run: Runner) -> None:
    done = run("train.refine", *arguments(world, tmp_path / "v"), "--fall", -101)
    assert done.code == 0 and "v: worse, against base" in done.out
    assert live(tmp_path) is None and [version.verdict for version in versions(tmp_path)] == ["worse"]
    promote(tmp_path, "v")
    assert live(tmp_path) == "v" and roll_back(tmp_path) is None


def test_kills_at_random_moments_leave_the_live_version_and_what_is_left_is_cleaned(
    world: Path, refined: Path, tmp_path: Path, run: Runner
) -> None:
    begun = time.monotonic()
    assert run("train.refine", *arguments(world, tmp_path / "live"), "--fall", 101).code == 0
    long = time.monotonic() - begun
    pointer, card = (tmp_path / "live.json").read_bytes(), (tmp_path / "live/version.json").read_bytes()
    moments = [random.Random(number).uniform(0.02, 1) * long for number in range(4)]
    for number, moment in enumerate([*moments, 2, 4]):
        done = run("train.refine", *arguments(world, tmp_path / f"v{number}"), "--no-promote", kill_at=moment)
        assert done.code in (-9, 0)
        assert (tmp_path / "live.json").read_bytes() == pointer
        assert (tmp_path / "live/version.json").read_bytes() == card and live(tmp_path) == "live"
        assert done.code == -9 or isinstance(moment, float)
    # whatever is listed is whole
    assert all(load_backbone(tmp_path / version.name) for version in versions(tmp_path))
    progress = read_progress(tmp_path / "v5")
    assert progress is not None and progress.state == "killed" and progress.step < STEPS
    done = run("train.refine", *arguments(world, tmp_path / "v5"), "--no-promote")
    # the next job that began removed what v4 had left
    assert done.code == 0 and not (tmp_path / "v4").exists()
    assert read_version(tmp_path / "v5").query == read_version(tmp_path / "live").query


def test_a_job_is_cancelled_by_its_file_and_outlives_nothing(world: Path, tmp_path: Path) -> None:
    out = tmp_path / "v"
    process = start(
        [*arguments(world, out)[:-8], "--steps", 20_000, "--threads", 1, "--cache", world / "f"], out
    )
    try:
        assert os.getsid(process.pid) == process.pid  # a session of its own: it outlives who started it
        state = None
        for _ in range(1200):
            progress = read_progress(out)
            state = progress.state if progress else None
            if state == "training" or process.poll() is not None:
                break
            time.sleep(0.1)
        assert state == "training", (out / "job.log").read_text()
        (out / CANCEL_FILE).touch()
        assert process.wait(60) == 0
    finally:
        process.kill()
    progress = read_progress(out)
    assert progress is not None and progress.state == "cancelled" and versions(tmp_path) == []


def test_what_cannot_be_learned_from_is_counted_and_said(world: Path, tmp_path: Path, run: Runner) -> None:
    searcher = open_searcher(world / "model", world / "index")
    path = tmp_path / "judgements.db"
    store = open_store(path)
    said = judgement(searcher, "dress1", "is red", "dress4", "hard negative")
    append(store, replace(said, hit_id="dress99"))  # no longer in the index
    append(store, replace(said, reference_id="x", reference_hash="0" * 64))  # an upload that was not kept
    append(store, said)
    append(store, replace(said, annotator="bob", verdict="acceptable"))  # a disagreement
    append(store, replace(said, hit_id="dress7", verdict="unsure"))
    undo(store, append(store, replace(said, hit_id="dress8")))
    done = run("train.refine", *arguments(world, tmp_path / "v", judgements=path))
    assert done.code == 2
    assert "there is nothing to learn from" in done.sentence
    for part in ("1 hits no longer in the index", "1 queries whose reference is gone", "1 hits that people"):
        assert part in done.sentence
    progress = read_progress(tmp_path / "v")
    assert progress is not None and progress.state == "failed" and progress.message in done.sentence
    append(store, replace(said, hit_id="shirt3"))
    done = run("train.refine", *arguments(world, tmp_path / "v", judgements=path))
    assert done.code == 0, done.err
    left = read_version(tmp_path / "v").trained_on["judgements"]["left_out"]
    assert left["hits no longer in the index"] == 1 and left["hits that people disagree on"] == 1


def test_judgements_on_val_photos_are_refused(world: Path, tmp_path: Path, run: Runner) -> None:
    data = make_train_folder(tmp_path / "data", split="val")
    make_train_folder(data)
    build(world / "model", data / "images", tmp_path / "index")
    searcher = open_searcher(world / "model", tmp_path / "index")
    path = tmp_path / "judgements.db"
    store = open_store(path)
    append(store, judgement(searcher, "valdress1", "is red", "valdress4", "hard negative"))
    words_alone = judgement(searcher, "dress1", "is red", "valdress4", "hard negative")
    append(store, replace(words_alone, reference_id=None, reference_hash=None))
    changed = {"judgements": path, "index": tmp_path / "index", "replay": data}
    done = run("train.refine", *arguments(world, tmp_path / "v", **changed))
    assert done.code == 2
    assert "1 reference is a val photo" in done.sentence and "1 hit is a val photo" in done.sentence
    only_val = make_train_folder(tmp_path / "only", split="val")
    path = tmp_path / "words.db"
    append(open_store(path), replace(words_alone, reference_id=None, reference_hash=None, hit_id="dress4"))
    done = run("train.refine", *arguments(world, tmp_path / "w", judgements=path, replay=only_val))
    assert done.code == 2 and "val and test are kept for evaluation" in done.sentence


def test_right_hits_rise(world: Path, tmp_path: Path, run: Runner) -> None:
    searcher = open_searcher(world / "model", world / "index")
    last = search(searcher, reference_id="dress3", text="is white", top_k=35)[-5:]
    store = open_store(tmp_path / "judgements.db")
    for hit in last[:2]:
        append(store, judgement(searcher, "dress3", "is white", hit.id, "acceptable"))
    append(store, judgement(searcher, "dress3", "is white", last[2].id, "near-duplicate"))
    changed = {"judgements": tmp_path / "judgements.db"}
    assert run("train.refine", *arguments(world, tmp_path / "v", **changed), "--fall", 101).code == 0
    right = read_version(tmp_path / "v").figures["summary"]["right"]
    assert right["hits"] == 2 and right["mean_rank_after"] < right["mean_rank_before"] - 5


def test_the_effect_of_two_versions_is_printed(
    world: Path, refined: Path, tmp_path: Path, run: Runner
) -> None:
    given = arguments(world, tmp_path / "unused")
    options = [*given[2:8], "--cache", world / "features", "--threads", 1]
    done = run(
        "train.flag_effect",
        "--before",
        world / "model",
        "--after",
        refined,
        *options,
        "--json",
        tmp_path / "e",
    )
    assert done.code == 0, done.err
    assert done.out.splitlines()[0].startswith("flagged hits: 12; ")
    effect = json.loads((tmp_path / "e").read_text())
    assert effect["summary"] == read_version(refined).figures["summary"]


@pytest.mark.parametrize("name", ["mllm", "clip-sum", "clip-combiner"])
def test_a_twin_shares_all_but_its_query_side_and_both_answer_at_once(name: str) -> None:
    backbone = tiny(name)
    add_adapters(backbone)
    looks = [np.full(backbone.feature_shape(), value, np.float16) for value in (0.1, 0.5)]
    before = backbone.embed_queries(looks, ["red", "blue"]), backbone.embed_targets(looks)
    twin = with_query_side(backbone, {k: v + 0.3 for k, v in query_tensors(backbone).items()})
    shared = {id(p) for p in backbone.parameters()} & {id(p) for p in twin.parameters()}
    own = list(query_tensors(backbone).values())
    assert len(shared) == len(list(backbone.parameters())) - len(own)
    assert np.abs(twin.embed_queries(looks, ["red", "blue"]) - before[0]).max() > 0.01
    assert np.array_equal(twin.embed_targets(looks), before[1])
    assert np.array_equal(backbone.embed_queries(looks, ["red", "blue"]), before[0])
    assert twin.target_fingerprint() == backbone.target_fingerprint()


def test_a_query_side_of_another_model_is_refused() -> None:
    backbone = tiny("mllm")
    with pytest.raises(HemlineError, match="no query adapter"):
        query_tensors(backbone)
    add_adapters(backbone, rank=4)
    other = tiny("mllm")
    add_adapters(other, rank=8)
    with pytest.raises(HemlineError, match="does not fit this model"):
        with_query_side(backbone, query_tensors(other))
