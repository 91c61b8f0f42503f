"""Refinement: what people judged on ranked hits becomes a new query side; the index stays as it is.

    python -m train.refine --model M --judgements judgements.db --index INDEX --out versions/NAME

Judged hits are explicit negatives and positives; queries with known answers are replayed beside them
(`train.refinement` is the recipe), those of the catalogue's own folder by default. What comes out is a
version in the folder above --out (`core.versions`). It is measured on the judged hits and on replayed queries
it never trained on, against the version that is live; it goes live itself where it is not worse.
Start from the model itself each time, not from the last version: all judgements that stand are learned from,
and nothing adds up.
"""

import argparse
import os
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli import entry
from core.errors import HemlineError
from train.flag_effect import add_material
from train.options import add_config, config_from
from train.refine_config import RefineConfig

if TYPE_CHECKING:
    from core.backbones.base import Backbone
    from core.search import Searcher
    from train.refine_job import Job
    from train.refine_material import RefineMaterial

FALL = 1.0  # points that R@10 or the edit accuracy of the slice may lose to go live


def refine(job: "Job", args: argparse.Namespace, config: RefineConfig) -> dict[str, Any]:
    """Train a version, measure it, write it, and let it go live where it may; what was measured."""
    from core.backbones.query_side import query_tensors, with_query_side
    from train.flag_effect import measure
    from train.refine_material import opened

    job.at("loading")
    searcher, material = opened(args.model, args, config, lambda done, of: job.at("encoding", done, of))
    base = searcher.backbone
    against, before = _answering(args, base)
    side = base.target_fingerprint()
    after = with_query_side(base, query_tensors(base))
    train_query_side(job, after, base, material, config)
    if after.target_fingerprint() != side:
        raise HemlineError("the training changed the target side, which the index needs; nothing is kept")
    job.at("measuring", 0, 1)
    effect = measure(material, before, after)
    job.at("measuring", 1, 1)
    job.closing = True  # from here on it is whole or not there
    told = {**effect, "against": against}
    verdict = verdict_of(effect, args.fall)
    _write(args, config, searcher, material, after, told, verdict)
    return {**told, "verdict": verdict}


def train_query_side(
    job: "Job", backbone: "Backbone", unrefined: "Backbone", material: "RefineMaterial", config: RefineConfig
) -> None:
    """Train the query side of `backbone` and nothing else of it, and set the scope in which it answers."""
    import torch

    from train.refinement import Refinement

    backbone.train_only(backbone.query_parts)
    job.at("training", 0, config.steps)
    work = Refinement(
        backbone,
        unrefined,
        torch.from_numpy(material.bank),
        material.lessons(),
        [material.asked(query) for query in material.replay.train],
        config,
    )
    backbone.scope = work.train(lambda step, loss: job.at("training", step, config.steps, loss))
    backbone.requires_grad_(False)


def verdict_of(effect: dict[str, Any], fall: float) -> str:
    """Worse where R@10 or the edit accuracy of the slice fell by more than `fall` points; else better where
    fewer flagged hits are among the first ten or right ones stand higher, and not worse where neither."""
    from core.versions import BETTER, NOT_WORSE, WORSE

    changes = [effect["recall"]["R@10"], effect["edit_accuracy"]]
    if any(change is not None and change["difference"] < -fall for change in changes):
        return WORSE
    summary = effect["summary"]
    right = summary["right"]
    higher = right["hits"] > 0 and right["mean_rank_after"] < right["mean_rank_before"]
    return BETTER if higher or summary["in_ten_after"] < summary["in_ten_before"] else NOT_WORSE


def _answering(args: argparse.Namespace, base: "Backbone") -> tuple[str, "Backbone"]:
    """What answers now: the live version, or the base, also where that version goes with another model."""
    from core.backbones.query_side import read_query_side, with_query_side
    from core.versions import live, read_version

    name = live(args.out.parent)
    if name is None or read_version(args.out.parent / name).target_fingerprint != base.target_fingerprint():
        return "base", base
    return name, with_query_side(base, read_query_side(args.out.parent / name))


def _write(
    args: argparse.Namespace,
    config: RefineConfig,
    searcher: "Searcher",
    material: "RefineMaterial",
    after: "Backbone",
    effect: dict[str, Any],
    verdict: str,
) -> None:
    """The weights, the effect on each hit, and last the card: from then on the version is there."""
    from core.backbones.query_side import write_query_side
    from core.files import fingerprint, read_json, sha256_file, write_json
    from core.runs import git_state, versions
    from core.verdicts import now
    from core.versions import CARD_FILE, EFFECT_FILE, QUERY_FILE, Version, base_folder

    base = base_folder(args.model)
    write_query_side(after, args.out / QUERY_FILE)
    write_json(args.out / EFFECT_FILE, effect)
    judgements = material.judgements
    version = Version(
        name=args.out.name,
        base=str(base),
        base_fingerprint=fingerprint(read_json(base / "hemline.json")),
        query=sha256_file(args.out / QUERY_FILE),
        target_fingerprint=after.target_fingerprint(),
        created=now(),
        verdict=verdict,
        trained_on={
            "judgements": {
                "events": list(judgements.events),
                "queries": len(judgements.queries),
                "negative": judgements.count("negative"),
                "positive": judgements.count("positive"),
                "left_out": dict(judgements.left_out),
                "store": judgements.fingerprint,
            },
            "index": searcher.index.card.fingerprint,
            "replay": {
                "fingerprint": material.replay.fingerprint,
                "queries": len(material.replay.train),
                "tuning": len(material.replay.tune),
            },
            "config": asdict(config),
        },
        figures={name: value for name, value in effect.items() if name != "hits"},
        run={"git": git_state(), "versions": versions(), "cpu_seconds": time.process_time()},
    )
    write_json(args.out / CARD_FILE, asdict(version))


def main() -> None:
    """Command line of a refinement."""
    parser = argparse.ArgumentParser(
        prog="python -m train.refine", description="Refinement: judged hits become a new query side."
    )
    parser.add_argument("--model", type=Path, required=True, help="the model to start from")
    parser.add_argument("--out", type=Path, required=True, help="the version to make: VERSIONS/NAME")
    add_material(parser)
    parser.add_argument("--fall", type=float, default=FALL, help=f"points it may lose to go live ({FALL:g})")
    parser.add_argument(
        "--promote",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go live where it is not worse (it does)",
    )
    add_config(parser, RefineConfig)
    args = parser.parse_args()
    config = config_from(args, RefineConfig)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

    from core.versions import check_name, clean, is_version, promote
    from train.flag_effect import told
    from train.refine_job import job

    args.out = args.out.resolve()
    check_name(args.out.name)
    if is_version(args.out):
        raise HemlineError(f"{args.out} is a version already; name a new one")
    with job(args.out) as running:
        for name in clean(args.out.parent):
            print(f"removed what an unfinished refinement left: {name}")
        effect = refine(running, args, config)
        lives = args.promote and effect["verdict"] != "worse"
        if lives:
            promote(args.out.parent, args.out.name)
        print(told(effect))
        print(f"{args.out.name}: {effect['verdict']}, against {effect['against']}{'; live' if lives else ''}")


if __name__ == "__main__":
    entry(main)
