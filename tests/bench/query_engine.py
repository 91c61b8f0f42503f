"""What answers a query fastest on a CPU, and what it costs in recall: the model, torch's own ways, and ONNX.

    python -m tests.bench.query_engine latency --json assets/results/query_engine.json
    python -m tests.bench.query_engine recall --json assets/results/query_engine.json
        --data DATA --index INDEX [--split val]

`latency` asks the shipped catalogue three kinds of query of each contender, in turns that rotate, and adds
what setting it up takes; `recall` asks the queries of a split, whose index the shipped model built. Each
writes its own section of the JSON and leaves the rest.
"""

import argparse
import copy
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median, quantiles
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from core.cli import entry
from core.files import read_json, write_json
from core.runs import git_state, hardware, versions

TARGET = 2.0  # times as fast as the model itself
KINDS = ("photo", "kept features", "words")
BATCH = 16
TEXT = "but red with long sleeves and a collar"


def main() -> None:
    """Measure contenders for a query's vector and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("part", choices=("latency", "recall"))
    parser.add_argument("--model", type=Path, default=Path("assets/model"))
    parser.add_argument("--index", type=Path, default=Path("assets/wardrobe/index"))
    parser.add_argument("--images", type=Path, help="of latency: where the photos are, if they were moved")
    parser.add_argument("--data", type=Path, help="of recall: the dataset; --index is of its --split")
    parser.add_argument("--split", default="val")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--queries", type=int, default=10**6, help="of recall: at most so many, drawn (all)")
    parser.add_argument("--compile", action="store_true", help="of latency: torch.compile too; minutes")
    parser.add_argument("--json", type=Path, required=True, help="the result to write or to add to")
    arguments = parser.parse_args()
    told = read_json(arguments.json) if arguments.json.exists() else {}
    facts = {"hardware": hardware(), "versions": versions(), "git": git_state()}
    if arguments.part == "latency":
        found = latency(
            arguments.model, arguments.index, arguments.images, arguments.rounds, arguments.compile
        )
        threads = f"latency, threads: {hardware()['threads']}"
        told[f"{threads}, with torch.compile" if arguments.compile else threads] = {
            **found,
            **facts,
            "hardware": hardware(),
        }
        for kind, rows in found["kinds"].items():
            for name, row in rows.items():
                print(f"{kind:14} {name:22} {row['p50_ms']:7.2f} {row['p10_ms']:7.2f} x{row['faster']:.2f}")
    else:
        found = recall(arguments.model, arguments.data, arguments.split, arguments.index, arguments.queries)
        name = f"{arguments.data.name} {arguments.split}"
        told.setdefault("recall", {})[name] = {**found, **facts}
        print(name, found)
    write_json(arguments.json, told)


@dataclass(frozen=True)
class Session:
    """A module of torch where the engine expects a graph; `dtype` is what it computes in."""

    module: Any
    dtype: Any

    def run(self, names: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        import torch

        with torch.inference_mode():
            made = self.module(torch.from_numpy(given["given"]).to(self.dtype))
        return [made.float().numpy()]


def contenders(
    model: Any, scratch: Path, compiled: bool
) -> tuple[dict[str, Any], dict[str, dict[str, float]]]:
    """What answers queries, by name, and the seconds each took to set up and to answer first."""
    import torch

    from core.query_engine.card import PARTS
    from core.query_engine.export import export, quantise
    from core.query_engine.parts import parts_of
    from core.query_engine.running import _session, run_graphs

    folders = {name: scratch / name for name in ("fp32", "int8")}
    for folder in folders.values():
        folder.mkdir()
    seconds: dict[str, dict[str, float]] = {}

    def set_up(name: str, make: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        made = make()
        middle = time.perf_counter()
        for look in (_picture(), None):
            made.embed_queries([look], [TEXT])
        seconds[name] = {"set_up": middle - began, "first": time.perf_counter() - middle}
        return made

    def onnx_fp32() -> Any:
        export(model, folders["fp32"])
        return run_graphs(folders["fp32"], model)

    def onnx_int8() -> Any:
        quantise(folders["fp32"], folders["int8"])
        return run_graphs(folders["int8"], model)

    found = {"eager fp32": model, "onnx fp32": set_up("onnx fp32", onnx_fp32)}
    found["onnx int8"] = set_up("onnx int8", onnx_int8)

    def of_torch(dtype: Any, change: Callable[[Any], Any]) -> Any:
        modules = copy.deepcopy(parts_of(model))  # some of it is the model's own
        sessions = {part: Session(change(getattr(modules, part).to(dtype)), dtype) for part in PARTS}
        return replace(found["onnx fp32"], sessions=sessions)

    def quantised_pictures() -> Any:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        path = str(scratch / "pictures8.onnx")
        source = str(folders["fp32"] / "pictures.onnx")
        quantize_dynamic(source, path, op_types_to_quantize=["Conv"], weight_type=QuantType.QUInt8)
        return replace(
            found["onnx int8"],
            sessions={**found["onnx int8"].sessions, "pictures": _session(Path(path))},
        )

    same = torch.float32
    found["onnx int8, tower too"] = set_up("onnx int8, tower too", quantised_pictures)
    found["torch merged"] = set_up("torch merged", lambda: of_torch(same, lambda module: module))
    found["torch bf16"] = set_up("torch bf16", lambda: of_torch(torch.bfloat16, lambda module: module))
    if compiled:
        found["torch compiled"] = set_up(
            "torch compiled", lambda: of_torch(same, lambda module: torch.compile(module, dynamic=True))
        )
    return found, seconds


def _picture() -> Any:
    from PIL import Image

    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (320, 320, 3), dtype=np.uint8))


def latency(model: Path, index: Path, images: Path | None, rounds: int, compiled: bool) -> dict[str, Any]:
    """Milliseconds of whole queries (decoding, vector, search), by kind and contender, and set-up seconds."""
    from core.search import open_searcher

    searcher = open_searcher(model, index, images or index.parent / "images")
    ids = searcher.index.ids[:: max(1, len(searcher.index.ids) // rounds)][:rounds]
    with TemporaryDirectory() as scratch:
        found, seconds = contenders(searcher.backbone, Path(scratch), compiled)
        print("all are set up; asking", flush=True)
        profile = _profile(searcher, ids)
        rows = {kind: {name: [] for name in found} for kind in KINDS}
        vectors = {name: [] for name in found}
        for turn, id_ in enumerate(ids):
            order = list(found)[turn % len(found) :] + list(found)[: turn % len(found)]
            features = searcher.backbone.encode_pictures([_read(searcher, id_)])[0]
            for kind in KINDS:
                for name in order:
                    spent, vector = _asked(searcher, found[name], kind, id_, features)
                    rows[kind][name].append(spent)
                    if kind == "photo":
                        vectors[name].append(vector)
        batched = _batched(searcher, {name: found[name] for name in ("eager fp32", "onnx int8")}, ids[:BATCH])
    eager = np.stack(vectors["eager fp32"])
    return {
        "batch": batched,
        "kinds": {kind: _summed(of, rounds) for kind, of in rows.items()},
        "cosines": {
            name: {"least": float(c.min()), "median": float(np.median(c))}
            for name, made in vectors.items()
            for c in [(eager * np.stack(made)).sum(axis=1)]
        },
        "seconds": seconds,
        "eager_parts_ms": profile,
        "gallery": len(searcher.index.ids),
        "model": str(model),
        "target": TARGET,
    }


def _batched(searcher: Any, found: dict[str, Any], ids: list[str]) -> dict[str, Any]:
    """Milliseconds a query where `BATCH` of them come at once, from kept features."""
    features = list(searcher.backbone.encode_pictures([_read(searcher, id_) for id_ in ids]))
    spent: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(12):
        for name, engine in found.items():
            began = time.perf_counter()
            engine.embed_queries(features, [TEXT] * len(ids))
            spent[name].append(time.perf_counter() - began)
    each = {name: 1e3 * median(times[2:]) / len(ids) for name, times in spent.items()}
    return {"queries": len(ids), "kept features, ms each": each}


def _read(searcher: Any, id_: str) -> Any:
    from core.pictures import read_picture

    return read_picture(searcher.pictures[id_])


def _asked(
    searcher: Any, engine: Any, kind: str, id_: str, features: np.ndarray
) -> tuple[tuple[float, float], np.ndarray]:
    from core.index import find

    wall, cpu = time.perf_counter(), time.process_time()
    look = {"photo": lambda: _read(searcher, id_), "kept features": lambda: features}.get(
        kind, lambda: None
    )()
    vector = engine.embed_queries([look], [TEXT])
    find(searcher.index, vector, 10, None)
    return (time.perf_counter() - wall, time.process_time() - cpu), vector[0]


def _summed(rows: dict[str, list[tuple[float, float]]], rounds: int) -> dict[str, dict[str, float]]:
    base = np.array([wall for wall, _ in rows["eager fp32"]])
    out = {}
    for name, spent in rows.items():
        walls = np.array([wall for wall, _ in spent])
        ratios = base / walls
        drawn = np.random.default_rng(0).integers(len(ratios), size=(4000, len(ratios)))
        low, high = np.percentile(np.median(ratios[drawn], axis=1), (2.5, 97.5))
        cpu = median(cpu for _, cpu in spent)
        out[name] = {
            "p50_ms": 1e3 * float(np.median(walls)),
            "p10_ms": 1e3 * quantiles(walls, n=10)[0],
            "cpu_ms": 1e3 * cpu,
            "faster": float(np.median(ratios)),  # of the rounds' own ratios
            "low": float(low),
            "high": float(high),
            "of_cpu": median(cpu for _, cpu in rows["eager fp32"]) / cpu,
            "rounds": rounds,
            "within_target": float(np.median(ratios)) >= TARGET,
        }
    return out


def _profile(searcher: Any, ids: list[str]) -> dict[str, float]:
    """Where the model's own milliseconds of one query go (medians)."""
    import torch

    from core.backbones.framing import to_pixels
    from core.index import find

    model = searcher.backbone
    spent: dict[str, list[float]] = {}

    def timed(name: str, step: Callable[[], Any]) -> Any:
        began = time.perf_counter()
        made = step()
        spent.setdefault(name, []).append(time.perf_counter() - began)
        return made

    with torch.inference_mode():
        for id_ in ids:
            picture = timed("decode", lambda id_=id_: _read(searcher, id_))
            pixels = timed("pixels", lambda p=picture: to_pixels([p], model.spec))
            features = timed("tower", lambda p=pixels: model.tower.front(p)).half()
            tokens = timed("projector", lambda f=features: model.image_tokens(f))
            row = model.query_row(1, TEXT, tokens)
            vector = timed("decoder", lambda r=row, t=tokens: model._pooled([r], t))
            timed("search", lambda v=vector: find(searcher.index, v.numpy(), 10, None))
    return {name: 1e3 * median(times) for name, times in spent.items()}


def recall(model: Path, data: Path, split: str, index: Path, queries: int) -> dict[str, Any]:
    """Recall of the model and of engines on a draw of queries, and what each lost, with its interval."""
    from core.datasets.fashioniq import read_split
    from core.evaluation.intervals import paired_bootstrap
    from core.query_engine.gate import Question, Trial, ranks
    from core.search import open_searcher

    searcher = open_searcher(model, index)
    read, rows = read_split(data, split), searcher.index.positions
    drawn = np.random.default_rng(0).permutation(len(read.triplets))[:queries]
    triplets = [read.triplets[row] for row in sorted(drawn)]
    questions = tuple(
        Question(read.image_path(t.reference), " and ".join(filter(None, map(str.strip, t.captions))),
                 rows[t.reference], rows[t.target])
        for t in triplets
    )  # fmt: skip
    trial = Trial(questions, np.asarray(searcher.index.vectors), data.name)
    texts = [question.text for question in questions]
    kept = searcher.gallery.features
    with TemporaryDirectory() as scratch:
        found = _engines(searcher.backbone, Path(scratch))
        places = {"eager fp32": searcher.backbone.embed_queries(
            [np.array(kept[question.reference]) for question in questions], texts
        )}  # fmt: skip
        looks = [found["onnx fp32"].seen(_photo(question)) for question in questions]
        for name, engine in found.items():
            places[name] = engine.embed_queries(looks, texts)
    by = {name: ranks(vectors, trial) for name, vectors in places.items()}
    categories = [triplet.category for triplet in triplets]
    out: dict[str, Any] = {
        "queries": len(questions),
        "gallery": len(trial.vectors),
        "recall": {},
        "lost": {},
        "cosines": {},
    }
    for name, of in by.items():
        out["recall"][name] = {f"R@{k}": 100 * float((of <= k).mean()) for k in (1, 10, 50)}
        if name != "eager fp32":
            less = paired_bootstrap(of, by["eager fp32"], categories, "micro")
            out["lost"][name] = {key: asdict(less[key]) for key in ("R@1", "R@10")}
            cosines = (places[name] * places["eager fp32"]).sum(axis=1)
            out["cosines"][name] = {"least": float(cosines.min()), "median": float(np.median(cosines))}
    return out


def _photo(question: Any) -> Any:
    from core.pictures import read_picture

    return read_picture(question.photo)


def _engines(model: Any, scratch: Path) -> dict[str, Any]:
    from core.query_engine.export import export, quantise
    from core.query_engine.running import run_graphs

    for name in ("int8", "all"):
        (scratch / name).mkdir()
    export(model, scratch)
    quantise(scratch, scratch / "int8")
    quantise(scratch, scratch / "all", kept=())
    folders = {"fp32": scratch, "int8": scratch / "int8", "int8, every layer": scratch / "all"}
    return {f"onnx {name}": run_graphs(folder, model) for name, folder in folders.items()}


if __name__ == "__main__":
    entry(main)
