"""What 10 million, 100 million and a billion photos would take: hours, machines, memory, storage, money.

    python -m tests.bench.plan

Prints the tables of docs/planning.md, worked out from measured unit costs (assets/results/unit_costs.json,
indexing.json, million.json) and from the prices and shares below, which are assumptions. `--write` puts them
into the page.
"""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.cli import entry
from core.files import read_json

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "assets" / "results"
PAGE = ROOT / "docs" / "planning.md"
BEGIN, END = "<!-- made by tests.bench.plan -->", "<!-- to here -->"
COUNTS = (10_000_000, 100_000_000, 1_000_000_000)
GB, TB = 1e9, 1e12
# Sizes of photos: as Closet's are (400 pixels wide), and a shop's originals three times as wide.
PHOTOS = {"400 px": "", "1,200 px": "3"}
LARGE = ("clip-l14", "qwen3-vl-embedding-2b", "llava-1.5-7b")


@dataclass(frozen=True)
class Assumed:
    """Prices in dollars and shares, none of them measured here; put your own in and run the command again."""

    core_hour: float = 0.04  # a virtual core of a general machine, an hour on demand
    cores: int = 32  # of a machine that encodes
    busy: float = 0.9  # share of the cores' time that is spent encoding
    deadline: float = 24.0  # hours in which the encoding shall be done
    gpu_hour: float = 3.0  # an H100 with 16 cores
    gpu_cores: int = 16
    gpu: str = "h100-80gb"
    ssd_month: float = 0.08  # a GB of SSD
    object_month: float = 0.023  # a GB of object storage
    ram_month: float = 3.5  # a GB of memory, as a part of a machine that serves
    ram: int = 128  # GB of memory of a machine that serves
    graph: float = 1.15 * (2 * 16 * 4)  # bytes of an HNSW graph of m = 16 a vector, upper layers included
    payload: float = 200  # bytes of id, path, price and attributes a photo in the engine
    copies: int = 2  # of each vector in the engine, so that a machine may fail


ASSUMED = Assumed()


def main() -> None:
    """Print the plan's tables, or write them into docs/planning.md."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true", help="put them into docs/planning.md")
    arguments = parser.parse_args()
    text = tables()
    if not arguments.write:
        print(text)
        return
    page = PAGE.read_text(encoding="utf-8")
    whole = page.split(BEGIN)[0] + f"{BEGIN}\n{text}\n{END}" + page.split(END)[1]
    PAGE.write_text(whole, encoding="utf-8")


def tables() -> str:
    """All tables as Markdown."""
    costs = read_json(RESULTS / "unit_costs.json")
    kept, anew = again(costs)
    features = (
        f"A million photos' features cost {kept:.2f} dollars a month to keep and {anew:.2f} to compute again."
    )
    parts = [unit_costs(costs), encoding(costs), storage(costs), features, serving(costs), gpus(costs)]
    return "\n\n".join(parts)


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cpu_seconds(costs: dict[str, Any], size: str) -> float:
    """Processor seconds a photo of the whole build; of larger photos with what decoding them takes more."""
    whole: float = costs["whole"]["cpu_seconds"]
    if not PHOTOS[size]:
        return whole
    more = costs["enlarged"][PHOTOS[size]]["1/1"]["decode_and_frame"]
    return whole + more - costs["stages"]["decode"] - costs["stages"]["frame"]


def unit_costs(costs: dict[str, Any]) -> str:
    """A photo, stage by stage."""
    rows = [[name, f"{seconds * 1e3:.2f}"] for name, seconds in costs["stages"].items()]
    rows += [
        [f"the whole build, photos of {size}", f"{cpu_seconds(costs, size) * 1e3:.1f}"] for size in PHOTOS
    ]
    return table(["a photo, shipped model", "ms of one core"], rows)


def encoding(costs: dict[str, Any]) -> str:
    """Encoding on processors with the shipped model."""
    rows = []
    for size in PHOTOS:
        for count in COUNTS:
            core_hours = count * cpu_seconds(costs, size) / 3600 / ASSUMED.busy
            machines = max(1, math.ceil(core_hours / ASSUMED.cores / ASSUMED.deadline))
            rows.append(
                [f"{count:,}", size, f"{core_hours:,.0f}", str(machines),
                 f"{core_hours / ASSUMED.cores / machines:.1f}", f"{core_hours * ASSUMED.core_hour:,.0f}"]
            )  # fmt: skip
    return table(
        ["photos", "of", "core-hours", f"machines of {ASSUMED.cores} cores", "hours", "dollars"], rows
    )


def storage(costs: dict[str, Any]) -> str:
    """What is kept on disk, and what it costs a month."""
    files = costs["whole"]["bytes"]
    rest = sum(
        size for name, size in files.items() if name != "features.npy" and name != "vectors.safetensors"
    )
    vectors, features = 4 * costs["dim"], 2 * math.prod(costs["features_shape"])
    photo = costs["enlarged"]["3"]["photo_bytes"]
    rows = []
    for count in COUNTS:
        rows.append(
            [f"{count:,}", _size(count * photo), _size(count * vectors), _size(count * rest),
             _size(count * features), f"{count * (vectors + rest) / GB * ASSUMED.ssd_month:,.0f}",
             f"{count * features / GB * ASSUMED.ssd_month:,.0f}"]
        )  # fmt: skip
    heads = [
        "photos",
        "photos of 1,200 px",
        "vectors",
        "ids and paths",
        "features",
        "$ a month without features",
    ]
    return table([*heads, "$ a month for features"], rows)


def again(costs: dict[str, Any]) -> tuple[float, float]:
    """Dollars a million photos: to keep the features a month, and to compute them again once."""
    features = 2 * math.prod(costs["features_shape"])
    kept = 1e6 * features / GB * ASSUMED.ssd_month
    anew = 1e6 * cpu_seconds(costs, "1,200 px") / 3600 / ASSUMED.busy * ASSUMED.core_hour
    return kept, anew


def serving(costs: dict[str, Any]) -> str:
    """Memory of what answers: one machine's own index, and an engine of several."""
    million = read_json(RESULTS / "million.json")
    own = million["indexes"]["ivf-sq8"]["mib"] * 2**20 / million["count"] / million["width"] * costs["dim"]
    engine = (costs["dim"] + ASSUMED.graph + ASSUMED.payload) * ASSUMED.copies
    rows = []
    for count in COUNTS:
        machines = math.ceil(count * engine / GB / (0.75 * ASSUMED.ram))
        rows.append(
            [f"{count:,}", _size(count * 4 * costs["dim"]), _size(count * own), _size(count * engine),
             str(max(ASSUMED.copies, machines)), f"{count * engine / GB * ASSUMED.ram_month:,.0f}"]
        )  # fmt: skip
    heads = ["photos", "exact, float32", "ivf-sq8", f"engine, int8 and graph, {ASSUMED.copies} copies"]
    return table([*heads, f"its machines of {ASSUMED.ram} GB", "$ a month"], rows)


def gpus(costs: dict[str, Any]) -> str:
    """Large models on GPUs, estimated from operation counts and from what their machines' cores decode."""
    from core.backbones.estimate import forward_flops, lengths, picture_flops
    from core.backbones.registry import entry_of
    from train.accelerators import ACCELERATORS

    gpu = next(one for one in ACCELERATORS if one.name == ASSUMED.gpu)
    decode = costs["enlarged"]["3"]["1/1"]["decode_and_frame"]
    fed = ASSUMED.gpu_cores * ASSUMED.busy / decode
    rows = []
    for name in LARGE:
        shape = entry_of(name).shape
        flops = picture_flops(shape)
        if not shape.dual:
            flops += forward_flops(shape, lengths(shape, "in-batch")[1])
        rate = min(fed, 1 / gpu.seconds(flops))
        row = [name, f"{flops / 1e9:,.0f}", f"{rate:,.0f}"]
        for count in COUNTS:
            hours = count / rate / 3600
            row.append(f"{hours:,.0f} h, ${hours * ASSUMED.gpu_hour:,.0f}")
        rows.append(row)
    return table(["estimate: model", "GFLOP a photo", f"photos a second on one {gpu.name}",
                  *(f"{count:,}" for count in COUNTS)], rows)  # fmt: skip


def _size(count: float) -> str:
    return f"{count / TB:,.1f} TB" if count >= TB else f"{count / GB:,.0f} GB"


if __name__ == "__main__":
    entry(main)
