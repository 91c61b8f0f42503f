"""The mean of the weights of a model and of what it became when trained on.

    python -m train.average --models RUN RUN2 --out RUN3

Weights between a model and its continuation often do better on both than either end (WiSE-FT, Wortsman et al.
2022, arXiv 2109.01903): what the continuation learned stays, and what it forgot comes back.
"""

import argparse
from pathlib import Path

from core.cli import entry
from core.errors import HemlineError


def average(models: list[Path], out: Path) -> None:
    """Save in `out` the model whose every trained weight is the mean of those of `models`.

    HemlineError where they are not of one specification (prompts, sizes, vocabulary) or of one tower.
    """
    import torch

    from core.backbones import load_backbone
    from core.backbones.saving import refuse_other_model, save_backbone

    refuse_other_model(out)
    first, *others = (load_backbone(folder) for folder in models)
    tensors = dict(first.named_parameters())
    for folder, other in zip(models[1:], others, strict=True):
        facts = {name: value for name, value in other.spec.to_json().items() if name != "weights"}
        same = facts == {name: value for name, value in first.spec.to_json().items() if name != "weights"}
        if not same or other.tower_fingerprint() != first.tower_fingerprint():
            raise HemlineError(
                f"{folder} is not of the same making as {models[0]}; average runs of one model"
            )
    with torch.no_grad():
        for name, tensor in tensors.items():
            tensor.copy_(torch.stack([tensor, *(dict(o.named_parameters())[name] for o in others)]).mean(0))
    save_backbone(first, out)


def main() -> None:
    """Command line: two or more models, one out."""
    parser = argparse.ArgumentParser(prog="python -m train.average", description="Average models' weights.")
    parser.add_argument("--models", type=Path, nargs="+", required=True, help="two runs or more of one model")
    parser.add_argument("--out", type=Path, required=True, help="the model folder to write")
    args = parser.parse_args()
    if len(args.models) < 2:
        raise HemlineError("--models names one model; an average needs two or more")
    average(args.models, args.out)
    print(f"{args.out}: the mean of {' and '.join(map(str, args.models))}")


if __name__ == "__main__":
    entry(main)
