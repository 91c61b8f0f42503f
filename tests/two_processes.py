"""A tiny model with dropout trained by two processes, broken off and gone on with; started by torchrun.

python tests/two_processes.py FOLDER writes FOLDER/N.json of each process N: the masks it drew in every step
of an unbroken run and of one that stops in the middle and goes on, and the weights both end with.
"""

import contextlib
import json
import sys
from pathlib import Path

import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parent.parent))

from train.batches import shuffled_batches
from train.loop import LoopConfig, train_loop
from train.optimizer import OptimizerConfig, make_optimizer, trainable, training_tensors
from train.processes import join_group, leave_group, number, share

STEPS, SAVED, BROKEN = 6, 2, 5


class Broken(Exception):
    """What ends a run before its time."""


def train(run: Path, last: int) -> tuple[list[list[float]], list[float]]:
    """The mask of each step from where `run` stands to `last`, and the weights then."""
    torch.manual_seed(0)
    model, data = nn.Linear(8, 1), torch.randn(16, 8)
    masks: list[list[float]] = []

    def step(indices: list[int]) -> Tensor:
        if len(masks) == last:
            raise Broken
        mask = nn.functional.dropout(torch.ones(8), 0.5)
        masks.append(mask.tolist())
        rows = data[indices[share(len(indices))]]
        return (model(rows * mask) - rows.sum(1, keepdim=True)).square().sum() / len(indices)

    config = LoopConfig(STEPS, OptimizerConfig(lr=0.01), seed=3, save_every=SAVED)
    optimizer = make_optimizer(trainable(model), config.optimizer)
    tensors, batches = training_tensors(model), shuffled_batches(16, 4, 3)
    with contextlib.suppress(Broken):
        train_loop(step, tensors, optimizer, batches, config, run, "two", shared=list(model.parameters()))
    return masks, model.weight.detach().flatten().tolist()


def main() -> None:
    torch.set_num_threads(1)
    join_group()
    folder = Path(sys.argv[1])
    unbroken, weights = train(folder / "unbroken", STEPS)
    first, _ = train(folder / "broken", BROKEN)
    then, same = train(folder / "broken", STEPS)
    found = {"unbroken": unbroken, "first": first, "then": then, "weights": weights, "same": same}
    (folder / f"{number()}.json").write_text(json.dumps(found), encoding="utf-8")
    leave_group()


if __name__ == "__main__":
    main()
