"""CIRR's measures against a naive computation, and the rules that papers break."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.datasets.cirr import Cirr, Pair, read_cirr
from core.errors import HemlineError
from core.evaluation.cirr import (
    Place,
    place,
    place_vectors,
    rank_gallery,
    subset_columns,
)
from core.evaluation.cirr_run import evaluate_places, without_photos
from core.evaluation.metrics import recalls
from core.evaluation.result import Result, read_result, refuse_unlike, write_result
from tests.data_folder import write
from tests.small_cirr import make_cirr, unit
from train.cirr_sources import given_lists

MEMBERS = tuple("abcdef")


def _pair(target: str = "d") -> Pair:
    return Pair("7", "a", target, "darker", MEMBERS)


def _small(gallery: Sequence[str], pair: Pair) -> Cirr:
    return Cirr(Path("small"), "val", (pair,), tuple(gallery), {}, "")


def _left(path: Path, gallery: Sequence[str], names: Sequence[str]) -> list[str]:
    write(path, {"7": list(names)})
    return given_lists(_small(gallery, _pair()), path)[0]


def test_the_reference_leaves_before_the_cut_and_before_the_subset(tmp_path: Path) -> None:
    """Reference first, target sixth: it is a hit of R@5 only because the reference does not count."""
    names = ["a", "b", "x", "y", "z", "d", *"cefghi"]
    kept = _left(tmp_path / "run.json", names, names)
    assert kept == names[1:]
    assert (place(_pair(), kept).rank, place(_pair(), kept).subset_rank) == (5, 2)


def test_a_cut_at_fifty_that_counts_the_reference_is_too_short(tmp_path: Path) -> None:
    gallery = [*"abcdef", *(f"x{n}" for n in range(60))]
    with pytest.raises(HemlineError, match="the list of 7 has 49 photos"):
        _left(tmp_path / "run.json", gallery, gallery[:50])
    assert len(_left(tmp_path / "run.json", gallery, gallery[:51])) == 50


def test_a_cut_ranking_fixes_the_subset_or_is_refused() -> None:
    assert place(_pair("f"), ["b", "c", "x", "d"]).subset_rank > 3
    assert place(_pair("f"), ["b", "x", "f"]).subset_rank == 2
    with pytest.raises(HemlineError, match="holds 2 of its five candidates and not the target"):
        place(_pair("f"), ["b", "x", "c"])


def test_equal_scores_rank_in_gallery_order() -> None:
    gallery = list("xadbcefy")
    vectors = np.tile(np.array([1, 0], np.float32), (len(gallery), 1))
    (ranking,) = rank_gallery([_pair()], gallery, vectors[:1], vectors)
    assert ranking == list("xdbcefy")


def _naive(cirr: Cirr, queries: np.ndarray, vectors: np.ndarray) -> dict[str, float]:
    """As CLIP4Cir's compute_cirr_val_metrics does: sort, take out the reference, look for the target."""
    ids = np.array(cirr.gallery)
    of = {name: number for number, name in enumerate(cirr.gallery)}
    told: dict[str, list[bool]] = {}
    for query, pair in zip(queries, cirr.pairs, strict=True):
        ordered = np.argsort(1 - vectors @ query, kind="stable")
        ordered = ids[ordered[ordered != of[pair.reference]]].tolist()
        inside = [name for name in ordered if name in pair.members]
        assert len(inside) == 5
        for k in (1, 5, 10, 50):
            told.setdefault(f"R@{k}", []).append(pair.target in ordered[:k])
        for k in (1, 2, 3):
            told.setdefault(f"Rs@{k}", []).append(pair.target in inside[:k])
    shares = {name: 100 * float(np.mean(hit)) for name, hit in told.items()}
    return {**shares, "mean": (shares["R@5"] + shares["Rs@1"]) / 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def val(tmp_path_factory: pytest.TempPathFactory) -> Cirr:
    return read_cirr(make_cirr(tmp_path_factory.mktemp("cirr"), pairs=25, gallery=70), "val")


def _figures(places: list[Place]) -> dict[str, float]:
    ranks, inside = [p.rank for p in places], [p.subset_rank for p in places]
    columns = subset_columns(ranks, inside)
    return recalls(np.array(ranks)) | {name: 100 * float(hit.mean()) for name, hit in columns.items()}


def _result(cirr: Cirr, seed: int = 0, **facts: Any) -> Result:
    return evaluate_places(cirr, place_vectors(cirr.pairs, cirr.gallery, *_vectors(cirr, seed)), **facts)


def _vectors(cirr: Cirr, seed: int, dim: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Small whole numbers: every product is exact, and many scores are equal."""
    rng = np.random.default_rng(seed)
    rows = [rng.integers(-2, 3, (n, dim)).astype(np.float32) for n in (len(cirr.pairs), len(cirr.gallery))]
    return rows[0], rows[1]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), dim=st.integers(1, 6))
def test_vectors_and_rankings_agree_with_the_naive_computation(
    folder: Path, val: Cirr, seed: int, dim: int
) -> None:
    queries, vectors = _vectors(val, seed, dim)
    naive = _naive(val, queries, vectors)
    assert _figures(place_vectors(val.pairs, val.gallery, queries, vectors)) == pytest.approx(naive)
    whole = rank_gallery(val.pairs, val.gallery, queries, vectors)
    given_ = {
        pair.key: [*names[:3], pair.reference, *names[3:]]
        for pair, names in zip(val.pairs, whole, strict=True)
    }
    run = folder / "run.json"
    write(run, given_)
    lists = given_lists(val, run)
    assert lists == whole
    assert _figures([place(p, n) for p, n in zip(val.pairs, lists, strict=True)]) == pytest.approx(naive)


def test_real_val_agrees_with_the_naive_computation(cirr_dir: Path) -> None:
    cirr = read_cirr(cirr_dir, "val")
    rng = np.random.default_rng(0)
    vectors = unit(rng, len(cirr.gallery), 16)
    row = {name: number for number, name in enumerate(cirr.gallery)}
    aims = vectors[[row[str(pair.target)] for pair in cirr.pairs]]
    queries = aims + 0.6 * unit(rng, len(cirr.pairs), 16)
    places = place_vectors(cirr.pairs, cirr.gallery, queries, vectors)
    few = replace(cirr, pairs=cirr.pairs[::10])
    assert _figures(places[::10]) == pytest.approx(_naive(few, queries[::10], vectors))
    result = evaluate_places(cirr, places)
    assert result.counts == {"queries": 4181, "gallery": 2297, "missing": 0, "corrupt": 0}
    assert result.subset is not None and {s.queries for s in result.subset.values()} == {4181}
    told = result.metrics | {name: share.percent for name, share in result.subset.items()}
    assert told == pytest.approx(_figures(places))
    assert told["R@50"] > told["R@1"] > 1 and told["mean"] == pytest.approx((told["R@5"] + told["Rs@1"]) / 2)
    assert all(query.subset_rank and query.subset_rank <= query.rank for query in result.ranks)


def test_a_result_comes_back_from_its_file_and_refuses_unlike_ones(tmp_path: Path, val: Cirr) -> None:
    result = _result(val, model={"name": "mine"})
    write_result(result, tmp_path / "a.json")
    back = read_result(tmp_path / "a.json")
    assert back == result
    refuse_unlike(back, _result(val, 1))
    pair = val.pairs[0]
    other = replace(pair, members=(*pair.members[:5], val.gallery[-1]))
    subsets = replace(val, pairs=(other, *val.pairs[1:]))
    with pytest.raises(HemlineError, match="different queries"):
        refuse_unlike(result, _result(subsets))


def test_photos_that_lack_take_their_pairs_along_and_mark_the_result(val: Cirr) -> None:
    lacking = [val.pairs[0].members[0]]
    left = without_photos(val, lacking)
    assert lacking[0] not in left.gallery and all(lacking[0] not in pair.members for pair in left.pairs)
    result = _result(left, whole=val, corrupt={lacking[0]: "truncated"})
    assert result.partial and result.corrupt == {lacking[0]: "truncated"} and result.missing == ()
    assert result.counts["queries"] + len(result.dropped) == len(val.pairs)
    assert val.pairs[0].key in result.dropped
    with pytest.raises(HemlineError, match=r"different galleries \(one of them is partial\)"):
        refuse_unlike(result, _result(val))


def test_test1_cannot_be_evaluated(tmp_path: Path) -> None:
    cirr = read_cirr(make_cirr(tmp_path, "test1"), "test1")
    with pytest.raises(HemlineError, match="not public; evaluate on val, or write a submission"):
        _result(cirr)
