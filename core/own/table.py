"""Tables that people bring, CSV or JSONL: a row names a photo, and says what is known of the garment.

The headers are read leniently (`file`, `Image Path`, `title`, `colour` …). Values outside the vocabulary are
kept out and counted, never fatal; the row's photo still counts.
"""

import csv
import functools
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.datasets.garments import is_text
from core.errors import HemlineError
from core.vocabulary import ONE_OF, SOME_OF

SUFFIXES = (".csv", ".tsv", ".jsonl")
MAX_BYTES = 64 * 2**20  # of a table
MOST_ROWS = 400_000  # twice the photos that may be brought at once
MOST_COLUMNS = 1000
LONGEST_VALUE = 100  # characters that are told of a value or column nobody knows
LONGEST_CAPTION = 1000  # characters; what is longer is cut there

About = dict[str, Any]
"""What is known of a garment: "caption" and attributes by field name, lists for colors and details."""

Unknown = Counter[tuple[str, str]]
"""How often each value outside the vocabulary was said, by (field, value)."""

# The first header that a table has is taken. Compared in lower case, without spaces, dashes and underscores.
HEADERS = {
    "image": ("image", "path", "file", "filename", "imagepath", "imagefile", "filepath", "photo", "picture",
              "img"),
    "id": ("id", "imageid", "itemid", "productid", "sku", "asin"),
    "caption": ("caption", "title", "description", "text", "productname", "name"),
    "category": ("category",),
    "kind": ("kind", "type", "articletype", "producttype", "subcategory"),
    "colors": ("colors", "colours", "color", "colour", "basecolour", "basecolor"),
    "pattern": ("pattern", "print"),
    "sleeve": ("sleeve", "sleeves", "sleevelength"),
    "neckline": ("neckline", "neck", "collar"),
    "length": ("length",),
    "fit": ("fit",),
    "fabric": ("fabric", "material"),
    "details": ("details", "detail"),
}  # fmt: skip
_ALSO = {"gray": "grey", "striped": "stripes", "checked": "check", "plaid": "check", "dotted": "dots"}
_NOTHING = ("", "none", "null", "nan", "n/a", "-")


@dataclass(frozen=True)
class Row:
    """A row: `where` it stands ("line 7"), the photo it names, the id it asks for ("" for none), the rest."""

    where: str
    image: str
    id: str
    about: About


@dataclass
class Table:
    """The rows, the rows that name no photo (where, reason), and what was not understood.

    `unknown` counts values outside the vocabulary by (field, value); `unused` are columns nothing reads.
    """

    rows: list[Row] = field(default_factory=list)
    faults: list[tuple[str, str]] = field(default_factory=list)
    unknown: Unknown = field(default_factory=Counter)
    unused: tuple[str, ...] = ()


def read_table(data: bytes, name: str) -> Table:
    """The table in the file `name` (its ending says the format) of these bytes.

    HemlineError where it is no table: another encoding than UTF-8, damaged, without a column of photos,
    or without one row.
    """
    if len(data) > MAX_BYTES:
        raise HemlineError(f"{name} is larger than {MAX_BYTES // 2**20} MiB; bring the table in parts")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HemlineError(f"{name} is not UTF-8 text; save it as UTF-8 (in Excel: CSV UTF-8)") from None
    table = Table()
    lines = _jsonl(text, table, name) if name.lower().endswith(".jsonl") else _csv(text, name)
    columns = dict.fromkeys(name for _, values in lines for name in values)
    if len(columns) > MOST_COLUMNS:
        raise HemlineError(f"{name} has {len(columns):,} columns; bring a table of at most {MOST_COLUMNS:,}")
    fields = fields_of(columns)
    if "image" not in fields:
        named = ", ".join(columns) or "none"
        raise HemlineError(f"{name} has no column of photos (image, path or file); its columns are: {named}")
    table.unused = tuple(column[:LONGEST_VALUE] for column in columns if column not in fields.values())
    for where, values in lines:
        image = _plain(cell(values, fields, "image"))
        if image:
            about = about_of(values, fields, table.unknown)
            table.rows.append(Row(where, image, _plain(cell(values, fields, "id")), about))
        else:
            table.faults.append((where, "the row names no photo"))
    if not table.rows:
        raise HemlineError(f"{name} has no row that names a photo; give one photo a row in {fields['image']}")
    return table


def fields_of(columns: Iterable[str]) -> dict[str, str]:
    """Which column says what: field of `HEADERS` -> column, for those that are there."""
    keys: dict[str, str] = {}
    for column in columns:
        keys.setdefault("".join(letter for letter in column.casefold() if letter not in " -_\t"), column)
    found = {field: [keys[key] for key in names if key in keys] for field, names in HEADERS.items()}
    return {field: columns[0] for field, columns in found.items() if columns}


def cell(values: Mapping[str, Any], fields: Mapping[str, str], name: str) -> Any:
    """What a row has in the column that says `name`; None where no column does."""
    return values.get(fields[name]) if name in fields else None


def about_of(values: Mapping[str, Any], fields: Mapping[str, str], unknown: Unknown) -> About:
    """What a row says of its garment; values outside the vocabulary are counted in `unknown`."""
    about: About = {}
    caption = " ".join(_plain(cell(values, fields, "caption")).split())[:LONGEST_CAPTION]
    if caption:
        about["caption"] = caption
    for name, words in ONE_OF.items():
        said = _plain(cell(values, fields, name))
        # "none" is a length of sleeves, and elsewhere says that nothing is known
        if said and not (said.casefold() in _NOTHING and said.casefold() not in words):
            word = _word(said, words)
            if word is None:
                unknown[name, said[:LONGEST_VALUE]] += 1
            else:
                about[name] = word
    for name, words in SOME_OF.items():
        chosen: list[str] = []
        for said in _several(cell(values, fields, name)):
            word = _word(said, words)
            if word is None:
                unknown[name, said[:LONGEST_VALUE]] += 1
            elif word not in chosen:
                chosen.append(word)
        if chosen:
            about[name] = chosen
    return about


def _word(said: str, words: tuple[str, ...]) -> str | None:
    """The vocabulary's word for what was said, letter case, spaces, dashes and a plural s aside."""
    key, keys = _key(said), _keys(words)
    return keys.get(key) or keys.get(_key(_ALSO.get(key, key))) or keys.get(key.removesuffix("s"))


@functools.cache
def _keys(words: tuple[str, ...]) -> dict[str, str]:
    return {_key(word): word for word in words}


def _key(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter not in " -_")


def _plain(value: Any) -> str:
    """A cell as text; "" for what is no text, number or truth."""
    if value is None or isinstance(value, list | dict | bytes):
        return ""
    text = str(value).strip()
    return text if is_text(text) else ""


def _several(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [text for text in map(_plain, value) if text]
    text = _plain(value).strip("[]")
    for mark in ";|/":
        text = text.replace(mark, ",")
    words = [word.strip(" '\"") for word in text.split(",")]
    return [word for word in words if word.casefold() not in _NOTHING]


def _csv(text: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    head = text.split("\n", 1)[0]
    mark = max("\t;,", key=head.count)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
        header = next(reader, [])
        lines = []
        for row in reader:
            if row:
                lines.append((f"line {reader.line_num}", dict(zip(header, row, strict=False))))
                _refuse_more(len(lines), name)
        return lines or [("line 1", dict.fromkeys(header, ""))]  # so that its columns are known
    except csv.Error as error:
        raise HemlineError(f"{name} is not a CSV table that can be read ({error}); save it again") from None


def _refuse_more(rows: int, name: str) -> None:
    if rows > MOST_ROWS:
        raise HemlineError(f"{name} has more than {MOST_ROWS:,} rows; bring the table in parts")


def _jsonl(text: str, table: Table, name: str) -> list[tuple[str, dict[str, Any]]]:
    lines: list[tuple[str, dict[str, Any]]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if isinstance(value, dict):
            lines.append((f"line {number}", value))
        else:
            table.faults.append((f"line {number}", "the line is not a JSON object"))
        _refuse_more(len(lines) + len(table.faults), name)
    return lines
