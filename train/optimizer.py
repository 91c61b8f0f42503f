"""AdamW, its parameter groups and the warm-up and cosine schedule, a function of the step alone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.optim import AdamW, Optimizer


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW and its schedule; `warmup` is a share of all steps, `final` the share of `lr` left at the end."""

    lr: float = 1e-3
    weight_decay: float = 0.05
    beta1: float = 0.9
    beta2: float = 0.98
    eps: float = 1e-8
    warmup: float = 0.1
    final: float = 0.02
    clip: float = 1.0  # the largest global gradient norm; 0 or less: no clipping


def trainable(module: nn.Module) -> dict[str, nn.Parameter]:
    """The module's parameters that require a gradient, by name, each once."""
    return {name: p for name, p in module.named_parameters() if p.requires_grad}


def training_tensors(module: nn.Module) -> dict[str, Tensor]:
    """What training changes: the trainable parameters and the saved buffers (running statistics), by name."""
    parameters = {name for name, _ in module.named_parameters(remove_duplicate=False)}
    kept = trainable(module)
    state = module.state_dict(keep_vars=True)
    return {name: value for name, value in state.items() if name in kept or name not in parameters}


def make_optimizer(
    parameters: Mapping[str, nn.Parameter],
    config: OptimizerConfig,
    lr_scale: Mapping[str, float] | None = None,
) -> AdamW:
    """AdamW with no weight decay on vectors and scalars (biases, norms, temperatures).

    `lr_scale` maps a name prefix to a factor on the learning rate (a tower's last blocks: 0.1); the longest
    matching prefix wins. A group keeps its factor as "lr_scale", which `set_learning_rate` reads.
    """
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in parameters.items():
        matches = [prefix for prefix in lr_scale or {} if name.startswith(prefix)]
        scale = (lr_scale or {})[max(matches, key=len)] if matches else 1.0
        decay = config.weight_decay if parameter.ndim >= 2 else 0.0
        groups.setdefault((scale, decay), []).append(parameter)
    return AdamW(
        [
            {"params": members, "weight_decay": decay, "lr_scale": scale}
            for (scale, decay), members in groups.items()
        ],
        lr=config.lr,
        betas=(config.beta1, config.beta2),
        eps=config.eps,
    )


def learning_rate(step: int, total_steps: int, config: OptimizerConfig) -> float:
    """The rate of `step` (from 0): linear warm-up to `lr`, then a cosine to `final` x `lr` at the end."""
    warmup = round(config.warmup * total_steps)
    if step < warmup:
        return config.lr * (step + 1) / warmup
    done = (step - warmup) / max(1, total_steps - 1 - warmup)
    cosine = (1 + math.cos(math.pi * min(1.0, done))) / 2
    return config.lr * (config.final + (1 - config.final) * cosine)


def set_learning_rate(optimizer: Optimizer, rate: float) -> None:
    """Give every group `rate` times its own "lr_scale"."""
    for group in optimizer.param_groups:
        group["lr"] = rate * group.get("lr_scale", 1.0)
