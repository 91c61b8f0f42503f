"""The knobs of a refinement; the defaults were chosen on drawn garments of the train split alone."""

import math
from dataclasses import dataclass

from train.options import check_ranges


@dataclass(frozen=True)
class RefineConfig:
    """How a refinement trains.

    `steps` of `judged_batch` judged queries and `replay_batch` that are to stay; `margin` (cosine)
    is what a wrong hit is to score below the tenth, and `keep` what the order of the others weighs beside it;
    `stay` weighs what is to stay in training; `replayed` and `measured` are how many references are replayed
    and measured on at most.
    """

    steps: int = 16
    judged_batch: int = 16
    replay_batch: int = 12
    lr: float = 1e-3
    margin: float = 0.02
    temperature: float = 0.04
    keep: float = 1.0
    stay: float = 1.0
    replayed: int = 60
    measured: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        many = math.inf
        check_ranges(
            self,
            {
                **dict.fromkeys(("steps", "judged_batch", "replay_batch", "replayed", "measured"), (1, many)),
                **dict.fromkeys(("lr", "margin", "keep", "stay", "seed"), (0, many)),
                "temperature": (1e-3, many),
            },
        )
