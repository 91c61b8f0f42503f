"""Which version of the model answers: the running app follows what is written as live.

A version is the query side of a model (`core.versions`), so going live is a new searcher over the same index
and weights. Searches under way end on the one they began with.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

from core.errors import HemlineError
from core.search import with_version
from core.versions import live, read_version
from demo.catalogues import Catalogues
from demo.service import Service, built_fingerprint

LOG = logging.getLogger("hemline")
EVERY = 1.0  # seconds between two looks at what is live


def follow(catalogues: Catalogues) -> None:
    """Bring every catalogue to the live version, where that goes with its index; the others stay.

    Raises HemlineError where what is written as live cannot be read.
    """
    folder = catalogues.versions
    if folder is None:
        return
    name = live(folder) or ""
    turned = _turning(catalogues, name)
    catalogues.first = turned(catalogues.first)
    catalogues.beside = {known: turned(service) for known, service in catalogues.beside.items()}
    if catalogues.changing.acquire(blocking=False):  # else photos are being brought: at the next look
        try:
            catalogues.own = {known: turned(service) for known, service in catalogues.own.items()}
        finally:
            catalogues.changing.release()


def watch(catalogues: Catalogues) -> threading.Event:
    """Follow what is live, now and in the background, until the event that is returned is set.

    What cannot be followed is told in the log, and what answered goes on answering.
    """
    ended = threading.Event()
    if catalogues.versions is None:
        return ended
    first = _looked(catalogues, "")

    def run() -> None:
        said = first
        while not ended.wait(EVERY):
            said = _looked(catalogues, said)

    threading.Thread(target=run, name="live version", daemon=True).start()
    return ended


def _looked(catalogues: Catalogues, said: str) -> str:
    """Follow once; what was wrong, "" for nothing. It is logged unless it was `said` before."""
    try:
        follow(catalogues)
    except (HemlineError, OSError) as error:
        if str(error) != said:
            LOG.warning("the versions cannot be followed: %s", error)
        return str(error)
    return ""


def _turning(catalogues: Catalogues, name: str) -> Callable[[Service], Service]:
    """What turns a service to the version `name` ("" for the model as it was built)."""
    folder = catalogues.versions
    assert folder is not None

    def turned(service: Service) -> Service:
        plain = service.plain or service.searcher
        if service.version == name:
            return service
        if not name:
            built = built_fingerprint(service.checkpoint)
            return _answering(service, replace(service, searcher=plain, plain=None), "", built)
        card = read_version(folder / name)
        if card.target_fingerprint != plain.index.card.target_fingerprint:
            return service  # another model's catalogue, such as the CLIP baseline's
        searcher = with_version(plain, folder / name)
        return _answering(
            service, replace(service, searcher=searcher, plain=plain), name, card.model_fingerprint
        )

    return turned


def _answering(before: Service, after: Service, version: str, model: str) -> Service:
    former = before.former | {before.model_fingerprint}
    LOG.info("%s answers now", f"version {version}" if version else "the model as it was built")
    return replace(after, version=version, model_fingerprint=model, former=former)
