"""The app under load: many clients who search and judge, one after the other each, against what ships.

    python -m tests.bench.load [--seconds 300] [--clients 32] [--short 8] [--turns 3] [--json OUT]

`python app.py` runs twice, with judgements and data in a folder of its own: as it is, and one query at a time
(HEMLINE_BATCH=1). Each part is measured on both in turn, then the long one on the first alone. Every client
asks again as soon as it is answered, and judges a hit of every tenth answer. What is asked: the words of
Wardrobe's own queries put to 300 of its garments, so that no query comes twice ("new words"); with garments
that nobody has shown before ("first sight"); and fifty queries over and over ("again"). At the end each
judgement that was acknowledged must be in the SQLite file, once. The clients are one process beside the
server, on the same cores.
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.cli import entry
from core.files import write_json
from core.runs import git_state, hardware, versions
from tests.bench.light_client import Client

ROOT = Path(__file__).parents[2]
WARDROBE = ROOT / "assets" / "wardrobe"
JUDGE_EVERY = 10
KNOWN = 300  # garments that new words are put to
VERDICTS = ("acceptable", "unsure")
SEED = 0
Query = tuple[str, str]  # a garment and words


@dataclass
class App:
    """The running app: its port, its process, and where its judgements are."""

    port: int
    pid: int
    judgements: Path

    def cpu(self) -> float:
        """Seconds of the processor so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def counted(self) -> dict[str, float]:
        """What /metrics says, by name and labels."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as answer:
            lines = answer.read().decode().splitlines()
        return {
            name: float(value) for name, _, value in (x.rpartition(" ") for x in lines) if name[:1] != "#"
        }


@dataclass
class Done:
    """What the clients of one part did: seconds of each search, what went wrong, judgements by number."""

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    judged: list[int] = field(default_factory=list)
    judging: list[float] = field(default_factory=list)


@contextmanager
def started(batch: int) -> Iterator[App]:
    """The app that ships, answering; it is asked to stop at the end, and must end well."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("HEMLINE_")}
        kept.pop("OMP_NUM_THREADS", None)
        own = {"HEMLINE_DATA": f"{folder}/data", "HEMLINE_BATCH": str(batch), "HF_HUB_OFFLINE": "1"}
        line = [sys.executable, "app.py", "--port", str(port), "--judgements", f"{folder}/j.sqlite"]
        with open(f"{folder}/log", "w") as log:
            process = subprocess.Popen(line, cwd=ROOT, env={**kept, **own}, stdout=log, stderr=log)
            try:
                while not _up(port):
                    if process.poll() is not None:
                        raise RuntimeError(Path(f"{folder}/log").read_text())
                    time.sleep(0.2)
                yield App(port, process.pid, Path(folder) / "j.sqlite")
                process.send_signal(signal.SIGTERM)
                code = process.wait(60)
                if code:
                    raise RuntimeError(f"the app ended with {code}")
            finally:
                process.kill()


def _up(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def queries() -> list[Query]:
    """Wardrobe's own queries: the garment that each starts from, and its words."""
    found = []
    for path in sorted((WARDROBE / "captions").glob("cap.*.json")):
        found += [(row["candidate"], " and ".join(row["captions"])) for row in json.loads(path.read_text())]
    random.Random(SEED).shuffle(found)
    return found


def garments() -> tuple[list[str], list[str]]:
    """KNOWN garments that are shown before they count, and all others."""
    ids = json.loads((WARDROBE / "index" / "ids.json").read_text())
    random.Random(SEED).shuffle(ids)
    return ids[:KNOWN], ids[KNOWN:]


def new_words(ids: list[str]) -> Iterator[Query]:
    """Queries of which none comes twice, over these garments in turn: each with all words, one by one."""
    words = [text for _, text in queries()]
    for turn in range(len(words)):
        for place, id_ in enumerate(ids):
            yield id_, words[(place + turn) % len(words)]


async def load(
    app: App, clients: int, ended: Callable[[int], bool], asked: Iterator[Query], gradio: bool
) -> Done:
    """Let `clients` ask in a closed loop until `ended(answers so far)`."""
    done, chance = Done(), random.Random(SEED)

    async def person(number: int) -> None:
        client = Client(app.port, f"session{number}")
        for turn in itertools.count(number):
            if ended(len(done.seconds)):
                break
            query = next(asked)
            try:
                began = time.perf_counter()
                hits = await _search(client, query, gradio)
                done.seconds.append(time.perf_counter() - began)
                if turn % JUDGE_EVERY == 0:
                    began = time.perf_counter()
                    saved = await _judge(client, query, chance.choice(hits)["id"], number, gradio)
                    done.judging.append(time.perf_counter() - began)
                    done.judged.append(saved)
            except (RuntimeError, OSError, asyncio.IncompleteReadError) as error:
                done.errors.append(str(error))
                client.close()
        client.close()

    await asyncio.gather(*(person(number) for number in range(clients)))
    return done


async def _search(client: Client, query: Query, gradio: bool) -> list[dict[str, Any]]:
    if gradio:
        return await client.gradio("search", [query[0], None, query[1], 10, *[None] * 6, False])
    return await client.plain("search", {"reference_id": query[0], "text": query[1]})


async def _judge(client: Client, query: Query, hit: str, number: int, gradio: bool) -> int:
    verdict, name = VERDICTS[number % 2], f"client {number}"
    if gradio:
        values = [hit, verdict, query[0], None, query[1], None, None, name, None]
        answer = await client.gradio("judge", values)
    else:
        values = {"hit_id": hit, "verdict": verdict, "reference_id": query[0], "text": query[1]}
        answer = await client.plain("judge", values | {"annotator": name})
    if answer["saved"] is None:
        raise RuntimeError(f"a judgement was not saved: {answer}")
    return int(answer["saved"])


def measured(
    app: App, clients: int, asked: Iterator[Query], seconds: float, most: int, gradio: bool = False
) -> dict[str, Any]:
    """One part: until so many seconds passed or so many answers came."""
    before, cpu, own = app.counted(), app.cpu(), time.process_time()
    began = time.perf_counter()
    done = asyncio.run(
        load(
            app, clients, lambda count: count >= most or time.perf_counter() - began > seconds, asked, gradio
        )
    )
    passed, count = time.perf_counter() - began, len(done.seconds)
    after = app.counted()
    change = {name: after[name] - before.get(name, 0) for name in after}
    batches = change["hemline_batch_size_count"]
    lost = _lost(app, done.judged)
    return {
        "clients": clients,
        "api": "gradio" if gradio else "plain",
        "seconds": round(passed, 1),
        "answers": count,
        "a_second": round(count / passed, 2),
        "p50": round(statistics.median(done.seconds), 4),
        "p95": round(statistics.quantiles(done.seconds, n=100)[94], 4),
        "p99": round(statistics.quantiles(done.seconds, n=100)[98], 4),
        "errors": len(done.errors),
        "first_errors": done.errors[:3],
        "judgements": len(done.judged),
        "judgements_lost_or_twice": lost,
        "judging_p95": round(statistics.quantiles(done.judging, n=100)[94], 4)
        if len(done.judging) > 1
        else None,
        "server_cpu_ms_a_query": round(1000 * (app.cpu() - cpu) / count, 2),
        "clients_cpu_ms_a_query": round(1000 * (time.process_time() - own) / count, 2),
        "mean_batch": round(change["hemline_batch_size_sum"] / batches, 2) if batches else None,
        "pictures_remembered": _share(change, "picture"),
        "queries_remembered": _share(change, "query"),
        "memory_mb": round(after["process_resident_memory_bytes"] / 2**20),
    }


def _lost(app: App, judged: list[int]) -> int:
    """How many acknowledged judgements are not in the file, or share a number."""
    with sqlite3.connect(app.judgements) as file:
        there = {row[0] for row in file.execute("select seq from events")}
    return len(judged) - len(set(judged) & there)


def _share(change: dict[str, float], what: str) -> float | None:
    found, made = (
        change.get(f'hemline_remembered_total{{found="{there}",what="{what}"}}', 0)
        for there in ("true", "false")
    )
    return round(found / (found + made), 3) if found + made else None


def parts(apps: dict[str, App], clients: int, short: float, turns: int) -> dict[str, dict[str, Any]]:
    """Every part on each app in turn, `turns` times, so that what else the machine does befalls all alike."""
    known, others = garments()
    asked = {name: new_words(known) for name in apps}
    strange = {name: new_words(others) for name in apps}
    for name, app in apps.items():
        measured(app, 2, asked[name], 20 * short, KNOWN)  # and what is imported at the first of each
        measured(app, 1, asked[name], short, 10, gradio=True)
    few = {name: itertools.cycle([next(asked[name]) for _ in range(50)]) for name in apps}
    plan = {
        "one client": (1, asked, False),
        "one client, gradio": (1, asked, True),
        "new words": (clients, asked, False),
        "new words, gradio": (clients, asked, True),
        "first sight": (clients, strange, False),
        "again": (clients, few, False),
    }
    found: dict[str, dict[str, Any]] = {}
    for part, (people, queries_of, gradio) in plan.items():
        runs: dict[str, list[dict[str, Any]]] = {name: [] for name in apps}
        for _ in range(turns):
            for name, app in apps.items():
                runs[name].append(measured(app, people, queries_of[name], short, 10**9, gradio))
        found[part] = {name: _joined(some) for name, some in runs.items()}
    return found


def _joined(some: list[dict[str, Any]]) -> dict[str, Any]:
    """Several turns of one part: sums of what is counted, medians of what is measured."""
    summed = ("seconds", "answers", "errors", "judgements", "judgements_lost_or_twice")
    joined = dict(some[0])
    for name, value in some[0].items():
        values = [one[name] for one in some if one[name] is not None]
        if name in summed:
            joined[name] = round(sum(values), 1)
        elif isinstance(value, float):
            joined[name] = round(statistics.median(values), 4)
    return joined | {"a_second": round(joined["answers"] / joined["seconds"], 2), "turns": len(some)}


def _ratios(found: dict[str, dict[str, Any]], over: str, under: str, what: str) -> dict[str, float]:
    return {name: round(both[over][what] / both[under][what], 2) for name, both in found.items()}


def main() -> None:
    """Measure the app under the load of many clients."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="of the long part")
    parser.add_argument("--short", type=float, default=8, help="seconds of each turn of the other parts")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with started(16) as app:
        with started(1) as single:
            found = parts({"batched": app, "one": single}, options.clients, options.short, options.turns)
        asked = itertools.islice(new_words(garments()[0]), 300_000, None)  # the parts have not come so far
        long = measured(app, options.clients, asked, options.seconds, 10**9)
    cores, batched = hardware()["cores"], {name: both["batched"] for name, both in found.items()}
    result = {
        "figure": {
            "seconds": long["seconds"],
            "answers": long["answers"],
            "errors": long["errors"] + sum(part["errors"] for part in batched.values()),
            "judgements": long["judgements"],
            "judgements_lost_or_twice": sum(
                part["judgements_lost_or_twice"] for part in (long, *batched.values())
            ),
            "p95": long["p95"],
            "p95_allowed": round(3 * batched["one client"]["p50"] * options.clients / cores, 4),
            "throughput_over_one_at_a_time": _ratios(found, "batched", "one", "a_second"),
            "cpu_of_one_at_a_time_over_batched": _ratios(found, "one", "batched", "server_cpu_ms_a_query"),
        },
        "long": long,
        "parts": found,
        "seed": SEED,
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(),
    }
    print(json.dumps(result["figure"], indent=1))
    for name, both in found.items():
        print(f"{name}: {both['batched']}\n   one at a time: {both['one']}")
    print(f"long: {long}")
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    entry(main)
