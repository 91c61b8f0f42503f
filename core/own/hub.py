"""A `datasets` dataset that people bring: saved to disk, or parquet files, with a column of photos."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from core.own.archive import Read
from core.own.limits import Limits, Unusable, check_count
from core.own.sources import Offer, Source, leads_out, read_file
from core.own.table import about_of, cell, fields_of

if TYPE_CHECKING:
    import datasets


def is_dataset(folder: Path) -> bool:
    """Whether `folder` is a dataset saved to disk, or holds parquet files."""
    saved = (folder / "dataset_dict.json").is_file() or (folder / "state.json").is_file()
    return saved or next(folder.rglob("*.parquet"), None) is not None


@contextmanager
def open_dataset(path: Path, limits: Limits) -> Iterator[Source]:
    """The rows of the dataset at `path`, of all its splits; HemlineError where it has no photos."""
    with tempfile.TemporaryDirectory(prefix="hemline-dataset-") as cache:
        parts = _load(path, cache)
        check_count(sum(map(len, parts.values())), limits, path.name)
        source = Source(path.resolve().name)
        for split, part in parts.items():
            _offer(source, part, f"{split} " if len(parts) > 1 else "", path)
        yield source


def _load(path: Path, cache: str) -> "Mapping[str, datasets.Dataset]":
    import datasets

    try:
        if path.is_dir() and ((path / "state.json").is_file() or (path / "dataset_dict.json").is_file()):
            found = datasets.load_from_disk(str(path))
        else:
            files = [str(file) for file in (sorted(path.rglob("*.parquet")) if path.is_dir() else [path])]
            found = datasets.Dataset.from_parquet(files, cache_dir=cache)
    except Exception as error:  # the library and Arrow raise many kinds on damaged files
        told = str(error).split("\n")[0][:200]
        raise HemlineError(f"{path} is not a dataset that can be read ({told}); save it again") from None
    return found if isinstance(found, datasets.DatasetDict) else {"": found}


def _offer(source: Source, part: "datasets.Dataset", split: str, path: Path) -> None:
    import datasets

    features = part.features
    photos = [name for name, kind in features.items() if isinstance(kind, datasets.Image)]
    fields = fields_of(name for name in features if name not in photos)
    column = photos[0] if photos else fields.get("image")
    if column is None:
        raise HemlineError(f"{path} has no column of photos; its columns are: {', '.join(features)}")
    if photos:
        part = part.cast_column(column, datasets.Image(decode=False))  # the bytes as they are
    source.unused = tuple(name for name in features if name != column and name not in fields.values())
    plain = part.remove_columns([name for name in features if name not in fields.values() or name == column])
    part = part.select_columns([column])
    rows = plain if plain.column_names else ({} for _ in range(len(part)))
    for number, values in enumerate(rows):
        about = about_of(values, fields, source.unknown)
        identity = cell(values, fields, "id")
        named = str(identity) if isinstance(identity, str | int) else ""
        source.offers.append(Offer(f"{split}row {number}", _cell(part, number, column, path), named, about))


def _cell(part: "datasets.Dataset", number: int, column: str, path: Path) -> Read:
    def read(most: int) -> bytes:
        value: Any = part[number][column]
        if isinstance(value, dict):
            value = value.get("bytes") or value.get("path")
        if isinstance(value, bytes):
            return value[:most]
        if isinstance(value, str) and value and leads_out(value):
            raise Unusable("leads out of the dataset's folder")
        if isinstance(value, str) and value:
            return read_file((path if path.is_dir() else path.parent) / value)(most)
        raise Unusable("missing")

    return read
