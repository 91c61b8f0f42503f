"""Captions for the catalogue's photos: of a folder laid out as FashionIQ and Closet are, or brought."""

import logging
from collections.abc import Mapping
from pathlib import Path

from core.datasets.garments import read_garments
from core.errors import HemlineError
from core.gallery import folders_of, load_gallery
from core.index import map_index
from core.own.records import read_records
from core.types import Garment

LOG = logging.getLogger("hemline")


def garments_of(pictures: Mapping[str, Path]) -> dict[str, Garment]:
    """The garments of `pictures` (id -> DATASET/images/ID.jpg) that DATASET/garments.jsonl describes.

    A spoilt garments.jsonl is logged and passed over: the page works without captions.
    """
    known: dict[str, Garment] = {}
    folders = folders_of(pictures)
    for folder in folders:
        if folder.name.endswith(".photos"):  # of an index that photos were added to, core.own.changing
            known |= brought_garments(folder)
    for root in {folder.parent for folder in folders}:
        path = root / "garments.jsonl"
        if path.is_file():
            try:
                known |= read_garments(path)
            except HemlineError as error:
                LOG.warning("captions are not shown: %s", error)
    return {id_: known[id_] for id_ in pictures if id_ in known}


def brought_garments(photos: Path) -> dict[str, Garment]:
    """What is known of the garments whose photos were brought to the folder `photos`; logged where spoilt."""
    try:
        return {id_: record.garment for id_, record in read_records(photos).items()}
    except HemlineError as error:
        LOG.warning("captions are not shown: %s", error)
        return {}


def garments_at(index: Path, images: Path | None = None) -> dict[str, Garment]:
    """The garments of the index in the folder `index`; its photos are in `images`, or where they were.

    HemlineError where the folder is no index of photos.
    """
    mapped = map_index(index)
    table = load_gallery(index, mapped).table
    base = Path(table.root) if images is None else images
    return garments_of({id_: base / path for id_, path in zip(mapped.ids, table.paths, strict=True)})
