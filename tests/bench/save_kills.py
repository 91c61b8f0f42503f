"""Kill the saving of a model before each of its steps and look at what is in the folder then.

    python -m tests.bench.save_kills --json assets/results/save_kills.json

A model is saved over an older one in a process that kills itself (SIGKILL) before its N-th opening, moving or
removing of a file, for every N there is. Then the folder must load as the older or the new model, and
saving again must make it whole.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from core.cli import entry
from core.errors import HemlineError
from core.files import write_json
from core.runs import git_state, hardware, versions

STEPS = ("open", "os.rename", "os.remove", "shutil.rmtree")


def measure(folder: Path) -> dict[str, Any]:
    """One kill before each step of a saving."""
    import torch

    from core.backbones import load_backbone
    from core.backbones.saving import save_backbone
    from tests.tiny_backbones import tiny

    torch.set_num_threads(1)  # no thread pool, so a fork is safe
    older, new = tiny("mllm"), tiny("mllm", seed=5)
    save_backbone(older, folder / "older")
    save_backbone(new, folder / "new")
    prints = {older.target_fingerprint(): "older", new.target_fingerprint(): "new"}
    found, faults, step = Counter[str](), [], 0
    while True:
        step += 1
        place = folder / "run"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(folder / "older", place)
        if not _killed(new, place, step):
            break
        try:
            found[prints.get(load_backbone(place).target_fingerprint(), "another")] += 1
        except HemlineError as error:
            found["refused in a sentence"] += 1
            faults.append(f"step {step}: {error}")
        except Exception as error:
            faults.append(f"step {step}: {error!r}")
        save_backbone(new, place)
        if load_backbone(place).target_fingerprint() != new.target_fingerprint():
            faults.append(f"step {step}: saving again did not make it whole")
    return {
        "kills": step - 1,
        **dict(sorted(found.items())),
        "faults": faults + ["another"] * found["another"],
    }


def _killed(new: Any, place: Path, step: int) -> bool:
    from core.backbones.saving import save_backbone

    child = os.fork()
    if child == 0:
        steps = 0

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            nonlocal steps
            if event in STEPS and any(str(place) in str(part) for part in arguments[:2]):
                steps += 1
                if steps == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)
        try:
            save_backbone(new, place)
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def main() -> None:
    """Kill, look, write; exit 1 where a folder does not load."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.save_kills", description=main.__doc__)
    parser.add_argument("--json", type=Path, help="where to keep the result")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(Path(folder))
    print(result)
    if arguments.json:
        more = {"code": git_state(), "hardware": hardware(), "versions": versions()}
        write_json(arguments.json, result | more)
    if result["faults"]:
        raise SystemExit(1)


if __name__ == "__main__":
    entry(main)
