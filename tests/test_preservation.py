"""Edit accuracy and preservation: their exact values, where they come from, and results without them."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.datasets.asked import read_asked
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.evaluation.preservation import difference, outcome, summarise
from core.evaluation.protocol import preset
from core.evaluation.ranks import rank_targets
from core.evaluation.result import Result, ranks_path, read_result, write_result
from core.evaluation.run import evaluate_split
from core.evaluation.shares import mean_share, shares
from core.requests import Request, met
from core.types import Garment, Triplet
from tests.data_folder import GARMENT, make_folder, write_lines
from tests.oracle import Oracle
from train.evaluate import table

RESULTS = Path(__file__).parents[1] / "assets" / "results"
RED = Garment(
    "red", "val", "dress", "a-line dress", ("red",), "solid", "short", "crew", "midi", "a-line", "cotton",
    ("belt",), "red dress",
)  # fmt: skip
GREEN = replace(RED, id="green", colors=("green", "white"))
GREEN_MAXI = replace(GREEN, id="green maxi", length="maxi", details=())
BLUE = replace(RED, id="blue", colors=("blue",))
TO_GREEN = Request({"colors": frozenset(["green"])})


def test_a_share_counts_only_the_queries_it_speaks_of() -> None:
    columns = {"some": np.array([1, 0, np.nan, 1, np.nan]), "none": np.full(5, np.nan), "all": np.ones(5)}
    found = shares(columns)
    assert set(found) == {"some", "all"}
    assert (found["some"].percent, found["some"].queries) == (pytest.approx(200 / 3), 3)
    assert 0 <= found["some"].low < found["some"].percent < found["some"].high == 100
    assert (found["all"].percent, found["all"].low, found["all"].high, found["all"].queries) == (
        100,
        100,
        100,
        5,
    )
    mean = mean_share(columns)
    assert mean is not None and mean.percent == pytest.approx((200 / 3 + 100) / 2) and mean.queries == 5
    assert mean_share({"none": columns["none"]}) is None
    assert shares(columns) == found  # the same draws each time


def test_a_text_put_to_many_references_weighs_one() -> None:
    right = np.array([1.0, 1.0, 1.0, 0.0])
    assert shares({"x": right})["x"].percent == 75
    found = shares({"x": right}, clusters=["a", "a", "a", "b"])["x"]
    assert (found.percent, found.low, found.high, found.queries) == (50, 0, 100, 4)
    twice = np.repeat(np.random.default_rng(0).integers(0, 2, 60).astype(float), 9)
    spread = [shares({"x": twice}, clusters)["x"] for clusters in (None, np.repeat(np.arange(60), 9))]
    widths = [share.high - share.low for share in spread]
    assert widths[1] > 2 * widths[0]  # nine copies of an answer are no nine answers
    with pytest.raises(HemlineError, match="4 queries come with 2 clusters"):
        shares({"x": right}, clusters=["a", "b"])


def test_outcomes_come_to_the_shares_that_can_be_counted_by_hand() -> None:
    asked = Request({"colors": frozenset(["green"])}, keep=frozenset(["length"]))
    found = [
        outcome(asked, RED, [GREEN, BLUE]),  # right, all kept
        outcome(asked, RED, [GREEN_MAXI]),  # right, but length and details lost
        outcome(TO_GREEN, RED, [BLUE, GREEN_MAXI]),  # wrong, right second
        outcome(Request(remove=frozenset(["belt"])), RED, [BLUE]),  # wrong, nothing right
    ]
    assert [o.met for o in found] == [True, True, False, False]
    told = summarise(found, "requests")
    assert (told.queries, told.asked) == (4, 4)
    accuracy = {name: (share.percent, share.queries) for name, share in told.edit_accuracy.items()}
    two_thirds = pytest.approx(200 / 3)
    assert accuracy == {"top1": (50, 4), "top10": (75, 4), "colors": (two_thirds, 3), "remove": (0, 1)}
    kept = {name: (share.percent, share.queries) for name, share in told.preservation.items()}
    assert kept.pop("mean") == (pytest.approx((100 * 5 + 0 + 75 + 75) / 8), 4)
    assert kept == {
        "strict": (50, 4), "kind": (100, 4), "colors": (0, 1), "pattern": (100, 4), "sleeve": (100, 4),
        "neckline": (100, 4), "length": (75, 4), "fit": (100, 4), "details": (75, 4), "keep": (50, 2),
    }  # fmt: skip


def test_a_query_without_a_request_asks_for_what_its_records_differ_in() -> None:
    target = replace(GREEN_MAXI, details=("zip", "hood"), neckline="hood", pattern=None)
    asked = difference(RED, target)
    assert asked.edits == {
        "colors": frozenset(["green"]), "neckline": frozenset(["hood"]), "length": frozenset(["maxi"])
    }  # fmt: skip
    assert (asked.add, asked.remove, asked.keep) == ({"zip"}, {"belt"}, set())
    assert met(asked, target)
    skirt = replace(RED, kind="a-line skirt", sleeve=None, neckline=None)
    assert difference(RED, skirt).edits == {"kind": frozenset(["skirt"])}
    same = outcome(difference(RED, replace(RED, id="twin")), RED, [BLUE])
    assert same.parts == {} and same.kept["colors"] is False
    assert summarise([same], "records").asked == 0


def _split(garments: Sequence[Garment], pairs: Sequence[tuple[str, str]]) -> Split:
    ids = tuple(garment.id for garment in garments)
    triplets = tuple(
        Triplet(f"dress:{row}", "dress", "val", reference, target, ("words",))
        for row, (reference, target) in enumerate(pairs)
    )
    records = {garment.id: garment for garment in garments}
    return Split(Path("nowhere"), "val", ("dress",), triplets, {"dress": ids}, records, "f")


def _evaluated(
    split: Split, orders: Sequence[Sequence[str]], protocol: str = "closet", **how: dict[str, Request]
) -> Result:
    """The result where query q ranks the ids of `orders[q]` first, in that order."""
    ids = split.union_gallery()
    looks = dict(zip(ids, np.eye(len(ids), dtype=np.float32), strict=True))
    queries = np.zeros((len(orders), len(ids)), np.float32)
    for row, order in enumerate(orders):
        for place, id_ in enumerate(order):
            queries[row, ids.index(id_)] = 1 - place / 8
    return evaluate_split(Oracle(queries), split, preset(protocol), "both", looks, **how)


def test_an_evaluation_measures_them_where_garments_have_records() -> None:
    split = _split([RED, GREEN, GREEN_MAXI, BLUE], [("red", "green"), ("red", "green maxi")])
    # The reference itself, though nearest, is no hit: it is removed, here as in the ranks.
    result = _evaluated(split, [["red", "green maxi", "green"], ["red", "blue", "green"]])
    measured = result.attributes
    assert measured is not None and (measured.source, measured.asked) == ("records", 2)
    # The first asks for green and gets it; the second for green, maxi and no belt, and gets blue.
    assert {n: s.percent for n, s in measured.edit_accuracy.items()} == {
        "top1": 50, "top10": 100, "colors": 50, "length": 0, "remove": 0,
    }  # fmt: skip
    assert measured.preservation["length"].percent == 0 and measured.preservation["length"].queries == 1
    assert measured.preservation["fit"].percent == 100 and measured.preservation["fit"].queries == 2
    assert [query.attributes for query in result.ranks] == [
        {"unmet": [], "lost": ["length", "details"], "met_in_ten": True},
        {"unmet": ["colors", "length", "-belt"], "lost": [], "met_in_ten": True},
    ]
    kept = _evaluated(split, [["red", "green"], ["red", "green"]], "clip4cir").attributes
    assert kept is not None and kept.edit_accuracy["top1"].percent == 0  # there the reference stays


def test_requests_on_file_are_what_counts() -> None:
    split = _split([RED, GREEN, GREEN_MAXI, BLUE], [("red", "green maxi")])
    longer = Request({"length": frozenset(["maxi"])})
    order = [["green", "green maxi"]]
    measured = _evaluated(split, order, requests={"dress:0": TO_GREEN}).attributes
    assert measured is not None and measured.source == "requests"
    assert measured.edit_accuracy["top1"].percent == 100 and measured.preservation["strict"].percent == 100
    measured = _evaluated(split, order, requests={"dress:0": longer}).attributes
    assert measured is not None and measured.edit_accuracy["top1"].percent == 0
    assert measured.edit_accuracy["top10"].percent == 100
    with pytest.raises(HemlineError, match="no request for dress:0"):
        _evaluated(split, order, requests={"dress:7": longer})


def test_they_are_written_read_and_shown(tmp_path: Path) -> None:
    split = _split([RED, GREEN, BLUE], [("red", "green")])
    result = _evaluated(split, [["green"]])
    write_result(result, tmp_path / "a.json")
    assert read_result(tmp_path / "a.json") == result
    shown = table(result)
    assert "by the records, 1 queries ask" in shown
    assert "edit accuracy, top hit        100.0  (100.0-100.0, 1 queries)" in shown
    value = json.loads((tmp_path / "a.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps({**value, "attributes": {"asked": 1}}))
    with pytest.raises(HemlineError, match="attributes are not as written"):
        read_result(tmp_path / "a.json")


def test_without_records_there_are_none_and_older_results_are_read(tmp_path: Path) -> None:
    split = replace(_split([RED, GREEN, BLUE], [("red", "green")]), garments={})
    result = _evaluated(split, [["green"]])
    assert result.attributes is None and "accuracy" not in table(result)
    write_result(result, tmp_path / "a.json")
    assert "attributes" not in ranks_path(tmp_path / "a.json").read_text()
    value = json.loads((tmp_path / "a.json").read_text())
    del value["attributes"]  # as results were before
    (tmp_path / "a.json").write_text(json.dumps(value))
    assert read_result(tmp_path / "a.json") == result
    assert read_result(RESULTS / "closet" / "untrained-seed0.json").metrics["R@50"] > 0


def test_the_first_hits_are_told_in_order_with_ties_by_the_gallery() -> None:
    gallery = np.array([[0.5, 0], [1, 0], [0.5, 0.1], [0.75, 0], [0.5, 0]], np.float32)
    query = np.array([[1, 0]], np.float32)
    ids = list("abcde")
    best = [rank_targets(query, gallery, ids, ["a"], [("d",)], top_k=k).best.tolist()[0] for k in (1, 3, 7)]
    assert best == [[1], [1, 0, 2], [1, 0, 2, 4, -1, -1, -1]]


# --- requests beside the captions -------------------------------------------------------------------------

ASKS = {"edits": {"colors": ["red"]}, "add": [], "remove": [], "keep": ["fit"]}


def _with_requests(root: Path) -> Path:
    """The small folder, whose garments are all red, with a request for each of its three queries."""
    make_folder(root)
    (root / "requests").mkdir()
    write_lines(root / "requests/req.dress.val.jsonl", [ASKS, {**ASKS, "edits": {"length": ["maxi"]}}])
    write_lines(root / "requests/req.shirt.val.jsonl", [ASKS])
    return root


def test_requests_are_read_for_every_query(tmp_path: Path) -> None:
    asked = read_asked(read_split(_with_requests(tmp_path / "a"), "val"))
    assert asked == {
        "dress:0": Request({"colors": frozenset(["red"])}, keep=frozenset(["fit"])),
        "dress:1": Request({"length": frozenset(["maxi"])}, keep=frozenset(["fit"])),
        "shirt:0": Request({"colors": frozenset(["red"])}, keep=frozenset(["fit"])),
    }
    assert read_asked(read_split(make_folder(tmp_path / "b"), "val")) == {}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([ASKS], "has 1 lines for the 2 rows of"),
        ([ASKS, ASKS, ASKS], "has 3 lines for the 2 rows of"),
        ([ASKS, {**ASKS, "edits": {"colors": ["mauve"]}}], "line 2: colors has no value 'mauve'"),
        ([ASKS, {"edits": {}}], "line 2 must be an object with add, edits, keep, remove"),
        ([ASKS, {**ASKS, "edits": {"colors": ["blue"]}}], "line 2: the target a2 is not what it asks for"),
        (None, r"req\.dress\.val\.jsonl is missing"),
    ],
)
def test_bad_requests_are_refused_with_their_line(tmp_path: Path, lines: list | None, said: str) -> None:
    root = _with_requests(tmp_path / "data")
    path = root / "requests/req.dress.val.jsonl"
    path.unlink()
    if lines is not None:
        write_lines(path, lines)
    with pytest.raises(HemlineError, match=said):
        read_asked(read_split(root, "val"))


def test_targets_are_not_checked_where_there_are_no_records(tmp_path: Path) -> None:
    root = _with_requests(tmp_path / "data")
    (root / "garments.jsonl").unlink()
    assert GARMENT["colors"][0] == "red" and len(read_asked(read_split(root, "val"))) == 3
