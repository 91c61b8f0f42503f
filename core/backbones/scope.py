"""Where a refinement applies: near the queries that people judged, and nowhere else.

Fifty flags change a query adapter in a direction in which all queries move. So a refined query side is asked
only where the unrefined one puts a query near one that was judged, as model editing does with a scope and a
counterfactual model (SERAC, arXiv 2206.06520); everywhere else the model answers as before. What the adapter
did not learn of a judged query's corrected vector in its short training is added as a move.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from core.backbones.base import Backbone

# The names of the anchors and their moves among a query side's tensors.
ANCHORS, MOVES = "scope.anchors", "scope.moves"
# Cosine to the nearest judged query: nothing changes below the one, above the other the refined side answers
# alone. Chosen on drawn garments of the train split (docs/refinement.md).
FAR, NEAR = 0.80, 0.90


@dataclass(frozen=True)
class Scope:
    """`outside` answers where no judged query is near; `anchors` [a, dim] are its unit vectors of those.

    `moves` [a, dim] lead from the refined side's vectors of the judged queries to where they should be.
    """

    outside: "Backbone"
    anchors: Tensor
    moves: Tensor

    def share(self, vectors: Tensor) -> Tensor:
        """How much the refined side counts for unit query vectors of `outside` [n, dim]: [n, 1] in 0..1."""
        return share(self.anchors.to(vectors.device), vectors)

    def mixed(self, vectors: Tensor, refined: Tensor) -> Tensor:
        """What is answered: unit vectors [n, dim] of those of `outside` and of the refined side.

        The move is that of the nearest judged query.
        """
        nearest = (vectors @ self.anchors.to(vectors.device).T).argmax(dim=1)
        moved = functional.normalize(refined + self.moves.to(refined.device)[nearest], dim=1)
        return functional.normalize(torch.lerp(vectors, moved, self.share(vectors)), dim=1)


def share(anchors: Tensor, vectors: Tensor) -> Tensor:
    """How much the refined side counts for `vectors` [n, dim] where `anchors` were judged: [n, 1] in 0..1."""
    nearest = (vectors @ anchors.T).amax(dim=1, keepdim=True)
    return ((nearest - FAR) / (NEAR - FAR)).clamp(0, 1)
