"""Writes a planned split of Wardrobe as a dataset folder: pictures drawn by every core, records, queries."""

import json
import os
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from core.requests import Request
from core.types import Garment
from core.wardrobe.design import Design
from core.wardrobe.records import design_of, garment_of
from core.wardrobe.titles import title

if TYPE_CHECKING:
    from train.wardrobe import Drawn, Wardrobe

SIZE = 320  # px a side
QUALITY = 82  # of WebP: no artefact to be seen, and half the bytes of 95


def write_split(wardrobe: "Wardrobe", split: str, out: Path, seed: int, workers: int | None = None) -> None:
    """Draw every garment and write the folder, whole or not at all; HemlineError where `out` is there."""
    from core.datasets.lines import LINES_FILE
    from core.files import write_atomically, write_json
    from train.language import caption

    if out.exists():
        raise HemlineError(f"{out} is there already; remove it to draw it again, or name another folder")
    rng = random.Random(f"captions-{split}-{seed}")
    drawn = [one for garments in wardrobe.lines for one in garments]
    # The train split learns from captions in everybody's words; the others are catalogues, and show a title.
    told = {one.id: caption(one.design, rng) if split == "train" else title(one.design) for one in drawn}
    records = {one.id: garment_of(one.design, one.id, split, told[one.id]) for one in drawn}

    def write(aside: Path) -> None:
        for folder in ("images", "captions", "image_splits", "requests"):
            (aside / folder).mkdir(parents=True)
        _draw_all(drawn, aside / "images", workers or os.cpu_count() or 1)
        write_lines(aside / "garments.jsonl", [record_of(garment) for garment in records.values()])
        write_json(aside / LINES_FILE, [[one.id for one in garments] for garments in wardrobe.lines])
        for category in dict.fromkeys(garment.category for garment in records.values()):
            own = [id_ for id_, garment in records.items() if garment.category == category]
            asked = [query for query in wardrobe.queries if records[query.target].category == category]
            write_json(aside / "image_splits" / f"split.{category}.{split}.json", own)
            rows = [{"target": q.target, "candidate": q.reference, "captions": [q.text]} for q in asked]
            write_json(aside / "captions" / f"cap.{category}.{split}.json", rows)
            requests = [request_record(query.request) for query in asked]
            write_lines(aside / "requests" / f"req.{category}.{split}.jsonl", requests)

    write_atomically(out, write)


def designs_of(folder: Path) -> list[Design]:
    """The designs of a drawn dataset; HemlineError where one of its garments is not drawn."""
    from core.datasets.garments import read_garments

    return [design_of(garment) for garment in read_garments(folder / "garments.jsonl").values()]


def write_lines(path: Path, values: Iterable[Any]) -> None:
    """Write each value as one line of JSON."""
    path.write_text("".join(json.dumps(v, ensure_ascii=False) + "\n" for v in values), encoding="utf-8")


def record_of(garment: Garment) -> dict[str, Any]:
    """A garment as garments.jsonl has it (`core.datasets.garments`)."""
    record = asdict(garment)
    return {"image": record.pop("id"), **record}


def request_record(request: Request) -> dict[str, Any]:
    """A request as the files beside the captions have it: sorted lists of values."""
    edits = {field: sorted(values) for field, values in sorted(request.edits.items())}
    lists = {name: sorted(getattr(request, name)) for name in ("add", "remove", "keep")}
    return {"edits": edits, **lists}


def _draw_all(drawn: Sequence["Drawn"], folder: Path, workers: int) -> None:
    from tqdm import tqdm

    interval = 0.5 if sys.stderr.isatty() else 30.0
    jobs = [(one.design, one.seed, folder / f"{one.id}.webp") for one in drawn]
    with tqdm(total=len(jobs), desc="draw", mininterval=interval, file=sys.stderr) as bar:
        for _ in _drawn(jobs, workers):
            bar.update()


def _drawn(jobs: Sequence[tuple[Design, int, Path]], workers: int) -> Iterator[None]:
    if workers == 1:
        yield from map(_draw_one, jobs)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(_draw_one, jobs, chunksize=16)


def _draw_one(job: tuple[Design, int, Path]) -> None:
    from core.wardrobe.draw import draw

    design, seed, path = job
    draw(design, seed, SIZE).save(path, "WEBP", quality=QUALITY, method=4)
