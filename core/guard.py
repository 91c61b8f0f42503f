"""Before a hard negative counts: what speaks for the candidate being right, and a second look at it.

A flag on a right answer teaches the model the opposite of what was meant. So what is known of the candidate
is told first (`warnings`), and `accept` lets the flag pass once its `second_look` names every warning shown.
Nothing here knows a model: vectors are target-side unit rows, as an index holds them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.datasets.leakage import COPY_DISTANCE
from core.files import read_json
from core.opinions import Item, opinions, rulings
from core.requests import Request, met
from core.types import Garment
from core.verdicts import VOCABULARY, Event, Judgement, Verdict, role_of
from core.wishes import read_wish

MARGINS: dict[str, float] = read_json(Path(__file__).with_suffix(".json"))
"""By the fingerprint of a model's target side: the cosine with the target from which an answer may be right.

`python -m train.guard` measures it; docs/judgements.md says what it catches.
"""

DEVIATIONS = 2.5
"""The margin for a model that nobody measured: deviations above the target's mean cosine (`nearness`)."""

SAME = 0.98
"""Cosine from which two photos are taken for one garment; below, copies are told by their hash as well."""

# Drawn garments of one cut have near hashes, whatever their colour; their vectors tell them apart.
_SAME_WITH_HASH = 0.9
_FEWEST = 30  # garments below which a catalogue says nothing of what is near

NEAR_TARGET = "near the target"
MEETS_ALL = "meets all that was asked"
JUDGED_RIGHT = "judged right"
NEAR_DUPLICATE = "near-duplicate"
WARNINGS = (NEAR_TARGET, MEETS_ALL, JUDGED_RIGHT, NEAR_DUPLICATE)
"""The names of the warnings, as `second_look` holds them."""


@dataclass(frozen=True)
class Caution:
    """One warning: its name, of `WARNINGS`, and a sentence for the person who judges."""

    name: str
    sentence: str


@dataclass(frozen=True)
class Query:
    """The query a candidate is judged for.

    `reference_id` where the reference is in the catalogue; `reference` its record and `vector` its
    target-side unit vector where they are known besides (an uploaded photo has no id). `request` what the
    words ask, where that is on file; else the words are read (`core.wishes`). `targets`: right answers that
    are known.
    """

    text: str = ""
    reference_hash: str | None = None
    reference_id: str | None = None
    reference: Garment | None = None
    vector: NDArray[np.float32] | None = None
    request: Request | None = None
    targets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Known:
    """What is known of the catalogue: unit rows float32 [n, d] with their ids, and by id records and hashes.

    `hashes` are difference hashes (`core.datasets.leakage.difference_hash`), of the reference under "" too
    where it is not in the catalogue. `margin` is that of the model which made the vectors (`MARGINS`), None
    where nobody measured it.
    """

    vectors: NDArray[np.float32]
    positions: Mapping[str, int]
    garments: Mapping[str, Garment] = field(default_factory=dict)
    hashes: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    margin: float | None = None


@dataclass(frozen=True)
class Accepted:
    """The judgement may be appended."""

    judgement: Judgement


@dataclass(frozen=True)
class SecondLook:
    """The judgement is not taken yet: `missing` warnings are to be shown, and named next time."""

    missing: tuple[Caution, ...]

    @property
    def sentence(self) -> str:
        """What to tell the person."""
        return "Look again before this counts as wrong: " + " ".join(one.sentence for one in self.missing)


def warnings(
    query: Query,
    candidate: str,
    known: Known,
    history: Iterable[Event] = (),
    vocabulary: Mapping[str, Verdict] = VOCABULARY,
) -> tuple[Caution, ...]:
    """What speaks against calling `candidate` a wrong answer, in the order of `WARNINGS`.

    Targets are those of the query and the hits that people call the target of it. What is not known (no
    target, no record, no hash) gives no warning.
    """
    said = _said(query, history)
    right = {hit: events_ for hit, events_ in said.items() if _roles(events_, vocabulary) & {"positive"}}
    targets = dict.fromkeys((*query.targets, *(hit for hit, told in right.items() if _called_target(told))))
    targets.pop(candidate, None)
    found = [
        _near_target(candidate, tuple(targets), known),
        _meets_all(query, candidate, known),
        _judged_right(right.get(candidate, ()), vocabulary, candidate in query.targets),
        _near_duplicate(query, candidate, tuple(targets), known),
    ]
    return tuple(one for one in found if one is not None)


def accept(
    judgement: Judgement, shown: Iterable[Caution], vocabulary: Mapping[str, Verdict] = VOCABULARY
) -> Accepted | SecondLook:
    """Whether a judgement may be saved: it is no negative, or it names every warning shown."""
    missing = tuple(one for one in shown if one.name not in judgement.second_look)
    if role_of(judgement.verdict, vocabulary) != "negative" or not missing:
        return Accepted(judgement)
    return SecondLook(missing)


def nearness(vectors: NDArray[np.float32], target: int) -> NDArray[np.float32]:
    """How near each row [n] is to the row `target`: deviations of its cosine above the catalogue's mean.

    So measured, a margin means much the same for models whose cosines are spread differently. The target is
    left out of mean and deviation; where all are alike, everything is at 0.
    """
    cosines = vectors @ vectors[target]
    others = np.delete(cosines, target)
    spread = float(others.std()) if len(others) else 0.0
    return (cosines - others.mean()) / spread if spread > 0 else np.zeros_like(cosines)


def _said(query: Query, history: Iterable[Event]) -> dict[str, tuple[Event, ...]]:
    asked = (query.reference_hash or query.reference_id, query.text)
    past = list(history)
    said = {item.hit_id: told for item, told in opinions(past).items() if _query_of(item) == asked}
    for item, ruling in rulings(past).items():
        if _query_of(item) == asked:
            said[item.hit_id] = (*said.get(item.hit_id, ()), ruling)
    return said


def _query_of(item: Item) -> tuple[str | None, str]:
    return item.reference_hash, item.text


def _roles(said: Iterable[Event], vocabulary: Mapping[str, Verdict]) -> set[str]:
    return {role_of(event.judgement.verdict, vocabulary) for event in said}


def _called_target(said: Iterable[Event]) -> bool:
    return any(event.judgement.verdict == "target" for event in said)


def _near_target(candidate: str, targets: tuple[str, ...], known: Known) -> Caution | None:
    row = known.positions.get(candidate)
    for target in targets:
        place = known.positions.get(target)
        if row is not None and place is not None and _is_near(known, row, place):
            cosine = float(known.vectors[place] @ known.vectors[row])
            return Caution(
                NEAR_TARGET,
                f"It is as near to the garment that was meant as right answers are (cosine {cosine:.2f}).",
            )
    return None


def _is_near(known: Known, row: int, target: int) -> bool:
    if known.margin is not None:
        return float(known.vectors[target] @ known.vectors[row]) >= known.margin
    return len(known.vectors) >= _FEWEST and float(nearness(known.vectors, target)[row]) >= DEVIATIONS


def _meets_all(query: Query, candidate: str, known: Known) -> Caution | None:
    garment = known.garments.get(candidate)
    if garment is None:
        return None
    reference = query.reference or known.garments.get(query.reference_id or "")
    words = ""
    request = query.request
    if request is None:
        reading = read_wish(query.text, reference)
        if reading.unread:  # something was asked that could not be told: nobody knows whether all is met
            return None
        request = reading.request
        words = f" ({', '.join(dict.fromkeys(reading.words.values()))})" if reading.words else ""
    asks = bool(request.edits or request.add or request.remove)
    if not asks or not met(request, garment):
        return None
    return Caution(MEETS_ALL, f"By its record it is all that the words ask for{words}.")


def _judged_right(
    said: Iterable[Event], vocabulary: Mapping[str, Verdict], is_target: bool
) -> Caution | None:
    given = [e.judgement.verdict for e in said if role_of(e.judgement.verdict, vocabulary) == "positive"]
    if is_target:
        return Caution(JUDGED_RIGHT, "It is the garment that this query is known to mean.")
    if not given:
        return None
    told = " and ".join(f'{given.count(verdict)} x "{verdict}"' for verdict in dict.fromkeys(given))
    return Caution(JUDGED_RIGHT, f"It was judged right for this query ({told}).")


def _near_duplicate(query: Query, candidate: str, targets: tuple[str, ...], known: Known) -> Caution | None:
    place = known.positions.get(candidate)
    here = known.vectors[place] if place is not None else None
    others = dict.fromkeys(targets, "the garment that was meant")
    others[query.reference_id or ""] = "the reference"
    for id_, name in others.items():
        row = known.positions.get(id_)
        there = known.vectors[row] if row is not None else query.vector if name == "the reference" else None
        if id_ != candidate and here is not None and there is not None:
            cosine = float(here @ there)
            if cosine >= SAME or (cosine >= _SAME_WITH_HASH and _copies(candidate, id_, known)):
                return Caution(
                    NEAR_DUPLICATE, f"It looks like another photo of {name} (cosine {cosine:.2f})."
                )
    return None


def _copies(one: str, other: str, known: Known) -> bool:
    if one not in known.hashes or other not in known.hashes:
        return False
    return int((known.hashes[one] != known.hashes[other]).sum()) <= COPY_DISTANCE
