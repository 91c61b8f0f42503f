"""What went wrong with a query, told by vectors: the top hit forgot the words, or it forgot the picture.

Both tags speak of a top hit that is not the target. They compare how near it is to the reference with how
near the target is, by cosine of target-side vectors, and ask for its place among the reference's neighbours,
so that a catalogue in which everything is alike tags no more than one in which nothing is.

The bounds were set on the 786 queries of the catalogue that ships whose target is not first, against what
the garments' records say (docs/errors.md): of those tagged WORDS_IGNORED 83 % have a top hit that does not
meet the words (of all: 41 %); of those tagged PICTURE_IGNORED 97 % have one that lost two fields or more
which nobody asked to change (of all: 62 %).
"""

import numpy as np

WORDS_IGNORED = "words ignored"
PICTURE_IGNORED = "picture ignored"
TAGS = (WORDS_IGNORED, PICTURE_IGNORED)

NEAREST = 5  # words ignored: the top hit is among so many neighbours of the reference …
NEARER = 0.05  # … and nearer to it than the target, by so much cosine
FARTHEST = 20  # picture ignored: it is none of so many neighbours of the reference …
FARTHER = 0.3  # … and farther from it than the target, by so much cosine
_CHUNK = 4_000_000  # cosines held at once: 16 MB of float32


def tags(
    reference: np.ndarray, target: np.ndarray, top: np.ndarray, vectors: np.ndarray
) -> dict[str, np.ndarray]:
    """Which queries have which tag: {name of `TAGS`: bool [q]}.

    reference, target and top (the garment ranked first) are rows int64 [q] of `vectors`, float32 [n, d], unit
    rows of the gallery.
    """
    to_top = np.einsum("qd,qd->q", vectors[reference], vectors[top])
    nearer = to_top - np.einsum("qd,qd->q", vectors[reference], vectors[target])
    place = np.empty(len(top), np.int64)  # from 1, among the reference's neighbours without itself
    step = max(1, _CHUNK // max(1, len(vectors)))
    for start in range(0, len(top), step):
        part = slice(start, start + step)
        cosines = vectors[reference[part]] @ vectors.T
        own = np.arange(len(cosines))
        bound = cosines[own, top[part]]
        cosines[own, reference[part]] = -np.inf
        place[part] = 1 + (cosines > bound[:, None]).sum(axis=1)
    missed = top != target
    return {
        WORDS_IGNORED: missed & (place <= NEAREST) & (nearer >= NEARER),
        PICTURE_IGNORED: missed & (place > FARTHEST) & (nearer <= -FARTHER),
    }
