"""From kept chunks and the older index to the folder of a new one; no model is known here."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.errors import HemlineError
from core.gallery import Features, Table, load_gallery, write_gallery
from core.index import Index, IndexCard, Vectors, build_index, load_index, save_index
from core.staging import Chunk, Photo, chunks


@dataclass(frozen=True)
class Making:
    """What is made of what: the model's folder and fingerprints, the images' folder, the index."""

    model: Path
    images: Path
    out: Path
    target_fingerprint: str
    tower_fingerprint: str


@dataclass(frozen=True)
class Earlier:
    """What the older index at the same place offers: rows by hash; no vectors where its model was another."""

    rows: dict[str, int]
    features: Features | None
    vectors: Vectors | None

    @property
    def done(self) -> set[str]:
        """The hashes that need no work."""
        return set() if self.vectors is None else set(self.rows)


def earlier_at(making: Making) -> Earlier:
    """What the index that is there already, if one is, offers the model."""
    out = making.out
    if out.exists():
        try:
            index = load_index(out)
            gallery = load_gallery(out, index)
        except HemlineError as error:
            print(f"hemline: nothing is taken over from the older index: {error}", file=sys.stderr)
        else:
            if gallery.table.tower_fingerprint == making.tower_fingerprint:
                rows = {sha: row for row, sha in enumerate(gallery.table.hashes)}
                same = index.card.target_fingerprint == making.target_fingerprint
                return Earlier(rows, gallery.features, index.vectors if same else None)
    return Earlier({}, None, None)


def write_index(
    making: Making,
    photos: Sequence[Photo],
    left_out: dict[str, str],
    earlier: Earlier,
    folders: Sequence[Path],
) -> IndexCard:
    """Save the index of `photos` (one at least, each encoded), from what chunks in `folders` hold.

    The card as it is saved. OSError on a full disk, with the older index intact.
    """
    card = IndexCard(making.target_fingerprint, str(making.model), partial=bool(left_out), left_out=left_out)
    index = _assemble(photos, earlier, folders, card)
    table = Table(
        root=str(making.images),
        tower_fingerprint=making.tower_fingerprint,
        ids_sha=index.card.ids_sha,
        paths=[photo.path.relative_to(making.images).as_posix() for photo in photos],
        hashes=[photo.sha for photo in photos],
    )
    rows = _feature_rows(_places(photos), earlier, folders)
    save_index(index, making.out, beside=lambda aside: write_gallery(aside, table, rows))
    return index.card


def _places(photos: Sequence[Photo]) -> dict[str, list[int]]:
    """The rows of each hash: pictures with the same bytes share their vector."""
    places: dict[str, list[int]] = {}
    for place, photo in enumerate(photos):
        places.setdefault(photo.sha, []).append(place)
    return places


def _assemble(photos: Sequence[Photo], earlier: Earlier, folders: Sequence[Path], card: IndexCard) -> Index:
    places = _places(photos)
    vectors: Vectors | None = None
    for sha, vector in _vectors(earlier, folders):
        if vectors is None:
            vectors = np.zeros((len(photos), len(vector)), np.float32)
        for place in places.get(sha, ()):
            vectors[place] = vector
    assert vectors is not None
    return build_index(vectors, [photo.id for photo in photos], card)


def _vectors(earlier: Earlier, folders: Sequence[Path]) -> Iterator[tuple[str, Vectors]]:
    if earlier.vectors is not None:
        for sha, row in earlier.rows.items():
            yield sha, earlier.vectors[row]
    for chunk in _all_chunks(folders):
        yield from zip(chunk.hashes, chunk.vectors, strict=True)


def _feature_rows(
    places: dict[str, list[int]], earlier: Earlier, folders: Sequence[Path]
) -> Iterator[tuple[int, Features]]:
    if earlier.features is not None and earlier.vectors is not None:
        for sha, row in earlier.rows.items():
            for place in places.get(sha, ()):
                yield place, earlier.features[row]
    for chunk in _all_chunks(folders):
        for sha, features in zip(chunk.hashes, chunk.features, strict=True):
            for place in places.get(sha, ()):
                yield place, features


def _all_chunks(folders: Sequence[Path]) -> Iterator[Chunk]:
    for folder in folders:
        for _, chunk in chunks(folder):
            yield chunk
