"""How fast the page that ships is: start, first page, search, a judged card; and the server's memory.

    python -m tests.bench.page_speed [--json OUT] [--queries 30] [--starts 3] [--loads 5]

`python app.py` over what ships, with judgements and data in a folder of their own, in headless Chromium
without a GPU. A search is timed in the page, from the click on Search to the frame in which its 24 cards are
there ("photos": and the first 8 of their photos); a judged card from the key to the frame that says "Saved".
Measure on a machine that has nothing else to do.
"""

import argparse
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from core.cli import entry
from core.files import write_json
from core.runs import git_state, hardware, versions
from tests.page_steps import CHROMIUM, QUIET
from tests.running_app import ROOT

TARGETS = {"first_page": 2.0, "cards": 0.4, "judged": 0.1}  # seconds, medians
CHANGES = (
    "in red", "with long sleeves", "with stripes", "shorter", "in navy, with a hood",
    "plain instead of printed", "in denim", "with flowers and a belt", "sleeveless",
    "longer and warmer, in dark green",
)  # fmt: skip
CARDS, TURN = 24, 7  # TURN has no factor in common with the 40 tiles, so every query has another reference
IDLE = 5  # seconds before memory is read
# The frame after next: what was drawn in between is on the screen.
PAINTED = (
    "const painted = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));"
)
SEARCH = f"""() => new Promise((done, fail) => {{
  {PAINTED}
  const began = performance.now(), since = () => (performance.now() - began) / 1000;
  document.addEventListener("hemline:answered", async ({{ detail: {{ answer }} }}) => {{
    await painted();
    const cards = since(), all = document.querySelectorAll(".card:not(.skeleton)").length;
    while (document.querySelectorAll(".card .photo.is-loaded").length < 8) await painted();
    done({{ cards, photos: since(), server: answer.seconds, all }});
  }}, {{ once: true }});
  document.querySelector("#search").click();
}})"""
JUDGE = f"""(place) => new Promise((done) => {{
  {PAINTED}
  const card = document.querySelectorAll(".card")[place], said = document.querySelector("#cards .saved");
  card.focus();
  const began = performance.now();
  const look = new MutationObserver(async () => {{
    if (!said.textContent.startsWith("Saved")) return;
    look.disconnect();
    await painted();
    done((performance.now() - began) / 1000);
  }});
  look.observe(said, {{ childList: true, characterData: true, subtree: true }});
  card.dispatchEvent(new KeyboardEvent("keydown", {{ key: "a", bubbles: true }}));
}})"""


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[tuple["Popen[str]", str, float]]:
    """The app with its files in `folder`, its address, and the seconds until it said "Hemline is at"."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [sys.executable, "app.py", "--port", str(port), *arguments]
    line += ["--judgements", str(folder / "judgements.sqlite")]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HEMLINE_")}
    own = {"HEMLINE_DATA": str(folder / "data"), "OMP_NUM_THREADS": str(hardware()["cores"])}
    began = time.perf_counter()
    app = Popen(line, cwd=ROOT, env=clean | own, stdout=PIPE, stderr=STDOUT, text=True)
    try:
        assert app.stdout is not None
        while "Hemline is at" not in (said := app.stdout.readline()):
            if not said:
                raise SystemExit("the app did not start")
        yield app, f"http://127.0.0.1:{port}", time.perf_counter() - began
    finally:
        app.terminate()
        app.wait()


def first_page(browser: Browser, url: str) -> float:
    """Seconds from navigation, in a browser that never was there, to the shelf's first photo."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    began = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(".tile .photo.is-loaded")
    spent = time.perf_counter() - began
    context.close()
    return spent


def judged(page: Page, annotator: str) -> list[float]:
    """Seconds of each of the cards on the page, judged by one key as `annotator`."""
    page.fill("#annotator textarea", annotator)
    return [page.evaluate(JUDGE, place) for place in range(CARDS)]


def measure(page: Page, url: str, queries: int) -> tuple[list[dict[str, float]], list[float]]:
    """Each query's seconds (cards, photos, the server's own), and those of each judged card."""
    page.goto(url)
    page.wait_for_selector(".tile .photo.is-loaded")
    searches: list[dict[str, float]] = []
    judgements: list[float] = []
    for turn in range(queries + 1):  # the first warms up what is compiled or read once
        tiles = page.locator(".tile")
        tiles.nth(TURN * turn % tiles.count()).click()
        page.fill("#change textarea", CHANGES[turn % len(CHANGES)])
        searches.append(page.evaluate(SEARCH))
        if searches[-1].pop("all") != CARDS:
            raise SystemExit(f"query {turn} has not {CARDS} cards")
        if len(judgements) <= queries:
            judgements += judged(page, f"judge {turn}")
    return searches[1:], judgements[1:]


def resident_mb(process: "Popen[str]") -> float:
    """The process's resident memory in MiB (Linux)."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


def middle(values: list[float]) -> dict[str, float]:
    """Median, 90th percentile and number, of seconds."""
    ninth = statistics.quantiles(values, n=10, method="inclusive")[-1] if len(values) > 1 else values[0]
    return {"median": round(statistics.median(values), 3), "p90": round(ninth, 3), "count": len(values)}


def run(browser: Browser, queries: int, starts: int, loads: int) -> dict[str, Any]:
    """All the figures."""
    begun, cold = [], []
    for turn in range(starts):
        with (
            tempfile.TemporaryDirectory(prefix="hemline-speed-") as name,
            started(Path(name)) as (app, url, seconds),
        ):
            begun.append(seconds)
            cold.append(first_page(browser, url))  # the small photos are made as well
            if turn < starts - 1:
                continue
            warm = [first_page(browser, url) for _ in range(loads)]
            time.sleep(IDLE)
            idle = resident_mb(app)
            page = browser.new_page(viewport={"width": 1280, "height": 860})
            page.set_default_timeout(120_000)
            searches, judgements = measure(page, url, queries)
            page.close()
            time.sleep(IDLE)
            memory = {"idle": idle, "after": resident_mb(app)}
    parts = {name: middle([one[name] for one in searches]) for name in ("cards", "photos", "server")}
    loaded = {"first_page": middle(cold), "next_page": middle(warm)}
    return {
        "seconds": {"start": middle(begun), **loaded, **parts, "judged": middle(judgements)},
        "mb": memory,
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.page_speed", description=__doc__)
    parser.add_argument("--json", type=Path, help="where to write the figures")
    parser.add_argument("--queries", type=int, default=30)
    parser.add_argument("--starts", type=int, default=3, help="times the app is started")
    parser.add_argument(
        "--loads", type=int, default=5, help="times its page is opened by another new browser"
    )
    args = parser.parse_args()
    load = os.getloadavg()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        found = run(browser, args.queries, args.starts, args.loads)
        machine = hardware() | {"browser": f"Chromium {browser.version}", "load_average": load}
        browser.close()
    reached = {name: found["seconds"][name]["median"] <= most for name, most in TARGETS.items()}
    found |= {"targets": TARGETS, "reached": reached}
    print(json.dumps(found, indent=1), flush=True)
    if args.json:
        write_json(args.json, found | {"hardware": machine, "versions": versions(), "git": git_state()})


if __name__ == "__main__":
    entry(main)
