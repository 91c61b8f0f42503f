"""The kept work of an unfinished catalogue: chunks of encoded pictures, each written whole or not at all.

Chunks lie in `INDEX.building/KEY/NNNNNN.safetensors`, KEY standing for the model, so that a build that goes
on with another model never mixes their vectors; those of a shard in a folder of its own there. A lock keeps
two builds of one index apart, and two workers of one shard.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from glob import escape
from pathlib import Path

import numpy as np

from core.errors import HemlineError
from core.files import fingerprint, take_lock, write_atomically
from core.flat import Vectors
from core.gallery import Features
from core.index import recover, staging_of

FORMAT = 1


@dataclass(frozen=True)
class Photo:
    """A picture to be indexed: its id, its file and the sha256 of the file's bytes, "" until it is read."""

    id: str
    path: Path
    sha: str = ""


@dataclass(frozen=True)
class Chunk:
    """Pictures encoded together: `hashes` of their bytes, features [n, tokens, channels], vectors [n, d].

    `unusable` maps the hashes of files that are no usable picture to the reason; they have no row.
    """

    hashes: list[str]
    features: Features
    vectors: Vectors
    unusable: dict[str, str]


@contextmanager
def locked(index: Path) -> Iterator[Path]:
    """The folder for the kept work of `index`, locked for this process.

    Also clears away what killed saves of the index left beside it. HemlineError where another process is
    building the same index.
    """
    base = staging_of(index)
    made = not base.exists()
    base.mkdir(parents=True, exist_ok=True)
    with (base / "lock").open("w") as lock:
        try:
            take_lock(lock)
        except BlockingIOError:
            raise HemlineError(
                f"another process is building {index}; wait for it, or name another --out"
            ) from None
        recover(index)
        for ending in ("part", "old"):
            for left in index.absolute().parent.glob(f".{escape(index.name)}.????????.{ending}"):
                shutil.rmtree(left, ignore_errors=True)
        try:
            yield base
        finally:
            if made and [path.name for path in base.glob("*")] == ["lock"]:
                discard(index)


@contextmanager
def staging(index: Path, target_fingerprint: str, tower_fingerprint: str) -> Iterator[Path]:
    """The folder for this model's chunks of `index`, locked for this process as `locked` does."""
    with locked(index) as base:
        folder = base / key_of(target_fingerprint, tower_fingerprint)
        folder.mkdir(exist_ok=True)
        yield folder


@contextmanager
def shard_staging(index: Path, key: str, shard: int, of: int) -> Iterator[Path]:
    """The folder for a shard's chunks of `index`, this shard locked for this process.

    Workers of other shards may be at work; HemlineError where a whole build is, or another of this shard.
    """
    base = staging_of(index)
    folder = base / key / shard_name(shard, of)
    folder.mkdir(parents=True, exist_ok=True)
    with (base / "lock").open("a") as whole, (folder / "lock").open("w") as own:
        try:
            take_lock(whole, shared=True)
        except BlockingIOError:
            raise HemlineError(f"another process is building the whole of {index}; wait for it") from None
        try:
            take_lock(own)
        except BlockingIOError:
            raise HemlineError(f"another process is at work on shard {shard}/{of} of {index}") from None
        yield folder


def key_of(target_fingerprint: str, tower_fingerprint: str) -> str:
    """The name of a model's folder in the kept work."""
    return fingerprint([FORMAT, target_fingerprint, tower_fingerprint])[:16]


def shard_name(shard: int, of: int) -> str:
    """The name of a shard's folder in a model's."""
    return f"shard-{shard:04}-of-{of:04}"


def discard(index: Path) -> None:
    """Remove the kept work of `index`, its build being finished."""
    shutil.rmtree(staging_of(index), ignore_errors=True)


def add_chunk(folder: Path, number: int, chunk: Chunk) -> None:
    """Save a chunk as the `number`th of `folder`, durably. OSError on a full disk."""
    from safetensors.numpy import save

    about = {"hashes": json.dumps(chunk.hashes), "unusable": json.dumps(chunk.unusable)}
    data = save({"features": chunk.features, "vectors": chunk.vectors}, metadata=about)
    write_atomically(folder / f"{number:06}.safetensors", lambda aside: _write_bytes(aside, data))


def _write_bytes(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def chunks(folder: Path) -> Iterator[tuple[int, Chunk]]:
    """The kept chunks and their numbers, in order; one that the disk damaged is removed, to be made again."""
    for path in sorted(folder.glob("*.safetensors")):
        chunk = _read(path)
        if chunk is None:
            path.unlink()
        else:
            yield int(path.stem), chunk


def _read(path: Path) -> Chunk | None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            about = file.metadata()
            hashes, unusable = json.loads(about["hashes"]), json.loads(about["unusable"])
            features, vectors = file.get_tensor("features"), file.get_tensor("vectors")
    except (SafetensorError, ValueError, KeyError, TypeError):
        return None
    sound = features.dtype == np.float16 and vectors.dtype == np.float32
    return Chunk(hashes, features, vectors, unusable) if sound and len(hashes) == len(vectors) else None
