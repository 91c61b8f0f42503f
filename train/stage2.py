"""Stage 2, retrieval: composed queries are drawn to their targets.

    python -m train.stage2 --init RUN --data CLOSET --out RUN2

(a) both sides train against the batch's other targets; (b) the targets freeze, and the query side alone
trains against a static bank of every training photo, with hard negatives mined from it. Train split only.
"""

import argparse
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli import entry
from core.errors import HemlineError

if TYPE_CHECKING:
    from core.backbones.base import Backbone
    from train.material import Material


@dataclass(frozen=True)
class Stage2Config:
    """The recipe of stage 2; the defaults are the shipped model's.

    `steps` of phase (a) and `bank_steps` of phase (b), 0 for none of it; `batch` queries a step; `generated`,
    `words` and `word_dropout` as in `train.examples.Mixture`; `soft`: the share of the loss against affinity
    instead of the one label; `attribute`: weight of the attribute-prediction term; `mined`: hard negatives a
    query in phase (b), each counted `hard_weight` times, none above `margin` of the target's score;
    `hold_out`: train without the tuning slice and report recall on it.
    """

    steps: int = 500
    bank_steps: int = 60
    batch: int = 128
    lr: float = 5e-4
    bank_lr: float = 2e-4
    weight_decay: float = 0.05
    temperature: float = 0.05
    soft: float = 0.3
    soft_temperature: float = 0.1
    attribute: float = 1.0
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
    hold_out: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if self.steps < 0 or self.bank_steps < 0 or self.steps + self.bank_steps == 0:
            raise HemlineError(
                f"--steps {self.steps} and --bank-steps {self.bank_steps} leave nothing to train"
            )


def retrieve(backbone: "Backbone", data: Path, out: Path, cache: Path, config: Stage2Config) -> None:
    """Train `backbone` in both phases and save it in `out` with its run card."""
    from core.backbones.mllm import add_adapters
    from train.material import gather

    material = gather(backbone, data, cache, config.views, config.hold_out, config.seed)
    if not backbone.spec.adapters:
        add_adapters(backbone, rank=config.rank, alpha=2 * config.rank, seed=config.seed)
    if config.steps:
        _in_batch(backbone, material, out, config)
    if config.bank_steps:
        _bank(backbone, material, out, config)


def _in_batch(backbone: "Backbone", material: "Material", out: Path, config: Stage2Config) -> None:
    from train.contrast import InBatch
    from train.optimizer import OptimizerConfig
    from train.precision import resolve
    from train.session import fit

    backbone.train_only(list(backbone.parts()))
    work = InBatch(backbone, material, config, resolve(config.precision))
    fit(
        backbone,
        work.loss,
        work.batches,
        OptimizerConfig(lr=config.lr, weight_decay=config.weight_decay),
        out,
        steps=config.steps,
        extra=work.heads,
        phase="in-batch",
        last=config.bank_steps == 0,
        **_facts(backbone, material, config),
    )


def _bank(backbone: "Backbone", material: "Material", out: Path, config: Stage2Config) -> None:
    from train.bank import StaticBank
    from train.optimizer import OptimizerConfig
    from train.precision import resolve
    from train.session import fit

    backbone.train_only(backbone.query_parts)
    work = StaticBank(backbone, material, config, resolve(config.precision))
    fit(
        backbone,
        work.loss,
        work.batches,
        OptimizerConfig(lr=config.bank_lr, weight_decay=config.weight_decay),
        out,
        steps=config.bank_steps,
        phase="bank",
        **_facts(backbone, material, config),
    )


def _facts(backbone: "Backbone", material: "Material", config: Stage2Config) -> dict[str, Any]:
    from core.evaluation.protocol import preset
    from core.evaluation.run import evaluate_split

    def tune_recall() -> dict[str, float]:
        assert material.tune is not None
        result = evaluate_split(backbone, material.tune, preset("closet"), "both", material.tune_looks())
        return {f"tune_{name}": value for name, value in result.metrics.items()}

    return {
        "command": "train.stage2",
        "seed": config.seed,
        "config": asdict(config),
        "data_fingerprint": material.split.fingerprint,
        "evaluate": tune_recall if material.tune is not None else None,
    }


def main() -> None:
    """Command line of stage 2."""
    from train.options import add_common, add_config, config_from

    parser = argparse.ArgumentParser(prog="python -m train.stage2", description="Stage 2: retrieval.")
    add_common(parser, init_needed=True)
    add_config(parser, Stage2Config)
    args = parser.parse_args()
    config = config_from(args, Stage2Config)

    from train.session import begin

    backbone = begin(args, config.seed)
    if backbone is not None:
        retrieve(backbone, args.data, args.out, args.cache, config)


if __name__ == "__main__":
    entry(main)
