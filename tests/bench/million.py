"""A million clustered vectors of the model's own width: what a query costs by kind of index, and finds.

    pip install --no-deps --target PEERS hnswlib==0.8.0 usearch==2.26.6 numkong
    PYTHONPATH=PEERS python -m tests.bench.million --json assets/results/million.json

Our kinds are built as `core.catalogue tune` does it, in an index's folder, and asked through
`core.index.find`, which ends with ids and exact scores. Beside them in the same run: NumPy, FAISS's flat
index, hnswlib and usearch (a graph with the narrowest search that finds enough); one that is not installed is
named and passed over. Queries come one at a time, on one thread; builds use all. Three askings: plain, of one
`category` (whole clusters, 5 % of the rows; most queries lie elsewhere) and of a `scattered` 5 %. A filter is
prepared once, outside the times. `ref_ms` is a fixed product taken between the queries: it tells how busy the
machine was. The result is written after every index, so that a long run may be stopped.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from core.cli import entry
from core.files import write_json
from core.flat import build_index
from core.index import IndexCard, find, load_index, save_index
from core.indexes.exact import exact_search
from core.indexes.saved import FAISS_FILE, FAST_FOLDER
from core.runs import git_state, hardware, peak_memory_mb, versions
from core.tuning import tune
from tests.bench.million_peers import (
    TOP,
    Ask,
    Built,
    World,
    faiss_flat,
    hnswlib_graph,
    numpy_product,
    recall,
    usearch_graph,
)
from tests.clustered import clustered

TUNED_TO = 0.99  # above what is asked for: what tuning measures is a sample


def main() -> None:
    """Measure every index in turn and write what it took, keeps and finds as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--width", type=int, default=256, help="values a vector (256)")
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--only", nargs="*", help="these indexes alone")
    arguments = parser.parse_args()
    world = make_world(arguments.count, arguments.width, arguments.queries)
    result: dict[str, Any] = {
        "count": arguments.count,
        "width": arguments.width,
        "queries": arguments.queries,
        "kept_by_filter": {
            name: float(np.mean(mask)) for name, mask in world.masks.items() if mask is not None
        },
        "nearest_cosine": float(np.median([scores[0] for scores in world.truths["plain"]])),
        "indexes": {},
        "absent": [],
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(),
    }
    for name, make in makers():
        if arguments.only and name not in arguments.only:
            continue
        try:
            row = measured(world, make)
        except ImportError as error:
            print(f"{name}: passed over, {error}")
            result["absent"].append(name)
            continue
        result["indexes"][name] = row
        result["peak_memory_mb"] = peak_memory_mb()
        write_json(arguments.json, result)
        for asking in world.masks:
            told = row[asking]
            print(
                f"{name:14}{asking:11}recall {told['recall']:.4f}  p50 {told['p50_ms']:8.3f} ms  "
                f"cpu {told['cpu_ms']:8.3f}  {row['share_of_flat']:.1%} of flat  {row['build_s']:.0f} s",
                flush=True,
            )


def make_world(count: int, width: int, asked: int) -> World:
    """Rows, held-out queries of the same clusters, masks that keep about 5 %, and the truth."""
    rows, groups = clustered(count, width)
    queries = clustered(asked, width, seed=11)[0]
    shares = np.bincount(groups) / count
    first = int(np.argmin(np.abs(shares - 0.025)))
    second = int(np.argmin(np.abs(shares + shares[first] - 0.05) + (np.arange(len(shares)) == first)))
    masks = {
        "plain": None,
        "category": np.isin(groups, [first, second]),
        "scattered": np.random.default_rng(13).random(count) < 0.05,
    }
    truths = {
        name: [
            scores
            for scores, _ in exact_search(rows, queries, TOP, None if mask is None else np.flatnonzero(mask))
        ]
        for name, mask in masks.items()
    }
    return World(rows, queries, masks, truths)


def makers() -> Iterator[tuple[str, Callable[[World], Built]]]:
    """The indexes by name, ours first."""
    for kind in ("ivf-sq8", "ivf-rabitq", "hnsw"):
        yield kind, lambda world, kind=kind: ours(world, kind)  # type: ignore[misc]
    yield "numpy", numpy_product
    yield "faiss-flat", faiss_flat
    yield "hnswlib", hnswlib_graph
    yield "usearch", usearch_graph


def measured(world: World, make: Callable[[World], Built]) -> dict[str, Any]:
    """The row of one index: its build, what it keeps, and how each asking went."""
    from threadpoolctl import threadpool_limits

    wall, cpu = time.perf_counter(), time.process_time()
    built = make(world)
    row: dict[str, Any] = {
        "build_s": built.about.pop("build_s", time.perf_counter() - wall),
        "build_cpu_s": built.about.pop("build_cpu_s", time.process_time() - cpu),
        "mib": built.size / 2**20,
        "share_of_flat": built.size / world.rows.nbytes,
        **built.about,
    }
    with threadpool_limits(1):
        for asking, ask in built.asks.items():
            row[asking] = asked(world, asking, ask)
    return row


def asked(world: World, asking: str, ask: Ask) -> dict[str, float]:
    """Recall@10 and the times of one asking; a row as good as the exact tenth counts as found."""
    product, times, refs, found = world.rows[:20_000], [], [], []
    for number in range(-5, len(world.queries)):  # five to warm up
        wall, cpu = time.perf_counter(), time.process_time()
        rows = ask(world.queries[number : number + 1] if number >= 0 else world.queries[:1])
        spent = time.perf_counter() - wall, time.process_time() - cpu
        if number >= 0:
            times.append(spent)
            found.append(rows)
        if number % 20 == 0:
            start = time.perf_counter()
            product @ world.queries[0]
            refs.append(time.perf_counter() - start)
    walls = np.array(times)[:, 0] * 1e3
    return {
        "recall": recall(world, asking, found),
        "p50_ms": float(np.median(walls)),
        "p10_ms": float(np.quantile(walls, 0.1)),
        "p95_ms": float(np.quantile(walls, 0.95)),
        "cpu_ms": float(np.mean([cpu for _, cpu in times]) * 1e3),
        "ref_ms": float(np.median(refs) * 1e3),
    }


def ours(world: World, kind: str) -> Built:
    """A fast index in the folder of an index, tuned, loaded from disk and asked for ids."""
    kept = tempfile.TemporaryDirectory(prefix="hemline-million-")
    folder = Path(kept.name) / "index"
    card = IndexCard(target_fingerprint="synthetic", model="synthetic")
    save_index(build_index(world.rows, [str(row) for row in range(len(world.rows))], card), folder)
    wall, cpu = time.perf_counter(), time.process_time()
    fast = tune(folder, kind, TUNED_TO)
    built = {"build_s": time.perf_counter() - wall, "build_cpu_s": time.process_time() - cpu}
    assert fast is not None
    before = resident()
    index = load_index(folder)
    loaded = resident()
    assert index.fast is not None
    size = (folder / FAST_FOLDER / FAISS_FILE).stat().st_size
    if kind != "hnsw":
        size += index.fast.inner.owner.nbytes

    def asking(mask: np.ndarray | None) -> Ask:
        allowed = None if mask is None else index.fast.allow(mask)  # type: ignore[union-attr]
        return lambda query: np.array([int(hit.id) for hit in find(index, query, TOP, None, allowed)[0]])

    about = {
        **built,
        "settings": fast.settings,
        "tuned_recall": fast.recall,
        "tuned_filtered_recall": fast.filtered_recall,
        # anonymous memory alone: what is mapped goes whenever the machine needs the room
        "loading_mib": {"anonymous": loaded[0] - before[0], "mapped": loaded[1] - before[1]},
    }
    return Built({name: asking(mask) for name, mask in world.masks.items()}, size, about, kept)


def resident() -> tuple[float, float]:
    """MiB of this process that are its own, and that are mapped from files."""
    lines = dict(
        line.split(":") for line in Path("/proc/self/status").read_text().splitlines() if "Rss" in line
    )
    return int(lines["RssAnon"].split()[0]) / 2**10, int(lines["RssFile"].split()[0]) / 2**10


if __name__ == "__main__":
    entry(main)
