"""Did the flags help: judged hits, the tuning slice and everything else under two versions of a model.

    python -m train.flag_effect --before MODEL --after VERSION --judgements DB --index INDEX --replay DATA

The measuring is core.flag_effect's; this embeds the queries. Both are a model folder or a version.
"""

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.cli import entry
from core.evaluation.intervals import paired_differences
from core.flag_effect import Asked as Put
from core.flag_effect import as_dict, collateral, drift, judged_changes, ranked, recall_change
from core.requests import met

if TYPE_CHECKING:
    from core.backbones.base import Backbone
    from train.refine_material import RefineMaterial
    from train.replay import ReplayQuery


def measure(material: "RefineMaterial", before: "Backbone", after: "Backbone") -> dict[str, Any]:
    """What `core.flag_effect.as_dict` says, and "edit_accuracy" where the slice's requests are on file.

    The tuning slice is ranked over the whole bank; its queries are also those whose collateral is told.
    """
    from train.refine_material import place_of
    from train.refinement import embedded

    judged = material.judgements.queries
    lessons = [lesson.asked for lesson in material.lessons()]
    indexed = slice(0, material.indexed)
    asked = [Put(q.text, q.reference_id or q.reference_hash, material.hidden(place_of(q))) for q in judged]
    changes = judged_changes(
        asked,
        [[(hit.id, hit.role, hit.rank) for hit in query.hits] for query in judged],
        embedded(before, lessons).numpy(),
        embedded(after, lessons).numpy(),
        material.bank[indexed],
        material.ids[indexed],
    )
    queries = material.replay.tune
    put = [Put(query.text, query.reference, material.hidden(query.reference)) for query in queries]
    targets = [query.target for query in queries]
    old, new = (
        embedded(side, [material.asked(query) for query in queries]).numpy() for side in (before, after)
    )
    old_ranks, old_ten = ranked(put, old, material.bank, material.ids, targets)
    new_ranks, new_ten = ranked(put, new, material.bank, material.ids, targets)
    recall = recall_change(old_ranks, new_ranks, [query.category for query in queries])
    found = collateral(old, new, old_ten, new_ten)
    told = as_dict(changes, recall, found, drift(len(changes), found))
    return {**told, "edit_accuracy": _edit_accuracy(material, queries, old_ten, new_ten)}


def _edit_accuracy(
    material: "RefineMaterial",
    queries: "Sequence[ReplayQuery]",
    old: Sequence[Sequence[str]],
    new: Sequence[Sequence[str]],
) -> dict[str, Any] | None:
    """The change of the share of first hits that meet the request; None where no query says what it asks."""
    garments = material.replay.garments
    rows = []
    for query, before, after in zip(queries, old, new, strict=True):
        if query.request is not None and before[0] in garments and after[0] in garments:
            rows.append([met(query.request, garments[side[0]]) for side in (before, after)])
    if not rows:
        return None
    table = np.array(rows, dtype=np.float64)
    alike = ["all"] * len(rows)
    change = paired_differences(table[None, :, :1], table[None, :, 1:], ["top1"], alike, "micro")["top1"]
    return {**asdict(change), "queries": len(rows)}


def told(effect: dict[str, Any]) -> str:
    """The effect in a few lines for a terminal."""
    summary, recall, beside = effect["summary"], effect["recall"]["R@10"], effect["collateral"]
    left = "none of them was among the first ten before"
    if summary["left"] is not None:
        left = f"{summary['left']:.0f} % of the {summary['in_ten_before']} in the first ten left them"
    lines = [f"flagged hits: {summary['flagged']}; {left}"]
    right = summary["right"]
    if right["hits"]:
        ranks = f"{right['mean_rank_before']:.1f} to {right['mean_rank_after']:.1f}"
        lines.append(f"right hits: {right['hits']}; mean rank {ranks}")
    lines.append(f"tuning slice, {beside['queries']} queries: R@10 {_points(recall)}")
    if effect["edit_accuracy"]:
        lines.append(f"first hit as asked: {_points(effect['edit_accuracy'])}")
    lines.append(
        f"unjudged queries: {beside['overlap']:.0f} % of the first ten stayed, all of them for "
        f"{100 - beside['changed']:.0f} % of the queries, the first hit for {beside['top_hit']:.0f} %"
    )
    return "\n".join([*lines, *([effect["drift"]] if effect["drift"] else [])])


def _points(change: dict[str, Any]) -> str:
    span = f"{change['low']:+.1f} to {change['high']:+.1f}"
    return f"{change['before']:.1f} to {change['after']:.1f} ({change['difference']:+.1f}; 95 %: {span})"


def add_material(parser: argparse.ArgumentParser) -> None:
    """The options that say what is judged, indexed and replayed."""
    parser.add_argument("--judgements", type=Path, required=True, help="the judgements file")
    parser.add_argument("--index", type=Path, required=True, help="the index that was searched")
    parser.add_argument("--images", type=Path, help="its photos, where they are not where they were")
    parser.add_argument("--uploads", type=Path, help="the folder of uploaded references, by hash")
    parser.add_argument(
        "--replay", type=Path, nargs="+", help="dataset folders to replay; left out: the catalogue's own"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("data/features"), help="keeps the frozen tower's features"
    )
    parser.add_argument("--threads", type=int, help="of torch; left out: one a core")


def main() -> None:
    """Command line: measure two versions on the same judgements."""
    parser = argparse.ArgumentParser(prog="python -m train.flag_effect", description=main.__doc__)
    parser.add_argument("--before", type=Path, required=True, help="a model folder or a version")
    parser.add_argument("--after", type=Path, required=True, help="a model folder or a version")
    add_material(parser)
    parser.add_argument("--json", type=Path, help="also write everything, each judged hit among it")
    args = parser.parse_args()

    from core.backbones import load_backbone
    from core.files import write_json
    from train.refine_config import RefineConfig
    from train.refine_material import opened

    searcher, material = opened(args.before, args, RefineConfig())
    effect = measure(material, searcher.backbone, load_backbone(args.after))
    print(told(effect))
    if args.json:
        write_json(args.json, effect)


if __name__ == "__main__":
    entry(main)
