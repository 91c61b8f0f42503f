"""What a refinement is taught: queries as the model sees them, and what was judged of their hits."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Asked:
    """A query as the model sees it: features float16 [tokens, channels] or None, and the words or ""."""

    look: np.ndarray | None
    text: str


@dataclass(frozen=True)
class Lesson:
    """A judged query and the rows of the index that were judged `wrong`, `right` and the `same`.

    `hidden` are the rows that its ranking leaves out: the reference's own.
    """

    asked: Asked
    wrong: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    same: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()
