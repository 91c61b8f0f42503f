"""Fill a real disk under building, adding, judging, saving and the cache; then give it room again.

    python -m tests.bench.full_disk --json assets/results/full_disk.json

The disk is a file system in memory of its own, which only root may mount. Each work is begun with too little
room: it must end in one sentence, with all that was there before whole; with room it must go on.
"""

import argparse
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.cli import entry
from core.errors import HemlineError
from core.files import write_json
from core.gallery import load_gallery
from core.index import load_index
from core.judgements import append, events, open_store
from core.runs import git_state, hardware, versions
from tests.bench.judgement_kills import said
from tests.data_folder import photo
from tests.forked_runs import Done, forked
from tests.small_catalogue import make_model

ROOM = 256  # MiB, once there is some
PHOTOS = 48


@contextmanager
def disk(folder: Path) -> Iterator[Callable[[int], None]]:
    """A disk at `folder`, and a function that sets how many KiB it may have beyond what it holds."""
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}m", "tmpfs", str(folder)]).returncode:
        raise HemlineError("only root may mount a file system in memory; run this as root, or in a container")

    def leave(free: int) -> None:
        state = os.statvfs(folder)
        used = (state.f_blocks - state.f_bfree) * state.f_frsize // 1024
        subprocess.run(["mount", "-o", f"remount,size={used + free}k", str(folder)], check=True)

    try:
        yield leave
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def catalogues(place: Path, leave: Callable[[int], None], model: Path, photos: Path) -> dict[str, Any]:
    """`build` and `add` that run out of room, over an older catalogue, at several moments."""
    run, told = forked(), {}
    few = place / "few"
    few.mkdir()
    for path in sorted(photos.iterdir())[:8]:
        (few / path.name).write_bytes(path.read_bytes())
    for command in ("build", "add"):
        index = place / command / "index"
        index.parent.mkdir()
        start = [command, *(["--out"] if command == "build" else ["--index"]), index, "--model", model]
        source = (lambda at: ["--images", at]) if command == "build" else lambda at: [at]
        first = run("core.catalogue", *start, *source(few))
        faults = [] if first.code == 0 else [first.err[-300:]]
        before, ended = _contents(index), []
        for free in (0, 4, 8, 16, 32, 64, 128):
            leave(free)
            done = run("core.catalogue", *start, "--batch", 8, *source(photos))
            if done.code == 0:  # what earlier runs kept is not encoded again, so that this was enough
                break
            ended.append(done.sentence)
            faults += _faults(done, "No space left")
            if _contents(index) != before:
                faults.append(f"with {free} KiB the older catalogue was changed")
        leave(ROOM * 1024)
        done = run("core.catalogue", *start, "--batch", 8, *source(photos))
        count = len(load_index(index).ids) if done.code == 0 else 0
        load_gallery(index, load_index(index))
        if count != PHOTOS:
            faults.append(f"with room again there are {count} garments: {done.sentence}")
        told[command] = {"runs out": len(ended), "said": sorted(set(ended)), "faults": faults}
    return told


def judging(place: Path, leave: Callable[[int], None]) -> dict[str, Any]:
    """Judgements until the disk is full, and on when it is not."""
    store = open_store(place / "judgements.sqlite")
    told, faults, acknowledged = set[str](), [], 0
    for free in (256, 0, 64):
        leave(free)
        try:
            while acknowledged < 100_000:
                append(store, said(f"hit-{acknowledged}"))
                acknowledged += 1
        except HemlineError as error:
            told.add(str(error).replace(str(place), ""))
    leave(ROOM * 1024)
    append(store, said(f"hit-{acknowledged}"))
    found = [event.judgement.hit_id for event in events(store)]
    store.close()
    if found != [f"hit-{number}" for number in range(acknowledged + 1)]:
        faults.append(f"{len(found)} judgements are there, {acknowledged + 1} were acknowledged")
    return {"runs out": 3, "acknowledged": acknowledged, "said": sorted(told), "faults": faults}


def saving(place: Path, leave: Callable[[int], None], model: Path) -> dict[str, Any]:
    """A model saved over an older one."""
    from core.backbones import load_backbone
    from core.backbones.saving import save_backbone

    folder, backbone = place / "model", load_backbone(model)
    save_backbone(backbone, folder)
    before, told, faults = _contents(folder), set[str](), []
    for free in (0, 16, 100):
        leave(free)
        try:
            save_backbone(backbone, folder)
            faults.append(f"it was saved in {free} KiB")
        except (HemlineError, OSError) as error:
            told.add(str(error).replace(str(place), ""))
        if _contents(folder) != before:
            faults.append(f"with {free} KiB the older model was changed")
    leave(ROOM * 1024)
    save_backbone(backbone, folder)
    load_backbone(folder)
    return {"runs out": 3, "said": sorted(told), "faults": faults}


def caching(place: Path, leave: Callable[[int], None], photos: Path) -> dict[str, Any]:
    """Small pictures for the page."""
    from demo.thumbnails import Thumbnails, thumbnail

    small = Thumbnails(place / "cache", {path.stem: path for path in photos.iterdir()})
    faults, told = [], set[str]()
    leave(0)
    for id_ in small.pictures:
        try:
            thumbnail(small, "card", id_)
        except OSError as error:
            told.add(str(error.strerror))
    if any((place / "cache").rglob("*.webp")):
        faults.append("a picture was kept though there was no room")
    leave(ROOM * 1024)
    made = [thumbnail(small, "card", id_).stat().st_size for id_ in small.pictures]
    if not all(made):
        faults.append("an empty picture was kept")
    return {"runs out": len(made), "said": sorted(told), "faults": faults}


def _faults(done: Done, wanted: str) -> list[str]:
    whole = done.code == 2 and wanted in done.sentence and "Traceback" not in done.err
    return [] if whole else [f"code {done.code}: {done.err[-300:]}"]


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def main() -> None:
    """Fill, look, give room; exit 1 where anything was lost, broken or not said."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.full_disk", description=main.__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the result")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, disk(Path(folder) / "disk") as leave:
        place, model, photos = (
            Path(folder) / "disk",
            make_model(Path(folder) / "model"),
            Path(folder) / "photos",
        )
        photos.mkdir()
        for number in range(PHOTOS):
            photo(number).save(photos / f"{number:02}.jpg")
        result: dict[str, Any] = catalogues(place, leave, model, photos)
        result["judge"] = judging(place, leave)
        result["save a model"] = saving(place, leave, model)
        result["cache"] = caching(place, leave, photos)
    for name, told in result.items():
        told["said"] = [said.replace(folder, "") for said in told["said"]]
        print(f"{name}: {told}")
    if arguments.json:
        more = {"code": git_state(), "hardware": hardware(), "versions": versions()}
        write_json(arguments.json, result | more)
    if any(told["faults"] for told in result.values()):
        raise SystemExit(1)


if __name__ == "__main__":
    entry(main)
