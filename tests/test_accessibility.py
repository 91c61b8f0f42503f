"""axe-core over every state of the page, in light and dark: nothing serious keeps anybody out."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from core.judgements import append, events, open_store
from tests.page_steps import ask, judge_first, show
from tests.running_app import App

GRAVE = ("serious", "critical")
# What fades would be measured half-way.
STILL = "*, ::before, ::after { transition: none !important; animation: none !important; }"
# All rules in the light; of the dark only what depends on colour.
RUN = """async () => {
  const run = (options) => axe.run(document, { resultTypes: ["violations"], ...options });
  const found = [await run({})];
  document.body.classList.add("dark");
  found.push(await run({ runOnly: ["color-contrast", "link-in-text-block"] }));
  document.body.classList.remove("dark");
  return found.flatMap(({ violations }, dark) => violations.flatMap(({ id, impact, nodes }) =>
    nodes.map((node) => ({ id, impact, dark: Boolean(dark), html: node.html, why: node.failureSummary }))));
}"""


@pytest.fixture(scope="module")
def page(app: App, browser: Browser) -> Iterator[Page]:
    """The page with axe in it; every test goes on where the one before left it."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(20_000)
    show(opened, app, "/?__theme=light")
    opened.fill("#annotator textarea", "accessibility")
    opened.evaluate(AXE_SCRIPT)
    opened.add_style_tag(content=STILL)
    yield opened
    opened.close()


def check(page: Page) -> None:
    found: list[dict[str, Any]] = page.evaluate(RUN)
    grave = [str(one) for one in found if one["impact"] in GRAVE]
    assert not grave, "\n".join(grave)


def test_search_before_the_first_answer(page: Page) -> None:
    check(page)


def test_an_answer_with_every_option_open_and_a_judged_card(page: Page) -> None:
    ask(page, "in green", tile=2)
    page.click(".options-head")
    page.fill('#options [data-part="without"]', "buttons")
    page.keyboard.press("Enter")
    expect(page.locator("#cards .answers-title")).to_have_text("“in green, without buttons”")
    page.locator(".card").first.focus()
    judge_first(page, "a", "acceptable")
    page.keyboard.press("Shift+ArrowRight")
    check(page)


@pytest.mark.parametrize("name", ["closer", "menu", "keys", "own"])
def test_what_opens_over_the_page(page: Page, name: str) -> None:
    first = page.locator(".card").first
    if name == "menu":
        first.locator(".more").click()
        opened = page.locator("#cards .menu")
    else:
        first.focus()
        page.keyboard.press({"closer": "Enter", "keys": "?", "own": "Escape"}[name])
        opened = page.locator({"closer": "dialog.closer", "keys": ".keys-dialog", "own": "#own-panel"}[name])
    if name == "own":
        page.locator('#shelf [data-part="bring"]').click()
    expect(opened).to_be_visible()
    check(page)
    if name == "own":
        page.locator('#own-panel [data-part="close"]').click()
    else:
        page.keyboard.press("Escape")
    expect(opened).to_be_hidden()


def test_every_queue_of_judging(page: Page, app: App) -> None:
    store = open_store(app.judgements, create=False)
    mine = next(event.judgement for event in events(store) if event.judgement.annotator == "accessibility")
    append(store, replace(mine, annotator="somebody else", verdict="near-duplicate"))
    store.close()
    page.click("#judge-tab-button")
    page.get_by_role("button", name="Measure").click()
    expect(page.locator(".agreement table").first).to_be_visible()
    for source in ("second", "useful", "disagreements"):
        page.click(f'.source[data-source="{source}"]')
        expect(page.locator("#judge .task:not([aria-busy])")).to_be_visible()
        check(page)
    expect(page.locator("#judge .said")).to_be_visible()


def test_every_tab(page: Page) -> None:
    tabs = page.locator("#tabs [role=tab]")
    assert tabs.count() >= 3
    for tab in tabs.all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
        expect(page.locator("#tabs [aria-busy=true]:visible")).to_have_count(0)
        check(page)
