"""One small file per checkpoint, `hemline.json`: how pictures and words go in and how a vector comes out."""

from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from core.errors import HemlineError
from core.files import read_json, sha256_file

SPEC_FILE = "hemline.json"
FORMAT = 1
PROMPTS = {
    "query": "<image>{text}<query>",
    "target": "<image><target>",
    "caption": "<image><caption>{caption}<eos>",
}
MOST = {"dim": 65_536, "image_size": 4096, "max_text_tokens": 2**20, "image_grid": 256}
_CHOICES = {
    "kind": ("mllm", "clip"),
    "pooling": ("last", "mean"),
    "framing": ("squash", "pad", "crop", "centre"),
    "padding": ("right", "left"),
    "combiner": ("sum", "combiner"),
    "dtype": ("float32", "bfloat16"),
}


_NUMBER = (int, float)
# What JSON may hold under a name: the kind of the value, and of what is in it.
_KINDS: dict[str, tuple[type, type | tuple[type, ...]]] = {
    "prompts": (dict, str),
    "weights": (dict, str),
    "mean": (list, _NUMBER),
    "std": (list, _NUMBER),
    "adapters": (list, str),
    "vocabulary": (str, str),
}


@dataclass(frozen=True)
class Spec:
    """The specification of a checkpoint.

    `kind` "mllm" or "clip"; `prompts` the templates for query, target and caption (of a released chat model
    also "image", what stands for one picture in them, and "picture" and "words", its queries of one side
    alone); `pooling` "last" takes the last token's state, "mean" the mean over picture and words (a small
    decoder learns from it sooner); `image_size` in pixels a side; `framing` how a picture becomes a square;
    `mean` and `std` per channel on [0, 1]; `padding` the side; `dim` the vector's length; `adapters` the
    names of the saved adapters; `image_grid`: the side of the grid to which the projected picture is averaged
    (kind "mllm"; None: as many tokens as the tower gives); `max_text_tokens` the longest text; `vocabulary`
    the tokenizer's fingerprint; `weights` file name to sha256.
    """

    kind: Literal["mllm", "clip"]
    dim: int
    prompts: dict[str, str] = field(default_factory=lambda: dict(PROMPTS))
    pooling: str = "last"
    image_size: int = 224
    framing: Literal["squash", "pad", "crop", "centre"] = "squash"
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)
    padding: Literal["right", "left"] = "right"
    dtype: str = "float32"
    adapters: tuple[str, ...] = ()
    combiner: Literal["sum", "combiner"] = "sum"
    image_grid: int | None = None
    max_text_tokens: int = 64
    vocabulary: str = ""
    weights: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        for name, allowed in _CHOICES.items():
            if getattr(self, name) not in allowed:
                raise HemlineError(
                    f"{name} is {getattr(self, name)!r}; it must be one of {', '.join(allowed)}"
                )
        for name in ("dim", "image_size", "max_text_tokens"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise HemlineError(
                    f"{name} is {getattr(self, name)!r}; it must be a whole number of 1 or more"
                )
        if self.image_grid is not None and (not isinstance(self.image_grid, int) or self.image_grid < 1):
            raise HemlineError(f"image_grid is {self.image_grid!r}; it must be a whole number of 1 or more")
        for name, most in MOST.items():
            if (getattr(self, name) or 0) > most:
                raise HemlineError(f"{name} is {getattr(self, name)}; it may be at most {most}")
        if "{text}" not in self.prompts.get("query", ""):
            raise HemlineError("the query prompt has no {text}; a modification text would never be read")

    def to_json(self) -> dict[str, Any]:
        """Plain values for hemline.json."""
        return asdict(self)


def read_spec(folder: Path) -> Spec:
    """The specification in `folder`; HemlineError when it is absent, of another format or not whole."""
    path = folder / SPEC_FILE
    if not folder.is_dir():
        raise HemlineError(f"{folder} is not a folder; give the folder of a trained or built model")
    if not path.is_file():
        raise HemlineError(
            f"{folder} holds no {SPEC_FILE}, so it is no model; build one with core.backbones.build"
        )
    value = read_json(path)
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise HemlineError(
            f"{path} is not a specification of format {FORMAT}; build or train the model again"
        )
    known = {f.name for f in fields(Spec)}
    unknown, absent = sorted(value.keys() - known), sorted({"kind", "dim", "weights"} - value.keys())
    if unknown or absent:
        raise HemlineError(f"{path}: unknown fields {unknown}, missing fields {absent}; copy the model again")
    odd = [
        name for name, (kind, item) in _KINDS.items() if name in value and not _of(value[name], kind, item)
    ]
    if odd:
        raise HemlineError(
            f"{path}: {odd[0]} is of another kind than a specification's; copy the model again"
        )
    for name in ("mean", "std", "adapters"):
        if name in value:
            value[name] = tuple(value[name])
    if any(not _is_inside(name) for name in [*value["weights"], *value.get("adapters", ())]):
        raise HemlineError(f"{path} names files outside its folder; copy the model again")
    try:
        return Spec(**value)
    except HemlineError as error:
        raise HemlineError(f"{path}: {error}") from None


def _of(value: object, kind: type, item: type | tuple[type, ...]) -> bool:
    inside = list(value.values()) if isinstance(value, dict) else value
    return isinstance(value, kind) and (kind is str or all(isinstance(one, item) for one in inside))  # type: ignore[attr-defined]


def _is_inside(name: str) -> bool:
    return (
        not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts and "\0" not in name
    )


def weight_files(folder: Path) -> list[Path]:
    """The files whose bytes a specification vouches for: weights, their configurations and the tokenizer."""
    kept = [*folder.rglob("*.safetensors"), *folder.rglob("tokenizer.json"), *folder.rglob("config.json")]
    kept += folder.rglob("adapter_config.json")
    return sorted(
        path for path in kept if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def with_weights(spec: Spec, folder: Path) -> Spec:
    """`spec` vouching for the files that are in `folder` now."""
    return replace(
        spec, weights={p.relative_to(folder).as_posix(): sha256_file(p) for p in weight_files(folder)}
    )


def check_weights(spec: Spec, folder: Path) -> None:
    """Refuse a folder whose files are not those `spec` was saved with, naming the first that differs."""
    for name, expected in spec.weights.items():
        path = folder / name
        if not path.is_file():
            raise HemlineError(
                f"{path} is missing, though {SPEC_FILE} names it; copy the whole model folder again"
            )
        if sha256_file(path) != expected:
            raise HemlineError(
                f"{path} is not the file {SPEC_FILE} was saved with (its fingerprint differs); "
                "copy the whole model folder again, or save the model anew"
            )
