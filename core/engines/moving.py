"""Moving an index to an engine: filled aside, compared with exact search, switched in one step.

Killed, the older state stands and the same command goes on where it was: how many points are safe in the
engine stands in `INDEX.building/move-KEY/progress.json`, KEY standing for vectors, records and place.
"""

import os
import secrets
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.engines import edge
from core.engines.checking import checked
from core.engines.conditions import records_sha
from core.engines.engine import Engine, EngineError, numbers_of, points_of
from core.engines.saved import (
    EDGE,
    SHARD,
    EngineCard,
    has_engine,
    load_engine_card,
    remove_engine,
    remove_shards,
    save_engine_card,
)
from core.engines.server import PATIENCE, Server, check_url, connect
from core.errors import HemlineError
from core.files import fingerprint, read_json, write_json
from core.flat import Index
from core.index import load_card, map_index
from core.progress import progress
from core.staging import locked
from core.types import Garment

VALUES = 250_000  # of vectors that are written at once, and
MOST = 1000  # points
EVERY = 20  # writes until what was done is put down
PROGRESS_FILE = "progress.json"


@dataclass(frozen=True)
class Where:
    """Where an index is moved: "edge" or a server's URL, and on a server under which name.

    `shards` and `replicas` are as the server has them (None: its own choice). With `keep` the collection that
    is replaced stands until the next move, for readers that have not opened the index again.
    """

    to: str = EDGE
    name: str = ""
    shards: int | None = None
    replicas: int | None = None
    keep: bool = False


@dataclass(frozen=True)
class Load:
    """What is moved, and the folder where it is noted how far that is."""

    index: Index
    garments: Mapping[str, Garment]
    aside: Path


def move(
    folder: Path, garments: Mapping[str, Garment], where: Where, recall: float = 0.98, required: bool = False
) -> EngineCard:
    """Fill an engine from the index `folder` and the records of its garments; from then on that is asked.

    The switch is refused where the engine does not hold every point and record, or a sample of queries finds
    less than `recall` of the exact ten. HemlineError as well for a folder that is no index, an engine that
    does not answer, and a name on the server that is somebody else's.
    """
    if not 0 < recall <= 1:
        raise HemlineError(f"--recall must be above 0 and at most 1; it is {recall}")
    if where.to != EDGE:
        check_url(where.to)
        if not where.name:
            raise HemlineError("a server has many collections; say with --collection what this one is called")
    mapped = map_index(folder)
    numbers_of(mapped.ids)  # refuses two that an engine could not tell apart
    records = records_sha(mapped.ids, garments)
    key = fingerprint([mapped.card.fingerprint, records, where.to, where.name])
    described = sum(id_ in garments for id_ in mapped.ids)
    card = EngineCard(
        index_fingerprint=mapped.card.fingerprint,
        records_sha=records,
        to=where.to,
        collection=f"{SHARD}{secrets.token_hex(4)}" if where.to == EDGE else f"{where.name}-{key[:12]}",
        alias=where.name,
        count=len(mapped.ids),
        described=described,
        width=0,
        recall=0.0,
        filtered_recall=0.0,
        required=required,
    )
    with locked(folder) as base:
        aside = base / f"move-{key[:16]}"
        for other in base.glob("move-*"):  # of an older state or to another place
            if other != aside:
                shutil.rmtree(other, ignore_errors=True)
        aside.mkdir(exist_ok=True)
        load = Load(mapped, garments, aside)
        older = engine_of(folder)
        if where.to == EDGE:
            _to_edge(load, folder, card, recall)
        else:
            _to_server(load, folder, card, recall, where)
        if older is not None and older.to not in (EDGE, where.to):
            drop_collection(older)
        shutil.rmtree(aside, ignore_errors=True)
    return load_engine_card(folder)


def move_back(folder: Path) -> None:
    """Search the index `folder` without an engine again; what it holds of it is removed."""
    load_card(folder)
    with locked(folder) as base:
        for aside in base.glob("move-*"):
            shutil.rmtree(aside, ignore_errors=True)
        older = engine_of(folder)
        remove_engine(folder)
        if older is not None and older.to != EDGE:
            drop_collection(older)


def _to_edge(load: Load, folder: Path, card: EngineCard, recall: float) -> None:
    place, shard = load.aside / "shard", None
    done = _done(load)
    if done:
        try:
            shard = edge.load(place)
        except EngineError as error:
            print(f"hemline: begun anew: {error}", file=sys.stderr)
    if shard is None:
        shutil.rmtree(place, ignore_errors=True)
        shard, done = edge.create(place, load.index.card.dim), 0
    try:
        _fill(shard, load, done, shard.flush)
        shard.optimise()
        card = _enough(checked(shard, load.index, load.garments, card), recall)
    finally:
        shard.close()
    os.replace(place, folder / card.collection)
    save_engine_card(folder, card)  # the switch
    remove_shards(folder, but=card.collection)


def _to_server(load: Load, folder: Path, card: EngineCard, recall: float, where: Where) -> None:
    server = connect(where.to, card.collection, PATIENCE)
    try:
        live = server.behind(where.name)
        done = _done(load)
        if not server.exists():
            server.create(load.index.card.dim, where.shards, where.replicas)
            done = 0
        _fill(server, load, done, lambda: None)
        server.optimise()
        card = _enough(checked(server, load.index, load.garments, card), recall)
        server.switch(where.name)  # for whoever asks by the name,
        save_engine_card(folder, card)  # and for us, who ask this very collection
        for name in server.others(where.name):
            if not (where.keep and name == live):
                Server(server.client, name, where.to).remove()
    finally:
        server.close()
    remove_shards(folder)


def _fill(engine: Engine, load: Load, done: int, settle: Callable[[], None]) -> None:
    """Write the rows from `done` on, batch by batch; after `settle` what was written is noted as safe."""
    index = load.index
    size = max(1, min(MOST, VALUES // index.card.dim))
    with progress(len(index.ids), "moving", done) as bar:
        for number, start in enumerate(range(done, len(index.ids), size), 1):
            part = slice(start, start + size)
            points = points_of(index.ids[part], index.vectors[part], load.garments)
            engine.upsert(points)
            bar.update(len(points.numbers))
            if number % EVERY == 0 or part.stop >= len(index.ids):
                settle()
                write_json(load.aside / PROGRESS_FILE, {"done": min(part.stop, len(index.ids))})


def _done(load: Load) -> int:
    """How many rows an earlier move that was killed has put down as written."""
    try:
        done = read_json(load.aside / PROGRESS_FILE)["done"]
    except (HemlineError, KeyError, TypeError):
        return 0
    return done if isinstance(done, int) and 0 <= done <= len(load.index.ids) else 0


def _enough(card: EngineCard, recall: float) -> EngineCard:
    if min(card.recall, card.filtered_recall) < recall:
        raise EngineError(
            f"the engine found {card.recall:.3f} of the exact ten, {card.filtered_recall:.3f} with a filter, "
            f"not the wanted {recall}; nothing was switched"
        )
    return card


def engine_of(folder: Path) -> EngineCard | None:
    """The card of the engine that searches the index `folder`; None where there is none that can be read."""
    try:
        return load_engine_card(folder) if has_engine(folder) else None
    except HemlineError as error:
        print(f"hemline: passed over: {error}", file=sys.stderr)
        return None


def drop_collection(card: EngineCard) -> None:
    """Remove what a server holds of an index that is searched elsewhere now, or say that it could not be."""
    try:
        server = connect(card.to, card.collection)
        try:
            if server.behind(card.alias) == card.collection:
                server.unname(card.alias)
            server.remove()
        finally:
            server.close()
    except HemlineError as error:
        print(f"hemline: the collection {card.collection} is left at {card.to}: {error}", file=sys.stderr)
