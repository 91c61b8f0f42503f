"""Mean and deviation of every channel of the multiscale tower, measured once on real photos.

    python -m core.backbones.calibrate --data CLOSET --out assets/tower/channels.safetensors

The channels of a picture's own pixels, of early layers and of the last one differ by a hundred times in
size; a projector that sees them all needs them alike. Train photos only.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import entry
from core.errors import HemlineError

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor

ASSET = Path(__file__).parents[2] / "assets" / "tower" / "channels.safetensors"
PHOTOS = 512
GRID = 4
# Under this a channel hardly moves, and dividing by its deviation would only raise its noise.
LEAST_DEVIATION = 1e-3


def load_calibration() -> dict[str, "Tensor"]:
    """The shipped statistics, by the tower's names for them; float32 [channels] each.

    They were measured at grid 4. A coarser grid averages more, so its deviations are somewhat smaller (0.8 on
    average at grid 2); what counts is that the channels come out alike. Raises HemlineError where the file is
    missing.
    """
    from safetensors.torch import load_file

    if not ASSET.is_file():
        raise HemlineError(f"{ASSET} is missing; check out the repository whole, or run calibrate")
    return load_file(ASSET)


def calibrate(pictures: Sequence["Image.Image"]) -> dict[str, "Tensor"]:
    """Mean and deviation of each channel over pictures and positions, float32 [channels] each."""
    import torch

    from core.backbones.build import Parts, build

    backbone = build(Parts(layers=1, hidden=8, heads=1, vocab=300, grid=GRID), iter(["a"]), calibrated=False)
    rows = torch.from_numpy(backbone.encode_pictures(pictures)).float().flatten(0, 1)
    return {
        "channel_mean": rows.mean(0),
        "channel_deviation": rows.std(0).clamp(min=LEAST_DEVIATION),
    }


def main() -> None:
    """Command line: the first photos of the train split, in order of id."""
    parser = argparse.ArgumentParser(description="Measure the multiscale tower's channels.")
    parser.add_argument("--data", type=Path, required=True, help="a dataset folder with its photos")
    parser.add_argument("--out", type=Path, default=ASSET)
    args = parser.parse_args()

    from safetensors.torch import save_file

    from core.datasets.fashioniq import read_split
    from core.datasets.images import check_images, require_complete
    from core.files import write_atomically
    from core.pictures import read_picture

    split = read_split(args.data, "train")
    ids = sorted(split.union_gallery())[:PHOTOS]
    report = check_images(split, ids)
    require_complete(report, allow_partial=False)
    tensors = calibrate([read_picture(report.found[i]) for i in ids])
    write_atomically(args.out, lambda aside: save_file(tensors, aside))
    print(f"{args.out}: {len(tensors['channel_mean'])} channels over {len(ids)} photos")


if __name__ == "__main__":
    entry(main)
