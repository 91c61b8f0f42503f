"""The static report: written whole, opened from the disk in Chromium, nothing asked of any other place."""

import json
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from core.backbones import load_backbone
from core.building import build
from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.evaluation.protocol import PRESETS
from core.evaluation.result import write_result
from core.evaluation.run import evaluate_split
from core.files import sha256_file
from core.map import load_map
from core.pictures import read_picture
from core.search import open_searcher, search
from demo.report import write_report
from tests.running_app import HOSTILE, small_closet
from tests.small_catalogue import make_model

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest.fixture(scope="module")
def made(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty photos, an untrained model, its index, its result on the split, and the report of all."""
    folder = tmp_path_factory.mktemp("report")
    data = small_closet(closet_dir, folder / "closet")
    model = make_model(folder / "model")
    build(model, data / "images", folder / "index")
    split = read_split(data, "val")
    looks = {id_: read_picture(data / "images" / f"{id_}.jpg") for id_ in split.union_gallery()}
    facts = {"fingerprint": sha256_file(model / "hemline.json")}
    result = evaluate_split(load_backbone(model), split, PRESETS["closet"], "both", looks, model=facts)
    write_result(result, folder / "results" / "tiny-seed0.json")
    write_report(folder / "index", folder / "out", [folder / "results"], model)
    return folder


def test_it_opens_from_the_disk_and_shows_map_results_and_hardest_queries(made: Path) -> None:
    searcher = open_searcher(made / "model", made / "index")
    hardest = json.loads((made / "out" / "worst.json").read_text())[0]["worst"][0]
    wanted = search(searcher, reference_id=searcher.index.ids[hardest["reference"]], text=hardest["text"])
    assert [searcher.index.ids[row] for row in hardest["hits"]] == [hit.id for hit in wanted[:6]]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page(viewport={"width": 1280, "height": 860})
        asked: list[str] = []
        faults: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("requestfailed", lambda request: faults.append(request.url))
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.goto((made / "out" / "index.html").as_uri())
        expect(page.locator("#count")).to_have_text("40 garments")
        atlas = load_map(made / "index")
        assert atlas is not None
        expect(page.locator("#trust")).to_contain_text(f"{round(100 * atlas.neighbours_kept)} % are")
        page.fill("#words", HOSTILE.split()[0].lower())  # that one caption is left, and stays words
        expect(page.locator("#count")).to_have_text("1 garment of 40")
        page.locator("#canvas").press("ArrowRight")
        expect(page.locator("#garment h2")).to_have_text(HOSTILE)
        expect(page.locator("#garment .alike button")).to_have_count(6)
        page.locator("#garment .alike button").first.click()
        expect(page.locator("#garment h2")).not_to_have_text(HOSTILE)
        page.click("nav a[data-view=results]")
        value = json.loads((made / "results" / "tiny-seed0.json").read_text())["metrics"]["R@10"]
        expect(page.locator("#results tbody td").nth(3)).to_contain_text(f"{value:.1f}")
        page.click("nav a[data-view=worst]")
        expect(page.locator("article.query")).to_have_count(5)
        page.locator("article.query .hits a").first.click()
        expect(page.locator("#garment .id")).to_have_text(wanted[0].id)
        assert page.evaluate("document.body.className + document.body.id") == ""
        browser.close()
    assert faults == []
    assert [url for url in asked if not url.startswith(("file://", "data:"))] == []


def test_its_links_are_relative_and_no_path_of_this_machine_is_in_it(made: Path) -> None:
    out = made / "out"
    for name in ("index.html", "report.css", "data.js", "catalogue.json"):
        text = (out / name).read_text()
        assert str(made) not in text
        assert not re.search(r"(src|href)=\"(https?:|/)|url\(", text), name
    catalogue = json.loads((out / "catalogue.json").read_text())
    assert all((out / picture).is_file() for picture in catalogue["pictures"])
    assert (out / "README.md").read_text().startswith('---\ntitle: "Hemline report"\n')
    assert "sdk: static" in (out / "README.md").read_text()


def test_an_older_report_is_replaced_and_anything_else_is_left(made: Path, tmp_path: Path) -> None:
    (made / "out" / "stale.txt").write_text("of the older report")
    write_report(made / "index", made / "out", [])
    assert not (made / "out" / "stale.txt").exists()
    assert json.loads((made / "out" / "results.json").read_text()) == []
    (tmp_path / "mine.txt").write_text("no report")
    with pytest.raises(HemlineError, match="is not a report"):
        write_report(made / "index", tmp_path, [])
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
