"""What a person does on the page, as steps for browser tests: open it, ask, judge past a second look."""

import os

from playwright.sync_api import Page, expect

from tests.running_app import App

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
ECHO = 600  # ms: the guard takes no key sooner, so that one press is not two


def show(page: Page, app: App, query: str = "") -> None:
    page.goto(app.url + query)
    page.wait_for_selector(".tile .photo.is-loaded")


def open_tab(page: Page, name: str) -> None:
    """Open a tab, by the menu of those that a narrow screen has no room for where it is in there."""
    page.locator(".tile .photo").first.wait_for(state="attached")  # by then the tabs have found their places
    tab = page.get_by_role("tab", name=name)
    if not tab.count():
        page.get_by_label("More tabs").click()
        tab = page.locator("#tabs .overflow-dropdown").get_by_role("button", name=name)
    tab.click()


def ask(page: Page, text: str, tile: int | None = 0) -> None:
    """Choose the shelf's photo number `tile` (None: leave the reference), write the change, press Enter."""
    if tile is not None:
        page.click(f".tile >> nth={tile}")
    page.locator(".card").evaluate_all("cards => cards.forEach(card => card.classList.add('old'))")
    page.fill("#change textarea", text)
    page.press("#change textarea", "Enter")
    expect(page.locator(".card.skeleton, .card.old")).to_have_count(0)
    expect(page.locator("#cards .answers-title")).to_have_text(f"“{text}”")
    expect(page.locator(".card").first).to_be_focused()


def judge_first(page: Page, key: str, verdict: str) -> None:
    """Judge the first card by its key, going past a second look where one is asked for."""
    page.keyboard.press(key)
    first, guard = page.locator(".card").first, page.locator("#cards .guard[open]")
    expect(page.locator(f'.card[data-verdict="{verdict}"]').or_(guard).first).to_be_visible()
    if guard.count():
        page.wait_for_timeout(ECHO)
        page.keyboard.press(key)
    expect(first).to_have_attribute("data-verdict", verdict)


def saved(page: Page, count: int) -> None:
    noun = "judgement" if count == 1 else "judgements"
    expect(page.locator("#cards .saved")).to_have_text(f"Saved · {count} {noun} in all")
