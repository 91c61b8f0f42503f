"""Result files: whole, paired with their ranks, and compared only with their like."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.errors import HemlineError
from core.evaluation.protocol import preset
from core.evaluation.result import Result, gallery_hash, query_hash, ranks_path, read_result, refuse_unlike
from core.evaluation.result import write_result as write
from core.evaluation.run import evaluate_split
from core.types import Triplet
from tests.oracle import Oracle
from train.compare import compare


def _result(ranks: list[int], protocol: str = "closet") -> Result:
    """A result over 60 photos whose queries rank their target so."""
    from core.datasets.fashioniq import Split

    photos = tuple(f"p{i}" for i in range(60))
    triplets = tuple(
        Triplet(f"dress:{row}", "dress", "val", "p59", photos[row], ("is red", "long"))
        for row in range(len(ranks))
    )
    split = Split(Path("nowhere"), "val", ("dress",), triplets, {"dress": photos}, {}, "f")
    looks = dict(zip(photos, np.eye(60, dtype=np.float32), strict=True))
    queries = np.zeros((len(ranks), 60), np.float32)
    for row, rank in enumerate(ranks):
        others = [place for place in range(60) if place not in (row, 59)]
        queries[row, others] = -1
        queries[row, others[: rank - 1]] = 1
    return evaluate_split(Oracle(queries), split, preset(protocol), "both", looks, model={"name": "oracle"})


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    result = _result([1, 3, 20, 55])
    assert result.metrics == {"R@1": 25.0, "R@5": 50.0, "R@10": 50.0, "R@50": 75.0}
    assert result.rank_array().tolist() == [1, 3, 20, 55]
    write(result, tmp_path / "a.json")
    assert read_result(tmp_path / "a.json") == result
    assert ranks_path(tmp_path / "a.json") == tmp_path / "a.ranks.jsonl"
    assert len((tmp_path / "a.ranks.jsonl").read_text().splitlines()) == 4


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write(_result([1, 3, 20]), path)
    kept = ranks_path(path).read_bytes()
    ranks_path(path).write_bytes(kept[:-40])
    with pytest.raises(HemlineError, match=r"a\.ranks\.jsonl is not the rank file"):
        read_result(path)
    ranks_path(path).unlink()
    with pytest.raises(HemlineError, match=r"a\.ranks\.jsonl is missing"):
        read_result(path)
    path.write_text('{"metrics": {}}')
    with pytest.raises(HemlineError, match="not a result of train"):
        read_result(path)
    with pytest.raises(HemlineError, match=r"a \.json file, not .*a\.txt"):
        write(_result([1]), tmp_path / "a.txt")


def test_unlike_results_refuse_to_be_compared() -> None:
    closet, kept = _result([1, 3, 20]), _result([1, 3, 20], "clip4cir")
    refuse_unlike(closet, _result([2, 2, 2]))
    with pytest.raises(HemlineError, match=r"different protocols.*gallery 'union' and 'original'"):
        refuse_unlike(closet, kept)
    with pytest.raises(HemlineError, match="different queries"):
        refuse_unlike(closet, _result([1, 3]))
    with pytest.raises(HemlineError, match="different galleries"):
        refuse_unlike(closet, replace(closet, gallery_hash="other"))


def test_hashes_see_order_text_and_target() -> None:
    assert gallery_hash({"dress": ["a", "b"]}) != gallery_hash({"dress": ["b", "a"]})
    one = Triplet("dress:0", "dress", "val", "a", "b", ("x", "y"))
    prints = {
        query_hash([one], ["x and y"]),
        query_hash([one], ["y and x"]),
        query_hash([replace(one, target="c")], ["x and y"]),
        query_hash([replace(one, key="dress:1")], ["x and y"]),
    }
    assert len(prints) == 4


def test_recipes_are_compared_over_their_seeds() -> None:
    weak = {"a0": _result([58, 58, 1, 30]), "a1": _result([58, 58, 1, 1])}
    strong = {"b0": _result([1, 1, 1, 1]), "b1": _result([1, 1, 1, 30]), "b2": _result([1, 1, 1, 1])}
    found = compare(weak, strong)
    assert (found.average, found.partial) == ("micro", False)
    assert (found.before["R@1"].mean, found.before["R@1"].seeds) == (37.5, 2)
    assert found.after["R@1"].mean == pytest.approx(100 * 11 / 12)
    assert found.gain["R@1"].difference == pytest.approx(100 * 11 / 12 - 37.5)
    with pytest.raises(HemlineError, match="a0 and a1 were evaluated with different queries"):
        compare({"a0": weak["a0"], "a1": _result([1])}, strong)
