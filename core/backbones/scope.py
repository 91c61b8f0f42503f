"""Where a refinement applies: near the queries that people judged, and nowhere else.

Fifty flags change a query adapter in a direction in which all queries move. So a refined query side is asked
only where the unrefined one puts a query near one that was judged, as model editing does with a scope and a
counterfactual model (SERAC, arXiv 2206.06520); everywhere else the model answers as before.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from core.backbones.base import Backbone

# The name of the anchors among a query side's tensors.
ANCHORS = "scope.anchors"
# Cosine to the nearest judged query: nothing changes below the one, above the other the refined side answers
# alone. Chosen on drawn garments of the train split (docs/refinement.md).
FAR, NEAR = 0.80, 0.90


@dataclass(frozen=True)
class Scope:
    """`outside` answers where no judged query is near; `anchors` [a, dim] are its unit vectors of those."""

    outside: "Backbone"
    anchors: Tensor

    def share(self, vectors: Tensor) -> Tensor:
        """How much the refined side counts for unit query vectors of `outside` [n, dim]: [n, 1] in 0..1."""
        nearest = (vectors @ self.anchors.to(vectors.device).T).amax(dim=1, keepdim=True)
        return ((nearest - FAR) / (NEAR - FAR)).clamp(0, 1)
