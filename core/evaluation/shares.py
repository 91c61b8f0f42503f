"""Shares of queries in percent with their intervals, where not every query counts for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import HemlineError
from core.evaluation.intervals import SAMPLES


@dataclass(frozen=True)
class Share:
    """A share in percent, its 95 % interval (percentile bootstrap), and how many queries it is a share of."""

    percent: float
    low: float
    high: float
    queries: int


def shares(
    columns: Mapping[str, np.ndarray],
    clusters: Sequence[object] | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> dict[str, Share]:
    """The share of each column, float64 [q] of 0 to 1, NaN where the query does not count for it.

    `clusters` [q] names what is drawn in the bootstrap and weighs one in a share: the text, say, that several
    queries put to several references; without it that is the query. A column nobody counts for is left out.
    Raises HemlineError for columns and clusters of different lengths.
    """
    told = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
    counted = {name: column for name, column in told.items() if np.isfinite(column).any()}
    drawn = _drawn(told, clusters, samples, seed) if counted else {}
    return {name: _share(*drawn[name], int(np.isfinite(column).sum())) for name, column in counted.items()}


def mean_share(
    columns: Mapping[str, np.ndarray],
    clusters: Sequence[object] | None = None,
    samples: int = SAMPLES,
    seed: int = 0,
) -> Share | None:
    """The unweighted mean of the columns' shares; None where nobody counts for any.

    Arguments and errors as for `shares`; `queries` are those that count for a column or more.
    """
    told = {name: np.asarray(column, dtype=np.float64) for name, column in columns.items()}
    counted = {name: column for name, column in told.items() if np.isfinite(column).any()}
    if not counted:
        return None
    drawn = list(_drawn(counted, clusters, samples, seed).values())
    points = np.array([point for point, _ in drawn])
    # A sample may hold no query of a rare column: the mean is then over the others.
    means = np.nanmean(np.stack([sample for _, sample in drawn]), axis=0)
    some = np.isfinite(np.stack(list(counted.values()))).any(axis=0)
    return _share(float(points.mean()), means, int(some.sum()))


def derived_share(
    columns: Mapping[str, np.ndarray],
    derive: Callable[[Mapping[str, np.ndarray]], np.ndarray],
    samples: int = SAMPLES,
    seed: int = 0,
) -> Share:
    """What `derive` makes of the columns' shares, with the interval of the same over one bootstrap.

    `derive` maps each column's name to its shares, float64 [n] in percent, and gives float64 [n]; every query
    counts for every column. A figure that is no mean over queries, such as a difference of shares, is one.
    """
    drawn = _drawn(columns, None, samples, seed)
    point = derive({name: np.array([point]) for name, (point, _) in drawn.items()})
    sample = derive({name: sample for name, (_, sample) in drawn.items()})
    return _share(float(point[0]), sample, len(next(iter(columns.values()))))


def _share(point: float, sample: np.ndarray, queries: int) -> Share:
    low, high = np.nanpercentile(sample, (2.5, 97.5))
    return Share(point, float(low), float(high), queries)


def _drawn(
    columns: Mapping[str, np.ndarray], clusters: Sequence[object] | None, samples: int, seed: int
) -> dict[str, tuple[float, np.ndarray]]:
    """Each column's share and its bootstrap shares [samples], in percent, all of the same draws."""
    table = np.stack(list(columns.values()), axis=1)  # [q, m]
    units = list(range(len(table))) if clusters is None else list(clusters)
    if len(units) != len(table):
        raise HemlineError(f"{len(table)} queries come with {len(units)} clusters")
    number = {unit: place for place, unit in enumerate(dict.fromkeys(units))}
    of = np.array([number[unit] for unit in units])
    counts = np.isfinite(table)
    total, value = (np.zeros((len(number), table.shape[1])) for _ in range(2))
    np.add.at(total, of, counts)
    np.add.at(value, of, np.where(counts, table, 0.0))
    present = total > 0
    # A cluster weighs one, whatever the number of its queries.
    value = np.divide(value, total, out=np.zeros_like(value), where=present)
    # Clusters that are alike in every column are drawn together: the same distribution, in far fewer numbers.
    kinds, times = np.unique(np.concatenate([value, present], axis=1), axis=0, return_counts=True)
    values, presents = np.split(kinds, 2, axis=1)
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(len(number), times / len(number), size=samples)
    with np.errstate(invalid="ignore", divide="ignore"):
        sample = (100 * (weights @ values) / (weights @ presents)).round(9)  # [samples, m]
        point = 100 * value.sum(axis=0) / present.sum(axis=0)
    return {name: (float(point[k]), sample[:, k]) for k, name in enumerate(columns)}
