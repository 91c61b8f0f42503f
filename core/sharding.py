"""One build by several processes or machines: each encodes a shard of the manifest, one gathers them all.

A shard's chunks lie in `INDEX.building/KEY/shard-II-of-NN`, KEY standing for the model, and `shard.json`
there says that it is finished, and of which manifest. Who starts the processes is not our business: xargs,
torchrun and Slurm do it well (docs/catalogue.md).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.assembling import Earlier, Making, earlier_at
from core.building import Built, conclude, encode_all, open_model, refuse_partial
from core.errors import HemlineError
from core.files import read_json, write_json
from core.gallery import scan
from core.index import refuse_unlike
from core.manifest import FILE, Manifest, read_manifest, write_manifest
from core.pipeline import Done
from core.staging import chunks, key_of, locked, shard_name, shard_staging, staging, staging_of

DONE_FILE = "shard.json"
NAMED = 5  # how many photos or shards a refusal names


@dataclass(frozen=True)
class Finished:
    """What `shard.json` says: the sha256 of the manifest that the shard, from 1, was made of."""

    manifest: str
    shard: int


@dataclass(frozen=True)
class Shard:
    """What a worker did: photos of its shard, how many of them encoded now, and in what time."""

    photos: int
    encoded: int
    unusable: int
    seconds: float


def share(
    images: Path,
    out: Path,
    shards: int,
    ids: Sequence[str] | None = None,
    allow_partial: bool = False,
    batch: int = 32,
) -> Manifest:
    """Write the manifest of the build of `out`: the pictures under `images` (those in `ids`; None: all).

    Missing and unreadable pictures are refused unless `allow_partial`. HemlineError as `build` has it.
    """
    refuse_unlike(out)
    found = scan(images)
    wanted = list(found) if ids is None else list(ids)
    with locked(out) as base:
        left_out = write_manifest(
            base / FILE, images, {name: found.get(name) for name in wanted}, shards, batch
        )
        try:
            refuse_partial(left_out, len(wanted), allow_partial)
        except HemlineError:
            (base / FILE).unlink()
            raise
        return read_manifest(base / FILE)


def work(
    model: Path, out: Path, shard: int, of: int, images: Path | None = None, device: str = "cpu"
) -> Shard:
    """Encode one shard of the manifest of `out`, or what is left of it; `images`: where the photos are here.

    Raises HemlineError where there is no such shard, and for photos that are not there or have changed: what
    could be encoded is kept, the shard is not finished.
    """
    manifest = _manifest(out, of)
    if not 1 <= shard <= of:
        raise HemlineError(f"there is no shard {shard} of {of}; they are numbered from 1 to {of}")
    root = images or Path(manifest.sharing.root)
    backbone, making = open_model(model, root, out, device)
    with shard_staging(out, _key(making), shard, of) as folder:
        photos = manifest.photos(root, shard)
        done = encode_all(backbone, photos, earlier_at(making), folder, manifest.sharing.batch)
        if done.unread:
            named = ", ".join(f"{id_}: {why}" for id_, why in list(done.unread.items())[:NAMED])
            raise HemlineError(
                f"{len(done.unread)} photos of shard {shard}/{of} cannot be read below {root} ({named}); "
                "give their folder with --images and run the command again, what is encoded is kept"
            )
        write_json(folder / DONE_FILE, asdict(Finished(manifest.fingerprint, shard)))
    return Shard(len(photos), len(done.encoded), len(done.unusable), done.seconds)


def gather(
    model: Path, out: Path, images: Path | None = None, allow_partial: bool = False, device: str = "cpu"
) -> Built:
    """Make the index of all shards of the manifest of `out`; it has the bytes that one process had made.

    Raises HemlineError where shards are missing, unfinished, or of another manifest or model, naming them,
    and where photos are left out unless `allow_partial`; nothing is lost by it.
    """
    manifest = _manifest(out)
    root = images or Path(manifest.sharing.root)
    _, making = open_model(model, root, out, device)
    with staging(out, making.target_fingerprint, making.tower_fingerprint) as folder:
        earlier = earlier_at(making)
        folders = _shards(out, folder, manifest)
        done = _gathered(manifest, root, earlier, folders)
        return conclude(making, manifest.ids(), done, manifest.left_out(), allow_partial, earlier, folders)


def _manifest(out: Path, of: int | None = None) -> Manifest:
    manifest = read_manifest(staging_of(out) / FILE)
    shards = manifest.sharing.shards
    if of not in (None, shards):
        raise HemlineError(f"{manifest.path} has {shards} shards, not {of}; say --shard I/{shards}")
    return manifest


def _key(making: Making) -> str:
    return key_of(making.target_fingerprint, making.tower_fingerprint)


def _shards(out: Path, folder: Path, manifest: Manifest) -> list[Path]:
    """The folders of all shards; HemlineError naming those that are not there, not finished or foreign."""
    of = manifest.sharing.shards
    wrong: dict[str, list[str]] = {}
    folders = []
    for shard in range(1, of + 1):
        folders.append(folder / shard_name(shard, of))
        why = _fault(out, folders[-1], manifest, shard)
        if why:
            wrong.setdefault(why, []).append(f"{shard}/{of}")
    if wrong:
        told = "; ".join(f"{why}: {_named(names)}" for why, names in wrong.items())
        raise HemlineError(
            f"shards cannot be gathered ({told}); run build with --shard for each of them, "
            "what is encoded is kept"
        )
    return folders


def _fault(out: Path, folder: Path, manifest: Manifest, shard: int) -> str:
    """Why a shard cannot be gathered; "" where it can."""
    if not (folder / DONE_FILE).is_file():
        elsewhere = any(staging_of(out).glob(f"*/{folder.name}/{DONE_FILE}"))
        begun = any(folder.glob("*.safetensors"))
        return "not finished" if begun else "of another model" if elsewhere else "missing"
    finished = read_json(folder / DONE_FILE)
    return "" if finished == asdict(Finished(manifest.fingerprint, shard)) else "of another manifest"


def _gathered(manifest: Manifest, root: Path, earlier: Earlier, folders: Sequence[Path]) -> Done:
    """What all shards encoded; HemlineError naming those whose chunks do not hold all of their photos."""
    done = Done(manifest.photos(root))
    for folder in folders:
        for _, chunk in chunks(folder):
            done.encoded.update(chunk.hashes)
            done.unusable |= chunk.unusable
    known = done.encoded | done.unusable.keys() | earlier.done
    short = sorted({shard for sha, shard in manifest.shards().items() if sha not in known})
    if short:
        for shard in short:
            (folders[shard - 1] / DONE_FILE).unlink(missing_ok=True)
        names = [f"{shard}/{manifest.sharing.shards}" for shard in short]
        raise HemlineError(
            f"chunks of shards {_named(names)} are damaged or gone; run build with --shard for each of "
            "them again"
        )
    return done


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
