"""The app exactly as a Space starts it: the committed files alone, in an empty folder, nothing else set."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AuthenticationError
from playwright.sync_api import expect, sync_playwright

from core.building import build
from core.datasets.garments import read_garments
from core.families import family_of
from core.journal import read_journal, records_of, write_batch
from core.judgements import Judgement, append, events, open_store
from demo.thumbnails import PREFIX
from tests.small_catalogue import copy_photos, make_model

ROOT = Path(__file__).parents[1]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
START = 120  # seconds; the app itself needs a tenth of it, the machine may be busy


@dataclass(frozen=True)
class Space:
    """The app's process in its folder, and where it answers."""

    folder: Path
    url: str
    process: subprocess.Popen[bytes]
    log: Path


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh copy of the files that git holds, and nothing else."""
    folder = tmp_path_factory.mktemp("space") / "app"
    line = ["git", "-c", "safe.directory=*", "checkout-index", "--all", f"--prefix={folder}{os.sep}"]
    subprocess.run(line, cwd=ROOT, check=True)
    return folder


@pytest.fixture(scope="module")
def catalogue(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("catalogue")
    model = make_model(folder / "model")
    build(model, copy_photos(closet_dir, folder / "photos", 12), folder / "index")
    return {"HEMLINE_MODEL": str(model), "HEMLINE_INDEX": str(folder / "index")}


@contextmanager
def started(code: Path, tmp_path: Path, **variables: str) -> Iterator[Space]:
    """`python app.py` with what a Space sets, a home folder that nobody can write, and no network."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (tmp_path / "tmp").mkdir(exist_ok=True)
    environment = {
        "PATH": os.defpath,
        "HOME": "/dev/null/home",
        "TMPDIR": str(tmp_path / "tmp"),
        "SYSTEM": "spaces",
        "SPACE_ID": "owner/hemline",
        "SPACE_HOST": "owner-hemline.hf.space",
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "GRADIO_SERVER_PORT": str(port),
        "HF_HUB_OFFLINE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        **variables,
    }
    log = tmp_path / "app.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "app.py"], cwd=code, env=environment, stdout=out, stderr=subprocess.STDOUT
        )
    space = Space(code, f"http://127.0.0.1:{port}", process, log)
    try:
        wait_for(space)
        yield space
    finally:
        process.kill()
        process.wait()


def wait_for(space: Space) -> None:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline:
        assert space.process.poll() is None, space.log.read_text()
        try:
            urllib.request.urlopen(space.url, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return  # it answers, if only that one must log in
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"no answer after {START} seconds: {space.log.read_text()}")


def look_around(space: Space) -> None:
    """Log in with a browser: the pictures are there, and the page says what became of judgements."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        page.goto(space.url)
        page.locator("input").first.fill("ana")
        page.locator("input[type=password]").fill("secret")
        page.keyboard.press("Enter")
        expect(page.locator(".tile .photo.is-loaded").first).to_be_visible(timeout=30_000)
        expect(page.locator(".kept")).to_have_text("Judgements copied just now")
        browser.close()


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_committed_files_answer_a_query_and_write_to_data_alone(code: Path, tmp_path: Path) -> None:
    before = files(code)
    garments = read_garments(code / "assets" / "wardrobe" / "garments.jsonl")
    with started(code, tmp_path) as space:
        client = Client(space.url, verbose=False)
        hits = client.predict(text="a red dress", top_k=5, api_name="/search")
        assert [hit["rank"] for hit in hits] == [1, 2, 3, 4, 5]
        found = [garments[hit["id"]] for hit in hits]
        assert any(family_of(garment.kind) == "dress" and garment.colors[0] == "red" for garment in found)
        composed = client.predict(
            reference_id=hits[0]["id"], text="the same but with polka dots", api_name="/search"
        )
        assert hits[0]["id"] not in {hit["id"] for hit in composed}
        answers = [garments[hit["id"]] for hit in composed]
        assert any(garment.pattern == "dots" for garment in answers)
        space.process.send_signal(signal.SIGTERM)
        assert space.process.wait(timeout=30) == 0, space.log.read_text()
    log = space.log.read_text()
    # On a Space Gradio watches for changes, with a package that Spaces bring and that need not be here
    assert log.count("Traceback") == log.count("`spaces` package is required to run hot-reloading"), log
    written = {name.split("/")[0] for name in files(code) - before}
    assert written <= {"data"}


def test_behind_gradios_front_server_a_login_is_asked_for_and_the_journal_is_replayed_and_written(
    code: Path, tmp_path: Path, catalogue: dict[str, str]
) -> None:
    elsewhere = open_store(tmp_path / "elsewhere.sqlite")
    append(elsewhere, Judgement("ana", "photo", 1, 0.5, "acceptable", "m" * 64, "i" * 64, text="in red"))
    write_batch(tmp_path / "journal", records_of(events(elsewhere)))
    kept_here = tmp_path / "here.sqlite"
    with started(
        code,
        tmp_path,
        **catalogue,
        HEMLINE_AUTH="ana:secret",
        HEMLINE_JOURNAL=str(tmp_path / "journal"),
        HEMLINE_JUDGEMENTS=str(kept_here),
        GRADIO_SSR_MODE="true",  # as Spaces set it
    ) as space:
        with pytest.raises(AuthenticationError):
            Client(space.url, verbose=False)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(f"{space.url}{PREFIX}/thumbnails/card/{'0' * 32}.webp")
        client = Client(space.url, auth=("ana", "secret"), verbose=False)
        assert len(client.predict(text="a red dress", top_k=3, api_name="/search")) == 3
        look_around(space)
        here = open_store(kept_here)
        assert events(here) == events(elsewhere)
        append(here, Judgement("bo", "photo", 2, 0.25, "unsure", "m" * 64, "i" * 64, text="in red"))
        space.process.send_signal(signal.SIGTERM)
        assert space.process.wait(timeout=30) == 0, space.log.read_text()
    assert ("Stopping Node.js" in space.log.read_text()) == (
        shutil.which("node", path=os.defpath) is not None
    )
    assert len(read_journal(tmp_path / "journal").records) == 2  # copied as the app was asked to stop
