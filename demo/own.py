"""Bringing one's own photos from the page, and removing them again: what is asked, limited and answered."""

import logging
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.own.changing import add, drop, remove
from core.own.limits import Limits, by_reason
from core.own.sources import open_files
from demo.catalogues import Catalogues, index_of, put, service_of

LOG = logging.getLogger("hemline")
LIMITS = Limits(photos=2000, bytes=512 * 2**20)  # at once; larger catalogues are brought in parts
MOST_GARMENTS = 20_000  # in one catalogue
MOST_CATALOGUES = 20
TOLD = 200  # refusals listed on the page; the file beside the photos has all
BUSY = "another catalogue is being changed just now; try again in a moment"


def bring(catalogues: Catalogues, name: object, files: Sequence[str] | None) -> dict[str, Any]:
    """Take uploaded files (photos, zips, a table) into the catalogue `name`, made if it is not there.

    Answers {"catalogue", "count", "added", "already", "changed", "reasons": {reason: count}, "refused":
    [{"name", "reason"}], "unknown": [[field, value, count]], "unused", "seconds"}, or {"problem": sentence}.
    """
    started = time.perf_counter()
    if not catalogues.changing.acquire(blocking=False):
        return {"problem": BUSY}
    try:
        index = index_of(catalogues, name)
        known = index.parent.name
        _refuse_more(catalogues, known)
        paths = [Path(file) for file in files or ()]
        if not paths:
            raise HemlineError("there are no files yet; choose photos, or a zip of photos, first")
        with open_files(paths, _named(paths), LIMITS) as source:
            index.parent.mkdir(parents=True, exist_ok=True)
            added = add(index, source, _model(catalogues), LIMITS)
        put(catalogues, known)
    except HemlineError as error:
        _tidy(catalogues, name)
        return {"problem": str(error)}
    except OSError as error:
        LOG.warning("bringing photos failed: %s", error)
        return {"problem": f"the photos could not be kept: {error.strerror or error}; nothing was changed"}
    finally:
        catalogues.changing.release()
    return {
        "catalogue": known,
        "count": added.count,
        "added": len(added.added),
        "already": len(added.already),
        "changed": len(added.changed),
        "reasons": by_reason(added.refused),
        "refused": [{"name": refusal.name, "reason": refusal.reason} for refusal in added.refused[:TOLD]],
        "unknown": [[field, value, count] for (field, value), count in added.unknown.most_common(TOLD)],
        "unused": list(added.unused),
        "seconds": round(time.perf_counter() - started, 1),
    }


def take_out(catalogues: Catalogues, act: Mapping[str, Any]) -> dict[str, Any]:
    """Remove garments of one's own catalogue, or all of it: `act` has "turn", "catalogue" and "ids".

    "ids" None is the whole catalogue. Answers {"turn", "catalogue", "removed": count, "count": what is left},
    or {"turn", "problem"}.
    """
    turn, name, ids = act.get("turn"), act.get("catalogue"), act.get("ids")
    if not catalogues.changing.acquire(blocking=False):
        return {"turn": turn, "problem": BUSY}
    try:
        if not name:
            raise HemlineError("the catalogue that the app starts with stays; only one's own can be removed")
        service = service_of(catalogues, name)
        index = index_of(catalogues, name)
        if ids is None:
            gone = len(service.searcher.index.ids)
            drop(index)
        elif isinstance(ids, list) and ids and all(isinstance(id_, str) for id_ in ids):
            gone = len(remove(index, ids))
        else:
            raise HemlineError("no garment was named; choose one")
        put(catalogues, service.name)
        _tidy(catalogues, name)
    except HemlineError as error:
        return {"turn": turn, "problem": str(error)}
    except OSError as error:
        return {"turn": turn, "problem": f"it could not be removed: {error.strerror or error}"}
    finally:
        catalogues.changing.release()
    left = catalogues.own.get(service.name)
    count = len(left.searcher.index.ids) if left else 0
    return {"turn": turn, "catalogue": service.name, "removed": gone, "count": count}


def _model(catalogues: Catalogues) -> Path:
    return catalogues.first.checkpoint.absolute()


def _refuse_more(catalogues: Catalogues, name: str) -> None:
    there = catalogues.own.get(name)
    if there is None and len(catalogues.own) >= MOST_CATALOGUES:
        raise HemlineError(f"there are {MOST_CATALOGUES} catalogues already; remove one first")
    if there is not None and len(there.searcher.index.ids) + LIMITS.photos > MOST_GARMENTS:
        raise HemlineError(f"{name} has {len(there.searcher.index.ids):,} garments; begin another catalogue")


def _named(paths: Sequence[Path]) -> str:
    """What the source is called in the records: its one file, or how many there were and when."""
    if len(paths) == 1:
        return paths[0].name
    return f"upload of {time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())}"


def _tidy(catalogues: Catalogues, name: object) -> None:
    """Remove the folder of a catalogue that has come to nothing."""
    try:
        folder = index_of(catalogues, name).parent
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    except (HemlineError, OSError):
        return
