"""Ranked lists that any system made: JSON or a TREC run, and what a protocol leaves of each list."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.evaluation.given import refuse_other_queries
from core.evaluation.protocol import CUTOFFS
from core.files import parse_json, read_text

DEEPEST = max(CUTOFFS)

Lists = dict[str, list[str]]
"""Gallery ids, best first, by query key."""


def read_rankings(path: Path, besides: Sequence[str] = ()) -> Lists:
    """The lists in the file: a JSON object {query key: [ids, best first]}, or else a TREC run.

    What begins with "{" is JSON; its keys named in `besides` are no queries and left out. A TREC run has
    lines of query, Q0, id, rank, score and name; ranks count up from 0 or 1 without a gap, scores never rise
    with them, and the rank decides among equal scores. HemlineError, naming the query or the line, for what
    is neither, for a query that stands twice, and for a list that is empty or names a photo twice.
    """
    text = read_text(Path(path))
    lists = _json(text, path, besides) if text.lstrip().startswith("{") else _trec(text, path)
    if not lists:
        raise HemlineError(f"{path} holds no ranking; it is JSON or a TREC run with a list for each query")
    for key, names in lists.items():
        if not names:
            raise HemlineError(f"{path}: the list of {key} is empty")
        if len(set(names)) != len(names):
            twice = Counter(names).most_common(1)[0][0]
            raise HemlineError(f"{path}: the list of {key} names {twice} twice; a photo has one rank")
    return lists


def _json(text: str, path: Path, besides: Sequence[str]) -> Lists:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
            raise HemlineError(f"{path} has two lists for {twice}; each query may stand once")
        return value

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        if isinstance(error, HemlineError):
            raise
        parse_json(text, str(path))  # says where the fault is
        raise
    lists = {key: names for key, names in value.items() if key not in besides}
    for key, names in lists.items():
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise HemlineError(f"{path}: {key} must have a list of ids, best first")
    return lists


def _trec(text: str, path: Path) -> Lists:
    ranked: dict[str, list[tuple[int, float, str]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        parts = line.split()
        try:
            query, _, photo, rank, score, _ = parts
            ranked.setdefault(query, []).append((int(rank), float(score), photo))
        except ValueError:
            raise HemlineError(
                f"{path} line {number} is not of a TREC run (query, Q0, id, rank, score, name), nor is the "
                "file a JSON object"
            ) from None
    return {query: _in_order(sorted(rows), query, path) for query, rows in ranked.items()}


def _in_order(rows: Sequence[tuple[int, float, str]], query: str, path: Path) -> list[str]:
    first = rows[0][0]
    for place, (rank, score, photo) in enumerate(rows):
        if first not in (0, 1) or rank != first + place:
            raise HemlineError(
                f"{path}: the ranks of {query} must count up from 1 (or 0) one by one; {photo} has {rank}"
            )
        if place and not score <= rows[place - 1][1]:
            raise HemlineError(
                f"{path}: {photo} of {query} has a higher score than the photo ranked before it; "
                "ranks and scores must agree"
            )
    return [photo for _, _, photo in rows]


def under_rules(
    lists: Mapping[str, Sequence[str]],
    keys: Sequence[str],
    galleries: Sequence[Sequence[str]],
    references: Sequence[str],
    removed: bool,
    known: Sequence[str],
    where: str,
) -> list[list[str]]:
    """What is left of each query's list under a protocol: photos of its own gallery, in the list's order.

    keys, galleries and references are of the queries in order, `known` are all photos of the dataset's
    galleries; with `removed` the query's own reference leaves its list before anything is counted.
    HemlineError for queries that lack or are too many, a photo that no gallery knows, a list too short to
    decide Recall@50, a whole list without its reference where that is kept, and lists that show all together
    that they were made under another rule: none names its own reference though it is kept.
    """
    refuse_other_queries(where, list(lists), keys)
    photos = set(known)
    members = {id(gallery): set(gallery) for gallery in galleries}
    left = []
    for key, gallery, reference in zip(keys, galleries, references, strict=True):
        strange = next((photo for photo in lists[key] if photo not in photos), None)
        if strange is not None:
            raise HemlineError(f"{where}: the list of {key} names {strange!r}, which no gallery has")
        own = members[id(gallery)]
        names = [p for p in lists[key] if p in own and not (removed and p == reference)]
        whole = len(own) - (removed and reference in own)
        if len(names) < min(DEEPEST, whole):
            raise HemlineError(
                f"{where}: the list of {key} has {len(names)} photos of its gallery of {whole}; that decides "
                f"Recall@K up to K = {len(names)}, and Recall@{DEEPEST} is reported: give {DEEPEST} or more"
            )
        if not removed and len(names) == whole - 1 and reference in own and reference not in names:
            raise HemlineError(
                f"{where}: the list of {key} has the whole gallery but its reference, which the protocol "
                "keeps; rank it too, or choose a protocol that removes it"
            )
        left.append(names)
    if not removed:
        _refuse_without_references(left, galleries, references, where)
    return left


def _refuse_without_references(
    left: Sequence[Sequence[str]], galleries: Sequence[Sequence[str]], references: Sequence[str], where: str
) -> None:
    """HemlineError where no list names its reference, though lists drawn at random would ten times."""
    by_chance = sum(len(names) / len(gallery) for names, gallery in zip(left, galleries, strict=True))
    if by_chance >= 10 and not any(r in names for r, names in zip(references, left, strict=True)):
        raise HemlineError(
            f"{where}: none of {len(left)} lists names its own reference, so they were made with it removed; "
            "choose a protocol that removes it, or rank it too"
        )


def refuse_own_category_alone(
    left: Sequence[Sequence[str]], categories: Sequence[str], own: Mapping[str, Sequence[str]], where: str
) -> None:
    """HemlineError where, under a union gallery, no list leaves its own category's photos `own`."""
    parts = {category: set(ids) for category, ids in own.items()}
    inside = (parts[c].issuperset(names) for c, names in zip(categories, left, strict=True))
    if len(parts) > 1 and all(inside):
        raise HemlineError(
            f"{where}: no list names a photo of another category, so each ranks its own category's gallery; "
            "choose a protocol of gallery 'original', or rank the union"
        )
