"""Which photos a shared build is of and which shard encodes each: a Parquet file beside the kept work.

A row a photo, in the order of the index: `id`, `path` (POSIX, below the images' folder), `sha256`, `bytes`,
`shard` (from 1; photos of the same bytes have the same one) and `left_out`, why it cannot be indexed ("": it
can; then there is no shard, 0). A shard is a run of whole batches, so that all shards together form the very
batches of a build by one process.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from core.files import sha256_file, write_atomically
from core.pictures import MAX_BYTES
from core.pipeline import READERS
from core.progress import progress
from core.staging import Photo
from core.threads import ahead

if TYPE_CHECKING:
    pass

FORMAT = 1
FILE = "manifest.parquet"
COLUMNS = ("id", "path", "sha256", "bytes", "shard", "left_out")
AGAIN = "write it again with python -m core.catalogue manifest"


@dataclass(frozen=True)
class Sharing:
    """What is shared by all who build: the images' folder as given, shards, photos a batch, photos in all."""

    root: str
    shards: int
    batch: int
    count: int
    format: int = FORMAT


@dataclass(frozen=True)
class Manifest:
    """A manifest read: its file, the sha256 of that, and what it says of the whole."""

    path: Path
    fingerprint: str
    sharing: Sharing

    def photos(self, root: Path, shard: int | None = None) -> list[Photo]:
        """The photos, with files below `root`, that are not left out; of one shard, each hash once."""
        rows = self._rows(["id", "path", "sha256"], None if shard is None else [("shard", "=", shard)])
        photos = [Photo(row["id"], root / row["path"], row["sha256"]) for row in rows if row["sha256"]]
        if shard is None:
            return photos
        first: dict[str, Photo] = {}
        for photo in photos:
            first.setdefault(photo.sha, photo)
        return list(first.values())

    def left_out(self) -> dict[str, str]:
        """Why photos are not indexed, by id."""
        return {row["id"]: row["left_out"] for row in self._rows(["id", "left_out"], [("shard", "=", 0)])}

    def ids(self) -> list[str]:
        """All ids, those left out too, in their order."""
        return [row["id"] for row in self._rows(["id"], None)]

    def shards(self) -> dict[str, int]:
        """The shard of each hash."""
        return {row["sha256"]: row["shard"] for row in self._rows(["sha256", "shard"], [("shard", ">", 0)])}

    def _rows(self, columns: list[str], filters: Any) -> Iterator[dict[str, Any]]:
        import pyarrow.parquet

        table = pyarrow.parquet.read_table(self.path, columns=columns, filters=filters, memory_map=True)
        for batch in table.to_batches():
            yield from batch.to_pylist()


def write_manifest(
    path: Path, root: Path, files: Mapping[str, Path | None], shards: int, batch: int
) -> dict[str, str]:
    """Hash `files` (by id, in the index's order; None: missing) below `root` and share them out.

    Answers why photos are left out, by id. HemlineError for a number of shards or a batch under 1.
    """
    for name, value in (("--shards", shards), ("--batch", batch)):
        if value < 1:
            raise HemlineError(f"{name} must be a whole number of 1 or more; it is {value}")
    rows = []
    with (
        ThreadPoolExecutor(READERS) as readers,
        progress(len(files), "looking at files", unit="photo") as bar,
    ):
        for id_, (size, sha, reason) in zip(
            files, ahead(readers, _seen, files.values(), 4 * READERS), strict=True
        ):
            file = files[id_]
            below = "" if file is None else file.relative_to(root).as_posix()
            rows.append((id_, below, sha, size, 0, reason))
            bar.update()
    rows = _shared_out(rows, shards, batch)
    sharing = Sharing(str(root), shards, batch, len(rows))
    write_atomically(path, lambda aside: _write(aside, rows, sharing))
    return {row[0]: row[5] for row in rows if row[5]}


def read_manifest(path: Path) -> Manifest:
    """The manifest at `path`; HemlineError where there is none, or it is damaged or of another version."""
    import pyarrow
    import pyarrow.parquet

    if not path.is_file():
        raise HemlineError(f"there is no manifest {path}; {AGAIN}, or copy it there")
    try:
        schema = pyarrow.parquet.read_schema(path)
        sharing = Sharing(**json.loads((schema.metadata or {})[b"hemline"]))
        if sharing.format != FORMAT or tuple(schema.names) != COLUMNS:
            raise ValueError("it is of another version")
    except (pyarrow.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
        raise HemlineError(f"{path} is no manifest that can be read ({error}); {AGAIN}") from None
    return Manifest(path, sha256_file(path), sharing)


Row = tuple[str, str, str, int, int, str]


def _seen(path: Path | None) -> tuple[int, str, str]:
    """The size and hash of a file, and why it is left out ("": it is not)."""
    if path is None:
        return 0, "", "missing"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        return 0, "", f"unreadable ({error.strerror})"
    if len(data) > MAX_BYTES:
        return len(data), "", "too large"
    return len(data), hashlib.sha256(data).hexdigest(), ""


def _shared_out(rows: Sequence[Row], shards: int, batch: int) -> list[Row]:
    first: dict[str, int] = {}
    for row in rows:
        if row[2]:
            first.setdefault(row[2], len(first))
    batches = -(-len(first) // batch)
    # batch b goes to the shard whose part of the batches, cut evenly, it lies in
    shard_of = {sha: 1 + place // batch * shards // batches for sha, place in first.items()}
    return [(*row[:4], shard_of.get(row[2], 0), row[5]) for row in rows]


def _write(path: Path, rows: Sequence[Row], sharing: Sharing) -> None:
    import pyarrow
    import pyarrow.parquet

    text, whole = pyarrow.string(), pyarrow.int64()
    kinds = (text, text, text, whole, pyarrow.int32(), text)
    schema = pyarrow.schema(
        list(zip(COLUMNS, kinds, strict=True)), metadata={"hemline": json.dumps(asdict(sharing))}
    )
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in COLUMNS]
    table: pyarrow.Table = pyarrow.table(
        [pyarrow.array(column, kind) for column, kind in zip(columns, kinds, strict=True)], schema=schema
    )
    pyarrow.parquet.write_table(table, path)
