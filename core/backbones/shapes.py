"""The shapes of the released models as data, so that sizes can be worked out without weights or torch.

`architectures/NAME.json` holds those fields of a model's config.json that its shape depends on, and says in
`source` whether they were read from a copy of the released file or written from general knowledge.
`parameters.json` holds what `core.backbones.meta` counted in the model of that shape, by part.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import read_json

FOLDER = Path(__file__).with_name("architectures")
PARAMETERS = Path(__file__).with_name("parameters.json")
PARTS = ("vision", "connector", "decoder", "head")
DUAL = ("clip", "siglip")
# The families whose vision tower gives out the states of all its layers, of which one is chosen.
ALL_LAYERS = ("llava", "llava_next", "llava_onevision")


@dataclass(frozen=True)
class Stack:
    """Equal transformer layers: `width` of the state, of the `attention` heads together, of keys and of
    values, and of the `mlp`, which has three matrices where it is `gated`, else two."""

    layers: int
    width: int
    attention: int
    key_values: int
    mlp: int
    gated: bool

    @property
    def linears(self) -> tuple[tuple[int, int], ...]:
        """(in, out) of each linear module of one layer."""
        width, mlp = self.width, self.mlp
        inner = ((width, mlp),) * (2 if self.gated else 1)
        key, value = ((width, self.key_values),) * 2
        return ((width, self.attention), key, value, (self.attention, width), *inner, (mlp, width))


@dataclass(frozen=True)
class Shape:
    """What memory and computing follow from.

    `parameters` by `PARTS` (a head that is the embedding counts there; the decoder of a dual encoder is its
    text side); `patches` the vision tower reads and `tokens` a decoder sees of one picture; `channels` of a
    kept feature; `dim` of a vector; `positions`: the length every text is padded to, 0 for none.
    """

    name: str
    family: str
    parameters: dict[str, int]
    vision: Stack
    decoder: Stack
    vocabulary: int
    patches: int
    tokens: int
    channels: int
    dim: int
    positions: int = 0

    @property
    def dual(self) -> bool:
        """Whether text and picture have an encoder each and meet only as vectors."""
        return self.family in DUAL

    @property
    def total(self) -> int:
        """Parameters of the whole model."""
        return sum(self.parameters.values())

    @property
    def embedding(self) -> int:
        """Parameters of the table of words, which is looked up and not multiplied with."""
        return self.vocabulary * self.decoder.width


@cache
def architecture(name: str) -> dict[str, Any]:
    """The fields of config.json of the model of that name; HemlineError where there are none."""
    path = FOLDER / f"{name}.json"
    if not path.is_file():
        raise HemlineError(f"the shape of {name} is not on file, so its sizes cannot be worked out")
    value = read_json(path)
    return architecture(value["like"]) if "like" in value else dict(value["config"])


@cache
def counted() -> dict[str, dict[str, int]]:
    """Parameters by part of every model on file."""
    return dict(read_json(PARAMETERS))


def shape_of(name: str, tokens: int, image_size: int | None = None) -> Shape:
    """The shape of the model of that name, of whose pictures the decoder sees `tokens`.

    `image_size` pixels a side of the one tile, None for the tower's own. HemlineError where the shape is not
    on file or was not counted.
    """
    config = architecture(name)
    if name not in counted():
        raise HemlineError(f"{name} is not counted yet: python -m core.backbones.meta --write")
    parameters = counted()[name]
    words, eye = config["text_config"], config["vision_config"]
    eye = eye.get("eye") or eye
    decoder, vision = _stack(words), _stack(eye)
    kind = str(config["model_type"])
    patches = _patches(eye, image_size)
    channels = decoder.width * (1 + len(eye.get("deepstack_visual_indexes", ())))
    if kind in DUAL:
        channels = vision.width
    elif kind == "minigpt4":
        channels = 768 if config["vision_config"]["qformer"] else 4 * vision.width
    dim = int(config.get("projection_dim", vision.width)) if kind in DUAL else decoder.width
    return Shape(
        name, kind, parameters, vision, decoder, int(words["vocab_size"]), patches, tokens, channels,
        dim, int(words["max_position_embeddings"]) if kind in DUAL else 0,
    )  # fmt: skip


def _stack(config: dict[str, Any]) -> Stack:
    """The layers that a configuration of any family describes, by the names each has for the same."""
    width = int(config["hidden_size"])
    heads = int(config.get("num_attention_heads") or config.get("num_heads") or 1)
    size = int(config.get("head_dim") or width // heads)
    return Stack(
        layers=int(config.get("num_hidden_layers") or config.get("depth") or 0),
        width=width,
        attention=heads * size,
        key_values=int(config.get("num_key_value_heads", heads)) * size,
        mlp=int(config.get("intermediate_size") or config.get("ffn_dim") or 0),
        gated="num_key_value_heads" in config or "fullatt_block_indexes" in config,
    )


def _patches(eye: dict[str, Any], image_size: int | None) -> int:
    size, patch = (_side(eye.get(name)) for name in ("image_size", "patch_size"))
    return ((image_size or size) // patch) ** 2 if patch else 0


def _side(value: Any) -> int:
    return int(value[0]) if isinstance(value, list) else int(value or 0)
