"""The photos of a catalogue: found in a folder, and remembered beside the index with their tower features.

In an index folder `pictures.json` holds each row's path (relative to the images' folder) and the sha256 of
its bytes, and `features.npy` the frozen tower's features of each row, so that a reference out of the
catalogue is never decoded again. A catalogue made compact to be shipped (`without_features`) has the first
alone, and decodes a reference when it is asked for.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.fashioniq import IMAGE_SUFFIXES
from core.errors import HemlineError
from core.files import read_json, write_json
from core.index import AGAIN, Index

PICTURES_FILE = "pictures.json"
FEATURES_FILE = "features.npy"

Features = NDArray[np.float16]


@dataclass(frozen=True)
class Table:
    """What is known of the pictures of an index, in the order of its rows.

    `root` is the images' folder as given to the build, `paths` (POSIX) are relative to it; `hashes` are the
    sha256 of the files; `ids_sha` says which index this belongs to; `tower_fingerprint` whose features lie
    beside it, "" where none do.
    """

    root: str
    tower_fingerprint: str
    ids_sha: str
    paths: list[str]
    hashes: list[str]


@dataclass(frozen=True)
class Gallery:
    """A catalogue's table and its features, float16 [n, tokens, channels], memory-mapped; None if compact."""

    table: Table
    features: Features | None


class Pictures(Mapping[str, Path]):
    """Where the photo of each id lies, in the order of the rows; a path is made when it is asked for."""

    def __init__(self, base: Path, index: Index, paths: Sequence[str]) -> None:
        """`paths` are relative to the folder `base`, one for each row of `index`."""
        self._base, self._index, self._paths = base, index, paths

    def __getitem__(self, id_: str) -> Path:
        return self._base / self._paths[self._index.positions[id_]]

    def __contains__(self, id_: object) -> bool:
        return id_ in self._index.positions

    def __iter__(self) -> Iterator[str]:
        return iter(self._index.ids)

    def __len__(self) -> int:
        return len(self._index.ids)

    def folders(self) -> set[Path]:
        """Every folder that a photo lies in."""
        return {self._base / parent for parent in {path.rpartition("/")[0] for path in self._paths}}


def folders_of(pictures: Mapping[str, Path]) -> set[Path]:
    """Every folder that a photo lies in."""
    if isinstance(pictures, Pictures):
        return pictures.folders()
    return {path.parent for path in pictures.values()}


class Copies(Mapping[str, Sequence[str]]):
    """The ids whose photos have the same bytes, by their sha256 (64 hex digits), in the order of the rows.

    Forty bytes a row: as a dict of lists a million would take half a gigabyte.
    """

    def __init__(self, ids: Sequence[str], hashes: Sequence[str]) -> None:
        """`hashes` has one of each id."""
        raw = np.frombuffer(bytes.fromhex("".join(hashes)), "V32")
        self._ids, self._order = ids, np.argsort(raw.view("S32"), kind="stable")
        self._sorted = raw.view("S32")[self._order]

    def __getitem__(self, sha: str) -> Sequence[str]:
        key = np.array(_raw(sha))
        first, end = (int(np.searchsorted(self._sorted, key, side)) for side in ("left", "right"))
        if first == end:
            raise KeyError(sha)
        return [self._ids[row] for row in self._order[first:end]]

    def __iter__(self) -> Iterator[str]:
        rows = self._sorted
        for place in range(len(rows)):
            if place == 0 or rows[place] != rows[place - 1]:
                yield rows[place].ljust(32, b"\0").hex()

    def __len__(self) -> int:
        return len(np.unique(self._sorted))


def _raw(sha: str) -> bytes:
    """The hash's 32 bytes; for what is none, bytes that no hash is."""
    try:
        raw = bytes.fromhex(sha)
    except ValueError:
        raw = b""
    return raw if len(raw) == 32 else b"\xff" * 33


def scan(root: Path) -> dict[str, Path]:
    """Every picture under `root`, id (the file's stem) to file, in the order of the paths.

    Hidden files and folders are passed over. HemlineError for a folder without pictures, and for two
    pictures with one stem, naming both.
    """
    if not root.is_dir():
        raise HemlineError(f"{root} is not a folder; give the folder of the catalogue's pictures")
    found: dict[str, Path] = {}
    for path in sorted(_files(root), key=lambda path: path.relative_to(root).parts):
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        if any("\ud800" <= letter <= "\udfff" for letter in str(path.relative_to(root))):
            raise HemlineError(f"the name of {str(path)!a} is not Unicode text; rename that picture")
        if path.stem in found:
            raise HemlineError(f"{found[path.stem]} and {path} would have the same id; rename one of them")
        found[path.stem] = path
    if not found:
        endings = " ".join(IMAGE_SUFFIXES)
        raise HemlineError(
            f"{root} holds no pictures ({endings}); give the folder of the catalogue's pictures"
        )
    return found


def _files(root: Path) -> Iterable[Path]:
    for folder, below, names in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".")]
        yield from (Path(folder, name) for name in names if not name.startswith("."))


def read_ids(path: Path) -> list[str]:
    """The ids in a file: a JSON list, or one a line. HemlineError where it holds none or one twice."""
    if path.suffix == ".json":
        ids = read_json(path)
    else:
        try:
            ids = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        except UnicodeDecodeError:
            raise HemlineError(f"{path} is not text; give ids one a line, or a JSON list") from None
    if not isinstance(ids, list) or not ids or not all(isinstance(name, str) and name for name in ids):
        raise HemlineError(f"{path} is not a list of ids; give ids one a line, or a JSON list")
    if len(set(ids)) != len(ids):
        twice = next(name for name in ids if ids.count(name) > 1)
        raise HemlineError(f"{path} names {twice} more than once; an index needs each id once")
    return ids


def write_gallery(folder: Path, table: Table, rows: Iterable[tuple[int, Features]]) -> None:
    """Write the table and the features (place and row, each place once, in any order) into `folder`."""
    with (folder / FEATURES_FILE).open("wb") as file:
        start = 0
        for place, row in rows:
            if not start:
                shape = (len(table.paths), *row.shape)
                header = {"descr": "<f2", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                start = file.tell()
            # plain writes, not a memory map: on a full disk a map kills the process where a write says so
            file.seek(start + place * row.nbytes)
            file.write(np.ascontiguousarray(row, dtype="<f2").data)
    text = json.dumps(asdict(table), ensure_ascii=False, indent=1) + "\n"
    (folder / PICTURES_FILE).write_text(text, encoding="utf-8")


def without_features(folder: Path, root: str) -> None:
    """Drop the features of the index in `folder`, for shipping: they are most of its bytes.

    `root` becomes the images' folder on record, so that no path of the building machine travels.
    """
    path = folder / PICTURES_FILE
    table = replace(_table(path, read_json(path)), tower_fingerprint="", root=root)
    write_json(path, asdict(table))
    (folder / FEATURES_FILE).unlink(missing_ok=True)


def load_gallery(folder: Path, index: Index) -> Gallery:
    """The pictures of the index in `folder`; HemlineError where they are missing, damaged or another's."""
    path = folder / PICTURES_FILE
    table = _table(path, read_json(path))
    if table.ids_sha != index.card.ids_sha or {len(table.paths), len(table.hashes)} != {len(index.ids)}:
        raise HemlineError(f"{path} belongs to another index; {AGAIN}")
    if not table.tower_fingerprint:
        return Gallery(table, None)
    path = folder / FEATURES_FILE
    try:
        features = np.lib.format.open_memmap(path, mode="r")  # no pickle, no archive
    except (OSError, ValueError) as error:
        raise HemlineError(f"{path} is missing, damaged or cut short ({error}); {AGAIN}") from None
    if features.ndim != 3 or features.dtype != np.float16 or len(features) != len(index.ids):
        raise HemlineError(
            f"{path} holds {features.dtype} {list(features.shape)}, not float16 features; {AGAIN}"
        )
    return Gallery(table, features)


def _table(path: Path, value: Any) -> Table:
    kinds = {"paths": list, "hashes": list}
    known = {item.name for item in fields(Table)}
    if (
        not isinstance(value, dict)
        or set(value) != known
        or not all(isinstance(value[name], kinds.get(name, str)) for name in known)
        or not all(isinstance(item, str) for item in value["paths"] + value["hashes"])
    ):
        raise HemlineError(f"{path} is not a catalogue's table of pictures; {AGAIN}")
    return Table(**value)
