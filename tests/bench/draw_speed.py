"""How many garments are drawn a second, by one process and by two.

    python -m tests.bench.draw_speed --json OUT [--count N] [--size PX]

Random designs, each drawn once, from the design to the decoded picture. Processor time is given beside
the clock's, for machines that are busy with something else.
"""

import argparse
import json
import multiprocessing
import random
import time
from pathlib import Path

from core.cli import entry
from core.files import write_json
from core.runs import git_state, hardware


def drawn(job: tuple[int, int, int]) -> tuple[int, float]:
    """Draw `count` designs from `seed` at `size` px; the count and the processor seconds spent."""
    from core.wardrobe.design import sample
    from core.wardrobe.draw import draw

    seed, count, size = job
    rng = random.Random(seed)
    start = time.process_time()
    for i in range(count):
        draw(sample(rng), i, size)
    return count, time.process_time() - start


def measured(processes: int, count: int, size: int) -> dict[str, float]:
    """Pictures a second by the clock, and processor milliseconds a picture."""
    share = count // processes
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        pool.map(drawn, [(0, 2, size)] * processes)
        start = time.perf_counter()
        done = pool.map(drawn, [(seed, share, size) for seed in range(processes)], chunksize=1)
        seconds = time.perf_counter() - start
    total = sum(n for n, _ in done)
    spent = sum(busy for _, busy in done)
    return {
        "images_per_second": round(total / seconds, 1),
        "cpu_ms_per_image": round(1000 * spent / total, 1),
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.draw_speed", description=__doc__)
    parser.add_argument("--json", type=Path, required=True, help="the file to write")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--size", type=int, default=320)
    args = parser.parse_args()
    one, two = (measured(processes, args.count, args.size) for processes in (1, 2))
    result = {"size": args.size, "count": args.count, "one_process": one, "two_processes": two}
    write_json(args.json, result | {"hardware": hardware(), **{"commit": git_state()}})
    print(json.dumps(result))


if __name__ == "__main__":
    entry(main)
