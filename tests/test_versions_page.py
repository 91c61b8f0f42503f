"""Refining in headless Chromium: flag, refine, see it live, roll back; a killed job changes nothing."""

import os
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from playwright.sync_api import Browser, Page, expect

from core.backbones import load_backbone
from core.backbones.mllm import add_adapters
from core.backbones.saving import save_backbone
from core.building import build
from core.judgements import append, events, open_store
from core.refining import CANCEL_FILE, is_running, read_progress
from core.search import open_searcher, search
from core.verdicts import Judgement
from core.versions import live, promote
from demo.settings import read_settings
from tests.page_steps import open_tab
from tests.running_app import HOSTILE, App
from tests.train_folder import make_train_folder, tiny_start

REFERENCES = ("dress1", "dress5", "shirt2", "shirt9")


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A tiny trainable model over a drawn catalogue, and flags on the first hits of four queries."""
    folder = tmp_path_factory.mktemp("versions")
    data = make_train_folder(folder / "data")
    backbone = load_backbone(tiny_start(data, folder / "built"))
    add_adapters(backbone, rank=8)
    save_backbone(backbone, folder / "model")
    build(folder / "model", data / "images", folder / "index")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = App(folder / "model", folder / "index", folder / "judgements.sqlite", port)
    app.start()
    yield app
    app.kill()


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.set_default_timeout(30_000)
    yield opened
    context.close()
    assert faults == []


def show(page: Page, app: App, query: str = "") -> None:
    page.goto(app.url + query)
    open_tab(page, "Versions")
    expect(page.locator(".refine-words")).not_to_be_empty()


def flag(app: App, count: int) -> list[Judgement]:
    """Flags on the first `count` hits of four queries, as a person's."""
    searcher = open_searcher(app.model, app.index)
    store = open_store(app.judgements)
    said = []
    for number, reference in enumerate(REFERENCES):
        for hit in search(searcher, reference_id=reference, text=f"is blue {number}", top_k=count):
            said.append(
                Judgement(
                    "ada", hit.id, hit.rank, hit.score, "hard negative", "m", "i", reference,
                    searcher.hash_of(reference), f"is blue {number}", HOSTILE,
                )
            )  # fmt: skip
            append(store, said[-1])
    store.close()
    return said


def test_from_flags_to_a_live_version_and_back(page: Page, app: App) -> None:
    show(page, app)
    expect(page.locator(".refine-words")).to_contain_text("Nothing to learn from yet")
    expect(page.get_by_role("button", name="Refine the model")).to_be_hidden()
    flagged = flag(app, 3)
    show(page, app)
    expect(page.locator(".refine-words")).to_contain_text("12 judgements can train")
    client = Client(app.url, verbose=False)
    asked = {"reference_id": "dress1", "text": "is blue 0", "top_k": 12, "api_name": "/search"}
    before = client.predict(**asked)
    assert client.predict(api_name="/versions") == {"live": "", "versions": []}

    page.get_by_role("button", name="Refine the model").click()
    expect(page.locator(".job-words")).to_contain_text("v1", timeout=60_000)
    expect(page.get_by_role("button", name="Refine the model")).to_be_hidden()
    page.reload()  # the job goes on without the page
    show(page, app)
    card = page.locator(".version").first
    expect(card.locator(".version-name")).to_have_text("v1", timeout=120_000)
    expect(card.locator(".version-from")).to_contain_text("from 12 hits flagged and 0 right, in 4 queries")
    expect(card).to_contain_text("Flags that left the first ten")
    expect(card).to_contain_text("R@10, untouched queries")

    # whether it lives is for the measure to say; a person may choose otherwise
    if live(app.data / "versions") is None:
        button = card.get_by_role("button", name="Make v1 live")
        button.click()
        button.click()
    expect(card.locator(".chip-live")).to_be_visible()
    expect(page.locator(".refine-words")).to_contain_text("the live version knows all of them")
    after = answered_otherwise(client, asked, before)
    listed = client.predict(api_name="/versions")
    assert listed["live"] == "v1" and listed["versions"][0]["negative"] == len(flagged)

    card.get_by_role("button", name="Did the flags help?").click()
    expect(card.locator(".effect-table tr")).to_have_count(1 + len(flagged))
    expect(card.locator(".effect-asked").first).to_contain_text("is blue 0")
    assert page.evaluate("document.body.className").find("owned") < 0

    page.get_by_role("button", name="Make the model as it was built live").click()
    expect(page.locator(".version.is-base .chip-live")).to_be_visible()
    assert answered_otherwise(client, asked, after) == before
    app.kill()
    promote(app.data / "versions", "v1")
    app.start()  # the live version is loaded at the start
    assert Client(app.url, verbose=False).predict(**asked) == after


def answered_otherwise(client: Client, asked: dict[str, Any], former: object) -> Any:
    """The answer, once the app has seen what is live (it looks every second): another than `former`."""
    for _ in range(40):
        if (answer := client.predict(**asked)) != former:
            return answer
        time.sleep(0.25)
    raise AssertionError("what is live does not answer")


def test_a_job_that_is_cancelled_or_killed_changes_nothing(page: Page, app: App) -> None:
    folder = app.data / "versions"
    stood = live(folder)
    flag(app, 2)
    for how in ("cancel", "kill"):
        show(page, app)
        page.get_by_role("button", name="Refine the model").click()
        expect(page.locator(".job-words")).to_contain_text("so far", timeout=60_000)
        (job,) = [path for path in folder.iterdir() if path.is_dir() and is_running(path)]
        if how == "cancel":
            page.get_by_role("button", name="Cancel").click()
            expect(page.locator(".job-words")).to_contain_text("was cancelled", timeout=90_000)
        else:
            progress = read_progress(job)
            assert progress is not None and not (job / CANCEL_FILE).exists()
            os.kill(_job_pid(job), signal.SIGKILL)
            expect(page.locator(".job-words")).to_contain_text("ended without a word", timeout=90_000)
        expect(page.locator(".job-words")).to_contain_text("what answers is as before")
        assert live(folder) == stood
        shutil.rmtree(job)


def _job_pid(job: Path) -> int:
    """The process that works in `job`: the one whose command names it."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        words = path.read_bytes().split(b"\0")
        if b"train.refine" in words and str(job.resolve()).encode() in words:
            return int(path.parent.name)
    raise AssertionError("no refinement is running")


def test_cards_ranked_before_a_version_went_live_may_still_be_judged(page: Page, app: App) -> None:
    folder = app.data / "versions"
    page.goto(app.url)
    page.click(".tile >> nth=0")
    page.fill("#change textarea", "is red")
    page.press("#change textarea", "Enter")
    expect(page.locator(".card").first).to_be_focused()
    stood = live(folder)
    promote(folder, None if stood else "v1")
    page.wait_for_timeout(2500)  # the app looks every second
    page.keyboard.press("a")
    expect(page.locator("#cards .saved")).to_contain_text("Saved")
    store = open_store(app.judgements, create=False)
    said = events(store)[-1].judgement
    store.close()
    assert (said.verdict, said.text) == ("acceptable", "is red")


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone(page: Page, app: App, dark: bool) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    show(page, app, "?__theme=dark" if dark else "")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    expect(page.get_by_role("tab", name="Versions")).to_be_visible()  # it takes the last one's place


def test_whoever_runs_the_app_says_whether_people_refine(tmp_path: Path) -> None:
    def allowed(**variables: str) -> bool:
        return read_settings({"HEMLINE_DATA": str(tmp_path), **variables}).versions is not None

    assert allowed() and not allowed(HEMLINE_REFINE="off") and not allowed(SPACE_ID="a/b")
    assert allowed(SPACE_ID="a/b", HEMLINE_REFINE="on")
    settings = read_settings({"HEMLINE_DATA": str(tmp_path)})
    assert settings.versions == tmp_path / "versions" and replace(settings, refine=False).versions is None
