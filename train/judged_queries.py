"""What people judged, as queries with their wrong and right answers: what a refinement learns from.

People may disagree: what holds is settled by `core.adjudication`, and hits that stay contested are left out
and counted. Queries and hits are known by the hashes and ids of photos, so it is no matter which model
answered when they were judged, nor how far down a hit stood.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from core.adjudication import Settled, settled
from core.errors import HemlineError
from core.files import fingerprint
from core.opinions import as_shown
from core.verdicts import VOCABULARY, Event, Verdict, fold


@dataclass(frozen=True)
class JudgedHit:
    """One hit of one query: `rank` from 1 and cosine `score` as they were shown when it was judged."""

    id: str
    role: str
    rank: int
    score: float


@dataclass(frozen=True)
class JudgedQuery:
    """One query and its judged hits; the reference by content hash, and id where it is in a catalogue."""

    reference_hash: str | None
    reference_id: str | None
    text: str
    hits: tuple[JudgedHit, ...]

    def ids(self, role: str) -> tuple[str, ...]:
        """The hits of that role."""
        return tuple(hit.id for hit in self.hits if hit.role == role)


@dataclass(frozen=True)
class Judgements:
    """The queries to learn from, the numbers of the events that say so, and what was left out, by reason.

    `fingerprint` is of those events, so that the same judgements are known again in another file.
    """

    queries: tuple[JudgedQuery, ...]
    events: tuple[int, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)
    fingerprint: str = ""

    def count(self, role: str) -> int:
        """How many hits have that role."""
        return sum(len(query.ids(role)) for query in self.queries)


CONFLICT = "hits that people disagree on"
NO_ROLE = "judged unsure"
GONE_HIT = "hits no longer in the index"
GONE_REFERENCE = "queries whose reference is gone"


def gather(
    history: Iterable[Event],
    hits: Container[str],
    references: Container[str],
    vocabulary: Mapping[str, Verdict] = VOCABULARY,
    refused: Mapping[str, int] | None = None,
) -> Judgements:
    """The standing judgements of `history` as queries, in the order of their first event.

    `hits` holds the ids of the index, `references` the content hashes of the photos that can be looked at.
    A hit has the role that `core.adjudication.settled` finds. `refused` counts judgements that `core.usable`
    kept out before. Raises HemlineError where nothing is left to learn from, with the counts.
    """
    told = sorted(fold(history).values(), key=lambda event: event.seq)
    found: dict[tuple[str | None, str], list[Settled]] = defaultdict(list)
    for one in settled(told, vocabulary).values():
        said = one.events[0].judgement
        found[said.reference_hash, said.text].append(one)
    left: Counter[str] = Counter(refused or {})
    queries: list[JudgedQuery] = []
    used: list[int] = []
    for (reference, text), every in found.items():
        if reference is not None and reference not in references:
            left[GONE_REFERENCE] += 1
            continue
        kept = [one for one in every if _usable(one, hits, left)]
        if not {"negative", "positive"} & {one.role for one in kept}:
            continue
        events = [event for one in kept for event in one.events]
        used += [event.seq for event in events]
        ids = [event.judgement.reference_id for event in events if event.judgement.reference_id]
        judged = tuple(_hit(one) for one in kept)
        queries.append(JudgedQuery(reference, ids[-1] if ids else None, text, judged))
    if not queries:
        raise HemlineError(
            f"there is nothing to learn from in these judgements{_told(left)}; judge some hits"
        )
    chosen = set(used)
    mark = fingerprint([event.as_dict() for event in told if event.seq in chosen])
    return Judgements(tuple(queries), tuple(sorted(used)), dict(left), mark)


def _usable(one: Settled, hits: Container[str], left: Counter[str]) -> bool:
    """Whether there is something to learn from what is settled of a hit; counts why not."""
    if one.item.hit_id not in hits:
        left[GONE_HIT] += 1
    elif one.why == "contested":
        left[CONFLICT] += 1
    elif one.role == "none":
        left[NO_ROLE] += 1
    else:
        return True
    return False


def _hit(one: Settled) -> JudgedHit:
    said = (as_shown(one.events) or one.events[-1]).judgement
    return JudgedHit(said.hit_id, one.role, said.rank, said.score)


def _told(left: Mapping[str, int]) -> str:
    return f" (left out: {', '.join(f'{n} {reason}' for reason, n in left.items())})" if left else ""
