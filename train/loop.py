"""The training loop both stages share."""

import json
import random
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from tqdm import tqdm

from core.errors import HemlineError
from core.files import write_atomically
from train.batches import Batches
from train.checkpoint import Progress, load_checkpoint, save_checkpoint
from train.optimizer import OptimizerConfig, learning_rate, set_learning_rate
from train.processes import leads, one_first, own_draws, sum_gradients

LOG_FILE = "log.jsonl"
SMOOTHING = 0.98  # of the loss the progress bar shows


@dataclass(frozen=True)
class LoopConfig:
    """How long to train and how often to log (steps) and save (steps or seconds, whichever comes first)."""

    total_steps: int
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    seed: int = 0
    log_every: int = 10
    save_every: int = 500
    save_seconds: float = 120.0


def seed_everything(seed: int) -> None:
    """Seed torch's, NumPy's and Python's global generators (dropout, initial weights, a step's own draws)."""
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def train_loop(
    step: Callable[[list[int]], Tensor],
    tensors: Mapping[str, Tensor],
    optimizer: Optimizer,
    batches: Batches,
    config: LoopConfig,
    run: Path,
    fingerprint: str,
    *,
    evaluate: Callable[[Progress], dict[str, float]] | None = None,
    on_save: Callable[[Progress], None] | None = None,
    name: str = "train",
    shared: Iterable[nn.Parameter] = (),
) -> Progress:
    """Train to `config.total_steps`; a run that was killed goes on from its last checkpoint, bit for bit.

    `step` answers the scalar loss of a list of example indices; `tensors` is what training changes
    (`train.optimizer.training_tensors`); `batches(epoch)`, a function of the epoch alone, is called when an
    epoch is begun or resumed; `fingerprint` names configuration and data. `evaluate` is called after each
    epoch and the last step, its figures go to log.jsonl; `on_save` is called after each checkpoint. Of
    several processes (`train.processes`) the gradients of `shared` are summed; one writes and evaluates.
    Raises HemlineError where the loss is no longer a number, or the checkpoint is damaged or another run's.
    """
    run.mkdir(parents=True, exist_ok=True)
    seed_everything(config.seed)
    at = one_first(lambda: load_checkpoint(run, tensors, optimizer, fingerprint)) or Progress()
    writes, summed = leads(), list(shared)
    if writes:
        _cut_log(run / LOG_FILE, at.step)
    weights = [p for group in optimizer.param_groups for p in group["params"]]
    begun = time.monotonic() - at.wall_seconds
    saved_at, shown, recent = time.monotonic(), 0.0, []
    interval = 0.5 if sys.stderr.isatty() else 30.0  # seconds; a log file needs no animation
    total = config.total_steps
    todo = batches(at.epoch)
    with tqdm(
        total=total, initial=at.step, desc=name, mininterval=interval, file=sys.stderr, disable=not writes
    ) as bar:
        while at.step < total:
            rate = learning_rate(at.step, total, config.optimizer)
            set_learning_rate(optimizer, rate)
            own_draws(config.seed, at.step)
            loss = step(todo[at.offset])
            value = _finite(loss, at.step, run)
            loss.backward()
            sum_gradients(summed)
            if config.optimizer.clip > 0:
                nn.utils.clip_grad_norm_(weights, config.optimizer.clip)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

            recent.append(value)
            shown = value if shown == 0.0 else SMOOTHING * shown + (1 - SMOOTHING) * value
            at.step, at.offset = at.step + 1, at.offset + 1
            at.wall_seconds = time.monotonic() - begun
            bar.set_postfix(loss=f"{shown:.3f}", epoch=at.epoch, refresh=False)
            bar.update()
            if writes and (at.step % config.log_every == 0 or at.step == total):
                _log(run, at, loss=float(np.mean(recent)), lr=rate)
                recent.clear()
            last = at.step == total
            if at.offset == len(todo):
                at.epoch, at.offset = at.epoch + 1, 0
                todo = [] if last else batches(at.epoch)
            if writes and evaluate is not None and (last or at.offset == 0):
                _log(run, at, **evaluate(at))
            due = at.step % config.save_every == 0 or time.monotonic() - saved_at > config.save_seconds
            if writes and (last or due):
                save_checkpoint(run, tensors, optimizer, at, fingerprint)
                saved_at = time.monotonic()
                if on_save is not None:
                    on_save(at)
    return at


def _finite(loss: Tensor, step: int, run: Path) -> float:
    value = float(loss.detach())
    if not np.isfinite(value):
        raise HemlineError(
            f"the loss of step {step + 1} is {value}; use a lower learning rate "
            f"(the last checkpoint in {run} is kept)"
        )
    return value


def _log(run: Path, at: Progress, **figures: Any) -> None:
    line = {"step": at.step, "epoch": at.epoch, "seconds": round(at.wall_seconds, 1), **figures}
    with (run / LOG_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("".join(lines), encoding="utf-8")


def _cut_log(path: Path, step: int) -> None:
    """Drop the lines after `step`, and a last half-written one: those steps are done again."""
    if not path.is_file():
        return
    kept = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            if json.loads(line)["step"] <= step:
                kept.append(line + "\n")
        except (json.JSONDecodeError, KeyError, TypeError):
            break
    write_atomically(path, lambda aside: _write_lines(aside, kept))
