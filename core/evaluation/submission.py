"""Submissions to CIRR's test server: their two files, and every fault of a file.

The format (Test-split_server.md of github.com/Cuberick-Orion/CIRR): one JSON object a metric, {"version":
"rc2", "metric": "recall" or "recall_subset"} and a list for each pairid, 50 or 3 names, best first, at most
5 MB a file. The reference is never among the names, and a subset's names are members of it.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from core.evaluation.cirr import subset_order
from core.files import parse_json

if TYPE_CHECKING:
    from core.datasets.cirr import Pair

VERSION = "rc2"
LENGTHS = {"recall": 50, "recall_subset": 3}
"""The names in each list, by metric."""

MAX_BYTES = 5_000_000
"""The server says 5 MB; this is the smaller reading of it."""

HEAD = ("version", "metric")
"""The keys that are no pairid."""


def submission(pairs: Sequence["Pair"], rankings: Sequence[Sequence[str]]) -> dict[str, dict[str, Any]]:
    """Both files' values by metric, from rankings in the order of `pairs`, each without its reference.

    HemlineError naming the first pair whose ranking is too short for its lists.
    """
    files: dict[str, dict[str, Any]] = {m: {"version": VERSION, "metric": m} for m in LENGTHS}
    for pair, names in zip(pairs, rankings, strict=True):
        lists = {"recall": names, "recall_subset": subset_order(pair, names)}
        for metric, length in LENGTHS.items():
            if len(lists[metric]) < length:
                what = "names" if metric == "recall" else "candidates of its subset"
                raise HemlineError(
                    f"the ranking of pair {pair.key} has {len(lists[metric])} {what}; "
                    f"a submission of {metric} needs {length}: rank the whole gallery"
                )
            files[metric][pair.key] = list(lists[metric][:length])
    return files


def encode(value: dict[str, Any]) -> bytes:
    """A submission's value as the bytes of its file, its keys sorted."""
    return json.dumps(value, sort_keys=True).encode()


def faults(data: bytes, metric: str, pairs: Sequence["Pair"], gallery: Sequence[str]) -> list[str]:
    """Every fault of a submission's bytes, a sentence each; none where the server would take it.

    A file that is no JSON object has that one fault (and its size); its lists cannot be looked at.
    """
    found = []
    if len(data) > MAX_BYTES:
        found.append(f"the file is {len(data):,} bytes; the server takes at most {MAX_BYTES:,}")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        return [*found, f"the file is not UTF-8 text (byte {error.start})"]
    try:
        value = parse_json(text, "the file")
    except HemlineError as error:
        return [*found, str(error)]
    if not isinstance(value, dict):
        return [*found, f"the file must be a JSON object, not {_kind(value)}"]
    found += _twice(text)
    found += _head_faults(value, metric)
    found += _key_faults(value, pairs)
    known = set(gallery)
    for pair in pairs:
        if pair.key in value:
            found += [f"pair {pair.key}: {fault}" for fault in _list_faults(value, pair, metric, known)]
    return found


def _twice(text: str) -> list[str]:
    """JSON readers keep the last of two equal keys in silence, so they are looked for in the text."""
    rows: list[tuple[str, Any]] = json.loads(text, object_pairs_hook=list)
    times = Counter(key for key, _ in rows)
    return [f"the key {key!r} stands {count} times" for key, count in times.items() if count > 1]


def _head_faults(value: dict[str, Any], metric: str) -> list[str]:
    found = []
    for field, right in zip(HEAD, (VERSION, metric), strict=True):
        if field not in value:
            found.append(f'"{field}" is missing; it must be "{right}"')
        elif value[field] != right:
            other = field == "metric" and value[field] in list(LENGTHS)
            hint = "; are the two files exchanged?" if other else ""
            found.append(f'"{field}" must be "{right}", not {_shown(value[field])}{hint}')
    return found


def _key_faults(value: dict[str, Any], pairs: Sequence["Pair"]) -> list[str]:
    keys = {pair.key for pair in pairs}
    missing = [pair.key for pair in pairs if pair.key not in value]
    extra = [key for key in value if key not in keys and key not in HEAD]
    found = []
    if missing:
        found.append(f"{len(missing)} of {len(pairs)} pairids are missing: {', '.join(missing)}")
    if extra:
        found.append(f"{len(extra)} keys are no pairid of this split: {', '.join(map(_shown, extra))}")
    return found


def _list_faults(value: dict[str, Any], pair: "Pair", metric: str, known: set[str]) -> list[str]:
    names = value[pair.key]
    if not isinstance(names, list):
        return [f"must be a list of {LENGTHS[metric]} names, not {_kind(names)}"]
    found = []
    if len(names) != LENGTHS[metric]:
        found.append(f"has {len(names)} names; {LENGTHS[metric]} are needed")
    found += [
        f"name {row} must be a text, not {_kind(name)}"
        for row, name in enumerate(names)
        if not isinstance(name, str)
    ]
    told = [name for name in names if isinstance(name, str)]
    found += [f"{_shown(name)} must be without .png" for name in told if _stem(name) != name]
    for name, count in Counter(map(_stem, told)).items():
        if count > 1:
            found.append(f"{_shown(name)} stands {count} times")
        if name not in known:
            found.append(f"{_shown(name)} is no photo of the gallery")
        elif name == pair.reference:
            found.append(f"{_shown(name)} is its own reference")
        elif metric == "recall_subset" and name not in pair.members:
            found.append(f"{_shown(name)} is not a member of its subset")
    return found


def _stem(name: str) -> str:
    return name[:-4] if name.lower().endswith(".png") else name


def _shown(value: Any) -> str:
    """A value of a file in a sentence: on one line, cut where it is long."""
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")
