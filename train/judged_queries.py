"""What people judged, as queries with their wrong and right answers: what a refinement learns from.

People may disagree: a hit that one calls wrong and another right counts as neither, and how many there are is
counted. Queries and hits are known by the hashes and ids of photos, so it is no matter which model answered
when they were judged, nor how far down a hit stood.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field

from core.errors import HemlineError
from core.files import fingerprint
from core.verdicts import VOCABULARY, Event, Verdict, fold, role_of


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
    A hit has the role of the latest verdict of each annotator where these agree. `refused` counts judgements
    that `core.usable` kept out before. Raises HemlineError where nothing is left to learn from, with the
    counts.
    """
    standing: dict[tuple[str | None, str], dict[str, list[Event]]] = defaultdict(lambda: defaultdict(list))
    told = sorted(fold(history).values(), key=lambda event: event.seq)
    for event in told:
        said = event.judgement
        standing[said.reference_hash, said.text][said.hit_id].append(event)
    left: Counter[str] = Counter(refused or {})
    queries: list[JudgedQuery] = []
    used: list[int] = []
    for (reference, text), by_hit in standing.items():
        if reference is not None and reference not in references:
            left[GONE_REFERENCE] += 1
            continue
        roles = {id_: _role(id_, said, hits, vocabulary, left) for id_, said in by_hit.items()}
        kept = {id_: role for id_, role in roles.items() if role}
        if not {"negative", "positive"} & set(kept.values()):
            continue
        every = [event for id_ in kept for event in by_hit[id_]]
        used += [event.seq for event in every]
        ids = [event.judgement.reference_id for event in every if event.judgement.reference_id]
        judged = tuple(_hit(by_hit[id_][-1], role) for id_, role in kept.items())
        queries.append(JudgedQuery(reference, ids[-1] if ids else None, text, judged))
    if not queries:
        raise HemlineError(
            f"there is nothing to learn from in these judgements{_told(left)}; judge some hits"
        )
    chosen = set(used)
    mark = fingerprint([event.as_dict() for event in told if event.seq in chosen])
    return Judgements(tuple(queries), tuple(sorted(used)), dict(left), mark)


def _role(
    id_: str, told: list[Event], hits: Container[str], vocabulary: Mapping[str, Verdict], left: Counter[str]
) -> str:
    """The one role that everyone gives the hit, "" where there is none to use."""
    if id_ not in hits:
        left[GONE_HIT] += 1
        return ""
    roles: set[str] = {role_of(event.judgement.verdict, vocabulary) for event in told} - {"none"}
    if len(roles) > 1:
        left[CONFLICT] += 1
        return ""
    if not roles:
        left[NO_ROLE] += 1
    return roles.pop() if roles else ""


def _hit(event: Event, role: str) -> JudgedHit:
    said = event.judgement
    return JudgedHit(said.hit_id, role, said.rank, said.score)


def _told(left: Mapping[str, int]) -> str:
    return f" (left out: {', '.join(f'{n} {reason}' for reason, n in left.items())})" if left else ""
