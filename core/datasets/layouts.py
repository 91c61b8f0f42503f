"""Reads a split of a folder in either layout, FashionIQ's or CIRR's, as the same plain values."""

from dataclasses import replace
from pathlib import Path

from core.datasets.cirr import holds_cirr, read_cirr
from core.datasets.fashioniq import Split, read_split


def read_either(root: Path, split: str) -> Split:
    """The split for training; CIRR's is one category, whose photos lie where its annotations say.

    A pair of CIRR without a caption is left out: nothing is asked. HemlineError as the two readers raise it.
    """
    if not holds_cirr(root):
        return read_split(root, split)
    whole = read_cirr(root, split).to_split()
    return replace(whole, triplets=tuple(t for t in whole.triplets if any(c.strip() for c in t.captions)))
