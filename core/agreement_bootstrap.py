"""Bootstrap intervals of measures of agreement: units are drawn again, and each measure follows from sums.

The formulas are those of the libraries that `core.agreement` takes its values from; a test holds them equal.
"""

from collections.abc import Callable

import numpy as np

_CHUNK = 4_000_000  # weights held at once: 32 MB of float64


def interval(
    columns: np.ndarray, measure: Callable[[np.ndarray], np.ndarray], samples: int, seed: int
) -> tuple[float | None, float | None]:
    """95 % percentile interval of `measure` over units drawn with replacement: columns float64 [units, k].

    `measure` takes sums of the columns [samples, k] and gives [samples]. Draws for which it is not defined
    are left out; where that is more than half of them there is no interval.
    """
    # Units that are alike are drawn as one: how many of them has the same law, and there are few.
    rows, sizes = np.unique(columns, axis=0, return_counts=True)
    rng = np.random.default_rng(seed)
    step = max(1, _CHUNK // len(rows))
    drawn = []
    for start in range(0, samples, step):
        weights = rng.multinomial(sizes.sum(), sizes / sizes.sum(), size=min(step, samples - start))
        drawn.append(measure(weights @ rows))
    values = np.concatenate(drawn)
    defined = values[np.isfinite(values)]
    if 2 * len(defined) < len(values) or not len(defined):
        return None, None
    low, high = np.percentile(defined, (2.5, 97.5))
    return float(low), float(high)


def ratio(sums: np.ndarray) -> np.ndarray:
    """The first column by the second: [samples, 2] -> [samples]; NaN by 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums[:, 0] / np.where(sums[:, 1] > 0, sums[:, 1], np.nan)


def nominal_alpha_columns(counts: np.ndarray) -> np.ndarray:
    """What nominal alpha follows from: [units, labels] -> [units, 1 + labels], agreeing first."""
    size = counts.sum(axis=1)
    return np.concatenate([((counts * (counts - 1)).sum(axis=1) / (size - 1))[:, None], counts], axis=1)


def nominal_alpha(sums: np.ndarray) -> np.ndarray:
    """Krippendorff's alpha of summed columns, [samples, 1 + labels] -> [samples]; NaN for one label alone."""
    agreeing, counts = sums[:, 0], sums[:, 1:]
    total = counts.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = 1 - agreeing / total
        expected = 1 - (counts * (counts - 1)).sum(axis=1) / (total * (total - 1))
        return 1 - observed / np.where(expected > 0, expected, np.nan)


def pair_kappa(sums: np.ndarray) -> np.ndarray:
    """Cohen's kappa of flat tables, [samples, labels**2] -> [samples]; NaN for one label alone."""
    size = round(sums.shape[1] ** 0.5)
    table = sums.reshape(-1, size, size)
    total = table.sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = np.trace(table, axis1=1, axis2=2) / total
        expected = (table.sum(axis=1) * table.sum(axis=2)).sum(axis=1) / total**2
        # the tolerance is of the last digits: one label alone has expected 1
        return np.where(expected < 1 - 1e-12, (observed - expected) / (1 - expected), np.nan)
