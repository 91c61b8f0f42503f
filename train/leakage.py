"""Audits a dataset for leakage: photos of an evaluation split that are in train too, by id, bytes or picture.

    python -m train.leakage --data FASHIONIQ --split val --json leakage.json
    python -m train.leakage --data CLOSET --split val --result val.json --model RUN --json leakage.json

`--result` shows a result with and without what leaked; `--model`, the model it is of, measures what needs
rankings: a gallery without the leaked photos, and copies of the target accepted.
"""

import argparse
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli import entry
from core.errors import HemlineError
from core.evaluation import leaks
from core.evaluation.metrics import names
from core.evaluation.protocol import gallery_ids
from core.evaluation.result import Result, read_result
from core.files import write_json

if TYPE_CHECKING:
    from core.datasets.fashioniq import Split
    from core.datasets.leakage import Audit

VERSION = 1


def audit_folder(
    data: Path, split: str, against: str, distance: int
) -> tuple["Split", "Audit", dict[str, Any]]:
    """The split, what is leaked into it, and the audit as plain values for JSON.

    {"version", "data": folder name, "split", "against", "fingerprints", "distance", "photos": {"asked",
    "compared", "missing", "corrupt"}, "overlaps", "leaked": {photo: matches}, "shared": [{"categories",
    "photos"}], "duplicates", "queries": keys of the queries about leaked photos}.
    """
    from core.datasets.fashioniq import read_split
    from core.datasets.images import check_images
    from core.datasets.leakage import audit, mark_photos

    if split == against:
        raise HemlineError(f"{split} cannot be audited against itself; name two splits")
    held, train = read_split(data, split), read_split(data, against)
    asked = (*held.union_gallery(), *train.union_gallery())
    report = check_images(held, asked)
    found = audit(train, held, mark_photos(report.found), distance)
    told = {
        "version": VERSION,
        "data": data.resolve().name,
        "split": split,
        "against": against,
        "fingerprints": {split: held.fingerprint, against: train.fingerprint},
        "distance": distance,
        "photos": {
            "asked": len(set(asked)),
            "compared": found.looked_at,
            "missing": len(report.missing),
            "corrupt": len(report.corrupt),
        },
        "overlaps": [asdict(overlap) for overlap in found.overlaps],
        "leaked": {id_: [asdict(match) for match in matches] for id_, matches in found.leaked.items()},
        "shared": [{"categories": list(pair), "photos": count} for pair, count in found.shared.items()],
        "duplicates": [asdict(match) for match in found.duplicates],
        "queries": [t.key for t in held.triplets if {t.reference, t.target} & found.leaked.keys()],
    }
    return held, found, told


def with_and_without(result: Result, held: "Split", found: "Audit", model: Path | None) -> dict[str, Any]:
    """The result's figures as they stand, without what leaked, and with copies of targets accepted.

    HemlineError where the result is of other data, or `model` is not the model it is of.
    """
    if result.data_fingerprint != held.fingerprint:
        raise HemlineError(
            f"the result is of other data than {held.root} {held.split}; "
            "evaluate on this split, or audit the split it is of"
        )
    galleries = gallery_ids(result.protocol, held.triplets, held.galleries)
    whole = leaks.figures(result.rank_array().tolist(), result.categories(), result.protocol.average)
    told = {
        "model": result.model.get("name", "model"),
        "protocol": result.protocol.to_dict(),
        "whole": _plain(whole),
        "without_queries": _plain(leaks.without_queries(result, found.leaked)),
        "without_photos_at_most": _plain(leaks.without_photos_at_most(result, found.leaked, galleries)),
        "without_photos": None,
        "copies_accepted": None,
        "queries_with_copies": sum(q.target in leaks.copies_of(found.duplicates) for q in result.ranks),
    }
    return told if model is None else {**told, **_measured(result, held, found, model)}


def _measured(result: Result, held: "Split", found: "Audit", model: Path) -> dict[str, Any]:
    """What needs rankings, measured with the model on the photos."""
    from core.backbones import load_backbone
    from core.datasets.images import check_images, require_complete
    from core.datasets.leakage import cleaned
    from core.evaluation.run import evaluate_split, photos_needed
    from train.evaluate import checkpoint_facts, encode

    backbone = load_backbone(model)
    if checkpoint_facts(model, backbone)[0]["fingerprint"] != result.model.get("fingerprint"):
        raise HemlineError(f"{model} is not the model that the result is of; give that model's folder")
    report = check_images(held, photos_needed(held, result.protocol))
    require_complete(report, False)
    looks = encode(backbone, report.found, None)
    told: dict[str, Any] = {}
    clean = cleaned(held, found.leaked)
    if clean.triplets:
        again = evaluate_split(backbone, clean, result.protocol, result.modality, looks)
        told["without_photos"] = {"queries": len(again.ranks), "metrics": again.metrics, "ci95": again.ci95}
    copies = leaks.copies_of(found.duplicates)
    galleries = gallery_ids(result.protocol, held.triplets, held.galleries)
    ranks: dict[tuple[str, str], int] = {}
    # A query is asked once for each copy of its target, in the whole gallery, as if the copy were the target.
    most = max((len(others) for others in copies.values()), default=0)
    for turn in range(most):
        moved = [
            replace(t, target=copies[t.target][turn])
            for t in held.triplets
            if turn < len(copies.get(t.target, ()))
            and _ranked(t.reference, copies[t.target][turn], galleries[t.category])
        ]
        if moved:
            fixed = replace(
                held, triplets=tuple(moved), galleries={c: tuple(ids) for c, ids in galleries.items()}
            )
            protocol = result.protocol
            if protocol.gallery == "val-split":
                protocol = replace(protocol, gallery="original")  # `galleries` is that of all queries already
            asked = evaluate_split(backbone, fixed, protocol, result.modality, looks)
            ranks |= {(q.key, q.target): q.rank for q in asked.ranks}
    told["copies_accepted"] = _plain(leaks.accepting(result, ranks))
    return told


def _ranked(reference: str, copy: str, gallery: tuple[str, ...]) -> bool:
    return copy != reference and copy in gallery


def _plain(value: leaks.Figures | None) -> dict[str, Any] | None:
    return None if value is None else asdict(value)


def table(told: Mapping[str, Any]) -> str:
    """The audit as text for a terminal."""
    photos = told["photos"]
    lines = [f"{told['data']}: photos of {told['split']} that are in {told['against']} too"]
    if not photos["compared"]:
        lines.append(f"compared by id alone: none of {photos['asked']:,} photos is there")
    else:
        lines.append(
            f"compared by id, bytes and picture: {photos['compared']:,} of {photos['asked']:,} photos "
            f"({photos['missing']} missing, {photos['corrupt']} corrupt: those by id alone)"
        )
    lines.append(
        f"{'gallery':<12}{'in train of':<12}{'photos':>8}{'targets':>9}{'references':>12}{'queries':>9}"
    )
    for one in told["overlaps"]:
        cells = f"{one['photos']:>8}{one['targets']:>9}{one['references']:>12}{one['queries']:>9}"
        lines.append(f"{one['category']:<12}{one['train_category']:<12}{cells}")
    if not told["overlaps"]:
        lines.append("none")
    for one in told["shared"]:
        lines.append(f"the galleries of {' and '.join(one['categories'])} share {one['photos']} photos")
    lines.append(f"{len(told['duplicates'])} pairs of {told['split']} photos are copies under two ids")
    result = told.get("result")
    if result:
        lines += ["", f"{result['model']}, protocol {result['protocol']['name']}"]
        lines.append(f"{'':<42}{'queries':>8}" + "".join(f"{name:>8}" for name in names()))
        for key, label in LABELS.items():
            if result[key] is not None:
                cells = "".join(f"{result[key]['metrics'][name]:>8.1f}" for name in names())
                lines.append(f"{label:<42}{result[key]['queries']:>8}{cells}")
    return "\n".join(lines)


LABELS = {
    "whole": "as it stands",
    "without_queries": "without queries about leaked photos",
    "without_photos_at_most": "nor leaked photos in the gallery, at most",
    "without_photos": "nor leaked photos in the gallery",
    "copies_accepted": "copies of the target accepted",
}
"""What the figures of a result are called, in the order they are shown."""


def main() -> None:
    """Command line: audit, print, write."""
    parser = argparse.ArgumentParser(
        prog="python -m train.leakage",
        description="Find photos of an evaluation split that are in train too.",
    )
    parser.add_argument("--data", type=Path, required=True, help="a folder in FashionIQ's layout")
    parser.add_argument("--split", default="val", help="the split that is evaluated (%(default)s)")
    parser.add_argument("--against", default="train", help="the split that is learnt (%(default)s)")
    parser.add_argument("--distance", type=int, default=20, help="bits of 256 that copies may differ in (20)")
    parser.add_argument("--result", type=Path, help="a result of train.evaluate, shown with and without")
    parser.add_argument("--model", type=Path, help="the model of --result, to measure what needs rankings")
    parser.add_argument("--json", type=Path, required=True, help="where to write")
    options = parser.parse_args()
    if options.model and not options.result:
        raise HemlineError("--model is the model of a --result; give both, or neither")
    if not 0 <= options.distance <= 256:
        raise HemlineError(f"--distance is a number of bits from 0 to 256, not {options.distance}")
    result = read_result(options.result) if options.result else None
    held, found, told = audit_folder(options.data, options.split, options.against, options.distance)
    if result is not None:
        told["result"] = with_and_without(result, held, found, options.model)
    write_json(options.json, told)
    print(table(told))
    print(f"written: {options.json}")


if __name__ == "__main__":
    entry(main)
