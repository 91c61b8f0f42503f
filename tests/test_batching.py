"""Several askers in one batch: who is answered together, who waits, who is dropped, whose mistake it is."""

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from core.batching import Batcher, Cancelled, unless
from core.errors import HemlineError
from core.remembering import Remembered


class Model:
    """What is run: it doubles numbers, while it is not held, and refuses odd ones in words."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.free = threading.Event()
        self.free.set()
        self.started = threading.Event()

    def run(self, group: object, asked: Sequence[int]) -> list[int]:
        self.batches.append(list(asked))
        self.started.set()
        assert self.free.wait(10)
        if any(one % 2 for one in asked):
            raise HemlineError("an odd number")
        return [2 * one for one in asked]


def together(works: Sequence[Callable[[], object]]) -> list[object]:
    """What each of `works` gives or raises, each in a thread of its own."""
    found: list[object] = [None] * len(works)

    def run(place: int) -> None:
        try:
            found[place] = works[place]()
        except HemlineError as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return found


def until(met: Callable[[], bool]) -> None:
    ends = time.monotonic() + 10
    while not met():
        assert time.monotonic() < ends
        time.sleep(0.001)


def held(model: Model, batcher: Batcher[int, int]) -> threading.Thread:
    """The model at work on one question until `model.free` is set."""
    model.free.clear()
    thread = threading.Thread(target=batcher.ask, args=(0, "a"))
    thread.start()
    assert model.started.wait(10)
    return thread


def test_what_is_asked_while_the_model_works_is_the_next_batch_up_to_its_size() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, size=4)
    first = held(model, batcher)
    release = threading.Thread(target=lambda: (until(lambda: batcher.waiting == 6), model.free.set()))
    release.start()
    answers = together([lambda one=one: batcher.ask(one, "a") for one in range(2, 14, 2)])
    first.join(10)
    release.join(10)
    assert answers == [2 * one for one in range(2, 14, 2)]
    assert [len(batch) for batch in model.batches] == [1, 4, 2]


def test_one_asker_waits_for_nobody_and_two_who_come_share_a_batch() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, size=4, window=5)
    began = time.monotonic()
    with batcher.coming():
        assert batcher.ask(2, "a") == 4
    assert time.monotonic() - began < 2  # nobody else was coming
    both = threading.Barrier(2)

    def ask(one: int, late: float) -> int:
        with batcher.coming():
            both.wait(10)
            time.sleep(late)
            return batcher.ask(one, "a")

    began = time.monotonic()
    assert together([lambda: ask(4, 0), lambda: ask(6, 0.05)]) == [8, 12]
    assert time.monotonic() - began < 2
    assert sorted(model.batches[1]) == [4, 6] and len(model.batches) == 2


def test_who_says_to_be_coming_and_does_not_ask_is_waited_for_a_moment_only() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, size=4, window=0.02)
    with batcher.coming():
        assert together([lambda: batcher.ask(2, "a")]) == [4]


def test_two_models_never_share_a_batch() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, size=8)
    first = held(model, batcher)
    threading.Thread(target=lambda: (until(lambda: batcher.waiting == 4), model.free.set())).start()
    asks = [lambda one=one: batcher.ask(one, "a" if one < 50 else "b") for one in (2, 52, 4, 54)]
    assert together(asks) == [4, 104, 8, 108]
    first.join(10)
    assert sorted(map(sorted, model.batches[1:])) == [[2, 4], [52, 54]]


def test_a_mistake_is_told_to_who_made_it_alone() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, size=8)
    first = held(model, batcher)
    threading.Thread(target=lambda: (until(lambda: batcher.waiting == 4), model.free.set())).start()
    answers = together([lambda one=one: batcher.ask(one, "a") for one in (2, 3, 4, 6)])
    first.join(10)
    assert [answers[0], *answers[2:]] == [4, 8, 12]
    assert isinstance(answers[1], HemlineError) and str(answers[1]) == "an odd number"
    assert batcher.ask(8, "a") == 16


def test_what_nobody_waits_for_is_dropped_before_it_runs() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, size=8)
    first = held(model, batcher)
    gone = threading.Event()

    def ask() -> int:
        with unless(gone.is_set):
            return batcher.ask(100, "a")

    def leave() -> None:
        until(lambda: batcher.waiting == 2)
        gone.set()
        model.free.set()

    threading.Thread(target=leave).start()
    answers = together([ask, lambda: batcher.ask(2, "a")])
    first.join(10)
    assert isinstance(answers[0], Cancelled) and answers[1] == 4
    assert model.batches == [[0], [2]]


def test_the_background_waits_for_a_quiet_moment_but_not_for_ever() -> None:
    model = Model()
    batcher: Batcher[int, int] = Batcher(model.run, size=8)
    assert batcher.quiet(0)
    first = held(model, batcher)
    assert not batcher.quiet(0.01)
    model.free.set()
    first.join(10)
    assert batcher.quiet(5)


def test_a_batch_holds_one_at_least() -> None:
    with pytest.raises(HemlineError, match="0 is no size"):
        Batcher(Model().run, size=0)


def test_the_latest_is_remembered_up_to_its_bytes() -> None:
    told: list[bool] = []
    memory = Remembered(3 * 40, told.append)
    made = []

    def make(key: str) -> np.ndarray:
        made.append(key)
        return np.full(10, len(made), np.float32)

    for key in "abcabd":  # d takes the place of c, which was not asked for longest
        memory.get(key, lambda key=key: make(key))
    assert made == ["a", "b", "c", "d"] and memory.bytes == 120 and len(memory) == 3
    assert told == [False, False, False, True, True, False]
    for key in "abd":
        memory.get(key, lambda: pytest.fail("it was there"))
    memory.get("c", lambda: make("c"))
    assert made[-1] == "c" and memory.bytes == 120
    with pytest.raises(ValueError, match="read-only"):
        memory.get("c", lambda: make("c"))[0] = 1
    memory.get("huge", lambda: np.zeros(1000))
    assert memory.bytes <= 120


def test_what_several_want_at_once_is_made_once_and_a_failure_is_not_remembered() -> None:
    memory, calls = Remembered(1000), []

    def slow() -> np.ndarray:
        calls.append(1)
        time.sleep(0.05)
        return np.ones(3)

    found = together([lambda: memory.get("a", slow).sum()] * 6)
    assert found == [3.0] * 6 and len(calls) == 1

    def fail() -> np.ndarray:
        raise HemlineError("unreadable")

    answers = together([lambda: memory.get("b", fail)] * 2)
    assert [str(answer) for answer in answers] == ["unreadable"] * 2
    assert memory.get("b", slow).sum() == 3
