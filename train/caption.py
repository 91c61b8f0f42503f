"""Lets a generative model describe train photos and write the changes between neighbours, to train on.

    python -m train.caption --model MODEL --data CLOSET --out WRITTEN
    python -m train.stage2 --init RUN --data CLOSET --written WRITTEN --out RUN2

Descriptions first, then one change (or --each) from every described photo to one of its nearest of the same
category. What the filter refuses is kept apart with its reason. The train split only; a killed run goes on.
"""

import argparse
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.cli import entry
from core.devices import add_device, find_device
from core.errors import HemlineError
from train.options import add_config, check_ranges, config_from, use_threads
from train.written import COMMAND, Texts, discard_work, in_batches, save_texts

if TYPE_CHECKING:
    from core.backbones.mllm import MllmBackbone
    from core.datasets.fashioniq import Split
    from core.runs import RunCard
    from train.describing import Describer
    from train.neighbours import Alike, Pair

NEAR = ("auto", "records", "vectors")


@dataclass(frozen=True)
class CaptionConfig:
    """What is written.

    `photos`: write about so many, drawn by the seed, 0 for all; `near`: neighbours by garment "records", by
    the model's target "vectors", or "auto": by records where there are any; `each` pairs from every photo, to
    photos among its `nearest`; `description_words` and `change_words`: longer texts are dropped; `batch`:
    texts written at once, which is what a kill costs; `leave_out`: go on without photos of evaluation splits.
    """

    photos: int = 0
    near: str = "auto"
    each: int = 1
    nearest: int = 10
    description_words: int = 40
    change_words: int = 25
    batch: int = 32
    leave_out: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        check_ranges(
            self,
            {
                **dict.fromkeys(("photos", "each", "seed"), (0, math.inf)),
                **dict.fromkeys(("nearest", "batch"), (1, math.inf)),
                **dict.fromkeys(("description_words", "change_words"), (3, math.inf)),
            },
        )
        if self.near not in NEAR:
            raise HemlineError(f"--near is one of {', '.join(NEAR)}, not {self.near!r}")
        if self.each > self.nearest:
            raise HemlineError(f"--each is {self.each} and --nearest {self.nearest}: raise the latter")


def write_texts(
    model: Path, data: Path, out: Path, cache: Path, config: CaptionConfig, device: str = "cpu"
) -> dict[str, Any] | None:
    """Write the texts about `data`'s train photos into `out`; their counts, or None where it was done before.

    HemlineError for a model that writes no captions, photos of an evaluation split, photos that are not
    there, and an `out` that holds something else.
    """
    from core.backbones.features import encode_all
    from core.datasets.fashioniq import read_split
    from core.datasets.images import check_images, require_complete
    from core.files import fingerprint
    from core.pictures import picture_hash
    from core.runs import finish_card, save_card
    from train.describing import Describer
    from train.triplets import check_train_split
    from train.unseen import unseen_only

    split = read_split(data, "train")
    if split.garments:
        check_train_split(list(split.garments.values()))
    elif config.near == "records":
        raise HemlineError(f"{data} has no garments.jsonl; find neighbours with --near vectors")
    photos = _chosen(split.union_gallery(), config)
    report = check_images(split, photos)
    require_complete(report, allow_partial=False)
    hashes = {photo: picture_hash(report.found[photo]) for photo in photos}
    gone = unseen_only(split, hashes, config.leave_out)
    hashes = {photo: digest for photo, digest in hashes.items() if photo not in gone}
    backbone, origin = _load(model, device)
    card = _open(out, asdict(config) | origin, fingerprint([split.fingerprint, hashes]), config.seed)
    if card is None:
        return None
    features = encode_all(backbone, {photo: report.found[photo] for photo in hashes}, cache)
    describer = Describer(backbone, features, config.description_words, config.change_words, config.seed)
    texts = _write(describer, split, hashes, out, config, origin)
    save_texts(out, texts)
    counts = texts.counts() | {"left_out": len(gone)}
    save_card(finish_card(card, **counts), out)
    discard_work(out)
    return counts


def _chosen(photos: Sequence[str], config: CaptionConfig) -> list[str]:
    """So many of the photos as are asked for, in their order."""
    if not config.photos or config.photos >= len(photos):
        return list(photos)
    drawn = set(random.Random(f"photos-{config.seed}").sample(sorted(photos), config.photos))
    return [photo for photo in photos if photo in drawn]


def _load(model: Path, device: str) -> "tuple[MllmBackbone, dict[str, str]]":
    """The backbone, and by what name and fingerprint the texts shall know it."""
    from core.backbones import load_backbone
    from core.backbones.mllm import MllmBackbone
    from train.evaluate import checkpoint_facts

    backbone = load_backbone(model, device=device)
    if not isinstance(backbone, MllmBackbone) or "caption" not in backbone.spec.prompts:
        raise HemlineError(f"{model} writes no captions; use a chat-style model or one with a stage 1")
    facts = checkpoint_facts(model, backbone)[0]
    return backbone, {"model": facts["name"], "model_fingerprint": facts["fingerprint"]}


def _open(out: Path, config: dict[str, Any], data: str, seed: int) -> "RunCard | None":
    """The card of this run, saved; None where `out` holds it finished. Refuses any other run's folder."""
    from core.runs import load_card, save_card, start_card

    if out.exists() and not out.is_dir():
        raise HemlineError(f"{out} is a file; name a folder to write to")
    before = load_card(out) if out.is_dir() else None
    if before is None and out.is_dir() and any(out.iterdir()):
        raise HemlineError(f"{out} holds something else than written texts; choose another --out")
    if before is not None:
        names = {*before.config, *config}
        other = sorted(name for name in names if before.config.get(name) != config.get(name))
        other += ["data"] if before.data_fingerprint != data else []
        if before.command != COMMAND or other:
            what = (
                f"another {', '.join(other)}" if before.command == COMMAND else f"a run of {before.command}"
            )
            raise HemlineError(f"{out} was begun with {what}; choose another --out")
        if before.finished:
            print(f"{out} is finished; remove it to write it again")
            return None
    card = start_card(COMMAND, config, data, seed, previous=before)
    save_card(card, out)
    return card


def _write(
    describer: "Describer",
    split: "Split",
    hashes: Mapping[str, str],
    out: Path,
    config: CaptionConfig,
    origin: dict[str, str],
) -> Texts:
    """Descriptions, the pairs of those that are good, their changes; each text judged."""
    from train.judging import Judge
    from train.negatives import duplicates
    from train.neighbours import neighbour_pairs

    categories: dict[str, str] = {}
    for category, gallery in split.galleries.items():
        categories |= {photo: category for photo in gallery if photo not in categories}
    judge = Judge(describer, split, origin, hashes)
    photos = list(hashes)
    written = in_batches(out, "descriptions", photos, config.batch, describer.describe)
    said, captions, dropped = judge.descriptions(photos, categories, written)
    pairs: list[Pair] = []
    if config.each and said:
        galleries = {c: [p for p in ids if p in said] for c, ids in split.galleries.items()}
        same, alike = duplicates(hashes), _nearness(describer, split, list(said), config.near)
        pairs = neighbour_pairs(
            galleries, alike, same, each=config.each, nearest=config.nearest, seed=config.seed
        )
    worded = in_batches(out, "changes", pairs, config.batch, lambda some: describer.change(some, said))
    changes, refused = judge.changes(pairs, said, worded)
    return Texts(tuple(captions), tuple(changes), (*dropped, *refused))


def _nearness(describer: "Describer", split: "Split", photos: Sequence[str], near: str) -> "Alike":
    from train.affinity import Affinity
    from train.neighbours import by_vectors

    if near == "vectors" or not split.garments:
        return by_vectors(photos, describer.vectors(photos))
    return Affinity([split.garments[photo] for photo in photos]).between


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {COMMAND}",
        description="Let a model describe train photos and write the changes between neighbours.",
    )
    parser.add_argument("--model", type=Path, required=True, help="a model folder that can caption")
    parser.add_argument("--data", type=Path, required=True, help="a dataset folder; its train split is used")
    parser.add_argument("--out", type=Path, required=True, help="the folder of the texts")
    parser.add_argument(
        "--cache", type=Path, default=Path("data/features"), help="keeps the frozen tower's features"
    )
    parser.add_argument("--threads", type=int, help="of torch; left out: one a core")
    add_device(parser)
    add_config(parser, CaptionConfig)
    args = parser.parse_args()
    config = config_from(args, CaptionConfig)
    use_threads(args.threads)
    counts = write_texts(args.model, args.data, args.out, args.cache, config, find_device(args.device))
    if counts is not None:
        print(_table(counts))


def _table(counts: Mapping[str, Any]) -> str:
    lines = []
    for kind in ("caption", "change"):
        found = counts[kind]
        lines.append(f"{kind}s: {found['kept']} kept of {found['written']} ({100 * found['share']:.1f} %)")
        lines += [f"  {number:6} {reason}" for reason, number in found["dropped"].items()]
    lines.append(f"pairs with a change: {counts['pairs']['kept']}")
    return "\n".join(lines)


if __name__ == "__main__":
    entry(main)
