"""Every event to JSON lines, Parquet or `datasets.Dataset` and back: nothing is lost, and the order stays.

A row has the event's fields, its number in the store it comes from (`seq`) and its id, a hash of what it
says (`core.journal`). Coming in, an event is known by that id: what is there already is not added again.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from core.files import parse_json, read_text, write_atomically
from core.journal import Record, record_of, records_of
from core.verdicts import Event, read_event

if TYPE_CHECKING:
    import datasets
    import pyarrow

_KINDS = {
    **dict.fromkeys(
        ("id", "annotator", "hit_id", "verdict", "model_fingerprint", "index_fingerprint"), "string"
    ),
    **dict.fromkeys(("reference_id", "reference_hash", "text", "reason", "session", "time"), "string"),
    **dict.fromkeys(("catalogue", "hit_hash", "occasion"), "string"),
    **dict.fromkeys(("seq", "rank", "undoes", "place"), "int64"),
    "score": "float64",
    "blind": "bool",
    "second_look": "list",
}


def rows_of(history: Sequence[Event]) -> list[dict[str, Any]]:
    """A whole history, or the verdicts that stand, as rows of plain values, each with its id.

    The id of an undo is there only where what it takes back is among them, as in a whole history.
    """
    return [
        {"id": record.id, **event.as_dict()}
        for event, record in zip(history, records_of(history), strict=True)
    ]


def write_jsonl(history: Sequence[Event], out: Path) -> None:
    """Write the rows as JSON lines (UTF-8), atomically."""
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in rows_of(history)]
    write_atomically(out, lambda aside: _write_text(aside, "".join(lines)))


def read_jsonl(path: Path) -> list[Record]:
    """The records of JSON lines, in their order; HemlineError names the line that is no event."""
    lines = enumerate(read_text(path).split("\n"), start=1)
    told = [(f"{path} line {number}", line) for number, line in lines if line.strip()]
    return _records((where, parse_json(line, where)) for where, line in told)


def write_parquet(history: Sequence[Event], out: Path) -> None:
    """Write the rows as one Parquet file, atomically."""
    import pyarrow.parquet

    table = _table(rows_of(history))
    write_atomically(out, lambda aside: pyarrow.parquet.write_table(table, aside))


def read_parquet(path: Path) -> list[Record]:
    """The records of a Parquet file, in their order; HemlineError where it is none, or names the row."""
    import pyarrow
    import pyarrow.parquet

    try:
        # not `path`: pyarrow would take a folder's name for partitions
        with open(path, "rb") as file:
            found = pyarrow.parquet.read_table(file).to_pylist()
    except (pyarrow.ArrowInvalid, pyarrow.ArrowNotImplementedError) as error:
        raise HemlineError(f"{path} is no Parquet file that can be read ({error}); bring it again") from None
    except FileNotFoundError:
        raise HemlineError(f"{path} does not exist") from None
    return _records((f"{path} row {number}", row) for number, row in enumerate(found, start=1))


def to_dataset(history: Sequence[Event]) -> "datasets.Dataset":
    """The rows as a `datasets.Dataset`, which its owner may save or push to the Hub."""
    import datasets

    rows = rows_of(history)
    columns = {name: [row[name] for row in rows] for name in _KINDS}
    kinds = {
        name: datasets.List(datasets.Value("string")) if kind == "list" else datasets.Value(kind)
        for name, kind in _KINDS.items()
    }
    return datasets.Dataset.from_dict(columns, features=datasets.Features(kinds))


def from_dataset(dataset: "datasets.Dataset") -> list[Record]:
    """The records that `to_dataset` made the rows of; HemlineError names a row that is no event."""
    return _records((f"row {number}", dict(row)) for number, row in enumerate(dataset, start=1))


def _records(rows: Iterable[tuple[str, Any]]) -> list[Record]:
    """The records of (where, row); what a row takes back must stand in an earlier one, by the same person."""
    found: dict[int, Record] = {}
    for where, row in rows:
        try:
            event = read_event(row)
            record = record_of(event, found)
        except (HemlineError, OverflowError) as error:  # the latter of a score with hundreds of digits
            raise HemlineError(f"{where}: {error}") from None
        if type(event.seq) is not int or event.seq in found:
            raise HemlineError(f"{where} has no number of its own in `seq`; export the judgements again")
        if row.get("id") not in (None, record.id):
            raise HemlineError(f"{where} was changed after it was exported; bring the file again")
        found[event.seq] = record
    return list(found.values())


def _table(rows: list[dict[str, Any]]) -> "pyarrow.Table":
    import pyarrow

    kinds = {"list": pyarrow.list_(pyarrow.string()), "bool": pyarrow.bool_(), "string": pyarrow.string()}
    kinds |= {"int64": pyarrow.int64(), "float64": pyarrow.float64()}
    schema = pyarrow.schema([(name, kinds[kind]) for name, kind in _KINDS.items()])
    return pyarrow.Table.from_pylist(rows, schema=schema)


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
