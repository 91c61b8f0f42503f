"""A refinement as a process that can be watched and stopped: its lock, its progress, its end.

The formats are core.refining's, so that the page reads them without knowing of training.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.refining import CANCEL_FILE, PROGRESS_FILE, Progress, hold, write_progress

EVERY_SECONDS = 0.5  # between two writes within a state
# How the seconds of a refinement divide, for an estimate before a state has shown its own pace.
SHARES = {"starting": 0.02, "loading": 0.2, "encoding": 0.25, "training": 0.38, "measuring": 0.15}


class Cancelled(Exception):
    """Someone asked the job to stop."""


@dataclass
class Job:
    """A running refinement: tells where it stands, and raises `Cancelled` where it was asked to stop."""

    folder: Path
    clock: Callable[[], float] = time.monotonic
    progress: Progress = field(default_factory=Progress)
    begun: float = field(init=False)
    written: float = field(init=False)
    closing: bool = False

    def __post_init__(self) -> None:
        self.begun = self.clock()
        self.written = -1e9

    def at(self, state: str, step: int = 0, of: int = 0, loss: float | None = None) -> None:
        """The job is now at `step` of `of` in `state`; written at once where the state is new."""
        if (self.folder / CANCEL_FILE).exists() and not self.closing:
            raise Cancelled
        new = state != self.progress.state
        curve = self.progress.curve if loss is None else (*self.progress.curve, (step, loss))
        last = self.progress.loss if loss is None else loss
        seconds = self.clock() - self.begun
        left = _left(state, step, of, seconds)
        self.progress = replace(
            self.progress, state=state, step=step, of=of, loss=last, curve=curve, seconds=seconds, left=left
        )
        if new or step == of or self.clock() - self.written > EVERY_SECONDS:
            self._write()

    def end(self, state: str, message: str = "") -> None:
        """The last word."""
        seconds = self.clock() - self.begun
        self.progress = replace(self.progress, state=state, message=message, seconds=seconds, left=0.0)
        self._write()

    def _write(self) -> None:
        write_progress(self.folder, self.progress)
        self.written = self.clock()


@contextmanager
def job(folder: Path) -> Iterator[Job]:
    """A job in `folder` that ends as done, as cancelled (quietly), or as failed with its sentence.

    SIGTERM and Ctrl-C cancel it wherever it is. Raises HemlineError where another job works there, and
    whatever ended the work but `Cancelled`.
    """
    held = hold(folder)
    for name in (CANCEL_FILE, PROGRESS_FILE):
        (folder / name).unlink(missing_ok=True)
    running = Job(folder)

    def stop(number: int, frame: Any) -> None:
        if not running.closing:
            raise Cancelled

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        running.at("starting")
        yield running
        running.end("done", running.progress.message)
    except Cancelled:
        running.closing = True
        running.end("cancelled", "it was cancelled; nothing of it is kept")
    except BaseException as error:
        running.closing = True
        said = str(error) if isinstance(error, HemlineError) else f"it stopped unexpectedly ({error!r})"
        with suppress(OSError):  # on a full disk there is no last word, and the lock says that it ended
            running.end("failed", said)
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        held.close()


def _left(state: str, step: int, of: int, seconds: float) -> float | None:
    """Seconds to the end by the share of the work that is done; None at the very beginning."""
    names = list(SHARES)
    if state not in SHARES:
        return None
    before = sum(SHARES[name] for name in names[: names.index(state)])
    done = before + SHARES[state] * (step / of if of else 0.0)
    return seconds * (1 - done) / done if done > 0.05 else None
