"""A refinement as a job of its own: what it says of itself while it runs, how it is started and stopped.

The job (`python -m train.refine`) works in the folder of the version it makes. While it runs it holds
`job.lock` there and replaces `progress.json` as it goes; a file called `cancel` stops it at the next step, as
SIGTERM does. It ends with its own process only: whoever started it may end before.
"""

import fcntl
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import read_json, write_json

PROGRESS_FILE = "progress.json"
CANCEL_FILE = "cancel"
LOCK_FILE = "job.lock"
LOG_FILE = "job.log"
RUNNING = ("starting", "loading", "encoding", "training", "measuring")
ENDED = ("done", "failed", "cancelled")
KILLED = "killed"
CURVE = 200  # points of a curve that are kept


@dataclass(frozen=True)
class Progress:
    """Where a refinement stands.

    `state` is one of `RUNNING` or `ENDED`, or `KILLED` where its process went away without a word; `step` of
    `of` in this state; `loss` the last one; `seconds` since the start and `left` an estimate to the end (None
    before there is one); `curve` the [step, loss] so far; `message` what a person should know, of a failure
    the sentence.
    """

    state: str = "starting"
    step: int = 0
    of: int = 0
    loss: float | None = None
    seconds: float = 0.0
    left: float | None = None
    curve: tuple[tuple[int, float], ...] = ()
    message: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state not in RUNNING


def write_progress(folder: Path, progress: Progress) -> None:
    """Replace the progress of the job in `folder`; a reader finds the older or the newer one, whole."""
    thinned = progress.curve[:: 1 + len(progress.curve) // CURVE]
    write_json(folder / PROGRESS_FILE, asdict(replace(progress, curve=thinned)))


def read_progress(folder: Path) -> Progress | None:
    """How the job in `folder` stands, None where there never was one.

    Raises HemlineError where the file is not one that a job wrote.
    """
    path = folder / PROGRESS_FILE
    if not path.is_file():
        return None
    alive = is_running(folder)  # asked first: a job that ends in between has then written its last word
    found = _progress(read_json(path), path)
    return found if found.ended or alive else replace(found, state=KILLED, left=None)


def cancel(folder: Path) -> None:
    """Ask the job in `folder` to stop; it does at its next step, and nothing of it is kept."""
    if is_running(folder):
        (folder / CANCEL_FILE).touch()


def is_running(folder: Path) -> bool:
    """Whether a process works in `folder` now: the lock goes with the process, however it ends."""
    try:
        with (folder / LOCK_FILE).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def hold(folder: Path) -> Any:
    """Make `folder` this process's own until the file that is returned is closed.

    Raises HemlineError where another job works in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / LOCK_FILE).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise HemlineError(
            f"another refinement works in {folder}; wait for it, or choose another --out"
        ) from None
    return file


def start(arguments: Sequence[str | Path], folder: Path) -> "subprocess.Popen[bytes]":
    """Start `python -m train.refine` with `arguments` and --out `folder`, in a session of its own.

    What it prints goes to `job.log` there. It outlives the caller; a caller that lives on should `wait` for
    it at some time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    line = [sys.executable, "-m", "train.refine", *map(str, arguments), "--out", str(folder.resolve())]
    with (folder / LOG_FILE).open("ab") as log:
        return subprocess.Popen(
            line,
            cwd=Path(__file__).parents[1],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _progress(value: Any, path: Path) -> Progress:
    known = {item.name for item in fields(Progress)}
    if not isinstance(value, dict) or set(value) != known or not isinstance(value["state"], str):
        raise HemlineError(f"{path} is not the progress of a refinement ({json.dumps(value)[:80]})")
    return Progress(**{**value, "curve": tuple((int(step), float(loss)) for step, loss in value["curve"])})
