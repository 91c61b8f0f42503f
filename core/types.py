"""The plain values that travel between the rooms: garments, triplets and hits."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)  # a catalogue may have millions
class Garment:
    """One photographed garment and its attributes, in the vocabulary of `core.vocabulary`.

    A field that does not apply is None (or an empty tuple); `colors` holds the main colour first.
    """

    id: str
    split: str
    category: str
    kind: str
    colors: tuple[str, ...]
    pattern: str | None
    sleeve: str | None
    neckline: str | None
    length: str | None
    fit: str | None
    fabric: str | None
    details: tuple[str, ...]
    caption: str


def values(garment: Garment) -> list[Any]:
    """The garment's values in the order of its fields, as fingerprints take them."""
    return [getattr(garment, name) for name in Garment.__slots__]


@dataclass(frozen=True)
class Triplet:
    """One composed query with its answer: reference photo, modification texts, target photo.

    `key` is "CATEGORY:ROW", the row in that category's captions file from 0 (FashionIQ's layout);
    `captions` are the annotators' wordings exactly as on file, in file order.
    """

    key: str
    category: str
    split: str
    reference: str
    target: str
    captions: tuple[str, ...]


@dataclass(frozen=True)
class Hit:
    """One answer to a query: `rank` from 1, gallery `id`, cosine `score` in [-1, 1]."""

    rank: int
    id: str
    score: float
