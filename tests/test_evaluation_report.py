"""Reports of results: what is in them, texts that stay texts, and comparisons that are refused."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.errors import HemlineError
from core.evaluation.result import read_result, write_result
from train.comparison_report import comparison_document
from train.document_text import html, markdown
from train.evaluation_report import evaluation_document

SHIPPED = Path(__file__).parents[1] / "assets/results/shipped"
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


def test_a_comparison_tells_gains_and_moves_and_refuses_unlike_results() -> None:
    document = comparison_document(SHIPPED / "clip-closet-val.json", SHIPPED / "closet-val-both.json", most=2)
    titles = [section.title for section in document.sections]
    assert titles[:2] == ["Gain", "Rank moves"]
    moves = document.sections[1].parts[0].rows[0]  # type: ignore[union-attr]
    assert sum(map(int, moves[1:])) == 444
    with pytest.raises(HemlineError, match="different galleries"):
        comparison_document(SHIPPED / "wardrobe-val-both.json", SHIPPED / "closet-val-both.json")
