"""The error browser: every query of a run, filtered and sorted, with all figures computed on what is left.

A run is what a side answers to the queries on file (`demo.answering`), or a committed result. The page and
the endpoint `/errors` ask the same.
"""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.evaluation.result import read_result, refuse_unlike
from core.evaluation.selection import (
    FACETS,
    Choice,
    Facts,
    contrast,
    facets,
    facts_of,
    figures,
    ordered,
    select,
)
from core.files import sha256_file
from demo.answering import (
    KnownIndex,
    answer,
    answered,
    folder_of,
    is_answered,
    needs,
    queries_on_file,
    tags_of,
)
from demo.catalogues import Catalogues, service_of
from demo.leaderboard import DATA, MODELS, RESULTS, SHIPPED, shipped_results
from demo.service import Service, shown
from demo.sides import ASKED, side_of, sides

PAGE = 50  # queries sent at once
FILED = "file "  # how the name of a run that is a committed result begins
LONGEST_WORDS = 200


def errors_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """One page of queries and the figures of the whole selection, or what has to be done first.

    `wish` has "catalogue", "run" and "against" (names of runs, "" for the default and for none), "words", for
    each facet a list of labels, "low" and "high" (ranks), "by", "down" and "start" (from 1). Answers {"run",
    "against", "runs", "facets", "figures", "contrast", "total", "all", "gallery", "lines", "garments": {id:
    as shown}}; of a run not answered yet {"run", "runs", "needs": its name, "job": how it stands or
    None, "queries"}; and {"problem": sentence} where something is wrong, with "runs" where they are known.
    """
    page: dict[str, Any] = {}
    try:
        service = service_of(catalogues, wish.get("catalogue"))
        page["runs"] = runs(catalogues, service)
        page["run"] = str(wish.get("run") or _default(service))
        page["against"] = str(wish.get("against") or "")
        opened = []
        for name in filter(None, (page["run"], page["against"])):
            facts = _opened(catalogues, service, name)
            if facts is None:
                return page | needs(side_of(catalogues, service.name, name), folder_of(catalogues))
            opened.append(facts)
        facts, other = opened[0], opened[1] if len(opened) > 1 else None
        if other is not None:
            refuse_unlike(other.result, facts.result, ("The other run", "this run"))
        rows = _rows(facts, wish, other)
        start = (_whole(wish.get("start") or None, "start") or 1) - 1
        lines = [line_of(facts, row, other) for row in rows[start : start + PAGE].tolist()]
        ids = {line[name] for line in lines for name in ("reference", "target", "top")}
        return page | {
            "facets": facets(facts),
            **_measured(facts, rows, other),
            "all": len(facts.ranks),
            "gallery": facts.result.counts["gallery"],
            "lines": lines,
            "garments": {id_: shown(service, id_) for id_ in ids if id_ in service.searcher.pictures},
            "problem": "",
        }
    except HemlineError as error:
        return page | {"problem": str(error)}


def errors_file(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """The whole selection as a file: {"name", "type", "text"} of `wish["format"]`, "csv" or "json"."""
    try:
        service = service_of(catalogues, wish.get("catalogue"))
        whole = selection(catalogues, service, wish)
    except HemlineError as error:
        return {"problem": str(error)}
    if wish.get("format") == "json":
        return {"name": "queries.json", "type": "application/json", "text": json.dumps(whole, indent=1)}
    return {"name": "queries.csv", "type": "text/csv", "text": _csv(whole["queries"])}


def selection(
    catalogues: Catalogues, service: Service, wish: Mapping[str, Any], wait: bool = False
) -> dict[str, Any]:
    """The selection for programs: {"run", "against", "figures", "contrast", "total", "queries": [line_of …]}.

    With `wait` a run that was not answered yet is answered now, else that is a HemlineError; `wish` is as for
    `errors_page`.
    """
    name = str(wish.get("run") or _default(service))
    facts = _there(catalogues, service, name, wait)
    against = str(wish.get("against") or "")
    other = _there(catalogues, service, against, wait) if against else None
    if other is not None:
        refuse_unlike(other.result, facts.result, ("The other run", "this run"))
    rows = _rows(facts, wish, other)
    return {
        "run": name,
        "against": against,
        **_measured(facts, rows, other),
        "queries": [line_of(facts, row, other) for row in rows.tolist()],
    }


def start_answering(catalogues: Catalogues, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Begin to answer the queries as the run `wanted["run"]` does: {"turn"}, with "problem" if it cannot."""
    try:
        side = side_of(catalogues, wanted.get("catalogue"), wanted.get("run"))
        answer(side, folder_of(catalogues))
    except HemlineError as error:
        return {"turn": wanted.get("turn"), "problem": str(error)}
    return {"turn": wanted.get("turn"), "problem": ""}


def runs(catalogues: Catalogues, service: Service) -> list[dict[str, Any]]:
    """The runs there are over a catalogue: {"name", "label", "group", "ready"}, committed results last.

    The results of the models that ship are among them where the app answers with what ships.
    """
    folder = folder_of(catalogues)
    try:
        queries_on_file(service)
        found = [
            {"name": side.name, "label": side.label, "group": "Here", "ready": is_answered(side, folder)}
            for side in sides(catalogues, service.name)
        ]
    except HemlineError:
        found = []  # no queries beside this catalogue
    for name, value in shipped_results():
        start = name.removeprefix("clip-")
        data = next((told[0] for key, told in DATA.items() if start.startswith(key)), name)
        model = MODELS.get(value["model"].get("name"), value["model"].get("name"))
        label = f"{data}: {model}{ASKED[value['modality']]}"
        found.append({"name": f"{FILED}{SHIPPED}/{name}", "label": label, "group": "On file", "ready": True})
    return found


def line_of(facts: Facts, row: int, other: Facts | None) -> dict[str, Any]:
    """One query for the page, a file or a program; what is not known is None."""
    query, margin = facts.result.ranks[row], float(facts.margins[row])
    measured = query.attributes or {}
    return {
        "key": query.key,
        "category": query.category,
        "text": query.text,
        "rank": query.rank,
        "other_rank": None if other is None else int(other.ranks[row]),
        "margin": None if math.isnan(margin) else round(margin, 4),
        "score": round(query.score, 4),
        "top_score": round(query.top1_score, 4),
        "reference": query.reference,
        "target": query.target,
        "top": query.top1,
        "kinds": sorted(facts.labels["kind"][row]),
        "tags": sorted(facts.labels["tag"][row]),
        "unmet": list(measured.get("unmet", ())),
        "lost": list(measured.get("lost", ())),
    }


def _rows(facts: Facts, wish: Mapping[str, Any], other: Facts | None) -> np.ndarray:
    labels = {name: _listed(wish.get(name)) for name in FACETS}
    words = str(wish.get("words") or "")[:LONGEST_WORDS]
    low, high = (_whole(wish.get(end), end) for end in ("low", "high"))
    rows = select(facts, Choice(words, labels, (low or 1, high)))
    return ordered(facts, rows, str(wish.get("by") or "rank"), bool(wish.get("down", True)), other)


def _measured(facts: Facts, rows: np.ndarray, other: Facts | None) -> dict[str, Any]:
    return {
        "figures": {name: asdict(share) for name, share in figures(facts, rows).items()},
        "contrast": asdict(contrast(facts, other, rows)) if other is not None and len(rows) else None,
        "total": len(rows),
    }


def _there(catalogues: Catalogues, service: Service, name: str, wait: bool) -> Facts:
    facts = _opened(catalogues, service, name)
    if facts is None and wait:
        job = answer(side_of(catalogues, service.name, name), folder_of(catalogues))
        job.ended.wait()
        if job.problem:
            raise HemlineError(job.problem)
        facts = _opened(catalogues, service, name)
    if facts is None:
        raise HemlineError(f"{name!r} has not answered the queries yet; open it on the page first")
    return facts


def _opened(catalogues: Catalogues, service: Service, name: str) -> Facts | None:
    """The facts of a run; None where it was not answered yet. HemlineError where there is no such run."""
    if not name.startswith(FILED):
        return answered(side_of(catalogues, service.name, name), folder_of(catalogues))
    path = (RESULTS / f"{name.removeprefix(FILED)}.json").resolve()
    if RESULTS.resolve() not in path.parents or not path.is_file():
        raise HemlineError(f"there is no result {name.removeprefix(FILED)!r} in assets/results")
    return _filed(path, KnownIndex(service.searcher.index))


@lru_cache(maxsize=8)
def _filed(path: Path, known: KnownIndex) -> Facts:
    result = read_result(path)
    here = known.index.positions
    ids = {id_ for query in result.ranks for id_ in (query.reference, query.target, query.top1)}
    return facts_of(result, tags=tags_of(result.ranks, known.index) if ids <= here.keys() else None)


def _default(service: Service) -> str:
    """The committed result of what answers now over this very catalogue; else what answers now."""
    built = sha256_file(service.checkpoint / "hemline.json")
    count = len(service.searcher.index.ids)
    for name, value in shipped_results() if not service.version else ():
        mine = value["model"].get("fingerprint") == built and value["counts"]["gallery"] == count
        if mine and value["modality"] == "both":
            return f"{FILED}{SHIPPED}/{name}"
    return "live"


def _csv(lines: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    if lines:
        writer = csv.DictWriter(out, list(lines[0]))
        writer.writeheader()
        for line in lines:
            writer.writerow({name: _cell(value) for name, value in line.items()})
    return out.getvalue()


def _cell(value: Any) -> Any:
    """A value as a cell: lists joined, and text that a spreadsheet would run as a formula made plain."""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


def _listed(value: object) -> list[str]:
    if isinstance(value, str):
        return [value] if value else []
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def _whole(value: object, what: str) -> int | None:
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise HemlineError(f"{what} must be a whole number from 1; it is {value!r}")
    return value
