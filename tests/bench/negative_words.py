"""How much of what negative words ask is to be taken off a query, and what that does.

    python -m tests.bench.negative_words --json assets/results/negative_words.json

Queries of the catalogue that ships, in which nothing is measured that the model was chosen by. Of each query
one thing is not wanted: what two or more of the plain ten best have on record and the garment that is meant
has not. Half of the queries choose the share, the other half is what is reported. The same words said inside
the change ("..., without stripes") and the records (what has it comes last) are there to compare.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.cli import entry
from core.composed import NEGATIVE_SHARE
from core.datasets.asked import read_asked
from core.datasets.fashioniq import read_split
from core.evaluation.joins import query_text
from core.files import write_json
from core.requests import Request, details_of, kept, met, traits
from core.runs import git_state, hardware, versions
from core.search import Searcher, look_of, open_searcher
from core.suggestions import DETAILS, PHRASES
from core.types import Garment
from core.unwanted import has_unwanted, read_unwanted

SHARES = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
TOP = 10


@dataclass(frozen=True)
class Asked:
    """A query with its vectors: as asked, with the negative words inside, and the negative words alone."""

    reference: int
    target: int
    request: Request
    without: str
    plain: NDArray[np.float32]
    inside: NDArray[np.float32]
    negative: NDArray[np.float32]


def main() -> None:
    """Draw, ask, measure and write the result."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--data", type=Path, default=Path("assets/wardrobe"), help="its split shop is asked")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=600)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    searcher = open_searcher(None, arguments.data / "index", arguments.data / "images")
    garments, asked = prepare(searcher, arguments.data, arguments.queries, arguments.seed)
    vectors = searcher.index.vectors
    halves = {"chosen on": asked[::2], "reported on": asked[1::2]}
    result: dict[str, Any] = {
        "top": TOP, "garments": len(garments), "queries": {name: len(half) for name, half in halves.items()}
    }  # fmt: skip
    for name, half in halves.items():
        rows = {f"share {share}": measure(half, vectors, garments, share) for share in SHARES}
        rows["said in the change"] = measure(half, vectors, garments, 0.0, inside=True)
        rows["records alone"] = measure(half, vectors, garments, 0.0, records=True)
        rows[f"share {NEGATIVE_SHARE} and records"] = measure(
            half, vectors, garments, NEGATIVE_SHARE, records=True
        )
        result[name] = rows
        for row, values in rows.items():
            print(f"{name:12} {row:22}" + "".join(f"{key}: {value:5.1f}  " for key, value in values.items()))
    result |= {
        "model": searcher.index.card.model,
        "index_fingerprint": searcher.index.card.fingerprint,
        "seed": arguments.seed,
        "hardware": hardware(),
    }
    write_json(arguments.json, result | {"versions": versions(), "git": git_state()})


def prepare(searcher: Searcher, data: Path, count: int, seed: int) -> tuple[list[Garment], list[Asked]]:
    """The garments in the order of the index, and those of `count` queries of which something is unwanted."""
    split = read_split(data, "shop")
    requests = read_asked(split)
    garments = [split.garments[id_] for id_ in searcher.index.ids]
    row, backbone = searcher.index.positions, searcher.backbone
    rng = random.Random(seed)
    queries = rng.sample(split.triplets, count)
    shown = [look_of(searcher, query.reference, None)[0] for query in queries]
    texts = [query_text(query.captions, "and") for query in queries]
    plain = backbone.embed_queries(shown, texts)
    said = {}
    for at, query in enumerate(queries):
        best = ranked(plain[at], searcher.index.vectors, row[query.reference])[:TOP]
        words = unwanted_in([garments[place] for place in best], garments[row[query.target]], rng)
        if words:
            said[at] = words
    negated = [f"{texts[at]}, without {words}" for at, words in said.items()]
    inside = backbone.embed_queries([shown[at] for at in said], negated)
    negative = backbone.embed_queries([None] * len(said), list(said.values()))
    asked = []
    for (at, words), with_it, alone in zip(said.items(), inside, negative, strict=True):
        query = queries[at]
        places = (row[query.reference], row[query.target])
        asked.append(Asked(*places, requests[query.key], words, plain[at], with_it, alone))
    return garments, asked


def unwanted_in(best: Sequence[Garment], target: Garment, rng: random.Random) -> str:
    """Words for something that two or more of `best` have and the target has not; "" where there is none."""
    found = []
    for field in ("colors", "pattern", "sleeve", "neckline"):
        for value, words in PHRASES[field].items():
            often = sum(traits(garment)[field] == value for garment in best) > 1
            if often and value not in ("solid", "none") and traits(target)[field] != value:
                found.append(words.removeprefix("with ").removeprefix("in ").removeprefix("a "))
    for detail, words in DETAILS.items():
        if detail not in details_of(target) and sum(detail in details_of(one) for one in best) > 1:
            found.append(words.removeprefix("a "))
    return rng.choice(sorted(found)) if found else ""


def ranked(query: NDArray[np.float32], vectors: NDArray[np.float32], reference: int) -> NDArray[np.int64]:
    """All rows but the reference's, the best first."""
    order = np.argsort(-(vectors @ query), kind="stable")
    return order[order != reference]


def measure(
    asked: Sequence[Asked],
    vectors: NDArray[np.float32],
    garments: Sequence[Garment],
    share: float,
    inside: bool = False,
    records: bool = False,
) -> dict[str, float]:
    """In percent: ten best that have what is not wanted, that meet the change, what they keep; R@1, R@10."""
    unwanted, asked_met, keeping, first, ten = [], [], [], [], []
    for one in asked:
        query = (one.inside if inside else one.plain) - share * one.negative
        order = list(ranked(query, vectors, one.reference))
        not_wanted = read_unwanted(one.without).values()
        if records:
            order.sort(key=lambda place: has_unwanted(not_wanted, garments[place]))
        best = [garments[place] for place in order[:TOP]]
        unwanted.append(np.mean([has_unwanted(not_wanted, garment) for garment in best]))
        asked_met.append(np.mean([met(one.request, garment) for garment in best]))
        same = [list(kept(one.request, garments[one.reference], garment).values()) for garment in best]
        keeping.append(np.mean([np.mean(values) for values in same if values]))
        first.append(order[0] == one.target)
        ten.append(one.target in order[:TOP])
    columns = {"unwanted": unwanted, "met": asked_met, "kept": keeping, "R@1": first, "R@10": ten}
    return {name: round(100 * float(np.mean(values)), 1) for name, values in columns.items()}


if __name__ == "__main__":
    entry(main)
