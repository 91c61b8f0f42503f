"""Reports of results: what is in them, texts that stay texts, and comparisons that are refused."""

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from core.errors import HemlineError
from core.evaluation.result import MODALITIES, read_result, write_result
from core.evaluation.shares import Share
from core.evaluation.study import STUDY_FILE, Study, read_study, study_results, write_study
from tests.contrast import contrast
from tests.small_result import small_result
from train.compare import compare
from train.comparison_report import comparison_document
from train.document import Document, Measure, Table, told
from train.document_style import DARK, LIGHT
from train.document_text import html, markdown
from train.evaluation_report import evaluation_document

RESULTS = Path(__file__).parents[1] / "assets/results"
SHIPPED = RESULTS / "shipped"
HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) "quoted" | cell'


class Tags(HTMLParser):
    """The tags and texts of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_hostile_text_stays_text_and_nothing_is_asked_of_another_place(tmp_path: Path) -> None:
    result = read_result(SHIPPED / "closet-val-both.json")
    queries = tuple(replace(q, text=HOSTILE, category=HOSTILE, top1=HOSTILE) for q in result.ranks)
    per_category = {HOSTILE: next(iter(result.per_category.values()))}
    hostile = replace(result, model={"name": HOSTILE}, ranks=queries, per_category=per_category)
    write_result(hostile, tmp_path / "val.json")
    document = evaluation_document(tmp_path / "val.json", most=3)
    page = Tags(html(document))
    assert HOSTILE in page.text
    assert not {"script", "img", "link", "iframe"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    links = [attributes["href"] or "" for tag, attributes in page.tags if tag == "a"]
    assert links and all(link.startswith("#") for link in links)
    assert not re.search(r"(?<!\\)<script|(?<!\\)\]\(", markdown(document))


def test_a_report_says_the_protocol_the_counts_and_every_recall_with_its_interval() -> None:
    result = read_result(SHIPPED / "closet-val-both.json")
    document = evaluation_document(SHIPPED / "closet-val-both.json", most=2)
    for text in (Tags(html(document)).text, markdown(document)):
        for name, value in result.metrics.items():
            low, high = result.ci95[name]
            assert f"{value:.1f} ({low:.1f} to {high:.1f})" in text
        assert "union" in text and "removed" in text and str(result.counts["gallery"]) in text
        assert all(category in text for category in result.per_category)
    worst = max(result.ranks, key=lambda query: query.rank)
    assert f"rank {worst.rank}" in markdown(document)


@pytest.fixture(scope="module")
def comparison() -> Document:
    """The shipped model against CLIP."""
    return comparison_document(SHIPPED / "clip-closet-val.json", SHIPPED / "closet-val-both.json", most=2)


def test_a_comparison_tells_gains_tests_and_moves(comparison: Document) -> None:
    titles = [section.title for section in comparison.sections]
    assert titles[:3] == ["Gain", "Tests", "Rank moves"]
    moves = comparison.sections[2].parts[0].rows[0]  # type: ignore[union-attr]
    assert sum(map(int, moves[1:])) == 444
    sides = [{"x": read_result(SHIPPED / f"{n}.json")} for n in ("clip-closet-val", "closet-val-both")]
    found = compare(*sides)
    for text in (Tags(html(comparison)).text, markdown(comparison).replace("\\", "")):
        for gain in found.gain.values():
            assert f"{gain.difference:+.1f} ({gain.low:+.1f} to {gain.high:+.1f})" in text
        for test in found.tests.values():
            assert f"{test.gained}/{test.lost}" in text and f"{test.effect:+.2f}" in text
        assert f"{len(found.tests)} tests" in text and "sign-flip" in text and "Holm" in text


def test_two_that_are_alike_are_told_to_be_no_better_and_no_worse() -> None:
    document = comparison_document(SHIPPED / "closet-val-both.json", SHIPPED / "closet-val-both.json")
    assert "neither better nor worse" in document.summary[0]


def test_unlike_galleries_are_refused() -> None:
    with pytest.raises(HemlineError, match="different galleries"):
        comparison_document(SHIPPED / "wardrobe-val-both.json", SHIPPED / "closet-val-both.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study's folder on real ranks; answers and wordings as a study once measured them."""
    path = tmp_path_factory.mktemp("study")
    results = {m: read_result(SHIPPED / f"closet-val-{m}.json") for m in MODALITIES}
    stored = read_study(RESULTS / "study/closet-val" / STUDY_FILE)
    whole = replace(
        study_results(results),
        answers=stored.answers,
        wordings=stored.wordings,
        not_measured={"lexicon": "no requests are on file"},
    )
    write_study(whole, path / STUDY_FILE)
    write_result(results["both"], path / "both.json")
    return path


def measured(study: Study) -> Iterator[dict[str, float]]:
    """Every share of the sections that are shown whole."""
    waiting = [study.answers, study.wordings, study.attributes, study.modalities and study.modalities["at"]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and "percent" in value:
            yield value
        elif isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value


def test_a_study_is_shown_whole_in_words_with_every_interval_beside_its_number(folder: Path) -> None:
    document = evaluation_document(folder, most=2)
    study = read_study(folder / STUDY_FILE)
    parts = [part for section in document.sections for part in section.parts if isinstance(part, Table)]
    shown = {cell for part in parts for row in part.rows for cell in row if isinstance(cell, Measure)}
    both = ("both", "image", "text")  # told as recalls, by the protocol's average
    at = study.modalities["at"].values() if study.modalities else ()
    recalls = [of[name] for of in at for name in both]
    pairs = {(cell.percent, cell.low, cell.high) for cell in shown}
    told_in_words = [w["overlap"] for w in (study.wordings or {}).values()]
    for one in measured(study):
        if one not in recalls and one not in told_in_words:
            assert (one["percent"], one["low"], one["high"]) in pairs, one
    for text in (Tags(html(document)).text, markdown(document)):
        assert all(told(cell) in text for cell in shown)
        names = [row[0] for part in parts for row in part.rows] + [s.title for s in document.sections]
        raw = ("ci95", "shortcut_solvable", "neg_recall", "top1", "as_evaluated", "per_category")
        assert not set(raw) & set(map(str, names))
    assert all(section.notes for section in document.sections)
    last = document.sections[-1]
    assert last.title == "Not measured"
    assert isinstance(last.parts[0], Table)
    assert ("Words against requests", "No requests are on file.") in last.parts[0].rows


def test_a_result_alone_says_what_it_cannot_tell(tmp_path: Path) -> None:
    last = evaluation_document(SHIPPED / "closet-val-both.json").sections[-1]
    assert isinstance(last.parts[0], Table)
    assert {"Other wordings", "Leakage and copies"} <= {row[0] for row in last.parts[0].rows}


def test_a_cirr_result_shows_its_subset_with_intervals(tmp_path: Path) -> None:
    subset = {"Rs@1": Share(50.0, 12.5, 87.5, 4), "mean": Share(60.0, 31.5, 88.5, 4)}
    write_result(replace(small_result([1, 3, 60, 12]), subset=subset), tmp_path / "val.json")
    page = Tags(html(evaluation_document(tmp_path / "val.json")))
    assert "50.0 (12.5 to 87.5)" in page.text and "60.0 (31.5 to 88.5)" in page.text


def test_a_study_of_another_model_than_the_result_beside_it_is_refused(folder: Path, tmp_path: Path) -> None:
    result = read_result(folder / "both.json")
    write_result(replace(result, model={**result.model, "fingerprint": "another"}), tmp_path / "both.json")
    write_study(read_study(folder / STUDY_FILE), tmp_path / STUDY_FILE)
    with pytest.raises(HemlineError, match="not of one study"):
        evaluation_document(tmp_path)


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_texts_and_marks_stand_out(colours: dict[str, str]) -> None:
    for ground in ("paper", "card"):
        for ink in ("ink", "soft", "link"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)  # WCAG 1.4.3, AA
        for drawn in ("mark", "interval"):
            assert contrast(colours[drawn], colours[ground]) >= 3, (drawn, ground)  # WCAG 1.4.11


def test_a_phone_shows_the_pages_without_scrolling_sideways(
    folder: Path, comparison: Document, tmp_path: Path
) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"))
        page = browser.new_page(viewport={"width": 390, "height": 844})
        for document in (evaluation_document(folder, most=2), comparison):
            path = tmp_path / "report.html"
            path.write_text(html(document), encoding="utf-8")
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(node => { node.open = true; })")
            assert page.evaluate("document.documentElement.scrollWidth") == 390
            wide = "[...document.querySelectorAll('.wide')].filter(n => n.scrollWidth > n.clientWidth)"
            assert page.evaluate(f"{wide}.map(n => n.textContent)") == []
        browser.close()
