"""What several people together say of a query's hits: the settled verdicts, by query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from core.adjudication import settled
from core.files import fingerprint
from core.verdicts import VOCABULARY, Event, Role, Verdict

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
    """`verdicts`: of each query the settled verdict by hit; the hits left out are counted.

    `disputed`: contested ones; `no_side`: those settled as neither right nor wrong (a "same" or a "none").
    """

    verdicts: Mapping[Asked, Mapping[str, str]]
    disputed: int
    no_side: int


def agreed(history: Iterable[Event], vocabulary: Mapping[str, Verdict] = VOCABULARY) -> Consensus:
    """The positive and negative verdicts that `core.adjudication.settled` finds in `history`, by query."""
    queries: dict[str, Asked] = {}
    verdicts: dict[str, dict[str, str]] = {}
    disputed = no_side = 0
    for one in settled(history, vocabulary).values():
        if one.why == "contested" or one.verdict is None:
            disputed += 1
        elif one.role not in SIDES:
            no_side += 1
        else:
            said = one.events[0].judgement
            asked = Asked(said.reference_id, said.reference_hash, said.text)
            if asked.key not in queries or queries[asked.key].reference_id is None:
                queries[asked.key] = asked
            verdicts.setdefault(asked.key, {})[said.hit_id] = one.verdict
    return Consensus({queries[key]: hits for key, hits in verdicts.items()}, disputed, no_side)
