"""The knobs of a refinement; the defaults were chosen on drawn garments of the train split alone."""

import math
from dataclasses import dataclass

from train.options import check_ranges


@dataclass(frozen=True)
class RefineConfig:
    """How a refinement trains.

    `steps`, at most, of `judged_batch` judged queries and `replay_batch` replayed ones, and half as many with
    words exchanged; `margin` (cosine) is what a wrong hit is to score below the tenth; `keep_order`, `again`
    (finding the replayed answers) and `stay` weigh the terms; `replayed` and `measured` are how many
    references are replayed and measured on at most.
    """

    steps: int = 40
    judged_batch: int = 16
    replay_batch: int = 12
    lr: float = 1e-3
    margin: float = 0.04
    temperature: float = 0.04
    keep_order: float = 0.3
    again: float = 0.0
    stay: float = 1.0
    replayed: int = 80
    measured: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        many = math.inf
        check_ranges(
            self,
            {
                **dict.fromkeys(("steps", "judged_batch", "replay_batch", "replayed", "measured"), (1, many)),
                **dict.fromkeys(("lr", "margin", "keep_order", "again", "stay", "seed"), (0, many)),
                "temperature": (1e-3, many),
            },
        )
