"""What a refinement works on: judged queries and replayed ones, with features and the rows of the index."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HemlineError
from core.gallery import folders_of
from core.pictures import picture_hash
from core.verdicts import VOCABULARY, Event, Verdict
from train.judged_queries import JudgedQuery, Judgements, gather
from train.lessons import Asked, Lesson
from train.replay import Replay, ReplayQuery, read_replay

if TYPE_CHECKING:
    import argparse

    from core.backbones.base import Backbone
    from core.search import Searcher
    from train.refine_config import RefineConfig

ENCODED = 32  # photos between two words on how far the encoding is
Tell = Callable[[int, int], None]


@dataclass(frozen=True)
class RefineMaterial:
    """Queries, with the features of their references, over the rows of `bank`.

    `bank` float32 [n, d] holds the index's vectors, then those of replayed targets that the index lacks;
    `ids` names its rows, the first `indexed` of them the index's. `looks` maps a reference (its id, or its
    content hash where it was uploaded) to features float16 [tokens, channels].
    """

    judgements: Judgements
    replay: Replay
    bank: np.ndarray
    ids: tuple[str, ...]
    indexed: int
    looks: dict[str, np.ndarray]
    copies: dict[str, tuple[str, ...]]

    def lessons(self) -> list[Lesson]:
        """The judged queries, as the recipe wants them."""
        row = {name: place for place, name in enumerate(self.ids)}
        beyond = tuple(range(self.indexed, len(self.ids)))
        return [
            Lesson(
                Asked(self._look(place_of(query)), query.text),
                wrong=tuple(row[name] for name in query.ids("negative")),
                right=tuple(row[name] for name in query.ids("positive")),
                same=tuple(row[name] for name in query.ids("same")),
                hidden=(*(row[name] for name in self.hidden(place_of(query))), *beyond),
            )
            for query in self.judgements.queries
        ]

    def asked(self, query: ReplayQuery) -> Asked:
        """A replayed query as the model sees it."""
        return Asked(self._look(query.reference), query.text)

    def hidden(self, place: str | None) -> frozenset[str]:
        """The ids that a ranking leaves out: the reference and its copies, where they are in the bank."""
        return frozenset(self.copies.get(place, ())) if place is not None else frozenset()

    def _look(self, place: str | None) -> np.ndarray | None:
        return None if place is None else self.looks[place]


def place_of(query: JudgedQuery) -> str | None:
    """What a judged query's reference is called in `looks`: its hash."""
    return query.reference_hash


def gather_material(
    searcher: "Searcher",
    history: Iterable[Event],
    folders: Sequence[Path],
    references: int,
    tuning: int,
    cache: Path,
    uploads: Path | None = None,
    vocabulary: Mapping[str, Verdict] = VOCABULARY,
    tell: Tell = lambda done, of: None,
) -> RefineMaterial:
    """Read judgements and replay, and encode the references that are not encoded yet.

    `uploads` is the folder of uploaded references (`core.references`); `tell` hears how many photos of how
    many are encoded. What touches a val or test photo of the catalogue's dataset or of the replayed ones is
    refused. Raises HemlineError as `gather` and `read_replay` do, and where a replayed photo is another than
    the index has under that id.
    """
    from core.usable import held_out_photos, trainable

    index = searcher.index
    uploaded = {path.stem: path for path in uploads.glob("??/*.webp")} if uploads else {}
    usable = trainable(history, held_out_photos(_datasets(searcher, folders)), vocabulary)
    known = {*searcher.same, *uploaded}
    judgements = gather(usable.events, index.positions, known, vocabulary, usable.refused)
    judgements = without_reference(judgements, searcher.same)
    trained = [
        (name, q.text) for q in judgements.queries for name in searcher.same.get(q.reference_hash or "", ())
    ]
    replay = read_replay(folders, references, tuning, trained)
    queries = (*replay.train, *replay.tune)
    beyond = list(dict.fromkeys(q.target for q in queries if q.target not in index.positions))
    pictures: dict[str, Path] = {}
    rows: dict[str, int] = {}
    copies: dict[str, tuple[str, ...]] = {}
    for name in (*replay.photos, *beyond):
        _place(searcher, replay, name, pictures, rows, copies)
    for query in judgements.queries:
        sha = query.reference_hash
        if sha is None:
            continue
        copies[sha] = tuple(searcher.same.get(sha, ()))
        if sha in searcher.same:
            _place(searcher, replay, copies[sha][0], pictures, rows, {}, sha)
        else:
            pictures[sha] = uploaded[sha]
    looks = _encoded(searcher, pictures, rows, cache, tell)
    extra = searcher.backbone.embed_targets([looks[name] for name in beyond])
    bank = np.concatenate([np.array(index.vectors), extra]) if beyond else np.array(index.vectors)
    return RefineMaterial(judgements, replay, bank, (*index.ids, *beyond), len(index.ids), looks, copies)


def without_reference(judgements: Judgements, same: Mapping[str, Sequence[str]]) -> Judgements:
    """The judgements without those on the reference itself, which no ranking shows."""
    queries = []
    for query in judgements.queries:
        own = set(same.get(query.reference_hash or "", ()))
        hits = tuple(hit for hit in query.hits if hit.id not in own)
        if any(hit.role in ("negative", "positive") for hit in hits):
            queries.append(replace(query, hits=hits))
    if not queries:
        raise HemlineError("all that was judged is the reference itself; judge other hits")
    return replace(judgements, queries=tuple(queries))


def _datasets(searcher: "Searcher", folders: Sequence[Path]) -> list[Path]:
    """The replayed folders and that of the catalogue, where it is a dataset's."""
    own = {folder.parent for folder in folders_of(searcher.pictures)}
    told = [path for path in own if (path / "image_splits").is_dir() or (path / "garments.jsonl").is_file()]
    return list({path.resolve(): path for path in (*told, *folders)}.values())


def _place(
    searcher: "Searcher",
    replay: Replay,
    name: str,
    pictures: dict[str, Path],
    rows: dict[str, int],
    copies: dict[str, tuple[str, ...]],
    called: str | None = None,
) -> None:
    """Note where the photo `name` is to be had: a row of the index's features, or a file."""
    called = called or name
    row = searcher.index.positions.get(name)
    if row is None:
        pictures[called] = replay.pictures[name]
        copies[called] = (name,)
        return
    sha = searcher.gallery.table.hashes[row]
    own = replay.pictures.get(name, searcher.pictures[name])
    if own != searcher.pictures[name] and picture_hash(own) != sha:
        raise HemlineError(
            f"{own} is another photo than the index has as {name}; "
            "replay a dataset of this catalogue, or one whose ids are its own"
        )
    copies[called] = tuple(searcher.same[sha])
    if searcher.gallery.features is None:
        pictures[called] = searcher.pictures[name]
    else:
        rows[called] = row


def _encoded(
    searcher: "Searcher", pictures: dict[str, Path], rows: dict[str, int], cache: Path, tell: Tell
) -> dict[str, np.ndarray]:
    from core.backbones.features import encode_all

    backbone: Backbone = searcher.backbone
    looks: dict[str, np.ndarray] = {}
    names = list(pictures)
    tell(0, len(names))
    for start in range(0, len(names), ENCODED):
        some = names[start : start + ENCODED]
        found = encode_all(backbone, {name: pictures[name] for name in some}, cache)
        looks |= dict(zip(some, found.rows(some), strict=True))
        tell(min(start + ENCODED, len(names)), len(names))
    if rows:
        assert searcher.gallery.features is not None
        looks |= {name: np.array(searcher.gallery.features[row]) for name, row in rows.items()}
    return looks


def opened(
    model: Path, args: "argparse.Namespace", config: "RefineConfig", tell: Tell = lambda done, of: None
) -> tuple["Searcher", RefineMaterial]:
    """The searcher of a model over --index, and the material of --judgements and --replay."""
    from core.judgements import events, open_store
    from core.references import references_folder
    from core.search import open_searcher

    set_threads(args.threads)
    store = open_store(args.judgements, create=False)
    try:
        history = events(store)
    finally:
        store.close()
    searcher = open_searcher(model, args.index, args.images)
    folders = args.replay or [Path(args.images or searcher.gallery.table.root).parent]
    return searcher, gather_material(
        searcher,
        history,
        folders,
        config.replayed,
        config.measured,
        args.cache,
        args.uploads or references_folder(args.judgements),
        store.vocabulary,
        tell,
    )


def set_threads(threads: int | None) -> None:
    """torch's threads; HemlineError for fewer than one."""
    import torch

    if threads is not None:
        if threads < 1:
            raise HemlineError(f"--threads is {threads}; it must be 1 or more")
        torch.set_num_threads(threads)
