"""Evaluates a model: Recall@K with intervals, per category, beside a file of every query's rank.

    python -m train.evaluate --model RUN --data CLOSET --split val --protocol closet --json RUN/val.json
    python -m train.evaluate --model RUN --data CIRR --images PHOTOS --split val --json RUN/cirr.json
    python -m train.evaluate --embeddings FILE --data FASHIONIQ --protocol clip4cir --json OUT.json
    python -m train.evaluate --rankings FILE --data FASHIONIQ --protocol recall --json OUT.json

`--split tune` is the slice that `train.slices` holds out of train; choose recipes and checkpoints on it, not
on val.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from core.cli import entry
from core.datasets.cirr import holds_cirr, read_cirr
from core.devices import add_device, find_device
from core.errors import HemlineError
from core.evaluation.given import read_embeddings
from core.evaluation.given_lists import read_rankings
from core.evaluation.metrics import names
from core.evaluation.protocol import PRESETS, Protocol, preset
from core.evaluation.result import MODALITIES, Result, ranks_path, write_result
from core.evaluation.run import evaluate_lists, evaluate_split, evaluate_vectors
from core.evaluation.task import make_task, photos_needed
from core.requests import FIELDS

if TYPE_CHECKING:
    import numpy as np

    from core.backbones.base import Backbone
    from core.datasets.fashioniq import Split
    from core.evaluation.preservation import Attributes

SPLITS = ("val", "tune", "train", "shop")


def evaluate(
    model: Path,
    data: Path,
    split: str,
    protocol: Protocol,
    modality: str = "both",
    allow_partial: bool = False,
    cache: Path | None = None,
    device: str = "cpu",
) -> Result:
    """Load the model and the split, read and encode its photos, and rank; errors as the parts raise them.

    `device`: torch's name of where the model computes.
    """
    from core.backbones import load_backbone
    from core.backbones.spec import read_spec
    from core.datasets.asked import read_asked
    from core.datasets.images import check_images, require_complete

    read_spec(model)  # a wrong folder is told before the photos are looked at
    asked = open_split(data, split)
    requests = read_asked(asked)
    report = check_images(asked, photos_needed(asked, protocol))
    require_complete(report, allow_partial)
    backbone = load_backbone(model, device=device)
    facts, seeds = checkpoint_facts(model, backbone)
    return evaluate_split(
        backbone,
        asked,
        protocol,
        modality,
        encode(backbone, report.found, cache),
        corrupt=report.corrupt,
        allow_partial=allow_partial,
        requests=requests,
        model=facts,
        seeds=seeds,
    )


def evaluate_given(
    split: "Split",
    protocol: Protocol,
    embeddings: Path | None = None,
    rankings: Path | None = None,
    normalise: bool = False,
) -> Result:
    """The result of vectors or of ranked lists in a file, one of them, under a protocol; no photo is needed.

    Keys of queries are "CATEGORY:ROW", under the caption join "each" "CATEGORY:ROW/CAPTION". Every rule of
    gallery and reference is applied here; what the queries' texts were is the file's own. Errors as
    `core.evaluation.given` and `given_lists` raise them.
    """
    from core.files import sha256_file

    task = make_task(split, protocol)
    if rankings is not None:
        facts = {"name": rankings.name, "kind": "given rankings"}
        lists = read_rankings(rankings)
        facts["file_sha256"] = sha256_file(rankings)
        return evaluate_lists(split, task, lists, str(rankings), facts)
    assert embeddings is not None
    given = read_embeddings(embeddings, normalise)
    queries = given.queries([query.key for query in task.queries])
    return evaluate_vectors(
        split, task, queries, given.gallery(task.photos, split.union_gallery()), model=given.facts()
    )


def open_split(data: Path, split: str) -> "Split":
    """The split of that name; "tune" is the slice held out of train with its default share and seed."""
    from core.datasets.fashioniq import read_split

    if split != "tune":
        return read_split(data, split)

    from train.slices import tuning_slice

    return tuning_slice(read_split(data, "train"))[1]


def encode(backbone: "Backbone", photos: Mapping[str, Path], cache: Path | None) -> dict[str, "np.ndarray"]:
    """The frozen tower's features float16 [tokens, channels] by photo; `cache` keeps them for next time.

    They stay on disk and are read where they are used: a large model's may not fit in memory.
    """
    from core.backbones.features import encode_all

    with TemporaryDirectory() as scratch:
        features = encode_all(backbone, photos, cache or Path(scratch))
        return {photo: features.array[features.places[photo, 0]] for photo in photos}


def checkpoint_facts(model: Path, backbone: "Backbone") -> tuple[dict[str, Any], dict[str, int]]:
    """What the checkpoint is, and the seed it was trained with where a run card says."""
    from core.backbones.spec import SPEC_FILE
    from core.files import sha256_file
    from core.runs import load_card

    facts: dict[str, Any] = {
        "name": model.resolve().name,
        "kind": backbone.spec.kind,
        "fingerprint": sha256_file(model / SPEC_FILE),  # it holds the sha256 of every weight file
    }
    card = load_card(model)
    if card is None:
        return facts, {}
    facts["run"] = {"command": card.command, "git": card.git, "data_fingerprint": card.data_fingerprint}
    return facts, {"training": card.seed}


def table(result: Result) -> str:
    """The result as text for a terminal: categories, both averages, the interval of the leading one."""
    heads = names()
    width = max(len("95 % interval"), *map(len, result.per_category))
    lines = [_title(result), "", _row("", [*heads, "median", "queries"], width)]
    rows: dict[str, Mapping[str, float]] = {**result.per_category, **result.averages}
    for name, values in rows.items():
        cells = [f"{values[head]:.1f}" for head in heads]
        if "queries" in values:
            cells += [_median(result, values["median_rank"]), str(int(values["queries"]))]
        if name in result.averages:
            name = f"{name} *" if name == result.protocol.average else name
        lines.append(_row(name, cells, width))
    ends = [result.ci95[head] for head in heads]
    lines.append(_row("95 % interval", [f"{low:.1f}-{high:.1f}" for low, high in ends], width))
    lines += ["", f"* leads under {result.protocol.name}; the interval is a bootstrap over queries"]
    for name, share in (result.subset or {}).items():
        told = "(R@5 + Rs@1) / 2" if name == "mean" else f"{name}, of five candidates"
        lines.append(f"{told:<29}{share.percent:>6.1f}  ({share.low:.1f}-{share.high:.1f})")
    if result.model.get("cut_texts"):
        lines.append(f"{len(result.model['cut_texts'])} texts lost words beyond the model's limit")
    if result.protocol.average == "macro":
        rmean = (result.averages["macro"]["R@10"] + result.averages["macro"]["R@50"]) / 2
        lines.append(f"mean of macro R@10 and R@50: {rmean:.2f}")
    if result.attributes is not None:
        taken = "of the requests on file" if result.attributes.source == "requests" else "by the records"
        lines += ["", f"asked changes {taken}, {result.attributes.asked} queries ask for one:"]
        lines += attribute_lines(result.attributes)
    return "\n".join(lines)


def _median(result: Result, rank: float) -> str:
    """The median rank; of lists that are cut, one that they do not reach is only known to lie beyond."""
    shortest = result.model.get("shortest_list", rank)
    return f">{shortest}" if rank > shortest else f"{rank:g}"


def attribute_lines(attributes: "Attributes") -> list[str]:
    """Edit accuracy and preservation as text for a terminal: the leading shares, then each field's."""
    accuracy, kept = attributes.edit_accuracy, attributes.preservation
    leading = [
        ("edit accuracy, top hit", accuracy.get("top1")),
        ("edit accuracy, any of 10", accuracy.get("top10")),
        ("preservation, mean of fields", kept.get("mean")),
        ("preservation, all of them", kept.get("strict")),
        ("kept as the words ask", kept.get("keep")),
    ]
    lines = [
        f"{name:<29}{share.percent:>6.1f}  ({share.low:.1f}-{share.high:.1f}, {share.queries} queries)"
        for name, share in leading
        if share is not None
    ]
    fields = [name for name in (*FIELDS, "add", "remove") if name in accuracy or name in kept]
    lines.append(_row("", fields, 14))
    for name, sides in (("changed right", accuracy), ("kept", kept)):
        cells = [f"{sides[field].percent:.1f}" if field in sides else "" for field in fields]
        lines.append(_row(name, cells, 14))
    return lines


def _title(result: Result) -> str:
    counts, protocol = result.counts, result.protocol
    lines = [
        f"{result.model.get('name', 'model')} on {result.split}, protocol {protocol.name}: "
        f"{protocol.gallery} gallery, reference {protocol.reference}, modality {result.modality}",
        f"{counts['queries']} queries, {counts['gallery']} photos",
    ]
    if result.partial:
        lines.append(
            f"PARTIAL: {counts['missing']} photos missing, {counts['corrupt']} corrupt, "
            f"{len(result.dropped)} queries dropped; not comparable with whole galleries"
        )
    return "\n".join(lines)


def _row(name: str, cells: list[str], width: int) -> str:
    return f"{name:<{width}}" + "".join(f"{cell:>12}" for cell in cells)


def _evaluate(options: argparse.Namespace) -> Result:
    if options.images is not None:
        raise HemlineError("--images are CIRR's; photos in FashionIQ's layout are in the folder of --data")
    protocol = preset(options.protocol or "closet")
    if options.model is None:
        if options.modality != "both" or options.allow_partial or options.features:
            raise HemlineError("--modality, --allow-partial and --features are of a --model; leave them out")
        split = open_split(options.data, options.split)
        return evaluate_given(split, protocol, options.embeddings, options.rankings, options.normalise)
    if options.normalise:
        raise HemlineError("--normalise is for --embeddings; a model's vectors have length 1")
    return evaluate(
        options.model,
        options.data,
        options.split,
        protocol,
        options.modality,
        options.allow_partial,
        options.features,
        find_device(options.device),
    )


def _evaluate_cirr(options: argparse.Namespace) -> Result:
    from train.cirr_sources import evaluate_given, evaluate_model

    if options.protocol is not None:
        raise HemlineError(f"CIRR has one protocol of its own; leave out --protocol {options.protocol}")
    cirr = read_cirr(options.data, options.split)
    if options.model is None:
        return evaluate_given(cirr, options.embeddings, options.rankings, options.normalise)
    return evaluate_model(
        options.model,
        cirr,
        options.images,
        options.modality,
        options.allow_partial,
        options.features,
        find_device(options.device),
    )


def main() -> None:
    """Command line: evaluate, print the table, write the result."""
    parser = argparse.ArgumentParser(
        prog="python -m train.evaluate", description="Evaluate a model on composed queries."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--model", type=Path, help="the folder of a built or trained model")
    source.add_argument("--embeddings", type=Path, help="any system's vectors")
    source.add_argument("--rankings", type=Path, help="any system's ranked lists")
    parser.add_argument("--normalise", action="store_true", help="bring given vectors to length 1")
    parser.add_argument("--data", type=Path, required=True, help="a folder in FashionIQ's layout, or CIRR's")
    parser.add_argument("--images", type=Path, help="CIRR's photos, where the paths of its split.rc2 start")
    parser.add_argument("--split", choices=SPLITS, default="val", help="tune: a slice held out of train")
    parser.add_argument("--protocol", choices=sorted(PRESETS), help="closet unless said; CIRR has its own")
    parser.add_argument("--json", type=Path, required=True, help="where to write; ranks go beside it")
    parser.add_argument("--modality", choices=MODALITIES, default="both", help="what a query may use")
    parser.add_argument(
        "--allow-partial", action="store_true", help="leave lacking photos out and mark the result partial"
    )
    parser.add_argument("--features", type=Path, help="a folder that keeps the frozen tower's features")
    add_device(parser)
    options = parser.parse_args()
    ranks = ranks_path(options.json)
    options.json.parent.mkdir(parents=True, exist_ok=True)  # what cannot be written is told before the work
    result = _evaluate_cirr(options) if holds_cirr(options.data) else _evaluate(options)
    write_result(result, options.json)
    print(table(result))
    for photo in result.missing:
        print(f"missing: {photo}", file=sys.stderr)
    for photo, reason in result.corrupt.items():
        print(f"corrupt: {photo}: {reason}", file=sys.stderr)
    print(f"written: {options.json} and {ranks}")


if __name__ == "__main__":
    entry(main)
