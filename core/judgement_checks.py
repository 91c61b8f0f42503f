"""What a judgement must be before it is saved, and what is refused with a sentence."""

import math
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import datetime

from core.errors import HemlineError
from core.verdicts import UNDO, VOCABULARY, Judgement, Verdict

LONGEST = {"reason": 2_000, "text": 10_000}
"""The most characters of a field; LONGEST_NAME of any other."""
LONGEST_NAME = 200
MOST_WARNINGS = 20
_LINES = {"reason": "\n\t", "text": "\r\n\t"}
"""Control characters that a field may hold: people break lines."""
_TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of what follows: one name could be made to look like another."""


def check(judgement: Judgement, vocabulary: Mapping[str, Verdict] = VOCABULARY) -> None:
    """HemlineError, saying which field, unless this new judgement can be saved and makes sense by itself.

    Texts are kept as they are, markup and templates among them: whoever shows them escapes them. Control
    characters and what is too long are refused.
    """
    check_sense(judgement)
    for name, value in _texts(judgement):
        check_field(name, value)
    if len(judgement.second_look) > MOST_WARNINGS:
        raise HemlineError(f"a judgement's second_look names at most {MOST_WARNINGS} warnings")
    if judgement.rank < 1:
        raise HemlineError(f"a judgement's rank is a whole number from 1; it is {judgement.rank!r}")
    if judgement.reference_id is not None and not judgement.reference_hash:
        raise HemlineError(
            "a judgement with a reference needs reference_hash, the sha256 of that picture's bytes"
        )
    if judgement.verdict not in {*vocabulary, UNDO}:
        known = ", ".join(vocabulary)
        raise HemlineError(f"{judgement.verdict!r} is no verdict; use one of {known}, or {UNDO}")
    try:
        datetime.fromisoformat(judgement.time)
    except ValueError:
        raise HemlineError(f"a judgement's time is ISO 8601; it is {judgement.time!r}") from None


def check_field(name: str, value: str) -> None:
    """HemlineError where the text of field `name` is too long or holds control characters."""
    _check_text(name, value)
    most = LONGEST.get(name, LONGEST_NAME)
    if len(value) > most:
        raise HemlineError(
            f"a judgement's {name} has at most {most:,} characters; this has {len(value):,}, so shorten it"
        )
    allowed = _LINES.get(name, "")
    turning = set() if name in _LINES else _TURNING
    for sign in value:
        if (unicodedata.category(sign) == "Cc" and sign not in allowed) or sign in turning:
            raise HemlineError(
                f"a judgement's {name} holds the control character U+{ord(sign):04X}; leave it out"
            )


def check_sense(judgement: Judgement) -> None:
    """HemlineError unless the fields are of their kinds and say what was judged.

    This is asked of what is imported or replayed too, which may be older than today's limits and of another
    vocabulary.
    """
    for item in fields(Judgement):
        value = getattr(judgement, item.name)
        if item.type in (str, str | None) and (value is not None or item.type is str):
            _check_text(item.name, value)
    for name in ("annotator", "hit_id", "verdict", "model_fingerprint", "index_fingerprint", "time"):
        if not getattr(judgement, name).strip():
            raise HemlineError(f"a judgement needs its {name}; it is empty")
    if not judgement.reference_hash and not judgement.reference_id and not judgement.text.strip():
        raise HemlineError("a judgement needs its query: a reference_hash, a text, or both")
    if not _whole(judgement.rank) or not 0 <= judgement.rank < 2**31:
        raise HemlineError(f"a judgement's rank is a whole number from 1; it is {judgement.rank!r}")
    if not isinstance(judgement.score, int | float) or not math.isfinite(judgement.score):
        raise HemlineError(f"a judgement's score is a finite number; it is {judgement.score!r}")
    if not isinstance(judgement.blind, bool):
        raise HemlineError(f"a judgement's blind is true or false; it is {judgement.blind!r}")
    if not isinstance(judgement.second_look, tuple):
        raise HemlineError("a judgement's second_look is a tuple of the warnings' names")
    for warning in judgement.second_look:
        _check_text("second_look", warning)
    if (judgement.verdict == UNDO) != _whole(judgement.undoes):
        raise HemlineError("an undo, and only an undo, names the event it takes back, by number, in `undoes`")


def check_shown(
    judgement: Judgement, ids: Collection[str], model_fingerprint: str, index_fingerprint: str
) -> None:
    """HemlineError where the judged hit or reference is not among the catalogue's `ids`, or another model or
    index ranked it than the one that answers now.
    """
    if judgement.hit_id not in ids:
        raise HemlineError("the judged garment is not in this catalogue: search again")
    if judgement.reference_id is not None and judgement.reference_id not in ids:
        raise HemlineError("the judged query's reference is not in this catalogue: search again")
    if (judgement.model_fingerprint, judgement.index_fingerprint) != (model_fingerprint, index_fingerprint):
        raise HemlineError(
            "the app now runs another model or catalogue than ranked these cards: search again"
        )


def clean_name(name: str, most: int = LONGEST_NAME) -> str:
    """`name` as one line that `check` takes: spaces joined, control characters and turning marks dropped."""
    line = " ".join(name.split())
    kept = (sign for sign in line if unicodedata.category(sign) not in ("Cc", "Cs") and sign not in _TURNING)
    return "".join(kept)[:most].strip()


def _texts(judgement: Judgement) -> list[tuple[str, str]]:
    named = [(item.name, getattr(judgement, item.name)) for item in fields(Judgement)]
    texts = [(name, value) for name, value in named if isinstance(value, str)]
    return texts + [("second_look", warning) for warning in judgement.second_look]


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise HemlineError(f"a judgement's {name} is text; it is {value!r:.100}")
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate, as broken JSON clients send
        raise HemlineError(f"a judgement's {name} is not Unicode text: {value!r:.100}") from None
