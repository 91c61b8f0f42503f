"""Versions of a query side: the pointer to the live one, coming back, and what is unfinished or damaged."""

import json
from pathlib import Path

import pytest

from core.errors import HemlineError
from core.files import fingerprint, sha256_file, write_json
from core.refining import Progress, hold, read_progress, write_progress
from core.versions import (
    CARD_FILE,
    LIVE_FILE,
    QUERY_FILE,
    base_of,
    clean,
    live,
    main,
    promote,
    query_file,
    read_version,
    roll_back,
    versions,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three versions of a model, "one" the oldest."""
    base = tmp_path / "model"
    write_json(base / "hemline.json", {"kind": "mllm"})
    for number, name in enumerate(("one", "two", "three")):
        place = tmp_path / "versions" / name
        place.mkdir(parents=True)
        (place / QUERY_FILE).write_bytes(name.encode())
        card = {
            "name": name,
            "base": str(base),
            "base_fingerprint": fingerprint({"kind": "mllm"}),
            "query": sha256_file(place / QUERY_FILE),
            "target_fingerprint": "t",
            "created": f"2026-01-0{number + 1}",
            "verdict": "better",
            "trained_on": {},
            "figures": {},
            "run": {},
        }
        write_json(place / CARD_FILE, card)
    return tmp_path / "versions"


def test_the_base_answers_until_a_version_is_promoted(folder: Path) -> None:
    assert live(folder) is None
    assert [version.name for version in versions(folder)] == ["one", "two", "three"]
    promote(folder, "two")
    assert live(folder) == "two"


def test_going_back_retraces_what_was_live(folder: Path) -> None:
    for name in ("one", "three", None, "two"):
        promote(folder, name)
    assert [roll_back(folder) for _ in range(4)] == [None, "three", "one", None]
    with pytest.raises(HemlineError, match="no version was live before"):
        roll_back(folder)


def test_a_version_that_was_removed_is_passed_over(folder: Path) -> None:
    for name in ("one", "two", "three"):
        promote(folder, name)
    (folder / "two" / CARD_FILE).unlink()
    assert roll_back(folder) == "one"
    (folder / "one" / CARD_FILE).unlink()
    assert live(folder) is None


def test_promoting_what_is_live_already_is_no_step(folder: Path) -> None:
    promote(folder, "one")
    promote(folder, "one")
    assert roll_back(folder) is None


def test_only_a_whole_version_can_be_promoted(folder: Path) -> None:
    promote(folder, "one")
    (folder / "two" / QUERY_FILE).write_bytes(b"cut")
    for name, why in (
        ("two", "not what version.json"),
        ("four", "never finished"),
        ("../x", "cannot be called"),
    ):
        with pytest.raises(HemlineError, match=why):
            promote(folder, name)
    assert live(folder) == "one"


def test_a_version_names_the_model_it_goes_with(folder: Path) -> None:
    version = read_version(folder / "one")
    assert query_file(folder / "one", version) == folder / "one" / QUERY_FILE
    assert base_of(version) == folder.parent / "model"
    write_json(folder.parent / "model" / "hemline.json", {"kind": "clip"})
    with pytest.raises(HemlineError, match="goes with another model"):
        base_of(version)
    assert version.model_fingerprint != read_version(folder / "two").model_fingerprint


def test_unfinished_ones_are_no_versions_and_are_cleaned_away_but_not_under_a_running_job(
    folder: Path,
) -> None:
    for name in ("killed", "running"):
        hold(folder / name).close()
        write_progress(folder / name, Progress("training", 3, 10))
    (folder / "notes").mkdir()
    held = hold(folder / "running")
    assert len(versions(folder)) == 3
    assert clean(folder) == ["killed"]
    held.close()
    assert clean(folder) == ["running"]
    assert (folder / "notes").is_dir() and len(versions(folder)) == 3


def test_a_damaged_pointer_or_card_is_named(folder: Path) -> None:
    (folder / LIVE_FILE).write_text('{"live": 3}')
    with pytest.raises(HemlineError, match="does not say which version is live"):
        live(folder)
    (folder / "one" / CARD_FILE).write_text("{}")
    with pytest.raises(HemlineError, match="is not the card"):
        versions(folder)


def test_the_command_lists_promotes_and_goes_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def run(*arguments: str) -> list[str]:
        monkeypatch.setattr("sys.argv", ["versions", *arguments, "--versions", str(folder)])
        main()
        return capsys.readouterr().out.splitlines()

    assert run("promote", "--name", "two") == ["live: two"]
    listed = [json.loads(line) for line in run("list")]
    assert [(line["name"], line["live"]) for line in listed] == [
        ("one", False),
        ("two", True),
        ("three", False),
    ]
    assert run("rollback") == ["live: base"]
    assert run("promote", "--name", "base") == ["live: base"]


def test_progress_is_read_whole_and_a_job_that_went_away_is_known_as_killed(tmp_path: Path) -> None:
    assert read_progress(tmp_path) is None
    curve = tuple((step, 1.0 / step) for step in range(1, 1000))
    held = hold(tmp_path)
    write_progress(tmp_path, Progress("training", 999, 1000, 0.5, 3.0, 1.0, curve))
    found = read_progress(tmp_path)
    assert found is not None and found.state == "training" and not found.ended
    assert len(found.curve) <= 200 and found.curve[0] == (1, 1.0)
    with pytest.raises(HemlineError, match="another refinement works"):
        hold(tmp_path)
    held.close()
    found = read_progress(tmp_path)
    assert found is not None and found.state == "killed" and found.ended
    (tmp_path / "progress.json").write_text("[]")
    with pytest.raises(HemlineError, match="is not the progress"):
        read_progress(tmp_path)
