"""What a judgement is, the vocabulary of verdicts, and how a history folds into the present state."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

from core.errors import HemlineError
from core.files import read_json

Role = Literal["negative", "positive", "same", "none"]
UNDO = "undo"
LONGEST_VERDICT = 40
TAKEN_KEYS = "ruzxj/?"
"""Keys that mean something else on the page: reference, undo (u, Ctrl+z), select, next, search, help."""


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


def moment(time: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time (UTC where it names no zone); 0 for what is no time."""
    try:
        read = datetime.fromisoformat(time)
    except ValueError:
        return 0
    return (read.replace(tzinfo=read.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(
        microseconds=1
    )


@dataclass(frozen=True)
class Judgement:
    """What one person says about one hit of one query.

    `reference_hash` is the sha256 of the reference picture's bytes (with `reference_id` when it is in
    the catalogue; both None for a query of words alone); `text` the words exactly as asked ("" for a
    picture alone); `rank` from 1 and `score` as shown (0 and 0.0 where an import's format carries neither);
    `verdict` a name of the vocabulary, or UNDO, and then `undoes` is the number of the event taken back.

    `hit_hash` is the sha256 of the hit's picture, `catalogue` the name of the one searched ("" the app's
    first), `occasion` what the hit was judged for ("" a search of one's own; "second judgement",
    "adjudication", "queue"). `blind`: judged without seeing what others said of it. `second_look` names the
    warnings that were shown and gone past, none where there was no warning.
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
    catalogue: str = ""
    hit_hash: str | None = None
    occasion: str = ""
    blind: bool = False
    second_look: tuple[str, ...] = ()


LATER: dict[str, Any] = {"catalogue": "", "hit_hash": None, "occasion": "", "blind": False, "second_look": ()}
"""The fields that format 1 did not have, with what its events mean by not having them."""


@dataclass(frozen=True)
class Event:
    """A saved judgement, its number from 1 in the order of saving, and its place among all stores' events.

    `place` is microseconds since 1970: that of its time, or later where the clock of the store that saved it
    stood behind an event it already had. None means that of its time.
    """

    seq: int
    judgement: Judgement
    place: int | None = None

    def as_dict(self) -> dict[str, object]:
        """`seq`, the judgement's fields and `place`, plain values for JSON."""
        return {"seq": self.seq, **plain(self.judgement), "place": self.place}


def plain(judgement: Judgement) -> dict[str, Any]:
    """The judgement's fields as plain values for JSON."""
    return {**asdict(judgement), "second_look": list(judgement.second_look)}


def read_event(value: Any) -> Event:
    """The event that `Event.as_dict` said; what older formats lack has its default.

    HemlineError where a field is missing or unknown. Whether it makes sense is for `core.judgement_checks`.
    """
    known = {item.name: item for item in fields(Judgement)}
    needed = {name for name, item in known.items() if item.default is MISSING} - {*LATER} | {"seq"}
    if not isinstance(value, dict) or not needed <= value.keys() <= {*known, "seq", "place", "id"}:
        raise HemlineError("it is no judgement as core.judgements exports them; export them again")
    given = {name: value[name] for name in known if name in value}
    if isinstance(given.get("second_look"), list):
        given["second_look"] = tuple(given["second_look"])
    return Event(value["seq"], Judgement(**given), value.get("place"))


class Judged(NamedTuple):
    """What a verdict is about: the state holds at most one verdict for each.

    `reference_hash` is the reference's id where an import did not know the hash.
    """

    annotator: str
    reference_hash: str | None
    text: str
    hit_id: str


def judged(judgement: Judgement) -> Judged:
    """What this judgement is about."""
    reference = judgement.reference_hash or judgement.reference_id
    return Judged(judgement.annotator, reference, judgement.text, judgement.hit_id)


def place_of(event: Event) -> int:
    """The event's place in the order that all stores agree on."""
    return moment(event.judgement.time) if event.place is None else event.place


def fold(history: Iterable[Event]) -> dict[Judged, Event]:
    """The state after `history` (in order): per person, query and hit the latest verdict that stands.

    An event stands unless an undo of it stands; so the undo of an undo brings the verdict back, and
    taking the latest verdict back brings the one before it back. The latest has the highest `place`, which
    in one store grows with every event saved there, whatever its clock says; and histories merged from
    several stores fold alike on all of them.
    """
    ordered = list(history)
    gone: set[int] = set()
    for event in reversed(ordered):  # an undo comes after what it undoes, so its own standing is settled
        if event.judgement.undoes is not None and event.seq not in gone:
            gone.add(event.judgement.undoes)
    state: dict[Judged, Event] = {}
    for event in sorted(ordered, key=place_of):
        if event.judgement.verdict == UNDO or event.seq in gone:
            continue
        about = judged(event.judgement)
        before = state.get(about)
        # two stores may use one place; then what is said decides, since numbers differ between them
        if before is None or place_of(before) < place_of(event) or _said(before) < _said(event):
            state[about] = event
    return state


def _said(event: Event) -> str:
    return repr(event.judgement)
