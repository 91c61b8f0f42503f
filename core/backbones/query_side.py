"""The query side of a backbone as a thing of its own: its tensors, and a backbone that differs in them alone.

Whatever `query_parts` names leaves target vectors as they are, so the query side is all that a refinement
changes, and two backbones that differ in it alone share every other weight in memory.
"""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from core.backbones.scope import ANCHORS, MOVES, Scope
from core.backbones.tensors import read_tensors, tensors_fingerprint, write_tensors
from core.errors import HemlineError
from core.files import write_atomically
from core.versions import query_file, read_version

if TYPE_CHECKING:
    from core.backbones.base import Backbone


def query_tensors(backbone: "Backbone") -> dict[str, nn.Parameter]:
    """The parameters of the query side by name; HemlineError where the model has no query side of its own."""
    parts = backbone.parts()
    mine = {id(parameter) for name in backbone.query_parts for parameter in parts[name]}
    if not mine:
        raise HemlineError("this model has no query adapter to refine; train it with train.stage2 first")
    return {name: parameter for name, parameter in backbone.named_parameters() if id(parameter) in mine}


def query_fingerprint(backbone: "Backbone") -> str:
    """sha256 over the names, shapes and bytes of the query side."""
    return tensors_fingerprint(query_tensors(backbone).items())


def with_query_side(backbone: "Backbone", tensors: Mapping[str, Tensor]) -> "Backbone":
    """A backbone with `tensors` as its query side that shares all other weights with `backbone`.

    The module objects are its own, so which adapter is on in one says nothing of the other: queries may run
    on both at once. `backbone` stays as it is, and answers outside the scope where `tensors` hold the anchors
    of one (`core.backbones.scope`). Raises HemlineError where names or shapes differ.
    """
    own = query_tensors(backbone)
    scope = Scope(backbone, tensors[ANCHORS], tensors[MOVES]) if ANCHORS in tensors else None
    tensors = {name: tensor for name, tensor in tensors.items() if name not in (ANCHORS, MOVES)}
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    wanted = {name: tuple(tensor.shape) for name, tensor in own.items()}
    if shapes != wanted:
        odd = sorted(name for name in shapes.keys() | wanted.keys() if shapes.get(name) != wanted.get(name))
        raise HemlineError(
            f"the query side does not fit this model ({len(odd)} tensors differ, first {odd[0]}); "
            "a version goes with the model it was refined from"
        )
    mine = {id(tensor) for tensor in own.values()}
    shared = {id(t): t for t in (*backbone.parameters(), *backbone.buffers()) if id(t) not in mine}
    # what copy finds here it takes as it is instead of copying it
    memo: dict[int, object] = {**shared, id(backbone.tokenizer): backbone.tokenizer}
    if backbone.engine is not None:
        memo[id(backbone.engine)] = backbone.engine.for_another_side()
    twin = copy.deepcopy(backbone, memo)
    with torch.no_grad():
        for name, parameter in query_tensors(twin).items():
            parameter.copy_(tensors[name])
    twin.scope = scope
    return twin.eval()


def write_query_side(backbone: "Backbone", path: Path) -> None:
    """Write the query side, and the anchors of its scope, as safetensors, atomically.

    HemlineError where the disk does not take it.
    """

    def write(aside: Path) -> None:
        scope = backbone.scope
        where = {} if scope is None else {ANCHORS: scope.anchors, MOVES: scope.moves}
        write_tensors({**query_tensors(backbone), **where}, aside)
        aside.chmod(0o644)  # safetensors makes files that only their owner can read

    write_atomically(path, write)


def read_query_side(folder: Path) -> dict[str, Tensor]:
    """The tensors of the version in `folder`; HemlineError where it is not whole."""
    return read_tensors(query_file(folder, read_version(folder)), "choose another version")
