"""Taking offered photos in: each is checked by core.pictures and copied among the catalogue's photos, once.

A photo that is refused is counted with its reason and nothing of it is kept.
"""

import hashlib
import io
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from core.datasets.fashioniq import IMAGE_SUFFIXES
from core.datasets.garments import is_id
from core.own.limits import Limits, Refusal, Unusable, check_bytes
from core.own.records import Record
from core.own.sources import Offer, Source
from core.pictures import MAX_BYTES, PictureError, placeholder_reason, read_picture
from core.progress import progress

CHECK_SIDE = (
    64  # px a JPEG's shorter side keeps while it is only checked; all its bytes are read all the same
)
LONGEST_ID = 120  # characters of an id made of a file's name
# What a kept photo's file is called by its first bytes; other formats are kept as PNG, which loses nothing.
_ENDINGS = ((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG", ".png"), (b"RIFF", ".webp"))


@dataclass
class Standing:
    """A catalogue as it stands, by id: the sha256 of each photo, its file's name, and what is known of it.

    `adopted` says that its photos were copied just now, so that its index still names other places.
    """

    hashes: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    adopted: bool = False


@dataclass
class Taken:
    """What became of a source: records of new garments, records that changed, ids that were there already."""

    new: dict[str, Record] = field(default_factory=dict)
    changed: dict[str, Record] = field(default_factory=dict)
    already: list[str] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def take(source: Source, standing: Standing, folder: Path, limits: Limits) -> Taken:
    """Copy the photos of `source` that can be used into `folder` as ID.ENDING; shows a bar on stderr.

    The same bytes are one garment, however often they come. HemlineError where the source holds more bytes
    than `limits` allow: what was copied by then is left for the caller to sweep away.
    """
    taken = Taken(refused=list(source.refused))
    known = {sha: id_ for id_, sha in standing.hashes.items()}
    fresh: dict[str, str] = {}  # sha256 -> the name of the offer that brought it
    used = set(standing.hashes)
    size = 0
    with progress(len(source.offers), "checking photos") as bar:
        for offer in source.offers:
            bar.update()
            try:
                data = offer.read(MAX_BYTES + 1)
                size += len(data)
                check_bytes(size, limits, source.name)
                kept, ending = _checked(data)
                sha = hashlib.sha256(kept).hexdigest()
                if sha in known:
                    _see_again(taken, standing, known[sha], offer, source.name)
                    continue
                if sha in fresh:
                    raise Unusable(f"duplicate: the same bytes as {fresh[sha]}")
                id_ = _id_of(offer, sha, used)
            except PictureError as error:
                taken.refused.append(Refusal(offer.name, error.reason))
                continue
            except Unusable as error:
                taken.refused.append(Refusal(offer.name, str(error)))
                continue
            _write(folder / (id_ + ending), kept)
            used.add(id_)
            fresh[sha] = offer.name
            standing.hashes[id_], standing.files[id_] = sha, id_ + ending
            taken.new[id_] = Record(id_, source.name, offer.name, offer.about)
    return taken


def sweep(folder: Path, keep: Iterable[str]) -> None:
    """Remove the photos in `folder` that are not called as `keep` says: a killed add or remove left them."""
    names = set(keep)
    for path in folder.iterdir():
        left_over = path.suffix in IMAGE_SUFFIXES or (path.name.startswith(".") and path.suffix == ".part")
        if left_over and path.name not in names and path.is_file():
            path.unlink()


def _checked(data: bytes) -> tuple[bytes, str]:
    """The bytes to keep and the ending of their file; PictureError or Unusable for a photo that is none."""
    picture = read_picture(data, at_least=CHECK_SIDE)
    placeholder = placeholder_reason(picture)
    if placeholder:
        raise Unusable(placeholder)
    for start, ending in _ENDINGS:
        if data.startswith(start):
            return data, ending
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue(), ".png"


def _see_again(taken: Taken, standing: Standing, id_: str, offer: Offer, source: str) -> None:
    """A photo that is there already: what is newly said of it is taken over."""
    if id_ in taken.already:
        taken.refused.append(Refusal(offer.name, f"duplicate: the same bytes as {id_}"))
        return
    taken.already.append(id_)
    before = standing.records.get(id_)
    if offer.about and (before is None or before.about != offer.about):
        about = {**(before.about if before else {}), **offer.about}
        taken.changed[id_] = Record(
            id_, before.source if before else source, before.file if before else offer.name, about
        )


def _id_of(offer: Offer, sha: str, used: set[str]) -> str:
    """The id asked for, or one made of the file's name; Unusable where another photo has that."""
    if offer.id:
        if not is_id(offer.id):
            raise Unusable("the id is not one: it must be a name without / of at most 200 bytes")
        if offer.id in used:
            raise Unusable("the id is taken by another photo")
        return offer.id
    name = re.split(r"[/\\]", offer.name)[-1]
    stem = name.rpartition(".")[0] or name
    stem = "".join(letter if letter.isprintable() else " " for letter in stem)[:LONGEST_ID].strip(" .")
    while len(stem.encode()) > LONGEST_ID:
        stem = stem[:-1]
    made = stem if is_id(stem) else f"photo-{sha[:12]}"
    return made if made not in used else f"{made}-{sha[:12]}"


def _write(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
