"""What may be said of a query besides, on the page: options, facets, suggestions, the trail and its link."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from core.composed import ComposedQuery, ask
from core.datasets.garments import read_garments
from core.judgements import events, open_store
from core.search import open_searcher
from core.suggestions import suggestions
from tests.page_steps import ask as ask_page
from tests.page_steps import judge_first, saved, show
from tests.running_app import App


@pytest.fixture
def page(app: App, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    show(opened, app)
    opened.fill("#annotator textarea", request.node.name)
    yield opened
    context.close()
    assert faults == []


def cards(page: Page) -> list[str]:
    found: list[str] = page.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.id)")
    return found


def titled(page: Page, words: str) -> None:
    expect(page.locator("#cards .answers-title")).to_have_text(f"“{words}”")
    expect(page.locator(".card.skeleton")).to_have_count(0)


def test_options_rank_as_core_does_come_off_by_a_tap_and_are_judged_as_words(
    page: Page, app: App, request: pytest.FixtureRequest
) -> None:
    searcher = open_searcher(app.model, app.index)
    garments = read_garments(app.model.parent / "closet" / "garments.jsonl")
    reference = page.locator(".tile").nth(2).get_attribute("data-id")
    ask_page(page, "in green", tile=2)
    plain = cards(page)
    page.locator(".options-head").press("Enter")  # by the keyboard
    page.fill('#options [data-part="without"]', "buttons, scratchy seams")
    page.keyboard.press("Enter")
    titled(page, "in green, without buttons, scratchy seams")
    expect(page.locator('#options [data-part="without"]')).to_be_focused()  # not taken away to the cards
    page.locator('#options select[data-part="facets"]').select_option("category shirt")
    expect(page.locator(".card")).to_have_count(8)
    query = ComposedQuery(
        reference, None, "in green", without="buttons, scratchy seams",
        filters={"category": frozenset(["shirt"])}, top_k=24,
    )  # fmt: skip
    known = {id_: garments[id_] for id_ in searcher.index.ids}
    assert cards(page) == [found.hit.id for found in ask(searcher, query, known)]
    first = page.locator(".card").first
    met = first.locator(".meet").evaluate_all("chips => chips.map(chip => [chip.title, chip.dataset.met])")
    has_buttons = "buttons" in garments[cards(page)[0]].details
    assert ["no buttons: " + ("not met" if has_buttons else "met"), str(not has_buttons).lower()] in met
    first.focus()
    judge_first(page, "a", "acceptable")
    saved(page, 1)
    store = open_store(app.judgements, create=False)
    judgement = events(store)[-1].judgement
    store.close()
    assert judgement.text == "in green, without buttons, scratchy seams" and judgement.rank == 1
    assert judgement.annotator == request.node.name
    for tag in ("Category: shirt", "without buttons, scratchy seams"):
        page.get_by_role("button", name=f"{tag}: remove").click()
    titled(page, "in green")
    assert cards(page) == plain
    assert not page.locator('.card[data-verdict="acceptable"]').count()  # it was said of another query


def test_two_references_are_answered_and_not_judged(page: Page) -> None:
    page.click(".options-head")
    page.get_by_role("button", name="Pick in the catalogue").click()
    page.click(".tile >> nth=7")
    second = page.locator(".tile").nth(7).get_attribute("data-id")
    ask_page(page, "in blue", tile=1)
    assert second not in cards(page)
    expect(page.locator("#cards .saved")).to_contain_text("names one reference")
    expect(page.locator(".card .acts").first).to_be_hidden()
    page.keyboard.press("h")
    expect(page.locator(".card").first).to_have_attribute("data-verdict", "")


def test_the_shelf_has_facets_and_the_changes_are_of_the_reference(page: Page, app: App) -> None:
    garments = read_garments(app.model.parent / "closet" / "garments.jsonl")
    index = set(open_searcher(app.model, app.index).index.ids)
    known = [garments[id_] for id_ in index]
    page.locator('#shelf select[data-part="facets"]').select_option("category dress")
    dresses = [garment for garment in known if garment.category == "dress"]
    expect(page.locator(".shelf-count")).to_have_text(f"{len(dresses)} garments")
    page.click(".tile >> nth=0")
    chosen = page.locator(".tile").first.get_attribute("data-id")
    made = suggestions(garments[str(chosen)], known)
    expect(page.locator("#changes .chip").first).to_have_text(made[0])
    assert sorted(page.locator("#changes .chip").all_inner_texts()) == sorted(made)
    page.get_by_role("button", name="Category: dress: remove").click()
    expect(page.locator(".shelf-count")).to_have_text("40 garments")


def test_the_trail_goes_back_and_a_link_asks_again(page: Page, app: App, browser: Browser) -> None:
    ask_page(page, "in red", tile=3)
    page.locator(".card .reuse").first.click()
    page.evaluate(
        "ids => document.dispatchEvent(new CustomEvent('hemline:within', {detail: {ids, label: 'the map'}}))",
        among := cards(page)[:9],
    )
    ask_page(page, "with <b>dots</b>", tile=None)
    expect(page.get_by_role("button", name="within 9 garments of the map: remove")).to_be_visible()
    assert set(cards(page)) <= set(among)
    second = cards(page)
    expect(page.locator(".step")).to_have_count(2)
    expect(page.locator(".step[aria-current]")).to_have_text("with <b>dots</b>")
    page.locator(".step").first.click()
    titled(page, "in red")
    assert len(cards(page)) == 24
    expect(page.locator("#options .tag")).to_have_count(0)
    page.locator(".step").nth(1).click()
    titled(page, "with <b>dots</b>")
    assert cards(page) == second
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.click('#trail [data-part="copy"]')
    expect(page.locator(".trail-note")).to_contain_text("Copied")
    link = str(page.evaluate("navigator.clipboard.readText()"))
    other = browser.new_context()
    opened = other.new_page()
    opened.set_default_timeout(20_000)
    opened.goto(link)
    titled(opened, "with <b>dots</b>")
    assert cards(opened) == second
    opened.goto(f"{app.url}/?ref=nowhere&q=in+red")
    expect(opened.locator(".trail-note")).to_contain_text("not here any more")
    other.close()
    page.reload()  # the trail lasts as long as the tab
    expect(page.locator(".step")).to_have_count(2)


def test_a_photo_of_ones_own_is_gone_back_to_but_in_no_link(page: Page, closet_dir: Path) -> None:
    photo = sorted((closet_dir / "images").glob("*.jpg"))[0]
    page.set_input_files('input[data-part="camera"]', photo)
    expect(page.locator(".chosen .eyebrow")).to_have_text("Your photo")
    ask_page(page, "in white", tile=None)
    shown = cards(page)
    page.click('#trail [data-part="copy"]')
    expect(page.locator(".trail-note")).to_contain_text("cannot be in a link")
    ask_page(page, "in black", tile=2)
    page.locator(".step").first.click()
    titled(page, "in white")
    assert cards(page) == shown


def test_near_duplicates_fold_under_the_better_hit_and_unfold(page: Page, app: App) -> None:
    searcher = open_searcher(app.model, app.index)
    page.click(".options-head")
    page.check('#options [data-part="fold"]')
    reference = page.locator(".tile").nth(4).get_attribute("data-id")
    ask_page(page, "in yellow", tile=4)
    found = ask(searcher, ComposedQuery(reference, None, "in yellow", fold=True, top_k=24), {})
    folded = [len(one.folded) for one in found]
    assert cards(page) == [one.hit.id for one in found] and any(folded)
    place = next(place for place, count in enumerate(folded) if count)
    card = page.locator(".card").nth(place)
    card.get_by_role("button", name=f"+{folded[place]} near-duplicate").click()
    expect(card.locator(".folded-one")).to_have_count(folded[place])
    card.locator(".folded-one").first.click()
    expect(page.locator(f'.tile[data-id="{found[place].folded[0].id}"]')).to_have_attribute(
        "aria-pressed", "true"
    )
