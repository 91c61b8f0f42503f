"""Which models and catalogues the app starts with."""

from dataclasses import dataclass
from pathlib import Path

from core.errors import HemlineError

REPOSITORY = Path(__file__).resolve().parents[1]
ASSETS = REPOSITORY / "assets"

MAKE_INDEX = "python -m core.catalogue build --model RUN --images DIR --out INDEX"
BASELINE = "the same, by the CLIP baseline"
"""What the page calls the shipped catalogue where CLIP answers."""


@dataclass(frozen=True)
class Places:
    """Where the app's parts are: a model (None: the one the index was built with), an index, its photos.

    `name` is what the page calls the catalogue, "" the one it starts with; `images` None: where they were at
    the build.
    """

    model: Path | None
    index: Path
    images: Path | None = None
    name: str = ""


def find_places(
    model: Path | None, index: Path | None, images: Path | None = None, assets: Path = ASSETS
) -> list[Places]:
    """What to open for the arguments given, the catalogue to start with first.

    With neither a model nor an index it is what ships in `assets`: Wardrobe with the model, and with the CLIP
    baseline beside it. HemlineError says what is missing and which command makes it.
    """
    if index is not None:
        return [Places(model, index, images)]
    if model is not None:
        raise HemlineError(
            f"--index is missing: make a catalogue's index with {MAKE_INDEX}, then give --index INDEX"
        )
    wardrobe = assets / "wardrobe"
    for part in (assets / "model" / "hemline.json", wardrobe / "index" / "index.json"):
        if not part.is_file():
            raise HemlineError(
                f"{part} is missing, and with it what the app starts with; bring the repository whole, or"
                " name your own: python app.py --model RUN --index INDEX"
            )
    photos = images or wardrobe / "images"
    found = [Places(assets / "model", wardrobe / "index", photos)]
    if (assets / "clip" / "hemline.json").is_file() and (wardrobe / "index-clip" / "index.json").is_file():
        found.append(Places(assets / "clip", wardrobe / "index-clip", photos, BASELINE))
    return found
