"""Building a catalogue's index: every photo encoded once, kept as it goes, continued after a kill.

Rows are known by the sha256 of the photo's bytes. What the older index at the same place or an earlier,
killed build already encoded with the same model is taken over; where only the target side changed, the
frozen tower's features are. What remains is cut into batches in catalogue order, and a batch is kept whole
or not at all: so a build that was killed forms the very same batches and ends with the very same bytes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.assembling import Earlier, Making, earlier_at, write_index
from core.datasets.images import SHARED_BY
from core.errors import HemlineError
from core.gallery import scan
from core.index import IndexCard, refuse_as_model, refuse_unlike
from core.pipeline import Done, Run, run_stages
from core.progress import progress
from core.staging import Photo, chunks, discard, staging

if TYPE_CHECKING:
    from core.backbones.base import Backbone

NAMED = 5  # how many left-out pictures a refusal names


@dataclass(frozen=True)
class Built:
    """The card of the index that was built, and how many pictures were encoded for it and how many kept.

    `seconds` are those of reading and encoding.
    """

    card: IndexCard
    encoded: int
    kept: int
    seconds: float


def build(
    model: Path,
    images: Path,
    out: Path,
    ids: Sequence[str] | None = None,
    allow_partial: bool = False,
    batch: int = 32,
    device: str = "cpu",
) -> Built:
    """Index the pictures under `images` (those named in `ids`, in that order; None: all) as `out`.

    Missing and unusable pictures are refused, with the others' work kept, unless `allow_partial`: then the
    card is partial and names them. `device` is torch's name of where the model computes. Raises HemlineError,
    with an older index at `out` intact.
    """
    if batch < 1:
        raise HemlineError(f"--batch must be a whole number of 1 or more; it is {batch}")
    refuse_unlike(out)
    found = scan(images)
    wanted = list(found) if ids is None else list(ids)
    refuse_partial({name: "missing" for name in wanted if name not in found}, len(wanted), allow_partial)
    return build_with(*open_model(model, images, out, device), found, wanted, allow_partial, batch)


def build_with(
    backbone: "Backbone",
    making: Making,
    found: Mapping[str, Path],
    wanted: Sequence[str],
    allow_partial: bool,
    batch: int,
) -> Built:
    """As `build` with a model that is open: the pictures `wanted`, of which `found` names the files."""
    left_out = {name: "missing" for name in wanted if name not in found}
    photos = [Photo(name, found[name]) for name in wanted if name in found]
    with staging(making.out, making.target_fingerprint, making.tower_fingerprint) as folder:
        earlier = earlier_at(making)
        done = encode_all(backbone, photos, earlier, folder, batch)
        left_out |= done.unread
        return conclude(making, wanted, done, left_out, allow_partial, earlier, [folder])


def open_model(model: Path, images: Path, out: Path, device: str) -> "tuple[Backbone, Making]":
    """The model, and what is made of it; HemlineError where `model` is none."""
    from core.backbones import load_backbone

    refuse_as_model(model)
    backbone = load_backbone(model, device=device)
    return backbone, Making(model, images, out, backbone.target_fingerprint(), backbone.tower_fingerprint())


def conclude(
    making: Making,
    wanted: Sequence[str],
    done: Done,
    left_out: dict[str, str],
    allow_partial: bool,
    earlier: Earlier,
    folders: Sequence[Path],
) -> Built:
    """Write the index of what was encoded into `folders`, in the order of the ids `wanted`; clear them away.

    HemlineError where photos are left out and that is not allowed, and where none is left.
    """
    left_out = left_out | placeholders(done.photos)
    left_out |= {photo.id: done.unusable[photo.sha] for photo in done.photos if photo.sha in done.unusable}
    refuse_partial(left_out, len(wanted), allow_partial)
    photos = [photo for photo in done.photos if photo.id not in left_out]
    if not photos:
        raise HemlineError(f"{making.images} holds no usable picture, so there is nothing to index")
    left_out = {name: left_out[name] for name in wanted if name in left_out}
    card = write_index(making, photos, left_out, earlier, folders)
    discard(making.out)
    encoded = len(done.encoded & {photo.sha for photo in photos})
    return Built(card, encoded, len(photos) - encoded, done.seconds)


def refuse_partial(left_out: dict[str, str], total: int, allow_partial: bool) -> None:
    """HemlineError that counts and names what is left out, unless that is allowed."""
    if left_out and not allow_partial:
        named = ", ".join(f"{name}: {reason}" for name, reason in list(left_out.items())[:NAMED])
        more = ", …" if len(left_out) > NAMED else ""
        raise HemlineError(
            f"{len(left_out)} of {total} pictures cannot be indexed ({named}{more}); bring them and run the "
            "command again (what is encoded is kept), or leave them out with --allow-partial"
        )


def placeholders(photos: Sequence[Photo]) -> dict[str, str]:
    """Why photos are none, by id: one file under many ids stands for what is missing."""
    sharing = Counter(photo.sha for photo in photos)
    return {
        photo.id: f"placeholder: the same file under {sharing[photo.sha]} ids"
        for photo in photos
        if sharing[photo.sha] >= SHARED_BY
    }


def encode_all(
    backbone: "Backbone", photos: Sequence[Photo], earlier: Earlier, folder: Path, batch: int
) -> Done:
    """Encode into `folder` what is not kept yet; the photos with their hashes, and which cannot be used."""
    done = earlier.done
    unusable: dict[str, str] = {}
    first = 0
    for last, chunk in chunks(folder):
        first = last + 1
        done.update(chunk.hashes, chunk.unusable)
        unusable |= chunk.unusable
    photos = [photo for photo in photos if photo.sha not in done]  # of a manifest's the hash is known
    with progress(len(photos), "encoding") as bar:
        run = Run(backbone, folder, first, batch, done, earlier.rows, earlier.features)
        outcome = run_stages(run, photos, bar)
    outcome.unusable |= unusable
    return outcome
