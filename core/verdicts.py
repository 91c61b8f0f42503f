"""What a judgement is, and how a history of them folds into the present state. No file is touched here."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from core.errors import HemlineError
from core.files import read_json

Role = Literal["negative", "positive", "same", "none"]
UNDO = "undo"
LONGEST_VERDICT = 40
TAKEN_KEYS = "ruz/?"
"""Keys that mean something else on the page: use as reference, undo, redo, search, help."""


@dataclass(frozen=True)
class Verdict:
    """One thing that can be said of a hit.

    `meaning` is a line for the person who judges, `key` the one key that says it on the page. `role` is what
    training and evaluation make of it: a "negative", a "positive", the "same" garment again (neither), or
    "none".
    """

    name: str
    meaning: str
    key: str
    role: Role


def read_vocabulary(path: Path) -> dict[str, Verdict]:
    """The verdicts of a vocabulary file by name, in its order (core/verdicts.json is the form).

    HemlineError names the entry where a field is missing or wrong, or a name or key comes twice.
    """
    entries = read_json(path)
    if not isinstance(entries, list) or not entries:
        raise HemlineError(f"{path} must be a list of verdicts; core/verdicts.json is an example")
    found: dict[str, Verdict] = {}
    for place, entry in enumerate(entries, start=1):
        verdict = _verdict(entry, f"{path} entry {place}")
        if verdict.name in found or verdict.key in {other.key for other in found.values()}:
            raise HemlineError(f"{path} entry {place} repeats the name or the key of an earlier verdict")
        found[verdict.name] = verdict
    return found


def _verdict(entry: Any, where: str) -> Verdict:
    names = [item.name for item in fields(Verdict)]
    if not isinstance(entry, dict) or set(entry) != set(names):
        raise HemlineError(f"{where} must be an object with {', '.join(names)}")
    for part, value in entry.items():
        if not isinstance(value, str) or not value.strip() or not value.isprintable():
            raise HemlineError(f"{where}: {part} must be one line of text")
    name = entry["name"]
    if name == UNDO or len(name) > LONGEST_VERDICT or name != name.strip():
        raise HemlineError(
            f"{where}: a name is not {UNDO!r}, trimmed, and of {LONGEST_VERDICT} characters at most"
        )
    if len(entry["key"]) != 1 or entry["key"] != entry["key"].lower() or entry["key"] in TAKEN_KEYS:
        raise HemlineError(f"{where}: key must be a single key in lower case, none of {TAKEN_KEYS}")
    if entry["role"] not in get_args(Role):
        raise HemlineError(f"{where}: role must be one of {', '.join(get_args(Role))}")
    return Verdict(**entry)


VOCABULARY: dict[str, Verdict] = read_vocabulary(Path(__file__).with_suffix(".json"))
"""The verdicts that come with Hemline; a project may have a file of its own (`read_vocabulary`)."""


def role_of(verdict: str, vocabulary: Mapping[str, Verdict] = VOCABULARY) -> Role:
    """What is made of a verdict; "none" for one outside the vocabulary, as old events may have."""
    return vocabulary[verdict].role if verdict in vocabulary else "none"


def now() -> str:
    """The present moment as ISO 8601 in UTC with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Judgement:
    """What one person says about one hit of one query.

    `reference_hash` is the sha256 of the reference picture's bytes (with `reference_id` when it is in
    the catalogue; both None for a query of words alone); `text` the words exactly as asked ("" for a
    picture alone); `rank` from 1 and `score` as shown; `verdict` a name of the vocabulary, or UNDO, and then
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


def check(judgement: Judgement, vocabulary: Mapping[str, Verdict] | None = VOCABULARY) -> None:
    """HemlineError, saying which field, unless the judgement can be saved and makes sense by itself.

    `vocabulary` None lets any verdict pass, for what was saved under another vocabulary.
    """
    for item in fields(Judgement):
        value = getattr(judgement, item.name)
        if "str" in str(item.type) and not (value is None and "None" in str(item.type)):
            _check_text(item.name, value)
    for name in ("annotator", "hit_id", "verdict", "model_fingerprint", "index_fingerprint", "time"):
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
    if vocabulary is not None and judgement.verdict not in {*vocabulary, UNDO}:
        known = ", ".join(vocabulary)
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
