"""What the Judge tab offers as "Useful next", over a small catalogue with queries on file."""

from pathlib import Path

import pytest

import demo.useful
from core.building import build
from core.judgements import open_store
from core.next_queries import NOTHING_SPECIAL, WHY
from core.search import open_searcher
from core.verdicts import Event, Judgement
from demo.guarding import on_file
from demo.service import Service, built_fingerprint
from demo.thumbnails import Thumbnails
from demo.useful import useful_count, useful_queries
from tests.running_app import small_closet
from tests.small_catalogue import make_model


@pytest.fixture(scope="module")
def service(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Service:
    folder = tmp_path_factory.mktemp("useful")
    images = small_closet(closet_dir, folder / "closet") / "images"
    model = make_model(folder / "model")
    build(model, images, folder / "index")
    searcher = open_searcher(model, folder / "index")
    return Service(
        searcher=searcher,
        store=open_store(folder / "judgements.db"),
        garments={},
        thumbnails=Thumbnails(folder / "thumbnails", searcher.pictures),
        model_fingerprint=built_fingerprint(model),
        index_fingerprint=searcher.index.card.fingerprint,
        checkpoint=model,
    )


def test_queries_are_offered_with_a_reason_until_somebody_judged_them(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.useful, "SECONDS", 600.0)  # also where the machine has much else to do
    offered = useful_queries(service, [])
    assert {(one.reference_id, one.text) for one in offered} == set(on_file(service).queries)
    assert {one.why for one in offered} <= {*WHY.values(), NOTHING_SPECIAL}
    assert offered[0].why != NOTHING_SPECIAL
    assert useful_queries(service, []) == offered
    first = offered[0]
    said = Judgement(
        "Ada", offered[1].reference_id, 1, 0.5, "acceptable", "m", "i", first.reference_id, text=first.text
    )
    left = useful_queries(service, [Event(1, said)])
    assert sorted(map(repr, left)) != sorted(map(repr, offered)) and len(left) == len(offered) - 1
    assert useful_count(service, [Event(1, said)]) == len(left)
    assert (first.reference_id, first.text) not in {(one.reference_id, one.text) for one in left}


def test_without_time_to_answer_them_they_are_offered_as_they_are_on_file(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.useful, "SECONDS", -1.0)
    fresh = Service(**{**vars(service), "name": "another", "history": []})
    offered = useful_queries(fresh, [])
    assert [(one.reference_id, one.text) for one in offered] == list(on_file(fresh).queries)
    assert {one.why for one in offered} == {NOTHING_SPECIAL}
