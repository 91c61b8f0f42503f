"""The running app towards many: who is let in, who is told to come back, what happens when one leaves."""

import json
import os
import signal
import socket
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from core.backbones import base
from core.building import build
from demo.catalogues import Catalogues
from demo.thumbnails import PREFIX
from demo.traffic import Refused, Traffic
from tests.forked_runs import runs, start_forked
from tests.running_app import App
from tests.small_catalogue import copy_photos, make_model


def fetched(url: str, values: object = None) -> tuple[int, bytes, dict[str, str]]:
    """Status, content and headers; of a refusal too."""
    data = None if values is None else values if isinstance(values, bytes) else json.dumps(values).encode()
    try:
        request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as refused:
        answer = refused
    with answer:
        return answer.status, answer.read(), dict(answer.headers)


def counted(app: App) -> dict[str, float]:
    lines = fetched(f"{app.url}/metrics")[1].decode().splitlines()
    return {name: float(value) for name, _, value in (x.rpartition(" ") for x in lines) if name[:1] != "#"}


def test_it_says_that_it_is_up_and_with_what(app: App) -> None:
    for place in ("/healthz", f"{PREFIX}/healthz"):
        status, content, _ = fetched(app.url + place)
        assert status == 200 and json.loads(content).keys() == {"status", "model", "garments"}
        assert json.loads(content)["status"] == "up"


def test_it_counts_requests_batches_and_memory_and_names_nobody(app: App) -> None:
    before = counted(app)
    query = {"text": "a very particular wish", "top_k": 3}
    status, content, _ = fetched(f"{app.url}{PREFIX}/search", query)
    assert status == 200 and [hit["rank"] for hit in json.loads(content)] == [1, 2, 3]
    hit = json.loads(content)[0]["id"]
    judged = query | {"hit_id": hit, "verdict": "acceptable", "annotator": "Nobody Known"}
    del judged["top_k"]
    status, content, _ = fetched(f"{app.url}{PREFIX}/judge", judged)
    assert status == 200 and json.loads(content)["saved"] > 0
    assert fetched(f"{app.url}{PREFIX}/search", {})[0] == 422
    after = counted(app)
    change = {name: after[name] - before.get(name, 0) for name in after}
    assert change['hemline_requests_total{endpoint="search",outcome="answered"}'] == 1
    assert change['hemline_requests_total{endpoint="search",outcome="refused"}'] == 1
    assert change['hemline_requests_total{endpoint="judge",outcome="answered"}'] == 1
    assert change["hemline_judgements_total"] == 1
    assert change["hemline_batch_size_count"] == 1  # the judged query was remembered
    assert change['hemline_remembered_total{found="true",what="query"}'] == 1
    assert after["hemline_inside"] == after["hemline_waiting"] == 0
    assert after["process_resident_memory_bytes"] > 10**7
    text = fetched(f"{app.url}/metrics")[1].decode()
    assert "particular" not in text and "Nobody" not in text


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"", "must be a JSON object"),
        (b"[1]", "must be a JSON object"),
        (b"[" * 100_000, "must be a JSON object"),
        ({"text": "red", "colour": "red"}, "there is no argument 'colour'"),
        ({"text": ["red"]}, "text must be a string"),
        ({"text": "red", "top_k": 0}, "top_k must be a whole number from 1"),
        ({"text": "red", "catalogue": "Nowhere"}, "there is no catalogue called 'Nowhere'"),
        ({"text": "red", "within": ["x" * 2**20]}, "longer than 1,048,576 bytes"),
        ({"reference_image": {"path": "/etc/passwd"}}, "was not uploaded"),
    ],
)
def test_a_bad_request_is_refused_in_a_sentence(app: App, sent: object, sentence: str) -> None:
    status, content, _ = fetched(f"{app.url}{PREFIX}/search", sent)
    assert status == 422 and sentence in json.loads(content)["error"]


def test_the_plain_endpoint_answers_what_gradios_does(app: App) -> None:
    ids = json.loads((app.index / "ids.json").read_text())
    values = {"reference_id": ids[0], "text": "in red", "fold": True, "within": ids[:9]}
    plain = json.loads(fetched(f"{app.url}{PREFIX}/search", values)[1])
    begun = fetched(f"{app.url}/gradio_api/call/v2/search", values)[1]
    assert b"event_id" in begun, begun
    event = json.loads(begun)["event_id"]
    told = fetched(f"{app.url}/gradio_api/call/search/{event}")[1].decode()
    assert json.loads(told.split("event: complete\ndata: ")[1].split("\n")[0])[0] == plain


# --- who is let in ----------------------------------------------------------------------------------------


def test_so_many_searches_and_no_more_and_judging_never_waits_for_them() -> None:
    traffic = Traffic(queue=2)
    with traffic.search("search"), traffic.search("search"):
        with pytest.raises(Refused, match=r"busy: 2 searches are waiting.*in a moment"):
            traffic.search("search").__enter__()
        with traffic.errand("judge"):
            assert traffic.inside == 3
    with traffic.search("search"):
        assert traffic.inside == 1
    found = {
        tuple(sample.labels.values()): sample.value
        for metric in traffic.metrics.requests.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }
    assert found == {("search", "answered"): 3, ("search", "busy"): 1, ("judge", "answered"): 1}


def test_a_newer_query_of_the_page_takes_the_place_of_the_older() -> None:
    traffic = Traffic()
    with (
        traffic.search("ask", page="a") as older,
        traffic.search("ask", page="b") as another,
        traffic.search("ask", page="a") as newer,
    ):
        assert (older.superseded, another.superseded, newer.superseded) == (True, False, False)
    with traffic.search("ask", page="a") as later:
        assert not later.superseded


def test_stopping_lets_nobody_in_and_waits_for_who_is_inside() -> None:
    traffic, inside, leave = Traffic(), threading.Event(), threading.Event()

    def search() -> None:
        with traffic.search("search"):
            inside.set()
            leave.wait(10)

    thread = threading.Thread(target=search)
    thread.start()
    assert inside.wait(10)
    assert not traffic.stop(0.05)
    for enter in (traffic.search, traffic.errand):
        with pytest.raises(Refused, match="being stopped"):
            enter("search").__enter__()
    leave.set()
    assert traffic.stop(10)
    thread.join(10)


# --- who leaves -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, closet_dir: Path) -> Path:
    folder = tmp_path_factory.mktemp("serving")
    copy_photos(closet_dir, folder / "images", 6)
    build(make_model(folder / "model"), folder / "images", folder / "index")
    return folder


@contextmanager
def served(world: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Catalogues, int]]:
    """The endpoints over a small catalogue, in this process, so that its model can be kept busy."""
    import gradio as gr

    from demo.api import add_endpoints
    from demo.api_plain import plain_routes
    from demo.catalogues import open_catalogues
    from demo.service import open_service
    from demo.settings import read_settings

    settings = replace(read_settings({}, world, world / "none"), bring=False, refine=False)
    threads = torch.get_num_threads()
    service = open_service(world / "model", world / "index", settings)
    catalogues = open_catalogues(service, settings)
    with gr.Blocks() as page:
        add_endpoints(catalogues)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page.queue()
    page.launch(
        server_port=port,
        prevent_thread_lock=True,
        quiet=True,
        app_kwargs={"routes": plain_routes(catalogues)},
    )
    try:
        yield catalogues, port
    finally:
        page.close(verbose=False)
        torch.set_num_threads(threads)


def until(met: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not met():
        assert time.monotonic() < ends
        time.sleep(0.005)


def sent(port: int, path: str, values: object) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    body = json.dumps(values).encode()
    connection.sendall(
        f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    )
    return connection


def test_who_hangs_up_frees_the_place_before_the_model_runs(
    world: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(world, monkeypatch) as (catalogues, port):
        traffic = catalogues.traffic
        sizes: list[float] = []
        monkeypatch.setattr(traffic.asking.batcher, "_ran", sizes.append)
        address = f"http://127.0.0.1:{port}"
        with base._ONE_AT_A_TIME:  # the model is at work on something else
            first = sent(port, f"{PREFIX}/search", {"text": "red"})
            until(lambda: traffic.inside == 1 and not traffic.asking.batcher.waiting)
            plain = sent(port, f"{PREFIX}/search", {"text": "blue"})
            begun = fetched(f"{address}/gradio_api/call/v2/search", {"text": "green"})[1]
            event = json.loads(begun)["event_id"]
            stream = socket.create_connection(("127.0.0.1", port))
            stream.sendall(f"GET /gradio_api/call/search/{event} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            stays = sent(port, f"{PREFIX}/search", {"text": "white"})
            until(lambda: traffic.asking.batcher.waiting == 3)
            stream.recv(20)  # the stream has begun
            plain.close()
            stream.close()
            until(lambda: sum(place.gone() for place in traffic.asking.batcher._waiting) == 2)
        assert b"200 OK" in first.recv(100) and b"200 OK" in stays.recv(100)
        until(lambda: not traffic.inside)
        assert sizes == [1, 1]
        withdrawn = traffic.metrics.requests.labels("search", "withdrawn")
        assert withdrawn._value.get() == 2
        first.close()
        stays.close()


# --- the real app: busy, and asked to stop ----------------------------------------------------------------


@pytest.fixture
def small_app(app: App, tmp_path: Path) -> Iterator[App]:
    """The app with room for two searches, on its own port and files."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log, own = tmp_path / "log", App(app.model, app.index, tmp_path / "j.sqlite", port)
    variables = {
        "HEMLINE_DATA": str(tmp_path / "data"),
        "HEMLINE_JOURNAL": str(tmp_path / "journal"),
        "HEMLINE_QUEUE": "2",
        "HEMLINE_METRICS": "off",
    }
    line = ("--model", app.model, "--index", app.index, "--judgements", own.judgements, "--port", port)
    own.pid = start_forked(log, variables, "app", *line)
    until_up = time.monotonic() + 90
    while "Hemline is at" not in (log.read_text() if log.exists() else ""):
        assert runs(own.pid) and time.monotonic() < until_up, log.read_text()
        time.sleep(0.1)
    yield own
    if runs(own.pid):
        own.kill()


def exit_code(pid: int) -> int:
    """Of a process that ended and was not waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return os.waitstatus_to_exitcode(int(fields[49]))


def test_too_many_are_told_to_come_back_and_a_stop_loses_no_judgement(small_app: App, tmp_path: Path) -> None:
    url = small_app.url
    assert fetched(f"{url}/metrics")[0] == 404
    answers: list[tuple[int, bytes, dict[str, str]]] = []
    hit = json.loads(fetched(f"{url}{PREFIX}/search", {"text": "red"})[1])[0]["id"]
    saved: list[int] = []
    refused: list[str] = []

    def search(number: int) -> None:
        answers.append(fetched(f"{url}{PREFIX}/search", {"text": f"in shade {number}"}))

    def judge(number: int) -> None:
        said = {"text": "red", "hit_id": hit, "verdict": "acceptable", "annotator": f"a{number}"}
        for _ in range(200):
            try:
                status, content, _ = fetched(f"{url}{PREFIX}/judge", said)
            except OSError as error:
                refused.append(str(error))
                return
            if status != 200:
                refused.append(json.loads(content)["error"])
                return
            saved.append(json.loads(content)["saved"])

    threads = [threading.Thread(target=search, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == 24 and {status for status, _, _ in answers} == {200, 503}
    busy = [(json.loads(content)["error"], headers) for status, content, headers in answers if status == 503]
    assert all("Hemline is busy" in said and "in a moment" in said for said, _ in busy)
    assert all(headers["retry-after"] == "1" for _, headers in busy)

    judges = [threading.Thread(target=judge, args=(number,)) for number in range(3)]
    for thread in judges:
        thread.start()
    until(lambda: len(saved) >= 6)
    os.kill(small_app.pid, signal.SIGTERM)
    for thread in judges:
        thread.join(60)
    until(lambda: not runs(small_app.pid))
    assert exit_code(small_app.pid) == 0
    log = (tmp_path / "log").read_text()
    assert "Traceback" not in log, log
    with sqlite3.connect(small_app.judgements) as file:
        there = [row[0] for row in file.execute("select seq from events order by seq")]
    assert set(saved) <= set(there) and len(set(saved)) == len(saved)
    copied = [
        line for path in (tmp_path / "journal").rglob("*.jsonl") for line in path.read_text().splitlines()
    ]
    assert len(copied) >= len(there)
    assert len(refused) == 3
