"""The endpoints as programs use them, against a running app; and app.py that cannot start."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from core.composed import ComposedQuery, ask
from core.errors import HemlineError
from core.map import load_map
from core.search import describe, open_searcher, search
from demo.setup import BASELINE, find_places
from demo.thumbnails import PREFIX
from tests.forked_runs import forked
from tests.running_app import ROOT, App
from tests.small_catalogue import make_model


@pytest.fixture(scope="module")
def client(app: App) -> Client:
    return Client(app.url, verbose=False)


@pytest.fixture(scope="module")
def ids(app: App) -> list[str]:
    found: list[str] = json.loads((app.index / "ids.json").read_text())
    return found


def photo_of(app: App, id_: str) -> Path:
    return app.model.parent / "closet" / "images" / f"{id_}.jpg"


def refused(client: Client, endpoint: str = "/search", **query: object) -> str:
    with pytest.raises(AppError) as caught:
        client.predict(**query, api_name=endpoint)
    return str(caught.value)


def test_search_answers_what_core_search_answers(app: App, client: Client, ids: list[str]) -> None:
    searcher = open_searcher(app.model, app.index)
    for query in (
        {"reference_id": ids[0], "text": "but red with long sleeves"},
        {"reference_id": ids[5]},
        {"text": "a striped shirt"},
    ):
        answer = client.predict(**query, top_k=7, api_name="/search")
        expected = search(searcher, **query, top_k=7)
        assert [(hit["rank"], hit["id"]) for hit in answer] == [(hit.rank, hit.id) for hit in expected]
        assert [hit["score"] for hit in answer] == pytest.approx([hit.score for hit in expected], abs=1e-5)
        assert all(set(hit) == {"rank", "id", "score"} for hit in answer)


def test_every_argument_may_be_left_out_and_top_k_is_ten(client: Client) -> None:
    assert len(client.predict(text="blue", api_name="/search")) == 10


def test_options_answer_what_core_composed_answers(app: App, client: Client, ids: list[str]) -> None:
    searcher, garments = open_searcher(app.model, app.index), {}
    for line in (app.model.parent / "closet" / "garments.jsonl").read_text().splitlines():
        garments[json.loads(line)["image"]] = json.loads(line)
    asked = {"reference_id": ids[0], "text": "in red"}
    answer = client.predict(
        **asked, second_reference_id=ids[5], without="scratchy seams", weight=0.4, top_k=7, api_name="/search"
    )
    query = ComposedQuery(ids[0], None, "in red", ids[5], 0.4, "scratchy seams", top_k=7)
    assert [hit["id"] for hit in answer] == [found.hit.id for found in ask(searcher, query, {})]
    shirts = client.predict(**asked, filters={"category": ["shirt"]}, within=ids[:30], api_name="/search")
    expected = [id_ for id_ in ids[:30] if garments[id_]["category"] == "shirt"]
    assert sorted(hit["id"] for hit in shirts) == sorted(set(expected) - {ids[0]})
    folded = client.predict(**asked, fold=True, top_k=100, api_name="/search")
    named = [id_ for hit in folded for id_ in (hit["id"], *hit["near_duplicates"])]
    assert sorted(named) == sorted(set(ids) - {ids[0]})


def test_an_uploaded_catalogue_photo_is_the_reference_itself(
    app: App, client: Client, ids: list[str]
) -> None:
    photo = handle_file(str(photo_of(app, ids[3])))
    uploaded = client.predict(reference_image=photo, text="in blue", top_k=5, api_name="/search")
    by_id = client.predict(reference_id=ids[3], text="in blue", top_k=5, api_name="/search")
    assert [hit["id"] for hit in uploaded] == [hit["id"] for hit in by_id]
    assert ids[3] not in [hit["id"] for hit in uploaded]


def test_top_k_is_capped_not_refused(client: Client, ids: list[str]) -> None:
    answer = client.predict(text="blue", top_k=100_000, api_name="/search")
    assert [hit["rank"] for hit in answer] == list(range(1, len(ids) + 1))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({}, "the query is empty"),
        ({"text": "  "}, "the query is empty"),
        ({"reference_id": "nowhere"}, "'nowhere' is not among the catalogue's 40 ids"),
        ({"text": "red", "top_k": 0}, "top_k must be a whole number from 1"),
        ({"text": "red", "top_k": 2.5}, "top_k must be a whole number"),
        ({"text": "red", "top_k": True}, "top_k must be a whole number"),
        ({"text": ["red"]}, "text must be a string"),
        ({"text": "red", "weight": "more"}, "weight must be a number"),
        ({"text": "red", "filters": {"size": ["L"]}}, "'size' is no field to filter by"),
        ({"text": "red", "within": "all"}, "within must be a list of ids"),
        ({"text": "red", "second_reference_id": "nowhere"}, "needs a first one"),
        ({"text": "red", "without": ["blue"]}, "without must be a string"),
        ({"reference_image": "shirt.jpg"}, "reference_image must be an uploaded file"),
        ({"text": "red " * 300}, "long"),
    ],
)
def test_a_bad_query_is_refused_in_a_sentence(
    client: Client, query: dict[str, object], sentence: str
) -> None:
    assert sentence in refused(client, **query)


def test_a_text_file_named_jpg_is_refused(client: Client, tmp_path: Path) -> None:
    (tmp_path / "dress.jpg").write_text("this is no photo")
    message = refused(client, reference_image=handle_file(str(tmp_path / "dress.jpg")), text="in red")
    assert "not a picture" in message
    assert "/gradio" not in message


def test_two_references_are_refused(app: App, client: Client, ids: list[str]) -> None:
    photo = handle_file(str(photo_of(app, ids[3])))
    assert "twice" in refused(client, reference_id=ids[0], reference_image=photo)


@pytest.mark.parametrize("marked", [{}, {"meta": {"_type": "gradio.FileData"}}])
def test_a_file_of_the_server_is_never_read(app: App, ids: list[str], marked: dict[str, object]) -> None:
    """A client of ours would upload the file; a hostile one names a path of the server."""
    path = str(photo_of(app, ids[0]))
    body = json.dumps({"data": [None, {"path": path, **marked}, None, 3]}).encode()
    address = f"{app.url}/gradio_api/call/search"
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
    event = json.load(urllib.request.urlopen(request))["event_id"]
    answer = urllib.request.urlopen(f"{address}/{event}").read().decode()
    assert "event: error" in answer
    assert "rank" not in answer


def test_the_caption_is_the_models_own_for_an_id_and_an_upload(
    app: App, client: Client, closet_dir: Path, ids: list[str], tmp_path: Path
) -> None:
    searcher = open_searcher(app.model, app.index)
    for id_ in ids[:3]:
        by_id = client.predict(reference_id=id_, api_name="/describe")
        assert by_id["words"] and by_id["words"] == describe(searcher, reference_id=id_)
        assert by_id["garment"]["id"] == id_ and by_id["garment"]["colors"]
    photo = sorted((closet_dir / "images").glob("*.jpg"))[0]
    uploaded = client.predict(reference_image=handle_file(str(photo)), api_name="/describe")
    assert uploaded == {"words": describe(searcher, reference_image=photo), "garment": {}}
    (tmp_path / "dress.jpg").write_text("this is no photo")
    for question, sentence in (
        ({}, "there is no photo to describe"),
        ({"reference_id": "nowhere"}, "'nowhere' is not among the catalogue's 40 ids"),
        ({"reference_image": handle_file(str(tmp_path / "dress.jpg"))}, "not a picture"),
    ):
        assert sentence in refused(client, "/describe", **question)


def test_programs_see_these_endpoints_alone(client: Client) -> None:
    named = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(named) == {"/search", "/describe", "/versions", "/judge", "/export", "/errors"}
    assert all(endpoint["description"] for endpoint in named.values())


def test_a_program_judges_as_the_page_does_and_fetches_what_was_judged(
    client: Client, ids: list[str]
) -> None:
    query = {"reference_id": ids[1], "text": "in green", "annotator": "robot"}
    first = client.predict(reference_id=ids[1], text="in green", top_k=40, api_name="/search")[11]
    said = {**query, "hit_id": first["id"], "reason": "<b>${1}</b>"}
    seq = client.predict(**said, verdict="acceptable", api_name="/judge")["saved"]
    warned = client.predict(**said, verdict="hard negative", api_name="/judge")  # it was judged right
    assert warned["saved"] is None and warned["warnings"]
    names = [caution["name"] for caution in warned["warnings"]]
    again = client.predict(**said, verdict="hard negative", second_look=names, api_name="/judge")
    assert again["saved"] > seq and again["warnings"] == []
    (standing,) = client.predict(annotator="robot", api_name="/export")
    assert (standing["seq"], standing["verdict"]) == (again["saved"], "hard negative")
    assert (standing["rank"], standing["score"]) == (12, pytest.approx(first["score"], abs=1e-5))
    assert (standing["reference_id"], standing["text"], standing["reason"]) == (
        ids[1],
        "in green",
        "<b>${1}</b>",
    )
    events = client.predict(annotator="robot", standing=False, api_name="/export")
    assert [event["verdict"] for event in events] == ["acceptable", "hard negative"]
    for wrong, sentence in (
        ({"verdict": "splendid"}, "a verdict here is one of"),
        ({"verdict": "unsure", "hit_id": ids[1]}, "is no answer to this query"),
        ({"verdict": "unsure", "hit_id": "nowhere"}, "is no answer to this query"),
        ({"verdict": "unsure", "reason": "x" * 1_000_000}, "at most 500 characters"),
    ):
        assert sentence in refused(client, "/judge", **{**said, **wrong})


def test_the_documented_examples_run(app: App, client: Client, ids: list[str]) -> None:
    told = (Path(__file__).parents[1] / "docs/app.md").read_text("utf-8").split("## For programs")[1]
    python, shell = told.split("```python")[1].split("```")[0], told.split("```\n```")[1].split("```")[0]
    for documented, here in (
        ("http://127.0.0.1:7860", app.url),
        ("shop-0000a", ids[0]),
        ("mine.jpg", str(photo_of(app, ids[1]))),
    ):
        python, shell = python.replace(documented, here), shell.replace(documented, here)
    before = len(client.predict(standing=False, api_name="/export"))
    exec(compile(python, "docs/app.md", "exec"), {})
    assert len(client.predict(standing=False, api_name="/export")) == before + 1
    begun, asked = shell.strip().split("    # ")[0], shell.strip().splitlines()[-1]
    event = json.loads(subprocess.run(begun, shell=True, capture_output=True, check=True).stdout)["event_id"]
    answer = subprocess.run(
        asked.replace("ID", event), shell=True, capture_output=True, text=True, check=True
    )
    assert "event: complete" in answer.stdout and '"rank": 1' in answer.stdout


@pytest.mark.parametrize("path", ["card/" + "0" * 32, "card/..%2F..%2Findex", "huge/" + "0" * 32])
def test_thumbnails_of_unknown_names_are_not_found(app: App, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{app.url}{PREFIX}/thumbnails/{path}.webp")
    assert caught.value.code == 404


def ended(*arguments: object, **variables: str) -> tuple[int, str]:
    """The exit code of an app that should not start, and what it says."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HEMLINE_")}
    line = [sys.executable, "app.py", *map(str, arguments)]
    done = subprocess.run(
        line, cwd=ROOT, env={**clean, **variables}, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def test_an_index_of_another_model_is_refused(app: App, tmp_path: Path) -> None:
    other = make_model(tmp_path / "other", seed=1)
    done = forked()("app", "--model", other, "--index", app.index, "--judgements", tmp_path / "j.sqlite")
    code, said = done.code, done.out + done.err
    assert code == 2
    assert "was built by another model" in said
    assert "python -m core.catalogue build" in said
    assert len(said.strip().splitlines()) == 1, said


def test_a_missing_index_says_what_makes_one(app: App) -> None:
    code, said = ended(HEMLINE_MODEL=str(app.model))
    assert code == 2
    assert "python -m core.catalogue build --model" in said
    assert len(said.strip().splitlines()) == 1, said


def test_without_what_ships_it_says_so_and_what_to_name_instead(tmp_path: Path) -> None:
    with pytest.raises(HemlineError, match=r"hemline\.json is missing.*--model RUN --index INDEX"):
        find_places(None, None, assets=tmp_path)
    with pytest.raises(HemlineError, match=r"--index is missing.*core\.catalogue build"):
        find_places(tmp_path / "model", None)


def test_what_ships_is_wardrobe_by_the_model_and_beside_it_by_clip() -> None:
    first, beside = find_places(None, None)
    assert first.name == "" and beside.name == BASELINE
    searchers = [open_searcher(places.model, places.index, places.images) for places in (first, beside)]
    assert [searcher.backbone.spec.kind for searcher in searchers] == ["mllm", "clip"]
    ids = searchers[0].index.ids
    assert len(ids) >= 1200 and searchers[1].index.ids == ids
    assert set(searchers[0].captions) == set(ids) and load_map(first.index) is not None
    assert describe(searchers[0], reference_id=ids[0])
    for searcher in searchers:
        found = search(searcher, reference_id=ids[0], text="in another colour", top_k=5)
        assert len(found) == 5 and all(searcher.pictures[hit.id].is_file() for hit in found)
