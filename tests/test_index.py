"""The index: exactly what brute force finds, and on disk whole or not at all."""

import gc
import json
import resource
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import HemlineError
from core.index import Index, IndexCard, build_index, find, load_index, save_index

ROOT = Path(__file__).parents[1]
CARD = IndexCard(target_fingerprint="t" * 64, model="runs/model")


def unit_rows(count: int, dim: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def make_index(rows: np.ndarray) -> Index:
    return build_index(rows, [f"photo-{row}" for row in range(len(rows))], CARD)


def brute_force(rows: np.ndarray, query: np.ndarray, top_k: int, skip: set[int]) -> list[tuple[int, float]]:
    scores = (rows.astype(np.float64) * query.astype(np.float64)).sum(axis=1).astype(np.float32)
    ranked = sorted((row for row in range(len(rows)) if row not in skip), key=lambda row: (-scores[row], row))
    return [(row, min(1.0, max(-1.0, float(scores[row])))) for row in ranked[:top_k]]


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_find_is_brute_force_with_ties_in_gallery_order(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 60), "rows")
    dim = data.draw(st.sampled_from([1, 3, 8, 33]), "dim")
    rows = unit_rows(count, dim, data.draw(st.integers(0, 99), "seed"))
    copies = data.draw(st.lists(st.integers(0, count - 1), min_size=count, max_size=count), "copies")
    if data.draw(st.booleans(), "with duplicates"):
        rows = rows[copies]
    queries = np.concatenate([unit_rows(data.draw(st.integers(0, 25), "others"), dim, 7), rows[:1]])
    top_k = data.draw(st.integers(1, count + 5), "top_k")
    skips = [data.draw(st.sets(st.integers(0, count - 1)), "skip") for _ in queries]
    hits = find(make_index(rows), queries, top_k, [{f"photo-{row}" for row in skip} for skip in skips])
    for query, skip, found in zip(queries, skips, hits, strict=True):
        expected = brute_force(rows, query, top_k, skip)
        assert [(hit.id, hit.score) for hit in found] == [(f"photo-{row}", score) for row, score in expected]
        assert [hit.rank for hit in found] == list(range(1, len(expected) + 1))


def test_a_tie_far_beyond_the_cut_still_comes_in_gallery_order() -> None:
    rows = np.repeat(unit_rows(3, 16), 200, axis=0)  # three garments, two hundred copies of each
    hits = find(make_index(rows), rows[250:251], 5, [{"photo-200", "photo-203"}])[0]
    assert [hit.id for hit in hits] == ["photo-201", "photo-202", "photo-204", "photo-205", "photo-206"]


def test_a_query_alone_or_in_company_and_from_many_threads_has_one_answer() -> None:
    index = make_index(unit_rows(2000, 64))
    queries = unit_rows(40, 64, seed=1)
    together = find(index, queries, 10)
    assert [find(index, query[None], 10)[0] for query in queries] == together
    answers: list[list] = []
    threads = [threading.Thread(target=lambda: answers.append(find(index, queries, 10))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [together] * 4


def test_unknown_excluded_ids_do_not_matter() -> None:
    index = make_index(unit_rows(5, 4))
    assert find(index, unit_rows(1, 4), 9, [["not in the gallery"]]) == find(index, unit_rows(1, 4), 9)


ROWS = unit_rows(3, 4)


@pytest.mark.parametrize(
    ("vectors", "ids", "sentence"),
    [
        (ROWS.astype(np.float64), "abc", "must be a float32 array of rows .* got float64"),
        (ROWS[0], "a", r"got float32 \[4\]"),
        (ROWS * 2, "abc", "must be unit rows; row 0 has length 2"),
        (np.full((1, 4), np.nan, np.float32), "a", "must be unit rows; row 0 has length nan"),
        (ROWS[:0], "", "no vectors to index"),
        (ROWS, "ab", "2 ids for 3 vectors"),
        (ROWS, "aba", "the id 'a' is there 2 times"),
        (ROWS, ["a", "b", ""], "an id is empty"),
    ],
)
def test_what_cannot_be_indexed_is_refused(vectors: np.ndarray, ids: list[str], sentence: str) -> None:
    with pytest.raises(HemlineError, match=sentence):
        build_index(vectors, list(ids), CARD)


def test_what_cannot_be_searched_is_refused() -> None:
    index = make_index(ROWS)
    with pytest.raises(HemlineError, match="have 5 values a row; 4 are needed"):
        find(index, unit_rows(1, 5), 3)
    with pytest.raises(HemlineError, match="top_k must be a whole number of 1 or more; it is 0"):
        find(index, ROWS, 0)
    with pytest.raises(HemlineError, match="1 sets of ids to exclude for 3 queries"):
        find(index, ROWS, 1, [set()])
    with pytest.raises(HemlineError, match="as a list for each query"):
        find(index, ROWS[:1], 1, ["photo-1"])


def test_a_saved_index_loads_as_it_was_and_saving_again_replaces_it(tmp_path: Path) -> None:
    first, second = make_index(unit_rows(6, 8)), make_index(unit_rows(9, 8, seed=4))
    for index in (first, second):
        save_index(index, tmp_path / "index")
        loaded = load_index(tmp_path / "index")
        assert (loaded.ids, loaded.card) == (index.ids, index.card)
        assert np.array_equal(loaded.vectors, index.vectors)
    assert first.card.fingerprint != second.card.fingerprint
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_the_vectors_outlive_the_index_and_cannot_be_written_to() -> None:
    rows = unit_rows(5000, 64)
    vectors = make_index(rows).vectors
    gc.collect()
    np.ones((5000, 64), np.float32)  # takes the place of freed memory
    assert np.array_equal(vectors, rows)
    with pytest.raises(ValueError, match="read-only"):
        vectors[0] = 0


def rewrite(path: Path, change: dict) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


DAMAGE = {
    "vectors cut": (
        lambda folder: cut(folder / "vectors.safetensors"),
        "vectors.safetensors: the file is damaged",
    ),
    "vectors gone": (
        lambda folder: (folder / "vectors.safetensors").unlink(),
        "vectors.safetensors: the file is missing",
    ),
    "vectors of another": (
        lambda folder: (
            save_index(make_index(unit_rows(6, 8, seed=9)), folder / "x")
            or (folder / "x" / "vectors.safetensors").replace(folder / "vectors.safetensors")
        ),
        "vectors.safetensors was changed since",
    ),
    "ids cut": (lambda folder: cut(folder / "ids.json"), "ids.json is not JSON"),
    "ids gone": (lambda folder: (folder / "ids.json").unlink(), "ids.json does not exist"),
    "an id too few": (
        lambda folder: (folder / "ids.json").write_text('["a"]'),
        "ids.json holds 1 ids, the card says 6",
    ),
    "ids changed": (
        lambda folder: (folder / "ids.json").write_text(json.dumps(list("abcdef"))),
        "ids.json was changed since",
    ),
    "card cut": (lambda folder: cut(folder / "index.json"), "index.json is not JSON"),
    "card of the wrong shape": (
        lambda folder: (folder / "index.json").write_text("[1]"),
        "is not the card of a flat index",
    ),
    "card of the future": (
        lambda folder: rewrite(folder / "index.json", {"format": 2}),
        "is not the card of a flat index",
    ),
    "card with an odd value": (
        lambda folder: rewrite(folder / "index.json", {"count": "6"}),
        "a value of the wrong type",
    ),
    "card with an odd field": (
        lambda folder: rewrite(folder / "index.json", {"extra": 6}),
        "another version .extra",
    ),
    "no card": (lambda folder: (folder / "index.json").unlink(), "is no index: it has no index.json"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_index_is_named(tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "index"
    save_index(make_index(unit_rows(6, 8)), folder)
    spoil, sentence = DAMAGE[damage]
    spoil(folder)
    with pytest.raises(HemlineError, match=sentence):
        load_index(folder)


def test_mixed_up_places_are_named(tmp_path: Path) -> None:
    with pytest.raises(HemlineError, match=r"there is no index at .*core\.catalogue build"):
        load_index(tmp_path / "none")
    (tmp_path / "half.building").mkdir()
    with pytest.raises(HemlineError, match="is not finished: run the same build again"):
        load_index(tmp_path / "half")
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "hemline.json").write_text("{}")
    with pytest.raises(HemlineError, match="model is a model, not an index"):
        load_index(tmp_path / "model")
    with pytest.raises(HemlineError, match="is not an index; name another place, nothing was written"):
        save_index(make_index(ROWS), tmp_path / "model")
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["hemline.json"]


def limit_files(size: int) -> None:
    """No file of this process may grow beyond `size` bytes: writes fail as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


@pytest.mark.parametrize("room", [1000, 20_000], ids=["no room for vectors", "no room for ids"])
def test_a_full_disk_leaves_the_older_index_as_it_was(tmp_path: Path, room: int) -> None:
    folder = tmp_path / "index"
    older = make_index(unit_rows(6, 8))
    save_index(older, folder)
    code = """
        import sys
        from core.cli import entry
        from core.index import build_index, save_index
        from tests.test_index import CARD, limit_files, unit_rows
        rows = unit_rows(400, 8)
        index = build_index(rows, [f"{row:0100}" for row in range(400)], CARD)
        limit_files(int(sys.argv[2]))
        entry(lambda: save_index(index, sys.argv[1]))
    """
    command = [sys.executable, "-c", textwrap.dedent(code), str(folder), str(room)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("hemline: ") and done.stderr.count("\n") == 1, done.stderr
    assert load_index(folder).card == older.card
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_a_kill_between_the_two_moves_of_a_save_loses_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    save_index(make_index(unit_rows(6, 8)), folder)
    folder.rename(tmp_path / ".index.0a1b2c3d.old")  # what write_atomically leaves at that moment
    with pytest.raises(HemlineError, match="no index at"):
        load_index(folder)
    newer = make_index(unit_rows(4, 8))
    save_index(newer, folder)
    assert load_index(folder).card == newer.card
    assert [path.name for path in tmp_path.iterdir()] == ["index"]


def test_the_index_needs_no_torch() -> None:
    heavy = "{'torch', 'transformers', 'faiss'}"
    code = f"import sys, core.index, core.judgements; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=60).returncode == 0
