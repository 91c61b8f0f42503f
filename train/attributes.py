"""The attribute-prediction term of stage 2: a vector must tell the garment's attributes.

The composed query's vector is asked for its *target's* attributes, so the term teaches composition as well.
The heads serve training only.
"""

from collections import Counter
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.types import Garment

SINGLE = ("category", "kind", "pattern", "sleeve", "neckline", "length", "fit", "fabric")
SEVERAL = ("colors", "details")
LEAST = 15  # a detail or kind seen less often than this among the training garments is not asked for
# Binary terms average over many absent values and come out small beside the softmax ones.
SEVERAL_WEIGHT = 4.0
# Unit vectors have small entries; scaled to length 16 the heads start at a sensible size.
SCALE = 16.0
ABSENT = -100


class AttributeHeads(nn.Module):
    """One linear head an attribute on unit vectors [n, dim]."""

    def __init__(self, garments: Sequence[Garment], dim: int) -> None:
        super().__init__()
        self.values = {name: _values(garments, name) for name in (*SINGLE, *SEVERAL)}
        self.values = {name: values for name, values in self.values.items() if values}
        self.heads = nn.ModuleDict({name: nn.Linear(dim, len(v)) for name, v in self.values.items()})
        self.labels = {garment.id: self._label(garment) for garment in garments}

    def loss(self, vectors: Tensor, photos: Sequence[str]) -> Tensor:
        """Mean loss over the attributes, a scalar: what `vectors` [n, dim] tell of the garments `photos` [n].

        Photos without a record are left out; 0 where none has one.
        """
        rows = [row for row, photo in enumerate(photos) if photo in self.labels]
        if not rows:
            return vectors.sum() * 0.0
        labels = [self.labels[photos[row]] for row in rows]
        known = vectors[torch.tensor(rows, device=vectors.device)].float() * SCALE
        total = known.sum() * 0.0
        for name, head in self.heads.items():
            logits = head(known).float()
            if name in SEVERAL:
                wanted = torch.stack([label[name] for label in labels]).to(logits.device)
                total = total + SEVERAL_WEIGHT * functional.binary_cross_entropy_with_logits(logits, wanted)
            else:
                column = torch.stack([label[name] for label in labels])
                if (column != ABSENT).any():
                    total = total + functional.cross_entropy(
                        logits, column.to(logits.device), ignore_index=ABSENT
                    )
        return total / len(self.heads)

    def _label(self, garment: Garment) -> dict[str, Tensor]:
        label = {}
        for name, values in self.values.items():
            given = getattr(garment, name)
            if name in SEVERAL:
                label[name] = torch.tensor([float(value in given) for value in values])
            else:
                label[name] = torch.tensor(values.index(given) if given in values else ABSENT)
        return label


def _values(garments: Sequence[Garment], name: str) -> list[str]:
    counts: Counter[str] = Counter()
    for garment in garments:
        given = getattr(garment, name)
        counts.update(given if name in SEVERAL else [given] if given else [])
    least = LEAST if name in ("details", "kind") else 1
    return sorted(value for value, count in counts.items() if count >= least)
