"""Judging without a browser: acts that are refused, second looks that tell nothing, queues, the share."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from core.building import build
from core.judgements import events
from demo.catalogues import Catalogues
from demo.guarding import known_targets
from demo.queues import agreement_page, judge_item, queue_page
from demo.second_share import DEFAULT, FILE, read_share, write_share
from demo.service import Service, open_service
from demo.settings import read_settings
from demo.verdicts import judge
from tests.running_app import small_closet
from tests.small_catalogue import make_model


@dataclass(frozen=True)
class Desk:
    """An open service over forty photos; `reference`, `target` and `words` are a query on file."""

    service: Service
    reference: str
    target: str
    words: str

    def act(self, hits: list[str], verdict: str, /, **more: Any) -> dict[str, Any]:
        """The answer to an act of `who`; further words replace parts of the act."""
        who = more.pop("who", "ann")
        act = {
            "turn": 1,
            "query": self.query(more.pop("text", self.words)),
            "hits": [{"id": id_, "rank": place, "score": 0.5} for place, id_ in enumerate(hits, start=1)],
            "verdict": verdict,
            "model": self.service.model_fingerprint,
            "index": self.service.index_fingerprint,
            "sitting": "s-" + who,
        }
        return judge(self.service, act | more, who, "")

    def query(self, text: str) -> dict[str, Any]:
        sha = self.service.searcher.hash_of(self.reference)
        return {"reference_id": self.reference, "reference_hash": sha, "text": text}

    def item(self, hit: str, text: str) -> list[Any]:
        return [self.query(text)["reference_hash"], text, hit]


@pytest.fixture(scope="module")
def folder(closet_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judging")
    data = small_closet(closet_dir, folder / "closet")
    build(make_model(folder / "model"), data / "images", folder / "index")
    return folder


@pytest.fixture
def desk(folder: Path, tmp_path: Path) -> Iterator[Desk]:
    settings = read_settings({"HEMLINE_DATA": str(tmp_path)})
    service = open_service(folder / "model", folder / "index", settings)
    row = json.loads((folder / "closet/captions/cap.dress.val.json").read_text())[0]
    yield Desk(service, row["candidate"], row["target"], row["captions"][0])
    service.store.close()


def others(desk: Desk, count: int) -> list[str]:
    """Hits that nothing speaks for."""
    return [id_ for id_ in desk.service.searcher.pictures if id_ not in (desk.reference, desk.target)][:count]


def test_an_act_saves_all_its_hits_or_none(desk: Desk) -> None:
    hits = others(desk, 3)
    answer = desk.act(hits, "near-duplicate", reason=" two\n words ")
    assert answer["saved"] == [1, 2, 3] and list(answer["state"]["verdicts"]) == hits
    assert {said["reason"] for said in answer["state"]["verdicts"].values()} == {"two words"}
    for wrong in (
        {"verdict": "undo"},
        {"verdict": "splendid"},
        {"reason": "x" * 1_000_000},
        {"reason": ["a list"]},
        {"hits": []},
        {"hits": "all"},
        {"hits": [{"id": hits[0], "rank": 1, "score": 0.5}, {"id": "gone", "rank": 2, "score": 0.5}]},
        {"hits": [{"id": hits[0], "rank": 1, "score": 0.5}, {"id": hits[1], "rank": 0, "score": 0.5}]},
        {"hits": [{"id": hits[0], "rank": 1, "score": 0.5}] * 101},
        {"index": "another"},
        {"step": "sideways"},
        {"undoes": [99]},
        {"query": None},
    ):
        assert desk.act(hits, "acceptable", **wrong)["problem"], wrong
    assert len(events(desk.service.store)) == 3


def test_a_known_target_is_held_back_until_it_was_looked_at(desk: Desk) -> None:
    plain = others(desk, 1)[0]
    answer = desk.act([desk.target, plain], "hard negative")
    assert [warning["hit"]["id"] for warning in answer["warned"]] == [desk.target]
    names = [caution["name"] for caution in answer["warned"][0]["cautions"]]
    assert "judged right" in names and len(answer["saved"]) == 1
    # a warning that was not shown does not count as seen, nor does one of another hit
    for looked in ({desk.target: ["near the target"]}, {plain: names}, "all"):
        assert desk.act([desk.target], "hard negative", second_look=looked)["warned"]
    assert desk.act([desk.target], "hard negative", second_look={desk.target: names})["saved"]
    assert list(events(desk.service.store)[-1].judgement.second_look) == names


def test_the_words_on_file_are_found_in_other_spelling_and_nowhere_else(desk: Desk) -> None:
    for text in ("Is  another.", "is another and not this one", "not this one, is another"):
        assert known_targets(desk.service, desk.query(text), []) == [desk.target]
    assert known_targets(desk.service, desk.query("is another one"), []) == []


def test_a_second_look_learns_nothing_of_the_first(desk: Desk) -> None:
    catalogues = Catalogues(desk.service, None)
    hit = others(desk, 1)[0]
    write_share(desk.service.store, 100)
    desk.act([hit], "acceptable", text="some words")
    wish = {"source": "second", "annotator": "bob"}
    page = queue_page(catalogues, wish)
    assert page["left"] == 1 and "acceptable" not in json.dumps(page) and "ann" not in json.dumps(page)
    assert queue_page(catalogues, wish | {"annotator": "ann"})["left"] == 0
    act = {"turn": 7, "source": "second", "item": desk.item(hit, "some words"), "verdict": "hard negative"}
    assert "first" in judge_item(catalogues, act, "ann", "")["problem"]  # her own
    answer = judge_item(catalogues, act, "bob", "")
    assert answer["warned"] == [], "that somebody judged it right must not be told"
    assert answer["first"]["verdict"] == "acceptable" and answer["turn"] == 7
    assert queue_page(catalogues, wish)["done"] == 1
    contested = queue_page(catalogues, {"source": "disagreements", "annotator": "cleo"})["items"]
    assert [said["verdict"] for said in contested[0]["said"]] == ["acceptable", "hard negative"]
    settled = judge_item(catalogues, act | {"source": "disagreements", "verdict": "unsure"}, "cleo", "")
    assert (
        settled["saved"]
        and queue_page(catalogues, {"source": "disagreements"})["counts"]["disagreements"] == 0
    )
    assert agreement_page(catalogues, {})["overall"]["units"] == 1
    for wrong in (
        {"item": [1, 2, 3]},
        {"item": None},
        {"source": "useful"},
        {"verdict": "undo"},
        {"item": [None, "no", "no"]},
    ):
        assert judge_item(catalogues, act | wrong, "dora", "")["problem"], wrong


def test_useful_queries_are_those_on_file_that_nobody_judged(desk: Desk) -> None:
    catalogues = Catalogues(desk.service, None)
    wish = {"source": "useful", "annotator": "ann", "catalogue": "gone"}
    first, *rest = queue_page(catalogues, wish)["items"]
    assert first["reference"]["id"] == desk.reference and first["text"] == "is another and not this one"
    desk.act(others(desk, 1), "acceptable", text=first["text"])
    assert queue_page(catalogues, wish)["items"] == rest


def test_undo_is_of_this_person_and_sitting(desk: Desk) -> None:
    hit = others(desk, 1)
    desk.act(hit, "acceptable")
    desk.act(hit, "unsure", who="bob")
    answer = desk.act([], "", step="undo")
    assert answer["told"]["verdict"] == "acceptable" and answer["state"]["total"] == 0
    assert desk.act([], "", step="undo")["told"]["nothing"]
    assert desk.act([], "", step="undo", sitting="another tab")["told"]["nothing"]
    assert desk.act([], "", who="bob", undoes=[1])["problem"]
    assert desk.act([], "", step="redo")["state"]["verdicts"][hit[0]]["verdict"] == "acceptable"


def test_the_share_is_kept_and_a_spoilt_file_is_the_default(desk: Desk) -> None:
    store = desk.service.store
    assert read_share(store) == DEFAULT
    assert write_share(store, 33.4) == 33 and read_share(store) == 33
    for spoilt in ("", "[]", '{"percent": "many"}', '{"percent": 101}', '{"percent": true}'):
        store.path.with_name(FILE).write_text(spoilt)
        assert read_share(store) == DEFAULT, spoilt
    for wrong in (-1, 101, "10", None, True):
        with pytest.raises(Exception, match="0 to 100"):
            write_share(store, wrong)
