"""A fast index on disk: the folder `fast` of an index's own, written whole and tied to what it was made of.

`fast.json` says of which index it is (ids, vectors and model in one fingerprint), its settings and what
recall they reached; `fast.faiss` are the lists, memory-mapped when they are loaded, or the graph, without
the rows. Saving the index anew replaces the whole folder, so that a fast index never outlives its rows;
`carry_fast` takes over what stays true of it.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.files import read_json, sha256_file, write_atomically, write_json
from core.indexes.clustering import Vectors, blocks
from core.indexes.family import Family
from core.indexes.hnsw import Hnsw
from core.indexes.ivf import moved, opened
from core.indexes.settings import Settings

FAST_FOLDER = "fast"
CARD_FILE = "fast.json"
FAISS_FILE = "fast.faiss"
FORMAT = 1
AGAIN = "run python -m core.catalogue tune again, or remove that folder to search exactly"


@dataclass(frozen=True)
class FastCard:
    """What a fast index was made of, and what it reached when it was tuned.

    `wanted`, `recall` and `filtered_recall` are recall@10: what was asked for, without a filter, and with one
    that keeps 5 %; `count` how many rows there were then.
    """

    index_fingerprint: str
    settings: dict[str, Any]
    file_sha: str
    wanted: float
    recall: float
    filtered_recall: float
    count: int
    format: int = FORMAT


def save_fast(
    family: Family, folder: Path, index_fingerprint: str, reached: tuple[float, float, float, int]
) -> None:
    """Save into the index `folder`, atomically; `reached` ends the card. OSError on a full disk."""
    import faiss

    inner = family.inner.graph if family.settings.kind == "hnsw" else family.inner.lists

    def write(aside: Path) -> None:
        aside.mkdir()
        faiss.write_index(inner, str(aside / FAISS_FILE))
        sha = sha256_file(aside / FAISS_FILE)
        card = FastCard(index_fingerprint, asdict(family.settings), sha, *reached)
        write_json(aside / CARD_FILE, asdict(card))

    write_atomically(folder / FAST_FOLDER, write)


def has_fast(folder: Path) -> bool:
    """Whether the index `folder` has a fast index."""
    return (folder / FAST_FOLDER).is_dir()


def load_fast_card(folder: Path) -> FastCard:
    """The card of the fast index in the index `folder`; HemlineError where it is missing or damaged."""
    path = folder / FAST_FOLDER / CARD_FILE
    value = read_json(path)
    known = {item.name for item in fields(FastCard)}
    if not isinstance(value, dict) or set(value) != known or value["format"] != FORMAT:
        raise HemlineError(f"{path} is not the card of a fast index of format {FORMAT}; {AGAIN}")
    return FastCard(**value)


def load_fast(folder: Path, rows: Vectors, index_fingerprint: str, mapped: bool = True) -> Family:
    """The fast index in the index `folder` over its `rows`; HemlineError where it is damaged or another's.

    Inverted lists are read as they are needed, or with `mapped` False at once.
    """
    import faiss

    card, path = load_fast_card(folder), folder / FAST_FOLDER / FAISS_FILE
    if card.index_fingerprint != index_fingerprint:
        raise HemlineError(f"{path} was made of another index; {AGAIN}")
    if not path.is_file() or sha256_file(path) != card.file_sha:
        raise HemlineError(f"{path} is missing or damaged; {AGAIN}")
    try:
        settings = Settings(**card.settings)
        flags = faiss.IO_FLAG_MMAP if mapped and settings.kind != "hnsw" else 0
        inner = faiss.read_index(str(path), flags | faiss.IO_FLAG_READ_ONLY)
    except (TypeError, RuntimeError) as error:
        raise HemlineError(f"{path} cannot be read ({error}); {AGAIN}") from None
    if (inner.ntotal, inner.d) != rows.shape:
        raise HemlineError(f"{path} has {inner.ntotal} rows of {inner.d}, the index {rows.shape}; {AGAIN}")
    return Family(settings, rows, Hnsw(inner) if settings.kind == "hnsw" else opened(inner))


def carry_fast(
    older: Path, ids: Sequence[str], vectors: Vectors, new: tuple[Path, Sequence[str], Vectors, str]
) -> bool:
    """Take the fast index of the index `older` (its ids and vectors) over into a new one's folder.

    `new` is the folder, ids, vectors and fingerprint. Rows that are the same bit for bit keep their codes,
    others are added or left out. False, with nothing written, where less than half of the new rows were there
    when it was tuned, and for a graph: neither is worth keeping, tune again.
    """
    folder, names, rows, index_fingerprint = new
    card = load_fast_card(older)
    family = load_fast(older, vectors, card.index_fingerprint, mapped=False)
    position = {name: row for row, name in enumerate(names)}
    places = np.array([position.get(name, -1) for name in ids])
    there = np.flatnonzero(places >= 0)
    for part in blocks(len(there), rows.shape[1]):
        same = (rows[places[there[part]]] == vectors[there[part]]).all(axis=1)
        places[there[part][~same]] = -1
    if family.settings.kind == "hnsw" or 2 * min(card.count, int((places >= 0).sum())) < len(names):
        return False
    carried = replace(family, rows=rows, inner=moved(family.inner, places, rows))
    reached = card.wanted, card.recall, card.filtered_recall, card.count
    save_fast(carried, folder, index_fingerprint, reached)
    return True
