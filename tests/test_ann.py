"""One contract for every kind of index, exact search the oracle; and a fast index beside a catalogue."""

import json
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.catalogue import main
from core.errors import HemlineError
from core.flat import build_index
from core.index import IndexCard, find, load_index, save_index
from core.indexes.exact import exact_search
from core.indexes.family import MOST, Family, build_family
from core.indexes.saved import load_fast
from core.indexes.settings import KINDS, Settings, chosen, default_settings
from core.indexes.tuning import recall_of, tuned
from core.tuning import tune
from tests.clustered import clustered

COUNT, WIDTH = 3000, 32
ROWS, GROUPS = clustered(COUNT, WIDTH, clusters=150)
ROWS[100:130] = ROWS[100]  # thirty photos of one garment
QUERIES = clustered(60, WIDTH, seed=1, clusters=150)[0]
CARD = IndexCard(target_fingerprint="t" * 64, model="runs/model")
FAST = [kind for kind in KINDS if kind != "exact"]


@pytest.fixture(scope="module", params=KINDS)
def family(request: pytest.FixtureRequest) -> Family:
    settings = replace(default_settings(request.param, COUNT), few=100)
    return build_family(ROWS, settings)


def test_nearly_all_of_the_best_are_found_with_exact_scores(family: Family) -> None:
    truth, found = exact_search(ROWS, QUERIES, 10), family.search(QUERIES, 10)
    assert recall_of(found, truth) >= (1.0 if family.settings.kind == "exact" else 0.95)
    for query, (scores, rows) in zip(QUERIES, found, strict=True):
        exact = (ROWS[rows].astype(np.float64) * query.astype(np.float64)).sum(axis=1).astype(np.float32)
        assert np.array_equal(scores, exact)
        assert list(zip(-scores, rows, strict=True)) == sorted(zip(-scores, rows, strict=True))


@pytest.mark.parametrize("keeps", ["a category", "a fifth", "few", "none"])
def test_a_filter_lets_through_what_it_allows_and_nothing_else(family: Family, keeps: str) -> None:
    scattered = np.random.default_rng(2).random(COUNT)
    mask = {"a category": GROUPS < 12, "a fifth": scattered < 0.25, "few": scattered < 0.002}.get(
        keeps, np.zeros(COUNT, bool)
    )
    truth, found = exact_search(ROWS, QUERIES, 10, np.flatnonzero(mask)), family.search(QUERIES, 10, mask)
    assert all(mask[rows].all() and len(rows) == min(10, mask.sum()) for _, rows in found)
    assert recall_of(found, truth) >= (1.0 if mask.sum() <= 100 else 0.95)
    prepared = family.search(QUERIES, 10, family.allow(mask))
    assert all(np.array_equal(one[1], other[1]) for one, other in zip(found, prepared, strict=True))
    alone = family.search(QUERIES[7:8], 10, mask)[0]
    assert np.array_equal(alone[0], found[7][0]) and np.array_equal(alone[1], found[7][1])


def test_the_whole_ranking_and_copies_come_in_the_order_of_the_rows(family: Family) -> None:
    (_, rows), (_, more) = family.search(QUERIES[:1], COUNT + 5)[0], family.search(QUERIES[:1], MOST + 1)[0]
    assert sorted(rows) == list(range(COUNT))
    assert np.array_equal(rows[: MOST + 1], more)
    copies = family.search(ROWS[120:121], 40)[0][1]
    assert list(copies[:30]) == list(range(100, 130))


def test_readers_at_once_get_one_answer(family: Family) -> None:
    allowed = family.allow(GROUPS < 12)

    def ask(number: int) -> list[list[int]]:
        return [list(rows) for _, rows in family.search(QUERIES, 10, allowed if number % 2 else None)]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(12)))
    assert all(answer == answers[number % 2] for number, answer in enumerate(answers))


def test_a_mask_of_another_catalogue_is_refused(family: Family) -> None:
    with pytest.raises(HemlineError, match=r"given as bool \[3000\]; got int64 \[3000\]"):
        family.search(QUERIES, 10, np.ones(COUNT, int))
    with pytest.raises(HemlineError, match=r"got bool \[2\]"):
        family.search(QUERIES, 10, np.ones(2, bool))


@pytest.mark.parametrize("kind", FAST)
def test_tuning_takes_the_narrowest_search_that_finds_enough(kind: str) -> None:
    start = build_family(ROWS, default_settings(kind, COUNT))
    found = tuned(start, 0.9)
    assert min(found.recall, found.filtered_recall) >= 0.9
    assert found.family.settings.probes <= tuned(start, 0.99).family.settings.probes
    assert recall_of(found.family.search(QUERIES, 10), exact_search(ROWS, QUERIES, 10)) >= 0.85


def test_the_size_and_the_memory_choose_the_kind() -> None:
    assert chosen(50_000, 256) == "exact"
    assert chosen(1_000_000, 256) == chosen(1_000_000, 256, 300 * 2**20) == "ivf-sq8"
    assert chosen(1_000_000, 256, 100 * 2**20) == "ivf-rabitq"
    assert default_settings("ivf-sq8", 1_000_000).lists == 4096
    with pytest.raises(HemlineError, match="'lsh' is no kind of index; the kinds are exact, ivf-sq8"):
        Settings("lsh")


def catalogue(folder: Path, rows: np.ndarray = ROWS) -> Path:
    save_index(build_index(rows, [f"photo-{row}" for row in range(len(rows))], CARD), folder)
    return folder


@pytest.mark.parametrize("kind", FAST)
def test_a_tuned_catalogue_answers_by_its_fast_index(tmp_path: Path, kind: str) -> None:
    folder = catalogue(tmp_path / "index")
    exact = load_index(folder)
    card = tune(folder, kind)
    fast = load_index(folder)
    assert (card.settings["kind"], fast.ids, fast.card) == (kind, exact.ids, exact.card)
    assert fast.fast and fast.fast.settings == Settings(**card.settings) and fast.flat is None
    assert np.array_equal(fast.vectors, ROWS) and not fast.vectors.flags.writeable
    names = [f"photo-{row}" for row in range(100, 103)]
    asked, exclude = ROWS[100:105], [names, [], [], [], ["not there"]]
    assert find(fast, asked, 5, exclude) == find(exact, asked, 5, exclude)
    allowed = GROUPS < 3
    for index in (exact, fast):
        assert [hit.id for hit in find(index, asked[:1], 2, [names], allowed)[0]] == [
            f"photo-{row}"
            for row in exact_search(ROWS, asked[:1], 9, np.flatnonzero(allowed))[0][1]
            if not 100 <= row < 103
        ][:2]
    assert find(fast, asked, COUNT) == find(exact, asked, COUNT)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["index"]


def test_a_fast_index_that_is_damaged_or_of_other_rows_never_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, other = catalogue(tmp_path / "index"), catalogue(tmp_path / "other", ROWS[:2000])
    for place in (folder, other):
        tune(place, "ivf-sq8")
    whole = load_index(folder)
    path = folder / "fast" / "fast.faiss"
    data = path.read_bytes()
    path.unlink()  # not written over: it is mapped
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(HemlineError, match=r"fast\.faiss is missing or damaged; run .*catalogue tune"):
        load_fast(folder, whole.vectors, whole.card.fingerprint)
    damaged = load_index(folder)
    assert "search is exact" in capsys.readouterr().err
    assert damaged.fast and damaged.fast.inner is None
    assert find(damaged, QUERIES, 10) == find(build_index(ROWS, whole.ids, CARD), QUERIES, 10)
    shutil.rmtree(folder / "fast")
    shutil.copytree(other / "fast", folder / "fast")
    with pytest.raises(HemlineError, match="was made of another index"):
        load_fast(folder, whole.vectors, whole.card.fingerprint)
    card = folder / "fast" / "fast.json"
    card.write_text(json.dumps({**json.loads(card.read_text()), "format": 2}))
    with pytest.raises(HemlineError, match="not the card of a fast index"):
        load_fast(folder, whole.vectors, whole.card.fingerprint)
    assert tune(folder, "ivf-sq8") and load_index(folder).fast.inner  # and tuned again it is whole


def test_tuning_by_size_leaves_a_small_catalogue_exact(tmp_path: Path) -> None:
    folder = catalogue(tmp_path / "index")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    tune(folder, "hnsw")
    assert tune(folder) is None
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    with pytest.raises(HemlineError, match="--recall must be above 0"):
        tune(folder, "hnsw", 0)
    with pytest.raises(HemlineError, match="--memory is a number of MiB above 0"):
        tune(folder, "hnsw", memory=2**20)
    with pytest.raises(HemlineError, match="is no kind of index"):
        tune(folder, "flat")


def test_the_command_says_what_was_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = str(catalogue(tmp_path / "index"))

    def told(*words: str) -> str:
        monkeypatch.setattr(sys, "argv", ["catalogue", *words, "--index", folder])
        main()
        return capsys.readouterr().out

    assert "searched exactly, which is right for its size" in told("tune")
    assert "ivf-sq8, " in told("tune", "--kind", "ivf-sq8", "--recall", "0.9")
    assert json.loads(told("info", "--json"))["fast"]["wanted"] == 0.9


@pytest.mark.parametrize("kind", FAST)
def test_a_changed_catalogue_keeps_its_fast_index_right_or_loses_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    folder = catalogue(tmp_path / "index")
    tune(folder, kind)
    names = [f"photo-{row}" for row in range(COUNT)]
    kept = np.random.default_rng(5).permutation(COUNT)[:2600]  # four hundred removed, all in a new order
    more = clustered(300, WIDTH, seed=9, clusters=150)[0]
    rows = np.concatenate([ROWS[kept], more])
    rows[7] = more[0]  # a photo that was replaced
    ids = [names[row] for row in kept] + [f"new-{row}" for row in range(300)]
    save_index(build_index(rows, ids, CARD), folder)
    changed, exact = load_index(folder), build_index(rows, ids, CARD)
    assert (changed.ids, changed.card.fingerprint) == (exact.ids, exact.card.fingerprint)
    if kind == "hnsw":
        assert changed.fast is None and "the fast index is gone, tune again" in capsys.readouterr().err
        return
    assert changed.fast and changed.fast.inner
    assert recall_of(changed.fast.search(QUERIES, 10), exact_search(rows, QUERIES, 10)) >= 0.95
    assert find(changed, more, 1) == find(exact, more, 1)  # the new ones and the replaced one are found
    save_index(build_index(rows[:1000], ids[:1000], CARD), folder)
    save_index(
        build_index(
            np.concatenate([rows[:1000], clustered(1500, WIDTH, seed=11)[0]]),
            [*ids[:1000], *(f"other-{row}" for row in range(1500))],
            CARD,
        ),
        folder,
    )
    assert load_index(folder).fast is None and "too much of it changed" in capsys.readouterr().err
