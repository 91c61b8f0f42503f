"""What was made once and may be asked for again: the latest of it, up to a number of bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np


class Remembered:
    """Arrays by key, at most `most` bytes of them; what was not asked for longest goes first.

    Threads that ask for one key at a time make it once. `told` is called with True for what was there and
    with False for what had to be made.
    """

    def __init__(self, most: int, told: Callable[[bool], object] = lambda there: None) -> None:
        self.most, self._told = most, told
        self.bytes = 0
        self._kept: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._making: dict[Hashable, threading.Event] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, make: Callable[[], np.ndarray]) -> np.ndarray:
        """The array of `key`, read-only; raises what `make` raises, and remembers nothing then."""
        while True:
            with self._lock:
                found = self._kept.get(key)
                if found is not None:
                    self._kept.move_to_end(key)
                    break
                made = self._making.get(key)
                if made is None:
                    self._making[key] = threading.Event()
            if made is None:
                return self._make(key, make)
            made.wait()  # another thread makes it; where it fails, this one tries itself
        self._told(True)
        return found

    def _make(self, key: Hashable, make: Callable[[], np.ndarray]) -> np.ndarray:
        self._told(False)
        try:
            array = make()
            array.setflags(write=False)
            with self._lock:
                if array.nbytes <= self.most:
                    self._kept[key] = array
                    self.bytes += array.nbytes
                while self.bytes > self.most:
                    self.bytes -= self._kept.popitem(last=False)[1].nbytes
            return array
        finally:
            with self._lock:
                self._making.pop(key).set()
