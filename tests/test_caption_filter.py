"""The filter of a model's own texts: each reason by name, and what it lets through."""

import json
import random
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.pictures import picture_hash
from tests.data_folder import write
from tests.train_folder import make_train_folder
from train.neighbours import Alike, by_vectors, neighbour_pairs
from train.said import garment_said, worded_change
from train.text_filter import (
    REASONS,
    SHARED_BY,
    Standard,
    change_fault,
    cleaned,
    description_fault,
    lexicon_of,
    repeated,
)
from train.unseen import unseen_only

PROMPT = "<s>USER: <image>\nDescribe only the garment, in one sentence of at most thirty words. ASSISTANT:"
STANDARD = Standard(most=20, prompt=PROMPT, ids=frozenset(["a1", "shirt7"]))
RED = "red cotton dress with long sleeves and a belt"
BLUE = "blue striped shirt with short sleeves and a collar"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        (" ?! ", "empty"),
        ("red dress", "too short"),
        ("red dress " + " ".join(f"thing{n}" for n in range(20)), "too long"),
        ("a navy tee with a blue and blue and blue cartoon", "looping"),
        ("a black-black dress with a bow", "looping"),
        ("jacket with flap chest pockets and flap pockets", "looping"),
        ("tee with a white box and guuuur lettering", "looping"),
        ("a grey tee with a white figure in a white figure", "looping"),
        ("sleeveless navy blue sleeveless dress with a full skirt", "looping"),
        ("sleeveless navy dress with long sleeves", "contradicting"),
        ("plain v-neck tee with a wide scoop neck", "contradicting"),
        ("a red dress as in 1234.jpg with a bow", "leaking"),
        ("a red dress, see https://shop.example/red", "leaking"),
        ("a red dress from /srv/images with a bow", "leaking"),
        ("a dress of 5a8598c8-3756-4bb7-8e22-4bdefe86c18d", "leaking"),
        ("like shirt7, with a collar", "leaking"),
        ("a red dress with a bow <end_of_utterance>", "leaking"),
        ("a red dress ASSISTANT: with a bow", "leaking"),
        ("describe only the garment in red", "leaking"),
        ("an image of a red dress", "leaking"),
        ("the garment in this photo is red", "leaking"),
        ("Sure! a red dress with a bow", "leaking"),
        (RED, None),
        ("black tee with an image of a lion, red/white/blue stripes", None),
        ("navy tee with what u see is 3 ways lettering", None),
    ],
)
def test_each_fault_of_a_description_has_its_name(text: str, reason: str | None) -> None:
    assert description_fault(cleaned(text), STANDARD) == reason
    assert reason is None or reason in REASONS


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("there is no visible change", "unchanged"),
        ("keep it the same", "unchanged"),
        ("the two dresses are identical", "unchanged"),
        ("blue striped shirt, short sleeves, collar", "whole target"),
        ("a red dress with long sleeves", "not differing"),
        ("is blue with the collar shown in this image", "leaking"),
        ("is blue", None),
        ("make it a blue striped shirt with short sleeves and a collar", None),
        ("shorter sleeves", None),
        ("no belt", None),
        ("is very short", None),
        ("is the same but blue", None),
    ],
)
def test_each_fault_of_a_change_has_its_name(text: str, reason: str | None) -> None:
    standard = Standard(least=2, most=20, prompt=PROMPT)
    assert change_fault(cleaned(text), RED, BLUE, standard) == reason
    assert reason is None or reason in REASONS


def test_two_garments_told_alike_do_not_differ() -> None:
    assert change_fault("has a floral print", RED, RED.upper(), STANDARD) == "not differing"


def test_words_of_no_text_are_known_only_against_a_lexicon() -> None:
    text = "white tee with a banib lettering"
    assert description_fault(text, STANDARD) is None
    lexicon = lexicon_of(["White tee", "with a red lettering"])
    assert description_fault(text, Standard(lexicon=lexicon)) == "made-up words"
    assert description_fault("red tee with a white lettering", Standard(lexicon=lexicon)) is None


def test_what_is_said_of_too_many_photos_is_repeated() -> None:
    often = ["plain black tee"] * SHARED_BY + ["Plain black tee"]
    assert repeated([*often, "red dress"]) == {"plain black tee", "Plain black tee"}
    assert repeated(often[1:]) == frozenset()
    many = often + [f"dress number {n}" for n in range(2000)]
    assert repeated(many) == frozenset(), "in a large set a few alike are no sign of anything"


@settings(deadline=None)
@given(st.text())
def test_any_text_has_one_verdict(text: str) -> None:
    once = cleaned(text)
    assert cleaned(once) == once and "\n" not in once
    for verdict in (description_fault(once, STANDARD), change_fault(once, RED, BLUE, STANDARD)):
        assert verdict is None or verdict in REASONS


def test_people_s_own_texts_pass(closet_dir: Path) -> None:
    """A filter that drops what people write would drop what is good: under 1 % of Closet's train texts."""
    split = read_split(closet_dir, "train")
    said = {garment.id: garment.caption for garment in split.garments.values()}
    found = Counter(description_fault(cleaned(text), Standard(most=40)) for text in said.values())
    changes = Counter(
        change_fault(cleaned(text), said[t.reference], said[t.target], Standard(least=2, most=25))
        for t in split.triplets
        for text in t.captions
    )
    assert found[None] > 0.99 * found.total(), found
    assert changes[None] > 0.99 * changes.total(), changes


def test_a_caption_tells_its_garment_and_nothing_more() -> None:
    told = garment_said("a", "dress", "sleeveless navy striped midi dress with a v-neck, a belt and pockets")
    assert (told.kind, told.colors, told.pattern, told.sleeve) == ("dress", ("navy",), "stripes", "none")
    assert (told.neckline, told.length, told.details) == ("v", "midi", ("belt", "pockets"))
    bare = garment_said("b", "dress", "something red")
    assert (bare.kind, bare.colors, bare.pattern, bare.sleeve, bare.details) == ("", ("red",), None, None, ())


def test_attributes_read_from_captions_are_those_on_record(closet_dir: Path) -> None:
    """Where a caption names an attribute, it is the one people recorded, mostly."""
    garments = list(read_split(closet_dir, "train").garments.values())
    told = [garment_said(g.id, g.category, g.caption) for g in garments]
    for field, share in (("sleeve", 0.95), ("neckline", 0.85), ("pattern", 0.75), ("fabric", 0.8)):
        both = [(getattr(t, field), getattr(g, field)) for t, g in zip(told, garments, strict=True)]
        named = [one == other for one, other in both if one]
        assert len(named) > 100 and np.mean(named) > share, field
    main = [t.colors[0] == g.colors[0] for t, g in zip(told, garments, strict=True) if t.colors and g.colors]
    assert np.mean(main) > 0.85


def test_a_change_is_worded_from_two_captions() -> None:
    red, blue = garment_said("a", "dress", RED), garment_said("b", "shirt", BLUE)
    texts = [text for seed in range(20) for text in worded_change(red, blue, random.Random(seed))]
    assert len(texts) == 40
    words = set(" ".join(texts).replace(",", "").split())
    assert {"blue", "short", "collar"} <= words and not {"green", "floral", "v-neck"} & words
    assert worded_change(red, red, random.Random(0)) == ()


@settings(deadline=None)
@given(st.integers(2, 12), st.integers(1, 3), st.integers(0, 5))
def test_pairs_are_of_near_photos_that_are_not_the_same(count: int, each: int, seed: int) -> None:
    photos = [f"p{n}" for n in range(count)]
    vectors = np.stack([[np.cos(n / 9), np.sin(n / 9)] for n in range(count)]).astype(np.float32)
    same = {"p0": "p0", "p1": "p0"}
    pairs = neighbour_pairs(
        {"dress": photos, "shirt": ["q0"]}, _alike(photos, vectors), same, each=each, nearest=3, seed=seed
    )
    assert {pair.category for pair in pairs} <= {"dress"}
    for pair in pairs:
        ends = {same.get(pair.reference, pair.reference), same.get(pair.target, pair.target)}
        assert len(ends) == 2
        apart = abs(int(pair.reference[1:]) - int(pair.target[1:]))
        assert apart <= 4, "one of the three nearest, though a copy may stand between"
    assert len(set(pairs)) == len(pairs)
    again = neighbour_pairs({"dress": photos}, _alike(photos, vectors), same, each=each, nearest=3, seed=seed)
    assert again == pairs


def _alike(photos: list[str], vectors: np.ndarray) -> Alike:
    return by_vectors([*photos, "q0"], np.concatenate([vectors, vectors[:1]]))


def test_photos_of_evaluation_splits_are_refused(tmp_path: Path) -> None:
    data = make_train_folder(make_train_folder(tmp_path, each=4), each=3, split="val")
    split = read_split(data, "train")
    hashes = {photo: picture_hash(data / "images" / f"{photo}.jpg") for photo in split.union_gallery()}
    # The folder draws val's garments as it draws train's, so three of each category are byte-equal.
    with pytest.raises(
        HemlineError, match=r"6 of 8 train photos .* \(0 by id, 6 by their bytes; first dress0,"
    ):
        unseen_only(split, hashes, leave_out=False)
    assert len(unseen_only(split, hashes, leave_out=True)) == 6
    write(data / "image_splits/split.dress.test.json", ["dress3"])
    with pytest.raises(HemlineError, match=r"7 of 8 .* \(1 by id, 6 by their bytes; first dress3, in test\)"):
        unseen_only(split, hashes, leave_out=False)
    with pytest.raises(HemlineError, match="every photo"):
        unseen_only(split, {"dress3": hashes["dress3"]}, leave_out=True)
    with pytest.raises(HemlineError, match="about the train split only, not about 'val'"):
        unseen_only(read_split(data, "val"), hashes, leave_out=True)


def test_records_of_an_evaluation_split_count_too(tmp_path: Path) -> None:
    data = make_train_folder(tmp_path, each=3)
    split = read_split(data, "train")
    lines = [json.loads(line) for line in (data / "garments.jsonl").read_text("utf-8").splitlines()]
    lines[0]["split"] = "test"
    (data / "garments.jsonl").write_text("\n".join(map(json.dumps, lines)), "utf-8")
    with pytest.raises(HemlineError, match=r"1 of 2 train photos .* first dress0, in test"):
        unseen_only(split, {"dress0": "1", "dress1": "2"}, leave_out=False)
