"""The index on disk: saving it whole or not at all, and loading it only where it is what its card says.

An index is a folder: `index.json` (the card), `vectors.safetensors` (float32 [n, d], unit rows) and
`ids.json` (a list, in the order of the rows). `core.catalogue` keeps its pictures' table and their
features beside them, a fast index (`core.indexes.saved`) where one was tuned, and the card of an engine
(`core.engines.saved`) where it was moved to one; the vectors are then not read into memory. No model is
known here; searching itself is in `core.flat`.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from glob import escape
from pathlib import Path

import numpy as np

from core.engines.moved import Moved
from core.engines.saved import AGAIN as MOVE_AGAIN
from core.engines.saved import has_engine, load_engine_card, open_engine
from core.errors import HemlineError
from core.files import fingerprint, read_json, write_atomically
from core.flat import FORMAT, Index, IndexCard, Vectors, build_index, find, measure
from core.indexes.family import Family
from core.indexes.saved import carry_fast, has_fast, load_fast
from core.indexes.settings import Settings

__all__ = ["Index", "IndexCard", "Vectors", "build_index", "find", "load_card", "load_index", "save_index"]

CARD_FILE = "index.json"
IDS_FILE = "ids.json"
VECTORS_FILE = "vectors.safetensors"
MAKE_ONE = "give the folder that python -m core.catalogue build made"
MOST_HEADER = 2**20  # bytes of a safetensors file's header
AGAIN = "build the index again"


def save_index(index: Index, folder: Path | str, beside: Callable[[Path], None] | None = None) -> None:
    """Save the index as `folder`; an older index there is replaced only when the new one is whole.

    Its fast index, if it has one, is carried over to the rows of the new one, or said to be gone on stderr;
    an engine is left behind, which is said as well.

    `beside` may write further files into the new folder before it is moved into place. Raises OSError on
    a full disk, with the older index intact, and HemlineError where `folder` is not an index.
    """
    folder = Path(folder)
    recover(folder)
    refuse_unlike(folder)

    def write(aside: Path) -> None:
        aside.mkdir()
        _write_parts(index, aside)
        if beside is not None:
            beside(aside)
        if has_fast(folder):
            _carry(folder, index, aside)

    moved = has_engine(folder)
    write_atomically(folder, write)
    if moved:
        print(f"hemline: {folder} is searched without its engine, it changed; {MOVE_AGAIN}", file=sys.stderr)


def _carry(folder: Path, index: Index, aside: Path) -> None:
    new = aside, index.ids, index.vectors, index.card.fingerprint
    try:
        older = map_index(folder)
        if carry_fast(folder, older.ids, older.vectors, new):
            return
        why = "too much of it changed"
    except HemlineError as error:
        why = str(error)
    print(f"hemline: the fast index is gone, tune again ({why})", file=sys.stderr)


def _write_parts(index: Index, folder: Path) -> None:
    from safetensors.numpy import save

    (folder / VECTORS_FILE).write_bytes(save({"vectors": np.array(index.vectors)}))
    for name, value in ((IDS_FILE, list(index.ids)), (CARD_FILE, asdict(index.card))):
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def refuse_unlike(folder: Path) -> None:
    """HemlineError where `folder` holds something that an index must not replace."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / CARD_FILE).is_file()):
        raise HemlineError(f"{folder} is there and is not an index; name another place, nothing was written")


def refuse_as_model(folder: Path) -> None:
    """HemlineError where `folder`, given as a model, is an index."""
    if (folder / CARD_FILE).is_file():
        raise HemlineError(f"{folder} is an index, not a model; give the folder of a trained or built model")


def recover(folder: Path) -> None:
    """Put the older index back where a kill fell between moving it aside and moving the new one in.

    `write_atomically` needs two moves where the system cannot exchange folders in one; only between them can
    `folder` be absent. To be called by the one process that writes this index.
    """
    if not folder.exists():
        asides = folder.absolute().parent.glob(f".{escape(folder.name)}.????????.old")
        whole = [aside for aside in asides if (aside / CARD_FILE).is_file()]
        if whole:
            os.replace(max(whole, key=lambda aside: aside.stat().st_mtime), folder)


def load_card(folder: Path | str) -> IndexCard:
    """The card of a saved index; HemlineError where it is missing, is something else or is damaged."""
    folder = Path(folder)
    path = folder / CARD_FILE
    if not folder.exists() and staging_of(folder).is_dir():
        raise HemlineError(f"the index {folder} is not finished: run the same build again and it goes on")
    if not folder.exists():
        raise HemlineError(f"there is no index at {folder}; {MAKE_ONE}")
    if not path.is_file():
        what = (
            "a model, not an index"
            if (folder / "hemline.json").is_file()
            else f"no index: it has no {CARD_FILE}"
        )
        raise HemlineError(f"{folder} is {what}; {MAKE_ONE}")
    value = read_json(path)
    if not isinstance(value, dict) or value.get("format") != FORMAT or value.get("kind") != "flat":
        raise HemlineError(f"{path} is not the card of a flat index of format {FORMAT}; {AGAIN}")
    known = {item.name for item in fields(IndexCard)}
    types = {"count": int, "dim": int, "partial": bool, "left_out": dict}
    if set(value) != known or not all(isinstance(value[name], types.get(name, str | int)) for name in known):
        odd = ", ".join(sorted(set(value) ^ known)) or "a value of the wrong type"
        raise HemlineError(f"{path} is damaged or of another version ({odd}); {AGAIN}")
    return IndexCard(**value)


def load_index(folder: Path | str) -> Index:
    """The index saved in `folder`, checked against its card; HemlineError says what is wrong and where.

    With an engine or a fast index in it, that answers; where it is damaged or was made of other rows, this is
    said on stderr and the next best answers.
    """
    folder = Path(folder)
    if has_engine(folder) and (moved := _moved(folder)) is not None:
        return moved
    if has_fast(folder):
        mapped = map_index(folder)
        try:
            return replace(mapped, fast=load_fast(folder, mapped.vectors, mapped.card.fingerprint))
        except HemlineError as error:
            print(f"hemline: search is exact: {error}", file=sys.stderr)
            return mapped
    card = load_card(folder)
    ids = _read_ids(folder, card)
    path = folder / VECTORS_FILE
    try:
        index = build_index(_read_vectors(path), ids, card)
    except HemlineError as error:
        raise HemlineError(f"{path}: {error}; {AGAIN}") from None
    if index.card != card:
        raise HemlineError(f"{path} was changed since the index was built; {AGAIN}")
    return index


def _moved(folder: Path) -> Index | None:
    """The index with the engine that its folder names; None, said on stderr, where that is another's."""
    mapped = map_index(folder)
    try:
        card = load_engine_card(folder)
        if (card.index_fingerprint, card.count) != (mapped.card.fingerprint, mapped.card.count):
            raise HemlineError(f"the engine of {folder} was filled from another index; {MOVE_AGAIN}")
    except HemlineError as error:
        print(f"hemline: search is without its engine: {error}", file=sys.stderr)
        return None
    engine = Moved(card, mapped.ids, mapped.vectors, lambda: open_engine(folder, card))
    return replace(mapped, fast=engine)


def map_index(folder: Path) -> Index:
    """The index saved in `folder`, checked as by `load_index`; its rows stay on disk, search is exact."""
    card = load_card(folder)
    ids = _read_ids(folder, card)
    path = folder / VECTORS_FILE
    try:
        rows, names, measured = measure(_map_vectors(path), ids, card)
    except HemlineError as error:
        raise HemlineError(f"{path}: {error}; {AGAIN}") from None
    if measured != card:
        raise HemlineError(f"{path} was changed since the index was built; {AGAIN}")
    return Index(names, None, card, Family(Settings("exact"), rows))


def _read_ids(folder: Path, card: IndexCard) -> list[str]:
    path = folder / IDS_FILE
    ids = read_json(path)
    if not isinstance(ids, list) or len(ids) != card.count:
        count = f"{len(ids)} ids" if isinstance(ids, list) else "no list of ids"
        raise HemlineError(f"{path} holds {count}, the card says {card.count}; {AGAIN}")
    if fingerprint(ids) != card.ids_sha:
        raise HemlineError(f"{path} was changed since the index was built; {AGAIN}")
    return ids


def staging_of(folder: Path) -> Path:
    """Where an unfinished build of the index `folder` keeps its work."""
    return folder.with_name(folder.name + ".building")


def _read_vectors(path: Path) -> Vectors:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        return load_file(path)["vectors"]
    except FileNotFoundError:
        raise HemlineError("the file is missing") from None
    except (SafetensorError, KeyError) as error:
        raise HemlineError(f"the file is damaged or cut short ({error})") from None


def _map_vectors(path: Path) -> Vectors:
    """The vectors where they lie in the file, mapped into memory: their size does not count as used."""
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            told = json.loads(file.read(min(length, MOST_HEADER)))["vectors"]
        start, end = told["data_offsets"]
        if told["dtype"] != "F32" or 8 + length + end != path.stat().st_size:
            raise ValueError("not all of its rows are there")
        mapped = np.memmap(path, "<f4", "r", 8 + length + start, tuple(told["shape"]))
        return np.asarray(mapped)
    except FileNotFoundError:
        raise HemlineError("the file is missing") from None
    except (ValueError, KeyError, TypeError) as error:
        raise HemlineError(f"the file is damaged or cut short ({error})") from None
