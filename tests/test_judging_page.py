"""Judging in headless Chromium: verdicts, second looks, undo, several cards, consent, queues, injection."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.judgements import current, events, open_store
from core.pictures import picture_hash
from core.references import read_reference, references_folder
from core.verdicts import VOCABULARY, Event
from tests.contrast import contrast
from tests.page_steps import ECHO, ask, judge_first, saved, show
from tests.running_app import HOSTILE, App

SAID = "{document.body.id='owned'}"  # of the injection set, in a reason


@pytest.fixture
def page(app: App, browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """The page, opened by somebody of the test's own name."""
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.set_default_timeout(20_000)
    show(opened, app)
    opened.fill("#annotator textarea", request.node.name)
    opened.locator("#annotator textarea").blur()  # keys are for the page now
    yield opened
    context.close()
    assert faults == []


def verdicts(page: Page) -> list[str]:
    found: list[str] = page.locator(".card").evaluate_all("cards => cards.map(card => card.dataset.verdict)")
    return found


def stands(page: Page, rank: int, verdict: str) -> None:
    expect(page.locator(".card").nth(rank - 1)).to_have_attribute("data-verdict", verdict)


def wait_open(page: Page) -> None:
    """Until the guard's dialog is open and its echo time is over."""
    expect(page.locator("#cards .guard, #judge .guard").locator("visible=true")).to_be_visible()
    page.wait_for_timeout(ECHO)


def events_of(app: App, annotator: str) -> list[Event]:
    store = open_store(app.judgements, create=False)
    found = [event for event in events(store) if event.judgement.annotator == annotator]
    store.close()
    return found


def test_every_verdict_by_its_key_and_by_the_menu(page: Page, app: App, request: Any) -> None:
    ask(page, "something quite different", tile=9)
    for verdict in VOCABULARY.values():
        judge_first(page, verdict.key, verdict.name)
        expect(page.locator(".card").first.locator(".badge")).to_have_text(verdict.name)
        expect(page.locator(".card").first).to_have_attribute("data-role", verdict.role)
        expect(page.locator(".legend")).to_contain_text(verdict.key + verdict.name)
    page.locator(".card .more").nth(1).click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator(".card .more").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#cards .menu").get_by_text("Near-duplicate").click()
    stands(page, 2, "near-duplicate")
    said = [event.judgement.verdict for event in events_of(app, request.node.name)]
    assert said == [*VOCABULARY, "near-duplicate"]


def test_a_reason_is_saved_with_the_verdict(page: Page, app: App, request: Any) -> None:
    ask(page, "in a fresher colour", tile=9)
    page.keyboard.press("Enter")
    page.fill(".closer .reason input", f"too dark ${SAID} {{{{a}}}} <img src=x>")
    page.press(".closer .reason input", "Enter")
    expect(page.locator("#cards .saved")).to_contain_text("Choose a verdict")
    page.keyboard.press("n")
    expect(page.locator(".closer .badge")).to_have_text("unsure")
    page.fill(".closer .reason input", f"better ${SAID}")
    page.press(".closer .reason input", "Enter")
    saved(page, 1)
    page.wait_for_timeout(300)
    reasons = [event.judgement.reason for event in events_of(app, request.node.name)]
    assert reasons == [f"too dark ${SAID} {{{{a}}}} <img src=x>", f"better ${SAID}"]
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.locator(".closer .reason input")).to_have_value(f"better ${SAID}")


def test_a_flag_on_a_known_target_needs_a_second_look(page: Page, app: App, request: Any) -> None:
    card = known_target_shown(page, app)
    card.get_by_text("Hard negative").click()
    guard = page.locator("#cards .guard")
    expect(guard.locator("figure")).to_have_count(2)  # the target is what was flagged
    expect(guard.locator(".cautions")).to_contain_text("known to mean")
    page.keyboard.press("Escape")
    expect(card).to_have_attribute("data-verdict", "")
    assert events_of(app, request.node.name) == []
    card.get_by_text("Hard negative").click()
    guard.get_by_role("button", name=re.compile("It is also right")).click()
    expect(card).to_have_attribute("data-verdict", "acceptable")
    card.get_by_text("Hard negative").click()
    wait_open(page)
    page.keyboard.press("h")
    expect(card).to_have_attribute("data-verdict", "hard negative")
    last = events_of(app, request.node.name)[-1].judgement
    assert last.verdict == "hard negative" and "judged right" in last.second_look


def known_target_shown(page: Page, app: App) -> Locator:
    """Ask queries that are on file until one shows its target, among the 24 of forty; its card."""
    ids = page.locator(".tile").evaluate_all("all => all.map(tile => tile.dataset.id)")
    for file in sorted((app.model.parent / "closet/captions").iterdir()):
        (row,) = json.loads(file.read_text())
        ask(page, "Is another.", tile=ids.index(row["candidate"]))
        card = page.locator(f'.card[data-id="{row["target"]}"]')
        if card.count():
            return card
    raise AssertionError("no query's target is among the first 24")


def test_undo_and_redo_go_back_across_queries_and_a_reload(page: Page, app: App, request: Any) -> None:
    ask(page, "with dots", tile=9)
    for key in "an":
        page.keyboard.press(key)
        page.keyboard.press("ArrowRight")
    saved(page, 2)
    ask(page, "with pockets", tile=9)
    page.keyboard.press("d")
    saved(page, 3)
    show(page, app)
    ask(page, "with dots", tile=9)
    assert verdicts(page)[:3] == ["acceptable", "unsure", ""]
    page.keyboard.press("u")
    expect(page.locator("#cards .saved")).to_have_text("Undone for “with pockets” · 2 judgements in all")
    page.keyboard.press("Control+z")
    stands(page, 2, "")
    page.keyboard.press("u")
    stands(page, 1, "")
    page.keyboard.press("u")
    expect(page.locator("#cards .saved")).to_have_text("Nothing to undo any more")
    page.keyboard.press("Shift+U")
    stands(page, 1, "acceptable")
    page.keyboard.press("Control+Shift+Z")
    stands(page, 2, "unsure")
    store = open_store(app.judgements, create=False)
    mine = [key.text for key in current(store) if key.annotator == request.node.name]
    store.close()
    assert mine == ["with dots", "with dots"]


def test_several_cards_are_judged_at_once(page: Page, app: App, request: Any) -> None:
    ask(page, "for the evening", tile=9)
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".selection-count")).to_have_text("3 selected")
    page.locator(".card .photo").nth(4).click(modifiers=["Shift"])
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    expect(page.locator(".selection-count")).to_have_text("5 selected")
    page.keyboard.press("a")
    saved(page, 5)
    expect(page.locator('.card[data-verdict="acceptable"]')).to_have_count(5)
    # each was judged right by then, so flagging them asks once for all of them
    page.keyboard.press("w")
    guard = page.locator("#cards .guard")
    expect(guard).to_contain_text("1 of 5")
    guard.get_by_role("checkbox").check()
    guard.get_by_role("button", name=re.compile("keep it as words ignored")).click()
    expect(page.locator('.card[data-verdict="words ignored"]')).to_have_count(5)
    page.keyboard.press("Escape")
    expect(page.locator(".selection")).to_be_hidden()
    assert len(events_of(app, request.node.name)) == 10


def test_a_photo_is_kept_by_consent_alone_and_deleted_again(
    page: Page, app: App, closet_dir: Path, request: Any
) -> None:
    folder = references_folder(app.judgements)
    for place, consent in ((10, False), (11, True)):
        photo = sorted((closet_dir / "images").glob("*.jpg"))[place]
        page.set_input_files('input[data-part="file"]', photo)
        expect(page.locator(".chosen .eyebrow")).to_have_text("Your photo")
        expect(page.locator(".consent")).to_contain_text(
            "Without it the judgement is kept and the photo is not"
        )
        page.get_by_role("checkbox", name=re.compile("Keep this photo")).set_checked(consent)
        ask(page, "in white", tile=None)
        page.keyboard.press("a")
        stands(page, 1, "acceptable")
        saved(page, 1 + consent)
        assert (read_reference(folder, picture_hash(photo)) is not None) == consent
    page.get_by_role("button", name="Delete my uploads").click()
    page.get_by_role("button", name="Delete 1 photo").click()
    expect(page.locator(".mine")).to_have_text("1 photo deleted")
    assert read_reference(folder, picture_hash(photo)) is None
    assert len(events_of(app, request.node.name)) == 2  # judgements stay


def reach(page: Page, words: str) -> None:
    """Go through the queue to the item of these words; others' items of this run are in it too."""
    task, seen = page.locator("#judge .task"), []
    expect(task).to_be_visible()
    task.focus()  # elsewhere the arrows may turn to another queue
    while f"“{words}”" not in (seen := [*seen, task.inner_text()])[-1]:
        assert len(seen) < 60, seen
        page.keyboard.press("ArrowRight")


def test_a_second_look_is_blind_and_a_disagreement_is_settled(page: Page, app: App) -> None:
    names = ["First Judge", HOSTILE[:60], "Third Judge"]
    page.fill("#annotator textarea", names[0])
    words = "something for the queue"
    ask(page, words, tile=9)
    page.keyboard.press("a")
    saved(page, 1)
    page.fill("#annotator textarea", names[1])
    page.click("#judge-tab-button")
    share = page.locator("#second-share input[type=number]")
    share.fill("100")
    share.press("Tab")
    task, keep = page.locator("#judge .task"), page.locator("#judge .saved")
    counted = page.locator('.source[data-source="second"] .source-count')
    expect(counted).not_to_have_text("0")
    reach(page, words)
    text = page.locator("#judge").inner_text()
    assert "acceptable" not in text.replace("Acceptable", "")  # the vocabulary, but not what was said
    task.locator(".reason input").fill(f"no ${SAID} <b>bold</b>")
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    expect(keep).to_have_text(re.compile("Saved|Waits"))
    if page.locator("#judge .guard[open]").count():
        page.wait_for_timeout(ECHO)
        page.keyboard.press("w")
    expect(page.locator("#judge .task-last")).to_contain_text("the first judge acceptable")
    expect(page.locator("#judge .progress-words")).to_have_text(re.compile(r"^\d+ of \d+"))
    said = events_of(app, names[1])[-1].judgement
    assert (said.verdict, said.blind, said.occasion) == ("words ignored", True, "second judgement")

    page.fill("#annotator textarea", names[2])
    page.click('.source[data-source="disagreements"]')
    reach(page, words)
    expect(task.locator(".said")).to_contain_text("Judge 1")
    expect(task.locator(".said")).to_contain_text(f"no ${SAID} <b>bold</b>")
    assert names[0] not in task.inner_text()
    task.get_by_role("button", name="Show names").click()
    expect(task.locator(".said")).to_contain_text(names[1].strip())
    before = int(page.locator('.source[data-source="disagreements"] .source-count').inner_text())
    page.keyboard.press("a")
    expect(keep).to_have_text("Saved")
    assert events_of(app, names[2])[-1].judgement.occasion == "adjudication"
    page.click('.source[data-source="disagreements"]')
    expect(page.locator('.source[data-source="disagreements"] .source-count')).to_have_text(str(before - 1))
    page.keyboard.press("u")
    expect(keep).to_have_text("Taken back")

    page.get_by_role("button", name="Measure").click()
    expect(page.locator(".agreement table").first).to_contain_text("everybody")
    expect(page.locator(".agreement")).to_contain_text(names[1].strip())
    assert page.evaluate("document.body.id + document.body.className").count("owned") == 0
    assert page.locator("img[src='x'], #judge b:text('bold')").count() == 0
    show(page, app)  # the share is the app's, not the browser's
    page.click("#judge-tab-button")
    expect(share).to_have_value("100")


def test_a_useful_query_opens_in_search_and_leads_to_the_next(page: Page) -> None:
    page.click("#judge-tab-button")
    page.click('.source[data-source="useful"]')
    expect(page.locator("#judge .task-why")).to_be_visible()
    words = page.locator("#judge .task-words").inner_text()
    page.get_by_role("button", name="Judge its answers").click()
    expect(page.locator("#cards .answers-title")).to_have_text(words)
    expect(page.locator(".queued")).to_contain_text("Query 1 of")
    expect(page.locator(".card").first).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator(".queued")).to_contain_text("Query 2 of")


def test_a_key_is_changed_and_stays_so_and_conflicts_are_refused(page: Page, app: App) -> None:
    page.keyboard.press("?")
    key = page.locator('.keys-key[data-verdict="unsure"]')
    for pressed, told in (("h", "hard negative"), ("u", "undo"), ("ArrowUp", "cannot be one")):
        if key.get_attribute("aria-pressed") != "true":
            key.click()
        page.keyboard.press(pressed)
        expect(page.locator(".keys-dialog .problem")).to_contain_text(told)
    page.keyboard.press("q")
    expect(key).to_have_text("q")
    page.keyboard.press("Escape")
    show(page, app)
    ask(page, "without a print", tile=9)
    page.keyboard.press("n")
    page.keyboard.press("q")
    stands(page, 1, "unsure")
    expect(page.locator(".legend")).to_contain_text("qunsure")


def test_nothing_overflows_on_a_phone_and_text_stands_out(page: Page, app: App) -> None:
    ink = "node => getComputedStyle(node).color"
    ground = """node => { while (node && /, 0\\)$|transparent/.test(getComputedStyle(node).backgroundColor))
        node = node.parentElement; return getComputedStyle(node || document.body).backgroundColor; }"""
    for width, theme in ((390, "light"), (390, "dark"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        show(page, app, f"/?__theme={theme}")
        ask(page, "with a hood", tile=9)
        page.keyboard.press("n" if theme == "light" else "a")
        page.locator(".card .more").nth(1).click()
        parts = [".menu-item b", ".menu-item span span", ".legend span", ".card .badge", ".answers-note"]
        assert page.evaluate("document.documentElement.scrollWidth") == width, theme
        check_contrast(page, parts, ink, ground, (width, theme))
        page.keyboard.press("Escape")
        page.click("#judge-tab-button")
        page.click('.source[data-source="useful"]')
        expect(page.locator("#judge .task-why")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") == width, theme
        check_contrast(
            page, [".source", ".task-why", ".eyebrow", ".agreement-choice"], ink, ground, (width, theme)
        )


def check_contrast(page: Page, parts: list[str], ink: str, ground: str, where: object) -> None:
    for part in parts:
        for node in page.locator(f"{part} >> visible=true").all()[:8]:
            colours = node.evaluate(ink), node.evaluate(ground)
            assert contrast(*colours) >= 4.5, (where, part, node.inner_text(), colours)
