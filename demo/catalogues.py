"""The catalogues of the running app: those it starts with, and those that people brought, by name.

One's own lie in `catalogues/NAME` of the data folder as an index and its photos, and are opened again at
every start. Each is a Service that shares model and judgements with the first; a change makes a new Service
in the place of the old one, so that a query under way ends with the version it began with.
"""

import logging
import re
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.own.changing import photos_of, reindex
from core.recorded import brought_garments
from core.search import open_searcher
from demo.device import is_lent
from demo.service import Service, built_fingerprint
from demo.settings import Settings
from demo.thumbnails import Thumbnails
from demo.traffic import Traffic

LOG = logging.getLogger("hemline")
_NAME = re.compile(r"\w(?:[\w .&'-]{0,38}\w)?")


@dataclass
class Catalogues:
    """`first` is the catalogue the app starts with, called ""; `beside` others that came with it, by name;
    `own` those that people brought.

    `folder` is where one's own are kept, None where nobody may bring any; `versions` where refinements are,
    None where nobody may refine; `export` whether programs may fetch everybody's judgements. Whoever changes
    one of the own holds `changing`. `traffic` lets requests in.
    """

    first: Service
    folder: Path | None
    beside: dict[str, Service] = field(default_factory=dict)
    own: dict[str, Service] = field(default_factory=dict)
    stale: list[str] = field(default_factory=list)
    versions: Path | None = None
    export: bool = True
    changing: threading.Lock = field(default_factory=threading.Lock)
    traffic: Traffic = field(default_factory=Traffic)


def open_catalogues(first: Service, settings: Settings, beside: Sequence[Service] = ()) -> Catalogues:
    """The catalogues kept where `settings` say, with the `first` one and what is shipped `beside` it.

    Those that cannot be opened, since another model indexed them, are `stale`: `renew` indexes them again.
    """
    folder, traffic = settings.catalogues, Traffic(settings.queue, settings.batch)
    catalogues = Catalogues(
        _shared(first, traffic),
        folder,
        {service.name: _shared(service, traffic) for service in beside},
        versions=settings.versions,
        export=settings.export,
        traffic=traffic,
    )
    for place in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else []:
        if not (place / "index").is_dir():
            continue
        try:
            put(catalogues, place.name)
        except HemlineError as error:
            LOG.info("the catalogue %s is to be indexed again: %s", place.name, error)
            catalogues.stale.append(place.name)
    return catalogues


def _shared(service: Service, traffic: Traffic) -> Service:
    """The service asked by several at once; as it is where a lent GPU answers each query by itself."""
    if is_lent(service.searcher.backbone):
        return service
    return replace(service, searcher=replace(service.searcher, asking=traffic.asking))


def renew(catalogues: Catalogues) -> None:
    """Index the stale catalogues again in the background; to be called once the page is up.

    One that cannot be indexed is told in the log and left as it is.
    """
    stale, catalogues.stale = catalogues.stale, []
    if stale:
        threading.Thread(target=_renew, args=(catalogues, stale), name="reindexing", daemon=True).start()


def service_of(catalogues: Catalogues, name: object) -> Service:
    """The service of the catalogue `name` ("" or None: the first); HemlineError where there is none."""
    if not name:
        return catalogues.first
    found = {**catalogues.beside, **catalogues.own}.get(name) if isinstance(name, str) else None
    if found is None:
        raise HemlineError(f"there is no catalogue called {name!r} any more; choose another")
    return found


def services(catalogues: Catalogues) -> list[Service]:
    """Every service, the first one first."""
    return [catalogues.first, *catalogues.beside.values(), *catalogues.own.values()]


def listed(catalogues: Catalogues) -> list[dict[str, Any]]:
    """What the page lists: {"name", "garments", "own"} of each: what it came with, then one's own by name."""
    own = [catalogues.own[name] for name in sorted(catalogues.own)]
    return [
        {
            "name": service.name,
            "garments": len(service.searcher.index.ids),
            "own": service.name in catalogues.own,
        }
        for service in [catalogues.first, *catalogues.beside.values(), *own]
    ]


def index_of(catalogues: Catalogues, name: object) -> Path:
    """Where the index of one's own catalogue `name` is kept; HemlineError for a name that cannot be one."""
    if catalogues.folder is None:
        raise HemlineError("this app takes no photos: whoever runs it has not allowed it (HEMLINE_BRING)")
    plain = unicodedata.normalize("NFC", " ".join(str(name or "").split()))
    if not _NAME.fullmatch(plain):
        raise HemlineError(
            "the catalogue needs a name of 1 to 40 letters, digits, spaces or -, as in Summer 2026"
        )
    if plain.casefold() in {known.casefold() for known in catalogues.beside}:
        raise HemlineError(f"{plain} is a catalogue that comes with Hemline; choose another name")
    # names that differ in capitals alone would be one folder on some machines
    same = [known for known in catalogues.own if known.casefold() == plain.casefold()]
    return catalogues.folder / (same[0] if same else plain) / "index"


def put(catalogues: Catalogues, name: str) -> None:
    """Open one's own catalogue `name` as it now is on the disk, in place of what was open."""
    index = index_of(catalogues, name)
    own = {known: service for known, service in catalogues.own.items() if known != name}
    if index.is_dir():
        own[name] = _open(catalogues.first, name, index)
    catalogues.own = own  # in one step: readers have the older or the newer ones


def _open(first: Service, name: str, index: Path) -> Service:
    plain = first.plain or first.searcher
    searcher = open_searcher(first.checkpoint, index, photos_of(index), plain.backbone)
    searcher = replace(searcher, asking=plain.asking)
    return replace(
        first,
        name=name,
        searcher=searcher,
        version="",
        plain=None,
        model_fingerprint=built_fingerprint(first.checkpoint),
        garments=brought_garments(photos_of(index)),
        thumbnails=Thumbnails(first.thumbnails.folder, searcher.pictures),
        index_fingerprint=searcher.index.card.fingerprint,
    )


def _renew(catalogues: Catalogues, names: list[str]) -> None:
    for name in names:
        with catalogues.changing:
            try:
                reindex(index_of(catalogues, name), catalogues.first.checkpoint)
                put(catalogues, name)
            except (HemlineError, OSError) as error:
                LOG.warning("the catalogue %s cannot be opened: %s", name, error)
