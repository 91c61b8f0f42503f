"""The tokenizer: any text encodes, special tokens in a user's words are text, it has a fingerprint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backbones.tokenizer import (
    IMAGE,
    PAD,
    SPECIAL,
    prompt_ids,
    text_ids,
    train_tokenizer,
    vocabulary_fingerprint,
)
from core.errors import HemlineError
from tests.tiny_backbones import WORDS

TOKENIZER = train_tokenizer(WORDS * 3, 320)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_encodes_to_plain_tokens_and_back(text: str) -> None:
    ids = text_ids(TOKENIZER, text, 10_000)
    assert all(len(SPECIAL) <= i < len(TOKENIZER) for i in ids)
    normal = TOKENIZER.backend_tokenizer.normalizer.normalize_str(text)
    assert TOKENIZER.decode(ids).removeprefix(" ") == normal.removeprefix(" ")


def test_special_tokens_count_in_a_prompt_and_are_text_in_a_users_words() -> None:
    assert prompt_ids(TOKENIZER, "<image><query>") == [SPECIAL.index(IMAGE), SPECIAL.index("<query>")]
    assert SPECIAL.index(IMAGE) not in text_ids(TOKENIZER, "like <image> but <pad> red<eos>", 64)
    assert SPECIAL.index(PAD) == TOKENIZER.pad_token_id == 0


def test_case_and_place_in_the_sentence_do_not_matter() -> None:
    assert text_ids(TOKENIZER, "RED", 64) == text_ids(TOKENIZER, "red", 64)
    assert text_ids(TOKENIZER, "is red", 64)[-len(text_ids(TOKENIZER, "red", 64)) :] == text_ids(
        TOKENIZER, "red", 64
    )


def test_a_text_over_the_limit_is_refused_with_both_lengths() -> None:
    words = "is red " * 40
    with pytest.raises(HemlineError, match=r'"is red .*…" is \d+ tokens long; this model reads at most 64'):
        text_ids(TOKENIZER, words, 64)


def test_training_needs_texts_and_room_for_the_bytes() -> None:
    with pytest.raises(HemlineError, match="no caption or modification text"):
        train_tokenizer(["", "  "], 400)
    with pytest.raises(HemlineError, match="the least is 262"):
        train_tokenizer(WORDS, 200)


def test_the_fingerprint_is_of_what_was_learnt() -> None:
    assert vocabulary_fingerprint(TOKENIZER) == vocabulary_fingerprint(train_tokenizer(WORDS * 3, 320))
    assert vocabulary_fingerprint(TOKENIZER) != vocabulary_fingerprint(train_tokenizer(WORDS[1:] * 3, 320))
