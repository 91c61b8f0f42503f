"""Which of a dataset's photos are there and whole, which are missing or unusable and why."""

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from core.datasets.fashioniq import Split
from core.errors import HemlineError
from core.pictures import PictureError, placeholder_reason, read_picture

SHARED_BY = 5
"""So many ids with the very same bytes are a "no image" picture, not a garment sold under several ids."""

NAMED = 5
"""How many ids an error sentence names."""


@dataclass(frozen=True)
class ImageReport:
    """What `check_images` found; every asked id is in exactly one of the three."""

    found: dict[str, Path]
    missing: tuple[str, ...]
    corrupt: dict[str, str]


def check_images(split: Split, ids: Iterable[str]) -> ImageReport:
    """Decode the photo of every id fully and sort the ids into found, missing and corrupt (id -> reason).

    Corrupt are files that cannot be read, are empty, truncated, no picture, too large, or placeholders: under 32 px
    a side, one flat colour, or the same bytes under at least `SHARED_BY` of the ids. Repeated ids count once.
    """
    from tqdm import tqdm

    wanted = list(dict.fromkeys(ids))
    paths = {id_: split.image_path(id_) for id_ in wanted}
    present = {id_: path for id_, path in paths.items() if path is not None}
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        bar = tqdm(
            pool.map(_examine, present.values()),
            total=len(present),
            desc="checking photos",
            unit="photo",
            disable=not sys.stderr.isatty(),
        )
        answers = dict(zip(present, bar, strict=True))
    corrupt = {id_: reason for id_, (reason, _) in answers.items() if reason is not None}
    shared = Counter(digest for reason, digest in answers.values() if reason is None)
    for id_, (_, digest) in answers.items():
        if shared[digest] >= SHARED_BY:
            corrupt[id_] = f"placeholder: the same picture is stored under {shared[digest]} ids"
    return ImageReport(
        found={id_: path for id_, path in present.items() if id_ not in corrupt},
        missing=tuple(id_ for id_ in wanted if id_ not in present),
        corrupt={id_: corrupt[id_] for id_ in present if id_ in corrupt},
    )


def require_complete(report: ImageReport, allow_partial: bool) -> bool:
    """Whether the gallery is partial; HemlineError with counts and first ids where that is not allowed.

    A gallery without a single usable photo is refused in any case.
    """
    lacking = len(report.missing) + len(report.corrupt)
    if not lacking:
        return False
    total = lacking + len(report.found)
    parts = []
    if report.missing:
        parts.append(f"{len(report.missing)} missing ({_first(report.missing)})")
    if report.corrupt:
        named = [f"{id_}: {reason}" for id_, reason in report.corrupt.items()]
        parts.append(f"{len(report.corrupt)} unusable ({_first(named)})")
    sentence = f"of {total} photos {' and '.join(parts)}"
    if not report.found:
        raise HemlineError(f"{sentence}; there is no photo to work with, bring the photos into images/")
    if not allow_partial:
        raise HemlineError(
            f"{sentence}; bring them, or allow a partial gallery, which marks every result partial"
        )
    return True


def _first(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:NAMED]) + (", …" if len(names) > NAMED else "")


def _examine(path: Path) -> tuple[str | None, str]:
    """(why the photo cannot be used or None, sha256 of its bytes)."""
    try:
        data = path.read_bytes()
    except OSError as error:
        return f"unreadable: {error.strerror}", ""
    digest = hashlib.sha256(data).hexdigest()
    try:
        # At an eighth of its size a JPEG still has every byte of its entropy-coded data read: truncation shows.
        return placeholder_reason(read_picture(data, at_least=64)), digest
    except PictureError as error:
        return error.reason, digest
