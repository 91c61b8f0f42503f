"""Where people disagree, and what is settled all the same: one verdict for each hit of a query, or none.

    python -m core.adjudication --db judgements.db

An adjudicator settles an item by one more event (`adjudication`). What training may use is `settled`: the
adjudicator's verdict, else what all say, else what most of three or more say; the rest is contested, and
counted. Who is unsure abstains.
"""

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Literal

from core.cli import entry
from core.errors import HemlineError
from core.judgements import events, open_store
from core.opinions import ADJUDICATION, Item, as_shown, opinions, rulings
from core.verdicts import VOCABULARY, Event, Judgement, Role, Verdict, now, role_of

Why = Literal["adjudicated", "unanimous", "majority", "contested"]

_LEAST_OF_A_MAJORITY = 3


@dataclass(frozen=True)
class Settled:
    """What holds of an item, why, and whose verdict it is; contested: no verdict, the role "none".

    `events` are those that were weighed: the adjudication, or the standing opinions.
    """

    item: Item
    verdict: str | None
    role: Role
    why: Why
    who: tuple[str, ...]
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Disagreement:
    """An item on which standing verdicts differ, and how many pairs of them do.

    `opposed` pairs are a negative against a positive, `roles` pairs of different roles (those among them),
    `names` pairs of different verdicts (those among them too).
    """

    item: Item
    events: tuple[Event, ...]
    opposed: int
    roles: int
    names: int


def settled(history: Iterable[Event], vocabulary: Mapping[str, Verdict] = VOCABULARY) -> dict[Item, Settled]:
    """One verdict for each judged item, in the order of their first opinions; see the module for the rule.

    Where all are of one role and differ in the verdict, it is the commonest, and of the equally common the
    first of the vocabulary.
    """
    past = list(history)
    ruled = rulings(past)
    found = {
        item: _ruled(item, ruled[item], vocabulary) if item in ruled else _weighed(item, events_, vocabulary)
        for item, events_ in opinions(past).items()
    }
    # An adjudication stands also when those it was between have taken their verdicts back.
    return found | {
        item: _ruled(item, event, vocabulary) for item, event in ruled.items() if item not in found
    }


def disagreements(
    history: Iterable[Event], vocabulary: Mapping[str, Verdict] = VOCABULARY
) -> list[Disagreement]:
    """Items whose standing verdicts differ and nobody adjudicated, the most contested first.

    That is by the number of opposed pairs, then of pairs of different roles, then of different verdicts; what
    is equally contested comes as it was first judged.
    """
    past = list(history)
    ruled = rulings(past)
    found = [
        _compared(item, events_, vocabulary) for item, events_ in opinions(past).items() if item not in ruled
    ]
    contested = [one for one in found if one.names]
    return sorted(contested, key=lambda one: (-one.opposed, -one.roles, -one.names))


def adjudication(
    disagreement: Disagreement, adjudicator: str, verdict: str, reason: str = "", session: str = ""
) -> Judgement:
    """The judgement to append that settles a disagreement; it is taken back by an undo, as any other.

    Raises HemlineError without a name. `append` refuses it where every opinion was imported without its rank.
    """
    if not adjudicator.strip():
        raise HemlineError("an adjudication needs the adjudicator's name")
    first = (as_shown(disagreement.events) or disagreement.events[0]).judgement
    return replace(
        first, annotator=adjudicator, verdict=verdict, reason=reason, session=session, occasion=ADJUDICATION,
        blind=False, second_look=(), undoes=None, time=now(),
    )  # fmt: skip


def counted(found: Mapping[Item, Settled]) -> dict[str, int]:
    """How many items are settled why, contested ones among them; every reason is named."""
    counts = Counter(one.why for one in found.values())
    return {why: counts[why] for why in ("adjudicated", "unanimous", "majority", "contested")}


def _ruled(item: Item, event: Event, vocabulary: Mapping[str, Verdict]) -> Settled:
    verdict = event.judgement.verdict
    role = role_of(verdict, vocabulary)
    return Settled(item, verdict, role, "adjudicated", (event.judgement.annotator,), (event,))


def _weighed(item: Item, said: tuple[Event, ...], vocabulary: Mapping[str, Verdict]) -> Settled:
    roles = [role_of(event.judgement.verdict, vocabulary) for event in said]
    votes: Counter[Role] = Counter(role for role in roles if role != "none")
    role: Role = votes.most_common(1)[0][0] if votes else "none"
    why: Why = "unanimous"
    if len(votes) > 1:
        enough = votes.total() >= _LEAST_OF_A_MAJORITY and 2 * votes[role] > votes.total()
        if not enough:
            return Settled(item, None, "none", "contested", (), said)
        why = "majority"
    agreeing = [event.judgement for event, own in zip(said, roles, strict=True) if own == role]
    names = Counter(judgement.verdict for judgement in agreeing)
    order = [*vocabulary, *sorted(names.keys() - vocabulary.keys())]
    verdict = max(names, key=lambda name: (names[name], -order.index(name)))
    return Settled(item, verdict, role, why, tuple(judgement.annotator for judgement in agreeing), said)


def _compared(item: Item, said: tuple[Event, ...], vocabulary: Mapping[str, Verdict]) -> Disagreement:
    verdicts = [event.judgement.verdict for event in said]
    pairs = [(a, b, role_of(a, vocabulary), role_of(b, vocabulary)) for a, b in combinations(verdicts, 2)]
    return Disagreement(
        item,
        said,
        opposed=sum({one, other} == {"negative", "positive"} for _, _, one, other in pairs),
        roles=sum(one != other for _, _, one, other in pairs),
        names=sum(a != b for a, b, _, _ in pairs),
    )


def main() -> None:
    """List what people disagree on, the most contested first, as lines of JSON, and count what is settled."""
    parser = argparse.ArgumentParser(prog="python -m core.adjudication", description=main.__doc__)
    parser.add_argument("--db", type=Path, required=True, help="the judgements file")
    store = open_store(parser.parse_args().db, create=False)
    try:
        history = events(store)
    finally:
        store.close()
    for one in disagreements(history, store.vocabulary):
        said = {event.judgement.annotator: event.judgement.verdict for event in one.events}
        print(json.dumps({**one.item._asdict(), "verdicts": said}, ensure_ascii=False))
    print(json.dumps(counted(settled(history, store.vocabulary))))


if __name__ == "__main__":
    entry(main)
