"""Judgements as TREC relevance judgements, and those as judgements.

A line is "QUERY 0 PHOTO GRADE": 2 for a "target", 1 for another positive verdict, 0 for a negative. QUERY is
`core.consensus.Asked.key`; what it asks stands in a second file, QRELS.queries.jsonl. Who judged when, the
ranks and scores, the kind of a negative and verdicts that take no side are lost.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from core.consensus import Asked, agreed
from core.errors import HemlineError
from core.files import parse_json, read_text, write_atomically
from core.journal import Record, named
from core.judged_triplets import imported
from core.verdicts import VOCABULARY, Event, Verdict

_PLAIN = "/:+,@()[]"  # beside letters, digits and _.-~; anything else in a photo's id is percent-encoded
_GRADES = {2: "target", 1: "acceptable", 0: "hard negative"}


def write_qrels(
    history: Iterable[Event], out: Path, vocabulary: Mapping[str, Verdict] = VOCABULARY
) -> dict[str, int]:
    """Write `out` and OUT.queries.jsonl; answers how many "queries", "judged", "disputed" and "no side"."""
    consensus = agreed(history, vocabulary)
    lines = [
        f"{asked.key} 0 {quote(hit, safe=_PLAIN)} {_grade(verdict, vocabulary)}\n"
        for asked, verdicts in consensus.verdicts.items()
        for hit, verdict in verdicts.items()
    ]
    queries = [
        json.dumps({"query": asked.key, **asked._asdict()}, ensure_ascii=False) + "\n"
        for asked in consensus.verdicts
    ]
    _write(queries_of(out), queries)
    _write(out, lines)
    return {
        "queries": len(queries),
        "judged": len(lines),
        "disputed": consensus.disputed,
        "no side": consensus.no_side,
    }


def read_qrels(path: Path, annotator: str) -> list[Record]:
    """The judgements of the qrels `path` by `annotator`: grades from 2 on a "target", 1 "acceptable", under 1
    a "hard negative".

    HemlineError names the line that is no qrel or whose query QRELS.queries.jsonl does not have.
    """
    asked = _queries(queries_of(path))
    records: dict[str, Record] = {}
    for number, line in enumerate(read_text(path).splitlines(), start=1):
        where, parts = f"{path} line {number}", line.split()
        if not parts:
            continue
        try:
            query, _, photo, grade = parts[0], parts[1], unquote(parts[2], errors="strict"), int(parts[3])
        except (IndexError, ValueError):
            raise HemlineError(f"{where} is no qrel (QUERY 0 PHOTO GRADE)") from None
        if len(parts) != 4 or query not in asked:
            raise HemlineError(f"{where} is of a query that {queries_of(path).name} does not have")
        verdict = _GRADES[min(max(grade, 0), 2)]
        try:
            record = named(imported(asked[query], photo, verdict, annotator), None, None)
        except HemlineError as error:
            raise HemlineError(f"{where}: {error}") from None
        records.setdefault(record.id, record)
    return list(records.values())


def queries_of(path: Path) -> Path:
    """The file beside the qrels `path` that says what its queries ask."""
    return path.with_name(f"{path.name}.queries.jsonl")


def _queries(path: Path) -> dict[str, Asked]:
    found: dict[str, Asked] = {}
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if line.strip():
            where = f"{path} line {number}"
            row = parse_json(line, where)
            if not isinstance(row, dict) or set(row) != {"query", *Asked._fields} or not _texts(row):
                raise HemlineError(f"{where} must have query, {', '.join(Asked._fields)}")
            found[row["query"]] = Asked(**{name: row[name] for name in Asked._fields})
    return found


def _texts(row: Mapping[str, Any]) -> bool:
    optional = ("reference_id", "reference_hash")
    return all(isinstance(value, str) or (value is None and name in optional) for name, value in row.items())


def _grade(verdict: str, vocabulary: Mapping[str, Verdict]) -> int:
    if vocabulary[verdict].role == "negative":
        return 0
    return 2 if verdict == _GRADES[2] else 1


def _write(path: Path, lines: list[str]) -> None:
    write_atomically(path, lambda aside: _write_text(aside, "".join(lines)))


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
