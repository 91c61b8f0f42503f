"""Where the model computes: the CPU, a GPU of this machine, or one that ZeroGPU lends for a call."""

import importlib
import importlib.util
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.devices import find_device

if TYPE_CHECKING:
    import numpy as np

    from core.backbones.base import Backbone, Look

LOG = logging.getLogger("hemline")
SPACES = "spaces"  # a package that ZeroGPU Spaces bring and that is of no use anywhere else
SMALL = 200_000_000  # parameters up to which one core answers a query in well under a second
LONGEST_CALL = 10  # seconds of GPU that one query asks for; ZeroGPU's own default of 60 uses quotas up


def announce_zero_gpu() -> bool:
    """Whether ZeroGPU lends this app its GPU; call it before anything imports torch or gradio."""
    lent = os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
    if not lent:
        return False
    if importlib.util.find_spec(SPACES) is None:
        LOG.warning("this is a ZeroGPU Space without the package `spaces`: queries run on the CPU")
        return False
    importlib.import_module(SPACES)  # it patches torch, so it must come first
    return True


def place(backbone: "Backbone", checkpoint: Path, device: str, zero_gpu: bool) -> None:
    """Move `backbone` (loaded from `checkpoint`) to where `device` says: "auto", "cpu" or "cuda".

    With `zero_gpu` a second copy serves queries on the lent GPU; this one stays on the CPU and answers
    whenever none is lent. HemlineError for "cuda" where there is none.
    """
    if zero_gpu:
        from core.backbones import load_backbone

        # with "cpu" too, since a ZeroGPU Space does not start without a function that asks for a GPU
        lend(backbone, load_backbone(checkpoint).to("cuda") if device != "cpu" else None)
    elif (found := find_device(device, "HEMLINE_DEVICE")) != "cpu":
        import torch

        backbone.to(found)
        LOG.info("the model is on %s", torch.cuda.get_device_name(found))


def is_lent(backbone: "Backbone") -> bool:
    """Whether queries to `backbone` may be embedded by a lent GPU."""
    return "embed_queries" in vars(backbone)


def share_cores(backbone: "Backbone", threads: int | None) -> None:
    """Let a batch be computed by so many threads; None: by one where the model is small and on the CPU.

    With one, a query's vector does not depend on its batch (`core.backbones.padding`), and the other cores
    are left to whoever else asks. A large model is worth all cores.
    """
    import torch

    if backbone.device.type == "cpu":
        small = sum(parameter.numel() for parameter in backbone.parameters()) <= SMALL
        if threads or small:
            torch.set_num_threads(threads or 1)


def lend(backbone: "Backbone", on_gpu: "Backbone | None") -> None:
    """Let queries to `backbone` be embedded by `on_gpu` where ZeroGPU says; None: by itself, as before.

    Only pictures, words and vectors travel to the process with the GPU. Whatever goes wrong there, `backbone`
    itself then answers or refuses the query.
    """
    spaces = importlib.import_module(SPACES)
    on_cpu = backbone.embed_queries

    @spaces.GPU(duration=LONGEST_CALL)
    def lent(looks: "Sequence[Look | None]", texts: Sequence[str | None]) -> "np.ndarray":
        return (on_gpu or backbone).embed_queries(looks, texts)

    def embed_queries(looks: "Sequence[Look | None]", texts: Sequence[str | None]) -> "np.ndarray":
        try:
            vectors: np.ndarray = lent(looks, texts)
            return vectors
        except (
            Exception
        ) as error:  # no quota left, no GPU free, or a bad query, which the CPU refuses in words
            LOG.warning("no GPU for this query (%s); it runs on the CPU", error)
            return on_cpu(looks, texts)

    if on_gpu is not None:
        backbone.embed_queries = embed_queries  # type: ignore[method-assign, assignment]
