"""Hand-written texts over a catalogue: what they are put to, what the hits are worth, the command."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from core.building import build
from core.cli import entry
from core.datasets.garments import read_garments
from core.errors import HemlineError
from core.requests import HandText, Request
from core.types import Garment, Hit
from tests.small_catalogue import copy_photos, make_model
from train import handwritten
from train.answers import answer_all
from train.failures import asks, failures, in_words
from train.handwritten import report, summary
from train.references import IMPOSSIBLE, MET, USABLE, draw_references, standing

RED = Garment(
    "red", "val", "dress", "a-line dress", ("red",), "solid", "short", "crew", "midi", "a-line", "cotton",
    ("belt",), "red dress",
)  # fmt: skip
GREEN = replace(RED, id="green", colors=("green", "white"))
GREEN_MAXI = replace(GREEN, id="green maxi", length="maxi", details=())
BLUE = replace(RED, id="blue", colors=("blue",))
JEANS = replace(
    BLUE, id="jeans", category="bottoms", kind="jeans", pattern="denim", sleeve=None, neckline=None,
    length="full", fit="skinny", details=(),
)  # fmt: skip
SHOES = replace(JEANS, id="shoes", category="shoes", kind="sneakers", pattern="solid", length=None, fit=None)
CATALOGUE = {garment.id: garment for garment in (RED, GREEN, GREEN_MAXI, BLUE, JEANS, SHOES)}


def _asks(**edits: str) -> Request:
    return Request({name: frozenset(values.split()) for name, values in edits.items()})


IN_GREEN = HandText("in green", {}, _asks(colors="green"))
LONG_SLEEVES = HandText("with long sleeves please", {}, _asks(sleeve="long"))


@pytest.mark.parametrize(
    ("request_", "garment", "found"),
    [
        (_asks(colors="green"), RED, USABLE),
        (_asks(colors="green blue"), BLUE, MET),  # nothing new is asked of it
        (_asks(sleeve="long"), JEANS, IMPOSSIBLE),
        (_asks(kind="dress", sleeve="long"), JEANS, USABLE),
        (_asks(kind="skirt", sleeve="long"), RED, IMPOSSIBLE),
        (_asks(neckline="strapless", sleeve="long"), RED, IMPOSSIBLE),
        (_asks(neckline="strapless crew v", sleeve="long"), RED, USABLE),  # above one neckline there are some
        (_asks(pattern="gradient other"), RED, IMPOSSIBLE),  # patterns that nothing is drawn in
        (Request(add=frozenset(["pleats"])), JEANS, IMPOSSIBLE),
        (Request(add=frozenset(["hood"])), RED, USABLE),
        (_asks(colors="green"), SHOES, IMPOSSIBLE),
        (_asks(colors="green"), replace(RED, pattern="gradient", details=("studs",)), USABLE),  # a photo's
    ],
)
def test_a_text_is_put_only_to_garments_that_can_be_what_it_asks(
    request_: Request, garment: Garment, found: str
) -> None:
    assert standing(request_, garment) == found


def test_references_fit_the_text_and_are_drawn_by_seed() -> None:
    many = {f"{n:03d}": replace(RED, id=f"{n:03d}", length=("midi", "maxi")[n % 2]) for n in range(60)}
    text = HandText("shorter", {"length": frozenset(["maxi"])}, _asks(length="midi knee"))
    drawn = draw_references(text, many, 5)
    assert len(drawn.ids) == 5 and all(int(id_) % 2 for id_ in drawn.ids)
    assert drawn.counts == {USABLE: 30, MET: 0, IMPOSSIBLE: 0}
    assert draw_references(text, dict(reversed(many.items())), 5) == drawn
    assert draw_references(text, many, 5, seed=1).ids != drawn.ids
    assert draw_references(replace(text, text="less long"), many, 5).ids != drawn.ids
    assert len(draw_references(text, many, 40).ids) == 30
    assert draw_references(LONG_SLEEVES, CATALOGUE, 9).counts == {USABLE: 4, MET: 0, IMPOSSIBLE: 2}


def _search(answers: dict[tuple[str, str], list[str]], id_: str, text: str) -> list[Hit]:
    return [Hit(rank, hit, 1 - rank / 20) for rank, hit in enumerate(answers[id_, text], 1)]


def test_the_report_says_what_can_be_counted_by_hand() -> None:
    catalogue = {id_: CATALOGUE[id_] for id_ in ("red", "green", "green maxi", "jeans")}
    answers = {
        ("red", "in green"): ["green maxi", "green"],  # right; length and details lost
        ("jeans", "in green"): ["red", "green"],  # wrong, right second; all but pockets of none lost
        ("red", "with long sleeves please"): ["green"],
        ("green", "with long sleeves please"): ["green maxi"],
        ("green maxi", "with long sleeves please"): ["green"],
    }
    never = HandText("a pleated one", {"kind": frozenset(["coat"])}, Request(add=frozenset(["pleats"])))
    texts = {"a.jsonl": [IN_GREEN, never], "b.jsonl": [LONG_SLEEVES]}
    rows, drawn = answer_all(texts, catalogue, lambda id_, text: _search(answers, id_, text))
    value = report(rows, drawn)
    assert (value["texts"], value["queries"], value["references_by_text"]) == (2, 5, {0: 1, 2: 1, 3: 1})
    assert value["left_out"] == [{"text": "a pleated one", "fitting": {USABLE: 0, MET: 0, IMPOSSIBLE: 0}}]
    assert value["fitting_references"] == {USABLE: 5, MET: 2, IMPOSSIBLE: 1}
    percent = {name: share["percent"] for name, share in value["edit_accuracy"].items()}
    # Each text weighs one: half of the first's two references, none of the second's three.
    assert percent == {"top1": 25, "top10": 50, "colors": 50, "sleeve": 0}
    assert value["preservation"]["kind"]["percent"] == 75  # the jeans' dress; the other four are dresses
    ceiling = value["ceiling"]
    assert ceiling["met"]["percent"] == 50  # nothing here has long sleeves
    assert (
        ceiling["strict"]["percent"] == 50 and ceiling["strict"]["queries"] == 2
    )  # red and green; not jeans
    assert value["best"]["percent"] == 0  # the green one would have kept the length too
    better = answers | {("red", "in green"): ["green"]}
    found, _ = answer_all(texts, catalogue, lambda id_, text: _search(better, id_, text))
    assert report(found, drawn)["best"]["percent"] == 25
    groups = value["groups"]
    assert groups["by change"]["colors"]["top1"]["percent"] == 50
    assert list(groups["by words"]) == ["01 to 04"] and groups["by words"]["01 to 04"]["texts"] == 2
    assert groups["by number of changes"]["1"]["top10"]["percent"] == 50
    assert groups["by file"]["b.jsonl"]["answerable"]["percent"] == 0
    assert "2 texts, 5 queries; 1 texts left out" in summary(value)

    told = failures(rows, catalogue)
    assert len(told) == 4 and [row["met_in_ten"] for row in told] == [False, False, False, True]
    assert told[-1]["asks"] == "colors green" and told[-1]["reference"]["id"] == "jeans"
    assert told[-1]["hits"][0] | {"lost": ""} == {
        "id": "red", "is": in_words(RED), "unmet": "colors", "lost": "",
    }  # fmt: skip
    assert told[-1]["hits"][0]["lost"].split(", ") == ["kind", "pattern", "length", "fit", "details"]
    assert in_words(RED) == (
        "red solid a-line dress, sleeve short, neckline crew, length midi, fit a-line; belt"
    )
    assert asks(replace(_asks(colors="green"), remove=frozenset(["belt"]))) == ["colors green", "remove belt"]


def test_a_text_that_stands_twice_or_can_be_put_to_nothing_is_refused() -> None:
    with pytest.raises(HemlineError, match=r"b\.jsonl holds the text 'in green' again"):
        answer_all(
            {"a.jsonl": [IN_GREEN], "b.jsonl": [IN_GREEN]}, {"red": RED, "jeans": JEANS},
            lambda id_, _: [Hit(1, "jeans" if id_ == "red" else "red", 0.5)],
        )  # fmt: skip
    with pytest.raises(HemlineError, match="no text can be put"):
        answer_all({"a.jsonl": [LONG_SLEEVES]}, {"jeans": JEANS, "shoes": SHOES}, lambda *_: [])


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory, closet_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("catalogue")
    model = make_model(folder / "model")
    build(model, copy_photos(closet_dir, folder / "images", 24), folder / "index")
    return folder / "index"


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["handwritten", *map(str, arguments)])
    try:
        entry(handwritten.main)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def test_the_command_on_real_photos(
    index: Path,
    closet_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts, out, sheet = tmp_path / "texts.jsonl", tmp_path / "out/hand.json", tmp_path / "hand.png"
    plain = {"reference": {}, "edits": {}, "add": [], "remove": [], "keep": []}
    lines = [
        {**plain, "text": "in white with short sleeves", "edits": {"colors": ["white"], "sleeve": ["short"]}},
        {**plain, "text": "with a zip", "add": ["zip"]},
    ]
    texts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    garments = closet_dir / "garments.jsonl"
    where = ("--index", index, "--garments", garments, "--texts", texts, "--json", out)
    assert _run(monkeypatch, *where, "--references", 3, "--sheet", sheet) == 0
    assert "2 texts, 6 queries; 0 texts left out" in capsys.readouterr().out
    value = json.loads(out.read_text())
    assert value["catalogue"] == 24 and value["model"]["kind"] == "mllm"
    assert 0 <= value["edit_accuracy"]["top1"]["percent"] <= value["edit_accuracy"]["top10"]["percent"] <= 100
    assert str(tmp_path) not in out.read_text()
    known = read_garments(garments)
    for failure in value["failures"]:
        shown = [hit["id"] for hit in failure["hits"]]
        assert len(shown) == 5 and failure["reference"]["id"] not in shown
        assert failure["hits"][0]["unmet"] and failure["hits"][0]["is"] == in_words(known[shown[0]])
    with Image.open(sheet) as drawn:
        assert drawn.format == "PNG" and drawn.width > 1000

    assert _run(monkeypatch, *where, "--references", 3) == 0
    again = json.loads(out.read_text())
    assert again["edit_accuracy"] == value["edit_accuracy"] and again["failures"] == value["failures"]


def test_wrong_arguments_are_told_in_one_sentence(
    index: Path,
    closet_dir: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    texts, few = tmp_path / "texts.jsonl", tmp_path / "garments.jsonl"
    line = {"text": "zip", "reference": {}, "edits": {}, "add": ["zip"], "remove": [], "keep": []}
    texts.write_text(json.dumps(line))
    few.write_text((closet_dir / "garments.jsonl").read_text().splitlines()[-1])
    given = {"--index": index, "--garments": few, "--texts": texts, "--json": tmp_path / "out.json"}
    wrong = [
        ({}, "has no record of 24 of the index's 24 garments"),
        ({"--references": 0}, "--references is 0"),
        ({"--index": texts}, "texts.jsonl"),
        ({"--texts": tmp_path / "none.jsonl"}, "none.jsonl"),
    ]
    for change, says in wrong:
        assert _run(monkeypatch, *[part for pair in (given | change).items() for part in pair]) == 2
        said = capsys.readouterr().err
        assert says in said and said.startswith("hemline: ") and said.count("\n") == 1
