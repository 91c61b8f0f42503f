"""Refining from the page: what would be learned from, the job that does it, and the versions it made.

The job is a process of its own (`core.refining`): it goes on when the page or the app ends, and its folder
says how it stands.
"""

import os
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import read_json
from core.gallery import folders_of
from core.refining import PROGRESS_FILE, cancel, is_running, read_progress, start
from core.usable import HeldOut, Usable, held_out_photos, trainable
from core.versions import (
    EFFECT_FILE,
    Version,
    clean,
    is_version,
    live,
    promote,
    read_version,
    roll_back,
    versions,
)
from demo.catalogues import Catalogues, service_of
from demo.live import follow
from demo.service import Service, history, shown

MOST_HITS = 300  # of a version's judged hits, that the page shows


def refinery_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """How refining stands, for the page.

    {"allowed", "live": name or "", "job": None or the progress with its "name", "usable": judgements that may
    train, "fresh": how many of them the live version does not know, "refused": {reason: count}, "versions":
    [newest first], "problem"}. `wish` names the "catalogue".
    """
    folder = catalogues.versions
    if folder is None:
        return {"allowed": False}
    try:
        service = service_of(catalogues, wish.get("catalogue"))
        usable = usable_of(service)
        cards = versions(folder)
        name = live(folder)
        known = [card.trained_on["judgements"]["events"] for card in cards if card.name == name]
    except HemlineError as error:
        return {"allowed": True, "problem": str(error)}
    numbers = {event.seq for event in usable.events}
    return {
        "allowed": True,
        "live": name or "",
        "job": _job(folder),
        "usable": len(numbers),
        "fresh": len(numbers.difference(*known)),
        "refused": dict(usable.refused),
        "versions": [brief(card) for card in reversed(cards)],
        "problem": "",
    }


def usable_of(service: Service) -> Usable:
    """The standing judgements on hits of this catalogue that may train, and why others may not."""
    here = service.searcher.pictures
    events = [event for event in history(service) if event.judgement.hit_id in here]
    return trainable(events, _held_out(service), service.store.vocabulary)


def brief(card: Version) -> dict[str, Any]:
    """A version as the list shows it: names, times, verdict, and the figures that decide."""
    figures, learned = card.figures, card.trained_on["judgements"]
    return {
        "name": card.name,
        "created": card.created,
        "verdict": card.verdict,
        "negative": learned["negative"],
        "positive": learned["positive"],
        "queries": learned["queries"],
        "left_out": learned["left_out"],
        "tuning": card.trained_on["replay"]["tuning"],
        "against": figures.get("against", "base"),
        "recall": figures.get("recall", {}).get("R@10"),
        "edit_accuracy": figures.get("edit_accuracy"),
        "summary": figures.get("summary"),
        "collateral": figures.get("collateral"),
        "drift": figures.get("drift", ""),
    }


def effect_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """What became of every judged hit under the version `wish["name"]`: {"hits": [...], "card": {...}}.

    Of a hit: the reference and the garment as the page shows them, "text", "role", ranks and scores.
    """
    try:
        folder = _version_folder(catalogues, wish.get("name"))
        service = service_of(catalogues, wish.get("catalogue"))
        card = read_version(folder)
        told = read_json(folder / EFFECT_FILE)["hits"][:MOST_HITS]
    except (HemlineError, KeyError, TypeError) as error:
        return {"problem": str(error)}
    known = service.searcher.pictures
    named = {service.searcher.hash_of(id_): id_ for id_ in {hit["hit"] for hit in told} if id_ in known}
    same = service.searcher.same
    named |= {sha: same[sha][0] for sha in {hit["reference"] for hit in told} if sha and sha in same}
    hits = [
        {
            **hit,
            "garment": shown(service, hit["hit"]) if hit["hit"] in known else None,
            "seen": _reference(service, hit["reference"], named),
        }
        for hit in told
    ]
    return {"hits": hits, "card": asdict(card)}


def act(catalogues: Catalogues, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Do one act of the page: {"turn"} with "done", a sentence, or "problem", a sentence.

    An act has "turn" and "do": "refine" (of the "catalogue"), "cancel", "promote" (the version "name", "" for
    the model as it was built) or "rollback".
    """
    turn = wanted.get("turn")
    try:
        folder = catalogues.versions
        if folder is None:
            raise HemlineError(
                "this app does not refine: whoever runs it has not allowed it (HEMLINE_REFINE)"
            )
        do = wanted.get("do")
        if do == "refine":
            said = _refine(catalogues, folder, service_of(catalogues, wanted.get("catalogue")))
        elif do == "cancel":
            said = _cancel(folder)
        elif do == "promote":
            name = wanted.get("name")
            promote(folder, _version_folder(catalogues, name).name if name else None)
            follow(catalogues)
            said = f"{name} answers now" if name else "the model as it was built answers now"
        elif do == "rollback":
            said = f"{roll_back(folder) or 'the model as it was built'} answers again"
            follow(catalogues)
        else:
            raise HemlineError(f"an act here is refine, cancel, promote or rollback; it is {do!r}")
    except HemlineError as error:
        return {"turn": turn, "problem": str(error)}
    return {"turn": turn, "done": said}


def _refine(catalogues: Catalogues, folder: Path, service: Service) -> str:
    running = _running(folder)
    if running is not None:
        raise HemlineError(f"{running.name} is being made; wait for it, or cancel it first")
    usable = usable_of(service)
    if not usable.events:
        reasons = "; ".join(f"{count}: {reason}" for reason, count in usable.refused.items())
        raise HemlineError(
            "there is nothing to learn from yet: flag hits that are wrong, or mark what is right"
            + (f" (left out: {reasons})" if reasons else "")
        )
    if service.checkpoint.resolve() != catalogues.first.checkpoint.resolve():
        raise HemlineError("this catalogue is answered by another model than the app refines; choose another")
    clean(folder)
    name = _next_name(folder)
    plain = service.plain or service.searcher
    arguments: list[str | Path] = ["--model", service.checkpoint.resolve()]
    arguments += ["--judgements", service.store.path.resolve(), "--index", plain.folder.resolve()]
    arguments += ["--images", _root(service), "--cache", folder.resolve() / "features"]
    replay = _root(catalogues.first).parent
    if (replay / "captions").is_dir():
        arguments += ["--replay", replay]
    process = start(arguments, folder / name)
    threading.Thread(target=process.wait, name=f"refining {name}", daemon=True).start()
    return f"{name} is being made from {len(usable.events)} judgements"


def _cancel(folder: Path) -> str:
    running = _running(folder)
    if running is None:
        raise HemlineError("no refinement is running")
    cancel(running)
    return f"{running.name} is being stopped; nothing of it is kept"


def _running(folder: Path) -> Path | None:
    """The folder of the job that runs now."""
    return next((path for path in _jobs(folder) if is_running(path)), None)


def _job(folder: Path) -> dict[str, Any] | None:
    """The progress of the job that runs, or of the last one if that made no version; with its name."""
    jobs = _jobs(folder)
    path = _running(folder) or (jobs[-1] if jobs else None)
    if path is None or (is_version(path) and not is_running(path)):
        return None
    progress = read_progress(path)
    return None if progress is None else {"name": path.name, **asdict(progress), "ended": progress.ended}


def _jobs(folder: Path) -> list[Path]:
    """The folders that jobs worked in, the last one last."""
    told = [path.parent for path in folder.glob(f"[!.]*/{PROGRESS_FILE}")]
    return sorted(told, key=lambda path: (path / PROGRESS_FILE).stat().st_mtime)


def _next_name(folder: Path) -> str:
    number = 1
    while (folder / f"v{number}").exists():
        number += 1
    return f"v{number}"


def _version_folder(catalogues: Catalogues, name: object) -> Path:
    """The folder of a version that is there: names come from a page, so nothing else is looked up."""
    folder = catalogues.versions
    if folder is None or name not in {card.name for card in versions(folder)}:
        raise HemlineError(f"there is no version called {name!r} any more; choose another")
    return folder / str(name)


def _root(service: Service) -> Path:
    """The folder of the catalogue's photos."""
    return Path(os.path.commonpath([folder.resolve() for folder in folders_of(service.searcher.pictures)]))


def _held_out(service: Service) -> HeldOut:
    """The catalogue's val and test photos by id; the job looks at their bytes as well."""
    root = _root(service).parent
    there = (root / "image_splits").is_dir() or (root / "garments.jsonl").is_file()
    return held_out_photos([root], hashes=False) if there else HeldOut()


def _reference(service: Service, reference: str | None, named: Mapping[str, str]) -> dict[str, str] | None:
    """The reference as the page shows it, of an id or a hash; None for words alone or an upload."""
    id_ = reference if reference in service.searcher.pictures else named.get(reference or "")
    return shown(service, id_) if id_ else None
