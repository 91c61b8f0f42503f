"""How much a whole query costs over the bare model forward of the same inputs.

    python -m tests.bench.query_overhead --model RUN --index INDEX --data CLOSET --json OUT

Three kinds of query over real triplets: the reference out of the catalogue (its features are kept), a photo
uploaded as a file, and a photo uploaded as a decoded picture; the uploads are mirrored, so that none of them
is known to the catalogue. The bare forward starts from tensors that are ready (pixels or kept features) and
ends with the query's vector: no reading, no decoding, no resizing, no index. Whole and bare take turns in
one run.
"""

import argparse
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from core.cli import entry
from core.files import write_json
from core.runs import git_state, hardware, versions
from core.search import Searcher, open_searcher, search

TARGET = 1.3


@dataclass(frozen=True)
class Query:
    """A catalogue reference and its change in words."""

    reference: str
    text: str


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock on the wall and of the processor."""

    wall: float
    cpu: float


Step = Callable[[], object]


def main() -> None:
    """Measure whole queries against the bare forward and write the medians as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, help="the checkpoint (the one the index was built with)")
    parser.add_argument("--index", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="the dataset whose val queries are asked")
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--queries", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    searcher = open_searcher(arguments.model, arguments.index)
    queries = _queries(arguments.data, searcher, arguments.queries)
    result = {
        "kinds": measure(searcher, queries, arguments.repeats),
        "queries": len(queries),
        "repeats": arguments.repeats,
        "gallery": len(searcher.index.ids),
        "model": str(arguments.model or searcher.index.card.model),
        "index_fingerprint": searcher.index.card.fingerprint,
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(),
    }
    write_json(arguments.json, result)
    print(f"{'reference':18}{'whole ms':>10}{'bare ms':>10}{'ratio':>8}{'of cpu':>8}")
    for kind, row in result["kinds"].items():
        print(
            f"{kind:18}{row['whole_ms']:10.2f}{row['bare_ms']:10.2f}{row['ratio']:8.3f}{row['cpu_ratio']:8.3f}"
        )


def _queries(data: Path, searcher: Searcher, count: int) -> list[Query]:
    from core.datasets.fashioniq import read_split

    triplets = read_split(data, "val").triplets
    known = [triplet for triplet in triplets if triplet.reference in searcher.pictures]
    step = max(1, len(known) // count)
    return [Query(triplet.reference, " and ".join(triplet.captions)) for triplet in known[::step][:count]]


def measure(searcher: Searcher, queries: list[Query], repeats: int) -> dict[str, dict[str, Any]]:
    """For each kind of query the medians of the whole call and of the bare forward, and their ratios."""
    pairs = {"catalogue": kept, "uploaded file": uploaded_file, "decoded picture": decoded}
    times: dict[str, list[tuple[Spent, Spent]]] = {kind: [] for kind in pairs}
    for query in queries:
        steps = {kind: make(searcher, query) for kind, make in pairs.items()}
        for turn in range(repeats + 1):
            for kind, (whole, bare) in steps.items():
                # who goes first alternates, so that neither always finds the caches warm
                first, second = (whole, bare) if turn % 2 else (bare, whole)
                spent = _time(first), _time(second)
                if turn:  # the first turn warms up
                    times[kind].append(spent if turn % 2 else spent[::-1])
    return {kind: _row(rows) for kind, rows in times.items()}


def _row(rows: list[tuple[Spent, Spent]]) -> dict[str, Any]:
    whole, bare = median(row[0].wall for row in rows), median(row[1].wall for row in rows)
    return {
        "whole_ms": whole * 1e3,
        "bare_ms": bare * 1e3,
        "ratio": whole / bare,
        "paired_ratio": median(row[0].wall / row[1].wall for row in rows),
        # what the process itself used: steadier than the wall clock on a machine with other work
        "cpu_ratio": median(row[0].cpu for row in rows) / median(row[1].cpu for row in rows),
        "measured": len(rows),
        "within_target": whole / bare <= TARGET,
    }


def _time(step: Step) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def kept(searcher: Searcher, query: Query) -> tuple[Step, Step]:
    import numpy as np
    import torch

    row = searcher.index.positions[query.reference]
    features = torch.from_numpy(np.array(searcher.gallery.features[row])[None])
    return (
        lambda: search(searcher, reference_id=query.reference, text=query.text),
        lambda: _forward(searcher, features, query.text),
    )


def uploaded_file(searcher: Searcher, query: Query) -> tuple[Step, Step]:
    data = _mirrored(searcher, query)
    return (
        lambda: search(searcher, reference_image=data, text=query.text),
        _bare_upload(searcher, data, query.text),
    )


def decoded(searcher: Searcher, query: Query) -> tuple[Step, Step]:
    from core.pictures import read_picture

    data = _mirrored(searcher, query)
    picture = read_picture(data)
    return (
        lambda: search(searcher, reference_image=picture, text=query.text),
        _bare_upload(searcher, data, query.text),
    )


def _mirrored(searcher: Searcher, query: Query) -> bytes:
    """The reference mirrored, as the bytes of a JPEG that the catalogue does not know."""
    from PIL import ImageOps

    from core.pictures import read_picture

    buffer = io.BytesIO()
    ImageOps.mirror(read_picture(searcher.pictures[query.reference])).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _bare_upload(searcher: Searcher, data: bytes, text: str) -> Step:
    import torch

    from core.backbones.framing import to_pixels
    from core.pictures import read_picture

    pixels = to_pixels([read_picture(data)], searcher.backbone.spec)

    def step() -> object:
        with torch.inference_mode():
            features = searcher.backbone.tower.front(pixels)
        return _forward(searcher, features, text)

    return step


def _forward(searcher: Searcher, features: Any, text: str) -> object:
    import torch

    with torch.inference_mode():
        return searcher.backbone.query_vectors(features.half(), None, [text])


if __name__ == "__main__":
    entry(main)
