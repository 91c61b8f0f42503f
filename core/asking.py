"""Embedding for several who ask at once: one batch for all, and nothing computed twice.

A picture goes through the tower once, whoever shows it (`Backbone.glimpse`), in the thread of who asks; the
decoder then runs for all who ask at about that time (`core.batching`). What pictures and whole queries became
is remembered. A query's vector is bit for bit what it is alone, on a CPU with one thread
(`core.backbones.padding`).
"""

import itertools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from core.batching import WINDOW, Batcher, refuse_gone
from core.remembering import Remembered

if TYPE_CHECKING:
    from core.backbones.base import Backbone, Look

SIZE = 16  # queries at most in a batch: more of them save nothing any more
MEMORY = 64 * 2**20  # bytes of what is remembered: with the model that ships some 4,000 pictures
QUERIES = 1 / 8  # the share of them that whole queries get


def nothing(_: object) -> None:
    """What is told to nobody."""


@dataclass(frozen=True)
class Told:
    """Who is told what happens: the size of each batch, and whether a picture or a query was remembered."""

    batch: Callable[[int], object] = nothing
    picture: Callable[[bool], object] = nothing
    query: Callable[[bool], object] = nothing


@dataclass(frozen=True)
class Shown:
    """A reference: the sha256 of its file, or None where that is not known, and how to come by it.

    `target` is the fingerprint of the target side that it is shown to: what a query takes of a picture
    depends on nothing else of a model.
    """

    sha: str | None
    look: Callable[[], "Look"]
    target: str


class Asking:
    """What all searchers of one process share, so that whoever asks at once is answered at once."""

    def __init__(
        self, size: int = SIZE, memory: int = MEMORY, window: float = WINDOW, told: Told | None = None
    ) -> None:
        told = told or Told()
        self.batcher: Batcher[tuple[np.ndarray | None, str | None], np.ndarray]
        self.batcher = Batcher(_embed, size, window, told.batch)
        self.pictures = Remembered(int(memory * (1 - QUERIES)), told.picture)
        self.queries = Remembered(int(memory * QUERIES), told.query)
        # one core is left for the decoder; threads of its own, as what torch keeps for each adds up
        self._towers = ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1), "towers")
        self._numbers: WeakKeyDictionary[Backbone, int] = WeakKeyDictionary()
        self._count = itertools.count()

    def vector(self, backbone: "Backbone", shown: Shown | None, words: str | None) -> np.ndarray:
        """The unit vector of a query, float32 [d]: `backbone.embed_queries` of it alone.

        Raises what that raises, and `core.batching.Cancelled` where nobody waits for it any more.
        """

        def make() -> np.ndarray:
            glimpse = None if shown is None else self._glimpse(backbone, shown)
            return self.batcher.ask((glimpse, words), backbone)

        if shown is not None and shown.sha is None:
            return make()
        key = (self._number(backbone), backbone.eyes, None if shown is None else shown.sha, words)
        return self.queries.get(key, make)

    def target(self, backbone: "Backbone", shown: Shown) -> np.ndarray:
        """The unit target vector of a picture, float32 [d]."""

        def make() -> np.ndarray:
            refuse_gone()
            return np.array(backbone.embed_targets([shown.look()])[0])

        return make() if shown.sha is None else self.pictures.get(("target", shown.target, shown.sha), make)

    def _glimpse(self, backbone: "Backbone", shown: Shown) -> np.ndarray:
        def make() -> np.ndarray:
            return self._towers.submit(copy_context().run, look).result()

        def look() -> np.ndarray:
            refuse_gone()
            return np.array(backbone.glimpse(shown.look()))

        key = (backbone.eyes, shown.target, shown.sha)
        return make() if shown.sha is None else self.pictures.get(key, make)

    def _number(self, backbone: "Backbone") -> int:
        """A number that no other model of this process has, nor will have: not that of a version, either."""
        return self._numbers.setdefault(backbone, next(self._count))


def _embed(
    backbone: "Backbone", questions: Sequence[tuple[np.ndarray | None, str | None]]
) -> Sequence[np.ndarray]:
    # copies: a row would keep its whole batch in memory
    return [row.copy() for row in backbone.embed_glimpses(*map(list, zip(*questions, strict=True)))]
