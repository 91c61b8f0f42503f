"""A tiny model with dropout, trained by the real loop: run as a program it can be killed and run again.

python -m tests.tiny_training RUN [--kill-at STEP] [--file-limit BYTES STEP] writes RUN/weights.safetensors.
"""

import argparse
import os
import random
import resource
import signal
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from core.cli import entry
from train.batches import shuffled_batches
from train.loop import LoopConfig, train_loop
from train.optimizer import OptimizerConfig, make_optimizer, trainable, training_tensors


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("run", type=Path)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--kill-at", type=int, default=-1)
    parser.add_argument("--file-limit", type=int, nargs=2, default=(0, -1))
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))
    data = torch.randn(50, 6)
    calls = 0

    def step(indices: list[int]) -> Tensor:
        nonlocal calls
        calls += 1
        if calls == options.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        if calls == options.file_limit[1]:
            resource.setrlimit(resource.RLIMIT_FSIZE, (options.file_limit[0], options.file_limit[0]))
        # A step may draw from any of the three global generators.
        inputs = data[indices] + 0.01 * random.random() + torch.from_numpy(np.random.normal(size=6)).float()
        return (model(inputs).squeeze(1) - data[indices].sum(1)).square().mean()

    config = LoopConfig(
        total_steps=options.steps,
        optimizer=OptimizerConfig(lr=0.01),
        seed=options.seed,
        log_every=2,
        save_every=3,
    )
    optimizer = make_optimizer(trainable(model), config.optimizer, {"4.": 0.5})
    train_loop(
        step,
        training_tensors(model),
        optimizer,
        shuffled_batches(50, 8, options.seed),
        config,
        options.run,
        f"tiny {options.seed}",
        evaluate=lambda at: {"epochs": float(at.epoch)},
    )
    save_file(dict(model.state_dict()), options.run / "weights.safetensors")


if __name__ == "__main__":
    entry(main)
