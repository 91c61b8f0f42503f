"""A table of results: every row of it trained and evaluated over the seeds, and the report.

    python -m train.benchmark run --data CLOSET --runs runs/benchmark --results assets/results/closet
    python -m train.benchmark report --results assets/results/closet --readme README.md docs/results.md
    python -m train.benchmark run --table train/configs/backbones --data closet=CLOSET wardrobe=W1 ...

Each step is a process of its own; what is finished is never done again, so a run that was stopped, killed or
failed goes on with the same command.
"""

import argparse
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from core.cli import entry
from core.errors import HemlineError
from train.rows import Places, Row, Step, Work, chosen, plan, write_costs
from train.tables import DEFAULT, Table, read_table

POLL = 0.5  # seconds
LOG_LINES = 6


class Stopped(Exception):
    """The run is being stopped; what is unfinished stays so."""


@dataclass
class Progress:
    """What is done of the table, in weight, for the progress lines; shared by the threads."""

    total: int
    tell: Callable[[str], None]
    done: int = 0
    here: int = 0
    begun: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def skip(self, step: Step) -> None:
        """`step` was finished before."""
        with self.lock:
            self.done += step.weight

    def say(self, what: str) -> None:
        """A line with the time, for threads that take turns."""
        with self.lock:
            self.tell(f"{time.strftime('%H:%M:%S')} {what}")

    def finish(self, work: Work, step: Step, seconds: float) -> None:
        """`step` was finished now, in `seconds`."""
        with self.lock:
            self.done += step.weight
            self.here += step.weight
            left = (time.monotonic() - self.begun) * (self.total - self.done) / self.here
            share = 100 * self.done // self.total
            self.tell(
                f"{time.strftime('%H:%M:%S')} {work.name}: {step.name} done in {_clock(seconds)}; "
                f"{share} % of the table, about {_clock(left)} left"
            )


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def run_table(works: Sequence[Work], jobs: int, threads: int, tell: Callable[[str], None]) -> list[str]:
    """Run what is unfinished of `works`, `jobs` of them at once; answer what failed, a sentence a row.

    A failing step ends its row alone. An interrupt ends the steps at work and is raised on; they go on from
    their last checkpoints when the table is run again.
    """
    progress = Progress(sum(step.weight for work in works for step in work.steps), tell)
    stop = threading.Event()

    def attempt(work: Work) -> str | None:
        try:
            _run_work(work, threads, progress, stop)
        except HemlineError as error:
            progress.say(f"{work.name}: FAILED: {error}")
            return f"{work.name}: {error}"
        except Stopped:
            return f"{work.name}: stopped"
        return None

    with ThreadPoolExecutor(jobs) as pool:
        try:
            found = list(pool.map(attempt, works))
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [failure for failure in found if failure is not None]


def _run_work(work: Work, threads: int, progress: Progress, stop: threading.Event) -> None:
    work.folder.mkdir(parents=True, exist_ok=True)
    # The steps inherit the lock: one that outlives a killed run is waited for, never run a second time.
    with open(work.folder / ".lock", "wb") as lock:
        _take(lock.fileno(), work, progress, stop)
        for number, step in enumerate(work.steps, 1):
            if stop.is_set():
                raise Stopped
            if step.finished():
                progress.skip(step)
                continue
            progress.say(f"{work.name}: {step.name} begins ({number} of {len(work.steps)})")
            begun = time.monotonic()
            _run_step(work, step, threads, lock.fileno(), stop)
            if step.model is not None:
                write_costs(work)
            progress.finish(work, step, time.monotonic() - begun)
        write_costs(work)


def _take(lock: int, work: Work, progress: Progress, stop: threading.Event) -> None:
    told = False
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if not told:
                progress.say(
                    f"{work.name}: another run, or a step that a killed one left, is at work; waiting"
                )
            told = True
        if stop.wait(POLL):
            raise Stopped


def _run_step(work: Work, step: Step, threads: int, lock: int, stop: threading.Event) -> None:
    """Run `step` as a process of its own, its output in a log file; HemlineError where it fails."""
    path = work.folder / f"{step.name.replace(' ', '-')}.log"
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    with open(path, "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *step.command],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment,
            pass_fds=(lock,), start_new_session=True,  # Ctrl-C reaches this process, which ends its steps
        )  # fmt: skip
        while True:
            try:
                code = process.wait(POLL)
                break
            except subprocess.TimeoutExpired:
                if stop.is_set():
                    process.terminate()
                    process.wait()
                    raise Stopped from None
    if code:
        raise HemlineError(f"{step.name} ended with code {code}; its log {path} ends: {_tail(path)}")
    if not step.finished():
        raise HemlineError(f"{step.name} ended well but left its work unfinished; see {path}")


def _tail(path: Path) -> str:
    lines = path.read_bytes()[-8000:].decode("utf-8", "replace").splitlines()  # a bar's redraws are lines too
    return " | ".join([line.strip() for line in lines if line.strip()][-LOG_LINES:]) or "(nothing)"


def cores() -> int:
    """The processor cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _check(options: argparse.Namespace, table: Table) -> tuple[list[Row], dict[str, Path]]:
    from core.datasets.fashioniq import read_split

    if options.jobs < 1:
        raise HemlineError(f"--jobs is {options.jobs}; it must be 1 or more")
    if min(options.seeds) < 0 or len(set(options.seeds)) < len(options.seeds):
        raise HemlineError(f"--seeds {' '.join(map(str, options.seeds))}: give different numbers from 0 up")
    rows = chosen(table, options.only)
    data = named_data(options.data, table)
    for name in table.train:
        read_split(data[name], "train")
    for measure in table.measures:
        read_split(data[measure.data], measure.split)
    return rows, data


def named_data(given: Sequence[str], table: Table) -> dict[str, Path]:
    """The folders of a table's datasets: NAME=DIR each, or a lone DIR where the table has one dataset.

    Raises HemlineError where one is missing or is none of the table's.
    """
    names = table.datasets
    if len(given) == len(names) == 1 and "=" not in given[0]:
        return {names[0]: Path(given[0])}
    found = {name: Path(folder) for name, _, folder in (each.partition("=") for each in given)}
    if set(found) != set(names):
        wanted = " ".join(f"{name}=DIR" for name in names)
        raise HemlineError(f"--data {' '.join(given)}: the table {table.name} needs {wanted}")
    return found


def _run(options: argparse.Namespace) -> None:
    table = read_table(options.table)
    rows, data = _check(options, table)
    if options.background:
        _detach(options.runs)
        return
    signal.signal(signal.SIGTERM, _interrupt)
    threads = max(1, cores() // options.jobs)
    places = Places(data, options.runs, options.results, options.cache, threads)
    # Seed by seed, so that an unfinished table already compares all rows.
    works = [plan(table, row, seed, places) for seed in options.seeds for row in rows]
    failures = run_table(works, options.jobs, threads, lambda line: print(line, flush=True))
    if failures:
        raise HemlineError(
            f"{len(failures)} of {len(works)} rows are unfinished, run the same command again to go on: "
            + "; ".join(failures)
        )
    print(f"all {len(works)} rows are finished; python -m train.benchmark report --results {options.results}")


def _report(options: argparse.Namespace) -> None:
    from train.leaderboard import write_leaderboard
    from train.standings import report

    table = read_table(options.table)
    print(report(options.results, options.readme, table))
    write_leaderboard(options.results, table, options.plot)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _detach(runs: Path) -> None:
    """Start the same command in a session of its own, so that it outlives the terminal."""
    runs.mkdir(parents=True, exist_ok=True)
    arguments = [argument for argument in sys.argv[1:] if argument != "--background"]
    with open(runs / "benchmark.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "train.benchmark", *arguments],
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    print(f"process {process.pid} works on the table; its progress is in {runs / 'benchmark.log'}")


def main() -> None:
    """Command line: `run` and `report`."""
    parser = argparse.ArgumentParser(
        prog="python -m train.benchmark", description="The table of results, trained and reported."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = commands.add_parser("run", help="train and evaluate what is not finished yet")
    run.add_argument(
        "--data",
        required=True,
        nargs="+",
        metavar="NAME=DIR",
        help="the table's datasets; or its only one's DIR",
    )
    run.add_argument("--runs", type=Path, required=True, help="keeps models, checkpoints and logs")
    run.add_argument("--results", type=Path, required=True, help="keeps results, ranks and costs")
    run.add_argument("--cache", type=Path, default=Path("data/features"), help="the tower's features")
    run.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    run.add_argument("--jobs", type=int, default=2, help="rows at once; each gets its share of the cores")
    run.add_argument("--only", nargs="+", metavar="ROW", help="rows of the table; left out: all")
    run.add_argument(
        "--background", action="store_true", help="start it and return; it outlives the terminal"
    )
    run.set_defaults(work=_run)
    report = commands.add_parser(
        "report", help="sum up what is finished: Markdown, table.json, leaderboard.json"
    )
    report.add_argument("--results", type=Path, required=True, help="what `run` was given")
    report.add_argument(
        "--readme", type=Path, nargs="+", default=[], help="pages whose part between the markers is replaced"
    )
    report.add_argument("--plot", type=Path, help="an HTML page to draw the leaderboard into")
    report.set_defaults(work=_report)
    for command in (run, report):
        command.add_argument(
            "--table", type=Path, default=DEFAULT, help="its folder; left out: configs/closet"
        )
    options = parser.parse_args()
    options.work(options)


if __name__ == "__main__":
    entry(main)
