"""The protocol's rules and strings, to the letter of the shared reference (retrieval section 2b)."""

from pathlib import Path

import pytest

from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.evaluation.joins import query_texts
from core.evaluation.protocol import PRESETS, Protocol, from_dict, gallery_ids, preset, query_text
from core.types import Triplet


@pytest.mark.parametrize(
    ("captions", "clip4cir", "joined"),
    [
        (["Is  blue.", "has sleeves?"], "Is  blue and has sleeves", "Is  blue. and has sleeves?"),
        (["IS Red", "x"], "Is red and x", "IS Red and x"),
        (["", "is red"], " and is red", "is red"),
        (["is red", " "], "Is red and ", "is red"),
        (["is red?., ", " ,.?Has A Bow"], "Is red and Has A Bow", "is red?.,  and  ,.?Has A Bow"),
        (["is red! ", "(long)"], "Is red! and (long)", "is red!  and (long)"),
        (["is red"], "Is red", "is red"),
        (["", ""], " and ", ""),
    ],
)
def test_captions_join_as_the_references_join_them(captions: list[str], clip4cir: str, joined: str) -> None:
    assert query_text(captions, "clip4cir") == clip4cir
    assert query_text(captions, "and") == joined


def test_an_unknown_join_is_refused() -> None:
    with pytest.raises(HemlineError, match="'or'"):
        query_text(["a", "b"], "or")


def test_presets_are_what_their_papers_do() -> None:
    closet, clip4cir = preset("closet"), preset("clip4cir")
    assert (closet.gallery, closet.reference, closet.caption_join, closet.average) == (
        "union",
        "removed",
        "and",
        "micro",
    )
    assert (clip4cir.gallery, clip4cir.reference, clip4cir.caption_join, clip4cir.average) == (
        "original",
        "kept",
        "clip4cir",
        "macro",
    )
    with pytest.raises(HemlineError, match=r"'tirg'.*closet, clip4cir, sprc, recall, e5v, dqu, val"):
        preset("tirg")


@pytest.mark.parametrize(
    ("name", "gallery", "reference", "join"),
    [
        ("sprc", "original", "kept", "sprc"),
        ("recall", "original", "removed", "recall"),
        ("e5v", "original", "kept", "both-orders"),
        ("dqu", "val-split", "removed", "dqu"),
        ("val", "val-split", "removed", "each"),
    ],
)
def test_the_other_presets_are_what_their_code_does(
    name: str, gallery: str, reference: str, join: str
) -> None:
    found = preset(name)
    assert (found.gallery, found.reference, found.caption_join) == (gallery, reference, join)
    assert found.average == "macro"


ROWS = (["Is (very)  BLUE; long.", "has sleeves?"], ["", "is red"])


@pytest.mark.parametrize(
    ("join", "full", "blank"),
    [
        ("sprc", "is very blue long and has sleeves", "and is red"),
        ("recall", "Is (very)  BLUE; long. and has sleeves?", " and is red"),
        ("dqu", "is very blue long and has sleeves", " and is red"),
        ("comma", "Is (very)  BLUE; long., has sleeves?", ", is red"),
        ("first", "Is (very)  BLUE; long.", ""),
        ("second", "has sleeves?", "is red"),
    ],
)
def test_every_join_to_the_letter(join: str, full: str, blank: str) -> None:
    assert [query_text(row, join) for row in ROWS] == [full, blank]
    assert query_texts(ROWS[0], join) == ((full,),)


def test_sprc_cuts_after_fifty_words() -> None:
    assert query_text([" ".join(["red"] * 60), "x"], "sprc") == " ".join(["red"] * 50)


def test_both_orders_are_one_query_of_two_texts_and_each_is_two_queries() -> None:
    assert query_texts(["a", "b"], "both-orders") == (("a, b", "b, a"),)
    assert query_texts(["a"], "both-orders") == (("a",),)
    assert query_texts(["a", "b"], "each") == (("a",), ("b",))
    assert query_text(["a"], "second") == "a"
    with pytest.raises(HemlineError, match="'each' makes more than one text"):
        query_text(["a", "b"], "each")


@pytest.mark.parametrize("field", ["gallery", "reference", "caption_join", "average", "ties"])
def test_a_value_out_of_the_vocabulary_is_refused_by_name(field: str) -> None:
    value = {**PRESETS["closet"].to_dict(), field: "sideways"}
    with pytest.raises(HemlineError, match=rf"{field} must be one of .*'sideways'"):
        Protocol(**value)


def test_a_protocol_survives_json_and_a_wrong_field_is_named() -> None:
    value = PRESETS["clip4cir"].to_dict()
    assert from_dict(value) == PRESETS["clip4cir"]
    with pytest.raises(HemlineError, match="reranked"):
        from_dict({**value, "reranked": True})
    del value["gallery"]
    with pytest.raises(HemlineError, match="wrong here: gallery"):
        from_dict(value)


def test_each_gallery_rule_on_two_categories() -> None:
    def triplet(category: str, reference: str, target: str) -> Triplet:
        return Triplet(f"{category}:0", category, "val", reference, target, ("x", "y"))

    triplets = [triplet("dress", "d2", "d1"), triplet("dress", "d2", "d4"), triplet("shirt", "s1", "both")]
    galleries = {"dress": ("d1", "d2", "d3", "d4", "both"), "shirt": ("both", "s1", "s2")}
    named = {g: Protocol("p", g, "kept", "and", "micro") for g in ("original", "val-split", "union")}
    assert gallery_ids(named["original"], triplets, galleries) == galleries
    assert gallery_ids(named["val-split"], triplets, galleries) == {
        "dress": ("d2", "d1", "d4"),
        "shirt": ("s1", "both"),
    }
    union = ("d1", "d2", "d3", "d4", "both", "s1", "s2")
    assert gallery_ids(named["union"], triplets, galleries) == {"dress": union, "shirt": union}


def test_gallery_sizes_on_fashioniq_and_closet(fashioniq_dir: Path, closet_dir: Path) -> None:
    def sizes(root: Path, gallery: str) -> dict[str, int]:
        split = read_split(root, "val")
        ids = gallery_ids(Protocol("p", gallery, "kept", "and", "micro"), split.triplets, split.galleries)
        return {category: len(photos) for category, photos in ids.items()}

    counted = {}
    for category in ("dress", "toptee"):
        triplets = read_split(fashioniq_dir, "val", [category]).triplets
        references, targets = ({getattr(t, side) for t in triplets} for side in ("reference", "target"))
        blank = sum(not caption.strip() for t in triplets for caption in t.captions)
        counted[category] = (len(triplets), len(references), len(references & targets), blank)
        assert all(len(t.captions) == 2 for t in triplets)
    assert counted == {"dress": (2017, 1331, 720, 0), "toptee": (1961, 1454, 513, 2)}
    trained = {c: len(read_split(fashioniq_dir, "train", [c]).triplets) for c in ("dress", "toptee")}
    assert trained == {"dress": 5985, "toptee": 6027}
    assert sizes(fashioniq_dir, "union")["dress"] == 9190
    assert sizes(fashioniq_dir, "original") == {"dress": 3817, "toptee": 5373}
    assert sizes(fashioniq_dir, "val-split") == {"dress": 2628, "toptee": 2902}
    assert set(sizes(closet_dir, "union").values()) == {543}
