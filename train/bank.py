"""Phase (b) of stage 2: the targets are frozen, and the query side trains against all of them at once.

Every training photo's target vector is made once, so thousands of negatives cost one matrix product (SPN4CIR,
arXiv 2404.11317). Unlike there, the bank leaves out what the one mask rule forbids, and a query's own target
counts once.
"""

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from train.asking import Asking
from train.batches import epoch_rng
from train.contrast import encoded_queries, epoch_of, query_vectors
from train.examples import also_right, human_examples
from train.losses import info_nce
from train.material import Material
from train.negatives import columns_of, known_positives, mine_hard_negatives, negative_mask
from train.precision import computing

if TYPE_CHECKING:
    from core.backbones.base import Backbone
    from train.stage2 import Stage2Config

SHARD = 256  # queries embedded at once while mining, and photos whose features are read at once


@dataclass
class StaticBank:
    """The frozen bank, the phase's examples with their mined hard negatives, and the loss on a batch.

    Examples are drawn and mined once, with the model the phase begins with, so that a resumed run meets the
    same ones.
    """

    backbone: "Backbone"
    material: Material
    config: "Stage2Config"
    precision: str

    @property
    def photos(self) -> tuple[str, ...]:
        """The bank's photos, in the order of its columns."""
        return self.material.photos

    def __post_init__(self) -> None:
        lines = self.material.lines
        self.asking = Asking(lines) if lines and self.config.asked else None
        self.column = {photo: i for i, photo in enumerate(self.photos)}
        self.bank = torch.from_numpy(self._embedded()).to(self.backbone.device)
        human = [e.query for e in human_examples(self.material.split, random.Random(0))]
        rng = random.Random(f"bank-{self.config.seed}")
        self.shown, self.drawn = epoch_of(self.material, self.config, rng, 0)
        self.known = known_positives(human, self.material.same, also_right(self.shown))
        self.columns = columns_of(self.photos, self.known)
        self.mined = self._mine() if self.config.mined else []

    def _embedded(self) -> np.ndarray:
        """The photos' target vectors; features are read a shard at a time, as all may not fit in memory."""
        features, photos = self.material.features, self.photos
        shards = [photos[start : start + SHARD] for start in range(0, len(photos), SHARD)]
        return np.concatenate([self.backbone.embed_targets(list(features.rows(some))) for some in shards])

    def batches(self, epoch: int) -> list[list[int]]:
        """The same batches in an order of the epoch's own."""
        order = epoch_rng(self.config.seed, epoch).permutation(len(self.drawn))
        return [self.drawn[i] for i in order]

    def loss(self, indices: list[int]) -> Tensor:
        """A scalar in nats: info_nce over the whole bank, mined negatives counted `hard_weight` times, and
        `asked` times the term of `train.asking`.
        """
        batch = [self.shown[i] for i in indices]
        device = self.bank.device
        queries = encoded_queries(self.backbone, self.material, batch, self.config, self.precision)
        targets = torch.tensor([self.column[e.query.target] for e in batch], device=device)
        mask = torch.from_numpy(negative_mask([e.query for e in batch], self.columns, self.known)).to(device)
        asked = torch.zeros((), device=device)
        if self.asking is not None:
            temperature = self.config.temperature
            asked = self.asking.loss(queries, self.bank, self.photos, batch, temperature) * self.config.asked
        hard = None
        if self.mined:
            hard = torch.zeros(len(batch), len(self.photos), dtype=torch.bool)
            for row, index in enumerate(indices):
                hard[row, self.mined[index]] = True
            hard = hard.to(device)
        return asked + info_nce(
            queries, self.bank, targets, mask, self.config.temperature, hard, self.config.hard_weight
        )

    def _mine(self) -> list[list[int]]:
        was_training = self.backbone.training
        self.backbone.eval()
        found: list[list[int]] = []
        bank = self.bank.cpu().numpy()
        with torch.inference_mode(), computing(self.precision, self.backbone.device):
            for start in range(0, len(self.shown), SHARD):
                some = self.shown[start : start + SHARD]
                vectors = query_vectors(self.backbone, self.material, some).float().cpu().numpy()
                targets = np.array([self.column[e.query.target] for e in some])
                mask = negative_mask([e.query for e in some], self.columns, self.known)
                mined = mine_hard_negatives(
                    vectors, bank, self.photos, targets, mask, top=self.config.mined,
                    relative_margin=self.config.margin,
                )  # fmt: skip
                found += [[self.column[negative.id] for negative in row] for row in mined]
        self.backbone.train(was_training)
        return found
