"""Judgements in a private dataset repository: the Hub's own client, and a small server in its place."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.journal import records_of, write_batch
from core.judgements import append, events, open_store
from demo.keeping import keep_now, kept, start_keeping
from demo.repository import repository
from tests.small_hub import Hub, serve_hub
from tests.test_journal import said, standing

ROOT = Path(__file__).parents[1]


@pytest.fixture
def hub() -> Iterator[Hub]:
    held = Hub()
    server = serve_hub(held)
    yield held
    server.shutdown()


def machine(folder: Path, hub: Hub, code: str) -> dict[str, object]:
    """What `kept` tells after a start on a machine whose disk is `folder`, then `code`, then one more turn.

    A process of its own, since the Hub's client reads HF_HUB_OFFLINE (set for these tests) when imported.
    """
    program = f"""
        import json, sys
        from pathlib import Path
        from core.judgements import append, events, open_store
        from demo.keeping import keep_now, kept, start_keeping
        from demo.repository import repository
        from tests.test_journal import said
        folder = Path(sys.argv[1])
        remote = repository("me/judgements", "hf_token", sys.argv[2])
        keeping = start_keeping(open_store(folder / "judgements.sqlite"), folder / "journal", remote)
        store = keeping.store
        {code}
        keep_now(keeping)
        print(json.dumps(kept(keeping, lasting=False) | {{"events": len(events(store))}}))
    """
    variables = {name: value for name, value in os.environ.items() if name != "HF_HUB_OFFLINE"}
    variables |= {"HF_HUB_DISABLE_TELEMETRY": "1", "HF_HOME": str(folder / "hub")}
    line = [sys.executable, "-c", textwrap.dedent(program), str(folder), hub.address]
    done = subprocess.run(line, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_it_is_made_private_filled_and_read_back_by_a_new_machine(hub: Hub, tmp_path: Path) -> None:
    told = machine(tmp_path / "one", hub, 'append(store, said("a")); append(store, said("b"))')
    assert (told["waiting"], told["problem"], told["events"]) == (0, "", 2)
    assert len(hub.created) == 1 and hub.private
    assert len(hub.files) == 1 and hub.tokens == {"Bearer hf_token"}
    told = machine(tmp_path / "two", hub, 'append(store, said("c"))')
    assert (told["waiting"], told["problem"], told["events"]) == (0, "", 3)
    assert len(hub.files) == 2 and len(hub.commits) == 2  # what came from there was not sent back
    told = machine(tmp_path / "one", hub, "pass")
    assert told["events"] == 3 and len(hub.commits) == 2


def test_a_public_repository_is_refused_and_nothing_is_sent(hub: Hub, tmp_path: Path) -> None:
    hub.exists, hub.private = True, False
    told = machine(tmp_path / "one", hub, 'append(store, said("a"))')
    assert "me/judgements is public" in str(told["problem"])
    assert told["waiting"] == 1 and hub.commits == []


def test_a_hub_that_fails_is_told_and_the_disk_has_the_event(hub: Hub, tmp_path: Path) -> None:
    hub.exists, hub.files["notes/readme.jsonl"] = True, b"no batch"
    code = 'remote.fetch(folder / "journal"); append(store, said("a"))'
    assert machine(tmp_path / "one", hub, code)["problem"] == ""
    assert not (tmp_path / "one" / "journal" / "notes").exists()
    hub.down = True
    told = machine(tmp_path / "one", hub, 'append(store, said("b"))')
    assert "did not answer as it should" in str(told["problem"])
    assert (told["waiting"], told["events"]) == (2, 2)
    hub.down = False
    assert machine(tmp_path / "one", hub, "pass")["waiting"] == 0
    assert len(hub.files) == 3


def test_without_a_token_or_a_network_the_app_goes_on_and_says_why(tmp_path: Path) -> None:
    store = open_store(tmp_path / "judgements.sqlite")
    append(store, said("a"))
    write_batch(tmp_path / "journal", records_of(events(store)))
    for token, reason in ((None, "HF_TOKEN is not set"), ("hf_token", "did not answer as it should")):
        fresh = open_store(tmp_path / f"{reason[:2]}.sqlite")
        keeping = start_keeping(fresh, tmp_path / "journal", repository("me/judgements", token))
        keep_now(keeping)
        assert reason in kept(keeping, lasting=False)["problem"]
        assert standing(fresh) == {"a": "hard negative"}  # the folder's own batches are replayed all the same
