"""A report that anyone can host: a catalogue's map, results, and the queries answered worst, as plain files.

    python -m demo.report --index INDEX [--model RUN] [--images DIR] [--results FILE ...] --out DIR

Nothing is served and nothing is loaded from elsewhere: DIR opens from a disk and from any web server, also as
a static Space. `data.js` holds what the page shows, as a script, since a page opened from a disk may not
fetch; the same values lie beside it as JSON for programs.
"""

import argparse
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from core.cli import entry
from core.errors import HemlineError
from core.files import write_atomically
from core.gallery import load_gallery
from core.index import Index, load_index
from core.map import load_map, make_map
from core.pictures import read_picture
from core.recorded import garments_of
from core.types import Garment
from demo.tables import read_results, result_tables
from demo.worst import worst_queries

STATIC = Path(__file__).parent / "static" / "report"
PARTS = ("index.html", "report.css", "report.js", "map.js", "results.js", "worst.js")
SIDE, QUALITY = 224, 78  # of a small picture: pixels of its shorter side, and WebP's quality
A_FOLDER = 1000  # pictures in one folder, where the Hub takes at most 10,000
NEAREST = 6
FIELDS = ("category", "kind", "pattern", "sleeve", "neckline", "length", "fit", "fabric")
README = """---
title: {title}
emoji: 🧵
colorFrom: green
colorTo: yellow
sdk: static
app_file: index.html
pinned: false
---

A catalogue's map, its model's results, and the queries answered worst: open `index.html`.
Made by `python -m demo.report` of Hemline.
"""


def write_report(
    index_dir: Path,
    out: Path,
    results: list[Path],
    model: Path | None = None,
    images: Path | None = None,
    title: str = "Hemline report",
    worst: int = 48,
) -> None:
    """Write the report over the index as the folder `out`; an older report there is replaced as a whole.

    The catalogue's map is made, beside the index, where there is none of these vectors.
    `results` are evaluations' JSON files; of those over this catalogue's garments the `worst` queries are
    shown, with the hits of `model` where it is the model that was evaluated. HemlineError where the index or
    a picture cannot be read, or `out` is a folder of something else.
    """
    if out.exists() and not (out / "data.js").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise HemlineError(f"{out} is there and is not a report; name another folder, nothing was written")
    index = load_index(index_dir)
    table = load_gallery(index_dir, index).table
    base = images if images is not None else Path(table.root)
    pictures = {id_: base / path for id_, path in zip(index.ids, table.paths, strict=True)}
    found = read_results(results)
    catalogue = _catalogue(index_dir, index, garments_of(pictures))
    parts: dict[str, Any] = {
        "catalogue": {"title": title, **catalogue},
        "results": result_tables(found),
        "worst": worst_queries(found, index_dir, index, worst, model, images),
    }

    def write(aside: Path) -> None:
        for name in PARTS:
            aside.mkdir(exist_ok=True)
            shutil.copyfile(STATIC / name, aside / name)
        for name, value in parts.items():
            (aside / f"{name}.json").write_text(_json(value), encoding="utf-8")
        (aside / "data.js").write_text(f"window.REPORT = {_json(parts)};\n", encoding="utf-8")
        (aside / "README.md").write_text(README.format(title=json.dumps(title, ensure_ascii=False)), "utf-8")
        _write_pictures(aside, list(pictures.values()))

    write_atomically(out, write)


def picture_name(row: int) -> str:
    """Where the small picture of the index's row lies, relative to the report."""
    return f"pictures/{row // A_FOLDER:02d}/{row:05d}.webp"


def _catalogue(index_dir: Path, index: Index, garments: dict[str, Garment]) -> dict[str, Any]:
    """Columns in the order of the index's rows: ids, places, records as numbers into lists of values."""
    atlas = load_map(index_dir) or make_map(index_dir)
    known = [garments.get(id_) for id_ in index.ids]
    columns: dict[str, Any] = {}
    for field in ("colors", *FIELDS):
        values = [_value(garment, field) for garment in known]
        if any(values):
            names = sorted({value for value in values if value}, key=lambda name: (-values.count(name), name))
            place = {name: number for number, name in enumerate(names)}
            columns["color" if field == "colors" else field] = {
                "values": names,
                "rows": [place.get(value, -1) for value in values],
            }
    return {
        "ids": list(index.ids),
        "x": [place[0] for place in atlas.coordinates],
        "y": [place[1] for place in atlas.coordinates],
        "neighbours": atlas.among,
        "kept": atlas.neighbours_kept,
        "captions": [garment.caption if garment else "" for garment in known],
        "fields": columns,
        "nearest": _nearest(index),
        "pictures": [picture_name(row) for row in range(len(index.ids))],
    }


def _value(garment: Garment | None, field: str) -> str:
    value = getattr(garment, field, None)
    return (value[0] if value else "") if isinstance(value, tuple) else value or ""


def _nearest(index: Index) -> list[list[int]]:
    """The rows of the garments most alike in the full vectors, best first: what a flat map cannot show."""
    vectors = np.array(index.vectors)
    count = min(NEAREST, len(vectors) - 1)
    rows = []
    for start in range(0, len(vectors), 1024):
        scores = vectors[start : start + 1024] @ vectors.T
        scores[np.arange(len(scores)), np.arange(start, start + len(scores))] = -2
        rows += np.argsort(-scores, axis=1, kind="stable")[:, :count].tolist()
    return rows


def _write_pictures(folder: Path, paths: list[Path]) -> None:
    for row, path in enumerate(paths):
        picture = read_picture(path, at_least=SIDE)
        scale = min(1.0, SIDE / min(picture.size))
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        place = folder / picture_name(row)
        place.parent.mkdir(parents=True, exist_ok=True)
        picture.resize(size).save(place, "WEBP", quality=QUALITY)


def _json(value: Any) -> str:
    # U+2028 and U+2029 end a line in older readers of scripts
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def main() -> None:
    """Write a catalogue's map, results and worst queries as a folder of plain files that anyone can host."""
    parser = argparse.ArgumentParser(prog="python -m demo.report", description=main.__doc__)
    parser.add_argument("--index", type=Path, required=True, help="the catalogue's index")
    parser.add_argument("--model", type=Path, help="the evaluated model, to show its hits of each query")
    parser.add_argument("--images", type=Path, help="where the photos are now, if they were moved")
    parser.add_argument(
        "--results", type=Path, nargs="+", default=[], metavar="FILE", help="results of train.evaluate"
    )
    parser.add_argument("--worst", type=int, default=48, help="queries of each result to show (%(default)s)")
    parser.add_argument("--title", default="Hemline report", help="(%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the report's folder")
    given = parser.parse_args()
    write_report(given.index, given.out, given.results, given.model, given.images, given.title, given.worst)
    size = sum(path.stat().st_size for path in given.out.rglob("*") if path.is_file())
    print(f"{given.out / 'index.html'} ({size / 2**20:.1f} MiB in all)", file=sys.stderr)


if __name__ == "__main__":
    entry(main)
