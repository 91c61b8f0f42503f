"""The loop and its checkpoints: a killed run ends as an unbroken one, damage is refused, nothing is lost."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from core.errors import HemlineError
from tests.forked_runs import Done, forked
from train.batches import shuffled_batches
from train.checkpoint import Progress, load_checkpoint, newest_checkpoint, remove_checkpoints, save_checkpoint
from train.loop import LoopConfig, train_loop
from train.optimizer import OptimizerConfig, make_optimizer, trainable, training_tensors


def run_tiny(run: Path, *options: str) -> Done:
    return forked()("tests.tiny_training", run, *options)


@pytest.fixture(scope="module")
def straight(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("straight")
    done = run_tiny(run)
    assert done.code == 0, done.err
    return run


def assert_same_weights(one: Path, other: Path) -> None:
    left, right = load_file(one / "weights.safetensors"), load_file(other / "weights.safetensors")
    assert left.keys() == right.keys()
    assert [name for name in left if not torch.equal(left[name], right[name])] == []


def log_without_times(run: Path) -> list[dict[str, float]]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "seconds"} for line in lines]


def test_killed_and_resumed_twice_ends_bit_equal(straight: Path, tmp_path: Path) -> None:
    assert run_tiny(tmp_path, "--kill-at", "9").code == -9
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoints" / "step-00000006"
    assert run_tiny(tmp_path, "--kill-at", "6").code == -9  # its 6th step is step 12 of the run
    assert not (tmp_path / "weights.safetensors").exists()
    assert run_tiny(tmp_path).code == 0
    assert_same_weights(straight, tmp_path)
    # Each step is logged once, though some were done twice.
    assert [line["step"] for line in log_without_times(tmp_path)] == [
        line["step"] for line in log_without_times(straight)
    ]


def test_a_finished_run_trains_no_further(straight: Path, tmp_path: Path) -> None:
    before = (straight / "log.jsonl").read_text()
    assert run_tiny(straight, "--kill-at", "1").code == 0
    assert (straight / "log.jsonl").read_text() == before


def test_full_disk_keeps_the_previous_checkpoint_and_the_run_goes_on(straight: Path, tmp_path: Path) -> None:
    failed = run_tiny(tmp_path, "--file-limit", "1000", "8")  # from step 8 on no file may pass 1000 bytes
    assert failed.code == 2
    assert failed.sentence.startswith("hemline: ")
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["step-00000006"]
    assert run_tiny(tmp_path).code == 0
    assert_same_weights(straight, tmp_path)


def small() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(1)
    model = nn.Linear(3, 2)
    optimizer = make_optimizer(trainable(model), OptimizerConfig())
    model(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    return model, optimizer


@pytest.mark.parametrize("name", ["tensors.safetensors", "state.json"])
@pytest.mark.parametrize("damage", ["missing", "truncated", "changed"])
def test_damage_is_refused_and_changes_nothing(tmp_path: Path, name: str, damage: str) -> None:
    model, optimizer = small()
    folder = save_checkpoint(tmp_path, training_tensors(model), optimizer, Progress(step=1), "a")
    file = folder / name
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(content[: len(content) // 2] if damage == "truncated" else content[:-9] + b"@" * 9)
    with torch.no_grad():
        model.weight.fill_(7)
    with pytest.raises(HemlineError, match="is damaged"):
        load_checkpoint(tmp_path, training_tensors(model), optimizer, "a")
    assert bool((model.weight == 7).all())


def test_another_configuration_is_refused(tmp_path: Path) -> None:
    model, optimizer = small()
    save_checkpoint(tmp_path, training_tensors(model), optimizer, Progress(step=1), "a")
    with pytest.raises(HemlineError, match="another configuration"):
        load_checkpoint(tmp_path, training_tensors(model), optimizer, "b")


def test_another_model_is_refused(tmp_path: Path) -> None:
    model, optimizer = small()
    save_checkpoint(tmp_path, training_tensors(model), optimizer, Progress(step=1), "a")
    other = nn.Linear(4, 2)
    fresh = make_optimizer(trainable(other), OptimizerConfig())
    with pytest.raises(HemlineError, match="does not fit: 1 tensors differ, first 'weight'"):
        load_checkpoint(tmp_path, training_tensors(other), fresh, "a")


def test_only_complete_checkpoints_count_and_older_ones_go(tmp_path: Path) -> None:
    model, optimizer = small()
    for step in (1, 2):
        save_checkpoint(tmp_path, training_tensors(model), optimizer, Progress(step=step), "a")
    partial = tmp_path / "checkpoints" / ".step-00000003.17"  # what a kill while saving leaves
    partial.mkdir()
    progress = load_checkpoint(tmp_path, training_tensors(model), optimizer, "a")
    assert progress == Progress(step=2)
    save_checkpoint(tmp_path, training_tensors(model), optimizer, Progress(step=4), "a")
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["step-00000004"]
    remove_checkpoints(tmp_path)
    assert load_checkpoint(tmp_path, training_tensors(model), optimizer, "a") is None


def test_a_loss_that_is_no_number_stops_with_a_sentence(tmp_path: Path) -> None:
    model, optimizer = small()
    with pytest.raises(HemlineError, match="loss of step 1 is nan"):
        train_loop(
            lambda _: model(torch.full((1, 3), float("nan"))).sum(),
            training_tensors(model),
            optimizer,
            shuffled_batches(4, 2, 0),
            LoopConfig(total_steps=3),
            tmp_path,
            "a",
        )
    assert bool(torch.isfinite(model.weight).all())
