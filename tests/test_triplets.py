"""Generated triplets over the real train garments: every claim is true, the wording says nothing else."""

import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import vocabulary
from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.types import Garment
from train import wording
from train.captions import caption_parts, content_words
from train.edits import Edit, change_phrases, ordinals
from train.negatives import duplicates
from train.sentences import attribute_sentences
from train.triplets import FIELDS, GeneratedTriplet, generate_triplets

# All a text may hold besides the words of its claims.
GLUE = """
    is are make it the same but similar style with without and has no instead of rather than not add replace
    remove lose as change to a an
"""


@pytest.fixture(scope="module")
def garments(closet_dir: Path) -> list[Garment]:
    return list(read_split(closet_dir, "train").garments.values())


@pytest.fixture(scope="module")
def triplets(garments: list[Garment]) -> list[GeneratedTriplet]:
    return generate_triplets(garments, 4000, random.Random(0))


@pytest.fixture(scope="module")
def by_id(garments: list[Garment]) -> dict[str, Garment]:
    return {g.id: g for g in garments}


def is_true(edit: Edit, reference: Garment, target: Garment) -> bool:
    if edit.claim in ("more", "less"):
        step = ordinals(target)[edit.field] - ordinals(reference)[edit.field]
        return step > 0 if edit.claim == "more" else step < 0
    if edit.claim == "says":
        return edit.words in " ".join(target.caption.split())
    if edit.claim == "unsaid":
        return edit.words in reference.caption and not content_words(edit.words) & content_words(
            target.caption
        )
    value = getattr(target, edit.field)
    held = edit.value in value if isinstance(value, tuple) else edit.value == value
    before = getattr(reference, edit.field)
    had = edit.value in before if isinstance(before, tuple) else edit.value == before
    return held if edit.claim == "has" else (had and not held)


def test_every_claim_is_true_of_the_target(
    triplets: list[GeneratedTriplet], by_id: dict[str, Garment]
) -> None:
    wrong = [
        (t.text, e) for t in triplets for e in t.edits if not is_true(e, by_id[t.reference], by_id[t.target])
    ]
    assert wrong == []
    claims = {e.claim for t in triplets for e in t.edits}
    assert claims == {"has", "lacks", "more", "less", "says", "unsaid"}


def test_the_text_holds_its_claims_and_glue_and_nothing_else(triplets: list[GeneratedTriplet]) -> None:
    for t in triplets:
        left = f" {t.text} ".replace(",", " , ")
        for edit in sorted(t.edits, key=lambda e: -len(e.words)):
            words = edit.words.replace(",", " , ")
            assert edit.words in t.text, (t.text, edit)
            left = left.replace(f" {words} ", "  ")
        extra = set(re.findall(r"[^\s,]+", left)) - set(GLUE.split())
        assert not extra, (t.text, t.edits, extra)


def test_words_are_true_of_the_value_they_stand_for() -> None:
    """The tables name only values of the vocabulary, and no two values of a field share a wording."""
    for table, values in (
        (wording.COLORS, vocabulary.COLORS),
        (wording.PATTERN_ADJECTIVES, vocabulary.PATTERNS),
        (wording.PATTERN_NOUNS, vocabulary.PATTERNS),
        (wording.SLEEVES, vocabulary.SLEEVES),
        (wording.NECKLINES, vocabulary.NECKLINES),
        (wording.LENGTHS, vocabulary.LENGTHS),
        (wording.FITS, vocabulary.FITS),
        (wording.FABRICS, vocabulary.FABRICS),
    ):
        assert set(table) <= set(values)
        said = [words for value in table for words in set(table[value])]
        assert len(said) == len(set(said))


def test_pairs_are_alike_as_human_pairs_are(
    triplets: list[GeneratedTriplet], by_id: dict[str, Garment], closet_dir: Path
) -> None:
    def mean_shared(pairs: list[tuple[str, str]]) -> float:
        shared = [sum(getattr(by_id[a], f) == getattr(by_id[b], f) for f in FIELDS) for a, b in pairs]
        return sum(shared) / len(shared)

    human = mean_shared([(t.reference, t.target) for t in read_split(closet_dir, "train").triplets])
    made = [(t.reference, t.target) for t in triplets if by_id[t.reference].category == t.category]
    assert abs(mean_shared(made) - human) < 0.5
    across = 1 - len(made) / len(triplets)
    assert 0.01 < across < 0.06
    assert all(t.reference != t.target for t in triplets)


def test_texts_vary_and_are_as_long_as_people_write(
    triplets: list[GeneratedTriplet], closet_dir: Path
) -> None:
    captions = [c for t in triplets for c in t.captions]
    assert len(set(captions)) > 0.9 * len(captions)
    human = [c for t in read_split(closet_dir, "train").triplets for c in t.captions]
    words = [sum(len(c.split()) for c in texts) / len(texts) for texts in (captions, human)]
    assert abs(words[0] - words[1]) < 2
    assert all(c == c.strip() and "  " not in c and c for c in captions)


def test_the_seed_decides(garments: list[Garment]) -> None:
    few = garments[:300]
    assert generate_triplets(few, 50, random.Random(5)) == generate_triplets(few, 50, random.Random(5))
    assert generate_triplets(few, 50, random.Random(5)) != generate_triplets(few, 50, random.Random(6))


def test_other_splits_are_refused(garments: list[Garment]) -> None:
    leaked = [*garments[:5], replace(garments[5], split="val")]
    with pytest.raises(HemlineError, match=r"train split only; 1 of the garments are not, .* \(val\)"):
        generate_triplets(leaked, 1, random.Random(0))


def test_garments_that_do_not_differ_end_with_a_sentence(garments: list[Garment]) -> None:
    twins = [garments[0], replace(garments[0], id="twin")]
    with pytest.raises(HemlineError, match="differ too little"):
        generate_triplets(twins, 3, random.Random(0))
    same = duplicates({garments[0].id: "1", garments[1].id: "1"})
    with pytest.raises(HemlineError, match="differ too little"):
        generate_triplets(garments[:2], 3, random.Random(0), duplicates=same)


@given(st.integers(0, 2596), st.integers(0, 2**32))
def test_an_attribute_sentence_names_kind_and_colour(garments: list[Garment], index: int, seed: int) -> None:
    garment = garments[index]
    sentence = attribute_sentences(garment, random.Random(seed))
    assert garment.kind in sentence
    assert any(word in sentence for word in wording.COLORS[garment.colors[0]])
    assert sentence == " ".join(sentence.split())
    for color, words in wording.COLORS.items():
        if color not in garment.colors:
            others = {w for c in garment.colors for w in wording.COLORS[c]}
            named = [w for w in words if re.search(rf"\b{w}\b", sentence) and not any(w in o for o in others)]
            assert named == []


def test_captions_come_apart_by_hand() -> None:
    parts = caption_parts("dark red tee with a white fist print, red text and ribbed cuffs and hem")
    assert (parts.head, parts.noun, parts.colors) == ("dark red tee", "tee", "dark red")
    assert parts.pieces == ("a white fist print", "red text", "ribbed cuffs and hem")
    assert caption_parts("tee with a grey and red print").pieces == ("a grey and red print",)
    assert caption_parts("jeans with rips at the thighs and knees and white paint splatters").pieces == (
        "rips at the thighs and knees",
        "white paint splatters",
    )


def test_a_change_of_one_attribute_is_all_that_is_worded(garments: list[Garment]) -> None:
    plain = next(g for g in garments if g.sleeve == "short" and g.category == "toptee")
    longer = replace(plain, id="longer", sleeve="long")
    phrases = change_phrases(plain, longer, random.Random(0))
    assert {e.field for p in phrases for e in p.edits} == {"sleeve", "sleeve length"}
    assert any(p.words == "longer sleeves" for p in phrases)
