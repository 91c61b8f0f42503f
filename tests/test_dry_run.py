"""The recipes of real sizes, and the command that says what they would take."""

import argparse
import json
import re
import shlex
import sys
from pathlib import Path

import pytest

from core.errors import HemlineError
from train.dry_run import main
from train.options import add_common, add_config
from train.recipes import DATASETS, FOLDER, STAGES, commands, read_recipe

BACKBONES = {
    "llava-1.5-7b", "llava-1.6-mistral-7b", "internvl3-1b", "internvl3-2b", "internvl3-8b", "minigpt4-7b",
    "qwen3-vl-2b", "qwen3-vl-embedding-2b", "smolvlm2-256m", "clip-l14", "fashion-clip", "siglip2-b16",
}  # fmt: skip
RECIPES = sorted(FOLDER.glob("*.toml"))


@pytest.mark.parametrize("dataset", [found.name for found in DATASETS])
@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_whole_and_its_commands_can_be_given(path: Path, dataset: str) -> None:
    assert {found.stem for found in RECIPES} == BACKBONES
    recipe = read_recipe(path, dataset)
    assert recipe.backbone.name == path.stem
    writes = not recipe.backbone.embedder and not recipe.backbone.shape.dual
    assert ("stage1" in recipe.stages) == writes
    for stage in recipe.stages:
        assert writes or recipe.backbone.embedder or not recipe.value(stage, "lora")
        assert recipe.value(stage, "lora") or recipe.value(stage, "quantize") == "none"
    # Records are what these datasets lack: whatever needs them is off.
    needing = ("generated", "words", "soft", "attribute", "caption")
    assert not any(recipe.value("stage2", name) for name in needing)
    for line in commands(recipe, "DATA", "RUNS"):
        _, _, module, *words = shlex.split(line)
        stage = module.removeprefix("train.")
        if stage in STAGES:
            _parser(stage).parse_args(words)


def _parser(stage: str) -> argparse.ArgumentParser:
    """The flags of a stage, and those that it gets by changes beside this one where it lacks them yet."""
    parser = argparse.ArgumentParser(conflict_handler="resolve")
    parser.add_argument("--lora", type=int)
    parser.add_argument("--checkpoint-layers", action=argparse.BooleanOptionalAction)
    parser.add_argument("--quantize", choices=("none", "4bit", "8bit"))
    parser.add_argument("--written", type=Path)
    add_common(parser, init_needed=False)
    add_config(parser, STAGES[stage])
    return parser


def test_a_dry_run_says_what_a_recipe_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(FOLDER / "smolvlm2-256m.toml")
    monkeypatch.setattr(sys, "argv", ["dry_run", path, "--dataset", "cirr", "--json"])
    main()
    found = json.loads(capsys.readouterr().out)
    parameters = found["parameters"]
    assert (
        parameters["total"]
        == 256_484_928 + parameters["both adapters"]
        == sum(number for name, number in parameters.items() if name != "total")
    )
    assert list(found["phases"]) == ["stage1", "in-batch", "bank"]
    for phase in found["phases"].values():
        assert phase["steps_an_epoch"] == -(-(16939 if phase["batch"] == 64 else 28225) // phase["batch"])
        assert phase["memory_bytes"]["4bit"]["total"] < phase["memory_bytes"]["none"]["total"]
    assert found["phases"]["in-batch"]["trainable"] == parameters["both adapters"]
    assert found["disk_bytes"]["features of train"] == 16939 * 64 * 576 * 2
    slow, fast = (found["seconds"][name]["in-batch whole"] for name in ("l4", "h100-80gb"))
    assert slow > 3 * fast > 0
    assert found["commands"][-1].startswith("python -m train.cirr write --model runs/smolvlm2-256m-cirr/both")
    assert "nothing of this size was run" in found["note"]


def test_a_dry_run_reads_as_text_and_gives_its_commands_alone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(FOLDER / "siglip2-b16.toml")
    monkeypatch.setattr(sys, "argv", ["dry_run", path])
    main()
    text = capsys.readouterr().out
    assert re.search(r"total +375,187,970", text) and "does not fit" not in text
    monkeypatch.setattr(sys, "argv", ["dry_run", path, "--commands", "--data", "MY DATA", "--runs", "R"])
    main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[2] for line in lines] == [
        "core.backbones.build", "train.stage2", "train.evaluate", "core.catalogue",
    ]  # fmt: skip
    assert all(line in text.replace("data/fashioniq", "'MY DATA'").replace("runs/siglip2-b16-fashioniq", "R")
               for line in lines)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("backbone = [", "is no TOML"),
        ('backbone = "clip-l14"', "needs backbone, dtype"),
        ('backbone = "clip-l14"\n[stage2]\nsteps = 5\nwarmth = 3', "train.stage2 has no flag --warmth"),
        ('backbone = "clip-l14"\n[stage2]\nsteps = "many"', "steps of stage2 must be of type int"),
        ('backbone = "clip-l14"\n[stage2]\nlr = -1', "--lr is -1"),
        ('backbone = "clip-l14"\n[stage2]\nlora = 4\nquantize = "2bit"', "one of none, 4bit, 8bit"),
        ('backbone = "gpt-9"\n[stage2]\n', "no backbone is named gpt-9"),
        ('backbone = "clip-l14"\nstage2 = 4', "stage2 must be a table"),
        ('backbone = "clip-l14"\nseed = 4\n[stage2]', "seed is not a key of a recipe"),
    ],
)
def test_a_recipe_that_is_wrong_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "one.toml").write_text(text)
    with pytest.raises(HemlineError, match=says):
        read_recipe(tmp_path / "one.toml", "fashioniq")
