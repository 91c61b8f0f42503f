"""Kill a writer of judgements at random moments and count what it had been told was saved.

    python -m tests.bench.judgement_kills --json assets/results/judgement_kills.json

A writer opens the store and saves one judgement after another, naming each on a pipe once it is acknowledged.
It is killed (SIGKILL) at a random moment: one in three while it opens the file, the others a random while
after a random number of judgements. The next writer goes on in the same file; half of the files begin as one
of format 1, so that kills fall into the migration too. A kill ends the process and not the machine: this says
nothing of power cuts.
"""

import argparse
import os
import random
import signal
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from core.cli import entry
from core.errors import HemlineError
from core.files import write_json
from core.judgement_file import APPLICATION_ID, FIRST_TABLE
from core.judgements import append, events, open_store
from core.runs import git_state, hardware, versions
from core.verdicts import Judgement

OPENING = 0.06
"""Seconds after its start within which a writer is killed that is not to get far."""
PAUSE = 0.01
"""Seconds after the last awaited judgement within which another is killed."""
MOST = 8
"""How many judgements it is waited for at most."""
EACH_FILE = 10
OLD = 20
"""How many events a file of format 1 begins with."""


@dataclass(frozen=True)
class Told:
    """What became of all writers: `lost` were acknowledged and are not there, `twice` are there twice.

    `unheard` are there and were not acknowledged: a kill between the two, at most one a writer.
    """

    kills: int
    before_any: int
    acknowledged: int
    saved: int
    lost: int
    twice: int
    unheard: int
    old_files: int
    seconds: float


def said(hit: str) -> Judgement:
    """A judgement of the hit."""
    return Judgement("writer", hit, 1, 0.5, "hard negative", "m" * 64, "i" * 64, text="but red")


def old_file(path: Path, count: int) -> None:
    """A file of format 1, as Hemline wrote it before `place`, with `count` events."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(FIRST_TABLE)
        for number in range(count):
            judgement = said(f"old-{number}")
            names = [row[1] for row in connection.execute("PRAGMA table_info(events)")][1:]
            connection.execute(
                f"INSERT INTO events ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})",
                [getattr(judgement, name) for name in names],
            )
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute("PRAGMA user_version=1")
        connection.commit()


def kill(work: Callable[[Callable[[str], None]], None], awaited: int, pause: float) -> list[str]:
    """Run `work(acknowledge)` in a process of its own and kill it; what it acknowledged before.

    The kill comes `pause` seconds after it acknowledged `awaited` things, or after its start for 0.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(lambda name: _tell(writing, name))
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, encoding="utf-8") as pipe:
        heard = [pipe.readline() for _ in range(awaited)]
        time.sleep(pause)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        heard += pipe.readlines()
    return [line[:-1] for line in heard if line.endswith("\n")]  # the last may be cut short by the kill


def run(folder: Path, kills: int, seed: int) -> Told:
    """`kills` writers, one after another, in files in `folder`."""
    chance, started = random.Random(seed), time.monotonic()
    acknowledged: list[str] = []
    names: list[str] = []
    before_any = old_files = unheard = 0
    for begin in range(0, kills, EACH_FILE):
        path, own = folder / f"{begin}.sqlite", []
        is_old = begin // EACH_FILE % 2 == 1
        if is_old:
            old_file(path, OLD)
            own += [f"old-{number}" for number in range(OLD)]
            old_files += 1
        for number in range(begin, min(begin + EACH_FILE, kills)):
            early = chance.random() < 1 / 3
            awaited = 0 if early else chance.randint(1, MOST)
            pause = chance.uniform(0, OPENING if early else PAUSE)
            told = kill(lambda tell, path=path, n=number: _write(path, n, tell), awaited, pause)
            before_any += not told
            own += told
        found = _found(path)
        unheard += len(set(found) - set(own))
        acknowledged += [f"{begin} {name}" for name in own]
        names += [f"{begin} {name}" for name in found]
    return Told(
        kills=kills,
        before_any=before_any,
        acknowledged=len(acknowledged),
        saved=len(names),
        lost=len(set(acknowledged) - set(names)),
        twice=len(names) - len(set(names)),
        unheard=unheard,
        old_files=old_files,
        seconds=round(time.monotonic() - started, 1),
    )


def main() -> None:
    """Kill writers of judgements at random moments; exit 2 where an acknowledged one is gone or twice."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        told = run(Path(folder), arguments.kills, arguments.seed)
    result = {**vars(told), "seed": arguments.seed}
    write_json(arguments.json, result | {"code": git_state(), "hardware": hardware(), "versions": versions()})
    print(*(f"{name}: {value}" for name, value in vars(told).items()), sep="\n")
    if told.lost or told.twice:
        raise HemlineError(f"{told.lost} acknowledged judgements are gone and {told.twice} are there twice")


def _write(path: Path, number: int, tell: Callable[[str], None]) -> None:
    store = open_store(path)
    for count in range(10_000):
        name = f"{number}-{count}"
        append(store, said(name))
        tell(name)


def _tell(pipe: int, name: str) -> None:
    os.write(pipe, f"{name}\n".encode())


def _found(path: Path) -> list[str]:
    store = open_store(path)
    try:
        return [event.judgement.hit_id for event in events(store)]
    finally:
        store.close()


if __name__ == "__main__":
    entry(main)
