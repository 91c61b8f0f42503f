"""Bringing one's own photos in the app: through the page in Chromium, and what happens beside a change."""

import io
import json
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from core.building import build
from core.errors import HemlineError
from core.judgements import events, open_store
from core.search import search
from demo.catalogues import Catalogues, listed, open_catalogues, renew, service_of
from demo.own import BUSY, LIMITS, bring, take_out
from demo.service import open_service
from demo.settings import read_settings
from tests.data_folder import photo
from tests.running_app import HOSTILE, App
from tests.small_catalogue import copy_photos, make_model
from tests.test_page import ask, cards, saved, show

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAME = "Summer 2026"


@pytest.fixture
def page(app: App) -> Iterator[Page]:
    with sync_playwright() as playwright:
        chromium: Browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        opened = chromium.new_page(viewport={"width": 1280, "height": 860})
        opened.set_default_timeout(30_000)
        show(opened, app)
        yield opened
        chromium.close()


def located(seed: int) -> bytes:
    """A photo that says where it was taken."""
    out, picture = io.BytesIO(), photo(seed)
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def some_files(folder: Path) -> list[Path]:
    """Three photos of which one is cut short, and a zip of three more with a table; one is there twice."""
    folder.mkdir()
    for seed in (1, 2):
        (folder / f"one {seed}.jpg").write_bytes(located(seed))
    (folder / "cut.jpg").write_bytes(located(3)[:400])
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        for seed in (2, 4, 5):
            archive.writestr(f"shop/p{seed}.jpg", located(seed))
        rows = [["p4.jpg", HOSTILE, "red", "zebra"], ["p5.jpg", "blue shirt", "blue", "solid"]]
        lines = [dict(zip(("file", "title", "colour", "pattern"), row, strict=True)) for row in rows]
        archive.writestr("shop/captions.jsonl", "".join(json.dumps(line) + "\n" for line in lines))
    return sorted(folder.iterdir())


def open_panel(page: Page) -> None:
    page.get_by_role("button", name="Bring your own").click()
    expect(page.locator("#own-panel")).to_be_visible()


def give(page: Page, name: str, files: list[Path]) -> None:
    page.fill("#own-name textarea, #own-name input", name)
    if files:
        page.set_input_files("#own-files input[type=file]", files)
        page.wait_for_selector("#own-files .file-preview")
    page.click("#own-add")


def test_photos_are_brought_searched_kept_and_removed_again(page: Page, app: App, tmp_path: Path) -> None:
    open_panel(page)
    give(page, NAME, some_files(tmp_path / "files"))
    expect(page.locator(".own-said")).to_contain_text(f"{NAME}: 4 photos added, 2 refused. 4 garments now")
    reasons = page.locator(".own-table").first.locator("td").all_inner_texts()
    assert reasons == ["duplicate", "1", "truncated", "1"] or reasons == ["truncated", "1", "duplicate", "1"]
    page.get_by_text("Which ones").click()
    expect(page.get_by_role("cell", name="cut.jpg")).to_be_visible()
    page.get_by_text("Values kept out").click()
    expect(page.get_by_role("cell", name="zebra")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#own-panel")).to_be_hidden()

    # the page has turned to the new catalogue
    expect(page.locator(".tile")).to_have_count(4)
    expect(page.locator(".masthead .facts").first).to_have_text("4 garments")
    own = page.locator(".tile").evaluate_all("tiles => tiles.map(tile => tile.dataset.id)")
    assert set(own) == {"one 1", "p2", "p4", "p5"}
    page.fill(".shelf input.filter", "blue")
    expect(page.locator(".tile")).to_have_count(1)
    page.fill(".shelf input.filter", "")
    expect(page.locator(".tile")).to_have_count(4)
    address = page.locator(".tile img").first.get_attribute("src")
    served = page.request.get(app.url + str(address)).body()
    assert served[:4] == b"RIFF" and b"at home" not in served
    ask(page, "but in blue", tile=own.index("one 1"))
    assert {card["id"] for card in cards(page)} == set(own) - {"one 1"}
    shown = [" ".join(words.split()) for words in page.locator(".card-words").all_inner_texts()]
    assert set(shown) == {"p2", "blue shirt", " ".join(HOSTILE.split())}
    assert "owned" not in str(page.locator("body").get_attribute("class"))
    page.keyboard.press("a")
    saved(page, 1)
    store = open_store(app.judgements, create=False)
    judged = events(store)[-1].judgement
    store.close()
    assert judged.reference_id == "one 1" and judged.hit_id in own
    client = Client(app.url, verbose=False)
    found = client.predict(text="in red", catalogue=NAME, api_name="/search")
    assert {hit["id"] for hit in found} == set(own)
    with pytest.raises(AppError, match="no catalogue called 'Winter'"):
        client.predict(text="in red", catalogue="Winter", api_name="/search")

    # it is there again after a kill, and beside it the one the app starts with
    app.kill()
    app.start()
    show(page, app)
    expect(page.locator(".tile")).to_have_count(40)
    page.get_by_label("Choose the catalogue").select_option(NAME)
    expect(page.locator(".tile")).to_have_count(4)

    open_panel(page)
    page.get_by_role("button", name=f"Garments of {NAME}").click()
    page.get_by_role("button", name="Remove one 1").click()
    page.get_by_role("button", name="Keep").click()
    page.get_by_role("button", name="Remove one 1").click()
    page.locator('.own-garment[data-id="one 1"] .own-yes').click()
    expect(page.locator(".own-said")).to_have_text(f"{NAME}: 1 garment removed, 3 left.")
    expect(page.locator(".tile")).to_have_count(3)
    kept = app.data / "catalogues" / NAME / "index.photos"
    assert {path.stem for path in kept.glob("*.jpg")} == {"p2", "p4", "p5"}
    page.get_by_role("button", name=f"Remove the catalogue {NAME}").click()
    page.locator(".own-line .own-yes").click()
    expect(page.locator(".own-said")).to_have_text(f"{NAME}: 3 garments removed, 0 left.")
    page.keyboard.press("Escape")
    expect(page.locator(".tile")).to_have_count(40)
    expect(page.get_by_label("Choose the catalogue")).to_be_hidden()
    assert list((app.data / "catalogues").iterdir()) == []


def test_what_cannot_be_brought_is_said_in_a_sentence(page: Page, app: App, tmp_path: Path) -> None:
    open_panel(page)
    problem = page.locator(".own .problem")
    give(page, "Other", [])
    expect(problem).to_contain_text("there are no files yet")
    many = tmp_path / "many.zip"
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(LIMITS.photos + 1):
            archive.writestr(f"{number}.jpg", b"x")
    give(page, "Other", [many])
    expect(problem).to_contain_text("holds 2,001 photos, more than the 2,000 that may be brought at once")
    give(page, "../out", [])
    expect(problem).to_contain_text("the catalogue needs a name of 1 to 40 letters")
    assert not (app.data / "catalogues" / "Other").exists()


# --- beside the page --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    photos = copy_photos(closet_dir, folder / "photos", 8)
    for seed in (0, 1):
        model = make_model(folder / f"model{seed}", seed=seed)
        build(model, photos, folder / f"index{seed}")
    return folder


def opened(world: Path, data: Path, seed: int = 0) -> Catalogues:
    settings = read_settings({"HEMLINE_DATA": str(data)})
    service = open_service(world / f"model{seed}", world / f"index{seed}", settings)
    return open_catalogues(service, settings)


def files_in(world: Path, *numbers: int) -> list[str]:
    return [str(path) for at, path in enumerate(sorted((world / "photos").iterdir())) if at in numbers]


def test_a_query_ends_with_the_version_it_began_with(world: Path, tmp_path: Path) -> None:
    catalogues = opened(world, tmp_path / "data")
    assert bring(catalogues, "mine", files_in(world, 0, 1))["added"] == 2
    before = service_of(catalogues, "mine")
    assert bring(catalogues, "MINE", files_in(world, 1, 2))["count"] == 3  # the same one, whatever the case
    after = service_of(catalogues, "mine")
    gone = before.searcher.index.ids[0]
    assert take_out(catalogues, {"turn": 7, "catalogue": "mine", "ids": [gone]})["count"] == 2
    for service, count in ((before, 2), (after, 3), (service_of(catalogues, "mine"), 2)):
        assert len(search(service.searcher, text="in red")) == count
    assert len(search(before.searcher, reference_id=gone, text="in red")) == 1
    assert [entry["garments"] for entry in listed(catalogues)] == [8, 2]


def test_one_change_at_a_time_and_never_of_the_first_catalogue(world: Path, tmp_path: Path) -> None:
    catalogues = opened(world, tmp_path / "data")
    with catalogues.changing:
        assert bring(catalogues, "mine", files_in(world, 0)) == {"problem": BUSY}
        assert take_out(catalogues, {"turn": 1, "catalogue": "mine", "ids": None})["problem"] == BUSY
    assert "only one's own" in take_out(catalogues, {"turn": 2, "catalogue": "", "ids": None})["problem"]
    assert "no catalogue called" in take_out(catalogues, {"catalogue": "../..", "ids": None})["problem"]
    assert catalogues.own == {} and (world / "index0").is_dir()


def test_a_new_model_indexes_what_was_brought_again(world: Path, tmp_path: Path) -> None:
    bring(opened(world, tmp_path / "data"), "mine", files_in(world, 3, 4))
    again = opened(world, tmp_path / "data", seed=1)
    assert not again.own and again.stale == ["mine"]
    renew(again)
    waited = time.monotonic()
    while not again.own and time.monotonic() - waited < 60:
        time.sleep(0.1)
    service = service_of(again, "mine")
    assert (
        service.searcher.index.card.target_fingerprint == again.first.searcher.index.card.target_fingerprint
    )
    assert len(search(service.searcher, text="in red")) == 2


def test_a_public_space_takes_photos_only_where_it_is_asked_to(tmp_path: Path) -> None:
    def allowed(**variables: str) -> bool:
        return read_settings({"HEMLINE_DATA": str(tmp_path), **variables}).catalogues is not None

    assert allowed() and not allowed(HEMLINE_BRING="off")
    assert not allowed(SPACE_ID="a/b") and allowed(SPACE_ID="a/b", HEMLINE_BRING="on")
    assert allowed(SPACE_ID="a/b", HEMLINE_AUTH="ann:secret")
    with pytest.raises(HemlineError, match="HEMLINE_BRING is 'yes'"):
        allowed(HEMLINE_BRING="yes")
