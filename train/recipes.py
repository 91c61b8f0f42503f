"""Reads the ready recipes of `train/configs/real`: one released model, both stages, FashionIQ and CIRR.

A recipe is TOML: `backbone` (a name of the registry) and `dtype`; the tables `stage1` and `stage2`, whose
keys are the flags of `train.stage1` and `train.stage2` with underscores; and under each dataset's name the
same two tables with what differs there. A model that writes no captions has no `stage1`.
"""

import shlex
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from core.backbones.registry import Entry, entry_of
from core.errors import HemlineError
from core.files import read_text
from train.stage1 import Stage1Config
from train.stage2 import Stage2Config

FOLDER = Path(__file__).with_name("configs") / "real"
STAGES: dict[str, type] = {"stage1": Stage1Config, "stage2": Stage2Config}


@dataclass(frozen=True)
class Dataset:
    """Sizes of a dataset's splits (shared notes on retrieval, section 2) and how it is evaluated.

    `photos` and `triplets` of train, `evaluated` photos of val; `protocol` a preset, "" where it has its own.
    """

    name: str
    photos: int
    triplets: int
    evaluated: int
    protocol: str


DATASETS = (
    # Train photos are the sum over categories; some are in two, so that fewer are encoded.
    Dataset("fashioniq", 46_609, 18_000, 15_415, "clip4cir"),
    Dataset("cirr", 16_939, 28_225, 2_297, ""),
)
# Flags whose fields another change brings to both stages; a recipe may use them before it is there.
ADAPTING = ("lora", "checkpoint_layers", "quantize")


@dataclass(frozen=True)
class Recipe:
    """What one model is trained with on one dataset; `stages` maps "stage1" and "stage2" to their flags."""

    name: str
    backbone: Entry
    dtype: str
    dataset: Dataset
    stages: dict[str, dict[str, Any]]

    def value(self, stage: str, field: str) -> Any:
        """The value of a flag: as the recipe says, else the stage's default."""
        off = {"lora": 0, "checkpoint_layers": False, "quantize": "none"}
        defaults = off | {item.name: item.default for item in fields(STAGES[stage])}
        return self.stages[stage].get(field, defaults[field])


def dataset_of(name: str) -> Dataset:
    """The dataset of that name; HemlineError naming the known ones."""
    for found in DATASETS:
        if found.name == name:
            return found
    raise HemlineError(f"no recipe is for {name}; they are for {', '.join(d.name for d in DATASETS)}")


def read_recipe(path: Path, dataset: str) -> Recipe:
    """The recipe in `path` for one dataset; HemlineError names the file and the key at fault."""
    try:
        value = tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise HemlineError(f"{path} is no TOML ({error})") from None
    wanted = dataset_of(dataset)
    tables = (*STAGES, *(found.name for found in DATASETS))
    for key in value:
        if key not in ("backbone", "dtype", *tables):
            raise HemlineError(f"{path}: {key} is not a key of a recipe; see train/configs/real")
        if key in tables and not isinstance(value[key], dict):
            raise HemlineError(f"{path}: {key} must be a table, [{key}]")
    dtype = value.get("dtype", "float32")
    if dtype not in ("bfloat16", "float32") or "backbone" not in value or "stage2" not in value:
        raise HemlineError(f"{path} needs backbone, dtype (bfloat16 or float32) and the table stage2")
    differing = value.get(dataset, {})
    stages = {name: value[name] | differing.get(name, {}) for name in STAGES if name in value}
    for stage, flags in stages.items():
        _check(flags, stage, path)
    backbone = entry_of(value["backbone"])
    return Recipe(path.stem, backbone, dtype, wanted, stages)


def _check(flags: dict[str, Any], stage: str, path: Path) -> None:
    """Refuse an unknown flag, one of another type, and a value outside its range."""
    kinds = {item.name: type(item.default) for item in fields(STAGES[stage])}
    own = {"lora": int, "checkpoint_layers": bool, "quantize": str} | kinds
    for name, given in flags.items():
        if name not in own:
            raise HemlineError(f"{path}: train.{stage} has no flag --{name.replace('_', '-')} ({name})")
        if type(given) is not own[name] and not (own[name] is float and type(given) is int):
            raise HemlineError(f"{path}: {name} of {stage} must be of type {own[name].__name__}")
    if flags.get("quantize", "none") not in ("none", "4bit", "8bit"):
        raise HemlineError(f"{path}: quantize of {stage} is one of none, 4bit, 8bit")
    STAGES[stage](**{name: given for name, given in flags.items() if name in kinds})


def commands(recipe: Recipe, data: str, runs: str) -> list[str]:
    """The exact commands from the released weights to the result, in order; `data` and `runs` are folders.

    The first lets the untrained model caption the train photos where the dataset has no captions of its own.
    """
    data, runs, dataset = shlex.quote(data), shlex.quote(runs), recipe.dataset
    start, last = f"{runs}/start", f"{runs}/both"
    init = recipe.backbone.name if recipe.backbone.hub else "MINIGPT4"
    lines = [] if not recipe.backbone.hub else [
        f"python -m core.backbones.build --init {init} --dtype {recipe.dtype} --out {start}"
    ]  # fmt: skip
    begin = start if recipe.backbone.hub else init
    if "stage1" in recipe.stages:
        written = f"{runs}/written"
        lines.append(f"python -m train.caption --model {begin} --data {data} --out {written}")
        flags = _flags(recipe.stages["stage1"])
        stage1 = f"--init {begin} --data {data} --written {written} --out {runs}/stage1"
        lines.append(f"python -m train.stage1 {stage1} {flags}")
        begin = f"{runs}/stage1"
    flags = _flags(recipe.stages["stage2"])
    lines.append(f"python -m train.stage2 --init {begin} --data {data} --out {last} {flags}")
    protocol = f" --protocol {dataset.protocol}" if dataset.protocol else ""
    lines.append(
        f"python -m train.evaluate --model {last} --data {data} --split val{protocol} --json {last}/val.json"
    )
    if dataset.protocol:
        lines.append(
            f"python -m core.catalogue build --model {last} --data {data} --split val --out {runs}/index"
        )
    else:
        lines.append(
            f"python -m train.cirr write --model {last} --data {data} --out {runs}/submission "
            f"--name {recipe.name}"
        )
    return lines


def _flags(values: dict[str, Any]) -> str:
    words: list[str] = []
    for name, given in values.items():
        flag = name.replace("_", "-")
        if isinstance(given, bool):
            words.append(f"--{flag}" if given else f"--no-{flag}")
        else:
            words += [f"--{flag}", str(given)]
    return shlex.join(words)
