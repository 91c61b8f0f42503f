"""A tiny real model and a few of Closet's photos, for the tests of catalogue and search."""

import os
import resource
import shutil
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from core.building import build
from core.index import staging_of
from core.pictures import read_picture
from tests.tiny_backbones import teach

WORDS = ["a red dress with long sleeves", "but blue and without a collar", "is shorter", "striped shirt"] * 3


def make_model(folder: Path, seed: int = 0, says: Mapping[Path, str] | None = None) -> Path:
    """An untrained multi-modal model with a narrow tower; 16 values a vector.

    It has no words for any photo, unless it is taught what it `says` of some: lower case, as its words are.
    """
    from core.backbones.build import Parts
    from core.backbones.build import build as build_backbone
    from core.backbones.saving import save_backbone

    parts = Parts(
        layers=1, hidden=32, heads=2, vocab=400, grid=2, dim=16, width=0.1, image_size=64, seed=seed
    )
    backbone = build_backbone(parts, iter(WORDS))
    if says:
        teach(backbone, [read_picture(path) for path in says], list(says.values()))
    save_backbone(backbone, folder)
    return folder


def copy_photos(closet: Path, folder: Path, count: int) -> Path:
    """`count` of Closet's photos in a new folder."""
    folder.mkdir(parents=True)
    for path in sorted((closet / "images").glob("*.jpg"))[:count]:
        shutil.copyfile(path, folder / path.name)
    return folder


def die_again_and_again(model: Path, images: Path, out: Path) -> None:
    """Build `out` in child processes, each of which kills itself at a moment of its own; say so on stdout.

    Python's audit events tell the moment: just before a file is opened, a file or folder moved or removed.
    """
    import torch

    from core.backbones import load_backbone

    torch.set_num_threads(1)  # no thread pool, so a fork is safe
    load_backbone(model)  # imported once, not by each child
    place = str(out.resolve())
    moments: dict[str, Moment] = {
        "before the first chunk": ("os.rename", lambda source, to: to.endswith("000000.safetensors")),
        "before the third chunk": ("os.rename", lambda source, to: to.endswith("000002.safetensors")),
        "before the eighth chunk": ("os.rename", lambda source, to: to.endswith("000007.safetensors")),
        "while the index is written": ("open", lambda path, *_: ".part/" in path and "features" in path),
        "before the index is moved in": ("os.rename", lambda source, to: to == place),
        "before the kept work is removed": ("shutil.rmtree", lambda path, *_: path.endswith(".building")),
        "before the older index is removed": ("shutil.rmtree", lambda path, *_: f".{out.name}." in path),
    }
    for name, moment in moments.items():
        child = os.fork()
        if child == 0:
            sys.addaudithook(_killer(*moment))
            try:
                build(model, images, out, batch=4, allow_partial=True)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        ended = "killed" if os.WIFSIGNALED(status) else "ended"
        print(f"{name}: {ended}, {chunk_count(out)} chunks, index {'there' if out.exists() else 'not there'}")


Moment = tuple[str, Callable[..., bool]]


def _killer(wanted: str, reached: Callable[..., bool]) -> Callable[[str, tuple], None]:
    def hook(event: str, arguments: tuple) -> None:
        if event == wanted and reached(*map(str, arguments[:2])):
            os.kill(os.getpid(), signal.SIGKILL)

    return hook


def chunk_count(out: Path) -> int:
    """How many chunks an unfinished build has kept."""
    return len(list(staging_of(out).glob("*/*.safetensors")))


@contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: real writes fail, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))  # Python ignores the signal: the write fails
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


if __name__ == "__main__":
    die_again_and_again(*map(Path, sys.argv[1:4]))
