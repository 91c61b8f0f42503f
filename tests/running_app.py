"""`python app.py` as people run it, over a tiny real model and forty photos of Closet."""

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from core.building import build
from core.datasets.fashioniq import read_split
from tests.forked_runs import runs, start_forked
from tests.small_catalogue import make_model

ROOT = Path(__file__).parents[1]
PER_CATEGORY = 8
CATEGORIES = ("dress", "shirt", "toptee", "bottoms", "shoes")
# As a caption in a Gradio template each of these would run as code or break the page.
HOSTILE = (
    "${document.body.classList.add('owned')} <img src=x onerror=\"document.body.className='owned'\"> {{a}} `"
)
# The same of the model's own words, which are lower case.
HOSTILE_CAPTION = "<img src=x onerror=\"document.body.id='owned'\"> ${a=b}"


@dataclass
class App:
    """The app's process; started again after `kill` it comes back at the same address with the same files."""

    model: Path
    index: Path
    judgements: Path
    port: int
    pid: int = 0

    @property
    def data(self) -> Path:
        """Its data folder, where people's own catalogues are kept."""
        return self.judgements.with_name("data")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = self.judgements.with_name("app.log")
        log.unlink(missing_ok=True)
        self.pid = start_forked(
            *(log, {"HEMLINE_DATA": str(self.data)}, "app", "--model", self.model, "--index", self.index),
            *("--judgements", self.judgements, "--port", self.port),
        )
        while not log.exists() or "Hemline is at" not in log.read_text():
            if not runs(self.pid):
                raise AssertionError(f"the app did not start: {log.read_text()}")
            time.sleep(0.1)

    def kill(self) -> None:
        """SIGKILL: nothing of the app runs after it."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            while runs(self.pid):
                time.sleep(0.01)
            self.pid = 0


def small_closet(closet: Path, folder: Path) -> Path:
    """Closet's layout with forty photos of its val split; the first shirt's caption is HOSTILE."""
    split = read_split(closet, "val")
    garments = {}
    for line in (closet / "garments.jsonl").read_text().splitlines():
        row = json.loads(line)
        garments[row["image"]] = row
    for name in ("images", "captions", "image_splits"):
        (folder / name).mkdir(parents=True)
    lines = []
    for category in CATEGORIES:
        ids = split.galleries[category][:PER_CATEGORY]
        (folder / "image_splits" / f"split.{category}.val.json").write_text(json.dumps(ids))
        row = {"target": ids[0], "candidate": ids[1], "captions": ["is another", "not this one"]}
        (folder / "captions" / f"cap.{category}.val.json").write_text(json.dumps([row]))
        for id_ in ids:
            shutil.copyfile(closet / "images" / f"{id_}.jpg", folder / "images" / f"{id_}.jpg")
            hostile = {"caption": HOSTILE} if (category, id_) == ("shirt", ids[0]) else {}
            lines.append(json.dumps(garments[id_] | hostile))
    (folder / "garments.jsonl").write_text("\n".join(lines) + "\n")
    return folder


@functools.cache
def running_app(closet: Path) -> App:
    """One app for all the tests that only look at it or that restart it; it ends with the test run."""
    folder = Path(tempfile.mkdtemp(prefix="hemline-app-"))
    data = small_closet(closet, folder / "closet")
    first, second = sorted((data / "images").iterdir())[:2]
    model = make_model(folder / "model", says={first: HOSTILE_CAPTION, second: "a red dress"})
    build(model, data / "images", folder / "index")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = App(model, folder / "index", folder / "judgements.sqlite", port)

    def end() -> None:
        app.kill()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    app.start()
    return app
