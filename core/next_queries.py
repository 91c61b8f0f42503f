"""Which queries to judge next, so that an hour of judging is worth most.

Each measure says of a query how much is to be learned from judging its answers; `next_queries` ranks by a mix
of them. Measures have scales of their own, so a mix weighs standings: the share of the candidates that a
measure puts below. What a measure knows nothing of (no second version, no known target) stands at 0 there.
Scores and ids are those of the first hits as a search gives them; nothing here knows a model.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from core.adjudication import disagreements
from core.errors import HemlineError
from core.requests import Request, met
from core.types import Garment
from core.verdicts import VOCABULARY, Event, Verdict
from core.wishes import read_wish

TEN = 10
AROUND = (5, 15)  # the ranks between which the scores around the tenth are compared
HITS = AROUND[1]
"""How many first hits of a candidate the measures look at."""

NEAR = 0.01  # cosine below the target's from which a hit below it counts as level with it
EACH = 2
"""Queries of one reference that may come before another reference's turn."""

LOW_MARGIN = "low margin"
VERSIONS = "two versions disagree"
PEOPLE = "people disagree"
SUSPECTED = "suspected false negative"
UNMET = "words not met"

WHY: Mapping[str, str] = {
    LOW_MARGIN: "the scores of its answers lie close together",
    VERSIONS: "two versions of the model answer differently",
    PEOPLE: "people disagree on garments among its answers",
    SUSPECTED: "other garments stand above or level with the one meant",
    UNMET: "some of its answers are not as asked, their records say",
}
"""The measures, and what each says to whoever judges."""

MIX: Mapping[str, float] = {LOW_MARGIN: 1.0, VERSIONS: 1.0, PEOPLE: 1.0, SUSPECTED: 1.0, UNMET: 4.0}
"""The default weights. What the records speak against counts as much as all else: it is what judging mends
(docs/judgements.md)."""

NOTHING_SPECIAL = "nobody judged its answers yet"


@dataclass(frozen=True)
class Candidate:
    """A query that may be judged, with its first hits, best first, about `HITS` of them: ids and cosines.

    `other` are the ids of the first ten hits of a second version of the model, empty where there is none;
    `targets` the right answers that are known; `unmet` how many of the first ten do not meet the words, as
    the records of the garments say, 0 where there are none.
    """

    reference_id: str
    text: str
    hits: tuple[str, ...]
    scores: tuple[float, ...]
    other: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    reference_hash: str | None = None
    unmet: int = 0


@dataclass(frozen=True)
class Next:
    """A query to judge: its value in the mix, 0 to the sum of the weights, and its main reason in words."""

    candidate: Candidate
    value: float
    why: str


def next_queries(
    candidates: Iterable[Candidate],
    history: Iterable[Event] = (),
    mix: Mapping[str, float] = MIX,
    each: int = EACH,
    vocabulary: Mapping[str, Verdict] = VOCABULARY,
) -> list[Next]:
    """The candidates that nobody judged, the most useful first, each query once.

    At most `each` queries of one reference come before all references had their turn, then `each` more, and
    so on. The order does not depend on the order the candidates come in: what is equally useful, and under an
    empty mix everything, comes as `drawn`. Raises HemlineError for a measure that is none, and an `each`
    below 1.
    """
    if unknown := sorted(mix.keys() - WHY.keys()):
        raise HemlineError(f"{unknown[0]!r} is no measure; the measures are {', '.join(WHY)}")
    if each < 1:
        raise HemlineError(f"each is {each}; at least one query of a reference must be allowed")
    past = list(history)
    fresh = _fresh(candidates, past)
    contested = contested_garments(past, vocabulary)
    values = {name: [_value(name, one, contested) for one in fresh] for name in mix}
    standings = {name: mix[name] * _standing(found) for name, found in values.items()}
    ranked = []
    for place, candidate in enumerate(fresh):
        parts = {name: float(standing[place]) for name, standing in standings.items()}
        best = max(parts, key=lambda name: parts[name], default=None)
        why = WHY[best] if best is not None and parts[best] > 0 else NOTHING_SPECIAL
        ranked.append(Next(candidate, sum(parts[name] for name in WHY if name in parts), why))
    ranked.sort(key=lambda one: -one.value)  # stable: the fresh ones are in the order of their draw
    return _by_turns(ranked, each)


def drawn(reference_id: str, text: str) -> bytes:
    """A key that puts queries in an order as good as drawn, the same on every machine: a sha256."""
    return sha256(repr((reference_id, text)).encode()).digest()


def low_margin(scores: Sequence[float]) -> float:
    """Minus the smaller of two gaps of cosine scores: first to second, and fifth to fifteenth; at most 0.

    Where there are fewer hits the gaps are those there are; of a single hit there is none to learn from.
    """
    if len(scores) < 2:
        return -2.0
    first, around = AROUND
    gaps = [scores[0] - scores[1]]
    if len(scores) > TEN:
        gaps.append(scores[first - 1] - scores[min(around, len(scores)) - 1])
    return -min(gaps)


def versions_disagree(hits: Sequence[str], other: Sequence[str]) -> float:
    """The share, 0 to 1, of the first ten that the other version does not have among its own."""
    if not other or not hits:
        return 0.0
    return 1 - len({*hits[:TEN]} & {*other[:TEN]}) / len({*hits[:TEN]})


def suspected(hits: Sequence[str], scores: Sequence[float], targets: Sequence[str]) -> float:
    """How many of the first ten stand above the best known target, or at most `NEAR` below it, 0 to 10.

    They are wrong and above a right one, or right and not known to be: worth a look in either case.
    """
    if not targets:
        return 0.0
    there = [score for hit, score in zip(hits, scores, strict=True) if hit in targets]
    level = max(there) - NEAR if there else -np.inf
    pairs = list(zip(hits, scores, strict=True))[:TEN]
    return float(sum(score >= level for hit, score in pairs if hit not in targets))


def unmet(text: str, reference: Garment | None, hits: Sequence[Garment | None]) -> int:
    """How many of the first ten hits do not meet what `text` asks, by their records, 0 to 10.

    Words that cannot be told (`core.wishes`) and hits without a record count for nothing.
    """
    reading = read_wish(text, reference)
    if reading.unread or reading.request == Request():
        return 0
    return sum(hit is not None and not met(reading.request, hit) for hit in hits[:TEN])


def contested_garments(
    history: Iterable[Event], vocabulary: Mapping[str, Verdict] = VOCABULARY
) -> frozenset[str]:
    """The hits that people disagree on, in whatever query, and that nobody adjudicated."""
    open_ = disagreements(history, vocabulary)
    return frozenset(one.item.hit_id for one in open_ if one.roles)


def _value(name: str, candidate: Candidate, contested: frozenset[str]) -> float:
    if name == LOW_MARGIN:
        return low_margin(candidate.scores)
    if name == VERSIONS:
        return versions_disagree(candidate.hits, candidate.other)
    if name == PEOPLE:
        return float(len(contested.intersection(candidate.hits[:TEN])))
    if name == UNMET:
        return float(candidate.unmet)
    return suspected(candidate.hits, candidate.scores, candidate.targets)


def _standing(values: Sequence[float]) -> np.ndarray:
    """The share of all that is lower than each, float64 [n]; equals stand equal, the lowest at 0."""
    found = np.array(values, dtype=np.float64)
    return np.searchsorted(np.sort(found), found, side="left") / max(1, len(found))


def _fresh(candidates: Iterable[Candidate], history: Iterable[Event]) -> list[Candidate]:
    """The candidates that no event is about, one of each query, as `drawn`."""
    said = [event.judgement for event in history]
    by_id = {(one.reference_id, one.text) for one in said if one.reference_id is not None}
    by_hash = {(one.reference_hash, one.text) for one in said if one.reference_hash is not None}
    ordered = sorted(candidates, key=lambda one: (drawn(one.reference_id, one.text), repr(one)))
    once = {(one.reference_id, one.text): one for one in reversed(ordered)}
    return [
        one
        for key, one in reversed(once.items())
        if key not in by_id and (one.reference_hash, one.text) not in by_hash
    ]


def _by_turns(ranked: Sequence[Next], each: int) -> list[Next]:
    had: dict[str, int] = {}
    turns = []
    for one in ranked:
        reference = one.candidate.reference_id
        turns.append(had.get(reference, 0) // each)
        had[reference] = had.get(reference, 0) + 1
    return [one for _, one in sorted(zip(turns, ranked, strict=True), key=lambda pair: pair[0])]
