"""How wide an index must search for the recall that is wanted, measured on the catalogue's own vectors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.indexes.allowed import Allowed
from core.indexes.clustering import Vectors
from core.indexes.exact import Rows, exact_search
from core.indexes.family import Family
from core.indexes.settings import Settings

TOP = 10
ASKED = 200
KEPT = 0.05  # what the filters that are tried keep
PROBES = tuple(size * 2**power for power in range(1, 10) for size in (2, 3))


@dataclass(frozen=True)
class Tuned:
    """The index with its new settings, and its recall@10 without a filter and with the worse of two."""

    family: Family
    recall: float
    filtered_recall: float


class Trial:
    """Queries under one filter, or none, and their exact answers."""

    def __init__(self, rows: Vectors, asked: Vectors, allowed: Allowed | None) -> None:
        self.asked, self.allowed = asked, allowed
        self.truth = exact_search(rows, asked, TOP, None if allowed is None else allowed.rows)

    def recall(self, family: Family) -> float:
        """The family's recall@10 of them."""
        return recall_of(family.search(self.asked, TOP, self.allowed), self.truth)


def sample_queries(rows: Vectors, seed: int = 0, count: int = ASKED) -> Vectors:
    """Unit vectors to tune with, float32 [q, d]: rows drawn halfway (a third) towards another row.

    A composed query lies so: near its reference and off the places where the catalogue has garments.
    """
    random = np.random.default_rng([seed, len(rows)])
    first, second = (np.sort(random.choice(len(rows), min(count, len(rows)), replace=False)) for _ in "ab")
    mixed = rows[first] + 0.5 * rows[random.permutation(second)]
    return np.asarray(mixed / np.linalg.norm(mixed, axis=1, keepdims=True), np.float32)


def tuned(family: Family, recall: float, queries: Vectors | None = None, seed: int = 0) -> Tuned:
    """The narrowest search whose recall@10 is at least `recall`, or the widest where none reaches it.

    `queries` (float32 [q, d], unit rows) are real ones, where there are any. A filter is tried on rows
    that are alike (as a category's are) and on rows of all kinds, each 5 % of the catalogue.
    """
    if family.inner is None:
        return Tuned(family, 1.0, 1.0)
    asked = sample_queries(family.rows, seed) if queries is None else queries
    plain = Trial(family.rows, asked, None)
    for settings in _wider(family):
        family = replace(family, settings=settings)
        reached = plain.recall(family)
        if reached >= recall:
            break
    tried = [Trial(family.rows, asked, family.allow(mask)) for mask in _masks(family.rows, seed)]
    for width in PROBES:
        # also where few rows are left, which the catalogue may outgrow
        family = replace(family, settings=replace(family.settings, filtered=width, few=0))
        filtered = min(trial.recall(family) for trial in tried)
        if filtered >= recall:
            break
    return Tuned(replace(family, settings=replace(family.settings, few=settings.few)), reached, filtered)


def recall_of(found: Sequence[tuple[Vectors, Rows]], truth: Sequence[tuple[Vectors, Rows]]) -> float:
    """The share of the true best rows that were found; one as good as the last of them counts as well."""
    good = total = 0
    for (scores, _), (true_scores, true_rows) in zip(found, truth, strict=True):
        total += len(true_rows)
        good += int((scores >= true_scores[-1]).sum()) if len(true_rows) else 0
    return good / total if total else 1.0


def _wider(family: Family) -> Iterator[Settings]:
    settings = family.settings
    end = settings.lists or 4096
    for short in (settings.short, 2 * settings.short, 4 * settings.short):
        for probes in PROBES:
            if probes <= end:
                yield replace(settings, probes=probes, short=short)


def _masks(rows: Vectors, seed: int) -> Iterator[np.ndarray]:
    random = np.random.default_rng([seed, len(rows)])
    near = rows @ rows[random.integers(len(rows))]
    yield near >= np.quantile(near, 1 - KEPT)
    yield random.random(len(rows)) < KEPT
