"""Errors, Compare and Leaderboard in headless Chromium, `/errors` as programs use it, and its jobs' files."""

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from playwright.sync_api import Browser, Page, expect

from core.building import build
from core.evaluation.result import read_result
from core.judgements import open_store
from core.search import open_searcher, search
from demo.answering import answer, answered, queries_on_file
from demo.catalogues import Catalogues
from demo.errors import errors_file, start_answering
from demo.leaderboard import leaderboard_page
from demo.service import Service, built_fingerprint
from demo.sides import side_of
from demo.thumbnails import Thumbnails
from tests.page_steps import ask, show
from tests.running_app import HOSTILE, App, small_closet
from tests.small_catalogue import make_model


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 860}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    show(opened, app)
    yield opened
    assert opened.evaluate("document.body.className + document.body.id").find("owned") < 0
    context.close()


@pytest.fixture(scope="module")
def catalogues(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Catalogues:
    """A catalogue of forty photos whose first query begins like a formula and ends as code."""
    folder = tmp_path_factory.mktemp("errors")
    data = small_closet(closet_dir, folder / "closet")
    path = data / "captions" / "cap.dress.val.json"
    (row,) = json.loads(path.read_text())
    path.write_text(json.dumps([row | {"captions": ["=1+1", "<i>${a=b}`"]}]))
    model = make_model(folder / "model")
    build(model, data / "images", folder / "index")
    searcher = open_searcher(model, folder / "index")
    return Catalogues(
        Service(
            searcher=searcher,
            store=open_store(folder / "judgements.db"),
            garments={},
            thumbnails=Thumbnails(folder / "thumbnails", searcher.pictures),
            model_fingerprint=built_fingerprint(model),
            index_fingerprint=searcher.index.card.fingerprint,
            checkpoint=model,
        ),
        None,
    )


def test_a_side_s_answers_are_those_of_search_and_outlive_the_app(
    catalogues: Catalogues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = catalogues.first
    for name in ("live", "live/text"):
        side = side_of(catalogues, "", name)
        assert answered(side, tmp_path) is None
        job = answer(side, tmp_path)
        job.ended.wait()
        assert (job.problem, job.done) == ("", 5)
        facts = answered(side, tmp_path)
        assert facts is not None and facts.result.modality == side.modality
        for query, rank, margin in zip(facts.result.ranks, facts.ranks, facts.margins, strict=True):
            reference, text = side.query(query.reference, query.text)
            hits = search(service.searcher, reference_id=reference, text=text, top_k=40)
            hits = [
                hit for hit in hits if hit.id != query.reference
            ]  # words alone name no reference to leave out
            place = next(n for n, hit in enumerate(hits) if hit.id == query.target)
            best = max(hit.score for hit in hits if hit.id != query.target)
            assert (rank, query.top1) == (place + 1, hits[0].id)
            assert margin == pytest.approx(hits[place].score - best, abs=1e-5)
    # what was embedded is not embedded again, by a later start of the app that never finished its result
    side = side_of(catalogues, "", "live")
    (path,) = [p for p in tmp_path.glob("*.json") if read_result(p).modality == "both"]
    before = path.read_bytes()
    path.unlink()
    monkeypatch.setattr("demo.answering.embed_many", None)
    job = answer(replace(side), tmp_path)
    job.ended.wait()
    assert job.problem == "" and json.loads(path.read_text())["metrics"] == json.loads(before)["metrics"]


def test_an_export_says_everything_and_no_cell_is_a_formula(catalogues: Catalogues) -> None:
    assert start_answering(catalogues, {"turn": 3, "run": "nobody"})["problem"].startswith(
        "there is no model"
    )
    assert start_answering(catalogues, {"turn": 4, "run": "live"}) == {"turn": 4, "problem": ""}
    answer(
        side_of(catalogues, "", "live"), catalogues.first.thumbnails.folder.parent / "answers"
    ).ended.wait()
    wish = {"run": "live", "by": "file", "down": False}
    whole = json.loads(errors_file(catalogues, wish | {"format": "json"})["text"])
    rows = list(csv.DictReader(errors_file(catalogues, wish | {"format": "csv"})["text"].splitlines()))
    assert whole["total"] == len(rows) == len(queries_on_file(catalogues.first).task.queries) == 5
    dress = next(line for line in whole["queries"] if line["category"] == "dress")
    assert dress["text"] == "=1+1 and <i>${a=b}`"
    assert [row["text"] for row in rows if row["category"] == "dress"] == ["'" + dress["text"]]


def test_errors_from_a_first_answer_to_a_query_in_search(page: Page, app: App) -> None:
    page.click("#errors-tab-button")
    needs = page.locator("#errors .needs")
    expect(needs.or_(page.locator(".error").first)).to_be_visible()
    if needs.is_visible():  # nobody opened it before
        expect(needs).to_contain_text("has not answered the 5 queries on file yet")
        needs.get_by_role("button").click()
    expect(page.locator(".error")).to_have_count(5)
    expect(page.locator("#errors .measure").first).to_contain_text("R@1")
    ranks = [int(text) for text in page.locator(".error-rank").all_text_contents()]
    assert ranks == sorted(ranks, reverse=True)
    page.locator('#errors [data-control="category"] select').select_option("shirt")
    expect(page.locator("#errors .desk-count").first).to_have_text("1 of 5 queries, over 40 garments")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export JSON").click()
    exported = json.loads(download.value.path().read_text())
    assert [line["category"] for line in exported["queries"]] == ["shirt"]
    # the shirt's caption is hostile: it is told, and runs nothing
    assert any(
        HOSTILE[:20] in (title or "")
        for title in page.locator(".error .photo").evaluate_all("all => all.map(one => one.title)")
    )
    page.get_by_role("button", name="Open in Search").click()
    expect(page.locator("#cards .answers-title")).to_have_text(f"“{exported['queries'][0]['text']}”")
    expect(page.locator(".card").first).to_be_visible()


def test_compare_shows_how_ranks_move_and_leads_to_the_queries(page: Page, app: App) -> None:
    ask(page, "in red")
    page.click("#compare-tab-button")
    expect(page.locator(".compared")).to_have_count(24)
    page.locator("#compare select").nth(1).select_option("live/text")
    expect(page.locator(".compared-title").nth(1)).to_contain_text("words only")
    searcher = open_searcher(app.model, app.index)
    reference = page.locator('.tile[aria-pressed="true"]').get_attribute("data-id")
    lists = [search(searcher, text="in red", reference_id=id_, top_k=40) for id_ in (reference, None)]
    expect(page.locator(".compared-list").nth(1).locator(".compared").first).to_have_attribute(
        "data-id", lists[1][0].id
    )
    old = {hit.id: hit.rank for hit in lists[0]}
    for hit in lists[1][:12]:
        card = page.locator(f'.compared-list >> nth=1 >> .compared[data-id="{hit.id}"]')
        before = old.get(hit.id)
        if before is None or before > 12:
            expect(card).to_have_attribute("data-move", "new")
        else:
            way = np.sign(before - hit.rank)
            expect(card).to_have_attribute("data-move", {1: "up", 0: "same", -1: "down"}[int(way)])
    shared = sum(old.get(hit.id, 99) <= 12 for hit in lists[1][:12])
    expect(page.locator(".compared-lines path")).to_have_count(shared)

    for _ in range(2):  # either side may still have to answer
        done = page.get_by_role("button", name="See these queries in Errors")
        needs = page.locator("#compare .needs").get_by_role("button")
        expect(done.or_(needs)).to_be_visible()
        if needs.is_visible():
            needs.click()
            expect(needs).to_have_count(0)
    done = page.get_by_role("button", name="See these queries in Errors")
    done.click()
    expect(page.locator(".error")).to_have_count(5)
    expect(page.locator("#errors select").nth(1)).to_have_value("live")
    expect(page.locator("#errors .measure").last).to_contain_text("better : worse")
    # a run over another gallery is refused in words
    page.locator("#errors select").nth(1).select_option("file shipped/closet-val-both")
    expect(page.locator("#errors .problem")).to_contain_text("different")


def test_every_figure_of_the_leaderboard_leads_to_its_files_and_commands(page: Page) -> None:
    page.click("#leaderboard-tab-button")
    rows = page.locator(".board-row")
    expect(rows.first).to_be_visible()
    figures = [float(text) for text in page.locator("td.is-shown .board-figure").all_text_contents()]
    assert len(figures) > 20 and figures == sorted(figures, reverse=True)
    page.get_by_label("Find").fill("combiner mined")
    page.get_by_label("Find").fill("both stages mined")
    expect(rows).to_have_count(1)
    rows.first.locator(".board-figure").first.click()
    expect(page.locator(".board-file")).to_have_count(3)
    expect(page.locator(".board-lines")).to_contain_text("python -m train.stage2")
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_leaderboard_holds_what_the_result_files_say() -> None:
    board = leaderboard_page({})
    assert board["quoted"] and not board.get("problem")
    for row in board["rows"]:
        told = leaderboard_page({"row": row["id"]})
        assert told["files"] and told["commands"]
        for metric, value in row["metrics"].items():
            if metric.startswith("R@"):
                mean = np.mean([file["metrics"][metric] for file in told["files"]])
                assert value["mean"] == pytest.approx(mean), row["id"]
    assert "no row" in leaderboard_page({"row": "../../secret"})["problem"]


def test_programs_ask_for_errors(app: App) -> None:
    client = Client(app.url, verbose=False)
    found = client.predict(run="live", api_name="/errors")  # answers the queries where nobody had yet
    assert found["total"] == len(found["queries"]) == 5
    assert found["figures"]["R@50"]["percent"] == 100
    one = client.predict(run="live", against="live/image", category=["dress"], top_k=1, api_name="/errors")
    assert one["total"] == 1 and one["queries"][0]["key"] == "dress:0"
    assert one["contrast"]["better"] + one["contrast"]["worse"] + one["contrast"]["same"] == 1
    filed = client.predict(
        run="file shipped/closet-val-both", lowest_rank=11, sort="margin", top_k=3, api_name="/errors"
    )
    assert filed["total"] > 3 == len(filed["queries"]) and all(q["rank"] > 10 for q in filed["queries"])
    for wrong, said in (
        ({"run": "file ../../pyproject"}, "there is no result"),
        ({"run": "nobody"}, "there is no model"),
        ({"lowest_rank": 0}, "a whole number from 1"),
        ({"against": "file shipped/closet-val-both"}, "different"),
    ):
        with pytest.raises(AppError, match=said):
            client.predict(**{"run": "live", **wrong}, api_name="/errors")
