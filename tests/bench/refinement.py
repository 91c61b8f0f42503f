"""Fifty flags: how long until the refined model is live, whether the flagged hits left, what else was lost.

    python -m tests.bench.refinement --data DRAWN --index INDEX --closet CLOSET --wardrobe DRAWN_VAL \\
        --json assets/results/refinement.json

The judge is simulated exactly: queries of a drawn catalogue that nothing was evaluated on are put to the
model in an order of the draw's own, and of the first ten hits those that do not meet the request, as the
garments' records say, are flagged, the first of them first and at most `--each` a query, until there are
`--flags`. Half of the folder's queries are asked, the other half is what the refinement may replay. Each draw
then runs `python -m train.refine` in a fresh process, nothing encoded before, and is evaluated on sets that
the recipe never saw: val of Closet and of Wardrobe. Seconds on the wall depend on what else the machine does;
`busy` tells the load, and the seconds of the processor do not depend on it much.
"""

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.cli import entry
from core.datasets.asked import read_asked
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.evaluation.intervals import paired_bootstrap
from core.evaluation.protocol import preset, query_text
from core.evaluation.ranks import target_ranks
from core.evaluation.run import embed_queries
from core.evaluation.task import Task, make_task
from core.files import fingerprint, read_json, write_json
from core.judgements import append, events, open_store
from core.requests import met
from core.runs import git_state, hardware, versions
from core.search import Searcher, open_searcher, search, search_many, with_version
from core.verdicts import Judgement
from core.versions import EFFECT_FILE, live, read_version

ROOT = Path(__file__).parents[2]
AIMS = {"seconds": 60.0, "left": 90.0, "fall": 1.0}


@dataclass(frozen=True)
class Exam:
    """A held-out set: its task, looks and vectors, and the ranks of its targets before."""

    name: str
    task: Task
    looks: dict[str, np.ndarray]
    targets: np.ndarray
    queries: np.ndarray
    before: np.ndarray


def main() -> None:
    """Draw, flag, refine and evaluate, again and again; write what came out as JSON after each draw."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "assets/model")
    parser.add_argument("--data", type=Path, required=True, help="a drawn dataset's train split")
    parser.add_argument("--index", type=Path, required=True, help="its index, of the model")
    parser.add_argument("--closet", type=Path, required=True, help="Closet, for its val split")
    parser.add_argument("--wardrobe", type=Path, required=True, help="a drawn dataset, for its val split")
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--first", type=int, default=0, help="the first draw's seed")
    parser.add_argument("--flags", type=int, default=50)
    parser.add_argument("--each", type=int, default=3, help="flags of one query at most")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--cache", type=Path, default=Path("data/features"), help="of the held-out sets alone"
    )
    args = parser.parse_args()
    searcher = open_searcher(args.model, args.index, args.data / "images")
    split = read_split(args.data, "train")
    exams = [
        _exam(searcher, name, folder, args.cache)
        for name, folder in (("closet", args.closet), ("wardrobe", args.wardrobe))
    ]
    draws: list[dict[str, Any]] = []
    for seed in range(args.first, args.first + args.draws):
        with tempfile.TemporaryDirectory() as scratch:
            draws.append(_draw(seed, args, searcher, split, exams, Path(scratch)))
        print(json.dumps({k: v for k, v in draws[-1].items() if k != "config"}), flush=True)
        write_json(args.json, _result(args, split, exams, draws))


def _draw(
    seed: int, args: argparse.Namespace, searcher: Searcher, split: Split, exams: list[Exam], scratch: Path
) -> dict[str, Any]:
    judgements = scratch / "judgements.db"
    asked = _flag(seed, args, searcher, split, judgements)
    replay = _half(args.data, split, scratch / "replay")
    out = scratch / "versions" / f"draw-{seed}"
    line = [sys.executable, "-m", "train.refine", "--model", args.model, "--judgements", judgements]
    line += ["--index", args.index, "--images", args.data / "images", "--replay", replay, "--out", out]
    line += ["--cache", scratch / "features", "--threads", args.threads, "--seed", seed]
    busy, cpu, begun = os.getloadavg()[0], _children(), time.perf_counter()
    done = subprocess.run([str(word) for word in line], cwd=ROOT, capture_output=True, text=True)
    seconds, spent = time.perf_counter() - begun, _children() - cpu
    if done.returncode:
        raise HemlineError(f"the refinement of draw {seed} failed: {done.stderr[-500:]}")
    version, effect = read_version(out), read_json(out / EFFECT_FILE)
    return {
        "seed": seed,
        "queries": asked,
        "flagged": effect["summary"]["flagged"],
        "left": effect["summary"]["left"],
        "wall_seconds": round(seconds, 1),
        "cpu_seconds": round(spent, 1),
        "busy": round(busy, 1),
        "judged queries": _judged(args, searcher, split, judgements, out),
        "verdict": version.verdict,
        "live": live(out.parent) == out.name,
        "slice": {**_change(effect["recall"]["R@10"]), "edit_accuracy": _change(effect["edit_accuracy"])},
        "collateral": effect["collateral"],
        "drift": effect["drift"],
        "held_out": {exam.name: _examined(exam, out) for exam in exams},
        "config": version.trained_on["config"],
    }


def _judged(
    args: argparse.Namespace, searcher: Searcher, split: Split, judgements: Path, version: Path
) -> dict[str, dict[str, float]]:
    """The queries that were judged, asked again: what nobody flagged must be there still, in percent."""
    requests = read_asked(split)
    keys = {(t.reference, query_text(t.captions, "and")): t for t in split.triplets}
    store = open_store(judgements)
    said = [event.judgement for event in events(store)]
    store.close()
    asked = list(dict.fromkeys((one.reference_id or "", one.text) for one in said))
    told: dict[str, dict[str, float]] = {}
    for name, side in (("before", searcher), ("after", with_version(searcher, version))):
        found: list[tuple[bool, float, bool]] = []
        for key, hits in zip(asked, search_many(side, asked, 10), strict=True):
            triplet = keys[key]
            meets = [met(requests[triplet.key], split.garments[hit.id]) for hit in hits]
            found.append((triplet.target in {hit.id for hit in hits}, 1 - float(np.mean(meets)), meets[0]))
        means = 100 * np.array(found, dtype=np.float64).mean(axis=0)
        names = ("R@10 of the known target", "wrong hits in the first ten", "first hit as asked")
        told[name] = dict(zip(names, means.round(2).tolist(), strict=True))
    return told


def _flag(seed: int, args: argparse.Namespace, searcher: Searcher, split: Split, path: Path) -> int:
    """Judge until there are enough flags; how many queries were asked."""
    requests = read_asked(split)
    triplets = [t for t in split.triplets if _asked(t.key)]
    random.Random(f"judge-{seed}").shuffle(triplets)
    store, flags = open_store(path), 0
    for number, triplet in enumerate(triplets, start=1):
        text = query_text(triplet.captions, "and")
        wrong = [
            hit
            for hit in search(searcher, reference_id=triplet.reference, text=text)
            if not met(requests[triplet.key], split.garments[hit.id])
        ]
        for hit in wrong[: min(args.each, args.flags - flags)]:
            append(store, _judgement(searcher, triplet.reference, text, hit.id, hit.rank, hit.score, args))
            flags += 1
        if flags == args.flags:
            store.close()
            return number
    raise HemlineError(f"{args.data} has too few queries for {args.flags} flags")


def _judgement(
    searcher: Searcher, reference: str, text: str, hit: str, rank: int, score: float, args: argparse.Namespace
) -> Judgement:
    return Judgement(
        annotator="the records",
        hit_id=hit,
        rank=rank,
        score=score,
        verdict="hard negative",
        model_fingerprint=fingerprint(read_json(args.model / "hemline.json")),
        index_fingerprint=searcher.index.card.fingerprint,
        reference_id=reference,
        reference_hash=searcher.hash_of(reference),
        text=text,
    )


def _asked(key: str) -> bool:
    """Whether a query is asked by the judge; the others may be replayed."""
    return int(key.rsplit(":", 1)[1]) % 2 == 1


def _half(data: Path, split: Split, folder: Path) -> Path:
    """The dataset with every second query: those that nobody asks."""
    for name in ("captions", "requests"):
        (folder / name).mkdir(parents=True)
    for category in split.categories:
        name = f"cap.{category}.{split.split}.json"
        write_json(folder / "captions" / name, read_json(data / "captions" / name)[::2])
        name = f"req.{category}.{split.split}.jsonl"
        lines = (data / "requests" / name).read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / "requests" / name).write_text("".join(lines[::2]), encoding="utf-8")
    shutil.copytree(data / "image_splits", folder / "image_splits")
    shutil.copyfile(data / "garments.jsonl", folder / "garments.jsonl")
    (folder / "images").symlink_to((data / "images").resolve())
    return folder


def _exam(searcher: Searcher, name: str, folder: Path, cache: Path) -> Exam:
    from core.backbones.features import encode_all

    split = read_split(folder, "val")
    task = make_task(split, preset("closet"))
    photos = list(dict.fromkeys((*task.photos, *(q.triplet.reference for q in task.queries))))
    paths = {photo: path for photo in photos if (path := split.image_path(photo))}
    looks = dict(zip(photos, encode_all(searcher.backbone, paths, cache).rows(photos), strict=True))
    targets = searcher.backbone.embed_targets([looks[photo] for photo in task.photos])
    queries = embed_queries(searcher.backbone, task, "both", looks)
    exam = Exam(name, task, looks, targets, queries, np.empty(0))
    return replace(exam, before=_ranks(exam, queries))


def _ranks(exam: Exam, queries: np.ndarray) -> np.ndarray:
    triplets = [query.triplet for query in exam.task.queries]
    return target_ranks(
        queries,
        exam.targets,
        exam.task.photos,
        [triplet.target for triplet in triplets],
        [(triplet.reference,) for triplet in triplets],
    )


def _examined(exam: Exam, version: Path) -> dict[str, Any]:
    """R@10 before and after on a held-out set, and the change with its interval.

    Queries outside the scope keep their vectors, bit for bit (tests/test_scope.py), and are not put again.
    """
    import torch

    from core.backbones import load_backbone

    backbone = load_backbone(version)
    assert backbone.scope is not None
    inside = backbone.scope.share(torch.from_numpy(exam.queries)).flatten().numpy() > 0
    asked = replace(exam.task, queries=tuple(np.array(exam.task.queries, dtype=object)[inside]))
    vectors = exam.queries.copy()
    if inside.any():
        vectors[inside] = embed_queries(backbone, asked, "both", exam.looks)
    after = _ranks(exam, vectors)
    categories = [query.triplet.category for query in exam.task.queries]
    found = paired_bootstrap(exam.before, after, categories, "micro")
    return {"inside": int(inside.sum())} | {name: _change(asdict(found[name])) for name in ("R@1", "R@10")}


def _change(value: dict[str, Any]) -> dict[str, float]:
    return {name: round(value[name], 3) for name in ("before", "after", "difference", "low", "high")}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _result(
    args: argparse.Namespace, split: Split, exams: list[Exam], draws: list[dict[str, Any]]
) -> dict[str, Any]:
    held = {
        exam.name: _spread([draw["held_out"][exam.name]["R@10"]["difference"] for draw in draws])
        for exam in exams
    }
    return {
        "aims": AIMS,
        "flags": args.flags,
        "each": args.each,
        "catalogue": {"garments": len(split.union_gallery()), "fingerprint": split.fingerprint},
        "held_out": {exam.name: {"queries": len(exam.task.queries)} for exam in exams},
        "wall_seconds": _spread([draw["wall_seconds"] for draw in draws]),
        "cpu_seconds": _spread([draw["cpu_seconds"] for draw in draws]),
        "left": _spread([draw["left"] for draw in draws]),
        "change_of_R@10": held,
        "judged queries": {
            name: _spread(
                [d["judged queries"]["after"][name] - d["judged queries"]["before"][name] for d in draws]
            )
            for name in draws[0]["judged queries"]["before"]
        },
        "draws": draws,
        "threads": args.threads,
        "hardware": hardware(),
        "versions": versions(),
        "commit": git_state(),
    }


def _spread(values: list[float]) -> dict[str, float]:
    """Mean over the draws, its 95 % interval (percentile bootstrap over draws), least and most."""
    found = np.array(values, dtype=np.float64)
    rng = np.random.default_rng(0)
    means = found[rng.integers(0, len(found), (4000, len(found)))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    told = {"mean": found.mean(), "low": low, "high": high, "least": found.min(), "most": found.max()}
    return {name: round(float(value), 3) for name, value in told.items()}


if __name__ == "__main__":
    entry(main)
