"""Payloads through every field of the page, in Chromium: none may run, each is shown as the text it is."""

import io
import json
import os
import signal
import socket
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.judgements import events, open_store
from core.verdicts import VOCABULARY
from tests.data_folder import photo
from tests.forked_runs import runs, start_forked
from tests.page_steps import CHROMIUM, QUIET, open_tab
from tests.running_app import App

if TYPE_CHECKING:
    from playwright.sync_api import Page

VERDICT = "<img src=x onerror=window.ran=7>"  # a verdict's name has 40 characters
WORDS = "<img src=x onerror=window.ran=8> ${window.ran=8}"  # the small model reads 64 tokens
TABS = ("Judge", "Map", "Errors", "Compare", "Versions", "Leaderboard")


def payload(field: str) -> str:
    """Text that runs as HTML, as a script, in a template of Gradio's and in one of Jinja's."""
    run = f"window.ran='{field}'"
    return f'<img src=x onerror="{run}"> ${{{run}}} {{{{7*7}}}} </script><svg onload="{run}"> =1+1 `{field}'


def inject(app: App, folder: Path) -> dict[str, Any]:
    """Go through the page of an app of its own with hostile verdicts; what ran, and what was not shown."""
    from playwright.sync_api import sync_playwright

    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    verdicts = [vars(verdict) for verdict in VOCABULARY.values()]
    verdicts[3] = verdicts[3] | {"name": VERDICT, "meaning": payload("meaning")}
    (folder / "verdicts.json").write_text(json.dumps(verdicts))
    variables = {"HEMLINE_DATA": str(folder / "data"), "HEMLINE_VOCABULARY": str(folder / "verdicts.json")}
    line = ("app", "--model", app.model, "--index", app.index, "--port", port)
    pid = start_forked(folder / "app.log", variables, *line)
    try:
        while "Hemline is at" not in (
            (folder / "app.log").read_text() if (folder / "app.log").exists() else ""
        ):
            assert runs(pid), (folder / "app.log").read_text()
            time.sleep(0.1)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(60_000)
            told = _through(page, f"http://127.0.0.1:{port}", folder)
            browser.close()
    finally:
        os.kill(pid, signal.SIGKILL)
    return told


def _through(page: "Page", url: str, folder: Path) -> dict[str, Any]:
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(f"a dialog: {dialog.message}"), dialog.dismiss()))
    page.on("request", lambda asked: None if url in asked.url or asked.url.startswith(("data:", "blob:"))
            else alarms.append(f"a request: {asked.url[:100]}"))  # fmt: skip
    fields: dict[str, bool] = {}

    def shown(field: str, where: str, text: str) -> None:
        page.wait_for_timeout(300)
        ran = page.evaluate("window.ran || ''")
        if ran:
            alarms.append(f"{field} ran ({ran})")
        wanted = " ".join(text.split())
        fields[field] = any(wanted in " ".join(one.split()) for one in page.locator(where).all_inner_texts())

    page.goto(url)
    page.wait_for_selector(".tile .photo.is-loaded")
    page.fill("#annotator textarea, #annotator input", payload("name"))
    page.click(".tile >> nth=0")
    page.fill("#change textarea", WORDS)
    page.press("#change textarea", "Enter")
    page.wait_for_selector(".card .photo.is-loaded")
    shown("words of a query", "#cards .answers-title", WORDS)
    page.locator(".card").first.focus()
    page.keyboard.press("a")
    page.wait_for_selector("#cards .saved")
    page.wait_for_timeout(1500)
    shown("a verdict's name", ".card", VERDICT)
    page.keyboard.press("?")
    shown("a verdict's meaning", "body", payload("meaning"))
    page.keyboard.press("Escape")
    _bring(page, folder)
    shown("names of refused files", ".own", "cut <img src=x onerror=window.ran=1>.jpg")
    page.get_by_text("Values kept out").click()
    shown("values outside the vocabulary", ".own", payload("colour")[:60])
    page.keyboard.press("Escape")
    page.wait_for_timeout(1000)
    page.fill("#change textarea", "but in blue")
    page.click(".tile >> nth=0")
    page.press("#change textarea", "Enter")
    page.wait_for_selector(".card .photo.is-loaded")
    shown("captions and ids that people bring", ".card, .tile", payload("caption"))
    for tab in TABS:
        open_tab(page, tab)
        page.wait_for_timeout(2500)
        shown(f"the tab {tab}", "body", "")
    for query in (
        f"?text={payload('link')}",
        "?reference=<img src=x onerror=window.ran=2>&filters=[[",
        "?__theme=<x>",
    ):
        page.goto(f"{url}/{query}")
        page.wait_for_selector(".tile .photo.is-loaded")
        page.wait_for_timeout(1000)
        shown(f"a link {query[:9]}", "body", "")
    store = open_store(folder / "data" / "judgements.sqlite", create=False)
    kept = {event.judgement.annotator for event in events(store)} | {e.judgement.text for e in events(store)}
    store.close()
    fields["kept as it was said"] = WORDS in kept
    lacking = [field for field, there in fields.items() if not there]
    faults = [*alarms, *(f"not shown: {field}" for field in lacking)]
    return {
        "tried": len(fields),
        "shown as text": len(fields) - len(lacking),
        "at fault": len(faults),
        "faults": faults,
        "fields": sorted(fields),
    }


def _bring(page: "Page", folder: Path) -> None:
    archive = folder / "more.zip"
    rows = []
    with zipfile.ZipFile(archive, "w") as packed:
        for seed in range(4):
            out = io.BytesIO()
            photo(seed).save(out, "JPEG")
            name = f"p{seed} <img src=x onerror=window.ran=3>.jpg"
            packed.writestr(name, out.getvalue())
            rows.append({"file": name, "title": payload("caption"), "colour": payload("colour")})
        packed.writestr("cut <img src=x onerror=window.ran=1>.jpg", b"\xff\xd8\xff")
        packed.writestr("captions.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    page.get_by_role("button", name="Bring your own").click()
    page.fill("#own-name textarea, #own-name input", "Mine")
    page.set_input_files("#own-files input[type=file]", [archive])
    page.wait_for_selector("#own-files .file-preview")
    page.click("#own-add")
    page.wait_for_selector(".own-said")
    page.wait_for_function("document.querySelector('.own-said').textContent.includes('Mine')")
    page.get_by_text("Which ones").click()
