"""One contract for every index and every engine, exact search the oracle; and a catalogue moved to one."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.catalogue import main
from core.engines import checking, edge, moved, moving
from core.engines.conditions import Conditions, conditions_of, records_sha
from core.engines.engine import Engine, EngineError, Points, number_of, points_of
from core.engines.moved import Moved
from core.engines.moving import Where, move, move_back
from core.engines.saved import EngineCard, load_engine_card
from core.engines.server import connect
from core.errors import HemlineError
from core.flat import Index, build_index
from core.index import IndexCard, find, load_index, save_index
from core.indexes.family import build_family
from core.indexes.settings import KINDS, default_settings
from core.indexes.tuning import sample_queries
from core.own.changing import drop
from core.recorded import garments_at
from core.types import Garment, Hit
from core.vocabulary import CATEGORIES, COLORS, DETAILS
from tests.clustered import clustered
from tests.small_qdrant import Qdrant, serve_qdrant

ROOT = Path(__file__).parents[1]
CARD = IndexCard(target_fingerprint="t" * 64, model="runs/model")
WIDTH = 32


def garment(id_: str, row: int) -> Garment:
    details = tuple(DETAILS[at] for at in (row % 7, 7 + row % 5))
    return Garment(
        id=id_,
        split="",
        category=CATEGORIES[row % 3],
        kind="",
        colors=(COLORS[row % len(COLORS)],),
        pattern=None,
        sleeve="long" if row % 2 else None,
        neckline=None,
        length=None,
        fit=None,
        fabric=None,
        details=details,
        caption="",
    )


class World:
    """A catalogue of `count` garments, every tenth without a record, and its exact index."""

    def __init__(self, count: int, asked: int) -> None:
        self.rows = clustered(count, WIDTH, clusters=150)[0]
        self.rows[100:130] = self.rows[100]  # thirty photos of one garment
        self.queries = clustered(asked, WIDTH, seed=1, clusters=150)[0]
        self.ids = tuple(f"größe {row} 👗" for row in range(count))
        self.garments = {id_: garment(id_, row) for row, id_ in enumerate(self.ids) if row % 10}
        self.exact = build_index(self.rows, self.ids, CARD)

    def conditions(self, **chosen: object) -> Conditions:
        within, lacks, has = (
            chosen.pop(name, other) for name, other in (("within", None), ("lacks", ()), ("has", ()))
        )
        filters = {name: frozenset(values) for name, values in chosen.items()}
        return conditions_of(self.ids, self.garments, filters, within, lacks, has)


BIG, SMALL = World(1500, 40), World(200, 8)


def searched_by(world: World, engine: Engine) -> Index:
    """The index of the world with its points in the engine."""
    engine.upsert(points_of(world.ids, world.rows, world.garments))
    engine.optimise()
    sha = records_sha(world.ids, world.garments)
    card = EngineCard(
        "f" * 64, sha, "edge", "engine-test", "", len(world.ids), 0, 128, 1.0, 1.0, required=True
    )
    return replace(world.exact, fast=Moved(card, world.ids, world.rows, lambda: engine))


@pytest.fixture(scope="module")
def qdrant() -> Iterator[Qdrant]:
    held = Qdrant()
    server = serve_qdrant(held)
    yield held
    server.shutdown()


@pytest.fixture(scope="module", params=[*KINDS, "edge", "server"])
def held(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Index]:
    """A catalogue and an index over it, of every kind and in every engine."""
    if request.param == "edge":
        shard = edge.create(tmp_path_factory.mktemp("edge") / "shard", WIDTH, graph_from=300)
        index = searched_by(BIG, shard)
        assert shard.shard.info().indexed_vectors_count >= 1000  # by a graph
        return BIG, index
    if request.param == "server":
        server = connect(request.getfixturevalue("qdrant").address, "contract")
        server.create(WIDTH)
        return SMALL, searched_by(SMALL, server)
    if request.param == "exact":
        return BIG, BIG.exact
    settings = replace(default_settings(request.param, len(BIG.ids)), few=100)
    return BIG, replace(BIG.exact, fast=build_family(BIG.rows, settings))


FILTERS: dict[str, dict[str, object]] = {
    "a category": {"category": CATEGORIES[:1]},
    "two colours of a category": {"category": CATEGORIES[:1], "colors": COLORS[1:3]},
    "both details": {"details": (DETAILS[2], DETAILS[9])},
    "no value asked": {"details": ()},
    "no value passes": {"sleeve": ()},
    "nothing has it": {"pattern": ("solid",)},
    "ids": {"within": frozenset(f"größe {row} 👗" for row in range(30, 190))},
    "ids of a category": {
        "within": frozenset(f"größe {row} 👗" for row in range(90)),
        "category": CATEGORIES[1:2],
    },
    "not wanted": {
        "category": CATEGORIES[:1],
        "lacks": ({"colors": frozenset(COLORS[:2]), "details": frozenset()},),
    },
    "nothing else": {
        "has": ({"colors": frozenset(COLORS[:2])}, {"details": frozenset(DETAILS[3:4])}),
        "lacks": ({"category": frozenset(CATEGORIES[:1])},),
    },
    "unknown ids": {"within": frozenset(["not there"])},
}


def share(found: list[list[Hit]], truth: list[list[Hit]]) -> float:
    """How much of the truth was found; one as good as its last counts as well."""
    pairs = [(hit.score, line[-1].score) for hits, line in zip(found, truth, strict=True) for hit in hits]
    return sum(score >= last for score, last in pairs) / max(1, sum(map(len, truth)))


def test_the_best_are_found_with_exact_scores(held: tuple[World, Index]) -> None:
    world, index = held
    found, truth = find(index, world.queries, 10), find(world.exact, world.queries, 10)
    assert share(found, truth) >= 0.95
    scores = {(place, hit.id): hit.score for place, line in enumerate(truth) for hit in line}
    for place, hits in enumerate(found):
        assert [hit.rank for hit in hits] == list(range(1, 11))
        assert all(scores.get((place, hit.id), hit.score) == hit.score for hit in hits)
        assert hits == sorted(hits, key=lambda hit: (-hit.score, index.positions[hit.id]))
    assert find(index, world.queries[:1], len(world.ids) + 5) == find(world.exact, world.queries[:1], 9999)
    copies = [index.positions[hit.id] for hit in find(index, world.rows[120:121], 30)[0]]
    thirty = [row for row in copies if 100 <= row < 130]  # a graph may miss one of so many
    assert len(thirty) >= 27 and copies[: len(thirty)] == thirty == sorted(thirty)


@pytest.mark.parametrize("name", FILTERS)
def test_filters_let_through_what_they_name_and_nothing_else(held: tuple[World, Index], name: str) -> None:
    world, index = held
    conditions = world.conditions(**FILTERS[name])
    passing = {id_ for id_, one in zip(world.ids, conditions.rows(), strict=True) if one}
    expected = find(world.exact, world.queries, 10, None, conditions.rows())
    found = find(index, world.queries, 10, None, conditions)
    assert all({hit.id for hit in hits} <= passing for hits in found)
    assert [len(hits) for hits in found] == [min(10, len(passing))] * len(world.queries)
    assert share(found, expected) >= 0.95 or not passing
    whole = find(index, world.queries[:1], len(world.ids), None, conditions)[0]
    assert {hit.id for hit in whole} == passing
    assert find(index, world.queries[3:4], 10, None, conditions)[0] == found[3]


def test_what_is_excluded_never_comes_back(held: tuple[World, Index]) -> None:
    world, index = held
    asked = world.rows[100:104]
    names = [[world.ids[row] for row in range(100, 130)], [world.ids[101]], [], ["not there"]]
    conditions = world.conditions(category=CATEGORIES[1:2])
    for allowed, mask in ((None, None), (conditions, conditions.rows())):
        found, truth = find(index, asked, 10, names, allowed), find(world.exact, asked, 10, names, mask)
        assert [len(hits) for hits in found] == [10] * 4 and share(found, truth) >= 0.95
        assert not any(hit.id in never for hits, never in zip(found, names, strict=True) for hit in hits)
    passing = [world.ids[row] for row in np.flatnonzero(conditions.rows())]
    assert find(index, asked[:1], 5, [passing], conditions) == [[]]


def test_readers_at_once_get_one_answer(held: tuple[World, Index]) -> None:
    world, index = held
    conditions = world.conditions(category=CATEGORIES[1:2])

    def ask(number: int) -> list[list[Hit]]:
        return find(index, world.queries[:4], 10, None, conditions if number % 2 else None)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(8)))
    assert all(answer == answers[number % 2] for number, answer in enumerate(answers))


# --- engines alone ----------------------------------------------------------------------------------------


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory, where the machine has such: the engine waits for the disk again and again."""
    place = Path("/dev/shm")
    made = tempfile.mkdtemp(prefix="hemline-", dir=place if os.access(place, os.W_OK) else tmp_path)
    yield Path(made)
    shutil.rmtree(made)


@pytest.fixture(params=["edge", "server"])
def engine(request: pytest.FixtureRequest, memory: Path, qdrant: Qdrant) -> Iterator[Engine]:
    if request.param == "edge":
        made: Engine = edge.create(memory / "shard", WIDTH)
    else:
        server = connect(qdrant.address, f"alone-{memory.name}")
        server.create(WIDTH)
        made = server
    yield made
    made.close()


def test_an_upsert_replaces_and_a_delete_hides_at_once(engine: Engine) -> None:
    world = SMALL
    engine.upsert(points_of(world.ids, world.rows, world.garments))
    assert engine.count() == 200 and engine.count(world.conditions(details=())) == 180
    if isinstance(engine, edge.Edge):
        assert engine.shard.info().indexed_vectors_count == 0  # few: there is no graph
    asked, name = world.rows[7:8], world.ids[7]
    assert engine.search(asked, 1)[0][1].tolist() == [number_of(name)]
    turned = Points([number_of(name)], -asked, [{"größe": ["weiß 👗"], "id": name}])
    engine.upsert(turned)
    assert engine.count() == 200 and engine.search(asked, 1)[0][1].tolist() != [number_of(name)]
    scores, numbers = engine.search(-asked, 300, Conditions({"größe": frozenset(["weiß 👗", "rot"])}))[0]
    assert numbers.tolist() == [number_of(name)] and scores == pytest.approx([1.0], abs=1e-5)
    engine.delete([number_of(name), 12345])
    assert engine.count() == 199 and len(engine.search(-asked, 300)[0][1]) == 199
    assert engine.search(-asked, 300, without=[[number_of(id_) for id_ in world.ids[:150]]])[0][1].size == 50


def test_a_shard_comes_back_as_it_was_and_one_process_has_it(memory: Path) -> None:
    made = edge.create(memory / "shard", WIDTH)
    made.upsert(points_of(SMALL.ids, SMALL.rows, SMALL.garments))
    before = made.search(SMALL.queries, 10)
    made.close()
    again = edge.shared(memory / "shard")
    assert edge.shared(memory / "shard") is again
    for (scores, numbers), (more, others) in zip(before, again.search(SMALL.queries, 10), strict=True):
        assert np.array_equal(scores, more) and np.array_equal(numbers, others)
    with pytest.raises(EngineError, match="is open in another process; one at a time"):
        edge.load(memory / "shard")
    with pytest.raises(EngineError, match="there is no engine at"):
        edge.shared(memory / "nowhere")
    with pytest.raises(EngineError, match=r"nowhere says: .*does not exist"):
        edge.load(memory / "nowhere")
    with pytest.raises(EngineError, match="Vector dimension error"):
        again.search(np.ones((1, 3), np.float32), 10)


# --- moving a catalogue -----------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches and samples: what is checked does not depend on their sizes."""
    for room, name, value in (
        (moving, "MOST", 20),
        (moving, "EVERY", 2),
        (checking, "ASKED", 20),
        (checking, "FILTERS", 2),
        (checking, "FILTERED", 5),
    ):
        monkeypatch.setattr(room, name, value)


@pytest.fixture
def folder(memory: Path) -> Path:
    save_index(SMALL.exact, memory / "index")
    return memory / "index"


@pytest.fixture
def shop() -> Iterator[Qdrant]:
    held = Qdrant(key="s3cret")
    server = serve_qdrant(held)
    yield held
    server.shutdown()


def same_answers(index: Index, world: World = SMALL) -> bool:
    """Whether the index answers as exact search does, with and without a filter and a reference."""
    conditions = world.conditions(category=CATEGORIES[1:2])
    names = [[world.ids[row]] for row in range(len(world.queries))]
    return find(index, world.queries, 10) == find(world.exact, world.queries, 10) and find(
        index, world.queries, 10, names, conditions
    ) == find(world.exact, world.queries, 10, names, conditions.rows())


def engine_of(index: Index) -> Moved:
    assert isinstance(index.fast, Moved)
    return index.fast


def test_a_moved_catalogue_answers_the_same_and_comes_back_as_it_was(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    card = move(folder, SMALL.garments, Where())
    assert (card.count, card.described, card.recall, card.filtered_recall) == (200, 180, 1.0, 1.0)
    index = load_index(folder)
    assert same_answers(index) and np.array_equal(index.vectors, SMALL.rows)
    assert engine_of(index).search(SMALL.queries, 10) and engine_of(index)._engine is not None
    again = move(folder, SMALL.garments, Where())  # over the older one, which this process has open
    assert again.collection != card.collection and same_answers(load_index(folder)) and same_answers(index)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [*before, "engine.json", again.collection]
    )
    move_back(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert same_answers(load_index(folder)) and "hemline" not in capsys.readouterr().err
    assert [path.name for path in folder.parent.iterdir()] == ["index"]


def test_readers_at_once_never_see_a_swap(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    move(folder, SMALL.garments, Where())
    stop, right, open_before = threading.Event(), list[bool](), load_index(folder)
    assert same_answers(open_before)

    def read() -> None:
        while not stop.wait(0.05):
            right.append(same_answers(open_before))
            right.append(same_answers(load_index(folder)))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    move(folder, SMALL.garments, Where())
    stop.set()
    for reader in readers:
        reader.join()
    assert len(right) >= 4 and all(right) and "hemline" not in capsys.readouterr().err


def test_a_server_is_switched_in_one_step_and_its_key_goes_nowhere_else(
    folder: Path, shop: Qdrant, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(HemlineError, match="say with --collection"):
        move(folder, SMALL.garments, Where(shop.address))
    with pytest.raises(EngineError, match="401"):
        move(folder, SMALL.garments, Where(shop.address, "dresses"))
    monkeypatch.setenv("QDRANT_API_KEY", shop.key)
    card = move(folder, SMALL.garments, Where(shop.address, "dresses"))
    index = load_index(folder)
    assert shop.aliases == {"dresses": card.collection} and same_answers(index)
    assert set(shop.searched) == {card.collection} and shop.written == [20] * 10
    fewer = {id_: SMALL.garments[id_] for id_ in list(SMALL.garments)[:50]}
    changed = move(folder, fewer, Where(shop.address, "dresses", keep=True))
    assert shop.aliases == {"dresses": changed.collection} and shop.steps[-1] == "delete_alias create_alias"
    assert shop.collections == {card.collection, changed.collection} and same_answers(index)
    last = move(folder, SMALL.garments, Where(shop.address, "dresses"))
    assert shop.collections == {last.collection} == {card.collection}
    told = capsys.readouterr()
    files = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert shop.key not in told.out + told.err and shop.key.encode() not in files
    shop.held.create_collection("shoes", vectors_config={})
    with pytest.raises(EngineError, match="a collection of its own named 'shoes'; choose another name"):
        move(folder, SMALL.garments, Where(shop.address, "shoes"))
    move_back(folder)
    assert shop.collections == {"shoes"} and shop.aliases == {} and load_index(folder).fast is None
    for address in ("localhost:6333", "ftp://host", "http://me:secret@host:6333"):
        with pytest.raises(HemlineError, match=r"no address of a Qdrant server|holds no key"):
            move(folder, SMALL.garments, Where(address, "dresses"))


def test_a_server_that_loses_points_or_the_connection_is_not_switched_to(
    folder: Path, shop: Qdrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QDRANT_API_KEY", shop.key)
    monkeypatch.setattr("core.engines.server.time.sleep", lambda seconds: None)
    card = move(folder, SMALL.garments, Where())
    shop.fails_after = 7
    with pytest.raises(EngineError, match="the engine at http://127"):
        move(folder, SMALL.garments, Where(shop.address, "dresses"))
    assert load_engine_card(folder) == card and same_answers(load_index(folder)) and shop.aliases == {}
    shop.fails_after = None
    move(folder, SMALL.garments, Where(shop.address, "dresses"))  # goes on where it was put down
    assert shop.written == [20] * 11 and same_answers(load_index(folder))
    assert not (folder / card.collection).exists()
    live = load_engine_card(folder)
    shop.lossy = True
    with pytest.raises(EngineError, match="holds 0 of 200 garments; nothing was switched"):
        move(folder, {}, Where(shop.address, "dresses"))
    assert load_engine_card(folder) == live and shop.aliases == {"dresses": live.collection}
    drop(folder)
    assert live.collection not in shop.collections and shop.aliases == {} and not folder.exists()


def test_a_killed_move_goes_on_and_until_then_nothing_changed(folder: Path) -> None:
    program = f"""
        import os, sys
        from pathlib import Path
        from core.engines import moving
        from tests.test_engines import SMALL
        moving.MOST, moving.EVERY, write = 20, 2, moving.write_json
        def killed(path, value):
            write(path, value)
            if value["done"] >= 80:
                os.kill(os.getpid(), 9)
        moving.write_json = killed
        moving.move(Path({str(folder)!r}), SMALL.garments, moving.Where())
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], cwd=ROOT, capture_output=True)
    assert done.returncode == -9, done.stderr[-2000:]
    assert not (folder / "engine.json").exists() and same_answers(load_index(folder))
    (progress,) = folder.parent.glob("index.building/move-*/progress.json")
    assert json.loads(progress.read_text()) == {"done": 80}
    upserted: list[int] = []
    upsert = edge.Edge.upsert

    def counting(self: edge.Edge, points: Points) -> None:
        upserted.append(len(points.numbers))
        upsert(self, points)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(edge.Edge, "upsert", counting)
        move(folder, SMALL.garments, Where())
    assert sum(upserted) == 120 and same_answers(load_index(folder))


# --- what is stale, damaged or away -----------------------------------------------------------------------


def silent_then_exact(folder: Path, capsys: pytest.CaptureFixture[str], sentence: str) -> None:
    index = load_index(folder)
    assert same_answers(index) and same_answers(index)
    told = capsys.readouterr().err
    assert told.count("hemline: ") == 1 and sentence in told, told


def test_an_engine_that_is_stale_damaged_or_taken_never_answers(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    card = move(folder, SMALL.garments, Where())
    path = folder / "engine.json"
    said = json.loads(path.read_text())
    for change, sentence in (
        ({"index_fingerprint": "0" * 64}, "was filled from another index; run python -m core.catalogue move"),
        ({"format": 2}, "is not the card of an engine of format 1"),
        ({"collection": "../elsewhere"}, "no folder of its own"),
        ({"collection": "engine-00000000"}, "there is no engine at"),
    ):
        path.write_text(json.dumps(said | change))
        silent_then_exact(folder, capsys, sentence)
    path.write_text(json.dumps(said))
    held = "e = edge.load(pathlib.Path(sys.argv[1])); print('open', flush=True); input()"
    program = f"import pathlib, sys; from core.engines import edge; {held}"
    line = [sys.executable, "-c", program, str(folder / card.collection)]
    with subprocess.Popen(line, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline() == b"open\n"
        silent_then_exact(folder, capsys, "is open in another process")
        other.communicate(b"\n")
    assert same_answers(load_index(folder)) and not capsys.readouterr().err
    shard = edge.shared(folder / card.collection)
    index = load_index(folder)
    assert same_answers(index)
    shard.upsert(Points([number_of(SMALL.ids[3])], -SMALL.rows[3:4], [{}]))
    query = -SMALL.rows[3:4]
    assert find(index, query, 10) == find(SMALL.exact, query, 10)
    assert "holds other vectors than the index" in capsys.readouterr().err
    shard.delete([number_of(SMALL.ids[3])])
    assert find(load_index(folder), query, 10) == find(SMALL.exact, query, 10)
    assert "holds 199 of 200 garments" in capsys.readouterr().err
    shard.upsert(Points([5], -SMALL.rows[3:4], [{}]))
    assert find(load_index(folder), query, 10) == find(SMALL.exact, query, 10)
    assert "holds other garments than the index" in capsys.readouterr().err


def test_a_server_that_is_away_is_said_once_or_where_told_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world = Qdrant()
    server = serve_qdrant(world)
    move(folder, SMALL.garments, Where(world.address, "dresses"))
    world.held.delete_collection(load_engine_card(folder).collection)
    silent_then_exact(folder, capsys, "404")
    server.shutdown()
    server.server_close()
    silent_then_exact(folder, capsys, "Connection refused")
    path = folder / "engine.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"required": True}))
    index = load_index(folder)
    for _ in range(2):
        with pytest.raises(EngineError, match="Connection refused"):
            find(index, SMALL.queries, 10)
    move_back(folder)
    assert "is left at http://127" in capsys.readouterr().err and load_index(folder).fast is None
    monkeypatch.setattr(moved, "PAUSE", 0.0)


def test_a_changed_catalogue_leaves_its_engine_and_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    move(folder, SMALL.garments, Where())
    older = load_index(folder)
    assert same_answers(older)
    save_index(build_index(SMALL.rows[:150], SMALL.ids[:150], CARD), folder)
    assert "is searched without its engine, it changed; run python -m core.catalogue move again" in (
        capsys.readouterr().err
    )
    index = load_index(folder)
    assert index.fast is None and sorted(path.name for path in folder.iterdir()) == [
        "ids.json",
        "index.json",
        "vectors.safetensors",
    ]
    assert same_answers(older)  # whoever has it open is answered as before
    records = dict(SMALL.garments)
    assert engine_of(older).holds(records) and not engine_of(older).holds({})
    assert "filters are searched without the engine: the records changed" in capsys.readouterr().err


def test_the_catalogue_that_ships_moves_by_the_command_and_answers_the_same(
    memory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(moving, "MOST", 1000)
    folder = memory / "index"
    shutil.copytree(ROOT / "assets" / "wardrobe" / "index", folder)

    def told(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["catalogue", *words, "--index", str(folder)])
        main()
        return capsys.readouterr().out

    exact, images = load_index(folder), ROOT / "assets" / "wardrobe" / "images"
    said = told("move", "--to", "edge", "--images", str(images))
    assert "2748 photos, 2748 with a record, searched by edge" in said
    index, garments = load_index(folder), garments_at(folder, images)
    assert engine_of(index).holds(garments)
    asked = sample_queries(exact.vectors, seed=3, count=30)
    assert find(index, asked, 10) == find(exact, asked, 10)
    for filters in (
        {"category": {"dress"}},
        {"colors": {"red", "blue"}, "sleeve": {"long"}},
        {"details": {"belt"}},
    ):
        conditions = conditions_of(index.ids, garments, {name: frozenset(f) for name, f in filters.items()})
        truth = find(exact, asked, 10, None, conditions.rows())
        assert all(truth) and find(index, asked, 10, None, conditions) == truth
    assert json.loads(told("info", "--json"))["engine"]["recall"] == 1.0
    assert "searched without an engine" in told("move", "--to", "exact")
    assert "engine" not in json.loads(told("info", "--json"))


def test_a_missing_package_is_named_with_its_version(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "qdrant_edge", None)
    with pytest.raises(EngineError, match=r"pip install qdrant-edge-py==0\.9\.0"):
        edge.create(tmp_path / "shard", WIDTH)
    monkeypatch.setitem(sys.modules, "qdrant_client", None)
    with pytest.raises(EngineError, match=r"pip install qdrant-client==1\.20\.0"):
        connect("http://localhost:6333", "dresses")
