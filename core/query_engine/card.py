"""What an engine's folder holds and which model it goes with."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import HemlineError
from core.files import fingerprint, read_json, sha256_file, write_json

if TYPE_CHECKING:
    from core.backbones.base import Backbone

FORMAT = 1
CARD = "engine.json"
PARTS = ("pictures", "tokens", "words")
# What a graph's arithmetic comes from; with another version of one of them the engine is made anew.
MADE_BY = ("onnxruntime", "torch", "transformers")
MAKE = "python -m core.query_engine.make --model MODEL --out ENGINE"


@dataclass(frozen=True)
class EngineCard:
    """Ties an engine to its model and says what it lost and gained.

    `model` is `side_fingerprint` of the model it was made of, `files` the sha256 of each graph, `precision`
    what the decoder computes in ("int8" or "fp32"); `gate` is what was measured before it was written
    (`core.query_engine.gate.Measured`); `seconds` what it took to make.
    """

    model: str
    precision: str
    files: dict[str, str]
    versions: dict[str, str]
    gate: dict[str, Any]
    seconds: dict[str, float]
    hardware: dict[str, Any]
    created: str
    format: int = FORMAT


def side_fingerprint(backbone: "Backbone") -> str:
    """Changes whenever some query vector of `backbone` could."""
    from core.backbones.query_side import query_fingerprint

    spec = backbone.spec
    own = query_fingerprint(backbone) if backbone.query_parts else ""
    sides = backbone.target_fingerprint(), own
    return fingerprint([FORMAT, *sides, dict(spec.prompts), spec.pooling, spec.vocabulary])


def made_by() -> dict[str, str]:
    """The versions of `MADE_BY` here; those that are not installed are left out."""
    found = {}
    for name in MADE_BY:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def graph(folder: Path, part: str) -> Path:
    """The file of one of `PARTS`."""
    return folder / f"{part}.onnx"


def hashes(folder: Path) -> dict[str, str]:
    """The sha256 of each graph in `folder`; HemlineError where one is missing."""
    found = {}
    for part in PARTS:
        try:
            found[part] = sha256_file(graph(folder, part))
        except OSError as error:
            raise HemlineError(
                f"{graph(folder, part)} cannot be read ({error.strerror}); make the engine anew with {MAKE}"
            ) from None
    return found


def write_card(card: EngineCard, folder: Path) -> None:
    """Write the card into the engine's folder."""
    write_json(folder / CARD, asdict(card))


def read_card(folder: Path) -> EngineCard:
    """The card of the engine in `folder`; HemlineError where there is none, or of another form."""
    value: Any = read_json(folder / CARD)
    names = {field.name for field in fields(EngineCard)}
    if not isinstance(value, Mapping) or set(value) != names or value["format"] != FORMAT:
        raise HemlineError(f"{folder / CARD} is no engine's card of this version; make it anew with {MAKE}")
    return EngineCard(**value)


def refuse_unlike(folder: Path, card: EngineCard, backbone: "Backbone") -> None:
    """HemlineError where the engine goes with another model, other libraries, or is not whole."""
    if card.model != side_fingerprint(backbone):
        raise HemlineError(f"the engine {folder} was made of another model; make one with {MAKE}")
    if card.versions != made_by():
        raise HemlineError(f"the engine {folder} was made by other versions of libraries; make it anew")
    if card.files != hashes(folder):
        raise HemlineError(f"the engine {folder} is damaged; make it anew with {MAKE}")
