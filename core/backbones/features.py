"""The on-disk cache of the frozen tower's features: every photo, and every augmented view, is encoded once.

One folder a tower fingerprint, holding two files that only grow: `rows.f16`, raw float16 rows, and
`keys.txt`, one line "PHOTO_SHA256 VIEW SEED" a row. A row is written and synced before its key, so whatever a
kill leaves behind the keys, cut to whole lines, say how many rows count.
"""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from tqdm import tqdm

from core.backbones.augment import augmented
from core.backbones.framing import frame
from core.errors import HemlineError
from core.pictures import picture_hash, read_picture
from core.threads import ahead, one_core_each

if TYPE_CHECKING:
    from core.backbones.base import Backbone

ROWS_FILE = "rows.f16"
KEYS_FILE = "keys.txt"
# Views between two syncs to disk: what a kill can cost.
PUBLISH_EVERY = 128
PHOTOS_AHEAD = 16
Key = tuple[str, int, int]
Job = tuple[str, Path, list[int]]
T = TypeVar("T")


@dataclass(frozen=True)
class Features:
    """Features of photos by id and view: `array` float16 [rows, tokens, channels], memory-mapped.

    `places` maps (id, view) to the row; `views` is how many views every photo has, view 0 the photo itself.
    """

    array: np.ndarray
    places: dict[tuple[str, int], int]
    views: int

    def rows(self, ids: Sequence[str], views: int | Sequence[int] = 0) -> np.ndarray:
        """Float16 [n, tokens, channels] of the photos' views, in order; HemlineError for one not encoded."""
        wanted = [views] * len(ids) if isinstance(views, int) else views
        try:
            places = [self.places[pair] for pair in zip(ids, wanted, strict=True)]
        except KeyError as error:
            photo, view = error.args[0]
            raise HemlineError(
                f"view {view} of photo {photo} is not among the {self.views} encoded ones"
            ) from None
        return np.asarray(self.array[places])


def encode_all(
    backbone: "Backbone", photos: Mapping[str, Path], cache_dir: Path, views: int = 1, seed: int = 0
) -> Features:
    """The features of every photo in `views` views (0 is the photo itself, the others are augmented by
    `seed`).

    What `cache_dir` holds already is not encoded again; a run that was killed goes on where it stood. Raises
    PictureError for a photo that cannot be read, HemlineError where `views` is under 1.
    """
    if views < 1:
        raise HemlineError(f"views is {views}; it must be 1 or more (view 0 is the photo itself)")
    folder = cache_dir / backbone.tower_fingerprint()[:32]
    hashes = {photo: picture_hash(path) for photo, path in photos.items()}
    shape = backbone.feature_shape()
    with _locked(folder):
        known = _read_keys(folder, shape)
        todo: dict[str, tuple[Path, list[int]]] = {}
        for photo, path in photos.items():
            missing = [view for view in range(views) if _key(hashes[photo], view, seed) not in known]
            if missing:
                todo[hashes[photo]] = (path, missing)
        if todo:
            _encode(backbone, todo, folder, seed, len(known))
            known = _read_keys(folder, shape)
    if not known:
        return Features(np.empty((0, *shape), np.float16), {}, views)
    array = np.memmap(folder / ROWS_FILE, dtype=np.float16, mode="r", shape=(len(known), *shape))
    places = {(i, v): known[_key(hashes[i], v, seed)] for i in photos for v in range(views)}
    return Features(array, places, views)


def joined(first: Features, second: Features) -> Features:
    """The features of both, the second encoded after the first into the same cache."""
    if second.array.shape[1:] != first.array.shape[1:] or len(second.array) < len(first.array):
        raise ValueError("the second features must be of the same cache, and not older than the first")
    return Features(second.array, first.places | second.places, max(first.views, second.views))


def encode_folder(
    backbone: "Backbone", images: Path, cache_dir: Path, views: int = 1, seed: int = 0
) -> Features:
    """The features of every .jpg, .jpeg and .png in the folder `images`, by file name without its ending."""
    paths = sorted(path for path in images.iterdir() if path.suffix.lower() in {".jpg", ".jpeg", ".png"})
    if not paths:
        raise HemlineError(f"{images} holds no .jpg, .jpeg or .png file")
    return encode_all(backbone, {path.stem: path for path in paths}, cache_dir, views, seed)


def _key(photo_hash: str, view: int, seed: int) -> Key:
    return (photo_hash, view, seed if view else 0)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Only one process at a time adds to a cache; a second one waits and then finds the work done."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / KEYS_FILE, "ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _read_keys(folder: Path, shape: tuple[int, int]) -> dict[Key, int]:
    """Each key's row; what a kill left unfinished is cut off both files."""
    data = (folder / KEYS_FILE).read_bytes()
    data = data[: data.rfind(b"\n") + 1]
    row_bytes = 2 * shape[0] * shape[1]
    rows = folder / ROWS_FILE
    whole = rows.stat().st_size // row_bytes if rows.exists() else 0
    lines = data.decode("ascii", "replace").splitlines()[:whole]
    keys: dict[Key, int] = {}
    for line in lines:
        try:
            photo, view, seed = line.split(" ")
            keys[photo, int(view), int(seed)] = len(keys)
        except ValueError:
            raise HemlineError(
                f"{folder / KEYS_FILE} is damaged; remove {folder}, it is made again"
            ) from None
    os.truncate(folder / KEYS_FILE, sum(len(line) + 1 for line in lines))
    if rows.exists():
        os.truncate(rows, len(lines) * row_bytes)
    return keys


def _encode(
    backbone: "Backbone", todo: dict[str, tuple[Path, list[int]]], folder: Path, seed: int, count: int
) -> None:
    """Append the missing views, a photo at a time in as many threads as torch uses.

    Each thread runs the tower on one core: that is faster than splitting every layer over the cores, and a
    row never depends on how many there are.
    """
    jobs = [(digest, path, views) for digest, (path, views) in todo.items()]
    total = sum(len(views) for _, _, views in jobs)
    interval = 0.5 if sys.stderr.isatty() else 30.0
    pending: list[tuple[Key, np.ndarray]] = []

    def encode(job: Job) -> list[tuple[Key, np.ndarray]]:
        digest, path, views = job
        picture, spec = read_picture(path), backbone.spec
        shown = (augmented(picture, digest, view, seed) for view in views)
        framed = [frame(view, spec.image_size, spec.framing) for view in shown]
        rows = [backbone.encode_pictures([view])[0] for view in framed]
        return [(_key(digest, view, seed), row) for view, row in zip(views, rows, strict=True)]

    with tqdm(total=total, desc="encode", unit="view", mininterval=interval, file=sys.stderr) as bar:
        try:
            for rows in _in_threads(encode, jobs):
                pending += rows
                bar.update(len(rows))
                if len(pending) >= PUBLISH_EVERY:
                    _publish(folder, pending)
                    pending = []
        finally:
            _publish(folder, pending)


def _in_threads(work: Callable[[Job], T], jobs: Sequence[Job]) -> Iterator[T]:
    """`work` on each job in order, in threads of one core each, a few jobs ahead of the caller."""
    import torch

    with one_core_each(torch.get_num_threads()) as threads:
        yield from ahead(threads, work, jobs, PHOTOS_AHEAD)


def _publish(folder: Path, pending: Sequence[tuple[Key, np.ndarray]]) -> None:
    """Append rows, then their keys; each file is on the disk before the next step."""
    if not pending:
        return
    rows = b"".join(row.tobytes() for _, row in pending)
    keys = "".join(f"{photo} {view} {seed}\n" for (photo, view, seed), _ in pending)
    for name, data in ((ROWS_FILE, rows), (KEYS_FILE, keys.encode())):
        with open(folder / name, "ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
