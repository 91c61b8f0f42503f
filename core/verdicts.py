"""What a judgement is, and how a history of them folds into the present state. No file is touched here."""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from typing import NamedTuple

from core.errors import HemlineError

VERDICTS: dict[str, str] = {
    "target": "this is the garment that was asked for",
    "acceptable": "not the one meant, yet a right answer to the query: never a negative in training",
    "near-duplicate": "the same garment as the reference or as another hit",
    "hard negative": "looks plausible and is wrong: what training should push away",
    "unsure": "the judge cannot tell; kept for agreement, not for training",
}
UNDO = "undo"


def now() -> str:
    """The present moment as ISO 8601 in UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Judgement:
    """What one person says about one hit of one query.

    `reference_hash` is the sha256 of the reference picture's bytes (with `reference_id` when it is in
    the catalogue; both None for a query of words alone); `text` the words exactly as asked ("" for a
    picture alone); `rank` from 1 and `score` as shown; `verdict` a key of VERDICTS, or UNDO, and then
    `undoes` is the number of the event taken back.
    """

    annotator: str
    hit_id: str
    rank: int
    score: float
    verdict: str
    model_fingerprint: str
    index_fingerprint: str
    reference_id: str | None = None
    reference_hash: str | None = None
    text: str = ""
    reason: str = ""
    session: str = ""
    undoes: int | None = None
    time: str = field(default_factory=now)


@dataclass(frozen=True)
class Event:
    """A saved judgement and its number, from 1 in the order of saving."""

    seq: int
    judgement: Judgement

    def as_dict(self) -> dict[str, object]:
        """`seq` and the judgement's fields, plain values for JSON."""
        return {"seq": self.seq, **asdict(self.judgement)}


class Judged(NamedTuple):
    """What a verdict is about: the state holds at most one verdict for each."""

    annotator: str
    reference_hash: str | None
    text: str
    hit_id: str


def judged(judgement: Judgement) -> Judged:
    """What this judgement is about."""
    return Judged(judgement.annotator, judgement.reference_hash, judgement.text, judgement.hit_id)


def fold(history: Iterable[Event]) -> dict[Judged, Event]:
    """The state after `history` (in order): per person, query and hit the latest verdict that stands.

    An event stands unless an undo of it stands; so the undo of an undo brings the verdict back, and
    taking the latest verdict back brings the one before it back. The latest is that of the latest time, and
    of the same time the one saved last: so histories merged from two machines fold alike on both.
    """
    ordered = list(history)
    gone: set[int] = set()
    for event in reversed(ordered):  # an undo comes after what it undoes, so its own standing is settled
        if event.judgement.undoes is not None and event.seq not in gone:
            gone.add(event.judgement.undoes)
    state: dict[Judged, Event] = {}
    for event in sorted(ordered, key=lambda event: event.judgement.time):
        if event.judgement.verdict != UNDO and event.seq not in gone:
            state[judged(event.judgement)] = event
    return state


def check(judgement: Judgement) -> None:
    """HemlineError, saying which field, unless the judgement can be saved and makes sense by itself."""
    for item in fields(Judgement):
        value = getattr(judgement, item.name)
        if "str" in str(item.type) and not (value is None and "None" in str(item.type)):
            _check_text(item.name, value)
    for name in ("annotator", "hit_id", "model_fingerprint", "index_fingerprint", "time"):
        if not getattr(judgement, name).strip():
            raise HemlineError(f"a judgement needs its {name}; it is empty")
    if judgement.reference_id is not None and not judgement.reference_hash:
        raise HemlineError(
            "a judgement with a reference needs reference_hash, the sha256 of that picture's bytes"
        )
    if not judgement.reference_hash and not judgement.text.strip():
        raise HemlineError("a judgement needs its query: a reference_hash, a text, or both")
    if not _whole(judgement.rank) or not 1 <= judgement.rank < 2**31:
        raise HemlineError(f"a judgement's rank is a whole number from 1; it is {judgement.rank!r}")
    if not isinstance(judgement.score, int | float) or not math.isfinite(judgement.score):
        raise HemlineError(f"a judgement's score is a finite number; it is {judgement.score!r}")
    if judgement.verdict != UNDO and judgement.verdict not in VERDICTS:
        known = ", ".join(VERDICTS)
        raise HemlineError(f"{judgement.verdict!r} is no verdict; use one of {known}, or {UNDO}")
    if (judgement.verdict == UNDO) != _whole(judgement.undoes):
        raise HemlineError("an undo, and only an undo, names the event it takes back, by number, in `undoes`")


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_text(name: str, value: object) -> None:
    if not isinstance(value, str):
        raise HemlineError(f"a judgement's {name} is text; it is {value!r}")
    try:
        value.encode()
    except UnicodeEncodeError:  # a lone surrogate, as broken JSON clients send
        raise HemlineError(f"a judgement's {name} is not Unicode text: {value!r}") from None
