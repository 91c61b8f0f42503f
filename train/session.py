"""One training run from begin to end: what is loaded, trained, saved, and written on its card."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.devices import find_device
from core.errors import HemlineError
from core.files import fingerprint
from core.runs import RunCard, finish_card, load_card, save_card, start_card, touch_card
from train.loop import LoopConfig, train_loop
from train.optimizer import OptimizerConfig, make_optimizer, trainable, training_tensors
from train.options import use_threads
from train.processes import join_group, leads, leave_group, one_first

if TYPE_CHECKING:
    from torch import Tensor, nn

    from core.backbones.base import Backbone
    from train.batches import Batches
    from train.checkpoint import Progress


def begin(args: argparse.Namespace, command: str, seed: int) -> "Backbone | None":
    """Set the threads and load --init, or build a model, on --device; None where --out is finished already.

    Refuses (HemlineError) an --out that holds another model or another command's run.
    """
    from core.backbones import load_backbone
    from core.backbones.build import Parts, build, wordings
    from core.backbones.saving import refuse_other_model
    from core.datasets.fashioniq import join_splits
    from core.datasets.layouts import read_either

    device = find_device(args.device)
    join_group(device)
    use_threads(args.threads)
    card = one_first(lambda: load_card(args.out) if args.out.is_dir() else None)
    if card is not None and card.command != command:
        raise HemlineError(f"{args.out} holds a run of {card.command}; choose another --out for {command}")
    if card is not None and card.finished:
        if card.arguments != sys.argv[1:]:
            raise HemlineError(f"{args.out} holds a finished run of other options; choose another --out")
        print(f"{args.out} is finished; remove it to train it again")
        return None
    if card is None:
        refuse_other_model(args.out)
    if args.init is not None:
        return load_backbone(args.init, args.quantize, device)
    if args.quantize != "none":
        raise HemlineError(
            f"--quantize {args.quantize} packs the weights of a model that is there; give it by --init"
        )
    words = wordings(join_splits([read_either(data, "train") for data in args.data]))
    return build(Parts(seed=seed), words).to(device)


def open_card(command: str, config: dict[str, Any], seed: int, out: Path) -> RunCard:
    """The card of a run into `out`: a new one, or after a kill the one that is there, going on.

    Its clock starts now; the data's fingerprint is for the caller to fill in.
    """
    return start_card(command, config, "", seed, previous=load_card(out) if out.is_dir() else None)


def fit(
    backbone: "Backbone",
    loss: "Callable[[list[int]], Tensor]",
    batches: "Batches",
    optimizer: OptimizerConfig,
    out: Path,
    card: RunCard,
    *,
    steps: int,
    evaluate: Callable[[], dict[str, float]] | None = None,
    extra: "nn.Module | None" = None,
    phase: str = "",
    last: bool = True,
) -> None:
    """Train what requires a gradient in `backbone` (and in `extra`, which is not saved with it).

    Checkpoints, log and card are in `out`, of a `phase` in the folder of that name; a killed run goes on.
    After the `last` phase the model is saved in `out`, the card closed, and the checkpoints removed.
    """
    from core.backbones.saving import save_backbone
    from train.checkpoint import remove_checkpoints

    run = out / phase if phase else out
    modules = {"model": backbone} if extra is None else {"model": backbone, "extra": extra}
    changed = {f"{m}.{n}": t for m, module in modules.items() for n, t in training_tensors(module).items()}
    learned = {f"{m}.{n}": p for m, module in modules.items() for n, p in trainable(module).items()}
    tensors = {name: t for name, t in changed.items() if name in learned or name.startswith("extra.")}
    facts = fingerprint(
        {"config": card.config, "data": card.data_fingerprint, "init": _start(backbone), "phase": phase}
    )

    def on_save(progress: "Progress") -> None:
        touch_card(card)
        save_card(card, out)

    def figures(progress: "Progress") -> dict[str, float]:
        assert evaluate is not None
        backbone.eval()
        found = evaluate()
        backbone.train()
        return found

    backbone.train()
    train_loop(
        loss,
        tensors,
        make_optimizer(learned, optimizer),
        batches,
        LoopConfig(total_steps=steps, optimizer=optimizer, seed=card.seed),
        run,
        facts,
        evaluate=None if evaluate is None else figures,
        on_save=on_save,
        name=f"{card.command.removeprefix('train.')} {phase}".strip(),
        shared=list(trainable(backbone).values()),
    )
    backbone.eval()
    if last and leads():
        save_backbone(backbone, out)
        results = evaluate() if evaluate is not None else {}
        save_card(finish_card(card, **results), out)
        for folder in (out, *(f for f in out.iterdir() if f.is_dir())):
            remove_checkpoints(folder)
    if last:
        leave_group()


def _start(backbone: "Backbone") -> str:
    """What the run starts from; the weights are in the target fingerprint, the query side's in their own."""
    from core.backbones.tensors import tensors_fingerprint

    return tensors_fingerprint([(n, p) for n, p in backbone.named_parameters()], backbone.spec.vocabulary)
