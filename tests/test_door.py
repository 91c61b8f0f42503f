"""The running app under hostile requests: each is refused, nothing of this machine is told, it goes on."""

import json
import random
import socket
from pathlib import Path

import httpx
import pytest

from demo.door import MOST_BODY, is_foreign, most_of
from tests.hostile_requests import API, FILE, attack, junk, malformed, paths
from tests.running_app import ROOT, App

SOME = 70  # of the eight hundred; tests/bench/attack.py sends them all
MEMORY = 400  # MiB that the app may grow by


@pytest.fixture
def client(app: App) -> httpx.Client:
    return httpx.Client(base_url=app.url, timeout=30)


def resident(app: App) -> float:
    return int(Path(f"/proc/{app.pid}/statm").read_text().split()[1]) * 4096 / 2**20


def test_hostile_requests_are_refused_and_the_app_goes_on(app: App, client: httpx.Client) -> None:
    folder, rng = app.model.parent, random.Random(0)
    asks = [*paths(folder), *malformed(), *junk(client.get("/config").json(), folder, rng, 1)]
    some = [
        ask for ask in rng.sample(asks, SOME) if ask.kind != "oversized" and "upload_progress" not in ask.path
    ]
    before = resident(app)
    answers = list(attack(client, iter(some), (str(folder), str(ROOT), "site-packages", str(Path.home()))))
    assert [(answer.ask, answer.fault) for answer in answers if answer.fault] == []
    assert {answer.ask.kind for answer in answers} >= {"file route", "our pictures", "event", "malformed"}
    closed = ("file route", "our pictures", "another site")
    assert all(answer.refused for answer in answers if answer.ask.kind in closed)
    assert sum(answer.refused for answer in answers) > 0.8 * len(answers)
    assert resident(app) - before < MEMORY
    event = client.post(f"{API}/call/v2/search", json={"text": "red", "top_k": 3}).json()["event_id"]
    assert "event: complete" in client.get(f"{API}/call/search/{event}").text


def test_routes_that_the_app_has_no_use_for_are_closed(client: httpx.Client) -> None:
    for path in ("/pwa_icon/100000", f"{API}/deep_link?session_hash=x", f"{API}/file=http://example.com/x.png",
                 f"{API}/proxy=https://x.hf.space/", f"{API}/custom_component/a%0ab/client/c/d"):  # fmt: skip
        assert client.get(path).status_code == 404, path
    direct = client.post(f"{API}/run/search", json={"data": [None, None, "red", 3]})
    assert direct.status_code == 404 and "join the queue" in direct.text


def test_too_much_is_refused_declared_or_not(client: httpx.Client) -> None:
    large = b" " * (MOST_BODY + 1)
    for content in (large, iter([large])):  # the second says no length beforehand
        answer = client.post(
            f"{API}/queue/join", content=content, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code == 413 and "larger than the 8 MiB" in answer.json()["detail"]
    url = httpx.URL(str(client.base_url))
    with socket.create_connection((url.host, url.port), 10) as raw:
        head = (
            f"POST {API}/upload HTTP/1.1\r\nHost: {url.host}:{url.port}\r\nContent-Length: {10**12}\r\n\r\n"
        )
        raw.sendall(head.encode())
        assert b" 413 " in raw.recv(200)
    assert most_of(f"{API}/upload/") > 512 * 2**20
    wrong = client.post(f"{API}/cancel", json={"data": [7] * 100_000})
    assert wrong.status_code == 422 and len(wrong.text) < 500


def test_nothing_is_fetched_for_whoever_names_an_address(client: httpx.Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.jpg"
        data = [None, {"path": address, "url": address, "meta": FILE}, "red", 3, *[None] * 6, False]
        event = client.post(f"{API}/call/search", json={"data": data}).json()["event_id"]
        said = client.get(f"{API}/call/search/{event}").text
        assert "event: error" in said and "this app fetches nothing" in said
        with pytest.raises(TimeoutError):
            server.accept()


def test_what_is_uploaded_is_never_shown_as_a_page(client: httpx.Client) -> None:
    for name in ("x.html", "x.svg", "x.jpg"):
        files = {"files": (name, b"<script>1</script>", "image/jpeg")}
        path = client.post(f"{API}/upload", files=files).json()[0]
        answer = client.get(f"{API}/file={path}")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        assert name == "x.jpg" or answer.headers["content-disposition"].startswith("attachment")
    assert client.get("/").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("headers", "foreign"),
    [
        ({"host": "a:1"}, False),
        ({"host": "a:1", "origin": "http://a:1"}, False),
        ({"host": "inside", "x-forwarded-host": "a", "origin": "https://a"}, False),
        ({"host": "inside", "origin": "https://a", "sec-fetch-site": "same-origin"}, False),
        ({"host": "a:1", "origin": "http://a:2"}, True),
        ({"host": "a:1", "origin": "null"}, True),
        ({"host": "a", "origin": "https://a", "sec-fetch-site": "cross-site"}, True),
        ({"host": "a", "sec-fetch-site": "same-site"}, True),
    ],
)
def test_pages_of_other_sites_are_known(headers: dict[str, str], foreign: bool) -> None:
    from starlette.datastructures import Headers

    assert is_foreign(Headers(headers)) is foreign


def test_judgements_of_another_sites_page_are_refused(app: App, client: httpx.Client) -> None:
    before = json.dumps(client.get(f"{API}/info").json())
    headers = {"Origin": "https://elsewhere.example", "Content-Type": "text/plain"}
    body = json.dumps({"data": ["x", "relevant"]})
    assert client.post(f"{API}/call/judge", content=body, headers=headers).status_code == 403
    files = {"files": ("x.jpg", b"x", "image/jpeg")}
    assert client.post(f"{API}/upload", files=files, headers={"Origin": "null"}).status_code == 403
    assert json.dumps(client.get(f"{API}/info").json()) == before
