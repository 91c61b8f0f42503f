"""Nobody's answer depends on who else asks, and nothing is remembered longer than it is true."""

import random
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from core.asking import Asking, Shown, Told
from core.backbones import load_backbone
from core.backbones.base import Backbone
from core.backbones.mllm import add_adapters
from core.backbones.query_side import query_tensors, with_query_side
from core.backbones.scope import Scope
from core.building import build
from core.composed import ComposedQuery, ask
from core.errors import HemlineError
from core.search import open_searcher, search
from tests.small_catalogue import copy_photos, make_model
from tests.tiny_backbones import KINDS, drawn, tiny

ASSETS = Path(__file__).parents[1] / "assets"
SAID = (
    "in red",
    "but shorter, and with long sleeves please",
    "I'd rather have it in denim with a belt and without the stripes, if there is such a thing at all",
    "the same in dark green; not so garish; with a hood",
    "with a collar",
)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)  # as the app computes


def asked_of(backbone: Backbone, count: int) -> list[tuple[np.ndarray | None, str | None]]:
    """Queries of every kind: picture and words of all lengths, words alone, a picture alone."""
    glimpses = [backbone.glimpse(picture) for picture in drawn(3)]
    found: list[tuple[np.ndarray | None, str | None]] = []
    for turn in range(count):
        words = " ".join(SAID[turn % len(SAID)].split()[: 1 + turn % 17])
        found.append((None if turn % 4 == 3 else glimpses[turn % 3], None if turn % 6 == 2 else words))
    return found


def assert_alone_as_together(backbone: Backbone, count: int = 36) -> None:
    asked, chance = asked_of(backbone, count), random.Random(0)
    alone = np.concatenate([backbone.embed_glimpses([look], [words]) for look, words in asked])
    for size in (2, 3, count // 2, count):
        some = chance.sample(range(count), size)
        looks, words = zip(*[asked[row] for row in some], strict=True)
        assert np.array_equal(backbone.embed_glimpses(looks, words), alone[some]), size


@pytest.mark.parametrize("kind", ["mllm", "llava-style", "minigpt4-style", "clip-sum", "clip-combiner"])
def test_a_vector_is_bit_for_bit_the_same_alone_and_beside_any_others(kind: str) -> None:
    assert kind in KINDS
    backbone = tiny(kind)
    assert_alone_as_together(backbone)
    looks, words = drawn(5), list(SAID)
    together = backbone.embed_queries(looks, words)
    alone = [backbone.embed_queries([look], [said])[0] for look, said in zip(looks, words, strict=True)]
    seen = backbone.embed_glimpses([backbone.glimpse(look) for look in looks], words)
    assert np.array_equal(together, alone) and np.array_equal(together, seen)


@pytest.mark.parametrize("shipped", ["model", "clip"])
def test_so_are_those_of_what_ships(shipped: str) -> None:
    assert_alone_as_together(load_backbone(ASSETS / shipped), 18)


def test_so_are_those_of_a_refined_model_inside_its_scope_and_outside() -> None:
    plain = tiny("mllm")
    add_adapters(plain)
    twin = with_query_side(plain, {name: value + 0.3 for name, value in query_tensors(plain).items()})
    looks, words = zip(*asked_of(plain, 8), strict=True)
    anchors = torch.from_numpy(plain.embed_glimpses(looks, words)[::3].copy())
    twin.scope = Scope(plain, anchors, torch.full(anchors.shape, 0.01))
    assert_alone_as_together(twin)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, closet_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("asking")
    copy_photos(closet_dir, folder / "images", 12)
    build(make_model(folder / "model"), folder / "images", folder / "index")
    return folder


def test_many_at_once_get_the_very_answers_of_one_after_the_other(world: Path) -> None:
    plain = open_searcher(None, world / "index")
    sizes: list[int] = []
    shared = replace(plain, asking=Asking(size=8, window=0.05, told=Told(batch=sizes.append)))
    ids, photo = plain.index.ids, next((world / "images").iterdir()).read_bytes()
    queries = [ComposedQuery(ids[turn % 12], None, SAID[turn % 5], top_k=12) for turn in range(20)]
    queries += [ComposedQuery(None, photo, SAID[0]), ComposedQuery(None, None, SAID[1])]
    queries += [ComposedQuery(ids[0], None, "in red", ids[1], weight=0.4, without="scratchy seams")]
    expected = [ask(plain, query, {}) for query in queries]
    found: dict[int, object] = {}

    def run(place: int) -> None:
        assert shared.asking is not None
        with shared.asking.batcher.coming():
            found[place] = ask(shared, queries[place], {})

    for _ in range(2):  # the second time everything is remembered
        threads = [threading.Thread(target=run, args=(place,)) for place in range(len(queries))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert [found[place] for place in range(len(queries))] == expected
    assert max(sizes) > 1 and sum(sizes) <= len(queries) + 3


def test_a_version_never_answers_with_what_another_one_remembered(world: Path) -> None:
    plain = open_searcher(None, world / "index")
    add_adapters(plain.backbone)  # type: ignore[arg-type]
    pictures: list[bool] = []
    asking = Asking(told=Told(picture=pictures.append))
    other = with_query_side(
        plain.backbone, {name: value + 0.3 for name, value in query_tensors(plain.backbone).items()}
    )
    first = replace(plain, asking=asking)
    second = replace(first, backbone=other)
    query = {"reference_id": plain.index.ids[0], "text": SAID[0]}
    before = search(first, **query)
    assert search(second, **query) == search(replace(second, asking=None), **query) != before
    assert search(first, **query) == before
    assert pictures == [False, True]  # a version sees pictures with the same eyes


def test_bad_words_are_refused_and_spoil_no_ones_answer(world: Path) -> None:
    searcher = replace(open_searcher(None, world / "index"), asking=Asking())
    with pytest.raises(HemlineError, match="long"):
        search(searcher, text="red " * 300)
    assert search(searcher, text="red")


def test_a_picture_that_is_not_known_by_its_bytes_is_not_remembered(world: Path) -> None:
    searcher = open_searcher(None, world / "index")
    asking = Asking()
    for picture in drawn(2):
        shown = Shown(None, lambda picture=picture: picture, "any")
        alone = searcher.backbone.embed_queries([picture], [SAID[0]])[0]
        assert np.array_equal(asking.vector(searcher.backbone, shown, SAID[0]), alone)
    assert not len(asking.pictures) and not len(asking.queries)
