"""Keeps photos of evaluation splits away from what writes about photos: by their ids and by their bytes."""

from collections.abc import Mapping
from pathlib import Path

from core.datasets.fashioniq import Split
from core.datasets.garments import read_garments
from core.errors import HemlineError
from core.files import read_json
from core.pictures import picture_hash


def unseen_only(split: Split, hashes: Mapping[str, str], leave_out: bool) -> frozenset[str]:
    """The photos of `hashes` (id -> sha256 of the file) that an evaluation split of the folder has as well.

    A photo is one of them where its id is in a gallery or record of another split than `split`'s, or its
    bytes are those of such a photo. HemlineError counting them, unless they are to be left out; and in any
    case where `split` is not the train split or nothing is left.
    """
    if split.split != "train":
        raise HemlineError(f"texts are written about the train split only, not about {split.split!r}")
    held = evaluation_photos(split.root)
    by_id = [photo for photo in hashes if photo in held]
    paths = {photo: split.image_path(photo) for photo in held}
    bytes_of = {picture_hash(path): photo for photo, path in paths.items() if path is not None}
    by_bytes = [photo for photo, digest in hashes.items() if photo not in held and digest in bytes_of]
    found = [*by_id, *by_bytes]
    if found and not leave_out:
        first = found[0]
        where = held.get(first) or f"{held[bytes_of[hashes[first]]]} as {bytes_of[hashes[first]]}"
        raise HemlineError(
            f"{len(found)} of {len(hashes)} train photos of {split.root} are photos of an evaluation split "
            f"as well ({len(by_id)} by id, {len(by_bytes)} by their bytes; first {first}, in {where}); "
            "nothing may be written about them: add --leave-out to write about the others"
        )
    if len(found) == len(hashes):
        raise HemlineError(f"every photo of {split.root}'s train split is in an evaluation split as well")
    return frozenset(found)


def evaluation_photos(root: Path) -> dict[str, str]:
    """Every photo of another split than train by its galleries or records in the folder, with the split."""
    held: dict[str, str] = {}
    for path in sorted((root / "image_splits").glob("split.*.*.json")):
        name = path.name.split(".")[-2]
        if name != "train":
            held |= dict.fromkeys(read_json(path), name)
    records = root / "garments.jsonl"
    if records.is_file():
        held |= {g.id: g.split for g in read_garments(records).values() if g.split != "train"}
    return held
