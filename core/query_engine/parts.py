"""The three parts of a query as modules that a graph can be drawn from: pictures, tokens, words.

Each is a copy of the model's own part with what does not change between queries worked out: the batch
normalisation folded into the convolutions, the adapters of the query side merged into the decoder's layers.
"""

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from core.backbones.adapters import CAPTION
from core.backbones.base import Backbone, unit
from core.backbones.mllm import MllmBackbone
from core.backbones.tower import ConvNorm, Tower
from core.errors import HemlineError


class Pictures(nn.Module):
    """Normalised pixels [1, 3, size, size] to features [1, positions, channels]."""

    def __init__(self, tower: Tower) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: Tensor) -> Tensor:
        """What `Tower.front` gives."""
        return self.tower.front(pixels)


class Tokens(nn.Module):
    """Features [1, positions, channels] to what the decoder sees of a picture, [1, tokens, hidden]."""

    def __init__(self, tower: Tower, projector: nn.Module, grid: int | None) -> None:
        super().__init__()
        self.tower, self.projector, self.grid = tower, projector, grid

    def forward(self, features: Tensor) -> Tensor:
        """What `MllmBackbone.image_tokens` gives."""
        states = self.tower.back(features)
        side = int(states.shape[-1])
        tokens: Tensor = self.projector(states.flatten(2).transpose(1, 2))
        if self.grid is None or self.grid >= side:
            return tokens
        squares = tokens.transpose(1, 2).unflatten(2, (side, side))
        return averaged(squares, self.grid).flatten(2).transpose(1, 2)


class Words(nn.Module):
    """The embedded tokens of one whole query, [1, length, hidden], to its unit vector [1, dim]."""

    def __init__(self, decoder: nn.Module, projection: nn.Module, pooling: str) -> None:
        super().__init__()
        self.decoder, self.projection, self.pooling = decoder, projection, pooling

    def forward(self, embedded: Tensor) -> Tensor:
        """What `MllmBackbone.query_vectors` gives of a single row, which needs no padding."""
        length = embedded.shape[1]
        hidden = torch.full((length, length), torch.finfo(embedded.dtype).min)
        states = self.decoder(
            inputs_embeds=embedded,
            attention_mask=hidden.triu(1)[None, None],
            position_ids=torch.arange(length)[None],
            use_cache=False,
        ).last_hidden_state
        pooled = states[:, -1] if self.pooling == "last" else states.mean(dim=1)
        return unit(self.projection(pooled))


@dataclass(frozen=True)
class Parts:
    """A model's query side in three modules, in evaluation mode, and an example of what each takes."""

    pictures: Pictures
    tokens: Tokens
    words: Words
    examples: dict[str, Tensor]


def parts_of(backbone: Backbone) -> Parts:
    """The query side of `backbone`; HemlineError where it is none that this engine carries."""
    model = carried(backbone)
    tower = folded(model.tower)  # type: ignore[arg-type]
    projector = model.model.model.multi_modal_projector
    decoder = merged(model.decoder, (CAPTION, "query"))
    positions, channels = model.feature_shape()
    size = model.spec.image_size
    examples = {
        "pictures": torch.zeros(1, 3, size, size),
        "tokens": torch.zeros(1, positions, channels),
        "words": torch.zeros(1, 12, int(model.model.config.text_config.hidden_size)),
    }
    return Parts(
        Pictures(tower).eval(),
        Tokens(tower, projector, model.spec.image_grid).eval(),
        Words(decoder, model.projection, model.spec.pooling).eval(),
        examples,
    )


def carried(backbone: Backbone) -> MllmBackbone:
    """`backbone`, where its query side is of the kind that this engine carries; else HemlineError.

    That is a chat-style model over the tower of this project, on the CPU, in float32 and not packed.
    """
    ours = type(backbone) is MllmBackbone and isinstance(backbone.tower, Tower)
    if not ours:
        raise HemlineError(
            f"there is no engine for this model (of kind {backbone.spec.kind}, "
            f"{type(backbone).__name__}); it carries chat-style models over this project's own tower"
        )
    assert isinstance(backbone, MllmBackbone)
    if backbone.device.type != "cpu" or backbone.spec.dtype != "float32" or backbone.base is not None:
        raise HemlineError(
            "an engine is made of a model in float32 on the CPU, not of a packed or halved one, nor on a GPU"
        )
    return backbone


def folded(tower: Tower) -> Tower:
    """A copy of `tower` whose convolutions hold their normalisation and whose pooling is plain arithmetic."""
    copied: Tower = copy.deepcopy(tower)
    for path, module in list(copied.named_modules()):
        if isinstance(module, ConvNorm):
            parent, _, name = path.rpartition(".")
            setattr(copied.get_submodule(parent), name, Folded(module))
    side = copied.config.grid
    copied._grid = lambda x: averaged(x, side)  # type: ignore[method-assign]
    return copied


class Folded(nn.Module):
    """A `ConvNorm` whose weights were multiplied once instead of at every call."""

    def __init__(self, origin: ConvNorm) -> None:
        super().__init__()
        weight, bias = origin.folded()
        self.weight = nn.Parameter(weight.detach().contiguous(), requires_grad=False)
        self.bias = nn.Parameter(bias.detach(), requires_grad=False)
        self.origin = [origin]  # in a list it is no part of this module

    def forward(self, x: Tensor) -> Tensor:
        """What the `ConvNorm` gives."""
        return self.origin[0].convolved(x, self.weight, self.bias)


def averaged(x: Tensor, side: int) -> Tensor:
    """Adaptive average pooling [n, c, h, w] to [n, c, side, side] with sizes that are known beforehand."""
    height, width = int(x.shape[-2]), int(x.shape[-1])
    if height % side == 0 and width % side == 0:
        return functional.avg_pool2d(x, (height // side, width // side))
    rows, columns = _shares(height, side).to(x.dtype), _shares(width, side).to(x.dtype)
    return rows @ x @ columns.T


def _shares(size: int, side: int) -> Tensor:
    """How much of each of `size` places goes into each of `side` means, float32 [side, size]."""
    shares = torch.zeros(side, size)
    for place in range(side):
        first, end = place * size // side, -(-(place + 1) * size // side)
        shares[place, first:end] = 1 / (end - first)
    return shares


def merged(decoder: nn.Module, names: tuple[str, ...]) -> nn.Module:
    """A copy of `decoder` with the adapters `names`, as far as it has them, added to its layers' weights."""
    from peft.tuners.lora import LoraLayer

    copied = copy.deepcopy(decoder)
    for path, module in list(copied.named_modules()):
        if not isinstance(module, LoraLayer):
            continue
        layer = module.get_base_layer()
        with torch.no_grad():
            for name in names:
                if name in module.lora_A:
                    layer.weight += module.get_delta_weight(name)  # type: ignore[attr-defined]
        parent, _, last = path.rpartition(".")
        setattr(copied.get_submodule(parent), last, layer)
    return copied
