"""A hundred judgements: those that core.next_queries asks for against as many of queries drawn at random.

    python -m tests.bench.active_judging --data DRAWN --index INDEX --json assets/results/active_judging.json

A replayed experiment over a drawn catalogue of the train split. Its lines of garments are parted in two. In
one half queries may be judged (every second one; the others are what the refinement may replay) over that
half's garments; the queries of the other half are held out, so that neither their references nor their
targets were ever a judged query's reference or hit. They are evaluated over the garments of both halves.

The judge is simulated exactly: of a chosen query the first `--each` hits are judged, a hit that meets the
request by the garments' records is acceptable, any other a hard negative. A seed draws `--pool` queries, the
log that all arms choose from, and is the training's. Each arm refines the model by train.refinement, as
`python -m train.refine` does, its scope included. Then the whole log is asked again, and so are the held-out
queries. Intervals draw queries and seeds.
"""

import argparse
import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.cli import entry
from core.datasets.asked import read_asked
from core.datasets.fashioniq import read_split
from core.errors import HemlineError
from core.evaluation.intervals import Difference, paired_differences
from core.evaluation.protocol import query_text
from core.files import write_json
from core.next_queries import HITS, LOW_MARGIN, MIX, SUSPECTED, UNMET, Candidate, next_queries, unmet
from core.requests import Request, met
from core.runs import git_state, hardware, versions
from core.search import Searcher, open_searcher
from core.types import Garment
from train.lessons import Asked, Lesson
from train.options import add_config, config_from
from train.refine_config import RefineConfig
from train.refinement import Refinement, embedded

ROOT = Path(__file__).parents[2]
TEN = 10
MEASURES = ("R@10", "wrong hits in the first ten", "edit accuracy of the first hit")
ARMS = {
    "random": None,
    "mix": MIX,
    "low margin": {LOW_MARGIN: 1.0},
    "suspected false negative": {SUSPECTED: 1.0},
    "words not met": {UNMET: 1.0},
}
BEFORE = "not refined"


@dataclass(frozen=True)
class Query:
    """A drawn query: rows of the index, what its words ask, and which rows its ranking leaves out."""

    reference: int
    target: int
    text: str
    request: Request
    hidden: tuple[int, ...]


@dataclass(frozen=True)
class Ground:
    """What all arms share: the searcher, the garments by row, and the parts of the draw.

    `rows` are the judging half's garments; `pool`, `replay` and `held_out` its queries and the others'.
    """

    searcher: Searcher
    garments: list[Garment]
    rows: np.ndarray
    pool: list[Query]
    replay: list[Query]
    held_out: list[Query]

    def asked(self, queries: Sequence[Query]) -> list[Asked]:
        """The queries as the model sees them, with the features that the index keeps."""
        features = self.searcher.gallery.features
        if features is None:
            raise HemlineError(f"the index {self.searcher.folder} keeps no features; build it with them")
        return [Asked(np.array(features[query.reference]), query.text) for query in queries]


def main() -> None:
    """Choose, judge, refine and evaluate for each arm and seed; write what came out after each seed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", type=Path, default=ROOT / "assets/model")
    parser.add_argument("--data", type=Path, default=Path("data/refine-202"), help="a drawn train split")
    parser.add_argument("--index", type=Path, default=Path("data/refine-202-index"), help="its index")
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--arms", nargs="+", choices=list(ARMS), default=["random", "mix"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--judgements", type=int, default=100)
    parser.add_argument("--each", type=int, default=4, help="hits judged of a query, the first ones")
    parser.add_argument("--pool", type=int, default=200, help="queries that a seed's arms choose from")
    parser.add_argument("--held-out", type=int, default=400, help="queries evaluated")
    parser.add_argument("--threads", type=int, default=1)
    add_config(parser, RefineConfig)
    args = parser.parse_args()
    recipe = config_from(args, RefineConfig)

    import torch

    torch.set_num_threads(args.threads)
    ground = part(args.data, open_searcher(args.model, args.index, args.data / "images"), args.held_out)
    backbone = ground.searcher.backbone
    backbone.train_only(backbone.query_parts)
    start = {n: p.detach().clone() for n, p in backbone.named_parameters() if p.requires_grad}
    outside = embedded(backbone, ground.asked(ground.held_out))
    first = answers(ground, ground.held_out, outside.numpy(), np.arange(len(ground.garments)))
    tables: dict[str, list[np.ndarray]] = {arm: [] for arm in args.arms}
    logs: dict[str, list[np.ndarray]] = {arm: [] for arm in (BEFORE, *args.arms)}
    told: list[dict[str, Any]] = []
    for seed in range(recipe.seed, recipe.seed + args.seeds):
        rng = random.Random(f"pool-{seed}")
        pool = rng.sample(ground.pool, min(args.pool, len(ground.pool)))
        vectors = embedded(backbone, ground.asked(pool))
        logs[BEFORE].append(answers(ground, pool, vectors.numpy(), ground.rows))
        for arm in args.arms:
            begun = time.process_time()
            order = chosen(ground, pool, vectors.numpy(), arm)
            judged = lessons(ground, pool, vectors.numpy(), order, args)
            config = replace(recipe, seed=seed)
            bank = torch.from_numpy(np.array(ground.searcher.index.vectors)[ground.rows])
            work = Refinement(backbone, backbone, bank, judged, replayed(ground, config), config)
            scope = work.train(lambda step, loss: None)
            held, log = (
                scope.mixed(before, embedded(backbone, ground.asked(queries))).numpy()
                for before, queries in ((outside, ground.held_out), (vectors, pool))
            )
            tables[arm].append(answers(ground, ground.held_out, held, np.arange(len(ground.garments))))
            logs[arm].append(answers(ground, pool, log, ground.rows))
            backbone.load_state_dict(start, strict=False)
            told.append(_told(seed, arm, judged, logs[arm][-1], time.process_time() - begun))
            print(json.dumps(told[-1]), flush=True)
        write_json(args.json, _result(args, recipe, ground, first, tables, logs, told))


def part(data: Path, searcher: Searcher, most: int) -> Ground:
    """Part a drawn split: by lines into judged and held out, the judged half's queries by turns into pool
    and replay; at most `most` queries are held out."""
    split = read_split(data, "train")
    requests = read_asked(split)
    index = searcher.index
    row = index.positions
    lines = sorted({_line(name) for name in index.ids})
    random.Random("lines").shuffle(lines)
    judged = set(lines[: len(lines) // 2])
    inside, outside = [], []
    for triplet in split.triplets:
        sides = {_line(triplet.reference) in judged, _line(triplet.target) in judged}
        if len(sides) == 2 or triplet.key not in requests:
            continue
        hidden = tuple(row[name] for name in searcher.same[searcher.hash_of(triplet.reference)])
        query = Query(
            row[triplet.reference],
            row[triplet.target],
            query_text(triplet.captions, "and"),
            requests[triplet.key],
            hidden,
        )
        (inside if sides == {True} else outside).append(query)
    random.Random("queries").shuffle(inside)
    random.Random("held out").shuffle(outside)
    rows = np.array([place for name, place in row.items() if _line(name) in judged])
    garments = [split.garments[name] for name in index.ids]
    return Ground(searcher, garments, rows, inside[::2], inside[1::2], outside[:most])


def chosen(ground: Ground, pool: list[Query], vectors: np.ndarray, arm: str) -> list[int]:
    """The places in the pool in the order that an arm judges them; random is the order they were drawn in."""
    mix = ARMS[arm]
    if mix is None:
        return list(range(len(pool)))
    ids = ground.searcher.index.ids
    places = {}
    candidates = []
    for place, query in enumerate(pool):
        rows, scores = _ranking(ground, query, vectors[place], ground.rows, HITS)
        hits = tuple(ids[row] for row in rows)
        reference, text = ids[query.reference], query.text
        wrong = unmet(text, ground.garments[query.reference], [ground.garments[row] for row in rows])
        candidates.append(
            Candidate(
                reference, text, hits, tuple(map(float, scores)), targets=(ids[query.target],), unmet=wrong
            )
        )
        places.setdefault((reference, text), place)
    ranked = next_queries(candidates, mix=mix)
    return [places[one.candidate.reference_id, one.candidate.text] for one in ranked]


def lessons(
    ground: Ground, pool: list[Query], vectors: np.ndarray, order: list[int], args: argparse.Namespace
) -> list[Lesson]:
    """The first `--each` hits of the queries in this order, judged by the records, until there are enough."""
    place = {row: number for number, row in enumerate(ground.rows.tolist())}
    judged = []
    for number in order[: args.judgements // args.each]:
        query = pool[number]
        rows = _ranking(ground, query, vectors[number], ground.rows, args.each)[0]
        right = [row for row in rows if met(query.request, ground.garments[row])]
        judged.append(
            Lesson(
                ground.asked([query])[0],
                wrong=tuple(place[row] for row in rows if row not in right),
                right=tuple(place[row] for row in right),
                hidden=tuple(place[row] for row in query.hidden),
            )
        )
    return judged


def replayed(ground: Ground, config: RefineConfig) -> list[Asked]:
    """As many replayed queries as the recipe replays references, drawn by the seed."""
    rng = random.Random(f"replay-{config.seed}")
    return ground.asked(rng.sample(ground.replay, min(config.replayed, len(ground.replay))))


def answers(ground: Ground, queries: Sequence[Query], vectors: np.ndarray, among: np.ndarray) -> np.ndarray:
    """The `MEASURES` of each query over the garments of these rows, 0 to 1, float64 [q, 3]."""
    found = []
    for query, vector in zip(queries, vectors, strict=True):
        rows = _ranking(ground, query, vector, among, TEN)[0]
        meets = [met(query.request, ground.garments[row]) for row in rows]
        found.append((query.target in rows, 1 - np.mean(meets), meets[0]))
    return np.array(found, dtype=np.float64)


def _ranking(
    ground: Ground, query: Query, vector: np.ndarray, among: np.ndarray, most: int
) -> tuple[list[int], np.ndarray]:
    """The best rows among those given, without the query's own reference, and their scores."""
    scores = np.asarray(ground.searcher.index.vectors)[among] @ vector
    scores[np.isin(among, query.hidden)] = -np.inf
    best = np.argsort(-scores, kind="stable")[:most]
    return among[best].tolist(), scores[best]


def _line(name: str) -> str:
    """The line of a drawn garment: train-0040b and train-0040e are of one."""
    return name.rstrip("abcdefghijklmnopqrstuvwxyz")


def _told(seed: int, arm: str, judged: list[Lesson], table: np.ndarray, seconds: float) -> dict[str, Any]:
    means = dict(zip(MEASURES, (100 * table.mean(axis=0)).round(2).tolist(), strict=True))
    return {
        "seed": seed,
        "arm": arm,
        "queries": len(judged),
        "hard negatives": sum(len(lesson.wrong) for lesson in judged),
        "acceptable": sum(len(lesson.right) for lesson in judged),
        **means,
        "cpu_seconds": round(seconds, 1),
    }


def _result(
    args: argparse.Namespace,
    recipe: RefineConfig,
    ground: Ground,
    first: np.ndarray,
    tables: dict[str, list[np.ndarray]],
    logs: dict[str, list[np.ndarray]],
    told: list[dict[str, Any]],
) -> dict[str, Any]:
    held = {BEFORE: first[None]} | {arm: np.stack(found) for arm, found in tables.items()}
    # a seed has a log of its own, so that seeds and queries are drawn as one: [1, seeds x queries, measures]
    log = {arm: np.concatenate(found)[None] for arm, found in logs.items()}
    pairs = [(BEFORE, arm) for arm in tables]
    pairs += [("random", arm) for arm in tables if arm != "random" and "random" in tables]
    return {
        "setting": {name: getattr(args, name) for name in ("judgements", "each", "pool", "seeds", "threads")},
        "data": str(args.data),
        "garments": {"judged half": len(ground.rows), "all": len(ground.garments)},
        "queries": {name: len(getattr(ground, name)) for name in ("pool", "replay", "held_out")},
        "config": asdict(recipe),
        **{f"the log, asked again: {name}": told_ for name, told_ in _compared(log, pairs).items()},
        **{f"held out: {name}": told_ for name, told_ in _compared(held, pairs).items()},
        "runs": told,
        "hardware": hardware(),
        "versions": versions(),
        "commit": git_state(),
    }


def _compared(found: dict[str, np.ndarray], pairs: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "percent": {
            name: dict(zip(MEASURES, (100 * table.mean(axis=(0, 1))).round(2).tolist(), strict=True))
            for name, table in found.items()
        },
        "differences": {
            f"{after} minus {before}": _differences(found[before], found[after]) for before, after in pairs
        },
    }


def _differences(before: np.ndarray, after: np.ndarray) -> dict[str, dict[str, float]]:
    categories = ["all"] * before.shape[1]
    found: dict[str, Difference] = paired_differences(before, after, MEASURES, categories, "micro")
    return {name: {key: round(value, 3) for key, value in asdict(one).items()} for name, one in found.items()}


if __name__ == "__main__":
    entry(main)
