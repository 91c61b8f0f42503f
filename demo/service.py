"""What the page and the API share while the app runs: searcher, judgements, captions, thumbnails."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from typing import Any

from core.files import fingerprint, read_json
from core.judgements import Store, events, open_store
from core.recorded import garments_of
from core.search import Searcher, open_searcher
from core.types import Garment
from core.verdicts import Event
from demo.device import place, share_cores
from demo.engine import start_engine
from demo.keeping import Keeping, start_keeping
from demo.repository import repository
from demo.settings import Settings
from demo.setup import Places
from demo.thumbnails import Thumbnails, address


@dataclass(frozen=True)
class Service:
    """One catalogue of the running app, with the model that searches it and the store of judgements.

    `name` is "" for the catalogue the app starts with; `checkpoint` the model's folder. `garments` may be
    empty: a plain folder of photos has no captions.

    `keeping` copies judgements beyond this machine, where something is set up for it; `lasting` says whether
    they outlive a restart without it.

    `version` is the version of the model that answers (`demo.live`), "" for the model as it was built; then
    `plain` is the searcher without it. `former` are the fingerprints of what answered before: cards that they
    ranked may still be judged.
    """

    searcher: Searcher
    store: Store
    garments: Mapping[str, Garment]
    thumbnails: Thumbnails
    model_fingerprint: str
    index_fingerprint: str
    checkpoint: Path
    name: str = ""
    keeping: Keeping | None = None
    lasting: bool = True
    version: str = ""
    plain: Searcher | None = None
    former: frozenset[str] = frozenset()
    history: list[Event] = field(default_factory=list)  # what was already read of the store
    history_lock: Lock = field(default_factory=Lock)


def open_service(
    model: Path | None,
    index: Path,
    settings: Settings,
    images: Path | None = None,
    zero_gpu: bool = False,
) -> Service:
    """Open everything the app needs; HemlineError where a part is missing or parts do not fit.

    `model` None is the model that the index was built with, `images` None where its photos were then;
    `zero_gpu` is what demo.device.announce_zero_gpu answered.
    """
    store = open_store(settings.judgements, vocabulary=settings.vocabulary)
    return Service(
        store=store,
        keeping=_keeping(store, settings),
        lasting=settings.lasting,
        **_opened(Places(model, index, images), settings, zero_gpu),
    )


def open_beside(first: Service, places: Places, settings: Settings) -> Service:
    """Another catalogue or model beside the `first` one, with the same store of judgements.

    HemlineError as in `open_service`.
    """
    return replace(first, name=places.name, **_opened(places, settings, zero_gpu=False))


def _opened(places: Places, settings: Settings, zero_gpu: bool) -> dict[str, Any]:
    """The fields of a Service that are its model's and its catalogue's own."""
    searcher = open_searcher(places.model, places.index, places.images)
    card = searcher.index.card
    checkpoint = places.model if places.model is not None else Path(card.model)
    place(searcher.backbone, checkpoint, settings.device, zero_gpu)
    share_cores(searcher.backbone, settings.threads)
    if settings.engines is not None:
        start_engine(searcher.backbone, checkpoint, settings.engines)
    return {
        "searcher": searcher,
        "garments": garments_of(searcher.pictures),
        "thumbnails": Thumbnails(settings.cache / "thumbnails", searcher.pictures),
        # hemline.json holds the fingerprints of the weights, so this changes with the query side as well
        "model_fingerprint": built_fingerprint(checkpoint),
        "index_fingerprint": card.fingerprint,
        "checkpoint": checkpoint,
    }


def built_fingerprint(checkpoint: Path) -> str:
    """What judgements record as the model in the folder `checkpoint`, as it was built."""
    return fingerprint(read_json(checkpoint / "hemline.json"))


def _keeping(store: Store, settings: Settings) -> Keeping | None:
    if settings.journal is None:
        return None
    remote = repository(settings.feedback, settings.token) if settings.feedback else None
    return start_keeping(store, settings.journal, remote)


def shown(service: Service, id_: str) -> dict[str, str]:
    """What the page shows of a garment: catalogue, caption and category (or ""), its small photos."""
    garment = service.garments.get(id_)
    return {
        "id": id_,
        "catalogue": service.name,
        "caption": garment.caption if garment else "",
        "category": garment.category if garment else "",
        "card": address(service.thumbnails, id_, "card"),
        "view": address(service.thumbnails, id_, "view"),
    }


def history(service: Service) -> list[Event]:
    """Every event so far, in order; only those that are new since the last call are read from the file."""
    with service.history_lock:
        known = service.history
        known.extend(events(service.store, after=known[-1].seq if known else 0))
        return list(known)
