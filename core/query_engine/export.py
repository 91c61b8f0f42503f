"""From a model to the graphs of its query side: ONNX files, those that gain by it in 8 bits."""

import logging
import warnings
from importlib.util import find_spec
from pathlib import Path

import torch

from core.backbones.base import Backbone
from core.errors import HemlineError
from core.query_engine.card import PARTS, graph
from core.query_engine.parts import parts_of

OPSET = 17
NEEDED = ("onnx", "onnxruntime")
# Linear layers gain by 8 bits; convolutions lose (tests/bench/query_engine.py), so pictures stay as they are.
IN_8_BITS = ("tokens", "words")


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


def quantise(source: Path, out: Path) -> None:
    """Write the graphs of `source` to the folder `out`, the linear layers of `IN_8_BITS` in 8 bits.

    Weights have a scale for each column; the states get theirs at every call, so nothing is calibrated.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    talkative = logging.getLogger()
    for part in PARTS:
        if part not in IN_8_BITS:
            graph(out, part).write_bytes(graph(source, part).read_bytes())
            continue
        level = talkative.level
        talkative.setLevel(logging.ERROR)  # it advises a step that changes nothing here
        try:
            quantize_dynamic(
                str(graph(source, part)),
                str(graph(out, part)),
                op_types_to_quantize=["MatMul", "Gemm"],
                per_channel=True,
                weight_type=QuantType.QInt8,
            )
        finally:
            talkative.setLevel(level)
