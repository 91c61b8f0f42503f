"""To the `datasets` library and back: triplets and garments as `datasets.Dataset`."""

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any, Literal

from core.datasets.fashioniq import Split
from core.datasets.images import ImageReport, require_complete
from core.errors import HemlineError
from core.types import Garment, Triplet

if TYPE_CHECKING:
    import datasets

What = Literal["triplets", "garments"]

_LISTS = {"captions", "colors", "details"}
_PHOTOS = {
    "triplets": {"reference": "reference_image", "target": "target_image"},
    "garments": {"id": "image"},
}


def to_dataset(split: Split, images: bool = False, what: What = "triplets") -> "datasets.Dataset":
    """The split's triplets or garments, one a row, with the columns of `Triplet` or `Garment`.

    With `images` there are also `datasets.Image` columns that open the files when read: "reference_image"
    and "target_image" for triplets, "image" for garments. HemlineError where there is no row, or a photo
    has no file.
    """
    import datasets

    rows: list[Any] = list(split.triplets if what == "triplets" else split.garments.values())
    if not rows:
        raise HemlineError(
            f"{split.root} has no {what} for split {split.split!r}; there is no dataset to make"
        )
    kind = Triplet if what == "triplets" else Garment
    columns: dict[str, list[Any]] = {}
    features: dict[str, Any] = {}
    for field in fields(kind):
        is_list = field.name in _LISTS
        columns[field.name] = [
            list(getattr(row, field.name)) if is_list else getattr(row, field.name) for row in rows
        ]
        features[field.name] = (
            datasets.List(datasets.Value("string")) if is_list else datasets.Value("string")
        )
    for id_column, photo_column in _PHOTOS[what].items() if images else ():
        columns[photo_column] = _files(split, columns[id_column])
        features[photo_column] = datasets.Image()
    return datasets.Dataset.from_dict(columns, features=datasets.Features(features))


def from_dataset(dataset: "datasets.Dataset") -> tuple[Triplet, ...] | tuple[Garment, ...]:
    """The triplets or garments that `to_dataset` made the rows of; photo columns are not looked at.

    HemlineError where the columns are those of neither.
    """
    if _names(Triplet) <= set(dataset.column_names):
        return tuple(Triplet(**row) for row in _rows(dataset, Triplet))
    if _names(Garment) <= set(dataset.column_names):
        return tuple(Garment(**row) for row in _rows(dataset, Garment))
    raise HemlineError(
        f"a dataset with the columns {', '.join(dataset.column_names)} holds neither triplets "
        f"({', '.join(sorted(_names(Triplet)))}) nor garments ({', '.join(sorted(_names(Garment)))})"
    )


def _files(split: Split, ids: list[str]) -> list[str]:
    paths = {id_: split.image_path(id_) for id_ in dict.fromkeys(ids)}
    found = {id_: path for id_, path in paths.items() if path is not None}
    missing = tuple(id_ for id_ in paths if id_ not in found)
    require_complete(ImageReport(found, missing, {}), allow_partial=False)
    return [str(found[id_]) for id_ in ids]


def _names(kind: type[Triplet] | type[Garment]) -> set[str]:
    return {field.name for field in fields(kind)}


def _rows(dataset: "datasets.Dataset", kind: type[Triplet] | type[Garment]) -> Iterator[dict[str, Any]]:
    """Each row's own fields, lists as tuples."""
    for row in dataset.select_columns(sorted(_names(kind))):
        yield {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
