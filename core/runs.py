"""The run card: what made a result, saved as run.json beside the weights. Imports no torch."""

import os
import platform
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import read_json, write_json

CARD_FILE = "run.json"
LIBRARIES = (
    "torch",
    "transformers",
    "peft",
    "tokenizers",
    "safetensors",
    "numpy",
    "faiss-cpu",
    "onnxruntime",
    "datasets",
    "gradio",
)


@dataclass
class RunCard:
    """One run of a command.

    `git` is {"commit", "dirty"} or None outside a git checkout; `wall_seconds` and `cpu_seconds`, the
    processor time of the process and its threads, are summed over resumes;
    `peak_memory_mb` is the process's largest resident size in MiB over its lives; times are ISO 8601, UTC.
    """

    command: str
    arguments: list[str]
    config: dict[str, Any]
    data_fingerprint: str
    seed: int
    git: dict[str, Any] | None
    versions: dict[str, str]
    hardware: dict[str, Any]
    started: str
    finished: str | None = None
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    resumes: int = 0
    results: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._clock = time.monotonic()
        self._processor = time.process_time()


def start_card(
    command: str, config: dict[str, Any], data_fingerprint: str, seed: int, previous: RunCard | None = None
) -> RunCard:
    """A card for a run that begins now; with `previous` (the card from before a kill) it goes on."""
    card = RunCard(
        command=command,
        arguments=sys.argv[1:],
        config=config,
        data_fingerprint=data_fingerprint,
        seed=seed,
        git=git_state(),
        versions=versions(),
        hardware=hardware(),
        started=_now(),
    )
    if previous is not None:
        card.started = previous.started
        card.wall_seconds = previous.wall_seconds
        card.cpu_seconds = previous.cpu_seconds
        card.peak_memory_mb = previous.peak_memory_mb
        card.resumes = previous.resumes + 1
    return card


def touch_card(card: RunCard) -> None:
    """Bring the card's times and peak memory up to now; call it before each save."""
    now, processor = time.monotonic(), time.process_time()
    card.wall_seconds += now - card._clock
    card.cpu_seconds += processor - card._processor
    card._clock, card._processor = now, processor
    card.peak_memory_mb = max(card.peak_memory_mb, peak_memory_mb())


def finish_card(card: RunCard, **results: Any) -> RunCard:
    """Close the card: final wall time, peak memory, the time it finished, and what came out."""
    touch_card(card)
    card.finished = _now()
    card.results.update(results)
    return card


def save_card(card: RunCard, folder: Path) -> None:
    """Write the card as run.json in `folder`, atomically."""
    write_json(folder / CARD_FILE, asdict(card))


def load_card(folder: Path) -> RunCard | None:
    """The card saved in `folder`, None where there is none; HemlineError where it is not a run card."""
    path = folder / CARD_FILE
    if not path.is_file():
        return None
    value = read_json(path)
    known = {f.name for f in fields(RunCard)}
    if not isinstance(value, dict) or not {"command", "config", "data_fingerprint"} <= value.keys() <= known:
        raise HemlineError(f"{path} is not a run card; move it away and start the run again")
    return RunCard(**value)


def versions() -> dict[str, str]:
    """Python's and the installed libraries' versions, read from package metadata without importing them."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, Any]:
    """CPU model, usable cores, RAM in MiB, torch's threads (before its import: what OMP_NUM_THREADS says)."""
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    torch = sys.modules.get("torch")
    asked = os.environ.get("OMP_NUM_THREADS", "")
    threads = torch.get_num_threads() if torch is not None else int(asked) if asked.isdigit() else cores
    return {
        "cpu": _cpu_model(),
        "cores": cores,
        "ram_mb": round(pages / 2**20),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
    }


def peak_memory_mb() -> float:
    """The largest resident size this process has had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10  # bytes on macOS, KiB on Linux


def git_state(root: Path | None = None) -> dict[str, Any] | None:
    """{"commit", "dirty"} of the checkout at `root` (default: this project); None outside git."""
    root = (root or Path(__file__).parent.parent).resolve()
    top = _git(root, "rev-parse", "--show-toplevel")
    # A copy of the project inside another repository must not carry that repository's commit.
    if top is None or Path(top).resolve() != root:
        return None
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--untracked-files=no")
    return None if commit is None else {"commit": commit, "dirty": bool(changes)}


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(errors="replace").splitlines():
            if line.lower().startswith(("model name", "cpu model", "hardware")):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
