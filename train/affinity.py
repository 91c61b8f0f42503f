"""How alike two garments are by their records: the soft targets of stage 2.

A batch holds garments that would please almost as well as the labelled target; a hard label pushes them
all away alike. The affinity is the cosine of TF-IDF vectors of attributes and caption words, so that a rare
shared trait (camouflage) counts for more than a common one (cotton).
"""

from collections.abc import Sequence

import numpy as np

from core.types import Garment

# How often an attribute's word is repeated in a garment's document: what people look at first weighs more.
WEIGHTS = {
    "category": 3,
    "kind": 3,
    "pattern": 2,
    "sleeve": 2,
    "neckline": 1,
    "length": 1,
    "fit": 1,
    "fabric": 1,
}
MAIN_COLOR, OTHER_COLOR = 4, 1


class Affinity:
    """The affinity of any of the garments to any other, in [0, 1], 1 to itself."""

    def __init__(self, garments: Sequence[Garment]) -> None:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\S+", dtype=np.float32)
        self._rows = vectorizer.fit_transform([_document(garment) for garment in garments])
        self._place = {garment.id: row for row, garment in enumerate(garments)}

    def __contains__(self, photo: str) -> bool:
        return photo in self._place

    def between(self, photos: Sequence[str], others: Sequence[str]) -> np.ndarray:
        """float32 [n, m], of ids of garments; KeyError for one that is not among them."""
        one, two = (self._rows[[self._place[p] for p in some]] for some in (photos, others))
        return np.asarray((one @ two.T).todense(), dtype=np.float32)


def _document(garment: Garment) -> str:
    words: list[str] = []
    for name, weight in WEIGHTS.items():
        value = getattr(garment, name)
        if value:
            words += [f"{name}:{value.replace(' ', '_')}"] * weight
    for place, color in enumerate(garment.colors):
        words += [f"color:{color}"] * (MAIN_COLOR if place == 0 else OTHER_COLOR)
    words += [f"detail:{detail}" for detail in garment.details]
    return " ".join(words + garment.caption.lower().split())
