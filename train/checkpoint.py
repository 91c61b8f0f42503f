"""Training state on disk, for a resume that is bit-exact on a CPU: safetensors and JSON only, never pickle.

A checkpoint is a folder RUN/checkpoints/step-N of tensors.safetensors and state.json. It is written under
another name beside its place and renamed into it when complete, and only then are older ones removed:
whenever the process dies, or the disk is full, the newest folder named step-N is whole.
"""

import json
import random
import re
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.optim import Optimizer

from core.errors import HemlineError
from core.files import sha256_file, write_atomically

TENSORS_FILE = "tensors.safetensors"
STATE_FILE = "state.json"
FORMAT = 1


@dataclass
class Progress:
    """Where training stands: `step` steps are done; next is batch `offset` of epoch `epoch`, both from 0."""

    step: int = 0
    epoch: int = 0
    offset: int = 0
    wall_seconds: float = 0.0


def save_checkpoint(
    run: Path, tensors: Mapping[str, Tensor], optimizer: Optimizer, progress: Progress, fingerprint: str
) -> Path:
    """Save `tensors` (what training changes), optimizer, random states and `progress`; gives the folder.

    `fingerprint` names the run's configuration. Raises OSError where the disk is full; then the previous
    checkpoint is still there and the partial one is removed.
    """
    place = run / "checkpoints" / f"step-{progress.step:08d}"

    def write(folder: Path) -> None:
        folder.mkdir()
        moments, settings = _optimizer_state(optimizer)
        randoms, random_settings = _random_state(_gpu(tensors))
        named = {
            **_prefixed("weights", tensors),
            **_prefixed("optimizer", moments),
            **_prefixed("random", randoms),
        }
        _save_tensors(named, folder / TENSORS_FILE)
        state = {
            "format": FORMAT,
            "fingerprint": fingerprint,
            "progress": asdict(progress),
            "optimizer": settings,
            "random": random_settings,
            "sha256": sha256_file(folder / TENSORS_FILE),
        }
        (folder / STATE_FILE).write_text(json.dumps(state), encoding="utf-8")

    write_atomically(place, write)
    for old in _all_folders(run):
        if old != place:
            shutil.rmtree(old, ignore_errors=True)
    return place


def load_checkpoint(
    run: Path, tensors: Mapping[str, Tensor], optimizer: Optimizer, fingerprint: str
) -> Progress | None:
    """Put the newest checkpoint of `run` into `tensors` (in place), `optimizer` and the random generators.

    None where there is no checkpoint. Raises HemlineError for a damaged one and for one of another
    configuration; nothing is changed then.
    """
    folder = newest_checkpoint(run)
    if folder is None:
        return None
    state = _read_state(folder)
    if state["fingerprint"] != fingerprint:
        raise HemlineError(
            f"{folder} belongs to a run with another configuration, data or seed; "
            "give the same options to go on with it, or another --out for a new run"
        )
    try:
        if sha256_file(folder / TENSORS_FILE) != state["sha256"]:
            raise _damaged(folder, f"{TENSORS_FILE} is not the file that was saved")
        saved = load_file(folder / TENSORS_FILE)
    except (FileNotFoundError, SafetensorError) as error:
        raise _damaged(folder, f"{TENSORS_FILE} cannot be read ({error})") from None
    weights = _unprefixed("weights", saved)
    unlike = sorted(
        name
        for name in weights.keys() | tensors.keys()
        if name not in weights or name not in tensors or weights[name].shape != tensors[name].shape
    )
    if unlike:
        raise HemlineError(f"{folder} does not fit: {len(unlike)} tensors differ, first {unlike[0]!r}")
    with torch.no_grad():
        for name, value in weights.items():
            tensors[name].copy_(value)
    _restore_optimizer(optimizer, _unprefixed("optimizer", saved), state["optimizer"])
    _restore_random(_unprefixed("random", saved), state["random"], _gpu(tensors))
    return Progress(**state["progress"])


def newest_checkpoint(run: Path) -> Path | None:
    """The newest complete checkpoint folder of `run`, None where there is none."""
    complete = [p for p in _all_folders(run) if re.fullmatch(r"step-\d{8,}", p.name)]
    return max(complete, key=lambda p: int(p.name.removeprefix("step-")), default=None)


def remove_checkpoints(run: Path) -> None:
    """Remove the training state of `run`: once its weights are saved it serves nobody."""
    shutil.rmtree(run / "checkpoints", ignore_errors=True)


def _all_folders(run: Path) -> list[Path]:
    place = run / "checkpoints"
    return [p for p in place.iterdir() if p.is_dir()] if place.is_dir() else []


def _read_state(folder: Path) -> dict[str, Any]:
    try:
        state = json.loads((folder / STATE_FILE).read_text(encoding="utf-8"))
    except (FileNotFoundError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _damaged(folder, f"{STATE_FILE} cannot be read ({error})") from None
    wanted = {"format", "fingerprint", "progress", "optimizer", "random", "sha256"}
    if not isinstance(state, dict) or state.keys() != wanted or state["format"] != FORMAT:
        raise _damaged(folder, f"{STATE_FILE} is not a training state of format {FORMAT}")
    return state


def _damaged(folder: Path, what: str) -> HemlineError:
    return HemlineError(f"checkpoint {folder} is damaged: {what}; remove that folder to start this run again")


def _optimizer_state(optimizer: Optimizer) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The optimizer's state as tensors named "PARAMETER/KEY" and the rest as JSON values."""
    state = optimizer.state_dict()
    tensors = {f"{i}/{key}": v for i, values in state["state"].items() for key, v in values.items()}
    assert all(isinstance(v, Tensor) for v in tensors.values()), "AdamW keeps only tensors per parameter"
    return tensors, {"groups": state["param_groups"]}


def _restore_optimizer(optimizer: Optimizer, tensors: Mapping[str, Tensor], settings: dict[str, Any]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, _, key = name.partition("/")
        state.setdefault(int(index), {})[key] = value
    groups = [{k: tuple(v) if k == "betas" else v for k, v in group.items()} for group in settings["groups"]]
    optimizer.load_state_dict({"state": state, "param_groups": groups})


def _gpu(tensors: Mapping[str, Tensor]) -> torch.device | None:
    """The GPU that some of `tensors` is on, None where all are on the CPU."""
    return next((t.device for t in tensors.values() if t.device.type == "cuda"), None)


def _random_state(gpu: torch.device | None) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The states of torch's (the CPU's, and that of `gpu`), NumPy's and Python's global generators.

    uint8 tensors and JSON values.
    """
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    tensors = {
        "torch": torch.get_rng_state(),
        "numpy": torch.from_numpy(np.asarray(keys, np.uint32).view(np.uint8).copy()),
        "python": torch.from_numpy(np.asarray(words, np.uint32).view(np.uint8).copy()),
    }
    if gpu is not None:
        tensors["cuda"] = torch.cuda.get_rng_state(gpu)
    numpy_settings = [str(kind), int(position), int(has_gauss), float(cached)]
    return tensors, {"numpy": numpy_settings, "python": [version, gauss]}


def _restore_random(
    tensors: Mapping[str, Tensor], settings: dict[str, Any], gpu: torch.device | None
) -> None:
    kind, position, has_gauss, cached = settings["numpy"]
    version, gauss = settings["python"]
    torch.set_rng_state(tensors["torch"])
    if gpu is not None and "cuda" in tensors:  # not in one that a CPU wrote
        torch.cuda.set_rng_state(tensors["cuda"], gpu)
    np.random.set_state((kind, tensors["numpy"].numpy().view(np.uint32), position, has_gauss, cached))
    random.setstate((version, tuple(tensors["python"].numpy().view(np.uint32).tolist()), gauss))


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    # Cloned, because safetensors refuses tensors that share memory or are not contiguous.
    return {f"{prefix}:{name}": t.detach().cpu().clone().contiguous() for name, t in tensors.items()}


def _unprefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    start = f"{prefix}:"
    return {name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)}


def _save_tensors(tensors: dict[str, Tensor], path: Path) -> None:
    try:
        save_file(tensors, path)
    except SafetensorError as error:  # how safetensors reports a full disk
        raise OSError(None, f"{error}; the previous checkpoint is kept", str(path)) from None
