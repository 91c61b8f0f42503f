"""The vision tower: EfficientNet-Lite0 as a small module, registered with transformers' Auto classes.

The architecture is Google's EfficientNet-Lite0 (no squeeze-and-excitation, ReLU6, stem and head of fixed
width; TensorFlow "same" padding). It is split in two so that what is frozen is computed once for every
picture: `front` is the frozen part, whose output is cached on disk, `back` the trainable rest and the
pooling.

ImageNet's last layer says what a thing is and forgets its colour; earlier layers keep colour and pattern. So
a tower that is frozen whole can give every stage's channels beside the last ones (`multiscale`), each
brought to mean 0 and deviation 1 by statistics kept in the tower (`core.backbones.calibrate`).

Batch normalisation always uses the running statistics, in training as well: a vector never depends on its
batch, and a resumed run repeats exactly. The statistics are folded into the convolutions on the fly.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel, initialization
from transformers.modeling_outputs import BaseModelOutputWithPooling

STEM_CHANNELS = 32
HEAD_CHANNELS = 1280
PIXEL_CHANNELS = 3
NORM_EPS = 1e-3
# One row per stage: repeats, kernel, stride of the first block, expansion, output channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
BLOCKS = sum(stage[0] for stage in STAGES)
# The last block of each stage, from 0.
STAGE_ENDS = tuple(sum(stage[0] for stage in STAGES[: i + 1]) - 1 for i in range(len(STAGES)))
# A tower frozen to this depth is frozen whole: the head convolution and the pooling belong to the front too.
FROZEN_WHOLE = BLOCKS + 1


class TowerConfig(PreTrainedConfig):
    """Shape of the tower.

    `width` scales every channel count (1.0 is Lite0; less is for tests), `grid` is the side of the pooled
    output (4 gives 16 positions; 7 keeps all 49 of a 224 px picture), `frozen_blocks` how many of the 16
    blocks, plus the stem, form the frozen front: 0 freezes the stem only, 17 (`FROZEN_WHOLE`) everything.
    `multiscale` adds the channels of the picture itself, the stem and every stage to the last ones, 2,099 in
    all; it needs a tower that is frozen whole.
    """

    model_type = "hemline_efficientnet_lite"

    width: float = 1.0
    grid: int = 4
    frozen_blocks: int = FROZEN_WHOLE
    multiscale: bool = False
    hidden_size: int = HEAD_CHANNELS
    image_size: int = 224

    def __post_init__(self, **kwargs: object) -> None:
        if not 0 <= self.frozen_blocks <= FROZEN_WHOLE:
            raise ValueError(f"frozen_blocks is {self.frozen_blocks}; it must lie in 0..{FROZEN_WHOLE}")
        if self.grid < 1:
            raise ValueError(f"grid is {self.grid}; it must be 1 or more")
        if self.multiscale and self.frozen_blocks != FROZEN_WHOLE:
            raise ValueError(
                f"multiscale needs a tower frozen whole ({FROZEN_WHOLE}), not {self.frozen_blocks} blocks"
            )
        self.hidden_size = scaled(HEAD_CHANNELS, self.width)
        if self.multiscale:
            stages = [STEM_CHANNELS, *(stage[-1] for stage in STAGES)]
            self.hidden_size += PIXEL_CHANNELS + sum(scaled(channels, self.width) for channels in stages)
        super().__post_init__(**kwargs)


def scaled(channels: int, width: float) -> int:
    """`channels` times `width`, rounded to a multiple of 8, at least 8."""
    return max(8, int(channels * width / 8 + 0.5) * 8)


class ConvNorm(nn.Module):
    """A convolution with TensorFlow's "same" padding and batch normalisation with fixed statistics."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=NORM_EPS)

    def forward(self, x: Tensor) -> Tensor:
        return self.convolved(x, *self.folded())

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weight and bias of the convolution that does the normalisation as well."""
        norm = self.norm
        assert norm.running_mean is not None and norm.running_var is not None
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        weight = self.conv.weight * scale[:, None, None, None]
        return weight, norm.bias - norm.running_mean * scale

    def convolved(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """`x` by this convolution with what `folded` gave."""
        kernel, stride = self.conv.kernel_size[0], self.conv.stride[0]
        padding = (kernel - 1) // 2
        if stride > 1:
            x = functional.pad(x, (*_same_padding(x.shape[-1], kernel), *_same_padding(x.shape[-2], kernel)))
            padding = 0
        return functional.conv2d(x, weight, bias, stride, padding, groups=self.conv.groups)


def _same_padding(size: int, kernel: int) -> tuple[int, int]:
    """Padding before and after for stride 2, so that the output has ceil(size / 2) positions."""
    total = max((math.ceil(size / 2) - 1) * 2 + kernel - size, 0)
    return total // 2, total - total // 2


class Block(nn.Module):
    """An inverted residual block: expand 1x1, depthwise, project 1x1."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = inputs * expansion
        self.expand = ConvNorm(inputs, inner, 1) if expansion > 1 else None
        self.depthwise = ConvNorm(inner, inner, kernel, stride, groups=inner)
        self.project = ConvNorm(inner, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.expand is None else functional.relu6(self.expand(x), inplace=True)
        y = self.project(functional.relu6(self.depthwise(y), inplace=True))
        return x + y if self.residual else y


def build_blocks(width: float) -> nn.ModuleList:
    """The 16 blocks of `STAGES` with their channels scaled by `width`."""
    blocks = nn.ModuleList()
    inputs = scaled(STEM_CHANNELS, width)
    for repeats, kernel, stride, expansion, channels in STAGES:
        outputs = scaled(channels, width)
        for index in range(repeats):
            blocks.append(Block(inputs, outputs, kernel, stride if index == 0 else 1, expansion))
            inputs = outputs
    return blocks


class Tower(PreTrainedModel):
    """EfficientNet-Lite0 without its classifier.

    `forward(pixel_values)`: [n, 3, size, size] normalised pixels to `last_hidden_state` [n, channels, grid,
    grid] and `pooler_output` [n, channels], the mean over the grid; channels are `config.hidden_size`: 1280,
    or 2099 with `multiscale`.
    """

    channel_mean: Tensor
    channel_deviation: Tensor

    config_class = TowerConfig
    config: TowerConfig
    main_input_name = "pixel_values"

    def __init__(self, config: TowerConfig) -> None:
        super().__init__(config)
        self.stem = ConvNorm(3, scaled(STEM_CHANNELS, config.width), 3, stride=2)
        self.blocks = build_blocks(config.width)
        self.head = ConvNorm(scaled(STAGES[-1][-1], config.width), scaled(HEAD_CHANNELS, config.width), 1)
        if config.multiscale:
            self.register_buffer("channel_mean", torch.zeros(config.hidden_size))
            self.register_buffer("channel_deviation", torch.ones(config.hidden_size))
        self.post_init()
        self.freeze_front()

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, nn.Conv2d):
            fan_out = module.weight.shape[0] * module.weight[0, 0].numel() // module.groups
            initialization.normal_(module.weight, std=math.sqrt(2.0 / fan_out))
        elif isinstance(module, nn.BatchNorm2d):
            # transformers' own functions leave alone what a checkpoint has filled; reset_parameters() would
            # wipe the loaded statistics.
            assert module.running_mean is not None and module.running_var is not None
            assert module.num_batches_tracked is not None
            initialization.ones_(module.weight)
            initialization.zeros_(module.bias)
            initialization.zeros_(module.running_mean)
            initialization.ones_(module.running_var)
            initialization.zeros_(module.num_batches_tracked)

    @property
    def frozen_whole(self) -> bool:
        """Whether nothing of the tower is left to train."""
        return self.config.frozen_blocks == FROZEN_WHOLE

    def freeze_front(self) -> None:
        """Take the gradient from every parameter that `front` uses."""
        for parameter in self.front_parameters():
            parameter.requires_grad_(False)

    def front_parameters(self) -> list[nn.Parameter]:
        """The parameters whose values the cached features depend on."""
        modules = [self.stem, *self.blocks[: self.config.frozen_blocks]]
        if self.frozen_whole:
            modules.append(self.head)
        return [parameter for module in modules for parameter in module.parameters()]

    def back_parameters(self) -> list[nn.Parameter]:
        """The parameters that training may change; empty when the tower is frozen whole."""
        frozen = {id(parameter) for parameter in self.front_parameters()}
        return [parameter for parameter in self.parameters() if id(parameter) not in frozen]

    def front_tensors(self) -> list[tuple[str, Tensor]]:
        """Names and tensors that `front` uses, the running statistics included."""
        modules = [("stem", self.stem), *((f"blocks.{i}", b) for i, b in enumerate(self.blocks))]
        modules = modules[: self.config.frozen_blocks + 1]
        if self.frozen_whole:
            modules.append(("head", self.head))
        found = [(f"{path}.{name}", t) for path, module in modules for name, t in module.state_dict().items()]
        if self.config.multiscale:
            found += [("channel_mean", self.channel_mean), ("channel_deviation", self.channel_deviation)]
        return [(name, tensor) for name, tensor in found if not name.endswith("num_batches_tracked")]

    @torch.no_grad()
    def front(self, pixel_values: Tensor) -> Tensor:
        """The frozen part: [n, 3, size, size] to features [n, tokens, channels], positions row by row."""
        x = pixel_values.contiguous(memory_format=torch.channels_last)
        scales = [self._grid(x)] if self.config.multiscale else []
        x = functional.relu6(self.stem(x), inplace=True)
        if scales:
            scales.append(self._grid(x))
        for index, block in enumerate(self.blocks[: self.config.frozen_blocks]):
            x = block(x)
            if scales and index in STAGE_ENDS:
                scales.append(self._grid(x))
        if self.frozen_whole:
            x = self._pooled(x)
        if scales:
            x = torch.cat([*scales, x], dim=1)
            x = (x - self.channel_mean[:, None, None]) / self.channel_deviation[:, None, None]
        return x.flatten(2).transpose(1, 2).contiguous()

    def back(self, features: Tensor) -> Tensor:
        """The rest: features [n, tokens, channels] of any float type to [n, hidden_size, grid, grid]."""
        side = math.isqrt(features.shape[1])
        x = features.to(self.dtype).transpose(1, 2).unflatten(2, (side, side))
        if self.frozen_whole:
            return x
        for block in self.blocks[self.config.frozen_blocks :]:
            x = block(x)
        return self._pooled(x)

    def _pooled(self, x: Tensor) -> Tensor:
        return self._grid(functional.relu6(self.head(x), inplace=True))

    def _grid(self, x: Tensor) -> Tensor:
        return functional.adaptive_avg_pool2d(x, self.config.grid)

    def feature_shape(self) -> tuple[int, int]:
        """Tokens and channels of one picture's features as `front` gives them."""
        if self.frozen_whole:
            return self.config.grid**2, self.config.hidden_size
        side = math.ceil(self.config.image_size / 2)
        channels = scaled(STEM_CHANNELS, self.config.width)
        for block in list(self.blocks)[: self.config.frozen_blocks]:
            assert isinstance(block, Block)
            side = math.ceil(side / block.depthwise.conv.stride[0])
            channels = block.project.conv.out_channels
        return side**2, channels

    def forward(
        self, pixel_values: Tensor, return_dict: bool | None = None, **unused: object
    ) -> BaseModelOutputWithPooling | tuple[Tensor, Tensor]:
        hidden = self.back(self.front(pixel_values))
        pooled = hidden.mean(dim=(2, 3))
        if return_dict is False:
            return hidden, pooled
        return BaseModelOutputWithPooling(last_hidden_state=hidden, pooler_output=pooled)


AutoConfig.register(TowerConfig.model_type, TowerConfig, exist_ok=True)
AutoModel.register(TowerConfig, Tower, exist_ok=True)
