"""Keeping judgements beyond this machine while the app runs.

Every event goes to the journal, and from there, where one is named, to a dataset repository. At the start
the journal is replayed into the store.

An event is acknowledged when SQLite has it on this machine's disk; the page says apart from that how long ago
events were last copied, or why they were not.
"""

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.journal import batches, read_journal, replay, unwritten, write_batch
from core.judgements import Store, events

LOG = logging.getLogger("hemline")
TO_FOLDER = 5.0  # seconds between copies to a folder
TO_REPOSITORY = 300.0  # and to a repository, where each copy is a commit; the Hub advises five minutes
FIRST_FETCH = 20.0  # how long the start waits for the repository; it then goes on in the background


@dataclass(frozen=True)
class Remote:
    """A place that the journal's files are brought from and sent to; both functions raise HemlineError.

    `fetch(folder)` brings the batches that `folder` lacks and answers the names (POSIX, relative to it) of
    all that are there; `send(folder, names)` adds these of the folder's batches.
    """

    name: str
    fetch: Callable[[Path], set[str]]
    send: Callable[[Path, list[str]], None]


@dataclass
class Keeping:
    """The state of keeping. `sent` are the remote's names, None until they were fetched."""

    store: Store
    folder: Path
    remote: Remote | None = None
    known: set[str] = field(default_factory=set)  # ids of the events in the folder
    last: int = 0  # the number of the last event that is in the folder
    copied: int = 0  # and of the last one that is wherever it should be
    sent: set[str] | None = None
    saved: float | None = None  # when everything was last known to be kept, in seconds since 1970
    problem: str = ""
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)


def start_keeping(store: Store, folder: Path, remote: Remote | None = None) -> Keeping:
    """Replay the journal in `folder` into `store`, and copy what is new every few seconds or minutes.

    With a `remote` it is asked first, for FIRST_FETCH seconds at most; where it or the folder fails the app
    works all the same, the reason is told, and the next turn tries again. What is left is copied at the exit.
    """
    keeping = Keeping(store, folder, remote)
    thread = threading.Thread(target=_run, args=(keeping,), name="keeping", daemon=True)
    first = threading.Thread(target=keep_now, args=(keeping,), name="first-keeping", daemon=True)
    first.start()
    first.join(FIRST_FETCH)
    thread.start()
    atexit.register(keep_now, keeping)
    return keeping


def keep_now(keeping: Keeping) -> None:
    """One turn: fetch and replay where that is still to be done, write what is new, send it. Never raises."""
    with keeping.lock:
        try:
            _turn(keeping)
            keeping.saved, keeping.problem, keeping.copied = time.time(), "", keeping.last
        except (HemlineError, OSError) as error:
            if str(error) != keeping.problem:
                LOG.warning("judgements are not copied: %s", error)
            keeping.problem = str(error)


def kept(keeping: Keeping | None, lasting: bool) -> dict[str, Any]:
    """What the page tells: {"place", "seconds" since the last copy or None, "waiting" events, "problem"}.

    `place` is "" where the machine's own disk lasts, so that nothing needs to be told, and "nowhere" where
    judgements end with this machine.
    """
    if keeping is None:
        return {"place": "" if lasting else "nowhere", "seconds": None, "waiting": 0, "problem": ""}
    return {
        "place": keeping.remote.name if keeping.remote else "the journal",
        "seconds": None if keeping.saved is None else round(time.time() - keeping.saved),
        "waiting": len(events(keeping.store, after=keeping.copied)),
        "problem": keeping.problem,
    }


def _run(keeping: Keeping) -> None:
    while not keeping.ended.wait(TO_REPOSITORY if keeping.remote else TO_FOLDER):
        keep_now(keeping)


def _turn(keeping: Keeping) -> None:
    remote = keeping.remote
    if not keeping.known and keeping.last == 0:  # the folder first: it is there without any network
        _replay(keeping)
    _write(keeping)
    if remote is None:
        return
    if keeping.sent is None:
        there = remote.fetch(keeping.folder)
        _replay(keeping)
        _write(keeping)
        keeping.sent = there
    names = [path.relative_to(keeping.folder).as_posix() for path in batches(keeping.folder)]
    fresh = [name for name in names if name not in keeping.sent]
    if fresh:
        remote.send(keeping.folder, fresh)
        keeping.sent.update(fresh)


def _replay(keeping: Keeping) -> None:
    journal = read_journal(keeping.folder)
    for fault in journal.faults:
        LOG.warning("journal: %s", fault)
    done = replay(keeping.store, journal.records)
    keeping.known.update(journal.records)
    if done.added or done.waiting:
        LOG.info("journal: %d events replayed, %d wait for what they undo", done.added, done.waiting)


def _write(keeping: Keeping) -> None:
    new = events(keeping.store, after=keeping.last)
    if not new:
        return
    records = unwritten(keeping.store, keeping.known)
    if records:
        write_batch(keeping.folder, records)
        keeping.known.update(record.id for record in records)
    keeping.last = new[-1].seq
