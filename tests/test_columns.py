"""A catalogue's records as columns: they filter and count as looking at one garment after the other does."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.columns import Columns, columns_of
from core.datasets.garments import read_garments
from core.facets import FIELDS, passes, values_of
from core.flat import build_index
from core.gallery import Copies, Pictures, folders_of
from core.index import IndexCard
from core.requests import Request
from core.types import Garment
from core.unwanted import has_unwanted
from tests.running_app import ROOT

SHOP = read_garments(ROOT / "assets" / "wardrobe" / "garments.jsonl")
# every third has no record, and one has a kind of which no family is known
RECORDS = {
    id_: replace(one, kind="shoes" if at == 4 else one.kind)
    for at, (id_, one) in enumerate(list(SHOP.items())[:500])
    if at % 3
}
IDS = list(SHOP)[:500]
COLUMNS = columns_of(IDS, RECORDS)
values = st.fixed_dictionaries(
    {}, optional={field: st.frozensets(st.sampled_from(known), max_size=3) for field, known in FIELDS.items()}
)


@settings(max_examples=60, deadline=None)
@given(values)
def test_a_mask_is_what_the_filters_let_pass(filters: dict[str, frozenset[str]]) -> None:
    assert COLUMNS.mask(filters).tolist() == [passes(RECORDS.get(id_), filters) for id_ in IDS]


@settings(max_examples=60, deadline=None)
@given(st.lists(values, max_size=2))
def test_unwanted_is_what_has_all_that_a_request_names(asked: list[dict[str, frozenset[str]]]) -> None:
    requests = [
        Request({name: some for name, some in one.items() if name not in ("details", "category")}, add)
        for one in asked
        if (add := one.get("details", frozenset())) or one.keys() - {"details", "category"}
    ]
    assert COLUMNS.unwanted(requests).tolist() == [has_unwanted(requests, RECORDS.get(id_)) for id_ in IDS]


def test_values_are_counted_most_frequent_first(tmp_path: Path) -> None:
    some = np.random.default_rng(0).random(len(IDS)) < 0.3
    known = [RECORDS[id_] for id_, inside in zip(IDS, some, strict=True) if inside and id_ in RECORDS]
    told = COLUMNS.counted(some)
    for field in FIELDS:
        counts = Counter(value for garment in known for value in values_of(garment)[field])
        assert dict(told.get(field, [])) == counts
        assert [count for _, count in told.get(field, [])] == sorted(counts.values(), reverse=True)
    assert columns_of(IDS, {}).counted() == {}
    assert COLUMNS.counted()["category"][0][1] > told["category"][0][1]


def test_a_catalogue_that_is_no_multiple_of_eight_has_no_row_too_many() -> None:
    one: Garment = next(iter(RECORDS.values()))
    for count in (1, 7, 8, 9):
        columns: Columns = columns_of([one.id] * count, {one.id: one})
        assert columns.counted()["category"] == [(one.category, count)]
        assert columns.mask({}).tolist() == [True] * count


def test_photos_and_copies_are_found_by_id_and_by_hash(tmp_path: Path) -> None:
    rows = np.eye(4, dtype=np.float32)
    index = build_index(rows, ["a", "b", "c", "d"], IndexCard("t", "m"))
    pictures = Pictures(tmp_path, index, ["x/a.jpg", "b.jpg", "x/c.jpg", "y/d.jpg"])
    assert dict(pictures) == {
        id_: tmp_path / path
        for id_, path in zip("abcd", ["x/a.jpg", "b.jpg", "x/c.jpg", "y/d.jpg"], strict=True)
    }
    assert "e" not in pictures and pictures.get("e") is None and len(pictures) == 4
    assert folders_of(pictures) == folders_of(dict(pictures)) == {tmp_path, tmp_path / "x", tmp_path / "y"}
    shas = ["00" * 32, "ff" * 31 + "00", "00" * 32, "ff" * 31 + "01"]
    same = Copies(index.ids, shas)
    assert dict(same) == {shas[0]: ["a", "c"], shas[1]: ["b"], shas[3]: ["d"]} and len(same) == 3
    for unknown in ("11" * 32, "", "ff", "no hash", "00" * 31):
        assert unknown not in same
    with pytest.raises(KeyError):
        same["11" * 32]
