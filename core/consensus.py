"""What several people together say of a query's hits: one verdict each, by the majority of its sides."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.files import fingerprint
from core.verdicts import VOCABULARY, Event, Role, Verdict, fold, role_of

SIDES: tuple[Role, ...] = ("positive", "negative")


class Asked(NamedTuple):
    """A query as it was judged: the reference by id and by sha256, where they are known, and the words."""

    reference_id: str | None
    reference_hash: str | None
    text: str

    @property
    def key(self) -> str:
        """16 hex digits that name the query for good: of the reference's hash (or id) and the words."""
        return fingerprint([self.reference_hash or self.reference_id, self.text])[:16]


@dataclass(frozen=True)
class Consensus:
    """`verdicts`: of each query the agreed verdict by hit; the hits left out are counted.

    `disputed`: as many positive as negative; `no_side`: nobody said either (a "same" or a "none").
    """

    verdicts: Mapping[Asked, Mapping[str, str]]
    disputed: int
    no_side: int


def agreed(history: Iterable[Event], vocabulary: Mapping[str, Verdict] = VOCABULARY) -> Consensus:
    """The verdict of the majority on each hit, of the standing ones of `history`.

    Positives are counted against negatives, a vote each; of the winning side it is the most frequent
    verdict, of equally frequent ones the vocabulary's first. Queries and hits are in the order of saving.
    """
    votes: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    queries: dict[str, Asked] = {}
    for event in sorted(fold(history).values(), key=lambda event: event.seq):
        said = event.judgement
        asked = Asked(said.reference_id, said.reference_hash, said.text)
        if asked.key not in queries or queries[asked.key].reference_id is None:
            queries[asked.key] = asked
        votes[asked.key, said.hit_id][said.verdict] += 1
    verdicts: dict[Asked, dict[str, str]] = {}
    disputed = no_side = 0
    for (key, hit), cast in votes.items():
        positive, negative = (_count(cast, role, vocabulary) for role in SIDES)
        if positive == negative:
            disputed, no_side = disputed + bool(positive), no_side + (not positive)
            continue
        role = SIDES[negative > positive]
        names = [name for name, verdict in vocabulary.items() if verdict.role == role]
        verdicts.setdefault(queries[key], {})[hit] = max(names, key=cast.__getitem__)
    return Consensus(verdicts, disputed, no_side)


def _count(cast: Counter[str], role: Role, vocabulary: Mapping[str, Verdict]) -> int:
    return sum(count for verdict, count in cast.items() if role_of(verdict, vocabulary) == role)
