"""A build's stages side by side: photos are read, framed and encoded, and chunks written, all in order.

Reader threads take a photo's bytes once: they hash them and, where the photo is new, decode and frame it.
Encoder threads run the tower (on a CPU one core each), the caller embeds whole batches, a thread of its own
writes them. Every stage is only so far ahead of the next, so memory holds a few batches however large the
catalogue is. An error in any stage ends the build with it; what came before is encoded and kept.
"""

import hashlib
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HemlineError
from core.gallery import Features
from core.pictures import MAX_BYTES, PictureError, placeholder_reason, read_picture
from core.progress import leave_out
from core.staging import Chunk, Photo, add_chunk
from core.threads import ahead, one_core_each

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from tqdm import tqdm

    from core.backbones.base import Backbone

READERS = 8  # at most; a photo takes them some 4 ms, and a disk far away is waited for by all at once
WRITES_AHEAD = 2  # chunks that wait to be written


@dataclass(frozen=True)
class Look:
    """A photo as it was read: its square, uint8 [size, size, 3], or why it is unusable, or neither if known.

    The photo's hash stays "" where the file could not be read whole.
    """

    photo: Photo
    frame: "NDArray[np.uint8] | None" = None
    reason: str | None = None


@dataclass
class Done:
    """What a run came to: the photos as read, hashes newly encoded, and reasons by hash and of unread ids.

    `seconds` are those of the run.
    """

    photos: list[Photo] = field(default_factory=list)
    encoded: set[str] = field(default_factory=set)
    unusable: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Run:
    """What is encoded by what: chunks of `batch` photos go to `folder`, numbered from `first`.

    `done` are hashes that need no work; of those in `rows` the tower's `features` are known.
    """

    backbone: "Backbone"
    folder: Path
    first: int
    batch: int
    done: set[str]
    rows: Mapping[str, int]
    features: Features | None


def run_stages(run: Run, photos: Sequence[Photo], bar: "tqdm") -> Done:
    """Encode what is new of `photos` (sought in this order, each hash once) into chunks of the folder.

    Raises HemlineError for a photo that is not the one its hash says, and whatever a stage raises: OSError of
    a full disk, torch's own where the model fails.
    """
    outcome, began = Done(), time.monotonic()
    failed: list[Exception] = []
    on_cpu = run.backbone.device.type == "cpu"
    with ExitStack() as threads:
        writer = threads.enter_context(ThreadPoolExecutor(1))  # what is encoded is written, come what may
        encoders, count = _encoders(threads, on_cpu)
        readers = _pool(threads, min(READERS, 2 * (os.cpu_count() or 1)))
        looks = ahead(readers, _reader(run), photos, 2 * run.batch)
        writes: deque[Future[None]] = deque()
        depth = 1 + -(-2 * count * run.backbone.at_once // run.batch)
        groups = _until_failure(_groups(looks, run, outcome, bar), failed)
        for number, (group, rows) in enumerate(_begun(run, encoders, groups, depth), run.first):
            chunk = _chunk(run, group, rows)
            writes.append(writer.submit(add_chunk, run.folder, number, chunk))
            if len(writes) > WRITES_AHEAD:
                writes.popleft().result()
            outcome.encoded |= set(chunk.hashes)
            outcome.unusable |= chunk.unusable
            bar.update(len(group))
        for write in writes:
            write.result()
    if failed:
        raise failed[0]
    outcome.seconds = time.monotonic() - began
    return outcome


def _pool(threads: ExitStack, count: int) -> ThreadPoolExecutor:
    """A pool that is closed with `threads`, what is begun being finished and nothing else begun."""
    pool = ThreadPoolExecutor(count)
    threads.callback(pool.shutdown, cancel_futures=True)
    return pool


def _encoders(threads: ExitStack, on_cpu: bool) -> tuple[ThreadPoolExecutor, int]:
    """The threads that run the tower and how many: one for each core torch may use, or one for a GPU."""
    if not on_cpu:
        return _pool(threads, 1), 1
    import torch

    count = torch.get_num_threads()
    return threads.enter_context(one_core_each(count)), count


def _reader(run: Run) -> Callable[[Photo], Look]:
    from core.backbones.framing import framed

    def look(photo: Photo) -> Look:
        try:
            with photo.path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            return Look(replace(photo, sha=""), reason=f"unreadable ({error.strerror})")
        if len(data) > MAX_BYTES:
            return Look(replace(photo, sha=""), reason="too large")
        sha = hashlib.sha256(data).hexdigest()
        if photo.sha not in ("", sha):
            raise HemlineError(f"{photo.path} changed while the index was being built; run the command again")
        photo = replace(photo, sha=sha)
        if sha in run.done or sha in run.rows:
            return Look(photo)
        try:
            picture = read_picture(data)
        except PictureError as error:
            return Look(photo, reason=error.reason)
        reason = placeholder_reason(picture)
        return Look(photo, reason=reason) if reason else Look(photo, framed(picture, run.backbone.spec))

    return look


def _groups(looks: Iterable[Look], run: Run, outcome: Done, bar: "tqdm") -> Iterator[list[Look]]:
    """Batches of what is to be encoded, each hash once; the rest is noted in `outcome`."""
    group: list[Look] = []
    for look in looks:
        sha = look.photo.sha
        if not sha:
            outcome.unread[look.photo.id] = look.reason or ""
            leave_out(bar)
            continue
        outcome.photos.append(look.photo)
        if sha in run.done:
            leave_out(bar)
            continue
        run.done.add(sha)
        group.append(look)
        if len(group) == run.batch:
            yield group
            group = []
    if group:
        yield group


def _until_failure(groups: Iterator[list[Look]], failed: list[Exception]) -> Iterator[list[Look]]:
    """`groups` up to an error, which goes to `failed`: what was read before it is still encoded."""
    try:
        yield from groups
    except Exception as error:
        failed.append(error)


Rows = list[Future[Features]]


def _begun(
    run: Run, encoders: ThreadPoolExecutor, groups: Iterator[list[Look]], depth: int
) -> Iterator[tuple[list[Look], Rows]]:
    """Each group and the features of its squares, `depth` groups being begun before the first is taken."""
    begun: deque[tuple[list[Look], Rows]] = deque()
    for group in groups:
        frames = [look.frame for look in group if look.frame is not None]
        step = run.backbone.at_once
        some = (np.stack(frames[start : start + step]) for start in range(0, len(frames), step))
        begun.append((group, [encoders.submit(run.backbone.encode_frames, part) for part in some]))
        if len(begun) > depth:
            yield begun.popleft()
    yield from begun


def _chunk(run: Run, group: list[Look], rows: Rows) -> Chunk:
    unusable = {look.photo.sha: look.reason for look in group if look.reason is not None}
    fresh = (row for part in rows for row in part.result())
    usable = [look for look in group if look.reason is None]
    features = [next(fresh) if look.frame is not None else _known(run, look.photo.sha) for look in usable]
    if not features:
        return Chunk([], np.zeros((0, 1, 1), np.float16), np.zeros((0, 1), np.float32), unusable)
    vectors = run.backbone.embed_targets(features)
    return Chunk([look.photo.sha for look in usable], np.stack(features), vectors, unusable)


def _known(run: Run, sha: str) -> Features:
    assert run.features is not None  # rows name no hash without them
    return np.array(run.features[run.rows[sha]])
