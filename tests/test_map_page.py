"""The Map tab in headless Chromium: dots, colours, a lasso, cards, a query's path, hostile words, dark."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict

import pytest
from playwright.sync_api import Browser, Page, expect

from core.files import write_json
from core.index import load_index
from core.map import MAP_FILE, Map
from tests.page_steps import ask, show
from tests.running_app import HOSTILE, App

INKED = """canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
    .reduce((sum, one) => sum + one, 0)"""
# of the first garment's dot
COLOUR = "canvas => [...canvas.getContext('2d').getImageData(26, 26, 1, 1).data].join()"
ACROSS = 8  # the forty garments lie on a grid of 8 by 5
MARGIN = 26  # pixels around the map's dots, as map-draw.js has it


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.set_default_timeout(20_000)
    show(opened, app)
    yield opened
    owned = opened.evaluate("[document.body.className, document.body.id].join()")
    context.close()
    assert faults == [] and "owned" not in owned


def make_grid(app: App) -> None:
    """A map of the app's catalogue that needs no UMAP."""
    card = load_index(app.index).card
    places = [[(row % ACROSS) / (ACROSS - 1), row // ACROSS / 4] for row in range(card.count)]
    kept = [row % 11 for row in range(card.count)]
    made = Map(places, kept, 10, 0.02, "a grid", "cosine", 15, 0.15, 0, card.vectors_sha)
    write_json(app.index / MAP_FILE, asdict(made))


def open_map(page: Page, by: str = "category") -> None:
    page.get_by_role("tab", name="Map").click()
    expect(page.locator(f'canvas[data-by="{by}"][data-dots="40"]')).to_be_visible()


def at(page: Page, column: float, line: float) -> tuple[float, float]:
    """Where on the page a place of the grid is, before any zoom."""
    page.evaluate("scrollTo(0, 0)")
    box = page.locator(".map-frame").bounding_box()
    assert box is not None
    width, height = box["width"] - 2 * MARGIN, box["height"] - 2 * MARGIN
    return box["x"] + MARGIN + column / (ACROSS - 1) * width, box["y"] + MARGIN + line / 4 * height


def lasso(page: Page, corners: list[tuple[float, float]]) -> None:
    page.mouse.move(*at(page, *corners[0]))
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*at(page, *corner), steps=3)
    page.mouse.up()


def selected(page: Page) -> list[str]:
    ids: list[str] = page.locator(".map-card").evaluate_all("cards => cards.map(card => card.dataset.id)")
    return ids


def test_without_a_map_the_tab_says_how_to_make_one(page: Page, app: App) -> None:
    (app.index / MAP_FILE).unlink(missing_ok=True)
    page.get_by_role("tab", name="Map").click()
    expect(page.locator("#map .map-command")).to_have_text("python -m core.atlas --index INDEX")
    expect(page.locator("#map .map-frame")).to_be_hidden()
    assert str(app.index.parent) not in page.locator("#map").inner_text()


def test_a_lasso_becomes_cards_that_can_be_used_and_kept(page: Page, app: App) -> None:
    make_grid(app)
    open_map(page)
    ids = load_index(app.index).ids
    expect(page.locator(".map-line")).to_have_count(5)
    expect(page.locator(".map-trust summary")).to_contain_text("of neighbours kept")

    lasso(page, [(-0.15, -0.1), (2.4, -0.1), (2.4, 1.5), (-0.15, 1.5)])  # three columns, two lines
    expect(page.locator(".map-chosen .answers-title")).to_have_text("6 garments selected: the lasso")
    expect(page.locator(".map-card")).to_have_count(6)
    inside = [ids[row] for row in (0, 1, 2, 8, 9, 10)]
    assert selected(page) == inside
    page.select_option(".map-by select", "color")
    expect(page.locator('canvas[data-by="color"]')).to_be_visible()
    assert selected(page) == inside  # another colour does not lose it

    with page.expect_download() as csv_file:
        page.get_by_role("button", name="Save as CSV").click()
    with page.expect_download() as json_file:
        page.get_by_role("button", name="Save as JSON").click()
    with csv_file.value.path().open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    kept = json.loads(json_file.value.path().read_text("utf-8"))
    assert [row["id"] for row in rows] == inside == [row["id"] for row in kept]
    assert [row["caption"] for row in rows] == [row["caption"] for row in kept]

    lasso(page, [(3.3, 0.3), (3.7, 0.3), (3.7, 0.7), (3.3, 0.7)])  # where nothing is
    expect(page.locator(".map-chosen")).to_be_hidden()
    page.fill(".map-find input", "owned")  # of the hostile caption
    expect(page.locator(".map-words")).to_have_text([HOSTILE])
    page.fill(".map-find input", "")
    expect(page.locator(".map-chosen")).to_be_hidden()

    page.mouse.click(*at(page, 4, 2))
    name = page.locator(".map-one-name")
    expect(name).not_to_be_empty()
    before = name.inner_text()
    page.locator(".map-frame").press("ArrowRight")
    expect(name).not_to_have_text(before)
    page.evaluate(
        "document.addEventListener('hemline:use', (told) => (window.used = told.detail.garment.id))"
    )
    page.get_by_role("button", name="Use as reference").click()
    assert page.evaluate("window.used") == ids[2 * ACROSS + 5]
    expect(page.locator("#change textarea")).to_be_focused()


def test_the_last_query_is_a_path_and_its_ranks_are_colours(page: Page, app: App) -> None:
    make_grid(app)
    ask(page, "is red", tile=1)
    open_map(page)
    expect(page.locator(".map-asked")).to_have_text("“is red”")
    steps = page.locator(".map-steps label span")
    expect(steps).to_have_text(["Reference", "Words alone", "Composed query", "Hits, by rank"])
    ink = page.locator('canvas[data-part="ink"]')
    page.mouse.move(0, 0)
    whole = ink.evaluate(INKED)
    page.get_by_label("Hits, by rank").uncheck()
    fewer = f"(before) => ({INKED})(document.querySelector('canvas[data-part=ink]')) < before"
    page.wait_for_function(fewer, arg=whole)

    page.select_option(".map-by select", "rank")
    expect(page.locator('canvas[data-by="rank"]')).to_be_visible()
    lines = page.locator(".map-line")
    expect(lines.first).to_have_text("first1")
    expect(lines.last).to_have_text("the reference1")
    page.get_by_role("button", name="Select the hits").click()
    expect(page.locator(".map-card")).to_have_count(24)
    expect(page.locator(".map-card .rank").first).to_have_text("1")
    hits = selected(page)
    page.get_by_role("button", name="Judge for “is red”").click()
    expect(page.locator("#options")).to_contain_text("within 24 garments of hits of the last query")
    expect(page.locator(".card .score")).to_have_count(24)
    within = page.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.id)")
    assert within == hits  # asked again, of these alone


def test_the_dots_follow_the_theme_and_a_phone_needs_no_scrolling_aside(page: Page, app: App) -> None:
    make_grid(app)
    page.set_viewport_size({"width": 390, "height": 844})
    open_map(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    points = page.locator('canvas[data-part="points"]')
    page.select_option(".map-by select", "mine")  # nothing is judged: all are the grey of what is not known
    expect(page.locator('canvas[data-by="mine"]')).to_be_visible()
    light = points.evaluate(COLOUR)
    page.evaluate("document.body.classList.add('dark')")
    other = f"(before) => ({COLOUR})(document.querySelector('canvas[data-part=points]')) !== before"
    page.wait_for_function(other, arg=light)
