"""Which model and catalogue the app starts with, and making the default catalogue the first time."""

import sys
from dataclasses import dataclass
from pathlib import Path

from core.errors import HemlineError

REPOSITORY = Path(__file__).resolve().parents[1]
DEFAULT_MODEL = REPOSITORY / "assets" / "model"
DEFAULT_INDEX = REPOSITORY / "data" / "closet-index"
DEFAULT_JUDGEMENTS = REPOSITORY / "data" / "judgements.sqlite"
SPLIT = "val"  # the photos no model was trained on

MAKE_INDEX = "python -m core.catalogue build --model RUN --images DIR --out INDEX"
MAKE_MODEL = "python -m core.backbones.build, then python -m train.stage1 and python -m train.stage2"


@dataclass(frozen=True)
class Places:
    """Where the app's parts are; `model` None is the one the index was built with."""

    model: Path | None
    index: Path


def find_places(
    model: Path | None,
    index: Path | None,
    default_model: Path = DEFAULT_MODEL,
    default_index: Path = DEFAULT_INDEX,
) -> Places:
    """What to open for the arguments given; with neither, the model that ships over Closet's val photos.

    The first time that index is built, and where Closet's photos are not there they are fetched.
    HemlineError says which commands make what is missing.
    """
    if index is not None:
        return Places(model, index)
    if model is not None:
        raise HemlineError(
            f"--index is missing: make a catalogue's index with {MAKE_INDEX}, then give --index INDEX"
        )
    if not (default_model / "hemline.json").is_file():
        raise HemlineError(
            f"there is no model to start with ({default_model}): train one with {MAKE_MODEL}, index photos"
            f" with {MAKE_INDEX}, then run python app.py --model RUN --index INDEX"
        )
    if _older(default_index / "index.json", default_model / "hemline.json"):
        _build_default(default_model, default_index)
    return Places(default_model, default_index)


def _older(index_card: Path, model_card: Path) -> bool:
    """Whether the default index is missing or from before the model that ships now."""
    return not index_card.is_file() or index_card.stat().st_mtime < model_card.stat().st_mtime


def _build_default(model: Path, index: Path) -> None:
    from core.building import build
    from core.datasets.fashioniq import read_split

    root = _photos()
    ids = read_split(root, SPLIT).union_gallery()
    _tell(f"indexing {len(ids)} photos of Closet once, as {index}")
    build(model, root / "images", index, ids)


def _photos() -> Path:
    from core.datasets.closet import DEFAULT, closet_dir, fetch

    found = closet_dir()
    if found is not None and found != DEFAULT:
        return found
    _tell(f"bringing Closet's {SPLIT} photos to {DEFAULT} (those already there are kept)")
    try:
        fetch(DEFAULT, SPLIT)
    except HemlineError as error:
        raise HemlineError(f"{error} (an option of python -m core.datasets.closet fetch)") from None
    return DEFAULT


def _tell(text: str) -> None:
    print(f"hemline: {text}", file=sys.stderr, flush=True)
