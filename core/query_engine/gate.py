"""What an engine loses and gains: recall of model and engine on the same queries, and their latencies."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.index import load_card, load_index
from core.pictures import read_picture

if TYPE_CHECKING:
    from core.types import Triplet

AT = 10
MOST_LOST = 0.5
"""Percentage points of recall@10 that an engine may lose against its model."""
QUERIES = 400
GALLERY = 1000  # photos embedded for a gallery where no index of the model is at hand


class Embeds(Protocol):
    """A model, or an engine in its stead."""

    def embed_queries(self, looks: Sequence, texts: Sequence[str | None]) -> NDArray[np.float32]:
        """Unit query vectors, float32 [n, dim]."""


class Targets(Embeds, Protocol):
    """A model as the gate needs it."""

    def embed_targets(self, looks: Sequence) -> NDArray[np.float32]:
        """Unit target vectors, float32 [n, dim]."""

    def target_fingerprint(self) -> str:
        """Of what `embed_targets` depends on."""


@dataclass(frozen=True)
class Question:
    """A composed query with its answer; reference and target as rows of the gallery."""

    photo: Path
    text: str
    reference: int
    target: int


@dataclass(frozen=True)
class Trial:
    """Questions over a gallery's target vectors, float32 [n, dim], by the model itself; `data` names both."""

    questions: tuple[Question, ...]
    vectors: NDArray[np.float32]
    data: str


@dataclass(frozen=True)
class Measured:
    """What a trial of an engine came to: recalls in percent, milliseconds a query (medians)."""

    data: str
    queries: int
    gallery: int
    eager_recall: float
    engine_recall: float
    lost: float
    low: float
    high: float
    limit: float
    least_cosine: float
    eager_ms: float
    engine_ms: float


def read_trial(model: Targets, data: Path, split: str, queries: int = QUERIES, seed: int = 0) -> Trial:
    """A draw of `queries` of a split in FashionIQ's layout, over its gallery.

    The gallery's vectors are those of the index in `data`/index, where that is of this model; else a part of
    the gallery is embedded, and only that is searched. HemlineError for a folder that is no such split.
    """
    read = read_split(data, split)
    drawn = np.random.default_rng(seed).permutation(len(read.triplets))[:queries]
    triplets = [read.triplets[row] for row in sorted(drawn)]
    ids, vectors = _indexed(model, data / "index")
    if vectors is None:
        ids = _part_of(read.union_gallery(), triplets)
        photos = [_photo(read.image_path(id_), id_) for id_ in ids]
        vectors = np.concatenate([model.embed_targets([read_picture(photo)]) for photo in photos])
    rows = {id_: row for row, id_ in enumerate(ids)}
    questions = tuple(
        Question(
            _photo(read.image_path(t.reference), t.reference),
            " and ".join(filter(None, map(str.strip, t.captions))),
            rows[t.reference],
            rows[t.target],
        )
        for t in triplets
        if t.reference in rows and t.target in rows
    )
    if not questions:
        raise HemlineError(f"{data} has no query in split {split!r} to try an engine on; name another --data")
    return Trial(questions, vectors, f"{data.name}, {split}")


def _indexed(model: Targets, folder: Path) -> tuple[Sequence[str], NDArray[np.float32] | None]:
    if not (folder / "index.json").is_file():
        return (), None
    if load_card(folder).target_fingerprint != model.target_fingerprint():
        return (), None
    index = load_index(folder)
    return index.ids, np.asarray(index.vectors)


def _part_of(gallery: Sequence[str], triplets: "Sequence[Triplet]") -> list[str]:
    """The photos that the queries are about, and further ones up to `GALLERY`."""
    asked = [id_ for triplet in triplets for id_ in (triplet.reference, triplet.target)]
    others = max(0, GALLERY - len(set(asked)))
    rest = [id_ for id_ in gallery if id_ not in set(asked)][:others]
    return list(dict.fromkeys([*asked, *rest]))


def _photo(path: Path | None, id_: str) -> Path:
    if path is None:
        raise HemlineError(f"the photo {id_} is missing, so an engine cannot be tried; bring the photos")
    return path


def measure(model: Embeds, engine: Embeds, trial: Trial, limit: float = MOST_LOST) -> Measured:
    """Ask model and engine every question, one at a time and in turns, each from the decoded photo."""
    vectors: dict[str, list[NDArray[np.float32]]] = {"eager": [], "engine": []}
    times: dict[str, list[float]] = {"eager": [], "engine": []}
    for number, question in enumerate(trial.questions):
        picture = read_picture(question.photo)
        turns = [("eager", model), ("engine", engine)]
        for name, one in turns if number % 2 else turns[::-1]:
            began = perf_counter()
            vectors[name].append(one.embed_queries([picture], [question.text])[0])
            times[name].append(perf_counter() - began)
    made = {name: np.stack(rows) for name, rows in vectors.items()}
    hits = {name: ranks(rows, trial) <= AT for name, rows in made.items()}
    low, high = _interval(hits["eager"].astype(float) - hits["engine"])
    return Measured(
        data=trial.data,
        queries=len(trial.questions),
        gallery=len(trial.vectors),
        eager_recall=100 * float(hits["eager"].mean()),
        engine_recall=100 * float(hits["engine"].mean()),
        lost=100 * float(hits["eager"].mean() - hits["engine"].mean()),
        low=100 * low,
        high=100 * high,
        limit=limit,
        least_cosine=float((made["eager"] * made["engine"]).sum(axis=1).min()),
        eager_ms=1e3 * median(times["eager"]),
        engine_ms=1e3 * median(times["engine"]),
    )


def passes(measured: Measured) -> bool:
    """Whether the engine may answer: what it lost is within the limit."""
    return measured.lost <= measured.limit


def ranks(queries: NDArray[np.float32], trial: Trial) -> NDArray[np.int64]:
    """The rank of each question's target, from 1, with its reference out of the gallery: int64 [q]."""
    scores = queries @ trial.vectors.T
    rows = np.arange(len(queries))
    scores[rows, [question.reference for question in trial.questions]] = -np.inf
    right = scores[rows, [question.target for question in trial.questions]]
    return np.asarray(1 + (scores > right[:, None]).sum(axis=1))


def _interval(lost: NDArray[np.float64], samples: int = 4000) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of paired differences."""
    drawn = np.random.default_rng(0).integers(len(lost), size=(samples, len(lost)))
    low, high = np.percentile(lost[drawn].mean(axis=1), (2.5, 97.5))
    return float(low), float(high)
