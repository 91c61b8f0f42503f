"""Photos indexed a second, and a second of the processor: ours beside what others would run, in one run.

    pip install --no-deps --target PEERS sentence-transformers==6.2.0 clip-retrieval==2.45.0
    PYTHONPATH=PEERS python -m tests.bench.indexing --images CLOSET/images \\
        --json assets/results/indexing.json

One checkpoint in CLIP's own layout (random weights), the same photos in the same order. Ours is the whole of
`core.catalogue build` but loading the model: files found, read and hashed, chunks and the index written and
synced. The others end with vectors in memory: sentence-transformers' `encode` of pictures that the caller
opened, a plain loop over transformers' image processor and model, and the same model behind clip-retrieval's
own reader of files (a worker process a core). They take turns, the first one changing; a ratio is of a turn.
"""

import argparse
import importlib.util
import math
import os
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.cli import entry
from core.errors import HemlineError
from core.files import write_json
from core.runs import git_state, hardware, versions

WANTED, COSINE = 1.4, 0.9999
BATCH = 32
# Student's t for a 95 % interval, by degrees of freedom
T95 = {2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262, 10: 2.228, 11: 2.201}
SIZES: dict[str, dict[str, int]] = {
    "vit-6x192-16": {
        "hidden_size": 192, "intermediate_size": 768, "num_hidden_layers": 6, "num_attention_heads": 3,
        "patch_size": 16,
    },
    "vit-b-32": {
        "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "patch_size": 32,
    },
}  # fmt: skip
TEXT = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
Encode = Callable[[Sequence[Path]], np.ndarray]


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock and of the processor, its child processes' too."""

    wall: float
    cpu: float


def main() -> None:
    """Time all ways of indexing the same photos and write rates, ratios and cosines as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--images", type=Path, required=True, help="a folder of photos")
    parser.add_argument(
        "--json", type=Path, required=True, help="the result to write; other sizes in it stay"
    )
    parser.add_argument("--size", choices=SIZES, nargs="+", default=list(SIZES), help="checkpoints (all)")
    parser.add_argument("--count", type=int, default=400, help="photos, spread over the folder (400)")
    parser.add_argument("--turns", type=int, default=6, help="turns that are measured, after one to warm up")
    arguments = parser.parse_args()
    if os.environ.get("OMP_WAIT_POLICY") != "PASSIVE":  # read when torch is loaded
        os.execve(
            sys.executable, [sys.executable, "-m", "tests.bench.indexing", *sys.argv[1:]],
            {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"},
        )  # fmt: skip
    every = sorted(arguments.images.glob("*.jpg"))
    photos = every[:: max(1, len(every) // arguments.count)][: arguments.count]
    if len(photos) < arguments.count:
        raise HemlineError(f"{arguments.images} has {len(every)} photos, not {arguments.count}")
    result = _older(arguments.json)
    for size in arguments.size:
        with TemporaryDirectory() as scratch:
            result["sizes"][size] = measured(Path(scratch), size, photos, arguments.turns)
    result |= {"hardware": hardware(), "versions": peer_versions(), "git": git_state()}
    write_json(arguments.json, result)


def _older(path: Path) -> dict[str, Any]:
    from core.files import read_json

    return (
        read_json(path) if path.exists() else {"wanted_ratio": WANTED, "wanted_cosine": COSINE, "sizes": {}}
    )


def peer_versions() -> dict[str, str]:
    """The versions of all that is compared."""
    from importlib import metadata

    found = {}
    for name in ("sentence-transformers", "clip-retrieval", "pillow"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not there"
    return versions() | found


def measured(scratch: Path, size: str, photos: Sequence[Path], turns: int) -> dict[str, Any]:
    """Rates, ratios to ours and cosines with ours of all ways, for one size of model."""
    images = scratch / "images"
    images.mkdir()
    for path in photos:
        shutil.copyfile(path, images / path.name)
    files = sorted(images.iterdir())
    parameters = make_clip(scratch / "clip", SIZES[size])
    ways = {
        "hemline": hemline(scratch, images),
        "sentence-transformers": sentence_transformers(scratch / "clip"),
        "transformers": plain(scratch / "clip"),
        "clip-retrieval-reader": clip_retrieval(scratch / "clip", images),
    }
    ways = {name: way for name, way in ways.items() if way is not None}
    spent: dict[str, list[Spent]] = {name: [] for name in ways}
    vectors = {}
    names = list(ways)
    for turn in range(turns + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            vectors[name], used = timed(ways[name], files)
            if turn:
                spent[name].append(used)
            print(f"{size} {turn} {name}: {len(files) / used.wall:.1f} a second, "
                  f"{len(files) / used.cpu:.1f} a CPU second", flush=True)  # fmt: skip
    told = {name: _row(name, spent, vectors, len(files)) for name in names}
    return {
        "photos": len(files), "turns": turns, "batch": BATCH, "seed": 0, "parameters": parameters,
        "bytes_a_photo": sum(path.stat().st_size for path in files) / len(files),
        "likeness": _likeness(vectors["hemline"]), "threads": hardware()["threads"], "ways": told,
    }  # fmt: skip


def _row(
    name: str, spent: dict[str, list[Spent]], vectors: dict[str, np.ndarray], count: int
) -> dict[str, Any]:
    own, ours = spent[name], spent["hemline"]
    row: dict[str, Any] = {
        "images_a_second": count / float(np.median([one.wall for one in own])),
        "images_a_cpu_second": count / float(np.median([one.cpu for one in own])),
    }
    if name != "hemline":
        for kind in ("wall", "cpu"):
            ratios = [getattr(a, kind) / getattr(b, kind) for a, b in zip(own, ours, strict=True)]
            low, middle, high = interval(ratios)
            row[f"{kind}_ratio"] = {"mean": middle, "low": low, "high": high, "each": ratios}
        cosines = (vectors[name] * vectors["hemline"]).sum(axis=1)
        row |= {"cosine_least": float(cosines.min()), "centred_cosine_least": _centred(vectors, name)}
        row["within_target"] = bool(
            min(row["wall_ratio"]["low"], row["cpu_ratio"]["low"]) >= WANTED and cosines.min() >= COSINE
        )
    return row


def interval(ratios: Sequence[float]) -> tuple[float, float, float]:
    """The geometric mean of ratios between its 95 % limits (Student's t of their logarithms)."""
    logs = np.log(ratios)
    half = T95[len(logs) - 1] * logs.std(ddof=1) / math.sqrt(len(logs))
    return tuple(float(np.exp(logs.mean() + sign * half)) for sign in (-1, 0, 1))  # type: ignore[return-value]


def _likeness(vectors: np.ndarray) -> float:
    """The mean cosine of two photos: near 1 the weights hardly tell photos apart."""
    count = len(vectors)
    return float((np.square(vectors.sum(axis=0)).sum() - count) / (count * (count - 1)))


def _centred(vectors: dict[str, np.ndarray], name: str) -> float:
    """The least cosine once the mean vector is taken off, a stricter comparison of like vectors."""
    ours, other = (vectors[key] - vectors["hemline"].mean(axis=0) for key in ("hemline", name))
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(other, axis=1)
    return float(((ours * other).sum(axis=1) / lengths).min())


def timed(way: Callable[[Any], np.ndarray], files: Any) -> tuple[np.ndarray, Spent]:
    """What the way makes of them, and what it spent."""
    wall, cpu = time.perf_counter(), _processor()
    vectors = way(files)
    return vectors, Spent(time.perf_counter() - wall, _processor() - cpu)


def _processor() -> float:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def make_clip(folder: Path, vision: dict[str, int], words: dict[str, int] = TEXT) -> int:
    """A CLIP of random weights in the layout that the hub has; the vision side's parameters.

    Weights are drawn wider than for training, so that photos come out unlike each other.
    """
    import torch
    import transformers as t

    from tests import tiny_tokenizers

    tokenizer = tiny_tokenizers.clip()
    text = {
        **words, "vocab_size": len(tokenizer), "max_position_embeddings": 77,
        **{f"{end}_token_id": getattr(tokenizer, f"{end}_token_id") for end in ("bos", "eos", "pad")},
    }  # fmt: skip
    config = t.CLIPConfig(
        text_config=text, vision_config={**vision, "image_size": 224, "initializer_factor": 2.0},
        projection_dim=512,
    )  # fmt: skip
    torch.manual_seed(0)
    model = t.CLIPModel(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    t.CLIPImageProcessorPil(size={"shortest_edge": 224}, crop_size=224).save_pretrained(folder)
    return sum(parameter.numel() for parameter in model.vision_model.parameters())


def hemline(scratch: Path, images: Path) -> Encode:
    from core.backbones.released import from_folder
    from core.backbones.saving import save_backbone
    from core.building import build_with, open_model
    from core.gallery import scan
    from core.index import load_index

    save_backbone(from_folder(scratch / "clip"), scratch / "run")
    out = scratch / "index"
    opened = open_model(scratch / "run", images, out, "cpu")

    def encode(files: Sequence[Path]) -> np.ndarray:
        shutil.rmtree(out, ignore_errors=True)
        found = scan(images)
        build_with(*opened, found, list(found), False, BATCH)
        index = load_index(out)
        assert list(index.ids) == [path.stem for path in files]
        return np.array(index.vectors)

    return encode


def sentence_transformers(folder: Path) -> Encode | None:
    if importlib.util.find_spec("sentence_transformers") is None:
        return None
    from PIL import Image
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")

    def encode(files: Sequence[Path]) -> np.ndarray:
        pictures = [Image.open(path).convert("RGB") for path in files]
        vectors = model.encode(pictures, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors)

    return encode


def _model(folder: Path) -> tuple[Any, Any]:
    from transformers import CLIPImageProcessorPil, CLIPModel

    return CLIPModel.from_pretrained(folder).eval(), CLIPImageProcessorPil.from_pretrained(folder)


def _embedded(model: Any, batches: Iterator[Any]) -> np.ndarray:
    import torch

    rows = []
    with torch.inference_mode():
        for pixels in batches:
            states = model.vision_model(pixel_values=pixels).pooler_output
            rows.append(torch.nn.functional.normalize(model.visual_projection(states), dim=-1).numpy())
    return np.concatenate(rows)


def plain(folder: Path) -> Encode:
    from PIL import Image

    model, processor = _model(folder)

    def encode(files: Sequence[Path]) -> np.ndarray:
        groups = (files[start : start + BATCH] for start in range(0, len(files), BATCH))
        return _embedded(
            model,
            (
                processor(
                    [Image.open(path).convert("RGB") for path in group], return_tensors="pt"
                ).pixel_values
                for group in groups
            ),
        )

    return encode


def clip_retrieval(folder: Path, images: Path) -> Encode | None:
    """Its reader of files: the package needs a web server to be imported, its mapper another torch."""
    found = next(
        (Path(place, "clip_retrieval/clip_inference/reader.py") for place in sys.path
         if Path(place, "clip_retrieval/clip_inference/reader.py").is_file()), None
    )  # fmt: skip
    if found is None:
        return None
    spec = importlib.util.spec_from_file_location("clip_retrieval_reader", found)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model, processor = _model(folder)

    def pixels(picture: Any) -> Any:
        return processor(picture, return_tensors="pt").pixel_values[0]

    def encode(files: Sequence[Path]) -> np.ndarray:
        reader = module.FilesReader(
            lambda keys: keys, pixels, None, images, BATCH, os.cpu_count() or 1, enable_text=False
        )
        return _embedded(model, (batch["image_tensor"] for batch in reader))

    return encode


if __name__ == "__main__":
    entry(main)
