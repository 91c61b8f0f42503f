"""The protocol's rules and strings, to the letter of the shared reference (retrieval section 2b)."""

from pathlib import Path

import pytest

from core.datasets.fashioniq import read_split
from core.errors import HemlineError
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
    with pytest.raises(HemlineError, match=r"'recall'.*closet, clip4cir"):
        preset("recall")


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

    assert sizes(fashioniq_dir, "original") == {"dress": 3817, "toptee": 5373}
    assert sizes(fashioniq_dir, "val-split") == {"dress": 2628, "toptee": 2902}
    assert set(sizes(closet_dir, "union").values()) == {543}
