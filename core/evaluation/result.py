"""One evaluation's result: the JSON people read and the rank file that comparisons are made from."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.evaluation import preservation
from core.evaluation.preservation import Attributes
from core.evaluation.protocol import Protocol, from_dict
from core.evaluation.shares import Share
from core.files import fingerprint, read_json, sha256_file, write_atomically, write_json
from core.types import Triplet

MODALITIES = ("both", "image", "text")


@dataclass(frozen=True)
class QueryRank:
    """One query's outcome: the target's rank from 1 and cosine score, and the first photo with its own.

    Of given lists only an order is known: scores are 0.0, and a target beyond its list, which is at least as
    long as the largest cutoff, has the first rank after it.

    attributes: where there are records, {"unmet": parts of the request that the first photo fails, "lost":
    untouched fields that it has otherwise than the reference, "met_in_ten": whether one of ten meets all}.
    subset_rank: on CIRR, the target's rank from 1 to 5 among its subset without the reference.
    """

    key: str
    category: str
    reference: str
    target: str
    text: str
    rank: int
    score: float
    top1: str
    top1_score: float
    attributes: dict[str, Any] | None = None
    subset_rank: int | None = None


@dataclass(frozen=True)
class Result:
    """What `python -m train.evaluate` writes; recalls in percent.

    counts: "queries" evaluated, "gallery" photos ranked (each once), "missing" and "corrupt" photos.
    metrics: the leading average of the protocol; averages: "micro" and "macro"; ci95: [low, high] of
    `metrics`. partial: whether photos were lacking; then `missing` names them, `corrupt` says why, and
    `dropped` holds the keys of the queries whose reference or target they were. gallery_hash and query_hash
    cover what was ranked; the texts are hashed as joined whatever the modality, so that modalities of one run
    can be compared. attributes: edit accuracy and preservation, where every photo has a record.
    subset: on CIRR, "Rs@1", "Rs@2", "Rs@3" and "mean", which is (R@5 + Rs@1) / 2.
    """

    protocol: Protocol
    counts: dict[str, int]
    metrics: dict[str, float]
    per_category: dict[str, dict[str, float]]
    ci95: dict[str, tuple[float, float]]
    averages: dict[str, dict[str, float]]
    split: str
    modality: str
    partial: bool
    missing: tuple[str, ...]
    corrupt: dict[str, str]
    dropped: tuple[str, ...]
    gallery_hash: str
    query_hash: str
    data_fingerprint: str
    model: dict[str, Any]
    seeds: dict[str, int]
    git: dict[str, Any] | None
    versions: dict[str, str]
    hardware: dict[str, Any]
    ranks: tuple[QueryRank, ...] = ()
    attributes: Attributes | None = None
    subset: dict[str, Share] | None = None

    def rank_array(self) -> np.ndarray:
        """The ranks int64 [q] in query order."""
        return np.array([query.rank for query in self.ranks], dtype=np.int64)

    def categories(self) -> list[str]:
        """The category of each query, in query order."""
        return [query.category for query in self.ranks]


def gallery_hash(galleries: Mapping[str, Sequence[str]]) -> str:
    """sha256 of the ranked ids by category, in ranking order (ties depend on it)."""
    return fingerprint({category: list(ids) for category, ids in galleries.items()})


def query_hash(triplets: Sequence[Triplet], texts: Sequence[str]) -> str:
    """sha256 of every query's key, reference, target and text, in order."""
    rows = [[t.key, t.reference, t.target, text] for t, text in zip(triplets, texts, strict=True)]
    return fingerprint(rows)


def ranks_path(path: Path) -> Path:
    """Where a result's ranks lie: "val.json" -> "val.ranks.jsonl" beside it; HemlineError if not .json."""
    if path.suffix != ".json":
        raise HemlineError(f"a result is a .json file, not {path}")
    return path.with_suffix(".ranks.jsonl")


def write_result(result: Result, path: Path) -> None:
    """Write the result's JSON to `path` and its ranks, one JSON object a line, beside it.

    Each file is moved into place whole, the rank file first; the JSON holds the rank file's sha256, so a pair
    that does not belong together (a kill between the two) is noticed on reading.
    """
    lines = "".join(_line(query) for query in result.ranks).encode()
    write_atomically(ranks_path(path), lambda aside: _write(aside, lines))
    value = asdict(replace(result, ranks=()))
    del value["ranks"]
    write_json(path, {**value, "ranks_sha256": sha256_file(ranks_path(path))})


def read_result(path: Path) -> Result:
    """The result in `path` with its ranks; HemlineError for a file that is missing, not whole or unpaired."""
    value = read_json(path)
    known = {field.name for field in fields(Result)} - {"ranks"} | {"ranks_sha256"}
    # Results from before attributes and subsets were measured have none; they compare all the same.
    if not isinstance(value, dict) or value.keys() | {"attributes", "subset"} != known:
        raise HemlineError(f"{path} is not a result of train.evaluate; evaluate the model again")
    beside = ranks_path(path)
    if not beside.is_file():
        raise HemlineError(
            f"{beside} is missing; it holds the ranks of {path.name}, evaluate the model again"
        )
    if sha256_file(beside) != value.pop("ranks_sha256"):
        raise HemlineError(f"{beside} is not the rank file that {path.name} was written with; evaluate again")
    lines = beside.read_text("utf-8").splitlines()
    measured = value.get("attributes")
    return Result(
        **{
            **value,
            "protocol": from_dict(value["protocol"]),
            "ci95": {name: tuple(ends) for name, ends in value["ci95"].items()},
            "missing": tuple(value["missing"]),
            "dropped": tuple(value["dropped"]),
            "ranks": tuple(QueryRank(**json.loads(line)) for line in lines),
            "attributes": preservation.from_dict(measured) if measured else None,
            "subset": _shares(value.get("subset"), path),
        }
    )


def refuse_unlike(
    first: Result, second: Result, names: tuple[str, str] = ("the first", "the second")
) -> None:
    """HemlineError unless both rank the same queries against the same gallery under the same protocol."""
    told = [first.protocol.to_dict(), second.protocol.to_dict()]
    differ = [
        f"{field} {told[0][field]!r} and {told[1][field]!r}"
        for field in told[0]
        if told[0][field] != told[1][field]
    ]
    if differ:
        raise HemlineError(
            f"{names[0]} and {names[1]} follow different protocols ({'; '.join(differ)}); "
            "evaluate both under one protocol before comparing them"
        )
    for field, what in (("gallery_hash", "galleries"), ("query_hash", "queries")):
        if getattr(first, field) != getattr(second, field):
            part = " (one of them is partial)" if first.partial != second.partial else ""
            raise HemlineError(
                f"{names[0]} and {names[1]} were evaluated with different {what}{part}; "
                "evaluate both on the same split and photos before comparing them"
            )


def _shares(value: Any, path: Path) -> dict[str, Share] | None:
    try:
        return {name: Share(**share) for name, share in value.items()} if value else None
    except (TypeError, AttributeError) as error:
        raise HemlineError(f"the subset of {path} is not as written ({error}); evaluate again") from None


def _line(query: QueryRank) -> str:
    """The query's line of a rank file; what was not measured is left out."""
    value = asdict(query)
    for field in ("attributes", "subset_rank"):
        if value[field] is None:
            del value[field]
    return json.dumps(value, ensure_ascii=False) + "\n"


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
