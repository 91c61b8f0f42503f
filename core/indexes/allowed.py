"""Which rows may answer a query, prepared once and used for as many queries as share the filter."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from core.errors import HemlineError


class Allowed:
    """The rows of an index that pass a filter; it never changes, so threads may share it."""

    def __init__(self, mask: NDArray[np.bool_], count: int) -> None:
        """`mask` is bool [count], True where the row may answer; HemlineError for another type or length."""
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_ or mask.shape != (count,):
            is_array = isinstance(mask, np.ndarray)
            found = f"{mask.dtype} {list(mask.shape)}" if is_array else type(mask).__name__
            raise HemlineError(f"the rows that may answer are given as bool [{count}]; got {found}")
        self.rows = np.flatnonzero(mask)
        self.bits = np.packbits(mask, bitorder="little")
        self._lists: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32] | None] | None = None

    @cached_property
    def selector(self) -> object:
        """FAISS's view of the bits, which this object keeps alive."""
        import faiss

        return faiss.IDSelectorBitmap(len(self.bits), faiss.swig_ptr(self.bits))

    def lists(
        self, owner: NDArray[np.integer], centroids: NDArray[np.float32]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32] | None]:
        """The lists with allowed rows, how many each has, and where these lists are few their centroids.

        `owner` is every row's list.
        """
        if self._lists is None:
            members = np.bincount(owner[self.rows], minlength=len(centroids))
            held = np.flatnonzero(members)
            # a copy of nearly all would cost more memory than it saves time
            self._lists = held, members[held], centroids[held] if 4 * len(held) < len(centroids) else None
        return self._lists
