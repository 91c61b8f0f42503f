"""Where the vectors of an index are searched, where that is an engine: `engine.json` in the index's folder.

It says of which index and which records the engine's points were made. An edge shard lies beside it, in a
folder of its own. Saving the index anew leaves both behind, so that an engine never outlives its rows.
"""

import shutil
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from core.engines.engine import Engine, EngineError
from core.errors import HemlineError
from core.files import read_json, write_json

CARD_FILE = "engine.json"
SHARD = "engine-"  # begins the name of an edge shard's folder in the index's
EDGE = "edge"
FORMAT = 1
AGAIN = "run python -m core.catalogue move again, or move --to exact"


@dataclass(frozen=True)
class EngineCard:
    """An engine that searches an index.

    `to` is "edge" or a server's URL, `collection` what holds the points (a folder in the index's, or a name
    on the server) and `alias` the name that stands for it there. `count` points, `described` of them with
    a record; `width` is how wide a graph is searched, `recall` and `filtered_recall` are recall@10 of the
    sample that was asked before the switch. With `required` a query fails where the engine does not answer;
    else it is searched exactly.
    """

    index_fingerprint: str
    records_sha: str
    to: str
    collection: str
    alias: str
    count: int
    described: int
    width: int
    recall: float
    filtered_recall: float
    required: bool = False
    format: int = FORMAT


def has_engine(folder: Path) -> bool:
    """Whether the index `folder` is searched by an engine."""
    return (folder / CARD_FILE).is_file()


def save_engine_card(folder: Path, card: EngineCard) -> None:
    """Write the card into the index `folder`, atomically: from then on the engine is asked."""
    write_json(folder / CARD_FILE, asdict(card))


def load_engine_card(folder: Path) -> EngineCard:
    """The card in the index `folder`; HemlineError where it is missing or damaged."""
    path = folder / CARD_FILE
    value = read_json(path)
    kinds = {"count": int, "described": int, "width": int, "recall": int | float, "required": bool}
    kinds |= {"filtered_recall": int | float, "format": int}
    known = {item.name for item in fields(EngineCard)}
    if (
        not isinstance(value, dict)
        or set(value) != known
        or value["format"] != FORMAT
        or not all(isinstance(value[name], kinds.get(name, str)) for name in known)
    ):
        raise HemlineError(f"{path} is not the card of an engine of format {FORMAT}; {AGAIN}")
    return EngineCard(**value)


def open_engine(folder: Path, card: EngineCard) -> Engine:
    """The engine that the card of the index `folder` names; EngineError where it cannot be opened."""
    if card.to == EDGE:
        from core.engines.edge import shared

        if Path(card.collection).name != card.collection or not card.collection.startswith(SHARD):
            raise EngineError(
                f"{folder / CARD_FILE} names {card.collection!r}, no folder of its own; {AGAIN}"
            )
        return shared(folder / card.collection)
    from core.engines.server import connect

    return connect(card.to, card.collection)


def remove_engine(folder: Path) -> None:
    """Search the index `folder` without its engine: the card goes first, then an edge shard."""
    (folder / CARD_FILE).unlink(missing_ok=True)
    remove_shards(folder)


def remove_shards(folder: Path, but: str = "") -> None:
    """Remove the edge shards in the index `folder`; a process that has one open keeps what it has."""
    for shard in folder.glob(f"{SHARD}*"):
        if shard.is_dir() and shard.name != but:
            gone = shard.with_name(f".{shard.name}")  # whole or not there: nobody opens half of it
            shard.rename(gone)
    for gone in folder.glob(f".{SHARD}*"):
        shutil.rmtree(gone, ignore_errors=True)
