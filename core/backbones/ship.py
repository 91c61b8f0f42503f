"""Makes a trained model small enough to be committed: half-precision weights, nothing else of the run.

    python -m core.backbones.ship --model RUN --out assets/model

Weights are rounded to float16 once and kept so on disk; in memory they are float32 again, so the shipped
model is a model of its own, with its own fingerprint, and answers the same everywhere. The tower's
normalisation, which float16 cannot hold exactly, stays float32: its features are those of the model it was
made from.
"""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import entry

if TYPE_CHECKING:
    from core.backbones.base import Backbone


def ship(backbone: "Backbone", folder: Path) -> None:
    """Write `backbone` with half-precision weights to `folder`, in place of the model that may be there.

    The backbone in memory is rounded to what was written.
    """
    import torch

    from core.backbones.saving import save_backbone
    from core.backbones.spec import SPEC_FILE, weight_files, with_weights
    from core.files import write_atomically, write_json

    tower = {id(p) for p in backbone.tower.parameters()}  # type: ignore[attr-defined]
    with torch.no_grad():
        for parameter in backbone.parameters():
            if id(parameter) not in tower:
                parameter.copy_(parameter.half().to(parameter.dtype))
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        whole = Path(scratch) / "model"
        save_backbone(backbone, whole)
        for path in weight_files(whole):
            if path.suffix == ".safetensors":
                _halve(path)
        backbone.spec = with_weights(backbone.spec, whole)
        write_json(whole / SPEC_FILE, backbone.spec.to_json())
        write_atomically(folder, lambda aside: _copy(whole, aside))


def _copy(folder: Path, to: Path) -> None:
    shutil.copytree(folder, to)


def _halve(path: Path) -> None:
    """Store what float16 holds exactly as float16."""
    import torch
    from safetensors import safe_open

    from core.backbones.tensors import write_tensors

    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, no mapping
    small = {
        name: tensor.half()
        if tensor.dtype == torch.float32 and torch.equal(tensor.half().float(), tensor)
        else tensor
        for name, tensor in tensors.items()
    }
    write_tensors(small, path, metadata)
    path.chmod(0o644)  # safetensors makes files that only their owner can read


def main() -> None:
    """Command line: load, round, write, say how large it is."""
    parser = argparse.ArgumentParser(description="Write a trained model small, to be shipped.")
    parser.add_argument("--model", type=Path, required=True, help="the trained model's folder")
    parser.add_argument("--out", type=Path, required=True, help="replaced whole")
    args = parser.parse_args()

    from core.backbones import load_backbone
    from core.runs import load_card, save_card

    ship(load_backbone(args.model), args.out)
    card = load_card(args.model)
    if card is not None:
        save_card(card, args.out)
    size = sum(path.stat().st_size for path in args.out.rglob("*") if path.is_file())
    print(f"{args.out}: {size / 2**20:.1f} MiB")


if __name__ == "__main__":
    entry(main)
