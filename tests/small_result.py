"""A result with given ranks, for what reads results and ranks nothing itself."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.evaluation.intervals import bootstrap_ci
from core.evaluation.metrics import names, summarise
from core.evaluation.protocol import preset
from core.evaluation.result import QueryRank, Result


def small_result(
    ranks: Sequence[int],
    categories: Sequence[str] | None = None,
    texts: Sequence[str] | None = None,
    attributes: Sequence[dict[str, Any] | None] | None = None,
    modality: str = "both",
    protocol: str = "closet",
) -> Result:
    """A result of as many queries; categories are dress and shirt in halves where none are given."""
    count = len(ranks)
    of = list(categories or ["dress"] * ((count + 1) // 2) + ["shirt"] * (count // 2))
    said = list(texts or [f"words {n}" for n in range(count)])
    shown = list(attributes or [None] * count)
    queries = tuple(
        QueryRank(f"{of[n]}:{n}", of[n], f"r{n}", f"t{n}", said[n], rank, 0.5, f"t{n}", 0.6, shown[n])
        for n, rank in enumerate(ranks)
    )
    told = summarise(np.array(ranks), of)
    return Result(
        protocol=preset(protocol),
        counts={"queries": count, "gallery": 99, "missing": 0, "corrupt": 0},
        metrics={name: told.micro[name] for name in names()},
        per_category=told.per_category,
        ci95=bootstrap_ci(np.array(ranks), of, "micro"),
        averages={"micro": told.micro, "macro": told.macro},
        split="val",
        modality=modality,
        partial=False,
        missing=(),
        corrupt={},
        dropped=(),
        gallery_hash="gallery",
        query_hash="queries",
        data_fingerprint="data",
        model={"name": "model", "fingerprint": "a"},
        seeds={},
        git=None,
        versions={},
        hardware={},
        ranks=queries,
    )
