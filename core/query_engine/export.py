"""From a model to the graphs of its query side: ONNX files, those that gain by it in 8 bits."""

import logging
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch

from core.backbones.base import Backbone
from core.errors import HemlineError
from core.query_engine.card import PARTS, graph
from core.query_engine.parts import parts_of

OPSET = 17
NEEDED = ("onnx", "onnxruntime")
# Linear layers gain by 8 bits; convolutions lose (tests/bench/query_engine.py).
IN_8_BITS = "words"
# The scale is that of a whole tensor. What goes into these has outliers, which leave few steps for the rest;
# in 8 bits they alone would cost nearly all of what the vectors then differ by (the same bench).
NOT_IN_8_BITS = ("down_proj", "projection")


def refuse_without_packages(needed: tuple[str, ...] = NEEDED) -> None:
    """HemlineError where a package is missing that making an engine needs."""
    missing = [name for name in needed if find_spec(name) is None]
    if missing:
        raise HemlineError(
            f"the engine needs the package {' and '.join(missing)}: pip install {' '.join(missing)}, "
            "or answer without an engine"
        )


def export(backbone: Backbone, folder: Path) -> None:
    """Write the graphs of `PARTS` in float32 into `folder`; HemlineError for a model that has none."""
    parts = parts_of(backbone)
    for part in PARTS:
        with torch.no_grad(), warnings.catch_warnings():
            # of sizes that are the same for every query, which is what is wanted
            warnings.simplefilter("ignore")
            torch.onnx.export(
                getattr(parts, part),
                (parts.examples[part],),
                str(graph(folder, part)),
                input_names=["given"],
                output_names=["made"],
                dynamic_axes={"given": {1: "length"}} if part == "words" else None,
                opset_version=OPSET,
                dynamo=False,  # the newer way takes 8 to 20 s and two packages more
            )


def quantise(source: Path, out: Path, kept: Sequence[str] = NOT_IN_8_BITS) -> None:
    """Write the graphs of `source` to the folder `out`, the decoder's linear layers but `kept` in 8 bits.

    Weights have a scale for each column; the states get theirs at every call, so nothing is calibrated.
    """
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    for part in PARTS:
        if part != IN_8_BITS:
            shutil.copyfile(graph(source, part), graph(out, part))
    nodes = [node.name for node in onnx.load(graph(source, IN_8_BITS), load_external_data=False).graph.node]
    with _silent():
        quantize_dynamic(
            str(graph(source, IN_8_BITS)),
            str(graph(out, IN_8_BITS)),
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=[name for name in nodes if any(part in name for part in kept)],
        )


@contextmanager
def _silent() -> Iterator[None]:
    """Without ONNX Runtime's advice to take a step first that changes nothing here."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
