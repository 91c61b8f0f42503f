"""The commands that build an index: alone, or a shard each by several processes or machines."""

import argparse
import re
from pathlib import Path
from typing import TYPE_CHECKING

from core.devices import add_device, find_device
from core.errors import HemlineError

if TYPE_CHECKING:
    from core.building import Built

BATCH = 32


def add_build(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `build`."""
    build = commands.add_parser("build", help="encode the photos and index them; killed, it continues")
    build.add_argument("--model", type=Path, required=True, help="the checkpoint's folder")
    _add_photos(build)
    add_device(build)
    part = build.add_mutually_exclusive_group()
    part.add_argument("--shard", metavar="I/N", help="encode only the Ith of the manifest's N shards")
    part.add_argument("--gather", action="store_true", help="make the index of the manifest's shards")
    build.set_defaults(run=_build)


def add_manifest(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command `manifest`."""
    manifest = commands.add_parser("manifest", help="share a build out among processes or machines")
    _add_photos(manifest)
    manifest.add_argument("--shards", type=int, required=True, help="how many shards")
    manifest.set_defaults(run=_manifest)


def _add_photos(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--images", type=Path, help="the photos' folder (with --data: DATA/images)")
    parser.add_argument("--out", type=Path, required=True, help="the index's folder to write")
    parser.add_argument("--ids", type=Path, help="only these, in this order: a JSON list, or one id a line")
    parser.add_argument("--data", type=Path, help="only the gallery of this dataset's --split")
    parser.add_argument("--split", default="val", help="the split of --data (val)")
    parser.add_argument("--allow-partial", action="store_true", help="leave out photos that cannot be used")
    parser.add_argument("--batch", type=int, help=f"photos encoded and kept at once ({BATCH})")


def _photos(arguments: argparse.Namespace) -> tuple[Path, list[str] | None]:
    """The images' folder and the ids that were asked for (None: all)."""
    from core.gallery import read_ids

    if arguments.ids and arguments.data:
        raise HemlineError("--ids and --data both say which photos to index; give one of them")
    images, ids = arguments.images, None
    if arguments.ids:
        ids = read_ids(arguments.ids)
    elif arguments.data:
        from core.datasets.fashioniq import read_split

        ids = list(read_split(arguments.data, arguments.split).union_gallery())
        images = images or arguments.data / "images"
    if images is None:
        raise HemlineError("--images is missing; give the folder of the photos")
    return images, ids


def _build(arguments: argparse.Namespace) -> None:
    if arguments.shard or arguments.gather:
        _share_in(arguments)
        return
    from core.building import build

    images, ids = _photos(arguments)
    batch = BATCH if arguments.batch is None else arguments.batch
    device = find_device(arguments.device)
    _tell(
        arguments.out,
        build(arguments.model, images, arguments.out, ids, arguments.allow_partial, batch, device),
    )


def _share_in(arguments: argparse.Namespace) -> None:
    from core.sharding import gather, work

    if arguments.ids or arguments.data or arguments.batch is not None:
        raise HemlineError(
            "the manifest says which photos and what batch; leave --ids, --data and --batch out"
        )
    device = find_device(arguments.device)
    model, out, images = arguments.model, arguments.out, arguments.images
    if arguments.gather:
        _tell(out, gather(model, out, images, arguments.allow_partial, device))
        return
    asked = re.fullmatch(r"(\d+)/(\d+)", arguments.shard)
    if not asked:
        raise HemlineError(f"--shard is {arguments.shard!r}; say which of how many, as in 3/16")
    done = work(model, out, int(asked[1]), int(asked[2]), images, device)
    unusable = f", {done.unusable} cannot be used" if done.unusable else ""
    print(
        f"{out}: shard {arguments.shard}: {done.photos} photos, "
        f"{done.encoded} encoded{_rate(done.encoded, done.seconds)}{unusable}"
    )


def _manifest(arguments: argparse.Namespace) -> None:
    from core.sharding import share

    images, ids = _photos(arguments)
    batch = BATCH if arguments.batch is None else arguments.batch
    manifest = share(images, arguments.out, arguments.shards, ids, arguments.allow_partial, batch)
    print(f"{manifest.path}: {manifest.sharing.count} photos in {manifest.sharing.shards} shards")


def _tell(out: Path, built: "Built") -> None:
    card = built.card
    partial = f", partial: {len(card.left_out)} left out" if card.partial else ""
    print(
        f"{out}: {card.count} photos, {card.dim} values each; {built.encoded} encoded"
        f"{_rate(built.encoded, built.seconds)}, {built.kept} kept from before{partial}"
    )


def _rate(count: int, seconds: float) -> str:
    return f" ({count / seconds:.1f} a second)" if count and seconds else ""
