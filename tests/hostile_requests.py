"""Hostile requests to the running app, made anew from a seed: junk to every endpoint and event, and paths.

`attack` sends them and says what came back of each: whether it was refused, what was wrong with the answer
(a fault with its traceback, a place of this machine, no end).
"""

import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from tests.hostile_pieces import ELSEWHERE, MARK

API = "/gradio_api"
SECONDS = 30.0
DEEP = "[" * 100_000 + "]" * 100_000
FILE = {"_type": "gradio.FileData"}


@dataclass(frozen=True)
class Ask:
    """A request: its kind, and `wait` where an event was begun whose end is to be awaited."""

    kind: str
    method: str
    path: str
    body: Any = None  # sent as JSON; bytes as they are
    headers: dict[str, str] = field(default_factory=dict)
    wait: bool = False


@dataclass(frozen=True)
class Answer:
    """What came of a request: `said` is all that was answered, `fault` what is wrong with it ("" nothing)."""

    ask: Ask
    status: int
    refused: bool
    said: str
    seconds: float
    fault: str


def values(folder: Path) -> list[Any]:
    """Values of every type, none of which any argument asks for; `folder` is the app's own, to be named."""
    secret = str(folder / "judgements.sqlite")
    return [
        None, True, False, 0, -1, 2**63, 1e308, "", " ", "x" * 20_000, "\0", "\ud800", "\u202e", MARK,
        f"<script>document.title='{MARK}'</script>", "${7*7}", "{{7*7}}", "../../etc/passwd", secret,
        "'; DROP TABLE events; --", [], [None], [[]] * 50, ["x"] * 5_000, {}, {"a": {"b": [{}]}},
        {"path": None},
        {"path": "/etc/passwd", "meta": FILE}, {"path": secret, "meta": FILE},
        {"path": "/proc/self/environ", "meta": FILE, "url": f"{API}/file=/etc/passwd"},
        {"path": ELSEWHERE, "meta": FILE}, {"path": "x", "url": ELSEWHERE, "meta": FILE},
        {"path": "file:///etc/passwd", "meta": FILE}, {"path": "/tmp/gradio/../../etc/passwd", "meta": FILE},
        {"path": ["x"], "meta": FILE}, {"path": "", "meta": FILE, "is_stream": True},
        {"__type__": "update", "value": MARK}, {"upload": secret}, {"upload": 7}, {"reference_id": {}},
        {"turn": 1, "hits": [{"id": None}], "query": {"text": "x"}, "verdict": "relevant"},
        {"turn": [], "catalogue": "../..", "ids": None}, {"catalogue": {}, "run": "file ../../../etc/passwd"},
        {"act": "remove", "name": "../../.."}, {"words": 7, "start": "x", "seed": [], "filters": 3},
    ]  # fmt: skip


def paths(folder: Path) -> Iterator[Ask]:
    """Guesses at files and pages that no visitor may see."""
    root = Path(__file__).parents[1]
    guessed = [
        "/etc/passwd", "/etc/shadow", "/proc/self/environ", "/proc/self/cmdline", "/proc/self/maps",
        "/dev/zero",
        "/dev/stdin", "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/tmp/gradio/../../etc/passwd", "/tmp/gradio", "/tmp", "app.py", "requirements.txt", "core/cli.py",
        ".env",
        ".git/config", "demo/static/page.css", "data/judgements.sqlite", "assets/model/hemline.json",
        "file:///etc/passwd", "http://example.com/", ELSEWHERE, "HTTP://127.0.0.1:9/", "ftp://127.0.0.1/",
        "C:/Windows/win.ini", "\\\\host\\share", "%00", "/etc/passwd%00.png", "a" * 6_000, "~/.ssh/id_rsa",
        "\u202e",
        str(folder / "judgements.sqlite"), str(folder / "model" / "hemline.json"), str(root / "app.py"),
        str(folder / "app.log"), str(folder / "index" / "ids.json"),
    ]  # fmt: skip
    for guess in guessed:
        for route in ("file=", "file/", "proxy=", "stream/"):
            yield Ask("file route", "GET", f"{API}/{route}{guess if '%' in guess else quote(guess)}")
    ours = f"{API}/hemline"
    for guess in (
        "x",
        "0" * 32,
        "..%2f..%2fapp",
        "..%2f" * 8 + "etc%2fpasswd",
        "%00",
        "a" * 3_000,
        "*",
        "%ff",
    ):
        for size in ("card", "view", "..", "huge", "%2e%2e"):
            yield Ask("our pictures", "GET", f"{ours}/thumbnails/{size}/{guess}.webp")
            yield Ask("our pictures", "GET", f"{ours}/thumbnails/{size}/{guess}.webp?of=..%2f..%2fapp.py")
        yield Ask("our pictures", "GET", f"{ours}/references/{guess}.webp")
    for page in (
        "/pwa_icon/100000", "/pwa_icon/0", "/pwa_icon/-1", "/pwa_icon", "/static/..%2f..%2fapp.py",
        "/svelte/..%2fx",
        "/assets/..%2f..%2f..%2f..%2fetc%2fpasswd", "/monitoring", "/monitoring/summary", "/monitoring/x",
        "/docs",
        f"{API}/vibe-code", f"{API}/runs", f"{API}/dev/reload", f"{API}/deep_link?session_hash=x",
        f"{API}/mcp/",
        f"{API}/custom_component/x%0aforged/client/y/z", f"{API}/run-history/records",
        f"{API}/profiling/traces",
        f"{API}/call/search/nowhere", f"{API}/upload_progress?upload_id=x", "/nowhere", f"{API}/nowhere",
        "/?deep_link=..%2f..%2fx", "/config?deep_link=..%2fx", f"/?{'x' * 6_000}", f"{API}/info?page=..%2f..",
    ):  # fmt: skip
        yield Ask("page", "GET", page)


def junk(config: dict[str, Any], folder: Path, rng: random.Random, each: int) -> Iterator[Ask]:
    """`each` calls of every event and endpoint with values of the wrong types, raw and by name."""
    told, some = config["dependencies"], values(folder)
    for one in told:
        for number in range(each):
            data = [
                rng.choice(some) for _ in range(max(0, len(one["inputs"]) + rng.choice((0, 0, 0, 0, 1, -1))))
            ]
            body = {"data": data, "fn_index": one["id"], "session_hash": f"h{one['id']}-{number}"}
            body["event_data"] = rng.choice(some)
            body["trigger_id"] = rng.choice((None, 1, 10**9))
            yield Ask("event", "POST", f"{API}/queue/join", body, wait=True)
        data = [rng.choice(some) for _ in one["inputs"]]
        yield Ask(
            "event", "POST", f"{API}/run/{one['api_name']}", {"data": data, "event_data": rng.choice(some)}
        )
        yield Ask("event", "POST", f"{API}/call/{one['api_name']}", {"data": data}, wait=True)
    servers = [
        (part["id"], name)
        for part in config["components"]
        for name in part["props"].get("server_fns") or part["props"].get("server_functions") or []
    ]
    assert servers
    for component, name in servers:
        for value in rng.choices(some, k=each):
            body = {"data": value, "component_id": component, "session_hash": "s", "fn_name": str(name)}
            yield Ask("server function", "POST", f"{API}/component_server", body)
    for name in (
        "__init__",
        "__class__",
        "preprocess",
        "launch",
        "get_config",
        "move_resource_to_block_cache",
    ):
        body = {"data": ELSEWHERE, "component_id": servers[0][0], "session_hash": "s", "fn_name": name}
        yield Ask("server function", "POST", f"{API}/component_server", body)


def malformed() -> Iterator[Ask]:
    """Bodies that are none, too large, or of another site."""
    for path in (
        "queue/join",
        "call/search",
        "run/search",
        "call/v2/search",
        "component_server",
        "cancel",
        "reset",
    ):
        for body in (b"", b"{", b"null", b"[]", b'"x"', b"\xff\xfe", DEEP.encode(),
                     b'{"data": ' + DEEP.encode() + b"}",
                     b'{"data": [NaN, Infinity]}', b"{" + b'"a":1,' * 20_000 + b'"data":[]}', {"data": "x"},
                     {"data": []},
                     {"data": {}, "fn_index": "x"}, {"data": [], "fn_index": 10**9, "session_hash": "x"},
                     {"data": [None] * 11, "session_hash": "x" * 100_000, "fn_index": None},
                     {"data": [], "session_hash": {}}, {"data": [1] * 1_000_000}):  # fmt: skip
            yield Ask("malformed", "POST", f"{API}/{path}", body, wait=path == "call/search")
        large = b'{"data": ["' + b"x" * 50 * 2**20 + b'"]}'
        yield Ask("oversized", "POST", f"{API}/{path}", large)
        foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
        yield Ask("another site", "POST", f"{API}/{path}", {"data": []}, foreign)
        yield Ask("another site", "POST", f"{API}/{path}", {"data": []}, {"Origin": "null"})
    for headers in (
        {"Content-Type": "text/plain"}, {"Content-Type": "multipart/form-data"}, {"Content-Type": ""},
        {"Content-Type": "multipart/form-data; boundary=" + "x" * 5_000},
        {"Content-Type": "multipart/form-data; boundary=x"},
    ):  # fmt: skip
        yield Ask("malformed", "POST", f"{API}/upload", b"--x\r\nnothing", headers)
    part = b'--x\r\nContent-Disposition: form-data; name="files"'
    for more in (
        b"\r\n\r\nabc\r\n--x--",
        b'; filename=""\r\n\r\nabc\r\n--x--',
        b"\r\nA: " + b"b" * 50_000 + b"\r\n\r\n",
    ):
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        yield Ask("malformed", "POST", f"{API}/upload", part + more, headers)
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}, {"X-Forwarded-Proto": "x://"},
                    {"Cookie": "access-token=x; " * 200 + "a=b"}, {"Range": "bytes=9-1"},
                    {"Accept-Encoding": "br;q=x"},
                    {"Authorization": "Bearer x"}, {"Referer": "\x7f"}):  # fmt: skip
        yield Ask("odd head", "GET", "/config", None, headers)
    for method in ("PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "BREW"):
        yield Ask("odd head", method, "/config")


def attack(client: httpx.Client, asks: Iterator[Ask], places: tuple[str, ...]) -> Iterator[Answer]:
    """Send each and tell what came of it; an answer that holds one of the `places` is at fault."""
    for ask in asks:
        began = time.monotonic()
        status, said, fault = 0, "", ""
        try:
            body = ask.body if isinstance(ask.body, bytes | None) else json.dumps(ask.body)
            headers = {"Content-Type": "application/json", **ask.headers} if body is not None else ask.headers
            answer = client.request(ask.method, ask.path, content=body, headers=headers, timeout=SECONDS)
            status, said = answer.status_code, answer.text
            if ask.wait and status == 200:
                said += _awaited(client, ask, answer.json().get("event_id"))
        except httpx.InvalidURL:
            said, status = "a client refuses this itself", 400
        except httpx.HTTPError as error:
            fault = repr(error)
        own = [place for place in places if place in said and place not in ask.path + str(ask.body)]
        if not fault and (own or "Traceback" in said):
            fault = f"it says {own or 'Traceback'}: {said[:300]}"
        if not fault and status >= 500 and not said.startswith('{"error":'):  # which is Gradio's own refusal
            fault = f"{status}: {said[:300]}"
        refused = (
            not 200 <= status < 300
            or '"success":false' in said
            or "event: error" in said
            or "problem" in said
        )
        yield Answer(ask, status, refused, said, time.monotonic() - began, fault)


def _awaited(client: httpx.Client, ask: Ask, event: str) -> str:
    """What an event came to: all that is sent until it ends."""
    simple = "/call/" in ask.path
    path = f"{ask.path}/{event}" if simple else f"{API}/queue/data?session_hash={ask.body['session_hash']}"
    said, over = "", False
    with client.stream("GET", path, timeout=SECONDS) as stream:
        for line in stream.iter_lines():
            said += line + "\n"
            if over or "process_completed" in line:
                break
            over = simple and line.startswith(("event: complete", "event: error"))  # what it says comes next
    return said
