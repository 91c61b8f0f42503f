"""What the app knows against a flag, for core.guard: catalogue, queries on file, what people said."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.datasets.asked import read_asked
from core.datasets.fashioniq import read_split
from core.datasets.leakage import difference_hash
from core.errors import HemlineError
from core.guard import MARGINS, Caution, Known, Query, warnings
from core.opinions import opinions
from core.pictures import read_picture
from core.requests import Request
from core.verdicts import Event
from demo.service import Service

LOG = logging.getLogger("hemline")
TARGET = "target"  # the verdict that names a right answer
_JOINTS = (" and ", ", ", "; ", " ")  # how people join a query's two captions


@dataclass(frozen=True)
class OnFile:
    """The queries of a catalogue's dataset: by reference and plain words the targets, the exact request."""

    targets: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    requests: Mapping[tuple[str, str], Request] = field(default_factory=dict)
    queries: tuple[tuple[str, str], ...] = ()  # (reference id, words as on file), in the files' order


def cautions(
    service: Service, query: Mapping[str, Any], hit_id: str, history: Iterable[Event]
) -> tuple[Caution, ...]:
    """What speaks against calling `hit_id` wrong for `query` (reference_id, reference_hash, text).

    `history` are the events that may be told of: whoever judges blindly must not learn what others said.
    """
    file, key = on_file(service), (query["reference_id"] or "", plain(query["text"]))
    asked = Query(
        text=query["text"],
        reference_hash=query["reference_hash"],
        reference_id=query["reference_id"],
        request=file.requests.get(key),
        targets=file.targets.get(key, ()),
    )
    index = service.searcher.index
    known = Known(
        np.asarray(index.vectors),
        index.positions,
        service.garments,
        _Hashes(service.searcher.pictures),
        MARGINS.get(index.card.target_fingerprint),
    )
    return warnings(asked, hit_id, known, history, service.store.vocabulary)


def known_targets(service: Service, query: Mapping[str, Any], history: Iterable[Event]) -> list[str]:
    """The garments known to be meant by `query`: on file, then by verdicts that stand in `history`."""
    found = dict.fromkeys(
        on_file(service).targets.get((query["reference_id"] or "", plain(query["text"])), ())
    )
    asked = (query["reference_hash"] or query["reference_id"], query["text"])
    for item, said in opinions(history).items():
        called = any(event.judgement.verdict == TARGET for event in said)
        if called and (item.reference_hash, item.text) == asked:
            found[item.hit_id] = None
    return [id_ for id_ in found if id_ in service.searcher.pictures]


def on_file(service: Service) -> OnFile:
    """The queries beside the catalogue's photos (DATASET/captions); none where there are no such files."""
    roots = {path.parent.parent for path in islice(service.searcher.pictures.values(), 1)}
    return next((_read(root) for root in roots if (root / "captions").is_dir()), OnFile())


def plain(text: str) -> str:
    """Words as they are compared: without capitals, doubled spaces and a full stop."""
    return " ".join(text.casefold().split()).rstrip(".")


@lru_cache(maxsize=8)
def _read(root: Path) -> OnFile:
    targets: dict[tuple[str, str], tuple[str, ...]] = {}
    requests: dict[tuple[str, str], Request] = {}
    queries: list[tuple[str, str]] = []
    names = {path.name.split(".")[-2] for path in (root / "captions").glob("cap.*.*.json")}
    for name in sorted(names):
        try:
            split = read_split(root, name)
            asked = read_asked(split)
        except HemlineError as error:
            LOG.warning("the queries beside the catalogue are not used: %s", error)
            continue
        for triplet in split.triplets:
            captions = [caption for caption in map(plain, triplet.captions) if caption]
            orders = (captions, captions[::-1])
            whole = {joint.join(order) for joint in _JOINTS for order in orders}
            for words in {*captions, *whole}:
                key = (triplet.reference, words)
                targets[key] = (*targets.get(key, ()), triplet.target)
            if triplet.key in asked:
                requests.update(((triplet.reference, words), asked[triplet.key]) for words in whole)
            said = [caption.strip() for caption in triplet.captions if caption.strip()]
            queries.append((triplet.reference, _JOINTS[0].join(said)))
    return OnFile(targets, requests, tuple(queries))


class _Hashes(Mapping[str, NDArray[np.bool_]]):
    """The difference hashes of a catalogue's photos, each made when it is asked for."""

    def __init__(self, pictures: Mapping[str, Path]) -> None:
        self.pictures = pictures

    def __getitem__(self, id_: str) -> NDArray[np.bool_]:
        try:
            return _hash(self.pictures[id_])
        except (HemlineError, OSError):  # a photo that went away since the index was built
            raise KeyError(id_) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.pictures)

    def __len__(self) -> int:
        return len(self.pictures)

    def __contains__(self, id_: object) -> bool:
        try:
            return isinstance(id_, str) and self[id_] is not None
        except KeyError:
            return False


@lru_cache(maxsize=4096)
def _hash(path: Path) -> NDArray[np.bool_]:
    return difference_hash(read_picture(path))
