"""What several threads ask of one model at about the same time, run as one batch.

While the model works, what is asked waits, and the next batch takes all of it, up to a size. A batch that
finds the model idle starts at once, unless others have said that they are coming (`Batcher.coming`): then it
waits for them for a few milliseconds. What nobody waits for any more is dropped before it runs, and one
question that cannot be answered spoils no other. NumPy and torch are not known here.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from core.errors import HemlineError

WINDOW = 0.004  # seconds that a batch waits for those who are coming
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Cancelled(HemlineError):
    """Nobody waits for the answer any more."""


def nobody_left() -> bool:
    """What `wanted_by` says without anybody saying anything: somebody waits."""
    return False


_gone: ContextVar[Callable[[], bool]] = ContextVar("gone", default=nobody_left)
_here: ContextVar[Callable[[], None]] = ContextVar("here", default=lambda: None)


@contextmanager
def unless(gone: Callable[[], bool]) -> Iterator[None]:
    """What is asked inside (in this thread) is dropped where `gone()` is true before it runs."""
    token = _gone.set(gone)
    try:
        yield
    finally:
        _gone.reset(token)


def leaving() -> Callable[[], bool]:
    """What says whether anybody still waits for what this thread does."""
    return _gone.get()


def refuse_gone() -> None:
    """Raise Cancelled where nobody waits for what this thread is about to do."""
    if leaving()():
        raise Cancelled("the question was withdrawn")


@dataclass(eq=False)
class _Place(Generic[Asked, Answer]):
    asked: Asked
    group: object
    gone: Callable[[], bool]
    ready: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    problem: BaseException | None = None


class Batcher(Generic[Asked, Answer]):
    """Runs `run(group, questions)` -> answers, in their order, in a thread of its own.

    Questions of one `group` (by identity: a model) share a batch of at most `size`. `ran` is told the size
    of each batch.
    """

    def __init__(
        self,
        run: Callable[[Any, Sequence[Asked]], Sequence[Answer]],
        size: int,
        window: float = WINDOW,
        ran: Callable[[int], object] = lambda size: None,
    ) -> None:
        if size < 1:
            raise HemlineError(f"a batch holds one query at least; {size} is no size")
        self.size, self.window, self._run, self._ran = size, window, run, ran
        self._waiting: deque[_Place[Asked, Answer]] = deque()
        self._changed = threading.Condition()
        self._coming = 0
        self._working = False
        self._thread: threading.Thread | None = None

    @contextmanager
    def coming(self) -> Iterator[None]:
        """Say that this thread is about to ask: until it asks, or ends without."""
        self._expect(1)
        on_the_way = [True]

        def here() -> None:
            if on_the_way:
                on_the_way.clear()
                self._expect(-1)

        token = _here.set(here)
        try:
            yield
        finally:
            _here.reset(token)
            here()

    def ask(self, asked: Asked, group: object) -> Answer:
        """The answer to one question, from the next batch.

        Raises what `run` raises for it alone, and Cancelled where nobody waits for it (`unless`).
        """
        place: _Place[Asked, Answer] = _Place(asked, group, _gone.get())
        _here.get()()
        with self._changed:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
                self._thread.start()
            self._waiting.append(place)
            self._changed.notify_all()
        place.ready.wait()
        if place.problem is not None:
            raise place.problem
        return place.answer  # type: ignore[return-value]  # set where there is no problem

    @property
    def waiting(self) -> int:
        """How many questions wait for a batch."""
        return len(self._waiting)

    def quiet(self, seconds: float) -> bool:
        """Wait until nobody asks and nothing runs, for so long at most; whether it came to that."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not (self._waiting or self._working or self._coming), timeout=seconds
            )

    def _expect(self, change: int) -> None:
        with self._changed:
            self._coming += change
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            places = self._next()
            if places:
                self._answer(places)
                self._ran(len(places))
            del places  # and with them the model, which may be an older version by now
            with self._changed:
                self._working = False
                self._changed.notify_all()

    def _next(self) -> list[_Place[Asked, Answer]]:
        """The places of the next batch; none where all that waited is not wanted any more."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._waiting))
            self._working = True
            until = time.monotonic() + self.window
            while self._coming and len(self._waiting) < self.size:
                if not self._changed.wait(max(0.0, until - time.monotonic())) or time.monotonic() >= until:
                    break
            waiting, self._waiting = list(self._waiting), deque()
            wanted = []
            for place in waiting:
                if _is_gone(place):
                    place.problem = Cancelled("the question was withdrawn")
                    place.ready.set()
                else:
                    wanted.append(place)
            first = wanted[0].group if wanted else None
            batch = [place for place in wanted if place.group is first][: self.size]
            chosen = set(map(id, batch))
            self._waiting.extend(place for place in wanted if id(place) not in chosen)
            return batch

    def _answer(self, places: Sequence[_Place[Asked, Answer]]) -> None:
        """Answer all; where that fails, each half by itself, so that one bad question costs little."""
        try:
            answers = self._run(places[0].group, [place.asked for place in places])
        except BaseException as error:
            if len(places) == 1:
                places[0].problem = error
                places[0].ready.set()
                return
            half = len(places) // 2
            self._answer(places[:half])
            self._answer(places[half:])
            return
        for place, answer in zip(places, answers, strict=True):
            place.answer = answer
            place.ready.set()


def _is_gone(place: _Place[Any, Any]) -> bool:
    try:
        return place.gone()
    except Exception:  # whoever cannot say whether it waits is answered
        return False
