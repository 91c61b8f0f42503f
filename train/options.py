"""The command-line options both stages share: a typed configuration becomes flags and back."""

import argparse
import math
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from core.devices import add_device
from core.errors import HemlineError

T = TypeVar("T")


def add_common(parser: argparse.ArgumentParser, init_needed: bool) -> None:
    """--data, --out, --init, --cache, --written, --threads and --device."""
    parser.add_argument(
        "--data", type=Path, required=True, nargs="+", help="dataset folders; their train splits are used"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder of the trained model")
    wanted = "the model to start from" + ("" if init_needed else "; left out: built from its parts")
    parser.add_argument("--init", type=Path, required=init_needed, help=wanted)
    parser.add_argument(
        "--cache", type=Path, default=Path("data/features"), help="keeps the frozen tower's features"
    )
    parser.add_argument(
        "--written",
        type=Path,
        nargs="+",
        default=[],
        help="folders of train.caption, whose texts are trained on besides",
    )
    parser.add_argument("--threads", type=int, help="of torch; left out: one a core")
    add_device(parser)


def add_config(parser: argparse.ArgumentParser, config: type) -> None:
    """A flag for each field of the dataclass `config`, with its default."""
    for item in fields(config):
        assert item.default is not MISSING
        flag = f"--{item.name.replace('_', '-')}"
        if isinstance(item.default, bool):
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=item.default)
        else:
            parser.add_argument(
                flag, type=type(item.default), default=item.default, help=f"default {item.default}"
            )


def config_from(args: argparse.Namespace, config: type[T]) -> T:
    """The dataclass `config` as the parsed flags say."""
    values: dict[str, Any] = {item.name: getattr(args, item.name) for item in fields(config)}  # type: ignore[arg-type]
    return config(**values)


def use_threads(threads: int | None) -> None:
    """Let torch compute in so many threads (None: as many as it would); HemlineError under 1."""
    if threads is None:
        return
    if threads < 1:
        raise HemlineError(f"--threads is {threads}; it must be 1 or more")
    import torch

    torch.set_num_threads(threads)


def check_ranges(config: Any, ranges: Mapping[str, tuple[float, float]]) -> None:
    """Refuse (HemlineError) a field of `config` outside its (least, most), naming its flag."""
    for name, (least, most) in ranges.items():
        value = getattr(config, name)
        if not least <= value <= most:  # also where the value is not a number
            wanted = f"{least:g} or more" if math.isinf(most) else f"between {least:g} and {most:g}"
            raise HemlineError(f"--{name.replace('_', '-')} is {value}; it must be {wanted}")
