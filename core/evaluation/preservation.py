"""Edit accuracy and preservation: whether hits are what the words asked for, and otherwise as the reference.

Both are computed from the garments' records. Edit accuracy is the share of queries whose hit meets every
change asked for; preservation the share whose top hit has a field as the reference has it, of the queries
whose words do not touch the field.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.evaluation.shares import Share, mean_share, shares
from core.requests import FIELDS, Request, details_of, kept, met, parts_met, traits
from core.types import Garment

DEEP = 10
"""Of how many hits one must meet the request for the second edit accuracy, "top10"."""


@dataclass(frozen=True)
class Outcome:
    """How the hits of one query stand to its request.

    parts: as `core.requests.parts_met` of the top hit; empty where nothing was asked. met_in_ten: whether one
    of the first ten meets all of it. kept: as `core.requests.kept` of the top hit. as_asked: whether the top
    hit keeps what the words ask to keep, None where they name nothing that applies.
    """

    parts: dict[str, bool]
    met_in_ten: bool
    kept: dict[str, bool]
    as_asked: bool | None = None

    @property
    def met(self) -> bool:
        """Whether the top hit meets every part."""
        return all(self.parts.values())


@dataclass(frozen=True)
class Attributes:
    """Edit accuracy and preservation, as shares over queries whatever the protocol's average.

    source: "requests" where each query's request is on file, "records" where it was taken to be the
    difference of reference and target. queries: all; asked: those that ask for a change that records can say.
    edit_accuracy: "top1" and "top10" over the asked, then each field, "add" and "remove" at the top hit over
    those that ask for it. preservation of the top hit: "mean" over the fields, "strict" (every untouched
    field), each field, and "keep" (all that the words ask to keep).
    """

    source: str
    queries: int
    asked: int
    edit_accuracy: dict[str, Share]
    preservation: dict[str, Share]


def difference(reference: Garment, target: Garment) -> Request:
    """What a query without a request on file is taken to ask for: all in which the two records differ.

    A field that one of the two does not have is none of it; a hood is told of as a neckline.
    """
    old, new = traits(reference), traits(target)
    edits: dict[str, frozenset[str]] = {}
    for name in FIELDS[:-1]:
        before, after = old[name], new[name]
        if before is not None and after is not None and before != after:
            edits[name] = frozenset([after])
    had, has = details_of(reference), details_of(target)
    told = frozenset(["hood"]) if "neckline" in edits else frozenset()
    return Request(edits, has - had - told, had - has - told)


def outcome(request: Request, reference: Garment, hits: Sequence[Garment]) -> Outcome:
    """How `hits` (one or more, best first) answer a request put to `reference`."""
    same = kept(request, reference, hits[0])
    named = [same[name] for name in FIELDS if name in request.keep and name in same]
    return Outcome(
        parts=parts_met(request, hits[0]),
        met_in_ten=any(met(request, hit) for hit in hits[:DEEP]),
        kept=same,
        as_asked=all(named) if named else None,
    )


def summarise(
    outcomes: Sequence[Outcome],
    source: str,
    clusters: Sequence[object] | None = None,
    seed: int = 0,
) -> Attributes:
    """The shares of some outcomes; `clusters` as for `core.evaluation.shares.shares`."""
    accuracy = {
        "top1": _column([o.met if o.parts else None for o in outcomes]),
        "top10": _column([o.met_in_ten if o.parts else None for o in outcomes]),
    }
    for name in (*FIELDS[:-1], "add", "remove"):
        accuracy[name] = _column([_part(o, name) for o in outcomes])
    fields = {name: _column([o.kept.get(name) for o in outcomes]) for name in FIELDS}
    whole = {
        "strict": _column([all(o.kept.values()) if o.kept else None for o in outcomes]),
        **fields,
        "keep": _column([o.as_asked for o in outcomes]),
    }
    mean = mean_share(fields, clusters, seed=seed)
    return Attributes(
        source=source,
        queries=len(outcomes),
        asked=sum(bool(o.parts) for o in outcomes),
        edit_accuracy=shares(accuracy, clusters, seed=seed),
        preservation={**({"mean": mean} if mean else {}), **shares(whole, clusters, seed=seed)},
    )


def from_dict(value: Mapping[str, Any]) -> Attributes:
    """The attributes that a result file holds; HemlineError where it holds something else."""
    try:
        sides = {
            side: {name: Share(**share) for name, share in value[side].items()}
            for side in ("edit_accuracy", "preservation")
        }
        return Attributes(**{**value, **sides})
    except (KeyError, TypeError, AttributeError) as error:
        raise HemlineError(f"a result's attributes are not as written ({error}); evaluate again") from None


def _column(values: Sequence[bool | None]) -> np.ndarray:
    return np.array([np.nan if value is None else float(value) for value in values])


def _part(found: Outcome, name: str) -> bool | None:
    """Whether the top hit meets what was asked of a field, every addition or every removal; None unasked."""
    sign = {"add": "+", "remove": "-"}.get(name)
    told = [m for part, m in found.parts.items() if (part[0] == sign if sign else part == name)]
    return all(told) if told else None
