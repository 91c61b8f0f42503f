"""A strict reader of garments.jsonl: one garment a line, every value of the vocabulary."""

from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import parse_json, read_text
from core.types import Garment
from core.vocabulary import ONE_OF, SOME_OF

_ALWAYS = {"split": ("train", "val", "test", "shop"), "category": ONE_OF["category"], "kind": ONE_OF["kind"]}
_OR_NONE = {field: values for field, values in ONE_OF.items() if field not in _ALWAYS}
_ALL = (*_ALWAYS, *_OR_NONE, *SOME_OF)


def read_garments(path: Path) -> dict[str, Garment]:
    """Every garment of the file by id, in file order; HemlineError names the line and what is wrong with it.

    The file's field "image" is the garment's id; other fields that `Garment` does not have are left out.
    """
    garments: dict[str, Garment] = {}
    name, shared = str(path), dict[tuple[Any, ...], dict[str, Any]]()
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        where = f"{name} line {number}"
        garment = _garment(parse_json(line, where), where, shared)
        if garment.id in garments:
            raise HemlineError(f"{where}: {garment.id} has a line already; each photo may have one")
        garments[garment.id] = garment
    if not garments:
        raise HemlineError(
            f"{path} holds no garment; bring the file again, or remove it where there are no records"
        )
    return garments


def is_id(value: Any) -> bool:
    """Whether `value` can name a photo: a text that is one file name, no path, of at most 200 bytes."""
    if not is_text(value) or not value or value != value.strip() or value.startswith("."):
        return False
    return value.isprintable() and "/" not in value and "\\" not in value and len(value.encode()) <= 200


def is_text(value: Any) -> bool:
    """Whether `value` is a text that UTF-8 can say; JSON may hold half a surrogate pair, which it cannot."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _garment(row: Any, where: str, shared: dict[tuple[Any, ...], dict[str, Any]]) -> Garment:
    """The garment of a record; `shared` keeps what many records say alike, checked and held once."""
    if not isinstance(row, dict):
        raise HemlineError(f"{where} must be one garment's record, an object")
    said = [row.get(field) for field in _ALL]
    key = tuple(tuple(value) if isinstance(value, list) else value for value in said)
    try:
        known = shared.get(key)
    except TypeError:  # a value that is an object
        known = None
    if known is not None and is_id(row.get("image")) and _is_caption(row.get("caption")):
        return Garment(id=row["image"], caption=row["caption"], **known)
    fields = ("image", "caption", *_ALWAYS, *_OR_NONE, *SOME_OF)
    lacking = [field for field in fields if field not in row]
    if lacking:
        raise HemlineError(f"{where} lacks {', '.join(lacking)}")
    if not is_id(row["image"]):
        raise HemlineError(f"{where}: image must be a photo id (a file name without its ending)")
    if not _is_caption(row["caption"]):
        raise HemlineError(f"{where}: caption must be a text that is not empty")
    for field, values in (_ALWAYS | _OR_NONE).items():
        if row[field] is None and field in _OR_NONE:
            continue
        _require_word(row[field], field, values, where)
    for field, values in SOME_OF.items():
        if not isinstance(row[field], list):
            raise HemlineError(f"{where}: {field} must be a list, empty where none applies")
        for word in row[field]:
            _require_word(word, field, values, where)
        if len(set(row[field])) != len(row[field]):
            raise HemlineError(f"{where}: {field} names a value twice")
    shared[key] = {field: tuple(row[field]) if field in SOME_OF else row[field] for field in _ALL}
    return Garment(id=row["image"], caption=row["caption"], **shared[key])


def _is_caption(value: Any) -> bool:
    return is_text(value) and bool(value.strip())


def _require_word(word: Any, field: str, values: tuple[str, ...], where: str) -> None:
    if not isinstance(word, str) or word not in values:
        some = ", ".join(values[:8]) + (", …" if len(values) > 8 else "")
        raise HemlineError(f"{where}: {field} {word!r} is not in the vocabulary ({some})")
