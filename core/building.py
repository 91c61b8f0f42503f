"""Building a catalogue's index: every photo encoded once, kept as it goes, continued after a kill.

Rows are known by the sha256 of the photo's bytes. What the older index at the same place or an earlier,
killed build already encoded with the same model is taken over; where only the target side changed, the
frozen tower's features are. What remains is cut into batches in catalogue order, and a batch is kept whole
or not at all: so a build that was killed forms the very same batches and ends with the very same bytes.
"""

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.datasets.images import SHARED_BY
from core.errors import HemlineError
from core.files import sha256_file
from core.gallery import Features, Table, load_gallery, scan, write_gallery
from core.index import (
    Index,
    IndexCard,
    Vectors,
    build_index,
    load_index,
    refuse_as_model,
    refuse_unlike,
    save_index,
)
from core.pictures import MAX_BYTES, PictureError, placeholder_reason, read_picture
from core.staging import Chunk, add_chunk, chunks, discard, staging

if TYPE_CHECKING:
    from PIL.Image import Image
    from tqdm import tqdm

    from core.backbones.base import Backbone

NAMED = 5  # how many left-out pictures a refusal names


@dataclass(frozen=True)
class Photo:
    """A picture to be indexed: its id, its file and the sha256 of the file's bytes."""

    id: str
    path: Path
    sha: str


@dataclass(frozen=True)
class Earlier:
    """What the older index at the same place offers: rows by hash; no vectors where its model was another."""

    rows: dict[str, int]
    features: Features | None
    vectors: Vectors | None


@dataclass(frozen=True)
class Built:
    """The card of the index that was built, and how many pictures were encoded for it and how many kept."""

    card: IndexCard
    encoded: int
    kept: int


def build(
    model: Path,
    images: Path,
    out: Path,
    ids: Sequence[str] | None = None,
    allow_partial: bool = False,
    batch: int = 32,
    device: str = "cpu",
) -> Built:
    """Index the pictures under `images` (those named in `ids`, in that order; None: all) as `out`.

    Missing and unusable pictures are refused, with the others' work kept, unless `allow_partial`: then the
    card is partial and names them. `device` is torch's name of where the model computes. Raises HemlineError,
    with an older index at `out` intact.
    """
    from core.backbones import load_backbone

    if batch < 1:
        raise HemlineError(f"--batch must be a whole number of 1 or more; it is {batch}")
    refuse_as_model(model)
    refuse_unlike(out)
    found = scan(images)
    wanted = list(found) if ids is None else list(ids)
    left_out = {name: "missing" for name in wanted if name not in found}
    _refuse_partial(left_out, len(wanted), allow_partial)
    photos = _hashed({name: found[name] for name in wanted if name in found}, left_out)
    backbone = load_backbone(model, device=device)
    fingerprints = backbone.target_fingerprint(), backbone.tower_fingerprint()
    with staging(out, *fingerprints) as folder:
        earlier = _earlier(out, *fingerprints)
        encoded, reasons = _encode_all(backbone, photos, earlier, folder, batch)
        left_out |= {photo.id: reasons[photo.sha] for photo in photos if photo.sha in reasons}
        _refuse_partial(left_out, len(wanted), allow_partial)
        photos = [photo for photo in photos if photo.id not in left_out]
        if not photos:
            raise HemlineError(f"{images} holds no usable picture, so there is nothing to index")
        left_out = {name: left_out[name] for name in wanted if name in left_out}
        card = IndexCard(fingerprints[0], str(model), partial=bool(left_out), left_out=left_out)
        index = _assemble(photos, earlier, folder, card)
        table = Table(
            root=str(images),
            tower_fingerprint=fingerprints[1],
            ids_sha=index.card.ids_sha,
            paths=[photo.path.relative_to(images).as_posix() for photo in photos],
            hashes=[photo.sha for photo in photos],
        )
        rows = _feature_rows(_places(photos), earlier, folder)
        save_index(index, out, beside=lambda aside: write_gallery(aside, table, rows))
        discard(out)
    return Built(index.card, encoded, len(photos) - encoded)


def _refuse_partial(left_out: dict[str, str], total: int, allow_partial: bool) -> None:
    if left_out and not allow_partial:
        named = ", ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:NAMED])
        more = ", …" if len(left_out) > NAMED else ""
        raise HemlineError(
            f"{len(left_out)} of {total} pictures cannot be indexed ({named}{more}); bring them and run the "
            "command again (what is encoded is kept), or leave them out with --allow-partial"
        )


def _hashed(files: dict[str, Path], left_out: dict[str, str]) -> list[Photo]:
    """The photos with their hashes; files that cannot be read, and placeholders, go to `left_out`."""
    photos = []
    with progress(len(files), "looking at files") as bar:
        for name, path in files.items():
            try:
                photos.append(Photo(name, path, sha256_file(path)))
            except OSError as error:
                left_out[name] = f"unreadable ({error.strerror})"
            bar.update()
    sharing = Counter(photo.sha for photo in photos)
    for photo in photos:
        if sharing[photo.sha] >= SHARED_BY:
            left_out[photo.id] = f"placeholder: the same file under {sharing[photo.sha]} ids"
    return [photo for photo in photos if photo.id not in left_out]


def _earlier(out: Path, target_fingerprint: str, tower_fingerprint: str) -> Earlier:
    if out.exists():
        try:
            index = load_index(out)
            gallery = load_gallery(out, index)
        except HemlineError as error:
            print(f"hemline: nothing is taken over from the older index: {error}", file=sys.stderr)
        else:
            if gallery.table.tower_fingerprint == tower_fingerprint:
                rows = {sha: row for row, sha in enumerate(gallery.table.hashes)}
                same = index.card.target_fingerprint == target_fingerprint
                return Earlier(rows, gallery.features, index.vectors if same else None)
    return Earlier({}, None, None)


def _encode_all(
    backbone: "Backbone", photos: Sequence[Photo], earlier: Earlier, folder: Path, batch: int
) -> tuple[int, dict[str, str]]:
    """Encode into `folder` what is not kept yet: how many that was, and why which hashes are unusable."""
    unusable: dict[str, str] = {}
    done = set(earlier.rows) if earlier.vectors is not None else set()
    number = 0
    for last, chunk in chunks(folder):
        number = last + 1
        done.update(chunk.hashes, chunk.unusable)
        unusable |= chunk.unusable
    once = {photo.sha: photo for photo in photos}
    todo = [photo for sha, photo in once.items() if sha not in done]
    groups = [todo[start : start + batch] for start in range(0, len(todo), batch)]
    with progress(len(once), "encoding", len(once) - len(todo)) as bar:
        for place, looks in enumerate(_read_ahead(groups, earlier)):
            chunk = _encode(backbone, groups[place], looks, earlier)
            add_chunk(folder, number + place, chunk)
            unusable |= chunk.unusable
            bar.update(len(groups[place]))
    return len(todo) - sum(photo.sha in unusable for photo in todo), unusable


def _read_ahead(groups: Sequence[list[Photo]], earlier: Earlier) -> Iterator[list["Image | str | None"]]:
    """The pictures of each group, decoded while the group before is encoded."""
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:

        def start(group: list[Photo]) -> list[Future["Image | str | None"]]:
            return [pool.submit(_read, photo, photo.sha in earlier.rows) for photo in group]

        try:
            waiting = start(groups[0]) if groups else []
            for place in range(len(groups)):
                ready = [future.result() for future in waiting]
                waiting = start(groups[place + 1]) if place + 1 < len(groups) else []
                yield ready
        finally:
            pool.shutdown(cancel_futures=True)


def _read(photo: Photo, has_features: bool) -> "Image | str | None":
    """The picture, the reason why it cannot be used, or None where its features are known."""
    if has_features:
        return None
    try:
        if photo.path.stat().st_size > MAX_BYTES:
            return "too large"
        data = photo.path.read_bytes()
    except OSError as error:
        return f"unreadable ({error.strerror})"
    if hashlib.sha256(data).hexdigest() != photo.sha:
        raise HemlineError(f"{photo.path} changed while the index was being built; run the command again")
    try:
        picture = read_picture(data)
    except PictureError as error:
        return error.reason
    return placeholder_reason(picture) or picture


def _encode(
    backbone: "Backbone", group: list[Photo], looks: list["Image | str | None"], earlier: Earlier
) -> Chunk:
    unusable = {photo.sha: look for photo, look in zip(group, looks, strict=True) if isinstance(look, str)}
    usable = [photo for photo in group if photo.sha not in unusable]
    pictures = [look for look in looks if look is not None and not isinstance(look, str)]
    fresh = iter(backbone.encode_pictures(pictures))
    features = [
        np.array(earlier.features[earlier.rows[photo.sha]])
        if earlier.features is not None and photo.sha in earlier.rows
        else next(fresh)
        for photo in usable
    ]
    if not features:
        return Chunk([], np.zeros((0, 1, 1), np.float16), np.zeros((0, 1), np.float32), unusable)
    vectors = backbone.embed_targets(features)
    return Chunk([photo.sha for photo in usable], np.stack(features), vectors, unusable)


def _places(photos: Sequence[Photo]) -> dict[str, list[int]]:
    """The rows of each hash: pictures with the same bytes share their vector."""
    places: dict[str, list[int]] = {}
    for place, photo in enumerate(photos):
        places.setdefault(photo.sha, []).append(place)
    return places


def _assemble(photos: Sequence[Photo], earlier: Earlier, folder: Path, card: IndexCard) -> Index:
    places = _places(photos)
    vectors: Vectors | None = None
    for sha, vector in _vectors(earlier, folder):
        if vectors is None:
            vectors = np.zeros((len(photos), len(vector)), np.float32)
        for place in places.get(sha, ()):
            vectors[place] = vector
    assert vectors is not None
    return build_index(vectors, [photo.id for photo in photos], card)


def _vectors(earlier: Earlier, folder: Path) -> Iterator[tuple[str, Vectors]]:
    if earlier.vectors is not None:
        for sha, row in earlier.rows.items():
            yield sha, earlier.vectors[row]
    for _, chunk in chunks(folder):
        yield from zip(chunk.hashes, chunk.vectors, strict=True)


def _feature_rows(
    places: dict[str, list[int]], earlier: Earlier, folder: Path
) -> Iterator[tuple[int, Features]]:
    if earlier.features is not None and earlier.vectors is not None:
        for sha, row in earlier.rows.items():
            for place in places.get(sha, ()):
                yield place, earlier.features[row]
    for _, chunk in chunks(folder):
        for sha, features in zip(chunk.hashes, chunk.features, strict=True):
            for place in places.get(sha, ()):
                yield place, features


def progress(total: int, what: str, done: int = 0) -> "tqdm":
    """A bar with rate and time left on stderr; outside a terminal a line every ten seconds at most."""
    from tqdm import tqdm

    interval = 0.1 if sys.stderr.isatty() else 10.0
    return tqdm(total=total, initial=done, desc=what, unit="picture", mininterval=interval, file=sys.stderr)
