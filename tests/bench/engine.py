"""Qdrant's engine in process beside exact search and our own fast index: the move, and what a query costs.

    python -m tests.bench.engine --json assets/results/engine.json [--counts 20000 100000]

Clustered vectors of the shipped model's width (`tests.bench.million`), moved as `core.catalogue move` does it
and asked through `core.index.find`, which ends with ids and exact scores. Queries come one at a time; what
the processor spends is counted over all threads. Three askings: plain, of one `category` (whole clusters,
5 % of the rows) and of a `scattered` 5 %; the engine filters by its payloads, the others by a mask prepared
once outside the times. Then the catalogue that ships: each of its queries, answered by the engine as by
exact search or not, without filters and with two values of the wanted garment as filters.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from core.cli import entry
from core.engines import edge
from core.engines.conditions import conditions_of
from core.engines.moving import Where, move
from core.facets import values_of
from core.files import read_json, write_json
from core.flat import Index, build_index
from core.index import IndexCard, find, load_index, save_index
from core.indexes.family import Family
from core.indexes.settings import Settings
from core.runs import git_state, hardware, peak_memory_mb, versions
from core.types import Garment
from tests.bench.million import TOP, make_world, measured, ours, resident
from tests.bench.million_peers import Ask, Built, World

WIDTH = 256
ASSETS = Path(__file__).parents[2] / "assets"
VALUES = {
    "category": ("dress", "shirt"),
    "scattered": ("red", "blue"),
}  # of who is kept by a mask, and of others


def main() -> None:
    """Measure every size and the catalogue that ships, and write the result as JSON after each."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--counts", type=int, nargs="*", default=[20_000, 100_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument(
        "--shipped", type=int, default=2000, help="how many of the shop's queries (2000; 0: none)"
    )
    arguments = parser.parse_args()
    result: dict[str, Any] = read_json(arguments.json) if arguments.json.exists() else {}
    result |= {"width": WIDTH, "queries": arguments.queries, "hardware": hardware(), "git": git_state()}
    result["versions"] = versions() | edge_version()
    for count in arguments.counts:
        rows = result.setdefault("sizes", {})[str(count)] = {}
        world = make_world(count, WIDTH, arguments.queries)
        for name, make in (("exact", exact), ("ivf-sq8", lambda w: ours(w, "ivf-sq8")), ("edge", moved)):
            rows[name] = measured(world, make)
            write_json(arguments.json, result)
            for asking in world.masks:
                told = rows[name][asking]
                print(
                    f"{count:7} {name:8}{asking:11}recall {told['recall']:.4f}  p50 {told['p50_ms']:7.3f}  "
                    f"cpu {told['cpu_ms']:7.3f}",
                    flush=True,
                )
    if arguments.shipped:
        result["shipped"] = shipped(arguments.shipped)
        print(result["shipped"])
    result["peak_memory_mb"] = peak_memory_mb()
    write_json(arguments.json, result)


def edge_version() -> dict[str, str]:
    """The versions of the engine's packages."""
    from importlib.metadata import version

    return {name: version(name) for name in ("qdrant-edge-py", "qdrant-client")}


def exact(world: World) -> Built:
    """Exact search as it ships; under a filter among the rows of a mask."""
    index = build_index(world.rows, names(world), CARD)
    family = Family(Settings("exact"), index.vectors)

    def asking(mask: np.ndarray | None) -> Ask:
        allowed = None if mask is None else family.allow(mask)
        return lambda query: found(index, query, allowed)

    return Built({name: asking(mask) for name, mask in world.masks.items()}, world.rows.nbytes, {})


def moved(world: World) -> Built:
    """The index in the folder of a catalogue, moved to the engine, and opened anew."""
    kept = tempfile.TemporaryDirectory(prefix="hemline-engine-")
    folder = Path(kept.name) / "index"
    save_index(build_index(world.rows, names(world), CARD), folder)
    garments = {name: garment(world, row) for row, name in enumerate(names(world))}
    wall, cpu = time.perf_counter(), time.process_time()
    with spending() as spent:
        card = move(folder, garments, Where())
    built = {"build_s": time.perf_counter() - wall, "build_cpu_s": time.process_time() - cpu}
    before = resident()
    index = load_index(folder)
    found(index, world.queries[:1], None)
    loaded = resident()
    shard = folder / card.collection
    size = sum(path.stat().st_blocks * 512 for path in shard.rglob("*") if path.is_file())
    about = {
        **built,
        **{f"{name}_s": value[0] for name, value in spent.items()},
        **{f"{name}_cpu_s": value[1] for name, value in spent.items()},
        "points_a_second": len(world.rows) / spent["upsert"][0],
        "search_width": card.width,
        "sampled_recall": card.recall,
        "sampled_filtered_recall": card.filtered_recall,
        "loading_mib": {"anonymous": loaded[0] - before[0], "mapped": loaded[1] - before[1]},
    }
    filters = {"plain": {}, "category": {"category": frozenset([VALUES["category"][0]])}}
    filters["scattered"] = {"colors": frozenset([VALUES["scattered"][0]])}
    asks: dict[str, Ask] = {}
    for name, chosen in filters.items():
        conditions = conditions_of(index.ids, garments, chosen) if chosen else None
        asks[name] = lambda query, conditions=conditions: found(index, query, conditions)  # type: ignore[misc]
    return Built(asks, size, about, kept)


@contextmanager
def spending() -> Iterator[dict[str, list[float]]]:
    """Seconds by the clock and of the processor that go into each of the engine's steps."""
    spent: dict[str, list[float]] = {}
    kept = {name: getattr(edge.Edge, name) for name in ("upsert", "flush", "optimise")}

    def timed(name: str) -> Any:
        def step(*given: Any) -> Any:
            wall, cpu = time.perf_counter(), time.process_time()
            try:
                return kept[name](*given)
            finally:
                sums = spent.setdefault(name, [0.0, 0.0])
                sums[0] += time.perf_counter() - wall
                sums[1] += time.process_time() - cpu

        return step

    for name in kept:
        setattr(edge.Edge, name, timed(name))
    try:
        yield spent
    finally:
        for name, method in kept.items():
            setattr(edge.Edge, name, method)


CARD = IndexCard(target_fingerprint="synthetic", model="synthetic")


def names(world: World) -> list[str]:
    """An id for each row: its number."""
    return [str(row) for row in range(len(world.rows))]


def found(index: Index, query: np.ndarray, allowed: Any) -> np.ndarray:
    """The rows that `find` answers."""
    return np.array([int(hit.id) for hit in find(index, query, TOP, None, allowed)[0]])


def garment(world: World, row: int) -> Garment:
    """A record by which the world's masks are filters, and something of everything else."""
    kept = {name: bool(mask[row]) for name, mask in world.masks.items() if mask is not None}
    category, colour = (VALUES[name][0 if kept[name] else 1] for name in ("category", "scattered"))
    sleeve, details = ("long", "short", "sleeveless")[row % 3], ("belt", "pockets", "buttons")
    return Garment(
        str(row), "", category, "", (colour,), "solid", sleeve, None, None, None, None, details[: row % 4], ""
    )


def shipped(most: int) -> dict[str, Any]:
    """How many of the shop's queries the moved catalogue answers with the very ten of exact search."""
    from core.recorded import garments_at
    from core.search import embed_many, open_searcher

    wardrobe = ASSETS / "wardrobe"
    with tempfile.TemporaryDirectory(prefix="hemline-engine-") as kept:
        folder = Path(kept) / "index"
        shutil.copytree(wardrobe / "index", folder)
        garments = garments_at(folder, wardrobe / "images")
        searcher = open_searcher(ASSETS / "model", folder, wardrobe / "images")
        told = [
            query for path in sorted((wardrobe / "captions").glob("*.json")) for query in read_json(path)
        ][:most]
        asked = [(query["candidate"], query["captions"][0]) for query in told]
        vectors, copies = embed_many(searcher, asked)
        card = move(folder, garments, Where())
        index = load_index(folder)
        truth, answers = (find(one, vectors, TOP, copies) for one in (searcher.index, index))
        filtered = []
        for number, query in enumerate(told):
            has = {field: values for field, values in values_of(garments[query["target"]]).items() if values}
            fields = np.random.default_rng(number).permutation(sorted(has))[:2]
            conditions = conditions_of(index.ids, garments, {str(name): has[name] for name in fields})
            given = vectors[number : number + 1], TOP, [copies[number]]
            filtered.append(find(index, *given, conditions) == find(searcher.index, *given, conditions))
    return {
        "garments": card.count,
        "queries": len(told),
        "same_ten": sum(one == other for one, other in zip(truth, answers, strict=True)),
        "same_ten_filtered": sum(filtered),
        "search_width": card.width,
    }


if __name__ == "__main__":
    entry(main)
