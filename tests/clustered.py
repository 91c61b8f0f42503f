"""Vectors as a catalogue's are: clusters in clusters of very different sizes, few directions that matter."""

import numpy as np
from numpy.typing import NDArray

NOISE = 0.75
"""How far rows lie from their cluster's centre; so the nearest of 100,000 has a cosine of about 0.9."""


def clustered(
    count: int, width: int, seed: int = 0, clusters: int = 2000, supers: int = 40
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """float32 [count, width] unit rows, and the super-centre of each, int64 [count].

    Clusters lie around `supers` super-centres and are chosen with Zipf's law (0.7); noise falls off over the
    directions as i^-0.75. The centres are the same for every seed, so that queries may be drawn apart.
    """
    places, random = np.random.default_rng(7), np.random.default_rng(seed)
    parents = places.integers(supers, size=clusters)
    centres = _unit(
        _unit(places.normal(size=(supers, width)))[parents]
        + 0.8 * _unit(places.normal(size=(clusters, width)))
    ).astype(np.float32)
    spectrum = np.arange(1, width + 1) ** -0.75
    spectrum /= np.linalg.norm(spectrum)
    turned = (spectrum[:, None] * np.linalg.qr(places.normal(size=(width, width)))[0]).astype(np.float32)
    weights = np.arange(1, clusters + 1) ** -0.7
    cluster = random.choice(clusters, count, p=weights / weights.sum())
    rows = np.empty((count, width), np.float32)
    for start in range(0, count, 2**16):
        part = slice(start, min(count, start + 2**16))
        noise = random.normal(size=(part.stop - start, width)).astype(np.float32) @ turned
        rows[part] = _unit(centres[cluster[part]] + NOISE * noise)
    return rows, parents[cluster]


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
