"""Every query on file of a catalogue, answered by one side in the background, and kept on the disk.

An answer is a result as `train.evaluate` writes it, beside the vectors of its queries, in the folder of what
can be made again. Its name is made of the model, the index, the way of asking and the queries, so it holds as
long as these do. One is made at a time, a few queries after the other, and gives way to people's searches;
what a stopped app had embedded is not embedded again.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from core.datasets.asked import read_asked
from core.datasets.fashioniq import Split, read_split
from core.errors import HemlineError
from core.evaluation.protocol import preset
from core.evaluation.result import ranks_path, read_result, write_result
from core.evaluation.run import evaluate_vectors, questions
from core.evaluation.selection import Facts, facts_of
from core.evaluation.tags import tags
from core.evaluation.task import Task, make_task
from core.files import fingerprint, write_atomically
from core.index import Index
from core.requests import Request
from core.search import embed_many
from demo.catalogues import Catalogues
from demo.service import Service
from demo.sides import Side

LOG = logging.getLogger("hemline")
PROTOCOL = "closet"  # the whole catalogue is the gallery, without the reference, as on the page
SLICE = 8  # queries embedded at once
PATIENCE = 5.0  # seconds that it gives way to people's searches before each of them, so that it ends some day
SAVED = 256  # queries after which the vectors so far are written
KEPT = 24  # answers on the disk; the oldest go
_jobs: dict[Path, "Job"] = {}
_lock, _turn = threading.Lock(), threading.Lock()


@dataclass(frozen=True)
class FiledQueries:
    """The queries beside a catalogue's photos as they are evaluated, and what each asks for exactly."""

    split: Split
    task: Task
    requests: Mapping[str, Request]


@dataclass
class Job:
    """One side answering `of` queries: `done` so far, and what went wrong, "" for nothing."""

    of: int
    done: int = 0
    problem: str = ""
    ended: threading.Event = field(default_factory=threading.Event)
    started: float = 0.0
    first: int = 0  # queries that were there when it started

    def told(self) -> dict[str, Any]:
        """How it stands, for the page: {"done", "of", "left": seconds or None, "problem"}."""
        fresh, passed = self.done - self.first, time.monotonic() - self.started
        left = (self.of - self.done) * passed / fresh if fresh else None
        return {"done": self.done, "of": self.of, "left": left, "problem": self.problem}


def folder_of(catalogues: Catalogues) -> Path:
    """Where answers are kept: beside the small pictures, which can be made again as well."""
    return catalogues.first.thumbnails.folder.parent / "answers"


def queries_on_file(service: Service) -> FiledQueries:
    """The queries of a catalogue; HemlineError where there are none or they cannot be used."""
    pictures = list(islice(service.searcher.pictures.values(), 1))
    root = pictures[0].parent.parent if pictures else Path()
    files = sorted((root / "captions").glob("cap.*.*.json"))
    if not files:
        raise HemlineError(
            "this catalogue has no queries on file, so there is nothing to evaluate: captions/ beside its"
            " photos would hold them, as in FashionIQ's layout"
        )
    return _queries(root, files[0].name.split(".")[-2], KnownIndex(service.searcher.index))


def answered(side: Side, folder: Path) -> Facts | None:
    """The facts of all queries as this side answers them; None where it has not answered them yet."""
    path = _path(side, folder)
    return _facts(path, KnownIndex(side.plain.index)) if path.is_file() else None


def is_answered(side: Side, folder: Path) -> bool:
    """Whether this side has answered all queries, without reading them."""
    return _path(side, folder).is_file()


def answer(side: Side, folder: Path) -> Job:
    """Let the side answer all queries in the background; the job that does, or did when last asked.

    HemlineError where the catalogue has no queries.
    """
    path, file = _path(side, folder), queries_on_file(side.service)
    with _lock:
        job = _jobs.get(path)
        if job is None or (job.ended.is_set() and not path.is_file()):
            job = _jobs[path] = Job(of=len(file.task.queries))
            work = threading.Thread(target=_work, args=(side, file, path, job), name="answering", daemon=True)
            work.start()
    return job


def job_of(side: Side, folder: Path) -> Job | None:
    """The job that makes this side's answers now, or the one that failed; None where none was started."""
    job = _jobs.get(_path(side, folder))
    return None if job is None or (job.ended.is_set() and not job.problem) else job


def needs(side: Side, folder: Path) -> dict[str, Any]:
    """What the page is told of a side without answers: {"needs": its name, "job" or None, "queries"}."""
    job = job_of(side, folder)
    queries = len(queries_on_file(side.service).task.queries)
    return {"needs": side.name, "job": job.told() if job else None, "queries": queries, "problem": ""}


def _work(side: Side, file: FiledQueries, path: Path, job: Job) -> None:
    try:
        with _turn:
            _answer(side, file, path, job)
            _clean(path.parent)
    except (HemlineError, OSError, RuntimeError, ValueError) as error:
        LOG.warning("%s did not answer its queries: %s", side.label, error)
        job.problem = str(error)
    finally:
        job.ended.set()


def _answer(side: Side, file: FiledQueries, path: Path, job: Job) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    searcher, kept = side.searcher, path.with_suffix(".safetensors")
    asked = [side.query(*pairs[0]) for pairs in questions(file.task)]
    parts = [_read_vectors(kept, searcher.index.card.dim)]
    job.first = job.done = len(parts[0])
    job.started = time.monotonic()
    while job.done < job.of:
        if searcher.asking is not None:
            searcher.asking.batcher.quiet(PATIENCE)  # people's searches first
        parts.append(embed_many(searcher, asked[job.done : job.done + SLICE])[0])
        before, job.done = job.done, min(job.of, job.done + SLICE)
        if job.done == job.of or before // SAVED < job.done // SAVED:
            parts = [np.concatenate(parts)]
            _write_vectors(parts[0], kept)
    facts = {
        "target_fingerprint": searcher.index.card.target_fingerprint,
        "name": side.label,
        "kind": searcher.backbone.spec.kind,
        "fingerprint": side.model,
    }
    vectors = _gallery(searcher.index, file.task)
    queries = np.concatenate(parts)
    result = evaluate_vectors(
        file.split, file.task, queries, vectors, side.modality, file.requests or None, facts
    )
    write_result(result, path)


def _path(side: Side, folder: Path) -> Path:
    file = queries_on_file(side.service)
    name = fingerprint(
        [side.model, side.plain.index.card.fingerprint, side.modality, file.split.fingerprint, PROTOCOL]
    )
    return folder / f"{name[:32]}.json"


@dataclass(frozen=True)
class KnownIndex:
    """An index as a key of a cache: one with the same content is the same."""

    index: Index

    def __hash__(self) -> int:
        return hash(self.index.card.fingerprint)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KnownIndex) and other.index.card.fingerprint == self.index.card.fingerprint


@lru_cache(maxsize=4)
def _queries(root: Path, name: str, known: KnownIndex) -> FiledQueries:
    split = read_split(root, name)
    task = make_task(split, preset(PROTOCOL), known.index.positions, allow_partial=True)
    return FiledQueries(split, task, read_asked(split))


@lru_cache(maxsize=8)
def _facts(path: Path, known: KnownIndex) -> Facts:
    result, index = read_result(path), known.index
    vectors = _read_vectors(path.with_suffix(".safetensors"), index.card.dim)
    if len(vectors) != len(result.ranks):
        return facts_of(result, tags=tags_of(result.ranks, index))
    gallery = np.asarray(index.vectors)
    second = np.empty(len(vectors), np.float32)
    for row, query in enumerate(result.ranks):
        scores = gallery @ vectors[row]
        scores[index.positions[query.reference]] = -np.inf
        second[row] = np.partition(scores, -2)[-2] if len(scores) > 2 else np.nan
    return facts_of(result, second, tags_of(result.ranks, index))


def tags_of(ranks: Any, index: Index) -> dict[str, np.ndarray]:
    """The tags of a result's queries, by the vectors of an index that holds all their garments."""
    rows = [
        np.array([index.positions[getattr(query, name)] for query in ranks])
        for name in ("reference", "target", "top1")
    ]
    return tags(rows[0], rows[1], rows[2], np.asarray(index.vectors))


def _gallery(index: Index, task: Task) -> np.ndarray:
    return np.asarray(index.vectors)[[index.positions[photo] for photo in task.photos]]


def _read_vectors(path: Path, dim: int) -> np.ndarray:
    """The query vectors written so far, float32 [done, dim]; none where there are none that fit."""
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    none = np.empty((0, dim), np.float32)
    try:
        found = load_file(path)["vectors"] if path.is_file() else none
    except (SafetensorError, KeyError):
        return none
    return found if found.ndim == 2 and found.shape[1] == dim and found.dtype == np.float32 else none


def _write_vectors(vectors: np.ndarray, path: Path) -> None:
    from safetensors.numpy import save_file

    write_atomically(path, lambda aside: save_file({"vectors": vectors}, aside))


def _clean(folder: Path) -> None:
    newest = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
    for path in newest[KEPT:]:
        for part in (path, ranks_path(path), path.with_suffix(".safetensors")):
            part.unlink(missing_ok=True)
