"""The run card: what it records, how it adds up over resumes, and that it stays light."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import HemlineError
from core.runs import finish_card, git_state, load_card, save_card, start_card, touch_card, versions

ROOT = Path(__file__).parent.parent


def test_a_card_survives_the_disk_and_adds_up_over_resumes(tmp_path: Path) -> None:
    first = start_card("train.stage1", {"lr": 1e-3, "steps": 10}, "data", seed=7)
    time.sleep(0.02)
    touch_card(first)
    save_card(first, tmp_path)  # and then the process is killed
    killed_after = first.wall_seconds
    assert killed_after >= 0.02

    second = start_card(
        "train.stage1", {"lr": 1e-3, "steps": 10}, "data", seed=7, previous=load_card(tmp_path)
    )
    finish_card(second, loss=1.5)
    save_card(second, tmp_path)
    card = load_card(tmp_path)
    assert card is not None
    assert card.wall_seconds >= killed_after
    assert (card.resumes, card.started, card.results) == (1, first.started, {"loss": 1.5})
    assert card.finished is not None and card.finished >= card.started
    assert card.config == {"lr": 1e-3, "steps": 10} and card.seed == 7 and card.data_fingerprint == "data"
    assert card.peak_memory_mb > 5
    assert card.hardware["cores"] >= 1 and card.hardware["ram_mb"] > 100 and card.hardware["cpu"]


def test_no_card_is_none_and_a_foreign_one_is_refused(tmp_path: Path) -> None:
    assert load_card(tmp_path) is None
    (tmp_path / "run.json").write_text('{"command": "x", "colour": 1}')
    with pytest.raises(HemlineError, match=r"run\.json is not a run card"):
        load_card(tmp_path)


def test_git_state_names_the_commit_says_dirty_and_is_none_elsewhere(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=n", "-c", "user.email=e@e"]
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    assert git_state(tmp_path) is None
    git("init", "-q")
    (tmp_path / "a").write_text("1")
    git("add", "a")
    git("commit", "-qm", "a")
    assert git_state(tmp_path) == {"commit": git("rev-parse", "HEAD"), "dirty": False}
    (tmp_path / "a").write_text("2")
    state = git_state(tmp_path)
    assert state is not None and state["dirty"]
    inner = tmp_path / "inner"  # a copy of the project inside another repository
    inner.mkdir()
    assert git_state(inner) is None


def test_versions_are_read_without_importing_torch() -> None:
    assert versions()["torch"] and versions()["python"].startswith("3.")
    code = (
        "import sys; from core.runs import start_card; start_card('c', {}, 'd', 0);"
        "assert not {'torch', 'transformers', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
