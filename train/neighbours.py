"""Pairs of photos to write a change between: one category's garments that are near each other.

Near by what the caller says: the model's target vectors (`by_vectors`), or records (`train.affinity`).
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

BLOCK = 512  # rows compared at once with all others
Alike = Callable[[Sequence[str], Sequence[str]], np.ndarray]
"""How alike photos are to others, by their ids: float32 [n, m], the more the nearer."""


@dataclass(frozen=True)
class Pair:
    """Two photos of one category: the change is written from the reference to the target."""

    category: str
    reference: str
    target: str


def neighbour_pairs(
    galleries: Mapping[str, Sequence[str]],
    alike: Alike,
    same: Mapping[str, str],
    *,
    each: int,
    nearest: int,
    seed: int,
) -> list[Pair]:
    """`each` pairs from every photo of every category to photos drawn among its `nearest` ones.

    `same` (`train.negatives.duplicates`) keeps byte-equal photos from being paired. Ties of nearness go by
    the gallery's order; a photo of a gallery too small has fewer pairs. A function of the arguments alone.
    """
    pairs = []
    for category, photos in galleries.items():
        for start in range(0, len(photos), BLOCK):
            some = photos[start : start + BLOCK]
            for reference, scores in zip(some, alike(some, photos), strict=True):
                near: list[str] = []
                for place in np.argsort(-scores, kind="stable").tolist():
                    if len(near) == nearest:
                        break
                    if same.get(photos[place], photos[place]) != same.get(reference, reference):
                        near.append(photos[place])
                rng = random.Random(f"pairs-{seed}-{category}-{reference}")
                drawn = rng.sample(near, min(each, len(near)))
                pairs += [Pair(category, reference, target) for target in drawn]
    return pairs


def by_vectors(photos: Sequence[str], vectors: np.ndarray) -> Alike:
    """Nearness by the cosine of unit rows [n, dim], in the order of `photos`."""
    place = {photo: row for row, photo in enumerate(photos)}

    def alike(some: Sequence[str], others: Sequence[str]) -> np.ndarray:
        one, two = (vectors[[place[photo] for photo in ids]] for ids in (some, others))
        return np.asarray(one @ two.T, dtype=np.float32)

    return alike
