"""One system under every protocol: gallery x reference x caption join, and under each preset."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from core.evaluation.joins import CAPTION_JOINS
from core.evaluation.metrics import summarise
from core.evaluation.protocol import GALLERIES, PRESETS, REFERENCES, Protocol
from core.evaluation.run import Embedder, questions, summed
from core.evaluation.task import Task, make_task, rank_task

if TYPE_CHECKING:
    from core.backbones.base import Look
    from core.datasets.fashioniq import Split

AS_GIVEN = "as given"
"""The caption join of vectors that were given: what their queries read is not for us to decide."""


@dataclass(frozen=True)
class Cell:
    """One protocol's recalls in percent, {"R@1", "R@5", "R@10", "R@50"}, by both averages.

    queries: how many; under the join "each" a row of two captions is two. gallery_photos: each once.
    """

    gallery: str
    reference: str
    caption_join: str
    queries: int
    gallery_photos: int
    micro: dict[str, float]
    macro: dict[str, float]


def model_grid(model: Embedder, split: "Split", looks: Mapping[str, "Look"]) -> list[Cell]:
    """Every cell of a model; it encodes each photo once, and each distinct question once over all joins.

    looks: of every photo of the split's galleries. HemlineError where one lacks.
    """
    tasks = {join: _task(split, "union", "removed", join) for join in CAPTION_JOINS}
    for task in tasks.values():
        make_task(split, task.protocol, looks)  # says which photos lack
    photos = split.union_gallery()
    vectors = model.embed_targets([looks[photo] for photo in photos])
    asked = {join: questions(task) for join, task in tasks.items()}
    row = {pair: 0 for pairs in asked.values() for several in pairs for pair in several}
    row = {pair: number for number, pair in enumerate(row)}
    answers = model.embed_queries(
        [None if photo is None else looks[photo] for photo, _ in row], [text for _, text in row]
    )

    def queries(join: str) -> np.ndarray:
        return summed(answers, [[row[pair] for pair in several] for several in asked[join]])

    return list(_cells(split, CAPTION_JOINS, queries, dict(zip(photos, vectors, strict=True))))


def given_grid(
    split: "Split",
    queries: Callable[[Sequence[str]], np.ndarray],
    gallery: Callable[[Sequence[str]], np.ndarray],
) -> list[Cell]:
    """The cells that given vectors decide: every gallery and reference rule, for the texts they were made of.

    queries and gallery: the vectors of queries by key and of photos by id, float32, in the order asked for.
    """
    keys = [triplet.key for triplet in split.triplets]
    photos = split.union_gallery()
    found = queries(keys)
    return list(_cells(split, (AS_GIVEN,), lambda _: found, dict(zip(photos, gallery(photos), strict=True))))


def preset_cells(cells: Sequence[Cell]) -> dict[str, tuple[Protocol, Cell]]:
    """The cell of each preset; of vectors as given those whose texts are taken to be the preset's own.

    The preset "val" asks each caption, which vectors for joined ones cannot: it is left out for these.
    """
    at = {(cell.gallery, cell.reference, cell.caption_join): cell for cell in cells}
    found = {}
    for name, protocol in PRESETS.items():
        for join in (protocol.caption_join, AS_GIVEN if protocol.caption_join != "each" else ""):
            cell = at.get((protocol.gallery, protocol.reference, join))
            if cell is not None:
                found[name] = (protocol, cell)
    return found


def told(cells: Sequence[Cell]) -> dict[str, Any]:
    """The cells and the presets as a JSON object."""
    presets = {
        name: {**protocol.to_dict(), **(cell.micro if protocol.average == "micro" else cell.macro)}
        for name, (protocol, cell) in preset_cells(cells).items()
    }
    return {"presets": presets, "cells": [asdict(cell) for cell in cells]}


def _task(split: "Split", gallery: str, reference: str, join: str) -> Task:
    return make_task(split, Protocol("grid", gallery, reference, join, "micro"))


def _cells(
    split: "Split",
    joins: Sequence[str],
    queries: Callable[[str], np.ndarray],
    vectors: Mapping[str, np.ndarray],
) -> Iterator[Cell]:
    for join in joins:
        asked = queries(join)
        for gallery, reference in product(GALLERIES, REFERENCES):
            task = _task(split, gallery, reference, "and" if join == AS_GIVEN else join)
            ranked, _ = rank_task(task, asked, np.stack([vectors[photo] for photo in task.photos]))
            metrics = summarise(np.array([q.rank for q in ranked]), [q.category for q in ranked])
            recalls = {name: metrics.micro[name] for name in metrics.macro}
            yield Cell(
                gallery, reference, join, len(ranked), len(task.photos), micro=recalls, macro=metrics.macro
            )
