"""Composed queries with options: neutral ones change nothing, each other one does what it says."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.building import build
from core.composed import NEAR, NEGATIVE_SHARE, ComposedQuery, arrange, ask
from core.datasets.garments import read_garments
from core.engines.moving import Where, move
from core.errors import HemlineError
from core.facets import passes, read_filters, values_of
from core.index import load_index, save_index
from core.indexes.family import build_family
from core.indexes.settings import default_settings
from core.meeting import by_caption, by_record
from core.requests import kept, met
from core.search import Searcher, open_searcher, search
from core.suggestions import DETAILS, PHRASES, suggestions
from core.types import Garment, Hit
from core.unwanted import has_unwanted, read_unwanted
from core.wishes import read_wish
from tests.small_catalogue import copy_photos, make_model

WARDROBE = Path(__file__).parents[1] / "assets" / "wardrobe"
WISH = "but red with long sleeves"


@pytest.fixture(scope="module")
def shop() -> dict[str, Garment]:
    return read_garments(WARDROBE / "garments.jsonl")


@pytest.fixture(scope="module")
def searcher(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    """Twenty-four photos of Closet, one of them under a second id too."""
    folder = tmp_path_factory.mktemp("composed")
    images = copy_photos(closet_dir, folder / "images", 24)
    shutil.copyfile(sorted(images.iterdir())[7], images / "zz-same-again.jpg")
    build(make_model(folder / "model"), images, folder / "index")
    return open_searcher(None, folder / "index")


@pytest.fixture(scope="module")
def garments(searcher: Searcher, closet_dir: Path) -> dict[str, Garment]:
    known = read_garments(closet_dir / "garments.jsonl")
    return {id_: known[id_] for id_ in searcher.index.ids if id_ in known}


def asked(searcher: Searcher, query: ComposedQuery, garments: dict[str, Garment]) -> list[Hit]:
    return [found.hit for found in ask(searcher, query, garments)]


def ids(hits: list[Hit]) -> list[str]:
    return [hit.id for hit in hits]


def test_a_fast_index_answers_filtered_queries_as_the_whole_ranking_does(
    searcher: Searcher, garments: dict
) -> None:
    index, id_ = searcher.index, searcher.index.ids[3]
    family = build_family(index.vectors, default_settings("ivf-sq8", len(index.ids)))
    fast = replace(searcher, index=replace(index, fast=family))
    few, category = frozenset(index.ids[2:9]), frozenset([garments[id_].category])
    for query in (
        ComposedQuery(id_, None, WISH, within=few),
        ComposedQuery(id_, None, WISH, filters={"category": category}, top_k=3),
        ComposedQuery(id_, None, WISH, second_id=index.ids[9]),
        ComposedQuery(id_, None, WISH, within=few, fold=True),
        ComposedQuery(id_, None, WISH, fold=True, top_k=2),
        ComposedQuery(id_, None, WISH, without="stripes", fold=True, top_k=4),
        ComposedQuery(id_, None, WISH, without="stripes"),
    ):
        assert ask(fast, query, garments) == ask(searcher, query, garments)
    with pytest.raises(HemlineError, match="no garment is left by these filters"):
        ask(fast, ComposedQuery(id_, None, WISH, within=frozenset([id_])), garments)


def test_a_moved_index_filters_by_its_engine_and_says_where_records_changed(
    searcher: Searcher, garments: dict, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index, id_ = searcher.index, searcher.index.ids[3]
    save_index(index, tmp_path / "index")
    move(tmp_path / "index", garments, Where())
    moved = replace(searcher, index=load_index(tmp_path / "index"))
    category, few = frozenset([garments[id_].category]), frozenset(index.ids[2:9])
    queries = [
        ComposedQuery(id_, None, WISH),
        ComposedQuery(id_, None, WISH, filters={"category": category}, top_k=3),
        ComposedQuery(id_, None, WISH, filters={"category": category}, within=few),
        ComposedQuery(id_, None, WISH, within=few, fold=True),
        ComposedQuery(id_, None, WISH, without="stripes, red", filters={"category": category}),
    ]
    for query in queries:
        assert ask(moved, query, garments) == ask(searcher, query, garments)
    assert "hemline" not in capsys.readouterr().err
    other = {**garments, id_: replace(garments[index.ids[4]], id=id_, category="none")}
    for query in queries:
        assert ask(moved, query, other) == ask(searcher, query, other)
    assert capsys.readouterr().err.count("filters are searched without the engine") == 1
    with pytest.raises(HemlineError, match="no garment is left by these filters"):
        ask(moved, ComposedQuery(id_, None, WISH, within=frozenset([id_])), garments)


def test_neutral_options_give_the_plain_ranking_bit_for_bit(searcher: Searcher, garments: dict) -> None:
    some = searcher.index.ids[3]
    photo = searcher.pictures[some].read_bytes()
    for query in (
        ComposedQuery(some, None, WISH),
        ComposedQuery(None, photo, WISH),
        ComposedQuery(some),
        ComposedQuery(None, None, "a striped shirt"),
        ComposedQuery(some, weight=0.7),  # there are no words to weigh it against
    ):
        plain = search(
            searcher, reference_id=query.reference_id, reference_image=query.reference_image, text=query.text
        )
        assert asked(searcher, query, garments) == plain
    whole = ComposedQuery(some, None, WISH, within=frozenset(searcher.index.ids), top_k=30)
    assert asked(searcher, whole, garments) == search(searcher, reference_id=some, text=WISH, top_k=30)


def test_weight_second_reference_and_untold_negatives_move_the_vector_as_stated(searcher: Searcher) -> None:
    one, other = searcher.index.ids[3], searcher.index.ids[9]
    looks = [np.array(searcher.gallery.features[searcher.index.positions[id_]]) for id_ in (one, other)]
    embed = searcher.backbone.embed_queries
    first, second = (embed([look], [WISH])[0] for look in looks)
    words, pictures = embed([None], [WISH])[0], searcher.backbone.embed_targets(looks)
    negative = embed([None], ["scratchy seams"])[0]  # the lexicon knows no such thing
    both = unit(first + second)
    for options, vector in (
        ({"weight": 0.2}, first + 0.2 * pictures[0]),
        ({"weight": -0.5}, first + 0.5 * words),
        ({"second_id": other}, both),
        ({"second_id": other, "weight": 1.0}, both + unit(pictures[0] + pictures[1])),
        ({"without": "scratchy seams"}, first - NEGATIVE_SHARE * negative),
    ):
        hits = asked(searcher, ComposedQuery(one, None, WISH, top_k=30, **options), {})
        assert one not in ids(hits) and (other not in ids(hits)) == ("second_id" in options)
        cosines = searcher.index.vectors @ unit(vector)
        expected = [float(cosines[searcher.index.positions[hit.id]]) for hit in hits]
        assert [hit.score for hit in hits] == pytest.approx(expected, abs=1e-5)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_filters_equal_filtering_the_whole_ranking(searcher: Searcher, garments: dict) -> None:
    some = searcher.index.ids[3]
    whole = search(searcher, reference_id=some, text=WISH, top_k=30)
    for field, values in searcher.columns(garments).counted().items():
        filters = read_filters({field: values[0][0]})
        query = ComposedQuery(some, None, WISH, filters=filters, top_k=5)
        expected = [hit for hit in whole if passes(garments.get(hit.id), filters)]
        if not expected:
            continue
        hits = asked(searcher, query, garments)
        assert [(hit.id, hit.score) for hit in hits] == [(hit.id, hit.score) for hit in expected[:5]]
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
        assert all(values[0][0] in values_of(garments[hit.id])[field] for hit in hits)


def test_what_records_call_unwanted_comes_last_in_its_order(searcher: Searcher, shop: dict) -> None:
    # as if Closet's photos were drawn garments, so that all have a record
    records = {id_: replace(one, id=id_) for id_, one in zip(searcher.index.ids, shop.values(), strict=False)}
    unwanted = list(read_unwanted("stripes or a belt, black").values())
    assert len(unwanted) == 3
    hits = asked(
        searcher, ComposedQuery(None, None, WISH, without="stripes or a belt, black", top_k=30), records
    )
    plain = search(searcher, text=WISH, top_k=30)
    bad = [hit for hit in plain if has_unwanted(unwanted, records[hit.id])]
    good = [hit for hit in plain if hit not in bad]
    assert bad and good
    assert [(hit.id, hit.score) for hit in hits] == [(hit.id, hit.score) for hit in [*good, *bad]]


@settings(max_examples=30, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 30))
def test_folding_drops_nothing_but_near_duplicates(searcher: Searcher, random: object, top_k: int) -> None:
    """Whatever the order: each folded one is near its leader, no two leaders are, and none is lost."""
    order = list(searcher.index.ids)
    random.shuffle(order)  # type: ignore[attr-defined]
    ranking = [Hit(rank, id_, 1 - rank / 100) for rank, id_ in enumerate(order, 1)]
    found = arrange(searcher, ComposedQuery(text="x", fold=True, top_k=top_k), {}, ranking)
    vector = {id_: searcher.index.vectors[row] for id_, row in searcher.index.positions.items()}
    leaders = ids([one.hit for one in found])
    for place, one in enumerate(found):
        assert all(vector[one.hit.id] @ vector[hit.id] >= NEAR - 1e-6 for hit in one.folded)
        assert all(vector[one.hit.id] @ vector[id_] < NEAR + 1e-6 for id_ in leaders[:place])
    named = [*leaders, *(hit.id for one in found for hit in one.folded)]
    assert len(named) == len(set(named))
    if len(leaders) < top_k:
        assert set(named) == set(order)
    assert leaders == sorted(leaders, key=order.index)
    same = searcher.same[searcher.hash_of("zz-same-again")]  # one photo under two ids is always one
    assert sum(id_ in leaders for id_ in same) <= 1


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"weight": 1.5}, "weight must be from -1"),
        ({"reference_id": None, "second_id": "x"}, "needs a first one"),
        ({"second_id": "nowhere"}, "not among the catalogue"),
        ({"within": frozenset(["nowhere"])}, "no garment is left"),
        ({"reference_id": None, "text": " ", "without": "red"}, "the query is empty"),
        ({"fold": True, "top_k": 0}, "top_k must be"),
    ],
)
def test_options_that_cannot_be_answered_are_refused(
    searcher: Searcher, options: dict, sentence: str
) -> None:
    query = replace(ComposedQuery(searcher.index.ids[0], None, WISH), **options)
    with pytest.raises(HemlineError, match=sentence):
        ask(searcher, query, {})


@pytest.mark.parametrize("filters", [{"size": "L"}, {"colors": ["reddish"]}, {"colors": 3}, ["red"]])
def test_unknown_filters_are_refused(filters: object) -> None:
    with pytest.raises(HemlineError, match=r"field|value|filters"):
        read_filters(filters)


def test_every_phrase_asks_for_its_value_alone() -> None:
    for field, phrases in PHRASES.items():
        for value, words in phrases.items():
            request = read_wish(words).request
            assert dict(request.edits) == {field: frozenset([value])} and not request.add, words
    for detail, words in DETAILS.items():
        assert read_wish(f"with {words}").request.add == {detail}
        assert read_wish(f"without {words}").request.remove == {detail}


def test_suggestions_change_the_reference_and_the_catalogue_answers_them(shop: dict) -> None:
    for reference in list(shop.values())[::150]:
        made = suggestions(reference, shop.values())
        assert 3 <= len(made) <= 6
        for words in made:
            request = read_wish(words, reference).request
            assert not met(request, reference)
            assert any(
                met(request, garment) and kept(request, reference, garment)["kind"]
                for garment in shop.values()
            )


def test_what_a_hit_meets_and_kept_is_told_from_records_or_captions() -> None:
    lines = json.loads((WARDROBE / "lines.json").read_text())
    shop = read_garments(WARDROBE / "garments.jsonl")
    before, after = shop[lines[0][0]], shop[lines[0][1]]  # grey and brown, the second with buttons
    told = by_record("in brown, sleeveless, no belt", "buttons, scratchy seams", before, after)
    assert {part.words: part.met for part in told.parts} == {
        "brown": True, "sleeveless": True, "no belt": True, "no buttons": False
    }  # fmt: skip
    assert "pattern" in told.kept and ("details", "contrast-trim", "buttons, contrast-trim") in told.changed
    unknown = by_record("in brown", "buttons", None, None)
    assert [part.met for part in unknown.parts] == [None, None] and not unknown.kept
    said = by_caption(
        "in red with a belt, no zip", "dots", "a plain blue midi dress", "a plain red mini dress"
    )
    assert {part.words: part.met for part in said.parts} == {
        "red": True, "belt": None, "no zip": None, "no dots": True
    }  # fmt: skip
    assert "pattern" in said.kept and ("length", "midi", "mini") in said.changed
