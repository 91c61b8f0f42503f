"""Both stages as commands on a small dataset: what they leave, what they refuse, what a kill costs."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from core.backbones import load_backbone
from core.backbones.mllm import MllmBackbone
from core.datasets.fashioniq import read_split
from core.files import sha256_file
from core.pictures import read_picture
from tests.data_folder import make_folder
from tests.forked_runs import Done, Runner, forked
from tests.train_folder import make_train_folder, tiny_start

STAGE1 = ("train.stage1", "--steps", 8)
STAGE2 = ("train.stage2", "--steps", 6, "--bank-steps", 5)
FEW = ("--batch", 12, "--views", 2, "--threads", 1)
EXACT = ("--precision", "float32")
WITHOUT_RECORDS = ("--generated", 0, "--words", 0, "--soft", 0, "--attribute", 0)


@dataclass(frozen=True)
class Place:
    """A dataset, untrained models by kind, and the runner of commands."""

    data: Path
    starts: dict[str, Path]
    cache: Path
    run: Runner

    def train(self, out: Path, *options: Any, start: str = "mllm", kill_at: int | str | None = None) -> Done:
        module, *flags = options
        where = ("--data", self.data, "--init", self.starts[start], "--out", out, "--cache", self.cache)
        return self.run(module, *where, *FEW, *flags, kill_at=kill_at)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    root = tmp_path_factory.mktemp("stages")
    data = make_train_folder(root / "data")
    starts = {kind: tiny_start(data, root / kind, kind) for kind in ("mllm", "clip-combiner")}
    return Place(data, starts, root / "cache", forked())


@pytest.fixture(scope="module")
def whole(place: Place, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """An unbroken run of each stage."""
    root = tmp_path_factory.mktemp("whole")
    runs = {"stage1": STAGE1, "stage2": STAGE2}
    for name, options in runs.items():
        done = place.train(root / name, *options, *EXACT)
        assert done.code == 0, done.err
    return {name: root / name for name in runs}


def weights(run: Path) -> dict[str, str]:
    """The hash of every weight file of a model folder."""
    return {str(p.relative_to(run)): sha256_file(p) for p in sorted(run.rglob("*.safetensors"))}


def everything(run: Path) -> dict[str, str]:
    return {str(p.relative_to(run)): sha256_file(p) for p in run.rglob("*") if p.is_file()}


def log(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text("utf-8").splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def losses(run: Path) -> list[float]:
    return [line["loss"] for line in log(run) if "loss" in line]


def card(run: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads((run / "run.json").read_text("utf-8"))
    return value


def photos(place: Place) -> list[Any]:
    return [read_picture(path) for path in sorted((place.data / "images").iterdir())]


def assert_card(run: Path, command: str) -> None:
    value = card(run)
    assert value["command"] == command and value["seed"] == 0 and value["resumes"] == 0
    assert value["config"]["batch"] == 12 and value["config"]["precision"] == "float32"
    assert len(value["data_fingerprint"]) == 64
    assert len(value["git"]["commit"]) == 40
    assert {"python", "torch", "transformers", "peft"} <= value["versions"].keys()
    assert value["finished"] >= value["started"]
    assert value["wall_seconds"] > 0 and value["peak_memory_mb"] > 50


def test_stage_1_learns_to_caption_and_leaves_a_model(place: Place, tmp_path: Path) -> None:
    done = place.train(tmp_path, "train.stage1", "--steps", 40, "--lr", 5e-3, *EXACT)
    assert done.code == 0, done.err
    found = losses(tmp_path)
    assert len(found) == 40 and np.mean(found[-5:]) < 0.7 * np.mean(found[:5])
    assert_card(tmp_path, "train.stage1")
    backbone = load_backbone(tmp_path)
    vectors = backbone.embed_targets(photos(place)[:3])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert not (tmp_path / "checkpoints").exists()


def test_stage_2_learns_in_both_phases_and_leaves_a_model(place: Place, tmp_path: Path) -> None:
    rates = ("--lr", 3e-3, "--bank-lr", 3e-3)
    done = place.train(tmp_path, "train.stage2", "--steps", 30, "--bank-steps", 20, *rates, *EXACT)
    assert done.code == 0, done.err
    for phase, steps in (("in-batch", 30), ("bank", 20)):
        found = losses(tmp_path / phase)
        assert len(found) == steps and np.mean(found[-5:]) < np.mean(found[:5])
        assert not (tmp_path / phase / "checkpoints").exists()
    assert_card(tmp_path, "train.stage2")
    backbone = load_backbone(tmp_path)
    assert backbone.spec.adapters == ("query", "target")
    vectors = backbone.embed_queries(photos(place)[:2], ["is red", None])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_without_init_the_model_is_built_from_its_parts(place: Place, tmp_path: Path) -> None:
    data = make_train_folder(tmp_path / "data", each=4)
    options = ("--steps", 1, "--batch", 4, "--views", 1, "--threads", 1, "--cache", tmp_path / "cache")
    refused = place.run("train.stage1", "--data", data, "--out", tmp_path / "run", *options)
    assert refused.code == 2 and "too few" in refused.sentence and "--no-hold-out" in refused.sentence
    options += ("--no-hold-out",)
    done = place.run("train.stage1", "--data", data, "--out", tmp_path / "run", *options)
    assert done.code == 0, done.err
    assert load_backbone(tmp_path / "run").feature_shape() == (4, 2099)


def test_the_seed_decides_the_weights(place: Place, whole: dict[str, Path], tmp_path: Path) -> None:
    assert place.train(tmp_path, *STAGE1, *EXACT, "--seed", 1).code == 0
    assert weights(tmp_path) != weights(whole["stage1"])


@pytest.mark.parametrize(
    ("stage", "kills"),
    [
        ("stage1", [6, 3]),
        ("stage2", [4]),  # in phase (a), two steps of which are saved
        ("stage2", [6 + 1]),  # in (b) before its first save
        ("stage2", [6 + 4, "closing"]),  # in (b), then after the model is saved
    ],
)
def test_killed_and_started_again_it_ends_with_the_same_weights(
    place: Place, whole: dict[str, Path], tmp_path: Path, stage: str, kills: list[int | str]
) -> None:
    options = {"stage1": STAGE1, "stage2": STAGE2}[stage]
    for kill in kills:
        assert place.train(tmp_path, *options, *EXACT, kill_at=kill).code == -9
    done = place.train(tmp_path, *options, *EXACT)
    assert done.code == 0, done.err
    assert weights(tmp_path) == weights(whole[stage])
    for place_of_log in ("", "in-batch", "bank"):
        if (whole[stage] / place_of_log / "log.jsonl").exists():
            assert log(tmp_path / place_of_log) == log(whole[stage] / place_of_log)
    assert card(tmp_path)["resumes"] == len(kills)
    assert not list(tmp_path.rglob("checkpoints"))


def test_in_bfloat16_and_with_a_tuning_slice_it_is_the_same(place: Place, tmp_path: Path) -> None:
    options = (*STAGE2, "--precision", "bfloat16")
    straight, broken = tmp_path / "straight", tmp_path / "broken"
    assert place.train(straight, *options).code == 0
    assert place.train(broken, *options, kill_at=4).code == -9
    assert place.train(broken, *options, kill_at=5).code == -9  # step 3 and 4 of (b), as 2 were left of (a)
    assert place.train(broken, *options).code == 0
    assert weights(broken) == weights(straight)
    assert 0 <= card(broken)["results"]["tune_R@10"] <= 100
    assert card(broken)["results"] == card(straight)["results"]
    measured = [line["step"] for line in log(broken / "bank") if "tune_R@10" in line]
    assert measured and measured[-1] == 5


@pytest.mark.parametrize("kind", ["mllm", "clip-combiner"])
def test_the_bank_phase_leaves_every_target_vector_as_it_is(place: Place, tmp_path: Path, kind: str) -> None:
    """An index made after phase (a) stays valid."""
    first, both = tmp_path / "first", tmp_path / "both"
    for out, bank_steps in ((first, 0), (both, 5)):
        done = place.train(out, "train.stage2", "--steps", 4, "--bank-steps", bank_steps, *EXACT, start=kind)
        assert done.code == 0, done.err
    before, after = load_backbone(first), load_backbone(both)
    looks = photos(place)
    assert np.array_equal(before.embed_targets(looks), after.embed_targets(looks))
    assert before.target_fingerprint() == after.target_fingerprint()
    texts = ["is red"] * len(looks)
    assert not np.array_equal(before.embed_queries(looks, texts), after.embed_queries(looks, texts))
    own = dict(before.named_parameters())
    query_side = {id(p) for part in before.query_parts for p in before.parts()[part]}
    for name, parameter in after.named_parameters():
        if id(own[name]) not in query_side:
            assert parameter.equal(own[name]), name


def test_the_bank_phase_on_its_own_ends_as_in_one_go(
    place: Place, whole: dict[str, Path], tmp_path: Path
) -> None:
    """So that several ways of phase (b) can be compared from one phase (a)."""
    first, then = tmp_path / "first", tmp_path / "then"
    assert place.train(first, "train.stage2", "--steps", 6, "--bank-steps", 0, *EXACT).code == 0
    options = ("train.stage2", "--steps", 0, "--bank-steps", 5, *EXACT)
    done = place.train(then, *options, "--init", first, kill_at=4)
    assert done.code == -9
    done = place.train(then, *options, "--init", first)
    assert done.code == 0, done.err
    assert weights(then) == weights(whole["stage2"])


def test_a_finished_run_is_left_alone(place: Place, whole: dict[str, Path]) -> None:
    for stage, options in (("stage1", STAGE1), ("stage2", STAGE2)):
        before = everything(whole[stage])
        done = place.train(whole[stage], *options, *EXACT, kill_at=1)
        assert (done.code, done.out) == (0, f"{whole[stage]} is finished; remove it to train it again\n")
        other = place.train(whole[stage], *options, *EXACT, "--seed", 5)
        assert other.code == 2 and "holds a finished run of other options" in other.sentence
        assert everything(whole[stage]) == before


def test_the_folder_of_another_command_is_refused(place: Place, whole: dict[str, Path]) -> None:
    # The very same options, so that only the command tells them apart.
    flags = ("--steps", 8, *EXACT)
    before = everything(whole["stage1"])
    done = place.train(whole["stage1"], "train.stage2", *flags)
    assert done.code == 2
    assert done.sentence.endswith("holds a run of train.stage1; choose another --out for train.stage2")
    assert everything(whole["stage1"]) == before


def test_a_folder_that_holds_another_model_is_refused(place: Place, tmp_path: Path) -> None:
    shutil.copytree(place.starts["mllm"], tmp_path / "model")
    before = everything(tmp_path / "model")
    for stage in (STAGE1, STAGE2):
        done = place.train(tmp_path / "model", *stage)
        assert done.code == 2 and "already holds a model" in done.sentence
    assert everything(tmp_path / "model") == before


def test_a_broken_run_does_not_go_on_with_other_options(place: Place, tmp_path: Path) -> None:
    assert place.train(tmp_path, *STAGE1, *EXACT, kill_at=4).code == -9
    done = place.train(tmp_path, *STAGE1, *EXACT, "--lr", 0.1)
    assert done.code == 2 and "belongs to a run with another configuration" in done.sentence


def test_only_the_train_split_is_trained_on(place: Place, tmp_path: Path) -> None:
    data = shutil.copytree(place.data, tmp_path / "data")
    records = (data / "garments.jsonl").read_text("utf-8").splitlines()
    records[3] = records[3].replace('"split": "train"', '"split": "val"')
    (data / "garments.jsonl").write_text("\n".join(records), "utf-8")
    for stage in (STAGE1, STAGE2):
        done = place.train(tmp_path / "run", *stage, "--data", data)
        assert done.code == 2 and "dress3" in done.sentence and "is of split 'val'" in done.sentence
        done = place.train(tmp_path / "run", *stage, "--data", make_folder(tmp_path / stage[0]))
        assert done.code == 2 and "has no split 'train'; its splits are: val" in done.sentence
    assert not (tmp_path / "run").exists()


def test_a_missing_or_broken_photo_is_named(place: Place, tmp_path: Path) -> None:
    data = shutil.copytree(place.data, tmp_path / "data")
    (data / "images" / "shirt2.jpg").unlink()
    (data / "images" / "dress1.jpg").write_text("no picture", "utf-8")
    for stage in (STAGE1, STAGE2):
        done = place.train(tmp_path / "run", *stage, "--data", data)
        assert done.code == 2
        assert "1 are missing (shirt2)" in done.sentence and "dress1: not a picture" in done.sentence


def test_without_garment_records_human_triplets_still_train(place: Place, tmp_path: Path) -> None:
    data = make_train_folder(tmp_path / "data", records=False)
    refused = place.train(tmp_path / "run", *STAGE2, "--data", data)
    assert refused.code == 2
    assert "no garments.jsonl" in refused.sentence
    assert refused.sentence.endswith("add " + " ".join(map(str, WITHOUT_RECORDS)))
    done = place.train(tmp_path / "run", *STAGE2, *EXACT, *WITHOUT_RECORDS, "--data", data)
    assert done.code == 0, done.err
    assert load_backbone(tmp_path / "run").spec.adapters
    captions = place.train(tmp_path / "captions", *STAGE1, "--data", data)
    assert captions.code == 2 and captions.sentence.endswith("start at stage 2")


def test_stage_1_wants_a_model_that_can_caption(place: Place, tmp_path: Path) -> None:
    done = place.train(tmp_path / "run", *STAGE1, start="clip-combiner")
    assert done.code == 2
    assert done.sentence == (
        "hemline: stage 1 writes captions and a model of kind clip cannot; start at stage 2"
    )


def test_stage_2_that_goes_on_captioning_captions_better(place: Place, tmp_path: Path) -> None:
    options = ("train.stage2", "--steps", 40, "--bank-steps", 0, "--attribute", 0, *EXACT)
    for name, weight in (("without", 0), ("with", 1)):
        done = place.train(tmp_path / name, *options, "--caption", weight)
        assert done.code == 0, done.err
    found = {}
    with torch.inference_mode():
        for name in ("without", "with"):
            backbone = load_backbone(tmp_path / name)
            assert isinstance(backbone, MllmBackbone)
            garments = list(read_split(place.data, "train").garments.values())[:8]
            pictures = [read_picture(place.data / "images" / f"{g.id}.jpg") for g in garments]
            features = torch.from_numpy(backbone.encode_pictures(pictures)).float()
            found[name] = float(backbone.caption_loss(features, [g.caption for g in garments]))
    assert found["with"] < found["without"] - 0.5


def test_a_model_that_cannot_caption_is_not_asked_to_in_stage_2(place: Place, tmp_path: Path) -> None:
    done = place.train(tmp_path / "run", *STAGE2, "--caption", 0.5, start="clip-combiner")
    assert done.code == 2 and "--caption needs a model that captions" in done.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("stage", "flags", "says"),
    [
        ("train.stage2", "--steps 0 --bank-steps 0", "--steps 0 and --bank-steps 0 leave nothing to train"),
        ("train.stage1", "--steps 0", "--steps is 0; it must be 1 or more"),
        ("train.stage1", "--batch 0", "--batch is 0; it must be 1 or more"),
        ("train.stage1", "--attribute-share 1.5", "--attribute-share is 1.5; it must be between 0 and 1"),
        ("train.stage2", "--temperature 0", "--temperature is 0.0; it must be 0.001 or more"),
        ("train.stage2", "--word-dropout nan", "--word-dropout is nan; it must be between 0 and 1"),
        ("train.stage2", "--seed -1", "--seed is -1; it must be 0 or more"),
        ("train.stage2", "--threads 0", "--threads is 0; it must be 1 or more"),
        ("train.stage2", "--precision half", "precision is one of auto, bfloat16, float32, not 'half'"),
    ],
)
def test_flags_out_of_range_are_one_sentence(
    place: Place, tmp_path: Path, stage: str, flags: str, says: str
) -> None:
    done = place.train(tmp_path / "run", stage, *flags.split())
    assert done.code == 2
    assert done.sentence == f"hemline: {says}"
    assert not (tmp_path / "run").exists()
