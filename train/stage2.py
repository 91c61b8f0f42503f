"""Stage 2, retrieval: composed queries are drawn to their targets.

    python -m train.stage2 --init RUN --data CLOSET [WARDROBE] --out RUN2

(a) both sides train against the batch's other targets; (b) the targets freeze, and the query side alone
trains against a static bank of every training photo, with hard negatives mined from it. Train split only.
"""

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import entry
from core.errors import HemlineError
from train.lora import check_lora
from train.options import add_common, add_config, check_ranges, config_from

if TYPE_CHECKING:
    from core.backbones.base import Backbone
    from core.runs import RunCard
    from train.material import Material

NEEDS_RECORDS = ("generated", "words", "soft", "attribute", "caption")
LEAST_TEMPERATURE = 1e-3


@dataclass(frozen=True)
class Stage2Config:
    """The recipe of stage 2; the defaults are the benchmark's (but `hold_out`), `make model` says the
    shipped model's.

    `steps` of phase (a) and `bank_steps` of phase (b), 0 for none of it; `batch` queries a step; `generated`,
    `words` and `word_dropout` as in `train.examples.Mixture`; `soft`: the share of the loss against affinity
    instead of the one label; `attribute`: weight of the attribute-prediction term; `caption`: weight of stage
    1's loss in phase (a), without which the model forgets how to caption; `lined`: the share of batches from
    lines of drawn garments, where a dataset has such; `asked`: the weight of ranking what meets the
    request first (`train.asking`), for queries of such lines; `mined`: hard negatives a
    query in phase (b), each counted `hard_weight` times, none above `margin` of the target's score;
    `chunk`: rows encoded at once (`train.chunks`), 0 for the whole batch; `lora`: the rank of the adapters of
    a decoder that stays frozen, 0: it trains as well, with adapters of `rank`; `quantize`: its frozen weights
    packed (`core.backbones.quantize`); `checkpoint_layers`: compute each layer once more for its gradient
    (`core.backbones.recompute`);
    `hold_out`: train without the tuning slice and report recall on it; `watch_val`: report it on val too,
    after which the run may not be chosen by val.
    """

    steps: int = 360
    bank_steps: int = 20
    batch: int = 128
    lr: float = 1e-3
    bank_lr: float = 2e-4
    weight_decay: float = 0.05
    temperature: float = 0.05
    soft: float = 0.3
    soft_temperature: float = 0.1
    attribute: float = 1.0
    caption: float = 0.0
    lined: float = 0.7
    asked: float = 1.0
    generated: float = 1.0
    words: float = 0.35
    word_dropout: float = 0.1
    feature_dropout: float = 0.1
    mined: int = 16
    hard_weight: float = 4.0
    margin: float = 0.95
    rank: int = 16
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
        counts = ("steps", "bank_steps", "mined", "seed", "chunk")
        weights = (
            "lr",
            "bank_lr",
            "weight_decay",
            "attribute",
            "caption",
            "asked",
            "generated",
            "words",
            "margin",
        )
        check_ranges(
            self,
            {
                **dict.fromkeys((*counts, *weights), (0, any_more)),
                **dict.fromkeys(("batch", "rank", "views", "hard_weight"), (1, any_more)),
                **dict.fromkeys(("temperature", "soft_temperature"), (LEAST_TEMPERATURE, any_more)),
                **dict.fromkeys(("soft", "lined", "word_dropout", "feature_dropout"), (0, 1)),
            },
        )
        check_lora(self)
        if self.lora and self.caption:
            raise HemlineError(
                "--caption has nothing to train with --lora: captioning stays as it is; leave it out"
            )
        if self.steps + self.bank_steps == 0:
            raise HemlineError(
                f"--steps {self.steps} and --bank-steps {self.bank_steps} leave nothing to train"
            )


def retrieve(
    backbone: "Backbone",
    data: Sequence[Path],
    out: Path,
    cache: Path,
    config: Stage2Config,
    written: Sequence[Path] = (),
) -> None:
    """Train `backbone` in both phases and save it in `out` with its run card."""
    from core.backbones.adapters import SIDES
    from core.backbones.recompute import recompute_layers
    from train.lora import give_adapters
    from train.material import gather
    from train.precision import resolve
    from train.processes import one_first
    from train.session import open_card

    precision = resolve(config.precision, backbone.device)
    if config.caption and backbone.spec.kind != "mllm":
        raise HemlineError(f"--caption needs a model that captions, not one of kind {backbone.spec.kind}")
    card = open_card("train.stage2", asdict(config), config.seed, out)
    off = [f"--{name} 0" for name in NEEDS_RECORDS if getattr(config, name)]
    without_records = f"to train on its triplets alone add {' '.join(off)}" if off else ""
    material = one_first(
        lambda: gather(
            backbone, data, cache, config.views, config.hold_out, without_records, config.watch_val, written
        )
    )
    card.data_fingerprint = material.split.fingerprint
    give_adapters(backbone, SIDES, config.lora or config.rank, config.seed, frozen=config.lora > 0)
    if config.checkpoint_layers:
        recompute_layers(backbone)
    if config.steps:
        _in_batch(backbone, material, out, card, config, precision)
    if config.bank_steps:
        _bank(backbone, material, out, card, config, precision)


def _in_batch(
    backbone: "Backbone",
    material: "Material",
    out: Path,
    card: "RunCard",
    config: Stage2Config,
    precision: str,
) -> None:
    from core.backbones.adapters import SIDES
    from train.contrast import InBatch
    from train.optimizer import OptimizerConfig
    from train.session import fit

    backbone.train_only([*SIDES, "projection"] if config.lora else list(backbone.parts()))
    work = InBatch(backbone, material, config, precision)
    fit(
        backbone,
        work.loss,
        work.batches,
        OptimizerConfig(lr=config.lr, weight_decay=config.weight_decay),
        out,
        card,
        steps=config.steps,
        evaluate=_recall(backbone, material),
        extra=work.beside,
        phase="in-batch",
        last=config.bank_steps == 0,
    )


def _bank(
    backbone: "Backbone",
    material: "Material",
    out: Path,
    card: "RunCard",
    config: Stage2Config,
    precision: str,
) -> None:
    from train.bank import StaticBank
    from train.optimizer import OptimizerConfig
    from train.session import fit

    backbone.train_only(backbone.query_parts)
    work = StaticBank(backbone, material, config, precision)
    fit(
        backbone,
        work.loss,
        work.batches,
        OptimizerConfig(lr=config.bank_lr, weight_decay=config.weight_decay),
        out,
        card,
        steps=config.bank_steps,
        evaluate=_recall(backbone, material),
        phase="bank",
    )


def _recall(backbone: "Backbone", material: "Material") -> Callable[[], dict[str, float]] | None:
    """What measures recall on the tuning slice, and on val where it is watched; None for neither."""
    from core.evaluation.protocol import preset
    from core.evaluation.run import evaluate_split

    if not material.measured:
        return None

    def recall() -> dict[str, float]:
        found: dict[str, float] = {}
        for part in material.measured:
            result = evaluate_split(backbone, part.split, preset("closet"), "both", part.looks())
            found |= {f"{part.split.split}_{name}": value for name, value in result.metrics.items()}
        return found

    return recall


def main() -> None:
    """Command line of stage 2."""
    parser = argparse.ArgumentParser(prog="python -m train.stage2", description="Stage 2: retrieval.")
    add_common(parser, init_needed=True)
    add_config(parser, Stage2Config)
    args = parser.parse_args()
    config = config_from(args, Stage2Config)

    from train.session import begin

    backbone = begin(args, "train.stage2", config.seed)
    if backbone is not None:
        retrieve(backbone, args.data, args.out, args.cache, config, args.written)


if __name__ == "__main__":
    entry(main)
