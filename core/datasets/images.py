"""Which of a dataset's photos are there and whole, which are missing or unusable and why."""

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from core.datasets.fashioniq import Split
from core.errors import HemlineError
from core.pictures import MAX_BYTES, PictureError, placeholder_reason, read_picture

SHARED_BY = 5
"""The same bytes under this many ids or more are a "no image available" picture, whatever it shows.

Shops do sell one garment under two or three ids with one photo (sizes, relistings), so the number is higher.
"""

_NAMED = 5
_CHECK_SIDE = 64  # px a JPEG's shorter side keeps when only checked; all its bytes are read all the same


@dataclass(frozen=True)
class ImageReport:
    """What `check_images` found; every asked id is in exactly one of the three.

    `found`: id -> its file. `missing`: ids without a file. `corrupt`: id -> reason ("truncated", "empty",
    "not a picture", "too large", "unreadable …", "placeholder: …").
    """

    found: dict[str, Path]
    missing: tuple[str, ...]
    corrupt: dict[str, str]


def check_images(split: Split, ids: Iterable[str]) -> ImageReport:
    """Decode the photo of every id fully: which are found, missing, corrupt.

    An id asked twice counts once. Corrupt are files that cannot be read, are empty, truncated, no picture
    or too large, and placeholders: a side under 32 px, one flat colour, or the same bytes under `SHARED_BY`
    of the ids or more. Shows a bar on a terminal.
    """
    wanted = list(dict.fromkeys(ids))
    paths = {id_: split.image_path(id_) for id_ in wanted}
    present = {id_: path for id_, path in paths.items() if path is not None}
    examined = dict(zip(present, _examine_all(list(present.values())), strict=True))
    sharing = Counter(digest for fault, digest in examined.values() if fault is None)
    corrupt: dict[str, str] = {}
    for id_, (fault, digest) in examined.items():
        if fault is not None:
            corrupt[id_] = fault
        elif sharing[digest] >= SHARED_BY:
            corrupt[id_] = f"placeholder: the same file under {sharing[digest]} ids"
    return ImageReport(
        found={id_: path for id_, path in present.items() if id_ not in corrupt},
        missing=tuple(id_ for id_ in wanted if id_ not in present),
        corrupt=corrupt,
    )


def require_complete(report: ImageReport, allow_partial: bool) -> bool:
    """Whether the gallery is partial; HemlineError with counts and first ids where that is not allowed.

    A gallery without one usable photo is refused in any case.
    """
    lacking = len(report.missing) + len(report.corrupt)
    if not lacking:
        return False
    parts = []
    if report.missing:
        parts.append(f"{len(report.missing)} are missing ({_first(report.missing)})")
    if report.corrupt:
        named = [f"{id_}: {reason}" for id_, reason in report.corrupt.items()]
        parts.append(f"{len(report.corrupt)} cannot be used ({_first(named)})")
    fault = f"of {lacking + len(report.found)} photos {' and '.join(parts)}"
    if not report.found:
        raise HemlineError(f"{fault}; bring photos into the dataset's images folder as ID.jpg")
    if not allow_partial:
        raise HemlineError(
            f"{fault}; bring them, or allow a partial gallery, which marks every result as partial"
        )
    return True


def _first(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _examine_all(paths: list[Path]) -> list[tuple[str | None, str]]:
    """`_examine` of every path, in order. Decoding leaves Python's lock, so threads share the cores."""
    from tqdm import tqdm

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        answers = tqdm(
            pool.map(_examine, paths),
            total=len(paths),
            desc="checking photos",
            unit="photo",
            disable=not sys.stderr.isatty(),
        )
        try:
            return list(answers)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _examine(path: Path) -> tuple[str | None, str]:
    """Why the photo cannot be used (None: it can) and the sha256 of its bytes."""
    try:
        if path.stat().st_size > MAX_BYTES:
            return "too large", ""
        data = path.read_bytes()
    except OSError as error:
        return f"unreadable ({error.strerror})", ""
    digest = hashlib.sha256(data).hexdigest()
    try:
        return placeholder_reason(read_picture(data, at_least=_CHECK_SIDE)), digest
    except PictureError as error:
        return error.reason, digest
