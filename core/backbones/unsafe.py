"""What a model's folder may not hold: weights that run code when opened, and sizes without the weights."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import HemlineError
from core.files import read_json

PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz")
MOST_LAYERS = 1024
MOST_SIZE = 2**24  # of a width, a vocabulary, a length of texts, a picture's side
PARAMETERS_A_BYTE = 8  # 4-bit weights have two; more than this many no file holds


def refuse_unsafe(folder: Path) -> None:
    """HemlineError for a folder whose weights are not safetensors, or whose sizes its weights cannot fill.

    To be asked before a library opens the folder: it would read pickles where there is nothing else, and
    make a model of any size that config.json says.
    """
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        unsafe = next((path for path in sorted(folder.iterdir()) if path.suffix.lower() in PICKLES), None)
        if unsafe is not None:
            raise HemlineError(
                f"{unsafe} is a pickle, which can run any code when it is opened, so it is not opened; bring "
                "the weights as safetensors (the hub's pages offer most models so)"
            )
        raise HemlineError(f"{folder} holds no weights (*.safetensors); copy the whole folder again")
    if (folder / "config.json").is_file():
        _refuse_sizes(folder, sum(path.stat().st_size for path in weights))


def _refuse_sizes(folder: Path, size: int) -> None:
    path = folder / "config.json"
    for part in _parts(read_json(path)):
        for name, value in part.items():
            if isinstance(value, bool) or not isinstance(value, int):
                continue
            most = MOST_LAYERS if "layer" in name or "depth" in name else MOST_SIZE
            if any(word in name for word in ("layer", "depth", "size", "dim", "position")) and value > most:
                raise HemlineError(
                    f"{path} says {name} {value:,}, which no model has; bring the folder again"
                )
        rows, width = part.get("vocab_size"), part.get("hidden_size")
        if isinstance(rows, int) and isinstance(width, int) and rows * width > PARAMETERS_A_BYTE * size:
            raise HemlineError(
                f"{path} says {rows:,} words of {width:,} values, more than all its weights have; bring the "
                "folder again"
            )


def _parts(value: Any) -> Iterator[dict[str, Any]]:
    """A configuration and those inside it."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from _parts(inner)
