"""A model whose recalls are known: its vectors are given, not computed."""

from collections.abc import Sequence

import numpy as np


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
