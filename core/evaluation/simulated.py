"""Right answers and near misses among the gallery, by the garments' records instead of by people.

Nobody has judged most galleries; but where records say what every garment is, and a request says exactly
what was asked (or the records of reference and target stand for it), the answers can be worked out:

- **acceptable**: a photo that meets every asked change and keeps as large a share of the untouched fields as
  the target does, or a larger one. It answers as well as the target.
- **negative**: a near miss: it fails exactly one asked change and keeps as much as the target does.

Everything else is left unjudged. It is a simulation: records hold less than eyes see.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.evaluation.answers import Answers
from core.evaluation.preservation import difference
from core.evaluation.result import QueryRank
from core.requests import FIELDS, Request, details_of, kept, traits
from core.types import Garment


def simulated_answers(
    queries: Sequence[QueryRank],
    galleries: Mapping[str, Sequence[str]],
    records: Mapping[str, Garment],
    requests: Mapping[str, Request] | None = None,
) -> dict[str, Answers]:
    """What the records say of each query's gallery, by key; queries that ask for nothing are left out.

    `records` holds every gallery photo and every reference; without `requests` a query asks for all in which
    the records of reference and target differ. The reference is neither right nor wrong.
    """
    standing = {id(ids): _Standing(ids, records) for ids in galleries.values()}
    known = {}
    for query in queries:
        reference, target = records[query.reference], records[query.target]
        request = requests[query.key] if requests else difference(reference, target)
        if request.edits or request.add or request.remove:
            gallery = standing[id(galleries[query.category])]
            known[query.key] = gallery.answers(request, reference, target)
    return known


class _Standing:
    """A gallery's records as masks, so that a request is put to all of them at once."""

    def __init__(self, ids: Sequence[str], records: Mapping[str, Garment]) -> None:
        self.ids = list(ids)
        self.garments = [records[id_] for id_ in ids]
        has = [traits(garment) for garment in self.garments]
        self.values = {name: np.array([str(h[name]) for h in has]) for name in FIELDS[:-1]}
        self.details = [details_of(garment) for garment in self.garments]

    def answers(self, request: Request, reference: Garment, target: Garment) -> Answers:
        failed = self._failed(request)
        least = _kept_share(request, reference, target)
        sides: dict[bool, set[str]] = {True: set(), False: set()}
        for row in np.flatnonzero(failed <= 1):
            garment = self.garments[row]
            if self.ids[row] in (reference.id, target.id):
                continue
            if _kept_share(request, reference, garment) >= least:
                sides[bool(failed[row] == 0)].add(self.ids[row])
        return Answers(frozenset(sides[True]), frozenset(sides[False]))

    def _failed(self, request: Request) -> np.ndarray:
        """How many parts of the request each photo fails, int [n]."""
        failed = np.zeros(len(self.ids), dtype=np.int64)
        for name, wanted in request.edits.items():
            failed += ~np.isin(self.values[name], sorted(wanted))
        for details, there in ((request.add, True), (request.remove, False)):
            for detail in details:
                failed += np.array([(detail in some) != there for some in self.details])
        return failed


def _kept_share(request: Request, reference: Garment, hit: Garment) -> float:
    """The share of the untouched fields, of those that apply, that are as in the reference."""
    same = kept(request, reference, hit)
    return sum(same.values()) / len(same)
