"""Results of any system: files of vectors and ranked lists, measured as a model is, and every fault named."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import save_file

from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.evaluation.given import read_embeddings
from core.evaluation.given_lists import read_rankings
from core.evaluation.protocol import Protocol, preset
from core.evaluation.run import evaluate_split
from tests.oracle import Oracle
from train.evaluate import evaluate_given


@dataclass(frozen=True)
class Place:
    """Closet's shoes and dresses, and vectors of a system that none of our code made."""

    split: Split
    ids: tuple[str, ...]
    gallery: np.ndarray
    keys: tuple[str, ...]
    queries: np.ndarray

    def arrays(self) -> dict[str, Any]:
        return {
            "gallery_ids": np.array(self.ids),
            "gallery_vectors": self.gallery.copy(),
            "query_keys": np.array(self.keys),
            "query_vectors": self.queries.copy(),
        }

    def order(self, row: int) -> list[str]:
        """All photos as this query ranks them."""
        return [self.ids[i] for i in np.argsort(-(self.gallery @ self.queries[row]), kind="stable")]


@pytest.fixture(scope="module")
def place(closet_dir: Path) -> Place:
    split = read_split(closet_dir, "val", ["dress", "shoes"])
    rng = np.random.default_rng(0)

    def unit(count: int) -> np.ndarray:
        rows = rng.standard_normal((count, 16))
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)

    ids, keys = split.union_gallery(), tuple(t.key for t in split.triplets)
    return Place(split, ids, unit(len(ids)), keys, unit(len(keys)))


def _npz(arrays: dict[str, Any], path: Path) -> Path:
    np.savez(path.with_suffix(".npz"), **arrays)
    return path.with_suffix(".npz")


def _safetensors(arrays: dict[str, Any], path: Path) -> Path:
    names = {field: json.dumps(arrays[field].tolist()) for field in ("gallery_ids", "query_keys")}
    vectors = {field: arrays[field] for field in ("gallery_vectors", "query_vectors")}
    save_file(vectors, path.with_suffix(".safetensors"), metadata=names)
    return path.with_suffix(".safetensors")


def _parquet(arrays: dict[str, Any], path: Path) -> Path:
    longest = max(map(len, arrays.values()))
    padded = {field: [*array.tolist(), *[None] * (longest - len(array))] for field, array in arrays.items()}
    columns = {
        f: pa.array(v, pa.list_(pa.float32()) if "vec" in f else pa.string()) for f, v in padded.items()
    }
    pq.write_table(pa.table(columns), path.with_suffix(".parquet"))
    return path.with_suffix(".parquet")


@pytest.mark.parametrize("name", ["closet", "clip4cir", "recall", "dqu"])
def test_given_vectors_rank_as_the_same_vectors_of_a_model(place: Place, tmp_path: Path, name: str) -> None:
    looks = dict(zip(place.ids, place.gallery, strict=True))
    of_model = evaluate_split(Oracle(place.queries), place.split, preset(name), "both", looks)
    for write in (_npz, _safetensors, _parquet):
        given = evaluate_given(place.split, preset(name), write(place.arrays(), tmp_path / "given"))
        assert [q.rank for q in given.ranks] == [q.rank for q in of_model.ranks]
        assert (given.query_hash, given.gallery_hash) == (of_model.query_hash, of_model.gallery_hash)
        assert given.metrics == of_model.metrics and given.counts == of_model.counts
        assert given.model["kind"] == "given embeddings" and len(given.model["file_sha256"]) == 64


@pytest.mark.parametrize("trec", [False, True])
@pytest.mark.parametrize("name", ["closet", "clip4cir", "recall", "dqu"])
def test_whole_and_cut_lists_give_the_recalls_of_their_vectors(
    place: Place, tmp_path: Path, name: str, trec: bool
) -> None:
    vectors = evaluate_given(place.split, preset(name), _npz(place.arrays(), tmp_path / "given"))
    for depth in (None, 51) if name == "closet" else (None,):  # the categories' own galleries are small
        lists = {key: place.order(row)[:depth] for row, key in enumerate(place.keys)}
        path = tmp_path / ("run.trec" if trec else "run.json")
        if trec:
            lines = [
                f"{key} Q0 {photo} {rank} {-rank} me"
                for key, names in lists.items()
                for rank, photo in enumerate(names, 1)
            ]
            path.write_text("\n".join(reversed(lines)))
        else:
            path.write_text(json.dumps(lists))
        found = evaluate_given(place.split, preset(name), rankings=path)
        assert found.metrics == vectors.metrics
        assert depth or [q.rank for q in found.ranks] == [q.rank for q in vectors.ranks]


def _nan(a: dict[str, Any]) -> None:
    a["gallery_vectors"][3, 2] = np.nan


def _long(a: dict[str, Any]) -> None:
    a["query_vectors"] *= 2


def _lose_target(a: dict[str, Any]) -> None:
    a["gallery_ids"], a["gallery_vectors"] = a["gallery_ids"][1:], a["gallery_vectors"][1:]


def _lose_query(a: dict[str, Any]) -> None:
    a["query_keys"], a["query_vectors"] = a["query_keys"][1:], a["query_vectors"][1:]


FAULTS: list[tuple[Callable[[dict[str, Any]], Any], str]] = [
    (_nan, r"gallery_vectors has 1 vectors with NaN or infinity \(first: "),
    (_long, "of query_vectors are not of length 1 .*--normalise"),
    (_lose_target, "lacks 1 of the gallery's"),
    (_lose_query, r"lacks 1 of the split's .* queries \(first: dress:0\)"),
    (lambda a: a["query_keys"].__setitem__(0, "dress:9999"), "lacks 1 of the split's"),
    (lambda a: a["gallery_ids"].__setitem__(1, a["gallery_ids"][0]), "gallery_ids names .* twice"),
    (lambda a: a.update(gallery_vectors=a["gallery_vectors"][1:]), r"vectors for \d+ names"),
    (lambda a: a.update(query_vectors=a["query_vectors"][:, :15]), "not of length 1|dimensions"),
    (lambda a: a.update(query_vectors=np.eye(len(a["query_keys"]), dtype="f4")), "16 dimensions and query"),
    (lambda a: a.update(query_vectors=(a["query_vectors"] * 127).astype(np.int8)), "of type int8"),
    (lambda a: a.update(query_keys=np.array(a["query_keys"], dtype=object)), "pickled"),
    (lambda a: a.pop("query_keys"), "lacks query_keys"),
    (
        lambda a: a.update(
            query_keys=np.append(a["query_keys"], "shirt:0"),
            query_vectors=np.concatenate([a["query_vectors"], a["query_vectors"][:1]]),
        ),
        r"1 queries that are not of this split \(first: shirt:0\)",
    ),
    (
        lambda a: a.update(
            gallery_ids=np.append(a["gallery_ids"], "stranger"),
            gallery_vectors=np.concatenate([a["gallery_vectors"], a["gallery_vectors"][:1]]),
        ),
        r"1 photos that are in no gallery of this split \(first: stranger\)",
    ),
]


@pytest.mark.parametrize(("spoil", "says"), FAULTS)
def test_faults_of_vectors_are_one_sentence(
    place: Place, tmp_path: Path, spoil: Callable[[dict[str, Any]], Any], says: str
) -> None:
    arrays = place.arrays()
    spoil(arrays)
    with pytest.raises(HemlineError, match=says) as caught:
        evaluate_given(place.split, preset("closet"), _npz(arrays, tmp_path / "given"))
    assert "\n" not in str(caught.value)


def test_vectors_of_any_length_are_normalised_when_asked_and_a_zero_is_refused(
    place: Place, tmp_path: Path
) -> None:
    arrays = place.arrays()
    arrays["query_vectors"] *= np.linspace(0.5, 9, len(place.keys), dtype=np.float32)[:, None]
    path = _npz(arrays, tmp_path / "given")
    given = read_embeddings(path, normalise=True)
    assert given.normalised and np.allclose(given.query_vectors, place.queries, atol=1e-6)
    arrays["query_vectors"][0] = 0
    with pytest.raises(HemlineError, match="is zero and has no direction"):
        read_embeddings(_npz(arrays, tmp_path / "given"), normalise=True)


def test_damaged_and_foreign_files_are_told(tmp_path: Path) -> None:
    for name, says in (
        ("a.npz", "not a whole .npz"),
        ("a.safetensors", "not a whole .safetensors"),
        ("a.parquet", "not a whole .parquet"),
        ("a.pkl", "a file of .npz, .safetensors, .parquet"),
    ):
        (tmp_path / name).write_bytes(b"nothing of the kind")
        with pytest.raises(HemlineError, match=says):
            read_embeddings(tmp_path / name)
    with pytest.raises(HemlineError, match="does not exist"):
        read_embeddings(tmp_path / "none.npz")


LIST_FAULTS: list[tuple[Callable[[dict[str, list[str]]], Any], str]] = [
    (lambda x: x["dress:0"].__setitem__(1, x["dress:0"][0]), "the list of dress:0 names .* twice"),
    (lambda x: x["dress:0"].__delitem__(slice(49, None)), "decides Recall@K up to K = 4"),
    (lambda x: x["dress:0"].__setitem__(5, "stranger"), "names 'stranger', which no gallery has"),
    (lambda x: x.pop("dress:0"), r"lacks 1 of the split's .*\(first: dress:0\)"),
    (lambda x: x.update({"dress:999": x["dress:0"]}), "1 queries that are not of this split"),
    (lambda x: x["dress:0"].clear(), "the list of dress:0 is empty"),
    (lambda x: x.update({"dress:0": [1, 2]}), "dress:0 must have a list of ids"),  # type: ignore[dict-item]
]


@pytest.mark.parametrize(("spoil", "says"), LIST_FAULTS)
def test_faults_of_lists_are_one_sentence(
    place: Place, tmp_path: Path, spoil: Callable[[dict[str, list[str]]], Any], says: str
) -> None:
    lists = {key: place.order(row) for row, key in enumerate(place.keys)}
    spoil(lists)
    (tmp_path / "run.json").write_text(json.dumps(lists))
    with pytest.raises(HemlineError, match=says):
        evaluate_given(place.split, preset("closet"), rankings=tmp_path / "run.json")


def test_lists_made_under_another_rule_are_refused(place: Place, tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    kept = Protocol("p", "union", "kept", "and", "micro")
    without, own = {}, {}
    for row, (key, triplet) in enumerate(zip(place.keys, place.split.triplets, strict=True)):
        without[key] = [photo for photo in place.order(row) if photo != triplet.reference]
        own[key] = [p for p in place.order(row) if p in place.split.galleries[triplet.category]]
    path.write_text(json.dumps(without))
    with pytest.raises(HemlineError, match="has the whole gallery but its reference"):
        evaluate_given(place.split, kept, rankings=path)
    path.write_text(json.dumps({key: names[:50] for key, names in without.items()}))
    with pytest.raises(HemlineError, match="made with it removed"):
        evaluate_given(place.split, kept, rankings=path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": ["x"], "a": ["y"]}', "two lists for a"),
        ('{"a": ["x"]', "not JSON"),
        ("a Q0 x 1 0.5", "line 1 is not of a TREC run"),
        ("a Q0 x 1 0.5 me\na Q0 y 3 0.4 me", "must count up"),
        ("a Q0 x 1 0.5 me\na Q0 y 2 0.6 me", "higher score"),
        ("a Q0 x 1 0.5 me\na Q0 x 2 0.4 me", "twice"),
        ("", "holds no ranking"),
    ],
)
def test_files_that_are_no_rankings(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "run").write_text(text)
    with pytest.raises(HemlineError, match=says):
        read_rankings(tmp_path / "run")
