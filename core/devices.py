"""Where a model computes: the CPU, or a GPU of this machine."""

import argparse
import os

from core.errors import HemlineError

DEVICES = ("auto", "cpu", "cuda")


def add_device(parser: argparse.ArgumentParser) -> None:
    """The flag --device of a command that computes with a model."""
    parser.add_argument(
        "--device",
        choices=DEVICES,
        default="auto",
        help="where the model computes; auto (default): on a GPU where torch finds one, else on the CPU",
    )


def find_device(asked: str, said_by: str = "--device") -> str:
    """torch's name of the device that `asked`, one of `DEVICES`, means here: "cpu", "cuda" or "cuda:N".

    Of several processes that torchrun started (WORLD_SIZE) each has the GPU of its LOCAL_RANK. Raises
    HemlineError, naming the setting `said_by`, for another word and for a GPU that is not there.
    """
    if asked not in DEVICES:
        raise HemlineError(f"{said_by} is {asked!r}; give one of {', '.join(DEVICES)}")
    if asked == "cpu":
        return "cpu"
    import torch

    if not torch.cuda.is_available():
        if asked == "cuda":
            raise HemlineError(f"{said_by} is cuda, but torch finds no GPU here; use auto or cpu")
        return "cpu"
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return "cuda"
    number, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if number >= there:
        raise HemlineError(
            f"process {number} of this machine has no GPU of its own, there are {there}; "
            f"start {there} processes with torchrun, or say cpu"
        )
    return f"cuda:{number}"
