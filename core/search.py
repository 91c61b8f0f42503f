"""A composed query answered over the index of a catalogue; and what the model itself says of a photo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO, Union

import numpy as np

from core.asking import Asking, Shown
from core.atlas import load_captions
from core.errors import HemlineError
from core.gallery import Copies, Gallery, Pictures, load_gallery
from core.index import Index, IndexCard, find, load_card, load_index, refuse_as_model
from core.pictures import picture_hash, read_picture
from core.types import Garment, Hit

if TYPE_CHECKING:
    from PIL.Image import Image

    from core.backbones.base import Backbone
    from core.columns import Columns

Reference = Union["Image", Path, str, bytes, BinaryIO]


@dataclass(frozen=True)
class Searcher:
    """A model and an index that belong together; threads may share one.

    `pictures` maps each id to its file, `same` a picture's sha256 to the ids that have these bytes,
    `captions` ids to what the model says of them, where that was written down (`core.atlas`); `folder` is
    where the index lies. `asking` is what searchers share that are asked by several at once, None where one
    asks after the other.
    """

    backbone: "Backbone"
    index: Index
    gallery: Gallery
    pictures: Mapping[str, Path]
    same: Mapping[str, Sequence[str]]
    captions: dict[str, str]
    folder: Path
    asking: Asking | None = None
    _records: "_Records" = field(default_factory=lambda: _Records(), repr=False, compare=False)

    def hash_of(self, id_: str) -> str:
        """The sha256 of a catalogue picture's bytes, as judgements record it; HemlineError if unknown."""
        return self.gallery.table.hashes[_row(self, id_)]

    def columns(self, garments: Mapping[str, Garment]) -> "Columns":
        """What `garments` has on record of the rows; made once for one mapping, which must not change."""
        from core.columns import columns_of

        with self._records.lock:
            if self._records.garments is not garments or self._records.columns is None:
                self._records.columns = columns_of(self.index.ids, garments)
                self._records.garments = garments
            return self._records.columns


@dataclass
class _Records:
    """What was made of a catalogue's records; versions of the model share it."""

    lock: Lock = field(default_factory=Lock)
    garments: Mapping[str, Garment] | None = None
    columns: "Columns | None" = None


def open_searcher(
    model: Path | str | None,
    index: Path | str,
    images: Path | str | None = None,
    backbone: "Backbone | None" = None,
) -> Searcher:
    """The searcher over the folder `index` with the checkpoint `model` (None: the one it was built with).

    `images` says where the pictures are now, where that is not where they were at the build; `backbone` is
    what `model` holds, where it was loaded already: catalogues may share it. Raises
    HemlineError where the index was built by another target side, or either folder is not what it should be.
    """
    from core.backbones import load_backbone

    folder = Path(index)
    card = load_card(folder)
    checkpoint = Path(model) if model is not None else _built_with(folder, card)
    refuse_as_model(checkpoint)
    loaded = load_index(folder)
    gallery = load_gallery(folder, loaded)
    if backbone is None:
        backbone = load_backbone(checkpoint)
    if backbone.target_fingerprint() != card.target_fingerprint:
        root = images or gallery.table.root
        raise HemlineError(
            f"the index {folder} was built by another model ({card.model}), whose target side is not that of "
            f"{checkpoint}; rebuild it with python -m core.catalogue build --model {checkpoint} "
            f"--images {root} --out {folder}"
        )
    base = Path(images if images is not None else gallery.table.root)
    captions = load_captions(folder, card.target_fingerprint, card.ids_sha)
    pictures = Pictures(base, loaded, gallery.table.paths)
    same = Copies(loaded.ids, gallery.table.hashes)
    return Searcher(backbone, loaded, gallery, pictures, same, captions, folder)


def with_version(searcher: Searcher, version: Path) -> Searcher:
    """The searcher with the query side of a version (`core.versions`), sharing index and all other weights.

    It takes well under a second for a small model. `searcher` stays as it is, so queries that run on it end
    as they began; it is freed with the last of them. Raises HemlineError where the version is not whole or
    goes with another target side than the index.
    """
    from core.backbones.query_side import read_query_side, with_query_side
    from core.versions import read_version

    card = read_version(version)
    if card.target_fingerprint != searcher.index.card.target_fingerprint:
        raise HemlineError(
            f"the version {card.name} goes with another model than the index was built with; "
            "refine again with the model of this index"
        )
    return replace(searcher, backbone=with_query_side(searcher.backbone, read_query_side(version)))


def search(
    searcher: Searcher,
    *,
    reference_id: str | None = None,
    reference_image: Reference | None = None,
    text: str | None = None,
    top_k: int = 10,
    keep_reference: bool = False,
) -> list[Hit]:
    """The best `top_k` hits for a reference (by id, or a picture), for words, or for both together.

    A reference that is in the catalogue is not among the hits unless `keep_reference`; an uploaded picture
    is taken for a catalogue one by the hash of its file's bytes, so give its path or bytes where you have
    them (a decoded PIL image has none). Raises HemlineError for neither reference nor words (blank words
    are none), for both kinds of reference, an unknown id, an unreadable picture and words over the model's
    length.
    """
    words = text if text and text.strip() else None
    if reference_id is None and reference_image is None and words is None:
        raise HemlineError("the query is empty; give a reference picture, words, or both")
    shown, copies = shown_to(searcher, reference_id, reference_image)
    vector = vector_of(searcher, shown, words)
    return find(searcher.index, vector[None], top_k, None if keep_reference else [copies])[0]


def search_many(
    searcher: Searcher, queries: Sequence[tuple[str | None, str | None]], top_k: int = 10
) -> list[list[Hit]]:
    """For each query (a catalogue id or None, words or None) what `search` would answer, in one batch."""
    if not queries:
        return []
    vectors, copies = embed_many(searcher, queries)
    return find(searcher.index, vectors, top_k, copies)


def embed_many(
    searcher: Searcher, queries: Sequence[tuple[str | None, str | None]]
) -> tuple[np.ndarray, list[Sequence[str]]]:
    """The queries' unit vectors, float32 [q, d], and of each the catalogue's ids of its very reference.

    Queries (one at least) and errors are as for `search_many`.
    """
    words = [text if text and text.strip() else None for _, text in queries]
    shown = [look_of(searcher, id_, None) for id_, _ in queries]
    if any(look is None and text is None for (look, _), text in zip(shown, words, strict=True)):
        raise HemlineError("a query is empty; give a reference picture, words, or both")
    vectors = searcher.backbone.embed_queries([look for look, _ in shown], words)
    return vectors, [copies for _, copies in shown]


def describe(
    searcher: Searcher, *, reference_id: str | None = None, reference_image: Reference | None = None
) -> str:
    """The model's own caption of a catalogue garment (by id, from its kept features) or of a picture.

    "" where the model has nothing to say, as an untrained one may. Raises HemlineError for neither or both,
    an unknown id, an unreadable picture, and a model that writes no captions.
    """
    if reference_image is None and reference_id in searcher.captions:
        return searcher.captions[reference_id]
    look, _ = look_of(searcher, reference_id, reference_image)
    if look is None:
        raise HemlineError("there is no photo to describe; give reference_id or reference_image")
    return searcher.backbone.caption([look])[0]


def look_of(
    searcher: Searcher, reference_id: str | None, reference_image: Reference | None
) -> tuple["Image | np.ndarray | None", Sequence[str]]:
    """What the model looks at (None without a reference), and the catalogue's ids of that very picture.

    HemlineError for both kinds of reference, an unknown id and an unreadable picture.
    """
    shown, copies = shown_to(searcher, reference_id, reference_image)
    return (None if shown is None else shown.look()), copies


def shown_to(
    searcher: Searcher, reference_id: str | None, reference_image: Reference | None
) -> tuple[Shown | None, Sequence[str]]:
    """A reference that is read when it must be, and the catalogue's ids of that very picture.

    HemlineError for both kinds of reference and an unknown id; `Shown.look` raises it for an unreadable
    picture.
    """
    target = searcher.index.card.target_fingerprint
    if reference_id is not None and reference_image is not None:
        raise HemlineError("the reference is given twice; give reference_id or reference_image, not both")
    if reference_image is not None:
        picture, sha = _uploaded(reference_image)
        if sha is None or sha not in searcher.same:
            return Shown(sha or None, lambda: picture if sha is None else read_picture(picture), target), ()
        reference_id = searcher.same[sha][0]
    if reference_id is None:
        return None, ()
    row = _row(searcher, reference_id)
    sha = searcher.gallery.table.hashes[row]
    return Shown(sha, lambda: _catalogue_look(searcher, row), target), searcher.same[sha]


def vector_of(searcher: Searcher, shown: Shown | None, words: str | None) -> np.ndarray:
    """The unit vector of a query with a reference, words, or both, float32 [d]."""
    if searcher.asking is not None:
        return searcher.asking.vector(searcher.backbone, shown, words)
    look = None if shown is None else shown.look()
    return np.asarray(searcher.backbone.embed_queries([look], [words])[0])


def target_of(searcher: Searcher, shown: Shown) -> np.ndarray:
    """The unit vector of a picture as a garment of the catalogue, float32 [d]."""
    if searcher.asking is not None:
        return searcher.asking.target(searcher.backbone, shown)
    return np.asarray(searcher.backbone.embed_targets([shown.look()])[0])


def _catalogue_look(searcher: Searcher, row: int) -> "Image | np.ndarray":
    if searcher.gallery.features is None:
        return read_picture(searcher.pictures[searcher.index.ids[row]])
    # a copy: the model must not be handed a read-only memory map
    return np.array(searcher.gallery.features[row])


def _uploaded(picture: Reference) -> tuple[Any, str | None]:
    """A decoded picture, upright, and None; or what `read_picture` takes, and the hash of its bytes."""
    from PIL import Image, ImageOps

    if isinstance(picture, Image.Image):
        return ImageOps.exif_transpose(picture), None
    if isinstance(picture, str | Path):
        path = Path(picture)
        return path, picture_hash(path) if path.is_file() else ""
    data = picture if isinstance(picture, bytes) else picture.read()
    return data, picture_hash(data)


def _row(searcher: Searcher, id_: str) -> int:
    row = searcher.index.positions.get(id_)
    if row is None:
        count = len(searcher.index.ids)
        raise HemlineError(
            f"{id_!r} is not among the catalogue's {count} ids (file names without their endings)"
        )
    return row


def _built_with(folder: Path, card: IndexCard) -> Path:
    if not Path(card.model).is_dir():
        raise HemlineError(
            f"the index {folder} was built with the model {card.model}, which is not there; give --model"
        )
    return Path(card.model)
