"""How sure a recall is: bootstrap intervals over queries, paired differences, and seeds and queries together.

All intervals are percentile bootstraps at 95 %. The unit drawn is the query; under a macro average queries
are drawn within their category, so that every category keeps its size. Several seeds of one recipe answer the
same queries, so the draw is crossed: each bootstrap sample draws seeds with replacement and queries with
replacement, the same queries for all seeds. With s seeds that draw understates the spread between seeds by
the factor (s - 1) / s, as every bootstrap of few units does; it does not speak for other datasets or other
annotators. Queries that share a photo are treated as if they did not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import HemlineError
from core.evaluation.metrics import hits, names
from core.evaluation.protocol import AVERAGES

SAMPLES = 4000
_CHUNK = 4_000_000  # weights held at once: 32 MB of float64


@dataclass(frozen=True)
class Difference:
    """Recall of `after` minus recall of `before`, in percentage points, with its 95 % interval.

    p is two-sided: twice the smaller share of bootstrap differences on one side of zero (zero counting for
    both sides, one sample added), at most 1.
    """

    before: float
    after: float
    difference: float
    low: float
    high: float
    p: float


@dataclass(frozen=True)
class SeedSummary:
    """One recipe's recall over its seeds, in percent.

    mean and sd (n - 1; 0.0 for one seed) over the seeds' recalls; low and high bound the mean at 95 % over
    seeds and queries drawn together.
    """

    seeds: int
    mean: float
    sd: float
    low: float
    high: float


def bootstrap_ci(
    ranks: np.ndarray, categories: Sequence[str], average: str, samples: int = SAMPLES, seed: int = 0
) -> dict[str, tuple[float, float]]:
    """95 % interval of each average Recall@K in percent, {"R@1": (low, high)}: ranks int [q] or [s, q]."""
    drawn = _draw([hits(np.atleast_2d(ranks))], categories, average, samples, seed)[0]
    low, high = np.percentile(drawn, (2.5, 97.5), axis=0)
    return {name: (float(low[k]), float(high[k])) for k, name in enumerate(names())}


def paired_bootstrap(
    before: np.ndarray,
    after: np.ndarray,
    categories: Sequence[str],
    average: str,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """What `after` gains on `before` at each Recall@K: ranks int [q], or [s, q] and [t, q] for seeds.

    Both sides must rank the same queries in the same order; every sample draws the same queries for both, and
    the seeds of each side on its own.
    """
    tables = [hits(np.atleast_2d(ranks)) for ranks in (before, after)]
    return paired_differences(tables[0], tables[1], names(), categories, average, samples, seed)


def paired_differences(
    before: np.ndarray,
    after: np.ndarray,
    measures: Sequence[str],
    categories: Sequence[str],
    average: str,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Difference]:
    """As `paired_bootstrap`, of any measures of 0 to 1 a query: float64 [s, q, m] and [t, q, m]."""
    strata = _strata(categories, average)
    old, new = (_point(table.mean(axis=0), strata) for table in (before, after))
    drawn_old, drawn_new = _draw([before, after], categories, average, samples, seed)
    gain = drawn_new - drawn_old
    low, high = np.percentile(gain, (2.5, 97.5), axis=0)
    one_side = np.minimum((gain <= 0).sum(axis=0), (gain >= 0).sum(axis=0))
    p = np.minimum(1.0, 2 * (1 + one_side) / (1 + samples))
    return {
        name: Difference(
            before=float(old[k]),
            after=float(new[k]),
            difference=float(new[k] - old[k]),
            low=float(low[k]),
            high=float(high[k]),
            p=float(p[k]),
        )
        for k, name in enumerate(measures)
    }


def across_seeds(
    ranks: np.ndarray, categories: Sequence[str], average: str, samples: int = SAMPLES, seed: int = 0
) -> dict[str, SeedSummary]:
    """Mean, spread and interval of one recipe's recalls: ranks int [s, q], a row a seed, the same queries."""
    each = np.stack([point_estimate(row, categories, average) for row in np.atleast_2d(ranks)])  # [s, k]
    ends = bootstrap_ci(ranks, categories, average, samples, seed)
    spread = each.std(axis=0, ddof=1) if len(each) > 1 else np.zeros(each.shape[1])
    return {
        name: SeedSummary(len(each), float(each[:, k].mean()), float(spread[k]), *ends[name])
        for k, name in enumerate(names())
    }


def point_estimate(ranks: np.ndarray, categories: Sequence[str], average: str) -> np.ndarray:
    """The average Recall@K over queries and seeds: ranks int [q] or [s, q] -> float64 [k] in percent."""
    return _point(hits(np.atleast_2d(ranks)).mean(axis=0), _strata(categories, average))


def _point(table: np.ndarray, strata: Sequence[np.ndarray]) -> np.ndarray:
    """The average in percent of measures float64 [q, m] -> [m]."""
    return 100 * np.mean([table[rows].mean(axis=0) for rows in strata], axis=0)


def _draw(
    tables: Sequence[np.ndarray], categories: Sequence[str], average: str, samples: int, seed: int
) -> list[np.ndarray]:
    """Bootstrap averages in percent of tables [s, q, m], [samples, m] each; all draw the same queries."""
    for table in tables:
        if table.shape[1] != len(categories):
            raise HemlineError(f"ranks of {table.shape[1]} queries come with {len(categories)} categories")
    rng = np.random.default_rng(seed)
    strata = _strata(categories, average)
    first, sizes, of = _alike(tables, strata)
    parts: list[list[np.ndarray]] = [[] for _ in tables]
    for weights in _weights(sizes, of, samples, rng):
        for whole, part in zip(tables, parts, strict=True):
            table = whole[:, first]
            seeds = len(table)
            share = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=len(weights)) / seeds  # [b, s]
            recall = np.stack([weights @ one for one in table])  # [s, b, k]
            part.append(100 * np.einsum("bs,sbk->bk", share, recall))
    # The weights carry rounding of about 1e-14; without it, all found reads 100 and no difference reads 0.
    return [np.concatenate(part).round(9) for part in parts]


def _strata(categories: Sequence[str], average: str) -> list[np.ndarray]:
    """The rows that are averaged together first: all of them (micro) or each category's (macro)."""
    if average not in AVERAGES:
        raise HemlineError(f"an average is one of {', '.join(AVERAGES)}, not {average!r}")
    if not len(categories):
        raise HemlineError("there is no query to evaluate")
    of = np.array(categories)
    if average == "micro":
        return [np.arange(len(of))]
    return [np.flatnonzero(of == c) for c in dict.fromkeys(categories)]


def _alike(
    tables: Sequence[np.ndarray], strata: Sequence[np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Queries of a stratum that are alike in every table, as one: its first row, its size, its stratum.

    How many of them a bootstrap draws has the same law as if each were drawn alone, and there are few.
    """
    rows = np.concatenate([table.transpose(1, 0, 2).reshape(table.shape[1], -1) for table in tables], axis=1)
    first, sizes, of = [], [], []
    for number, stratum in enumerate(strata):
        _, index, counts = np.unique(rows[stratum], axis=0, return_index=True, return_counts=True)
        first.append(stratum[index])
        sizes.append(counts)
        of.append(np.full(len(index), number))
    return np.concatenate(first), np.concatenate(sizes), np.concatenate(of)


def _weights(
    sizes: np.ndarray, of: np.ndarray, samples: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Chunks [b, groups] of bootstrap weights; each row sums to 1, each stratum's share of it is equal."""
    strata = [np.flatnonzero(of == number) for number in range(of[-1] + 1)]
    chunk = max(1, _CHUNK // len(sizes))
    for start in range(0, samples, chunk):
        size = min(chunk, samples - start)
        weights = np.empty((size, len(sizes)))
        for rows in strata:
            queries = int(sizes[rows].sum())
            drawn = rng.multinomial(queries, sizes[rows] / queries, size=size)
            weights[:, rows] = drawn / (queries * len(strata))
        yield weights
