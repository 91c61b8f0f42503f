"""A model whose recalls are known: its vectors are given, not computed."""

from collections.abc import Sequence

import numpy as np

from core.datasets.fashioniq import Split
from core.types import Triplet


class Oracle:
    """Query vectors float32 [q, d] as given; a look is the photo's own target vector float32 [d]."""

    def __init__(self, queries: np.ndarray) -> None:
        self.queries = queries
        self.asked: tuple[list[np.ndarray | None], list[str | None]] = ([], [])

    def embed_queries(self, looks: Sequence[np.ndarray | None], texts: Sequence[str | None]) -> np.ndarray:
        self.asked = (list(looks), list(texts))
        return self.queries

    def embed_targets(self, looks: Sequence[np.ndarray]) -> np.ndarray:
        return np.stack(looks)

    def target_fingerprint(self) -> str:
        return "oracle"


def naive_ranks(
    split: Split, gallery: str, reference: str, asked: Sequence[tuple[Triplet, np.ndarray]], vectors: dict
) -> list[int]:
    """Each target's rank by the words of the protocol and nothing else: plain loops, a stable sort."""
    ranks = []
    for triplet, query in asked:
        if gallery == "original":
            ids = list(split.galleries[triplet.category])
        elif gallery == "union":
            ids = [photo for own in split.galleries.values() for photo in own]
        else:
            own_rows = [t for t in split.triplets if t.category == triplet.category]
            ids = [photo for t in own_rows for photo in (t.reference, t.target)]
        seen: list[str] = []
        for photo in ids:
            if photo not in seen and not (reference == "removed" and photo == triplet.reference):
                seen.append(photo)
        ordered = sorted(seen, key=lambda photo: -float(np.dot(query.astype(float), vectors[photo])))
        ranks.append(ordered.index(triplet.target) + 1)
    return ranks
