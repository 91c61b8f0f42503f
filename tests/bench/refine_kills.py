"""Kill refinements at random moments and look at what answers: the live version must stay whole.

    python -m tests.bench.refine_kills --json assets/results/refine_kills.json

A version of a tiny model is live. Then refinements that would go live themselves are started one after
another and killed (SIGKILL) at a moment drawn over the time that a whole one takes, a little beyond its end
too. After each the live version is read and loaded: it must be the one from before, or, where the killed job
had come that far, the new one; and whatever is listed must load. A kill ends the process and not the machine.
"""

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from core.backbones.query_side import read_query_side
from core.cli import entry
from core.errors import HemlineError
from core.files import write_json
from core.refining import read_progress
from core.runs import git_state, hardware, versions
from core.versions import live
from core.versions import versions as listed
from tests.forked_runs import Runner, forked
from tests.refine_world import arguments, make_world

BEYOND = 1.1  # of a whole run's seconds


def measure(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """Kill `kills` refinements; what became of the live version after each."""
    world, places = make_world(folder / "world"), folder / "versions"
    rng, found, states = random.Random(seed), Counter[str](), Counter[str]()
    run = forked()
    run("train.refine", "--help")  # what is imported once is there
    begun = time.monotonic()
    if run("train.refine", *arguments(world, places / "v0"), "--fall", 101).code:
        raise HemlineError("the first refinement failed; look at tests/test_refine.py")
    whole = time.monotonic() - begun
    stands, number = "v0", 0
    while found["killed"] < kills:
        number += 1
        found[_one(run, world, places, f"v{number}", rng.uniform(0, BEYOND) * whole)] += 1
        lives = live(places)
        if lives is None or lives not in (stands, f"v{number}"):
            found["lost"] += 1
        elif lives != stands:
            found["new one live"] += 1
            stands = lives
        progress = read_progress(places / f"v{number}")
        states[progress.state if progress else "nothing written"] += 1
        found["broken"] += sum(not _loads(places / version.name) for version in listed(places))
    return {
        "kills": kills,
        "ended before the kill": found["ended"],
        "live version lost": found["lost"],
        "listed and broken": found["broken"],
        "went live before the kill or the end": found["new one live"],
        "found in the folders": dict(sorted(states.items())),
        "seconds of a whole run": round(whole, 2),
        "seed": seed,
    }


def _one(run: Runner, world: Path, places: Path, name: str, moment: float) -> str:
    done = run("train.refine", *arguments(world, places / name), "--fall", 101, kill_at=moment)
    if done.code not in (-9, 0):
        raise HemlineError(f"the refinement {name} failed by itself: {done.err[-500:]}")
    return "killed" if done.code == -9 else "ended"


def _loads(version: Path) -> bool:
    try:
        read_query_side(version)
    except HemlineError:
        return False
    return True


def main() -> None:
    """Measure, print and write what came of it; code 1 where a live version was lost or broken."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, help="where to keep the result")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(args.kills, args.seed, Path(folder))
    print(result)
    if args.json:
        write_json(args.json, {**result, "code": git_state(), "hardware": hardware(), "versions": versions()})
    if result["live version lost"] or result["listed and broken"]:
        raise SystemExit(1)


if __name__ == "__main__":
    entry(main)
