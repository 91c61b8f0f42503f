"""The page in headless Chromium: asking, judging by hand and by keys, a kill, bad uploads, hostile words."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from core.judgements import current, events, open_store
from core.pictures import picture_hash
from core.search import describe, open_searcher
from demo.thumbnails import PREFIX
from tests.contrast import contrast
from tests.page_steps import ask, judge_first, saved, show
from tests.running_app import HOSTILE, HOSTILE_CAPTION, App


@pytest.fixture
def page(app: App, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, opened by somebody of the test's own name; every request must stay on this machine."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    opened = context.new_page()
    strays: list[str] = []
    local = (app.url, f"ws://127.0.0.1:{app.port}", "data:", f"blob:{app.url}")
    opened.on("request", lambda asked: None if asked.url.startswith(local) else strays.append(asked.url))
    opened.set_default_timeout(20_000)
    show(opened, app)
    opened.fill("#annotator textarea", request.node.name)
    yield opened
    context.close()
    assert strays == []


def cards(page: Page) -> list[dict[str, Any]]:
    read = """cards => cards.map(card => ({id: card.dataset.id, verdict: card.dataset.verdict,
        rank: +card.querySelector('.rank').textContent, score: +card.querySelector('.score').textContent}))"""
    found: list[dict[str, Any]] = page.locator(".card").evaluate_all(read)
    return found


def test_a_composed_query_shows_ranked_cards_without_its_reference(page: Page) -> None:
    chosen = page.locator(".tile").nth(2).get_attribute("data-id")
    ask(page, "but red with long sleeves", tile=2)
    shown = cards(page)
    assert [card["rank"] for card in shown] == list(range(1, 25))
    assert [card["score"] for card in shown] == sorted((card["score"] for card in shown), reverse=True)
    assert chosen not in [card["id"] for card in shown]
    expect(page.locator(".card .photo.is-missing")).to_have_count(0)
    assert page.evaluate("document.activeElement.dataset.id") == shown[0]["id"]


def test_judging_by_keys_is_durable_before_it_is_said(page: Page, app: App, request: Any) -> None:
    reference = page.locator(".tile").nth(1).get_attribute("data-id")
    ask(page, "in green", tile=1)
    first, second = cards(page)[:2]
    judge_first(page, "h", "hard negative")
    saved(page, 1)
    store = open_store(app.judgements, create=False)
    judgement = events(store)[-1].judgement  # already there when the page said so
    store.close()
    assert (judgement.hit_id, judgement.rank, judgement.verdict) == (first["id"], 1, "hard negative")
    assert (judgement.reference_id, judgement.text) == (reference, "in green")
    assert judgement.reference_hash == picture_hash(app.model.parent / f"closet/images/{reference}.jpg")
    assert judgement.annotator == request.node.name
    assert judgement.score == pytest.approx(first["score"], abs=1e-3)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("a")
    saved(page, 2)
    assert [card["verdict"] for card in cards(page)[:3]] == ["hard negative", "acceptable", ""]
    badge = page.locator(f'.card[data-id="{second["id"]}"] .badge')
    expect(badge).to_have_text("acceptable")


def test_undo_is_an_event_and_the_same_key_takes_back(page: Page, app: App, request: Any) -> None:
    ask(page, "in blue", tile=3)
    for key, verdict, count in (
        ("h", "hard negative", 1),
        ("a", "acceptable", 1),
        ("u", "hard negative", 1),
        ("h", "", 0),
        ("Shift+U", "hard negative", 1),
    ):
        judge_first(page, key, verdict)
        saved(page, count)
    store = open_store(app.judgements, create=False)
    mine = [event for event in events(store) if event.judgement.annotator == request.node.name]
    store.close()
    assert [event.judgement.verdict for event in mine] == ["hard negative", "acceptable", *["undo"] * 3]


def test_a_judgement_outlives_a_kill(page: Page, app: App, request: Any) -> None:
    ask(page, "without a collar", tile=4)
    page.locator(".card").nth(2).get_by_text("Acceptable").click()
    saved(page, 1)
    judged = cards(page)[2]["id"]
    app.kill()
    page.locator(".card").nth(3).get_by_text("Hard negative").click()
    expect(page.locator(".saved")).to_contain_text("Not saved", timeout=15_000)
    expect(page.locator(".card").nth(3)).to_have_attribute("data-verdict", "")
    app.start()
    show(page, app)
    expect(page.locator("#annotator textarea")).to_have_value(request.node.name)  # remembered by the browser
    ask(page, "without a collar", tile=4)
    assert {card["id"]: card["verdict"] for card in cards(page) if card["verdict"]} == {judged: "acceptable"}
    store = open_store(app.judgements, create=False)
    assert [key.hit_id for key in current(store) if key.annotator == request.node.name] == [judged]
    store.close()
    ask(page, "another wish", tile=4)  # the verdict belongs to its query alone
    assert not any(card["verdict"] for card in cards(page))


def test_another_annotator_has_verdicts_of_their_own(page: Page) -> None:
    ask(page, "with dots", tile=5)
    judge_first(page, "h", "hard negative")
    saved(page, 1)
    page.fill("#annotator textarea", "Somebody Else")
    ask(page, "with dots", tile=5)
    assert not any(card["verdict"] for card in cards(page))


def test_looking_closely_is_judged_by_the_same_keys(page: Page) -> None:
    ask(page, "in yellow", tile=6)
    page.keyboard.press("Enter")
    expect(page.locator(".closer figure")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("a")
    saved(page, 1)
    expect(page.locator(".closer .badge")).to_have_text("acceptable")
    page.keyboard.press("Escape")
    expect(page.locator(".card:focus .rank")).to_have_text("2")
    assert [card["verdict"] for card in cards(page)[:3]] == ["", "acceptable", ""]


def test_words_alone_and_a_photo_alone_work_and_nothing_at_all_is_refused(page: Page) -> None:
    page.click("#search")
    expect(page.locator("#cards .problem")).to_contain_text("the query is empty")
    ask(page, "a striped shirt", tile=None)
    assert len(cards(page)) == 24
    page.click(".tile >> nth=0")
    page.fill("#change textarea", "")
    page.click("#search")
    expect(page.locator("#cards .answers-title")).to_have_text("Most like the reference")
    expect(page.locator("#cards .problem")).to_be_hidden()


def test_uploads_a_photo_works_and_a_text_file_named_jpg_is_refused(
    page: Page, closet_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "dress.jpg").write_text("this is no photo")
    page.set_input_files('input[data-part="file"]', tmp_path / "dress.jpg")
    expect(page.locator(".chosen .eyebrow")).to_have_text("Your photo")
    page.click("#search")
    expect(page.locator("#cards .problem")).to_contain_text("not a picture")
    assert page.locator("#cards .problem").inner_text().count("/") == 0  # no path of the server
    photo = sorted((closet_dir / "images").glob("*.jpg"))[0]
    page.set_input_files('input[data-part="file"]', photo)
    expect(page.locator(".chosen .eyebrow")).to_have_text("Your photo")
    ask(page, "in white", tile=None)
    assert len(cards(page)) == 24
    judge_first(page, "h", "hard negative")
    saved(page, 1)


def test_the_model_says_what_it_sees(page: Page, app: App, closet_dir: Path, tmp_path: Path) -> None:
    searcher = open_searcher(app.model, app.index)
    asked = page.get_by_role("button", name="What does the model see?")

    def told(words: str) -> None:
        asked.click()
        expect(page.locator(".seen")).to_have_text(f"The model sees: {words}")
        expect(asked).to_be_hidden()

    expect(asked).to_have_count(0)  # nothing to look at yet
    for id_, words in zip(searcher.index.ids, (HOSTILE_CAPTION, "a red dress"), strict=False):
        page.click(f'.tile[data-id="{id_}"]')
        expect(page.locator(".seen")).to_be_empty()  # the last one's words went with it
        told(words)
    photo = sorted((closet_dir / "images").glob("*.jpg"))[0]
    page.set_input_files('input[data-part="file"]', photo)
    told(describe(searcher, reference_image=photo))
    ask(page, "in white", tile=None)  # the reference is what it was
    assert len(cards(page)) == 24
    assert page.locator("img[src='x']").count() == 0
    (tmp_path / "dress.jpg").write_text("this is no photo")
    page.set_input_files('input[data-part="file"]', tmp_path / "dress.jpg")
    asked.click()
    expect(page.locator(".seen.problem")).to_contain_text("not a picture")
    expect(asked).to_be_visible()


def test_the_shelf_filters_and_shuffles_and_a_card_becomes_the_reference(page: Page) -> None:
    tiles = page.locator(".tile")
    before = tiles.evaluate_all("all => all.map(tile => tile.dataset.id)")
    assert len(before) == 40
    page.click("text=Shuffle")
    order = "JSON.stringify([...document.querySelectorAll('.tile')].map(tile => tile.dataset.id))"
    # of the order as a whole: one shuffle in forty leaves the first tile where it was
    page.wait_for_function(f"(before) => {order} !== JSON.stringify(before)", arg=before)
    assert sorted(tiles.evaluate_all("all => all.map(tile => tile.dataset.id)")) == sorted(before)
    page.fill(".filter", "shoes")
    expect(tiles).to_have_count(8)
    page.fill(".filter", before[7][:8])
    expect(tiles).to_have_count(1)
    page.fill(".filter", "no such thing")
    expect(tiles).to_have_count(0)
    ask(page, "in red", tile=None)
    page.keyboard.press("ArrowRight")
    words = page.locator(".card").nth(1).locator(".card-words").inner_text()
    page.keyboard.press("r")
    expect(page.locator(".chosen .chosen-title")).to_have_text(words)


def test_one_tap_on_an_example_asks_it(page: Page) -> None:
    page.click(".starter >> nth=0")
    expect(page.locator(".card .photo.is-loaded").first).to_be_visible()
    page.click(".chip >> nth=1")
    words = page.locator(".chip").nth(1).inner_text()
    expect(page.locator("#change textarea")).to_have_value(words)
    expect(page.locator("#cards .answers-title")).to_have_text(f"“{words}”")


def test_hostile_words_stay_words(page: Page) -> None:
    page.fill("#annotator textarea", HOSTILE)
    page.fill(".filter", "document.body")
    expect(page.locator(".tile")).to_have_count(1)
    page.click(".tile")
    expect(page.locator(".chosen .chosen-title")).to_have_text(HOSTILE)
    for words in HOSTILE.split(maxsplit=1):
        ask(page, words, tile=None)
        judge_first(page, "h", "hard negative")
    saved(page, 2)
    page.fill(".filter", "")
    page.click(".tile >> nth=0")
    ask(page, "plain", tile=None)
    time.sleep(0.2)  # an onerror would run about now
    assert "owned" not in page.evaluate("document.body.className")
    assert page.locator("img[src='x']").count() == 0


def test_nothing_overflows_and_text_stands_out(page: Page, app: App) -> None:
    read = "node => [getComputedStyle(node).color, getComputedStyle(node.closest('.card')).backgroundColor]"
    for width, theme in itertools.product((390, 1280), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        show(page, app, f"/?__theme={theme}")
        ask(page, "in red", tile=0)
        assert page.evaluate("document.documentElement.scrollWidth") == width, theme
        for part in (".score", ".card-words", ".act"):
            ink, ground = page.locator(f".card {part}").first.evaluate(read)
            assert contrast(ink, ground) >= 4.5, (width, theme, part, ink, ground)


def test_the_page_never_learns_where_files_lie(page: Page, app: App) -> None:
    with page.expect_response(lambda got: "browse" in (got.request.post_data or "")) as browsed:
        show(page, app)
    ask(page, "in red", tile=0)
    answer = page.evaluate("JSON.stringify(window.gradio_config)") + page.content() + browsed.value.text()
    assert str(app.model.parent) not in answer
    assert json.loads(browsed.value.text())["garments"][0]["card"].startswith(f"{PREFIX}/thumbnails/card/")
