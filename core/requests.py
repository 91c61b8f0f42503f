"""What a wish in words asks for, exactly, and whether a garment meets it.

A request is a set of values for each field it names, details to add and to remove, and what was asked to
stay. Everything else is untouched, and a good answer leaves it as it is in the reference (`kept`).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core import vocabulary
from core.errors import HemlineError
from core.families import FAMILIES, family_of
from core.files import read_text
from core.types import Garment
from core.wardrobe.design import BARE_NECKS, RULES, Design

FIELDS = ("kind", "colors", "pattern", "sleeve", "neckline", "length", "fit", "details")
"""What a request may touch. "kind" is the family (`core.families`), "colors" the main colour."""

VALUES: Mapping[str, tuple[str, ...]] = {
    "kind": tuple(FAMILIES),
    "colors": vocabulary.COLORS,
    "pattern": vocabulary.PATTERNS,
    "sleeve": vocabulary.SLEEVES,
    "neckline": vocabulary.NECKLINES,
    "length": vocabulary.LENGTHS,
    "fit": vocabulary.FITS,
    "details": vocabulary.DETAILS,
}
"""The values of each of `FIELDS`."""


@dataclass(frozen=True)
class Request:
    """The edits a text asks for.

    `edits` maps fields (`FIELDS` but "details") to the values that satisfy; `add` and `remove` are details;
    `keep` holds the fields that were asked to stay.
    """

    edits: Mapping[str, frozenset[str]] = field(default_factory=dict)
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    keep: frozenset[str] = frozenset()


@dataclass(frozen=True)
class HandText:
    """A modification text written by a person, what its reference must be like, and what it asks for.

    `reference` maps fields to the value presumed of the reference; for "details", all that it must have.
    """

    text: str
    reference: Mapping[str, frozenset[str]]
    request: Request


def traits(garment: Garment | Design) -> dict[str, str | None]:
    """The value of each of `FIELDS` but "details"; None where it does not apply."""
    family = garment.family if isinstance(garment, Design) else family_of(garment.kind)
    return {
        "kind": family,
        "colors": garment.colors[0] if garment.colors else None,
        "pattern": garment.pattern,
        "sleeve": garment.sleeve,
        "neckline": garment.neckline,
        "length": garment.length,
        "fit": garment.fit,
    }


def details_of(garment: Garment | Design) -> frozenset[str]:
    """The details as a set, with the hood that a hood neckline is."""
    return frozenset(garment.details) | ({"hood"} if garment.neckline == "hood" else frozenset())


def fits(reference: Mapping[str, frozenset[str]], garment: Garment | Design) -> bool:
    """Whether the garment is as a hand text presumes of its reference: every value, all the details."""
    has = traits(garment)
    return all(
        values <= details_of(garment) if name == "details" else has[name] in values
        for name, values in reference.items()
    )


def parts_met(request: Request, garment: Garment | Design) -> dict[str, bool]:
    """Whether each part is met: field names for edits, "+belt" for an addition, "-belt" for a removal."""
    has, details = traits(garment), details_of(garment)
    parts = {name: has[name] in values for name, values in request.edits.items()}
    parts |= {f"+{detail}": detail in details for detail in sorted(request.add)}
    parts |= {f"-{detail}": detail not in details for detail in sorted(request.remove)}
    return parts


def met(request: Request, garment: Garment | Design) -> bool:
    """Whether the garment meets every edit, every addition and every removal."""
    return all(parts_met(request, garment).values())


def untouched(request: Request) -> tuple[str, ...]:
    """The fields, of `FIELDS`, that the words say nothing of, whatever the reference is.

    A wish about a hood is one about the neckline, and one for a bare neckline is one about the sleeves.
    Details count as untouched also beside added and removed ones, which `kept` leaves out.
    """
    touched = set(request.edits)
    if "hood" in request.add | request.remove:
        touched.add("neckline")
    if request.edits.get("neckline", frozenset()) & {*BARE_NECKS, "off-shoulder"}:
        touched.add("sleeve")
    return tuple(name for name in FIELDS if name not in touched)


def kept(request: Request, reference: Garment | Design, hit: Garment | Design) -> dict[str, bool]:
    """Whether each untouched field of the hit is as in the reference.

    Left out are fields that do not apply to either and, after a wish that takes it away, what the new garment
    cannot have: a midi length on a T-shirt, cuffs without sleeves, sleeves below straps.
    """
    before, after = traits(reference), traits(hit)
    names = set(untouched(request))
    if "sleeve" in request.edits and before["neckline"] in {*BARE_NECKS, "off-shoulder"}:
        names.discard("neckline")
    if "cuffs" in request.add and before["sleeve"] in ("none", "cap"):
        names -= {"sleeve", "neckline"} if before["neckline"] in BARE_NECKS else {"sleeve"}
    result = {}
    for name in FIELDS[:-1]:
        value = before[name]
        if name not in names or value is None or after[name] is None:
            continue
        if "kind" in request.edits and not _possible(name, value, after["kind"]):
            continue
        result[name] = value == after[name]
    silent = request.add | request.remove
    if "neckline" not in names or "kind" in request.edits:
        silent |= {"hood"}
    if not {"sleeve", "kind"} <= names:
        silent |= {"cuffs"}
    rules = RULES.get(after["kind"] or "")
    expected = details_of(reference) & frozenset(rules.details) if rules and "kind" in request.edits else None
    expected = details_of(reference) if expected is None else expected
    result["details"] = expected - silent == details_of(hit) - silent
    return result


def _possible(name: str, value: str, family: str | None) -> bool:
    """Whether a garment of the family can have the value; yes where nothing is known of the family."""
    rules = RULES.get(family or "")
    if rules is None or name in ("kind", "colors"):
        return True
    allowed = {
        "pattern": rules.patterns, "sleeve": rules.sleeves, "neckline": rules.necklines,
        "length": rules.lengths, "fit": rules.fits,
    }  # fmt: skip
    return value in allowed[name]


# --- the file of hand texts -------------------------------------------------------------------------------

_KEYS = {"text", "reference", "edits", "remove", "add", "keep"}


def read_requests(path: Path) -> list[HandText]:
    """The hand texts of a JSONL file, in its order; HemlineError names the line and what is wrong with it."""
    texts = []
    for number, line in enumerate(read_text(Path(path)).splitlines(), 1):
        if line.strip():
            try:
                texts.append(_hand_text(json.loads(line)))
            except (ValueError, TypeError, KeyError) as error:
                raise HemlineError(f"{path}, line {number}: {error}") from None
    return texts


def _hand_text(record: Any) -> HandText:
    if not isinstance(record, dict) or set(record) != _KEYS:
        raise ValueError(f"it must be an object with {', '.join(sorted(_KEYS))}, no more and no less")
    text = record["text"]
    if not isinstance(text, str) or not text.strip():
        raise ValueError("text must be words")
    reference = {name: _values(name, value) for name, value in dict(record["reference"]).items()}
    return HandText(text, reference, request_of(record))


def request_of(record: Mapping[str, Any]) -> Request:
    """The request that a record's "edits", "add", "remove" and "keep" say, as in a file of hand texts.

    Raises ValueError, TypeError or KeyError where they do not say one.
    """
    edits = {name: _values(name, value) for name, value in dict(record["edits"]).items()}
    if "details" in edits:
        raise ValueError("details are changed by add and remove, not by edits")
    add, remove = (_values("details", record[key], empty=True) for key in ("add", "remove"))
    keep = frozenset(record["keep"])
    if not isinstance(record["keep"], list) or keep - set(FIELDS):
        raise ValueError(f"keep must be a list of {', '.join(FIELDS)}")
    if not edits and not add and not remove:
        raise ValueError("it asks for nothing: give edits, add or remove")
    return Request(edits, add, remove, keep)


def _values(name: str, given: Any, empty: bool = False) -> frozenset[str]:
    """The given value, or list of values, of a field as a set."""
    if name not in VALUES:
        raise ValueError(f"{name} is not a field; the fields are {', '.join(FIELDS)}")
    values = [given] if isinstance(given, str) else given
    if not isinstance(values, list) or not (values or empty):
        raise ValueError(f"{name} must be a value or a list of values, not {given!r}")
    unknown = [value for value in values if value not in VALUES[name]]
    if unknown:
        raise ValueError(f"{name} has no value {unknown[0]!r}; it has {', '.join(VALUES[name])}")
    return frozenset(values)
