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


def affinity(garments: Sequence[Garment]) -> np.ndarray:
    """float32 [n, n] in [0, 1], the diagonal 1."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    documents = [_document(garment) for garment in garments]
    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\S+", dtype=np.float32)
    rows = vectorizer.fit_transform(documents)
    return np.asarray((rows @ rows.T).todense(), dtype=np.float32)


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
