"""A catalogue's map: reading it, placing what is not on it, its colours, a query's path. No UMAP runs."""

import base64
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.composed import ComposedQuery, trace
from core.errors import HemlineError
from core.files import write_json
from core.flat import IndexCard, build_index, find
from core.map import Map, load_map, neighbours_kept, place, read_map
from core.search import Searcher
from core.types import Garment
from core.verdicts import VOCABULARY
from demo import maps
from demo.guarding import OnFile
from demo.map_query import path_of, ranks
from demo.thumbnails import Thumbnails
from tests.opinion import judged_by

COUNT, SIDE = 60, 12


def unit(rows: np.ndarray) -> np.ndarray:
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


VECTORS = unit(np.random.default_rng(0).normal(size=(COUNT, 8)))
PLACES = np.random.default_rng(1).random((COUNT, 2)).round(4)


def a_map(**other: Any) -> Map:
    usual: dict[str, Any] = {
        "coordinates": PLACES.tolist(), "kept": [row % 11 for row in range(COUNT)], "among": 10,
        "misplaced": 0.02, "method": "by hand", "metric": "cosine", "neighbours": 15, "min_dist": 0.1,
        "seed": 0, "vectors_sha": "v",
    }  # fmt: skip
    return Map(**usual | other)


class Sums:
    """A backbone whose query is the sum of what is shown and of what the words say."""

    def __init__(self, says: Mapping[str, np.ndarray]) -> None:
        self.says = says

    def embed_queries(self, looks: list[Any], texts: list[str | None]) -> np.ndarray:
        zero = np.zeros(8)
        rows = [
            (zero if look is None else look) + (zero if text is None else self.says[text])
            for look, text in zip(looks, texts, strict=True)
        ]
        return unit(np.array(rows))

    def embed_targets(self, looks: list[Any]) -> np.ndarray:
        return unit(np.array(looks))


@pytest.fixture
def service(tmp_path: Path) -> Any:
    """Garments "g0" to "g59", ten of them without a record, answered by `Sums`; their map is by the index."""
    ids = [f"g{row}" for row in range(COUNT)]
    index = build_index(VECTORS, ids, IndexCard("target", "model"))
    write_json(tmp_path / "map.json", asdict(a_map(vectors_sha=index.card.vectors_sha)))
    hashes = [f"{row:064x}" for row in range(COUNT)]
    gallery: Any = SimpleNamespace(table=SimpleNamespace(hashes=hashes), features=VECTORS)
    same = {sha: [id_] for sha, id_ in zip(hashes, ids, strict=True)}
    backbone: Any = Sums({"red": VECTORS[7] * 2, "blue": VECTORS[9] * 2})
    photos = {id_: tmp_path / "data" / "images" / f"{id_}.webp" for id_ in ids}
    searcher = Searcher(backbone, index, gallery, photos, same, {}, tmp_path)
    colours = [*"abcdefghijklmno"]
    garments = {
        id_: Garment(id_, "val", kind, "gown", (colours[row % 15],), *[None] * 6, (), f"=no {row}")
        for row, (id_, kind) in enumerate(zip(ids[:50], ["shirt", "dress", "dress"] * 17, strict=False))
    }
    return SimpleNamespace(
        searcher=searcher, garments=garments, plain=None, version="", name="", history=[],
        index_fingerprint=index.card.fingerprint, thumbnails=Thumbnails(tmp_path / "thumbnails", {}),
        store=SimpleNamespace(vocabulary=VOCABULARY),
    )  # fmt: skip


def asked_of(service: Any, **more: Any) -> tuple[Any, dict[str, Any]]:
    catalogues = SimpleNamespace(first=service, own={})
    return catalogues, {"catalogue": "", "index": service.index_fingerprint, **more}


def asked(text: str = "red", reference: int | None = 3, **options: Any) -> dict[str, Any]:
    """What the page tells of its last answer."""
    known = {"reference_id": None, "reference_hash": None}
    if reference is not None:
        known = {"reference_id": f"g{reference}", "reference_hash": f"{reference:064x}"}
    return {"query": {**known, "text": text}, "change": text, "options": options}


# --- the file ---------------------------------------------------------------------------------------------


def test_a_map_of_other_vectors_or_none_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(HemlineError, match=r"no map yet; make it with python -m core\.atlas"):
        read_map(tmp_path, "v")
    write_json(tmp_path / "map.json", asdict(a_map()))
    assert read_map(tmp_path, "v") == a_map()
    with pytest.raises(HemlineError, match="before its garments changed"):
        read_map(tmp_path, "w")
    assert load_map(tmp_path) is None  # no index is there
    for spoilt in (
        {"kept": [1]},
        {"coordinates": [[float(row), 0.5] for row in range(COUNT - 1)]},
        {"extra": 1},
    ):
        write_json(tmp_path / "map.json", asdict(a_map()) | spoilt)
        with pytest.raises(HemlineError, match="damaged"):
            read_map(tmp_path, "v")


def test_kept_neighbours_are_counted_for_each_row() -> None:
    angles = np.linspace(0, 3, 40)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    torn = ring.copy()
    torn[0] = (
        9,
        9,
    )  # one garment far from where it belongs loses all of its neighbours but those it must have
    kept = neighbours_kept(ring, torn, 5)
    assert kept[20] == 5 and kept[0] < 5 and kept[1] == 4


# --- placing ----------------------------------------------------------------------------------------------


def test_a_vector_is_placed_among_its_nearest_with_umaps_weights() -> None:
    one = unit(VECTORS[:4] + 0.05)
    places, spreads = place(one, VECTORS, PLACES, 15)
    for row in range(4):
        apart = 1 - (VECTORS @ one[row]).astype(np.float64)
        near = np.argsort(apart)[:15]
        beyond = apart[near] - apart[near[0]]
        low, high = 1e-9, 1e3
        for _ in range(200):  # the width at which the weights sum to log2(15), found again
            middle = (low + high) / 2
            low, high = (low, middle) if np.exp(-beyond / middle).sum() > np.log2(15) else (middle, high)
        weights = np.exp(-beyond / low)
        expected = (weights[:, None] * PLACES[near]).sum(axis=0) / weights.sum()
        np.testing.assert_allclose(places[row], expected, atol=1e-5)
        square = (weights * ((PLACES[near] - expected) ** 2).sum(axis=1)).sum() / weights.sum()
        assert spreads[row] == pytest.approx(np.sqrt(square), abs=1e-5)


def test_a_skipped_row_does_not_place_itself_and_few_garments_are_enough() -> None:
    with_itself, _ = place(VECTORS[:5], VECTORS, PLACES, 2)
    without, _ = place(VECTORS[:5], VECTORS, PLACES, 2, skip=np.arange(5))
    assert (np.linalg.norm(with_itself - PLACES[:5], axis=1) < 0.5).all()
    nearest = np.argsort(-(VECTORS[0] @ VECTORS.T))[1:3]
    middle = np.linalg.norm(without[0] - PLACES[nearest].mean(axis=0))
    assert middle <= np.linalg.norm(PLACES[nearest[0]] - PLACES[nearest[1]]) / 2 + 1e-9
    place(VECTORS[:1], VECTORS[:3], PLACES[:3])  # fewer than UMAP's 15


# --- colours ----------------------------------------------------------------------------------------------


def colours(service: Any, by: str, **more: Any) -> tuple[dict[str, Any], list[str]]:
    """What the page is told, and the label of each row."""
    catalogues, wish = asked_of(service, by=by, **more)
    page = maps.colours_page(catalogues, wish)
    rows = base64.b64decode(page["rows"])
    assert [part["count"] for part in page["classes"]] == [
        rows.count(place) for place in range(len(page["classes"]))
    ]
    return page, [page["classes"][number]["label"] for number in rows]


def test_points_are_the_maps_places_to_a_sixty_thousandth(service: Any) -> None:
    catalogues, wish = asked_of(service)
    page = maps.points_page(catalogues, wish)
    x, y = (np.frombuffer(base64.b64decode(page[name]), "<u2") / 65535 for name in "xy")
    np.testing.assert_allclose(np.stack([x, y], axis=1), PLACES, atol=1e-5)
    assert page["count"] == COUNT and page["kept"] == pytest.approx(
        np.mean([r % 11 for r in range(COUNT)]) / 10
    )
    names = [column["name"] for column in page["columns"]]
    assert names == [
        "category",
        "color",
        "kind",
        "kept",
        "rank",
        "mine",
        "everybody",
    ]  # no value of the others
    service.searcher.folder.joinpath("map.json").unlink()
    maps._map.cache_clear()
    assert "no map yet" in maps.points_page(catalogues, wish)["problem"]


def test_values_come_by_their_count_and_those_after_twelve_are_other(service: Any) -> None:
    page, labels = colours(service, "category")
    assert [part["label"] for part in page["classes"]] == ["dress", "shirt", maps.UNKNOWN]
    assert labels[:4] == ["shirt", "dress", "dress", "shirt"] and set(labels[50:]) == {maps.UNKNOWN}
    page, labels = colours(service, "color")
    counts = [part["count"] for part in page["classes"]]
    assert len(counts) == maps.MOST_VALUES + 2 and counts[:12] == sorted(counts[:12], reverse=True)
    assert page["classes"][12]["label"] == "other (3 more)" and page["classes"][-1]["none"]


def test_judgements_are_ones_own_or_everybodys_and_two_queries_may_disagree(service: Any) -> None:
    said = [
        ("ada", "hard negative", "g1", "red"),
        ("ada", "acceptable", "g1", "blue"),
        ("bo", "acceptable", "g2", "red"),
    ]
    said += [
        ("bo", "unsure", "g4", "red"),
        ("bo", "hard negative", "g4", "blue"),
        ("ada", "near-duplicate", "g5", "red"),
    ]
    service.history = [
        judged_by(who, verdict, hit, text, seq=at + 1) for at, (who, verdict, hit, text) in enumerate(said)
    ]
    maps_history, maps.history = maps.history, lambda one: one.history
    try:
        _, everybody = colours(service, "everybody")
        _, mine = colours(service, "mine", annotator="ada")
    finally:
        maps.history = maps_history
    both = "wrong for one query, right for another"
    assert [everybody[row] for row in (0, 1, 2, 4, 5)] == [
        "not judged",
        both,
        "right",
        "wrong",
        "the same garment",
    ]
    assert [mine[row] for row in (1, 2, 4, 5)] == [both, "not judged", "not judged", "the same garment"]


def test_ranks_are_those_of_the_search_and_the_reference_has_none(service: Any) -> None:
    searcher = service.searcher
    found = ranks(service, searcher, asked())
    (hits,) = find(
        searcher.index, trace(searcher, ComposedQuery("g3", text="red"), {})["query"][None], COUNT, [["g3"]]
    )
    assert found[3] == 0 and [found[searcher.index.positions[hit.id]] for hit in hits] == list(
        range(1, COUNT)
    )
    _, labels = colours(service, "rank", **asked())
    assert labels[3] == "the reference" and labels[7] == ("first" if found[7] == 1 else "2 to 3")
    catalogues, wish = asked_of(service, by="rank")
    assert "nothing was asked yet" in maps.colours_page(catalogues, wish)["problem"]


def test_a_live_version_shows_what_came_nearer_by_it(service: Any) -> None:
    service.plain, service.version = service.searcher, "v1"
    live: Any = Sums({"red": VECTORS[9] * 4})
    service.searcher = Searcher(
        live,
        *[
            getattr(service.plain, name)
            for name in ("index", "gallery", "pictures", "same", "captions", "folder")
        ],
    )
    now, before = (ranks(service, one, asked()) for one in (service.searcher, service.plain))
    _, labels = colours(service, "change", **asked())
    assert now[9] == 1 and before[9] >= 4 and labels[9] == "4 times nearer or more"
    assert labels[7] in (*maps.CHANGES[4:], *maps.FARTHER)
    for row in range(COUNT):
        same = now[row] == before[row]
        assert (labels[row] in ("same rank", "the reference")) >= same
    path = path_of(service, maps.map_of(service), asked() | {"hits": []})
    assert [point["what"] for point in path["points"]] == ["query", "reference", "words", "before"]


# --- the path, the chosen ---------------------------------------------------------------------------------


def test_the_path_has_the_references_own_place_and_the_known_target(
    service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("demo.guarding.on_file", lambda one: OnFile(targets={("g3", "red"): ("g20",)}))
    wish = asked("Red.") | {"hits": ["g7", "g9", "gone", 3]}
    service.searcher.backbone.says["Red."] = VECTORS[7] * 2
    found = path_of(service, maps.map_of(service), wish)
    points = {point["what"]: point for point in found["points"]}
    assert points["reference"] == {
        "what": "reference",
        "x": PLACES[3][0],
        "y": PLACES[3][1],
        "spread": 0.0,
        "exact": True,
    }
    (expected,), (spread,) = place(
        service.searcher.backbone.embed_queries([VECTORS[3]], ["Red."]), VECTORS, PLACES
    )
    assert [points["query"]["x"], points["query"]["y"]] == pytest.approx(expected.tolist()) and not points[
        "query"
    ]["exact"]
    assert points["query"]["spread"] == pytest.approx(spread)
    assert found["hits"] == [7, 9] and found["targets"] == [20]
    words = path_of(service, maps.map_of(service), asked("red", None))
    assert [point["what"] for point in words["points"]] == ["query", "words"]


def test_options_are_part_of_the_query_but_what_narrows_the_answer_is_not(service: Any) -> None:
    wish = asked(second="g5", filters={"category": ["shirt"]}, within={"ids": ["g1"]}, weight=0.5)
    points = {point["what"]: point for point in path_of(service, maps.map_of(service), wish)["points"]}
    assert points["second"]["exact"] and [points["second"]["x"], points["second"]["y"]] == PLACES[5].tolist()
    found = ranks(service, service.searcher, wish)
    assert sorted(found) == [0, 0, *range(1, COUNT - 1)] and found[3] == found[5] == 0
    assert (found != ranks(service, service.searcher, asked(second="g5"))).any()


def test_what_is_told_of_the_chosen_is_of_this_index_alone(service: Any) -> None:
    catalogues, wish = asked_of(service, rows=[2, 55])
    first, last = maps.garments_page(catalogues, wish)["garments"]
    assert (first["id"], first["row"], first["said"]) == ("g2", 2, ["dress", "c", "gown"]) and last[
        "said"
    ] == []
    assert maps.matching_page(catalogues, wish | {"words": "SHIRT =no"})["rows"] == list(range(0, 50, 3))
    assert maps.matching_page(catalogues, wish | {"words": " "})["rows"] == []
    table = maps.table_page(catalogues, wish)
    assert dict(zip(table["columns"], table["rows"][0], strict=True)) == {
        "id": "g2", "caption": "=no 2", "category": "dress", "color": "c", "kind": "gown", "pattern": "",
        "sleeve": "", "neckline": "", "length": "", "fit": "", "fabric": "", "x": PLACES[2][0],
        "y": PLACES[2][1],
    }  # fmt: skip
    assert maps.garments_page(catalogues, wish | {"index": "another"})["stale"] is True
    for rows in ([60], [-1], ["1"], [True], "1"):
        assert "choose again" in maps.table_page(catalogues, wish | {"rows": rows})["problem"]
    json.dumps(maps.table_page(catalogues, wish))
