"""A tiny real model and a few of Closet's photos, for the tests of catalogue and search."""

import os
import resource
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.building import build
from core.index import staging_of

WORDS = ["a red dress with long sleeves", "but blue and without a collar", "is shorter", "striped shirt"] * 3


def make_model(folder: Path, seed: int = 0) -> Path:
    """An untrained multi-modal model with a narrow tower; 16 values a vector."""
    from core.backbones.build import Parts
    from core.backbones.build import build as build_backbone
    from core.backbones.saving import save_backbone

    parts = Parts(
        layers=1, hidden=32, heads=2, vocab=400, grid=2, dim=16, width=0.1, image_size=64, seed=seed
    )
    save_backbone(build_backbone(parts, iter(WORDS)), folder)
    return folder


def copy_photos(closet: Path, folder: Path, count: int) -> Path:
    """`count` of Closet's photos in a new folder."""
    folder.mkdir(parents=True)
    for path in sorted((closet / "images").glob("*.jpg"))[:count]:
        shutil.copyfile(path, folder / path.name)
    return folder


def die_again_and_again(model: Path, images: Path, out: Path) -> None:
    """Build `out` in child processes that are killed at a chosen moment each, and say so on stdout.

    The moments: after one, four and seven chunks; while the index is written aside; after it is moved in.
    """
    import torch

    from core.backbones import load_backbone

    torch.set_num_threads(1)  # no thread pool, so a fork is safe
    load_backbone(model)  # imported once, not by each child
    moments = {
        "1 chunk": lambda: chunk_count(out) >= 1,
        "4 chunks": lambda: chunk_count(out) >= 4,
        "7 chunks": lambda: chunk_count(out) >= 7,
        "writing": lambda: any(out.parent.glob(f".{out.name}.*.part")),
        "written": lambda: (out / "index.json").exists(),
    }
    for name, reached in moments.items():
        child = os.fork()
        if child == 0:
            try:
                build(model, images, out, batch=4, allow_partial=True)
            finally:
                os._exit(0)
        while not reached() and os.waitpid(child, os.WNOHANG) == (0, 0):
            time.sleep(0.0005)
        try:
            os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
        except (ProcessLookupError, ChildProcessError):
            status = 0
        ended = "killed" if os.WIFSIGNALED(status) else "ended"
        print(f"{name}: {ended} with {chunk_count(out)} chunks", flush=True)


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
