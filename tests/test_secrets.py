"""What is secret in the environment is in nothing that the app writes or serves, whatever it is asked."""

import json
import os
import random
import signal
import socket
import time
from pathlib import Path

import httpx
import pytest

from core.runs import CARD_FILE, finish_card, save_card, start_card
from tests.forked_runs import runs, start_forked
from tests.hostile_requests import API, attack, malformed, paths
from tests.running_app import App

SECRETS = {
    "HF_TOKEN": "hf_" + "s3cretT0ken" * 3,
    "HEMLINE_AUTH": "ana:s3cretPassw0rd,bo:an0therS3cret",
    "QDRANT_API_KEY": "qdrantS3cretKey",
    "AWS_SECRET_ACCESS_KEY": "awsS3cretKey",
    "OPENAI_API_KEY": "sk-s3cret",
}
NEVER = ("s3cretT0ken", "s3cretPassw0rd", "an0therS3cret", "qdrantS3cretKey", "awsS3cretKey", "sk-s3cret")


def test_secrets_are_in_nothing_written_or_served(app: App, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "app.log"
    variables = {**SECRETS, "HEMLINE_DATA": str(tmp_path / "data"), "HEMLINE_FEEDBACK": "me/judgements"}
    line = ("app", "--model", app.model, "--index", app.index, "--port", port)
    pid = start_forked(log, variables, *line)
    try:
        while not log.exists() or "Hemline is at" not in log.read_text():
            assert runs(pid), log.read_text()
            time.sleep(0.1)
        served = _served(f"http://127.0.0.1:{port}", app.model.parent)
    finally:
        os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + 20
        while runs(pid) and time.monotonic() < until:
            time.sleep(0.05)
        if runs(pid):
            os.kill(pid, signal.SIGKILL)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert log in written and len(written) > 3 and len(served) > 100
    for secret in NEVER:
        assert not [path for path in written if secret.encode() in path.read_bytes()], secret
        assert not [said[:200] for said in served if secret in said], secret


def _served(url: str, folder: Path) -> list[str]:
    """Everything the app answers to a stranger, to a wrong password, and to somebody let in."""
    said = []
    for name, password in (("", ""), ("ana", "wrong"), ("ana", "s3cretPassw0rd")):
        with httpx.Client(base_url=url, timeout=30) as client:
            if name:
                login = client.post("/login", data={"username": name, "password": password})
                assert login.status_code == (200 if password.startswith("s3cret") else 400)
                said.append(login.text)
            pages = ["/", "/config", f"{API}/info", f"{API}/openapi.json", "/openapi.json", f"{API}/token"]
            pages += [f"{API}/queue/status", f"{API}/user", "/theme.css", "/manifest.json"]
            said += [answer.text + str(answer.headers) for answer in map(client.get, pages)]
            asks = [
                ask for ask in (*paths(folder), *malformed()) if ask.kind not in ("oversized", "another site")
            ]
            some = random.Random(1).sample([ask for ask in asks if "upload_progress" not in ask.path], 40)
            said += [answer.said for answer in attack(client, iter(some), ())]
            if name and password.startswith("s3cret"):
                event = client.post(f"{API}/call/search", json={"data": ["nowhere", None, "red", 3]})
                said.append(client.get(f"{API}/call/search/{event.json()['event_id']}").text)
                said.append(json.dumps(client.get("/config").json()))
    return said


def test_a_run_card_says_nothing_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    save_card(finish_card(start_card("train.x", {"seed": 0}, "f" * 64, 0)), tmp_path)
    written = (tmp_path / CARD_FILE).read_text()
    assert not [secret for secret in NEVER if secret in written] and "train.x" in written
