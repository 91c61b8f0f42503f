"""How fast the Map tab is with 50,000 garments: first paint, recolouring, a lasso of 1,000 to cards, frames.

    python -m tests.bench.map_speed --json OUT [--count N] [--repeats N]

A synthetic catalogue (clusters on the plane, a tiny untrained model, plain photos) is served by
`python app.py` and opened in headless Chromium without a GPU. First paint is from the click on the tab, in a
page that never opened it, to the dots on the canvas; the rest from the hand's last move to what it brought.
"""

import argparse
import json
import math
import random
import statistics
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Page, sync_playwright

from core.cli import entry
from core.files import write_json
from core.flat import IndexCard, build_index
from core.gallery import PICTURES_FILE, Table
from core.index import save_index
from core.map import MAP_FILE, Map
from core.runs import git_state, hardware
from tests.page_steps import CHROMIUM, QUIET
from tests.running_app import App
from tests.small_catalogue import make_model

PHOTOS, CLUSTERS, LASSO = 60, 40, 1000
TARGETS = {"first_paint": 3.0, "recolour": 1.0, "lasso": 1.0}
PAINTED = "by => document.querySelector('#map canvas[data-part=points]')?.dataset.by === by"
FRAMES = """async () => {
  const frame = document.querySelector('.map-frame'), box = frame.getBoundingClientRect(), spent = [];
  const next = () => new Promise(requestAnimationFrame);
  for (let turn = 0; turn < 24; turn++) {
    const began = performance.now();
    const [clientX, clientY] = [box.x + box.width / 2, box.y + box.height / 2];
    frame.dispatchEvent(new WheelEvent('wheel', { deltaY: turn % 2 ? 300 : -300, clientX, clientY }));
    await next();
    await next();
    spent.push(performance.now() - began);
  }
  return spent;
}"""


def make_catalogue(folder: Path, count: int) -> tuple[Path, Path, np.ndarray]:
    """A model, an index of `count` garments with its map and records, and the map's places [count, 2]."""
    from PIL import Image

    from core.backbones import load_backbone

    rng = np.random.default_rng(0)
    model = make_model(folder / "model")
    images = folder / "data" / "images"
    images.mkdir(parents=True)
    for number in range(PHOTOS):
        colour = tuple(int(v) for v in rng.integers(40, 220, 3))
        Image.new("RGB", (300, 400), colour).save(images / f"{number}.webp")
    group = rng.integers(0, CLUSTERS, count)
    raw = rng.random((CLUSTERS, 2))[group] + rng.normal(0, 0.03, (count, 2))
    places = ((raw - raw.min(axis=0)) / np.ptp(raw, axis=0)).round(4)
    vectors = rng.normal(0, 1, (CLUSTERS, 16))[group] + rng.normal(0, 0.4, (count, 16))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    ids = [f"garment-{row:06d}" for row in range(count)]
    index = build_index(vectors, ids, IndexCard(load_backbone(model).target_fingerprint(), str(model)))
    card, paths = index.card, [f"{row % PHOTOS}.webp" for row in range(count)]
    table = Table(str(images), "", card.ids_sha, paths, [f"{row:064x}" for row in range(count)])
    atlas = Map(places.tolist(), [5] * count, 10, 0.02, "synthetic", "cosine", 15, 0.1, 0, card.vectors_sha)

    def beside(aside: Path) -> None:
        write_json(aside / PICTURES_FILE, asdict(table))
        write_json(aside / MAP_FILE, asdict(atlas))

    save_index(index, folder / "index", beside)
    names = random.Random(0)
    lines = []
    for row, id_ in enumerate(ids):
        kinds = {
            "kind": "t-shirt",
            "colors": [names.choice(["red", "blue", "green", "black", "white", "pink"])],
        }
        kinds |= {"category": ["dress", "shirt", "toptee", "bottoms", "shoes"][group[row] % 5], "details": []}
        none = dict.fromkeys(("sleeve", "neckline", "length", "fit", "fabric", "pattern"))
        lines.append(json.dumps({"image": id_, "split": "val", **kinds, **none, "caption": f"garment {row}"}))
    (images.parent / "garments.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    return model, folder / "index", places


def circle(page: Page, places: np.ndarray) -> list[tuple[float, float]]:
    """A path on the page around LASSO dots of the whole map."""
    box = page.locator(".map-frame").bounding_box()
    assert box is not None
    margin = 26
    seen = margin + places * (np.array([box["width"], box["height"]]) - 2 * margin)
    middle = seen[np.argmin(np.linalg.norm(seen - seen.mean(axis=0), axis=1))]
    radius = float(np.sort(np.linalg.norm(seen - middle, axis=1))[LASSO])
    turns = [2 * math.pi * step / 32 for step in range(33)]
    return [
        (box["x"] + middle[0] + radius * math.cos(turn), box["y"] + middle[1] + radius * math.sin(turn))
        for turn in turns
    ]


def measure(page: Page, url: str, places: np.ndarray) -> dict[str, float]:
    """Seconds of one visit: first paint, recolour, lasso to cards (and how many), the median frame."""
    page.goto(url)
    page.wait_for_selector(".tile .photo.is-loaded")
    found = {"first_paint": timed(lambda: page.click("#map-tab-button"), page, PAINTED, "category")}
    found["recolour"] = timed(lambda: page.select_option(".map-by select", "color"), page, PAINTED, "color")
    start, *rest = circle(page, places)
    page.mouse.move(*start)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point)
    cards = "() => document.querySelectorAll('.map-card').length === 60"
    found["lasso"] = timed(page.mouse.up, page, cards)
    title = page.locator(".map-chosen .answers-title").inner_text()
    found["lasso_count"] = int(title.split(" ")[0].replace(",", ""))
    found["frame"] = statistics.median(page.evaluate(FRAMES)) / 1000
    return found


def timed(act: Any, page: Page, until: str, argument: object = None) -> float:
    """Seconds from `act` to the frame in which `until` holds."""
    began = time.perf_counter()
    act()
    page.wait_for_function(until, arg=argument)
    page.evaluate("() => new Promise(requestAnimationFrame)")
    return time.perf_counter() - began


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.map_speed", description=__doc__)
    parser.add_argument("--json", type=Path, required=True, help="the file to write")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hemline-map-") as name:
        folder = Path(name)
        model, index, places = make_catalogue(folder, args.count)
        app = App(model, index, folder / "judgements.sqlite", 7899)
        app.start()
        try:
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
                runs = []
                for _ in range(args.repeats):
                    context = chromium.new_context(viewport={"width": 1280, "height": 860})
                    page = context.new_page()
                    page.set_default_timeout(120_000)
                    runs.append(
                        {key: round(value, 3) for key, value in measure(page, app.url, places).items()}
                    )
                    context.close()
                    print(json.dumps(runs[-1]), flush=True)
                chromium.close()
        finally:
            app.kill()
    middle = {key: round(statistics.median(run[key] for run in runs), 3) for key in runs[0]}
    within = {key: max(run[key] for run in runs) <= most for key, most in TARGETS.items()}
    result = {"count": args.count, "seconds": middle, "targets": TARGETS, "all_within": within, "runs": runs}
    write_json(args.json, result | {"hardware": hardware(), "git": git_state()})


if __name__ == "__main__":
    entry(main)
