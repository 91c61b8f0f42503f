"""Stage 1, the captioning warm-up: the model learns fashion language by describing the photos.

    python -m train.stage1 --data CLOSET [WARDROBE] --out RUN

Language-model loss on the captions and attribute sentences of the train split. Without --init the model is
built from its parts first (`core.backbones.build`).
"""

import argparse
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import entry
from core.errors import HemlineError
from train.lora import check_lora
from train.options import add_common, add_config, check_ranges, config_from

if TYPE_CHECKING:
    import torch

    from core.backbones.base import Backbone
    from train.material import Material, Measured


LINED = 3000  # drawn garments an epoch, about as many as there are photographed ones


@dataclass(frozen=True)
class Stage1Config:
    """The recipe of stage 1; the defaults are the benchmark's (but `hold_out`), `make model` says the
    shipped model's.

    `views`: augmented views of each photo, 1 for none; `attribute_share`: sentences made from attributes
    instead of the caption; `feature_dropout`: of the tower's channels; `chunk`: rows encoded at once
    (`train.chunks`), 0 for the whole batch; `lora`: the rank of a caption adapter that trains instead of the
    decoder, 0 for the decoder itself; `quantize`: its frozen weights packed (`core.backbones.quantize`);
    `checkpoint_layers`: compute each layer once more for its gradient (`core.backbones.recompute`);
    `hold_out`: train without the tuning slice and report the caption loss on it; `watch_val`: report it on
    val too, after which the run may not be chosen by val.
    """

    steps: int = 500
    batch: int = 64
    lr: float = 1e-3
    weight_decay: float = 0.05
    attribute_share: float = 0.4
    feature_dropout: float = 0.1
    views: int = 4
    precision: str = "auto"
    chunk: int = 0
    lora: int = 0
    quantize: str = "none"
    checkpoint_layers: bool = False
    hold_out: bool = True
    watch_val: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        any_more = math.inf
        check_ranges(
            self,
            {
                **dict.fromkeys(("steps", "batch", "views"), (1, any_more)),
                **dict.fromkeys(("lr", "weight_decay", "seed", "chunk"), (0, any_more)),
                **dict.fromkeys(("attribute_share", "feature_dropout"), (0, 1)),
            },
        )
        check_lora(self)


@dataclass
class Captioning:
    """The examples of the current epoch and the loss on a batch of them."""

    backbone: "Backbone"
    material: "Material"
    config: Stage1Config
    precision: str
    shown: list = field(default_factory=list)

    def batches(self, epoch: int) -> list[list[int]]:
        """Draw an epoch's sentences; a function of the seed and `epoch` alone."""
        from train.batches import shuffled_batches
        from train.examples import Captioned, captioned_examples

        config = self.config
        rng = random.Random(f"stage1-{config.seed}-{epoch}")
        share = config.attribute_share
        self.shown = captioned_examples(self.material.photographed, config.views, share, rng)
        if self.material.lines:
            from train.line_queries import described

            lines = self.material.lines
            photos = rng.sample(sorted(lines.designs), min(len(lines.designs), LINED))
            self.shown += [Captioned(photo, 0, described(lines, photo, rng)) for photo in photos]
        self.shown += [
            Captioned(photo, rng.randrange(config.views), text) for photo, text in self.material.written
        ]
        return shuffled_batches(len(self.shown), config.batch, config.seed)(epoch)

    def loss(self, indices: list[int]) -> "torch.Tensor":
        """Mean language-model loss a token, a scalar in nats."""
        from train.captioning import shared_caption_loss

        batch = [self.shown[i] for i in indices]

        def rows(some: slice) -> "torch.Tensor":
            photos, views = [e.photo for e in batch[some]], [e.view for e in batch[some]]
            return self._features(photos, views, self.config.feature_dropout)

        captions = [e.caption for e in batch]
        return shared_caption_loss(self.backbone, rows, captions, self.precision, self.config.chunk)

    def measured_losses(self) -> dict[str, float]:
        """The loss on the own captions of each split that is measured and has such."""
        return {
            f"{part.split.split}_caption_loss": self._measured_loss(part)
            for part in self.material.measured
            if part.split.garments
        }

    def _measured_loss(self, part: "Measured") -> float:
        import torch

        from train.material import batch_features

        garments = [part.split.garments[photo] for photo in part.split.union_gallery()]
        total = 0.0
        with torch.inference_mode():
            for start in range(0, len(garments), 64):
                some = garments[start : start + 64]
                rows = batch_features(part.features, [g.id for g in some], [0] * len(some))
                captions = [g.caption for g in some]
                total += float(self._caption_loss(rows.to(self.backbone.device), captions)) * len(some)
        return total / len(garments)

    def _features(self, photos: list[str], views: list[int], dropout: float) -> "torch.Tensor":
        from train.material import batch_features

        return batch_features(self.material.features, photos, views, dropout).to(self.backbone.device)

    def _caption_loss(self, rows: "torch.Tensor", captions: list[str]) -> "torch.Tensor":
        from train.captioning import caption_loss

        return caption_loss(self.backbone, rows, captions, self.precision)


def warm_up(
    backbone: "Backbone",
    data: Sequence[Path],
    out: Path,
    cache: Path,
    config: Stage1Config,
    written: Sequence[Path] = (),
) -> None:
    """Train the projector and the decoder of `backbone`, or with `lora` its caption adapter in the decoder's
    place, and save it in `out` with its run card.
    """
    from core.backbones.mllm import MllmBackbone
    from core.backbones.recompute import recompute_layers
    from train.material import gather
    from train.optimizer import OptimizerConfig
    from train.precision import resolve
    from train.processes import one_first
    from train.session import fit, open_card

    if not isinstance(backbone, MllmBackbone):
        raise HemlineError(
            f"stage 1 writes captions and a model of kind {backbone.spec.kind} cannot; start at stage 2"
        )
    precision = resolve(config.precision, backbone.device)
    card = open_card("train.stage1", asdict(config), config.seed, out)
    told = "they are what stage 1 trains on: add texts --written by train.caption, or start at stage 2"
    without_records = "" if written else told
    material = one_first(
        lambda: gather(
            backbone, data, cache, config.views, config.hold_out, without_records, config.watch_val, written
        )
    )
    if not material.garments and not material.written:
        raise HemlineError("neither --data nor --written has a description of a photo; start at stage 2")
    card.data_fingerprint = material.split.fingerprint
    backbone.train_only(_trained(backbone, config))
    if config.checkpoint_layers:
        recompute_layers(backbone)
    work = Captioning(backbone, material, config, precision)
    fit(
        backbone,
        work.loss,
        work.batches,
        OptimizerConfig(lr=config.lr, weight_decay=config.weight_decay),
        out,
        card,
        steps=config.steps,
        evaluate=work.measured_losses if material.measured else None,
    )


def _trained(backbone: "Backbone", config: Stage1Config) -> list[str]:
    """The parts that train; the adapter among them is made where it is lacking."""
    if not config.lora:
        return ["tower", "projector", "decoder"]
    from core.backbones.adapters import CAPTION
    from train.lora import give_adapters

    give_adapters(backbone, [CAPTION], config.lora, config.seed, frozen=True)
    # Of a packed model the saved weights are those of --init, projector included.
    return [CAPTION] if config.quantize != "none" else ["projector", CAPTION]


def main() -> None:
    """Command line of stage 1."""
    parser = argparse.ArgumentParser(
        prog="python -m train.stage1", description="Stage 1: captioning warm-up."
    )
    add_common(parser, init_needed=False)
    add_config(parser, Stage1Config)
    args = parser.parse_args()
    config = config_from(args, Stage1Config)

    from train.session import begin

    backbone = begin(args, "train.stage1", config.seed)
    if backbone is not None:
        warm_up(backbone, args.data, args.out, args.cache, config, args.written)


if __name__ == "__main__":
    entry(main)
