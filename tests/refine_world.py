"""A folder with all that a refinement by its command needs, of a tiny model: for tests and for benchmarks."""

from pathlib import Path

from core.backbones import load_backbone
from core.backbones.mllm import add_adapters
from core.backbones.saving import save_backbone
from core.building import build
from core.judgements import append, open_store
from core.search import Searcher, open_searcher, search
from core.verdicts import Judgement
from tests.train_folder import make_train_folder, tiny_start

STEPS = 30
SETTINGS = ("--steps", STEPS, "--lr", 0.01, "--threads", 1, "--stay", 0.1)


def make_world(folder: Path) -> Path:
    """In `folder` a dataset, a tiny model with adapters, its index, and twelve flags on four queries."""
    data = make_train_folder(folder / "data")
    model = tiny_start(data, folder / "built")
    backbone = load_backbone(model)
    add_adapters(backbone, rank=8)
    save_backbone(backbone, folder / "model")
    build(folder / "model", data / "images", folder / "index")
    searcher = open_searcher(folder / "model", folder / "index")
    judge(searcher, folder / "judgements.db", "hard negative", 3)
    return folder


def judge(searcher: Searcher, path: Path, verdict: str, each: int, annotator: str = "ada") -> None:
    """The same verdict on the first hits of four queries."""
    store = open_store(path)
    for number, reference in enumerate(("dress1", "dress5", "shirt2", "shirt9")):
        for hit in search(searcher, reference_id=reference, text=f"is blue {number}", top_k=each):
            append(store, judgement(searcher, reference, f"is blue {number}", hit.id, verdict, annotator))
    store.close()


def judgement(
    searcher: Searcher, reference: str, text: str, hit: str, verdict: str, annotator: str = "ada"
) -> Judgement:
    sha = searcher.hash_of(reference)
    return Judgement(annotator, hit, 1, 0.5, verdict, "a model of old", "an index", reference, sha, text)


def arguments(world: Path, out: Path, **changed: object) -> list[object]:
    """The command line of a refinement in `world`, with some of its places changed."""
    given = {"model": "model", "index": "index", "judgements": "judgements.db", "replay": "data"}
    line = [word for name in given for word in (f"--{name}", changed.get(name, world / given[name]))]
    return [*line, "--cache", world / "features", "--out", out, *SETTINGS]
