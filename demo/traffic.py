"""Who is let in: so many requests at a time, none any more once the app stops; and what became of each.

A search holds a place from when it is let in until it is answered, waiting for the model included. Beyond
`queue` places it is refused at once, in words. Judgements and what only looks something up are never refused
for others' searches. The app that is asked to stop refuses what is new and waits for what is inside.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from core.asking import Asking, Told
from core.batching import leaving, nobody_left, refuse_gone, unless
from core.errors import HemlineError
from demo.metrics import Metrics, make_metrics
from demo.settings import BATCH, QUEUE

BUSY = "Hemline is busy: {count} searches are waiting already. Try again in a moment."
STOPPING = "Hemline is being stopped or restarted. Try again in a moment."


class Refused(HemlineError):
    """A request that was not let in; `outcome` says why, "busy" or "stopping"."""

    def __init__(self, outcome: str, sentence: str) -> None:
        super().__init__(sentence)
        self.outcome = outcome


@dataclass
class Turn:
    """One request inside: `refused` where it was answered by a sentence, `superseded` by a newer one.

    `withdrawn` says in the end whether nobody waits for its answer any more.
    """

    refused: bool = False
    superseded: bool = False
    withdrawn: bool = False


@dataclass
class Traffic:
    """The one desk of the running app. `batch` 1 answers one query after the other."""

    queue: int = QUEUE
    batch: int = BATCH
    metrics: Metrics = field(default_factory=make_metrics)
    ready: bool = False
    stopping: bool = False
    inside: int = 0
    searches: int = 0

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._one_by_one = threading.Lock()
        self._latest: dict[str, Turn] = {}
        found = self.metrics.remembered
        self.asking = Asking(
            self.batch,
            told=Told(
                self.metrics.batches.observe,
                lambda there: found.labels("picture", str(there).lower()).inc(),
                lambda there: found.labels("query", str(there).lower()).inc(),
            ),
        )
        self.metrics.waiting.set_function(lambda: self.asking.batcher.waiting)
        self.metrics.running.set_function(lambda: self.inside)

    @property
    def at_once(self) -> int | None:
        """How many events Gradio may run at once: as many as come, or one after the other."""
        return 1 if self.batch == 1 else None

    @contextmanager
    def search(self, endpoint: str, page: str = "") -> Iterator[Turn]:
        """Let a search in; one of the same `page` that is still inside is superseded by it.

        Raises Refused where too many are inside or the app stops. What nobody waits for any more is not
        embedded: then core.batching.Cancelled.
        """
        turn, left, before = Turn(), withdrawn(), leaving()

        def gone() -> bool:
            return turn.superseded or left() or before()

        with (
            self._inside(endpoint, turn, search=True),
            self._newest(page, turn),
            unless(gone),
            self._one_by_one if self.batch == 1 else self.asking.batcher.coming(),
        ):
            if self.batch == 1:
                refuse_gone()  # it may have waited long
            try:
                yield turn
            finally:
                turn.withdrawn = gone()

    @contextmanager
    def errand(self, endpoint: str) -> Iterator[Turn]:
        """Let anything else in; raises Refused only where the app stops."""
        turn = Turn()
        with self._inside(endpoint, turn, search=False):
            yield turn

    def stop(self, seconds: float) -> bool:
        """Let nobody in any more and wait for those inside, for so long at most; whether all went."""
        with self._changed:
            self.stopping = True
            return self._changed.wait_for(lambda: not self.inside, timeout=seconds)

    @contextmanager
    def _inside(self, endpoint: str, turn: Turn, search: bool) -> Iterator[None]:
        started, outcome = time.perf_counter(), "answered"
        try:
            self._enter(search)
        except Refused as refused:
            self.metrics.requests.labels(endpoint, refused.outcome).inc()
            raise
        try:
            yield
            if turn.refused:
                outcome = "refused"
        except BaseException as error:
            outcome = "refused" if isinstance(error, HemlineError) else "failed"
            raise
        finally:
            with self._changed:
                self.inside -= 1
                self.searches -= search
                self._changed.notify_all()
            outcome = "withdrawn" if turn.withdrawn else outcome
            self.metrics.requests.labels(endpoint, outcome).inc()
            if outcome == "answered":
                self.metrics.seconds.labels(endpoint).observe(time.perf_counter() - started)

    def _enter(self, search: bool) -> None:
        with self._changed:
            if self.stopping:
                raise Refused("stopping", STOPPING)
            if search and self.searches >= self.queue:
                raise Refused("busy", BUSY.format(count=self.searches))
            self.inside += 1
            self.searches += search

    @contextmanager
    def _newest(self, page: str, turn: Turn) -> Iterator[None]:
        if not page:
            yield
            return
        with self._changed:
            if page in self._latest:
                self._latest[page].superseded = True
            self._latest[page] = turn
        try:
            yield
        finally:
            with self._changed:
                if self._latest.get(page) is turn:
                    del self._latest[page]


def withdrawn() -> Callable[[], bool]:
    """What says whether the client of the Gradio event that runs in this thread has gone away."""
    from gradio.context import LocalContext

    blocks, event_id = LocalContext.blocks.get(None), LocalContext.event_id.get(None)
    event = blocks._queue.event_ids_to_events.get(event_id) if blocks and event_id else None
    return nobody_left if event is None else lambda: not event.alive
