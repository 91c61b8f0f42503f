"""Queries with known answers that a refinement goes on answering: some are trained on, some only measured.

Which reference is of the tuning slice depends on its id alone, so the slice is the same in every refinement,
whatever else is replayed.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.datasets.asked import read_asked
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.evaluation.protocol import query_text
from core.files import fingerprint
from core.requests import Request
from core.types import Garment

SPLITS = ("train", "shop")
"""What may be replayed, the first that a folder has: val and test stay unseen."""
TUNING = 15  # percent of the references


@dataclass(frozen=True)
class ReplayQuery:
    """A composed query with its answer, and what exactly it asks for where that is on file."""

    key: str
    category: str
    reference: str
    text: str
    target: str
    request: Request | None = None


@dataclass(frozen=True)
class Replay:
    """The queries trained on and those of the tuning slice, the photos' files and the garments' records."""

    train: tuple[ReplayQuery, ...]
    tune: tuple[ReplayQuery, ...]
    pictures: dict[str, Path]
    garments: dict[str, Garment]
    fingerprint: str

    @property
    def photos(self) -> list[str]:
        """Every reference once."""
        return list(dict.fromkeys(query.reference for query in (*self.train, *self.tune)))


def read_replay(
    folders: Sequence[Path], references: int = 150, tuning: int = 150, without: Iterable[tuple[str, str]] = ()
) -> Replay:
    """The queries of the folders (FashionIQ's layout) on at most so many references for each side.

    `without` names queries, (reference, text), that the tuning slice must not hold as they are trained on.
    Raises HemlineError for a folder without a split that may be replayed, photos that are missing, and
    where either side has no query.
    """
    queries: list[ReplayQuery] = []
    pictures: dict[str, Path] = {}
    garments: dict[str, Garment] = {}
    for folder in folders:
        split = _replayable(folder)
        asked = read_asked(split)
        queries += [
            ReplayQuery(
                t.key, t.category, t.reference, query_text(t.captions, "and"), t.target, asked.get(t.key)
            )
            for t in split.triplets
        ]
        garments |= split.garments
        pictures |= _pictures(split)
    trained = set(without)
    tune = _some([q for q in queries if in_tuning_slice(q.reference)], tuning)
    tune = [query for query in tune if (query.reference, query.text) not in trained]
    train = _some([query for query in queries if not in_tuning_slice(query.reference)], references)
    if not train or not tune:
        raise HemlineError(
            f"{', '.join(map(str, folders))}: {len(train)} queries to replay and {len(tune)} to measure on "
            "are too few; give --replay folders with more queries"
        )
    lacking = [p for p in {q.reference for q in (*train, *tune)} if p not in pictures]
    if lacking:
        raise HemlineError(f"{len(lacking)} photos to replay are missing (first: {min(lacking)}); bring them")
    return Replay(tuple(train), tuple(tune), pictures, garments, _fingerprint(train, tune))


def in_tuning_slice(reference: str) -> bool:
    """Whether queries on this reference are measured on and never trained on."""
    return _number(reference) % 100 < TUNING


def _replayable(folder: Path) -> Split:
    for name in SPLITS:
        if any((folder / "captions").glob(f"cap.*.{name}.json")):
            return read_split(folder, name)
    if (folder / "captions").is_dir():
        raise HemlineError(
            f"{folder} has no {' or '.join(SPLITS)} split to replay; val and test are kept for evaluation"
        )
    return read_split(folder, SPLITS[0])  # says what the folder is instead


def _pictures(split: Split) -> dict[str, Path]:
    found = {photo: split.image_path(photo) for photo in split.union_gallery()}
    return {photo: path for photo, path in found.items() if path is not None}


def _some(queries: list[ReplayQuery], references: int) -> list[ReplayQuery]:
    """The queries on the first so many references, in an order that has nothing to do with the file's."""
    order = sorted({query.reference for query in queries}, key=_number)[:references]
    place = {reference: n for n, reference in enumerate(order)}
    kept = [query for query in queries if query.reference in place]
    return sorted(kept, key=lambda query: place[query.reference])


def _number(reference: str) -> int:
    return int.from_bytes(hashlib.sha256(reference.encode()).digest()[:8])


def _fingerprint(train: Sequence[ReplayQuery], tune: Sequence[ReplayQuery]) -> str:
    return fingerprint([[[q.reference, q.text, q.target] for q in side] for side in (train, tune)])
