"""A fast index on disk: the folder `fast` of an index's own, written whole and tied to what it was made of.

`fast.json` says of which index it is (ids, vectors and model in one fingerprint), its settings and what
recall they reached; `fast.faiss` are the lists, memory-mapped when they are loaded, or the graph, without
the rows. Saving the index anew replaces the whole folder, so that a fast index never outlives its rows.
"""

from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import read_json, sha256_file, write_atomically, write_json
from core.indexes.clustering import Vectors
from core.indexes.family import Family
from core.indexes.hnsw import Hnsw
from core.indexes.ivf import opened
from core.indexes.settings import Settings

FAST_FOLDER = "fast"
CARD_FILE = "fast.json"
FAISS_FILE = "fast.faiss"
FORMAT = 1
AGAIN = "run python -m core.catalogue tune again, or remove that folder to search exactly"


@dataclass(frozen=True)
class FastCard:
    """What a fast index was made of and reached: recall@10 wanted, without a filter, and with one."""

    index_fingerprint: str
    settings: dict[str, Any]
    file_sha: str
    wanted: float
    recall: float
    filtered_recall: float
    format: int = FORMAT


def save_fast(
    family: Family, folder: Path, index_fingerprint: str, recalls: tuple[float, float, float]
) -> None:
    """Save into the index `folder`, atomically; `recalls` are those of the card. OSError on a full disk."""
    import faiss

    inner = family.inner.graph if family.settings.kind == "hnsw" else family.inner.lists

    def write(aside: Path) -> None:
        aside.mkdir()
        faiss.write_index(inner, str(aside / FAISS_FILE))
        sha = sha256_file(aside / FAISS_FILE)
        card = FastCard(index_fingerprint, asdict(family.settings), sha, *recalls)
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


def load_fast(folder: Path, rows: Vectors, index_fingerprint: str) -> Family:
    """The fast index in the index `folder` over its `rows`; HemlineError where it is damaged or another's."""
    import faiss

    card, path = load_fast_card(folder), folder / FAST_FOLDER / FAISS_FILE
    if card.index_fingerprint != index_fingerprint:
        raise HemlineError(f"{path} was made of another index; {AGAIN}")
    if not path.is_file() or sha256_file(path) != card.file_sha:
        raise HemlineError(f"{path} is missing or damaged; {AGAIN}")
    try:
        settings = Settings(**card.settings)
        flags = faiss.IO_FLAG_READ_ONLY | (0 if settings.kind == "hnsw" else faiss.IO_FLAG_MMAP)
        inner = faiss.read_index(str(path), flags)
    except (TypeError, RuntimeError) as error:
        raise HemlineError(f"{path} cannot be read ({error}); {AGAIN}") from None
    if (inner.ntotal, inner.d) != rows.shape:
        raise HemlineError(f"{path} has {inner.ntotal} rows of {inner.d}, the index {rows.shape}; {AGAIN}")
    return Family(settings, rows, Hnsw(inner) if settings.kind == "hnsw" else opened(inner))
