"""Two apps on one data folder: the second is refused, told who is there; a killed one is in nobody's way."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.errors import HemlineError
from demo.alone import LOCK_FILE, alone
from tests.forked_runs import runs, start_forked
from tests.running_app import ROOT, App


def test_the_second_app_is_refused_and_a_killed_one_is_followed(app: App, tmp_path: Path) -> None:
    log = tmp_path / "second.log"
    second = start_forked(
        *(log, {"HEMLINE_DATA": str(app.data)}, "app", "--model", app.model, "--index", app.index),
        *("--judgements", tmp_path / "judgements.sqlite", "--port", app.port + 1),
    )
    while runs(second):
        time.sleep(0.1)
    said = log.read_text().strip().splitlines()[-1]
    assert said.startswith(
        f"hemline: another Hemline runs on the data folder {app.data} (process {app.pid}, at "
    )
    assert f"127.0.0.1:{app.port}" in said and "HEMLINE_DATA" in said
    assert not (tmp_path / "judgements.sqlite").exists()
    app.kill()
    app.start()  # raises where it does not come up


def test_the_lock_ends_with_its_holder(tmp_path: Path) -> None:
    program = "import sys, time; from pathlib import Path; from demo.alone import alone\n"
    program += "with alone(Path(sys.argv[1]), 'here'): print('held', flush=True); time.sleep(60)"
    line = [sys.executable, "-c", program, str(tmp_path)]
    holder = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    with pytest.raises(HemlineError, match=rf"process {holder.pid}, at here"), alone(tmp_path, "there", 0):
        pass
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    for _ in range(2):
        with alone(tmp_path, "there", 0):
            assert "there" in (tmp_path / LOCK_FILE).read_text()
