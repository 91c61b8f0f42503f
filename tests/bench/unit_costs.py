"""What a photo costs to index with the shipped model, stage by stage: processor seconds and bytes.

    python -m tests.bench.unit_costs --images CLOSET/images --json assets/results/unit_costs.json

Each stage alone on one core, the smallest of several repetitions; the whole build on all cores. The photos
as they are, and enlarged (Lanczos, JPEG at 90) to stand for a shop's larger ones: for those also what a JPEG
decoded at a fraction of its size would save, and how far the vectors would then be from those of the whole.
"""

import argparse
import hashlib
import io
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.cli import entry
from core.files import write_json
from core.runs import git_state, hardware, versions

ENLARGED = (2, 3, 4)
TIMES = 3


def main() -> None:
    """Measure stages, the whole build, bytes on disk and decoding at a fraction, and write them as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--images", type=Path, required=True, help="a folder of photos")
    parser.add_argument("--model", type=Path, default=Path("assets/model"))
    parser.add_argument("--json", type=Path, required=True, help="the result to write")
    parser.add_argument("--count", type=int, default=96, help="photos of the whole build (96)")
    arguments = parser.parse_args()
    import torch

    from core.backbones import load_backbone

    every = sorted(arguments.images.glob("*.jpg"))
    photos = every[:: max(1, len(every) // arguments.count)][: arguments.count]
    cores = torch.get_num_threads()
    with TemporaryDirectory() as scratch:
        whole = whole_build(Path(scratch), arguments.model, photos)
    torch.set_num_threads(1)
    backbone = load_backbone(arguments.model)
    result = {
        "photos": len(photos),
        "photo_bytes": sum(path.stat().st_size for path in photos) / len(photos),
        "stages": stages(backbone, photos[::4]),
        "whole": {**whole, "cores": cores},
        "enlarged": {str(by): enlarged(backbone, photos[::8], by) for by in ENLARGED},
        "features_shape": backbone.feature_shape(),
        "dim": backbone.spec.dim,
        "hardware": hardware(),
        "versions": versions(),
        "git": git_state(),
    }
    write_json(arguments.json, result)
    print({name: f"{value * 1e3:.2f} ms" for name, value in result["stages"].items()}, whole)


def stages(backbone: Any, photos: Sequence[Path]) -> dict[str, float]:
    """Processor seconds a photo of each stage."""
    from core.backbones.framing import framed
    from core.pictures import placeholder_reason, read_picture

    data = [path.read_bytes() for path in photos]
    pictures = [read_picture(each) for each in data]
    frames = np.stack([framed(picture, backbone.spec) for picture in pictures])
    features = [backbone.encode_frames(frames[row : row + 1])[0] for row in range(len(frames))]

    def decode() -> None:
        for each in data:
            placeholder_reason(read_picture(each))

    def frame() -> None:
        for picture in pictures:
            framed(picture, backbone.spec)

    def encode() -> None:
        for row in range(len(frames)):
            backbone.encode_frames(frames[row : row + 1])

    works: dict[str, Callable[[], object]] = {
        "hash": lambda: [hashlib.sha256(path.read_bytes()).hexdigest() for path in photos],
        "decode": decode,
        "frame": frame,
        "encode": encode,
        "embed": lambda: backbone.embed_targets(features),
    }
    return {name: processor_seconds(work) / len(photos) for name, work in works.items()}


def processor_seconds(work: Callable[[], object]) -> float:
    """The least of several repetitions, after one that warms up."""
    spent = []
    for _ in range(TIMES + 1):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return min(spent[1:])


def whole_build(scratch: Path, model: Path, photos: Sequence[Path]) -> dict[str, Any]:
    """The build but loading the model: seconds a photo of clock and processor, bytes a photo of each file."""
    from core.building import build_with, open_model
    from core.gallery import scan

    images, out = scratch / "images", scratch / "index"
    images.mkdir()
    for path in photos:
        shutil.copyfile(path, images / path.name)
    found, opened = scan(images), open_model(model, images, out, "cpu")
    spent = []
    for _ in range(TIMES):
        shutil.rmtree(out, ignore_errors=True)
        wall, cpu = time.perf_counter(), time.process_time()
        build_with(*opened, found, list(found), False, 32)
        spent.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = (min(one[kind] for one in spent) / len(photos) for kind in (0, 1))
    files = {path.name: path.stat().st_size / len(photos) for path in out.iterdir()}
    return {"seconds": wall, "cpu_seconds": cpu, "bytes": files}


def enlarged(backbone: Any, photos: Sequence[Path], by: int) -> dict[str, Any]:
    """Decoding and framing of photos `by` times as large, whole and at each fraction JPEG has."""
    from PIL import Image

    from core.backbones.framing import framed
    from core.pictures import read_picture

    data = []
    for path in photos:
        picture = read_picture(path)
        size = picture.width * by, picture.height * by
        out = io.BytesIO()
        picture.resize(size, Image.Resampling.LANCZOS).save(out, "JPEG", quality=90)
        data.append(out.getvalue())
    short = min(read_picture(data[0]).size)
    side = backbone.spec.image_size
    told: dict[str, Any] = {"photos": len(data), "short_side": short}
    told["photo_bytes"] = sum(map(len, data)) / len(data)
    exact = None
    for fraction in (1, 2, 4, 8):
        if short // fraction < side:
            break
        at_least = None if fraction == 1 else short // fraction

        def shown(at_least: int | None = at_least) -> list[np.ndarray]:
            return [framed(read_picture(each, at_least=at_least), backbone.spec) for each in data]

        vectors = backbone.embed_targets([backbone.encode_frames(np.stack([frame]))[0] for frame in shown()])
        exact = vectors if exact is None else exact
        cosines = (vectors * exact).sum(axis=1)
        told[f"1/{fraction}"] = {
            "decode_and_frame": processor_seconds(shown) / len(data),
            "cosine_least": float(cosines.min()),
            "cosine_mean": float(cosines.mean()),
        }
    return told


if __name__ == "__main__":
    entry(main)
