"""The leaderboard: every committed figure with its interval, and the run, files and commands it comes from.

It reads `assets/results`: the `leaderboard.json` of each benchmark (`train.benchmark report` writes it) and
the results of the models that ship. What a row was made with is read from its result files when it is opened.
"""

import shlex
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import read_json
from demo.setup import ASSETS

RESULTS = ASSETS / "results"
SHIPPED = "shipped"
# Where the data of a shipped result is, by the beginning of its name, and what that is called.
DATA = {
    "closet-val": ("Closet val", "data/closet"),
    "wardrobe-val": ("Wardrobe val", "data/wardrobe-val"),
    "wardrobe-shop-both": ("The catalogue that ships", "assets/wardrobe"),
    "wardrobe-shop-lines": ("The catalogue's first 200 lines", "data/wardrobe-lines"),
    "hand-pairs": ("Texts by hand", "data/hand"),
}
# The runs that made a shipped model, the first one first.
RUNS = {"model": ("model-stage1", "model-stage2", "model-longer", "model-asked"), "clip": ("clip-stage2",)}
MODELS = {"model": "The model that ships", "clip": "The CLIP baseline"}


def leaderboard_page(wish: Mapping[str, Any], results: Path = RESULTS) -> dict[str, Any]:
    """The board, or with `wish["row"]` (an id of one) what that row comes from.

    {"rows": [{"id", "model", "recipe", "modality", "data", "protocol", "queries", "gallery", "seeds",
    "metrics": {name: {"mean", "low", "high"}}, "core_minutes", "peak_memory_mb"}], "quoted": of papers}; of a
    row {"files": [...], "commands": [...], "comparisons": [...]}. {"problem"} where there is nothing.
    """
    try:
        rows = _rows(results)
        wanted = wish.get("row")
        if wanted is None:
            return {"rows": [_brief(row) for row in rows], "quoted": _quoted(results)}
        row = next((row for row in rows if row["id"] == wanted), None)
        if row is None:
            raise HemlineError(f"there is no row {wanted!r} on the leaderboard")
        files = [_file(results / row["folder"] / name, results) for name in row["results"]]
    except HemlineError as error:
        return {"problem": str(error)}
    return {"files": files, "commands": row["commands"], "comparisons": row["comparisons"]}


def shipped_results(results: Path = RESULTS) -> list[tuple[str, dict[str, Any]]]:
    """The results of the models that ship: file name without ending, and the JSON without the ranks."""
    found = []
    for path in sorted((results / SHIPPED).glob("*.json")):
        value = _json(path)
        if isinstance(value, dict) and "gallery_hash" in value:
            found.append((path.stem, value))
    return found


@lru_cache(maxsize=4)
def _rows(results: Path) -> list[dict[str, Any]]:
    found = [_shipped(name, value, results) for name, value in shipped_results(results)]
    for path in sorted(results.glob("*/leaderboard.json")):
        found.extend(_measured(path))
    if not found:
        raise HemlineError(f"there are no results in {results.name}; bring the repository whole")
    return found


@lru_cache(maxsize=512)
def _json(path: Path) -> Any:
    return read_json(path)


def _brief(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in ("results", "commands", "comparisons")}


def _measured(path: Path) -> Iterator[dict[str, Any]]:
    board, folder = _json(path), path.parent.name
    for measure in board["measures"]:
        for row in measure["rows"]:
            called = " ".join(filter(None, (row["row"], row["variant"])))
            if row["modality"] != "both":
                called += f" ({row['modality']})"
            attributes = row["attributes"] or {}
            yield {
                "id": f"{folder}/{measure['data']}/{row['row']}/{row['variant']}/{row['modality']}",
                "folder": folder,
                "board": board["title"],
                "model": row["backbone"],
                "recipe": " ".join(filter(None, (row["recipe"], row["variant"]))),
                "modality": row["modality"],
                "data": f"{measure['data'].capitalize()} {measure['split']}",
                "protocol": measure["protocol"],
                "queries": measure["counts"]["queries"],
                "gallery": measure["counts"]["gallery"],
                "seeds": row["seeds"],
                "metrics": row["metrics"] | {name: {"mean": value} for name, value in attributes.items()},
                "core_minutes": row["core_minutes"],
                "peak_memory_mb": row["peak_memory_mb"],
                "results": row["results"],
                "commands": row["commands"],
                "comparisons": [
                    found for found in measure["comparisons"] if called in (found["before"], found["after"])
                ],
            }


def _shipped(name: str, value: Mapping[str, Any], results: Path) -> dict[str, Any]:
    model = str(value["model"].get("name"))
    data = next((told for start, told in DATA.items() if name.removeprefix("clip-").startswith(start)), None)
    called, place = data or (name, "DATA")
    metrics = {
        metric: {"mean": mean, "low": value["ci95"][metric][0], "high": value["ci95"][metric][1]}
        for metric, mean in value["metrics"].items()
    }
    if value["attributes"]:
        shares = {
            "edit accuracy": value["attributes"]["edit_accuracy"].get("top1"),
            "preservation": value["attributes"]["preservation"].get("mean"),
        }
        for metric, share in shares.items():
            if share:
                metrics[metric] = {"mean": share["percent"], "low": share["low"], "high": share["high"]}
    runs = [run for run in (_run(results, run) for run in RUNS.get(model, ())) if run]
    evaluate = (
        f"python -m train.evaluate --model assets/{model} --data {place} --split {value['split']}"
        f" --protocol {value['protocol']['name']} --modality {value['modality']}"
        f" --json assets/results/{SHIPPED}/{name}.json"
    )
    return {
        "id": f"{SHIPPED}/{name}",
        "folder": SHIPPED,
        "board": "The models that ship",
        "model": MODELS.get(model, model),
        "recipe": "as it ships",
        "modality": value["modality"],
        "data": called,
        "protocol": value["protocol"]["name"],
        "queries": value["counts"]["queries"],
        "gallery": value["counts"]["gallery"],
        "seeds": [seed for name, seed in value["seeds"].items() if name == "training"] or [0],
        "metrics": metrics,
        "core_minutes": sum(run["wall_seconds"] * run["hardware"]["threads"] for run in runs) / 60,
        "peak_memory_mb": max((run["peak_memory_mb"] for run in runs), default=0),
        "results": [f"{name}.json"],
        "commands": [_command(run) for run in runs] + [evaluate],
        "comparisons": [],
    }


def _run(results: Path, name: str) -> dict[str, Any] | None:
    path = results / SHIPPED / f"{name}.run.json"
    return _json(path) if path.is_file() else None


def _command(run: Mapping[str, Any]) -> str:
    return f"python -m {run['command']} {shlex.join(run['arguments'])}"


def _file(path: Path, results: Path) -> dict[str, Any]:
    """What the page says of one result file: where it is, and what it was measured with."""
    value = _json(path)
    return {
        "path": f"assets/results/{path.relative_to(results).as_posix()}",
        "metrics": value["metrics"],
        "seeds": value["seeds"],
        "git": value["git"],
        "versions": value["versions"],
        "hardware": value["hardware"],
        "protocol": value["protocol"],
        "model": value["model"],
        "gallery_hash": value["gallery_hash"],
        "query_hash": value["query_hash"],
        "partial": value["partial"],
    }


def _quoted(results: Path) -> dict[str, Any] | None:
    boards = [_json(path) for path in sorted(results.glob("*/leaderboard.json"))]
    return next((board["quoted"] for board in boards if board.get("quoted")), None)
