"""Uploaded reference photos, kept beside the judgements of them, once each and only with consent.

    judgements.sqlite
    references/ab/ab12….webp         a picture under the sha256 of the bytes that were uploaded
    references/owners/OWNER/ab12…    who uploaded it: an empty file in a folder named by the name's sha256

What is kept is not the file itself but the decoded picture, made smaller and without metadata, so no place,
camera or owner's name stays in it. A picture goes when the last person who uploaded it deletes theirs.
"""

import fcntl
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image

from core.errors import HemlineError
from core.files import write_atomically
from core.pictures import picture_hash, read_picture

LONGEST_SIDE = 1024
QUALITY = 90


def references_folder(judgements: Path) -> Path:
    """The folder of the uploads beside the judgements file."""
    return judgements.with_name("references")


def keep_reference(folder: Path, data: bytes, annotator: str, consent: bool) -> str:
    """The sha256 of the uploaded bytes, under which a judgement names them; with `consent` they are kept.

    Kept means: on the disk when this returns, as WebP whose longer side has LONGEST_SIDE pixels at most.
    PictureError for what is no picture, HemlineError where it cannot be written.
    """
    picture = read_picture(data)
    sha = picture_hash(data)
    if not consent:
        return sha
    with _alone(folder):
        if not _path(folder, sha).exists():
            picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            write_atomically(
                _path(folder, sha), lambda aside: picture.save(aside, "WEBP", quality=QUALITY, method=4)
            )
        write_atomically(_owner(folder, annotator) / sha, Path.touch)
    return sha


def read_reference(folder: Path, sha: str) -> Image.Image | None:
    """The kept picture (RGB) of the upload with this sha256; None where none is kept."""
    if not _is_sha(sha) or not _path(folder, sha).is_file():
        return None
    return read_picture(_path(folder, sha))


def uploads_of(folder: Path, annotator: str) -> list[str]:
    """The sha256s of what this annotator uploaded and still keeps, sorted."""
    owner = _owner(folder, annotator)
    return sorted(path.name for path in owner.iterdir() if _is_sha(path.name)) if owner.is_dir() else []


def delete_uploads(folder: Path, annotator: str) -> int:
    """Delete all that this annotator uploaded, and return how many it were.

    What someone else uploaded too stays for them. Judgements stay: they name an upload by its sha256 alone,
    from which nobody gets the picture back.
    """
    if not folder.is_dir():
        return 0
    with _alone(folder):
        mine = uploads_of(folder, annotator)
        for sha in mine:
            (_owner(folder, annotator) / sha).unlink()
        owned = {path.name for path in folder.glob("owners/*/*")}
        # also what a kill left without an owner
        for path in folder.glob("??/*.webp"):
            if path.stem not in owned:
                path.unlink()
    return len(mine)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process and thread at a time: nobody deletes a picture that another is just keeping."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "lock", "w", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise HemlineError(
            f"the uploads in {folder} cannot be changed ({error.strerror}); free disk space and try again"
        ) from None


def _path(folder: Path, sha: str) -> Path:
    return folder / sha[:2] / f"{sha}.webp"


def _owner(folder: Path, annotator: str) -> Path:
    return folder / "owners" / hashlib.sha256(annotator.encode()).hexdigest()


def _is_sha(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")
