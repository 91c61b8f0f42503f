"""What a generative backbone writes about photos: a description of each, and the change between two.

A model that follows instructions (its prompts hold "describe" and "change") is asked for both; one that only
captions describes, and the change is worded from what its two captions say (`train.said`).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HemlineError
from train.material import fitted
from train.neighbours import Pair
from train.said import garment_said, worded_change

if TYPE_CHECKING:
    from core.backbones.base import Look
    from core.backbones.features import Features
    from core.backbones.mllm import MllmBackbone

WORDED = "none: worded by train.said from the descriptions of both"
ROWS = 256  # photos whose features are in memory at once


@dataclass(frozen=True)
class Describer:
    """The backbone, the features of the photos it writes about, and the most words of each kind of text.

    One word more than the most is written, so that a text that was cut off is known by its length.
    """

    backbone: "MllmBackbone"
    features: "Features"
    description_words: int
    change_words: int
    seed: int = 0

    @property
    def follows(self) -> bool:
        """Whether the model follows instructions, and does not only caption."""
        return {"describe", "change"} <= self.backbone.spec.prompts.keys()

    @property
    def description_prompt(self) -> str:
        """What the model is given for a description."""
        return self.backbone.spec.prompts["describe" if self.follows else "caption"]

    @property
    def change_prompt(self) -> str:
        """What the model is given for a change, or that it is given nothing."""
        return self.backbone.spec.prompts["change"] if self.follows else WORDED

    def describe(self, photos: Sequence[str]) -> list[str]:
        """A description of each photo, as written."""
        looks, most = list(self.features.rows(photos)), self.description_words + 1
        if self.follows:
            return self.backbone.follow("describe", looks, [""] * len(looks), most)
        return self.backbone.caption(looks, most)

    def change(self, pairs: Sequence[Pair], said: Mapping[str, str]) -> list[list[str]]:
        """The change of each pair, in one wording or two (none: nothing to say); `said`: the descriptions."""
        if not self.follows:
            return [self._worded(pair, said) for pair in pairs]
        shown: list[list[Look]]
        if self.backbone.shows_pictures("change"):
            shown = [list(self.features.rows([pair.reference, pair.target])) for pair in pairs]
            texts = [""] * len(pairs)
        else:
            shown = [[] for _ in pairs]
            texts = [self._both(said[pair.reference], said[pair.target]) for pair in pairs]
        answers = self.backbone.follow("change", shown, texts, self.change_words + 1)
        return [[answer] for answer in answers]

    def vectors(self, photos: Sequence[str]) -> np.ndarray:
        """Unit target vectors of the photos, float32 [n, dim]."""
        parts = [photos[start : start + ROWS] for start in range(0, len(photos), ROWS)]
        return np.concatenate([self.backbone.embed_targets(list(self.features.rows(some))) for some in parts])

    def _worded(self, pair: Pair, said: Mapping[str, str]) -> list[str]:
        rng = random.Random(f"change-{self.seed}-{pair.category}-{pair.reference}-{pair.target}")
        reference, target = (
            garment_said(photo, pair.category, said[photo]) for photo in (pair.reference, pair.target)
        )
        return list(worded_change(reference, target, rng))

    def _both(self, reference: str, target: str) -> str:
        """Two descriptions as one text that the model can read, both cut to as many words where need be."""
        most = max(len(reference.split()), len(target.split()))
        for words in range(most, 0, -1):
            first, second = (" ".join(text.split()[:words]) for text in (reference, target))
            both = f"First: {first}\nSecond: {second}"
            if fitted(self.backbone, [both]) == [both]:
                return both
        raise HemlineError("the model reads too few tokens to be told two garments; use one that reads more")
