"""How well `core.wishes` reads changes in words: against the exact requests that are on file for them.

    python -m train.wishes --data assets/wardrobe --split val --json OUT.json
    python -m train.wishes --texts changes.jsonl --json OUT.json

Of a split of Wardrobe every query is read with its reference's record; of a file of hand texts, which have
no reference, with the record that the text presumes where that is one value, and else without.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core import runs
from core.cli import entry
from core.datasets.asked import read_asked
from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.evaluation.joins import query_text
from core.evaluation.shares import shares
from core.families import family_of
from core.files import sha256_file, write_json
from core.requests import FIELDS, HandText, Request, met, read_requests
from core.types import Garment
from core.wardrobe.design import COLORS, RULES
from core.wishes import Reading, read_wish
from train.references import draw_references

REFERENCES = 5
"""References of the catalogue that a hand text is put to."""


@dataclass(frozen=True)
class Asked:
    """A text, what it asks for exactly, and the record of the reference it is put to."""

    text: str
    request: Request
    reference: Garment


def measure(asked: Sequence[Asked], garments: Sequence[Garment]) -> dict[str, Any]:
    """How the readings of `asked` agree with the exact requests; shares in percent, each text weighing one.

    "parts": of what was read the share that is asked (precision), of what is asked the share that was read
    (recall), by field as well; "values": of edits read rightly by name, those whose values are all right
    ones; "whole": texts with every part read, none besides, and every value right; "garments": of `garments`
    said to meet all that was read those that do meet all that is asked (precision), and of those that do,
    those said to (recall).
    """
    readings = [read_wish(one.text, one.reference) for one in asked]
    columns: dict[str, list[float]] = {}
    for one, reading in zip(asked, readings, strict=True):
        for name, value in _agreement(one, reading, garments).items():
            columns.setdefault(name, []).append(value)
    told = shares({name: np.array(values) for name, values in columns.items()}, [one.text for one in asked])
    return {
        "texts": len({one.text for one in asked}),
        "readings": len(asked),
        "nothing_read": sum(not _names(reading.request) for reading in readings),
        "shares": {name: asdict(share) for name, share in told.items()},
        "by_field": _by_field(asked, readings),
    }


def _agreement(one: Asked, reading: Reading, garments: Sequence[Garment]) -> dict[str, float]:
    read, exact = _names(reading.request), _names(one.request)
    right = read & exact
    edits = [name for name in right if name in one.request.edits]
    values = [_inside(name, reading.request, one) for name in edits]
    said = np.array([met(reading.request, garment) for garment in garments]) if read else np.array([False])
    does = np.array([met(one.request, garment) for garment in garments]) if read else np.array([False])
    return {
        "parts_precision": _ratio(len(right), len(read)),
        "parts_recall": _ratio(len(right), len(exact)),
        "values": _ratio(sum(values), len(values)),
        "whole": float(read == exact and all(values)),
        "garments_precision": _ratio(int((said & does).sum()), int(said.sum())),
        "garments_precision_nothing_unread": float("nan")
        if reading.unread
        else _ratio(int((said & does).sum()), int(said.sum())),
        "garments_recall": _ratio(int((said & does).sum()), int(does.sum())),
    }


def _names(request: Request) -> set[str]:
    return {*request.edits, *(f"+{d}" for d in request.add), *(f"-{d}" for d in request.remove)}


def _inside(name: str, read: Request, one: Asked) -> bool:
    """Whether every value read satisfies, of those that drawn garments of the asked family can have."""
    kinds = one.request.edits.get("kind") or {family_of(one.reference.kind) or ""}
    return (read.edits[name] & _possible(name, frozenset(kinds))) <= one.request.edits[name]


@lru_cache
def _possible(name: str, kinds: frozenset[str]) -> frozenset[str]:
    if name in ("kind", "colors"):
        return frozenset(RULES if name == "kind" else COLORS)
    of = {
        "pattern": "patterns",
        "sleeve": "sleeves",
        "neckline": "necklines",
        "length": "lengths",
        "fit": "fits",
    }
    return frozenset(value for kind in kinds & {*RULES} for value in getattr(RULES[kind], of[name]))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def _by_field(asked: Sequence[Asked], readings: Sequence[Reading]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in (*FIELDS[:-1], "add", "remove")}
    for one, reading in zip(asked, readings, strict=True):
        read, exact = _names(reading.request), _names(one.request)
        for name in read | exact:
            field = {"+": "add", "-": "remove"}.get(name[0], name)
            both = name in read and name in exact
            counts[field]["right" if both else "read in vain" if name in read else "missed"] += 1
    return {name: dict(count) for name, count in counts.items()}


def _of_split(data: Path, split_name: str) -> tuple[list[Asked], list[Garment]]:
    split = read_split(data, split_name)
    requests = read_asked(split)
    if not requests:
        raise HemlineError(
            f"{data} has no requests folder; give a folder that python -m train.wardrobe wrote"
        )
    asked = [
        Asked(query_text(triplet.captions, "and"), requests[triplet.key], split.garments[triplet.reference])
        for triplet in split.triplets
    ]
    return asked, list(split.garments.values())


def _of_texts(paths: Sequence[Path], garments: Sequence[Garment]) -> list[Asked]:
    texts: list[HandText] = [text for path in paths for text in read_requests(path)]
    known = {garment.id: garment for garment in garments}
    return [
        Asked(text.text, text.request, known[id_])
        for text in texts
        for id_ in draw_references(text, known, REFERENCES).ids
    ]


def main() -> None:
    """Measure how well changes in words are read, on a drawn split or on texts that people wrote."""
    parser = argparse.ArgumentParser(prog="python -m train.wishes", description=main.__doc__)
    parser.add_argument("--data", type=Path, default=Path("assets/wardrobe"), help="a drawn split's folder")
    parser.add_argument("--split", default="val", help="its split (val)")
    parser.add_argument("--texts", type=Path, nargs="+", help="hand texts, put to garments of --data")
    parser.add_argument("--garments", type=int, default=500, help="garments to judge, drawn evenly (500)")
    parser.add_argument("--json", type=Path, help="the file to write")
    parser.add_argument(
        "--failures", type=int, default=0, help="print this many texts that were read wrongly"
    )
    arguments = parser.parse_args()
    asked, garments = _of_split(arguments.data, arguments.split)
    if arguments.texts:
        asked = _of_texts(arguments.texts, garments)
    told = measure(asked, garments[:: max(1, len(garments) // arguments.garments)])
    if arguments.json:
        sources = {str(path.name): sha256_file(path) for path in arguments.texts or ()}
        write_json(
            arguments.json,
            {
                "data": arguments.data.name,
                "split": arguments.split,
                "files": sources,
                **told,
                "run": runs.git_state(),
            },
        )
    for name, share in told["shares"].items():
        print(f"{name:20} {share}")
    print(told["by_field"], "nothing read:", told["nothing_read"])
    for one in [one for one in asked if _wrong(one)][: arguments.failures]:
        print(one.text, "|", read_wish(one.text, one.reference), "|", one.request)


def _wrong(one: Asked) -> bool:
    read = read_wish(one.text, one.reference).request
    return not _names(read) <= _names(one.request) or not all(_inside(name, read, one) for name in read.edits)


if __name__ == "__main__":
    entry(main)
