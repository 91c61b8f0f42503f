"""The tables of results as data: a folder of TOML files, `table.toml` and one for each backbone.

    title = "..."; train = ["closet"]; variants = ["mined"]; files = ["llava"]; [[measure]] ...   table.toml
    backbone = "LLaVA"; build = ["--style", "llava"]; [rows.llava-both] stage1 = 100 ...          llava.toml

`train`, `measure` and the command's --data name datasets alike.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.errors import HemlineError
from core.evaluation.protocol import PRESETS
from core.files import read_text

CONFIGS = Path(__file__).parent / "configs"
DEFAULT = CONFIGS / "closet"
TABLE = "table.toml"
# What may be evaluated of a trained row: phase (a) alone, and phase (b) after it, without and with mining.
VARIANTS = ("in-batch", "bank", "mined")
Recipe = Literal["zero-shot", "stage 2 only", "both stages", "both stages, warm-up besides"]
# The last: its warm-up comes besides all the steps of "stage 2 only", so it costs more.
RECIPES: tuple[Recipe, ...] = ("zero-shot", "stage 2 only", "both stages", "both stages, warm-up besides")


@dataclass(frozen=True)
class Measure:
    """What every model of a table is measured on: a dataset by name, its split, and a protocol preset."""

    data: str
    split: str
    protocol: str


@dataclass(frozen=True)
class Budget:
    """Training steps: of stage 1, of stage 2's in-batch phase, and of its bank phase (of each branch)."""

    stage1: int = 0
    in_batch: int = 0
    bank: int = 0


@dataclass(frozen=True)
class Row:
    """One backbone trained by one recipe.

    `build` is what `core.backbones.build` is told; `budget` how long it trains (None: not at all); `stage1`
    and `stage2` go to every command of that stage beside its steps.
    """

    name: str
    backbone: str
    recipe: Recipe
    build: tuple[str, ...]
    budget: Budget | None
    stage1: tuple[str, ...] = ()
    stage2: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table: its rows, what they train and are measured on, and which are compared.

    `alone` are the variants that are also asked with one side of the query; `compare` holds pairs of row
    names, before and after. The first of `measures` is the leading one.
    """

    name: str
    title: str
    train: tuple[str, ...]
    measures: tuple[Measure, ...]
    variants: tuple[str, ...]
    alone: tuple[str, ...]
    rows: tuple[Row, ...]
    compare: tuple[tuple[str, str], ...]

    def variants_of(self, row: Row) -> tuple[str, ...]:
        """The models of `row` that are evaluated: "" where there is only the one that was built."""
        return ("",) if row.budget is None else self.variants

    def modalities_of(self, variant: str) -> tuple[str, ...]:
        """With which sides of the query a variant is asked."""
        return ("both", "image", "text") if variant in self.alone else ("both",)

    @property
    def datasets(self) -> tuple[str, ...]:
        """Every dataset the table needs, by name."""
        return tuple(dict.fromkeys([*self.train, *(measure.data for measure in self.measures)]))


def read_table(folder: Path) -> Table:
    """The table in `folder`; HemlineError naming the file and the field that is missing, unknown or wrong."""
    path = folder / TABLE
    told = _toml(path)
    needed = {"title": str, "train": list, "variants": list, "files": list, "measure": list}
    _fields(path, told, needed, {"alone": list, "compare": list})
    rows = tuple(row for name in told["files"] for row in _rows(folder / f"{name}.toml"))
    names = [row.name for row in rows]
    if len(set(names)) < len(names):
        raise HemlineError(f"{folder}: two rows have the same name; the rows are {', '.join(names)}")
    table = Table(
        name=folder.name,
        title=told["title"],
        train=tuple(told["train"]),
        measures=tuple(_measure(path, entry) for entry in told["measure"]),
        variants=tuple(told["variants"]),
        alone=tuple(told.get("alone", ())),
        rows=rows,
        compare=tuple((pair[0], pair[1]) for pair in told.get("compare", ())),
    )
    unknown = [name for pair in table.compare for name in pair if name not in names]
    unknown += [name for name in (*table.variants, *table.alone) if name not in VARIANTS]
    if unknown or not table.measures:
        raise HemlineError(
            f"{path}: no row or variant is named {', '.join(unknown) or '(nothing is measured)'}"
        )
    return table


def _rows(path: Path) -> list[Row]:
    told = _toml(path)
    _fields(path, told, {"backbone": str, "build": list, "rows": dict}, {"stage1": list, "stage2": list})
    found = []
    for name, entry in told["rows"].items():
        counts = ("stage1", "in_batch", "bank")
        _fields(path, entry, {"recipe": str}, {"build": list, **dict.fromkeys(counts, int)}, f"rows.{name}: ")
        if entry["recipe"] not in RECIPES:
            raise HemlineError(f"{path}: rows.{name}: recipe must be one of {', '.join(RECIPES)}")
        budget = Budget(**{count: entry.get(count, 0) for count in counts})
        trained = entry["recipe"] != "zero-shot"
        if trained != (budget.in_batch > 0) or entry["recipe"].startswith("both") != (budget.stage1 > 0):
            raise HemlineError(f"{path}: rows.{name}: its steps are not those of {entry['recipe']!r}")
        found.append(
            Row(
                name,
                told["backbone"],
                entry["recipe"],
                (*told["build"], *entry.get("build", ())),
                budget if trained else None,
                tuple(told.get("stage1", ())),
                tuple(told.get("stage2", ())),
            )
        )
    return found


def _measure(path: Path, entry: Any) -> Measure:
    if not isinstance(entry, dict):
        raise HemlineError(f"{path}: measure must be a list of tables")
    _fields(path, entry, {"data": str, "split": str, "protocol": str}, {}, "measure: ")
    if entry["protocol"] not in PRESETS:
        raise HemlineError(f"{path}: no protocol is named {entry['protocol']}; they are {', '.join(PRESETS)}")
    return Measure(**entry)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise HemlineError(f"{path} is not TOML: {error}") from None


def _fields(
    path: Path, told: Mapping[str, Any], needed: Mapping[str, type], may: Mapping[str, type], at: str = ""
) -> None:
    for name in needed:
        if name not in told:
            raise HemlineError(f"{path}: {at}{name} is missing")
    known = {**needed, **may}
    for name, value in told.items():
        if name not in known:
            raise HemlineError(f"{path}: {at}{name} is no field; the fields are {', '.join(known)}")
        if not isinstance(value, known[name]):
            raise HemlineError(f"{path}: {at}{name} is {value!r}, which is no {known[name].__name__}")
