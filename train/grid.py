"""Measures one model, or any system's vectors, under every protocol: how far the protocol alone moves recall.

    python -m train.grid --model RUN --data CLOSET --split val --json assets/results/grid/closet-val.json
    python -m train.grid --embeddings FILE --data FASHIONIQ --split val --json OUT.json

Prints the grid as Markdown. A model's photos are encoded once, and every distinct text about a reference
once. Given vectors decide the gallery and the reference, never the caption join.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core import runs
from core.cli import entry
from core.errors import HemlineError
from core.evaluation.given import read_embeddings
from core.evaluation.grid import AS_GIVEN, Cell, given_grid, model_grid, preset_cells, told
from core.evaluation.protocol import GALLERIES, REFERENCES, Protocol
from core.files import write_json
from train.evaluate import SPLITS, checkpoint_facts, encode, open_split


def grid_of_model(model: Path, data: Path, split: str, cache: Path | None = None) -> dict[str, Any]:
    """The grid of a model and what it was made of; errors as `train.evaluate.evaluate`, photos all there."""
    from core.backbones import load_backbone
    from core.backbones.spec import read_spec
    from core.datasets.images import check_images, require_complete

    read_spec(model)  # a wrong folder is told before the photos are looked at
    asked = open_split(data, split)
    report = check_images(asked, asked.union_gallery())
    require_complete(report, allow_partial=False)
    backbone = load_backbone(model)
    cells = model_grid(backbone, asked, encode(backbone, report.found, cache))
    return _result(cells, checkpoint_facts(model, backbone)[0], split, asked.fingerprint)


def grid_of_embeddings(path: Path, data: Path, split: str, normalise: bool = False) -> dict[str, Any]:
    """The cells that given vectors decide; errors as `core.evaluation.given` raises them."""
    asked = open_split(data, split)
    given = read_embeddings(path, normalise)
    cells = given_grid(asked, given.queries, lambda ids: given.gallery(ids, ids))
    return _result(cells, given.facts(), split, asked.fingerprint)


def _result(cells: Sequence[Cell], model: dict[str, Any], split: str, data: str) -> dict[str, Any]:
    facts = {"git": runs.git_state(), "versions": runs.versions(), "hardware": runs.hardware()}
    return {"model": model, "split": split, "data_fingerprint": data, **told(cells), **facts}


def markdown(result: dict[str, Any]) -> str:
    """Both tables: the grid as R@10 / R@50 over queries (micro), and the presets by their own average."""
    cells = [Cell(**cell) for cell in result["cells"]]
    at = {(c.caption_join, c.gallery, c.reference): c.micro for c in cells}
    columns = [(gallery, reference) for gallery in GALLERIES for reference in REFERENCES]
    rows = [["caption join", *(f"{gallery}, {reference}" for gallery, reference in columns)]]
    rows += [
        [join, *(_pair(at[join, *column]) for column in columns)]
        for join in dict.fromkeys(cell.caption_join for cell in cells)
    ]
    presets = [["preset", "gallery", "reference", "captions", "average", "R@1", "R@10", "R@50"]]
    presets += [_preset(name, *both) for name, both in preset_cells(cells).items()]
    lines = ["R@10 / R@50, mean over queries:", "", *_table(rows), "", "The presets:", "", *_table(presets)]
    if all(cell.caption_join == AS_GIVEN for cell in cells):
        lines += [
            "",
            "Given vectors fix what their queries read: no other caption join can be had from them, nor the "
            "preset val, which asks each caption. A preset is right for texts joined as it joins.",
        ]
    return "\n".join(lines)


def _preset(name: str, protocol: Protocol, cell: Cell) -> list[str]:
    recalls = cell.micro if protocol.average == "micro" else cell.macro
    shown = [f"{recalls[k]:.1f}" for k in ("R@1", "R@10", "R@50")]
    return [name, protocol.gallery, protocol.reference, cell.caption_join, protocol.average, *shown]


def _pair(recalls: dict[str, float]) -> str:
    return f"{recalls['R@10']:.1f} / {recalls['R@50']:.1f}"


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return [lines[0], f"|{' --- |' * len(rows[0])}", *lines[1:]]


def main() -> None:
    """Command line: measure, print the tables, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m train.grid", description="One system, every protocol.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", type=Path, help="the folder of a built or trained model")
    source.add_argument("--embeddings", type=Path, help="any system's vectors")
    parser.add_argument("--normalise", action="store_true", help="bring given vectors to length 1")
    parser.add_argument("--data", type=Path, required=True, help="a folder in FashionIQ's layout")
    parser.add_argument("--split", choices=SPLITS, default="val", help="tune: a slice held out of train")
    parser.add_argument("--json", type=Path, required=True, help="where to write")
    parser.add_argument("--features", type=Path, help="a folder that keeps the frozen tower's features")
    options = parser.parse_args()
    if options.model is not None:
        if options.normalise:
            raise HemlineError("--normalise is for --embeddings; a model's vectors have length 1")
        result = grid_of_model(options.model, options.data, options.split, options.features)
    else:
        result = grid_of_embeddings(options.embeddings, options.data, options.split, options.normalise)
    write_json(options.json, result)
    print(markdown(result))
    print(f"\nwritten: {options.json}")


if __name__ == "__main__":
    entry(main)
