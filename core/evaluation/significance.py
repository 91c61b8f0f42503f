"""Tests between two runs that answered the same queries: sign-flip permutation, effect size, Holm.

The null hypothesis of the sign-flip test: of each query, the two runs' outcomes could as well have been
swapped. It needs no model of the spread, and is exact where the runs' differences are all of one size: with
one seed a side under a micro average it is McNemar's exact test, a binomial test of the queries gained
against those lost. With several seeds a query's outcome is the mean over them, so the test speaks of these
seeds, not of others; the bootstrap over seeds (`core.evaluation.intervals`) is the one that draws them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import HemlineError
from core.evaluation.protocol import AVERAGES

FLIPS = 20_000
"""Random flips where the test cannot be exact."""


@dataclass(frozen=True)
class PairedTest:
    """One measure of two runs on the same queries.

    gained, lost: the number of queries that are better, and worse, after. p: of the sign-flip test, two
    sided. holm: p adjusted for all that was tested together. effect: Cohen's d_z, the mean difference of a
    query over the standard deviation (n - 1) of such differences; 0 where nothing differs. By custom .2 is
    small.
    """

    queries: int
    gained: int
    lost: int
    effect: float
    p: float
    holm: float


def paired_test(
    before: np.ndarray, after: np.ndarray, categories: Sequence[str], average: str, seed: int = 0
) -> PairedTest:
    """Test one measure, float64 [q] of 0 to 1 each side; `holm` is `p` until others are adjusted for.

    Under a macro average a query weighs as its category's mean does. HemlineError for sides of unlike length.
    """
    if not len(before) == len(after) == len(categories) or not len(before):
        raise HemlineError(
            f"{len(before)} and {len(after)} outcomes come with {len(categories)} categories; give as many"
        )
    if average not in AVERAGES:
        raise HemlineError(f"an average is one of {', '.join(AVERAGES)}, not {average!r}")
    change = np.round(np.asarray(after, np.float64) - before, 12)
    weight = np.ones(len(change))
    if average == "macro":
        of = np.array(categories)
        for category in dict.fromkeys(categories):
            weight[of == category] = 1 / (of == category).sum()
    p = sign_flip_p(change * weight, seed)
    spread = float(change.std(ddof=1)) if len(change) > 1 else 0.0
    effect = float(change.mean()) / spread if spread else 0.0
    return PairedTest(len(change), int((change > 0).sum()), int((change < 0).sum()), effect, p, p)


def sign_flip_p(values: np.ndarray, seed: int = 0) -> float:
    """The two-sided p of the sum of `values` float64 [q] when each sign is a fair coin.

    Exact (binomial) where all that are not 0 are of one size; else by `FLIPS` random flips, the observed sum
    counted among them, so never 0.
    """
    from scipy.stats import binomtest

    sizes, of = np.unique(np.round(np.abs(values[values != 0]), 12), return_inverse=True)
    if not len(sizes):
        return 1.0
    signs = np.sign(values[values != 0])
    if len(sizes) == 1:
        return float(binomtest(int((signs > 0).sum()), len(signs), 0.5).pvalue)
    # Of n values of one size, flipped, the sum is their size times 2 Binomial(n, 1/2) - n.
    counts = np.bincount(of)
    flipped = 2 * np.random.default_rng(seed).binomial(counts, 0.5, size=(FLIPS, len(counts))) - counts
    observed = abs(float((np.bincount(of, weights=signs) * sizes).sum()))
    as_far = np.abs(flipped @ sizes) >= observed - 1e-9
    return float((1 + as_far.sum()) / (1 + FLIPS))


def holm(p: Sequence[float]) -> list[float]:
    """Holm's step-down adjustment (Holm 1979) of p values, in their order; each at most 1."""
    adjusted, highest = [0.0] * len(p), 0.0
    for place, index in enumerate(sorted(range(len(p)), key=lambda i: p[i])):
        highest = max(highest, min(1.0, (len(p) - place) * p[index]))
        adjusted[index] = highest
    return adjusted
