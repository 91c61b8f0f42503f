"""Phase (a) of stage 2: both sides train against the other targets of the batch."""

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from train.affinity import Affinity
from train.asking import MEMORY, Asking
from train.attributes import AttributeHeads
from train.batches import shuffled_batches
from train.captioning import shared_caption_loss
from train.chunks import in_chunks
from train.examples import Composed, Mixture, also_right, composed_examples
from train.line_queries import line_batch
from train.losses import info_nce, soft_info_nce
from train.material import Material, batch_features, fitted
from train.negatives import Known, known_positives, negative_mask
from train.precision import computing
from train.processes import everyones, share

if TYPE_CHECKING:
    from core.backbones.base import Backbone
    from train.stage2 import Stage2Config


CAPTIONED = 32  # targets of a batch that are captioned as well, where that is asked for
LINE_BATCHES = 64  # of an epoch without photographed garments


@dataclass
class InBatch:
    """The examples of the current epoch and the loss on a batch of them.

    The loss is info_nce over the batch's targets, `soft` of it against affinity, `attribute` times the
    attribute-prediction term of both sides, `asked` times the term of `train.asking`, and `caption` times
    stage 1's loss.
    """

    backbone: "Backbone"
    material: Material
    config: "Stage2Config"
    precision: str
    shown: list[Composed] = field(default_factory=list)

    def __post_init__(self) -> None:
        material, device = self.material, self.backbone.device
        dim = self.backbone.spec.dim
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.config.seed)
            heads = AttributeHeads(material.garments, dim) if self.config.attribute else None
        self.heads = None if heads is None else heads.to(device)
        asked = material.lines if self.config.asked else None
        self.asking = Asking(asked, dim, MEMORY, device) if asked else None
        # Photographed garments only: in a line of drawn ones the neighbours are wrong, however alike.
        self.affinity = (
            Affinity(material.photographed) if self.config.soft and material.photographed else None
        )

    @property
    def beside(self) -> nn.ModuleDict | None:
        """What trains or is remembered beside the model, for checkpoints."""
        found = {"heads": self.heads, "asking": self.asking}
        return nn.ModuleDict({name: m for name, m in found.items() if m is not None}) or None

    def batches(self, epoch: int) -> list[list[int]]:
        """Draw an epoch's examples; a function of the seed and `epoch` alone."""
        rng = random.Random(f"in-batch-{self.config.seed}-{epoch}")
        self.shown, batches = epoch_of(self.material, self.config, rng, epoch)
        return batches

    def loss(self, indices: list[int]) -> Tensor:
        """A scalar in nats."""
        batch = [self.shown[i] for i in indices]
        targets = list(dict.fromkeys((e.query.target, e.target_view) for e in batch))
        # A garment met in two views is one target: its first view stands for both.
        first = {photo: (photo, view) for photo, view in reversed(targets)}
        photos = list(first)
        columns = torch.tensor([photos.index(e.query.target) for e in batch], device=self.backbone.device)
        views = [first[photo][1] for photo in photos]
        queries = encoded_queries(self.backbone, self.material, batch, self.config, self.precision)
        candidates = self._candidates(photos, views)
        mask = torch.from_numpy(negative_mask([e.query for e in batch], photos, self._known(batch)))
        loss = self._contrast(queries, candidates, columns, mask.to(queries.device), photos)
        if self.heads is not None:
            wanted = [e.query.target for e in batch]
            term = self.heads.loss(queries, wanted) + self.heads.loss(candidates, photos)
            loss = loss + self.config.attribute * term
        if self.asking is not None:
            term = self.asking.loss(queries, candidates, photos, batch, self.config.temperature)
            loss = loss + self.config.asked * term
        if self.config.caption:
            loss = loss + self.config.caption * self._captioning(photos, views)
        return loss

    def _candidates(self, photos: list[str], views: list[int]) -> Tensor:
        def encode(some: slice) -> Tensor:
            with computing(self.precision, self.backbone.device):
                return self.backbone.target_vectors(self._rows(photos[some], views[some]))

        own = in_chunks(encode, share(len(photos)), self.config.chunk, self.backbone.device)
        return everyones(own, len(photos))

    def _contrast(
        self, queries: Tensor, candidates: Tensor, columns: Tensor, mask: Tensor, photos: list[str]
    ) -> Tensor:
        hard = info_nce(queries, candidates, columns, mask, self.config.temperature)
        if self.affinity is None or any(photo not in self.affinity for photo in photos):
            return hard
        alike = torch.from_numpy(self.affinity.between(photos, photos)).to(columns.device)[columns]
        soft = soft_info_nce(
            queries, candidates, columns, alike, mask, self.config.temperature, self.config.soft_temperature
        )
        return (1 - self.config.soft) * hard + self.config.soft * soft

    def _captioning(self, photos: list[str], views: list[int]) -> Tensor:
        """Stage 1's loss on some of the batch's targets, so that the model goes on being able to caption."""
        garments = self.material.split.garments
        told = [i for i, p in enumerate(photos) if p in garments and garments[p].caption.strip()]
        told = told[:: max(1, len(told) // CAPTIONED)][:CAPTIONED]
        return shared_caption_loss(
            self.backbone,
            lambda some: self._rows([photos[i] for i in told[some]], [views[i] for i in told[some]]),
            [garments[photos[i]].caption for i in told],
            self.precision,
            self.config.chunk,
        )

    def _known(self, batch: list[Composed]) -> Known:
        return known_positives([e.query for e in batch], self.material.same, also_right(batch))

    def _rows(self, photos: list[str], views: list[int]) -> Tensor:
        rows = batch_features(self.material.features, photos, views, self.config.feature_dropout)
        return rows.to(self.backbone.device)


def epoch_of(
    material: Material, config: "Stage2Config", rng: random.Random, epoch: int
) -> tuple[list[Composed], list[list[int]]]:
    """An epoch's examples of either phase, mixed as `config` says, and its batches of indices into them.

    A batch is of photographed garments or of lines of drawn ones; `config.lined` is the share of the latter.
    """
    mix = Mixture(config.generated, config.words, config.word_dropout)
    shown: list[Composed] = []
    batches: list[list[int]] = []
    photographed = material.split.triplets or material.photographed
    if photographed and (config.lined < 1 or not material.lines):
        shown = composed_examples(
            material.split, material.photographed, material.same, config.views, mix, rng
        )
        batches = shuffled_batches(len(shown), config.batch, config.seed)(epoch)
    if material.lines and config.lined > 0:
        share = min(config.lined, 0.99)
        count = round(len(batches) * share / (1 - share)) if batches else LINE_BATCHES
        for _ in range(count):
            batch = line_batch(material.lines, config.batch, rng)
            batches.append(list(range(len(shown), len(shown) + len(batch))))
            shown += batch
        rng.shuffle(batches)
    return shown, batches


def encoded_queries(
    backbone: "Backbone", material: Material, batch: list[Composed], config: "Stage2Config", precision: str
) -> Tensor:
    """`query_vectors` of a batch, a chunk at a time, of which each process encodes its share."""

    def encode(some: slice) -> Tensor:
        with computing(precision, backbone.device):
            return query_vectors(backbone, material, batch[some], config.feature_dropout)

    own = in_chunks(encode, share(len(batch)), config.chunk, backbone.device)
    return everyones(own, len(batch))


def query_vectors(
    backbone: "Backbone", material: Material, batch: list[Composed], feature_dropout: float = 0.0
) -> Tensor:
    """Unit query vectors [n, dim] of examples; differentiable."""
    references = [e.query.reference for e in batch]
    seen = [row for row, reference in enumerate(references) if reference is not None]
    features = torch.zeros(len(batch), *backbone.feature_shape())
    if seen:
        features[seen] = batch_features(
            material.features,
            [str(references[row]) for row in seen],
            [batch[row].reference_view for row in seen],
            feature_dropout,
        )
    has_image = [reference is not None for reference in references]
    texts = fitted(backbone, [e.query.text for e in batch])
    return backbone.query_vectors(features.to(backbone.device), has_image, texts)
