"""A released model's folder, in the hub's own layout, as a backbone with the prompts and pixels it knows.

Prompts come from the model's own chat template, pixel statistics from its image processor, and weights
through transformers' Auto classes; code in the folder is never run.
"""

import contextlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.backbones.base import Backbone
from core.backbones.mllm import class_of
from core.backbones.saving import load_model, quiet
from core.backbones.spec import Spec
from core.backbones.tokenizer import load_tokenizer
from core.errors import HemlineError
from core.files import read_json


@dataclass(frozen=True)
class Task:
    """What a model is asked: the words, and whether a picture (a row may have several) goes before them."""

    wording: str
    shows_picture: bool = True


# A text stands on a line of its own, so that it is cut into tokens as alone.
TASKS = {
    "query": Task("Change this garment as follows.\n{text}\nDescribe the changed garment in one word:"),
    "picture": Task("Describe this garment in one word:"),
    "words": Task("{text}\nDescribe this garment in one word:", shows_picture=False),
    "target": Task("Describe this garment in one word:"),
    "caption": Task("Describe this garment in one sentence."),
    "describe": Task(
        "Describe only the garment, in one sentence of at most thirty words: what it is, its colours, "
        "pattern, sleeves, neckline, length and details."
    ),
}
# What is written about two garments: seen by models trained on several pictures, else read as two texts.
CHANGE_SEEN = Task(
    "A shopper is looking at the first garment and wants the second one instead. In one short sentence, "
    "say what has to change about the first, as the shopper would put it."
)
CHANGE_READ = Task(
    "A shopper is looking at one garment and wants another instead.\n{text}\nIn one short sentence, "
    "say what has to change about the first, as the shopper would put it.",
    shows_picture=False,
)
SEVERAL_PICTURES = ("llava_onevision", "internvl", "qwen2_5_vl", "qwen3_vl", "smolvlm", "idefics3")
EMBEDDING_INSTRUCTION = "Represent the user's input."
EMBEDDING_TASKS = {
    "query": Task("{text}"),
    "picture": Task(""),
    "words": Task("{text}", False),
    "target": Task(""),
}
# What a processor puts around a picture's tokens where the chat template does not.
AROUND = {
    "internvl": ("<img>", "</img>"),
    "smolvlm": ("<fake_token_around_image><global-img>", "<fake_token_around_image>"),
    "idefics3": ("<fake_token_around_image><global-img>", "<fake_token_around_image>"),
}
CHAT = (
    "llava", "llava_next", "llava_onevision", "internvl", "qwen2_5_vl", "qwen3_vl", "smolvlm", "idefics3",
    "blip-2",
)  # fmt: skip
# The side of the one tile where the model would take any: a square of 256 tokens.
TILE = {"qwen2_5_vl": 448, "qwen3_vl": 512}
# How the released model itself brings a whole picture to its one tile; "pad" keeps a garment's proportions.
FRAMING = {
    "llava": "pad",
    "qwen2_5_vl": "pad",
    "qwen3_vl": "pad",
    "smolvlm": "pad",
    "idefics3": "pad",
    "clip": "centre",
}


def from_folder(
    folder: Path,
    *,
    dim: int | None = None,
    dtype: str = "float32",
    image_size: int | None = None,
    framing: str | None = None,
    embedder: bool = False,
    combiner: str = "sum",
    seed: int = 0,
) -> Backbone:
    """The released model in `folder` (config.json, safetensors, tokenizer, image processor) as a backbone.

    `dim` puts a new linear layer behind a chat model's pooled state (None: the state itself is the vector);
    `dtype` float32 or bfloat16; `image_size` pixels a side of the one tile; `embedder` for a chat model that
    was trained to embed and writes no captions. Raises HemlineError where the folder is no model of a known
    architecture, needs code of its own, or its files do not fit.
    """
    config = read_json(folder / "config.json") if (folder / "config.json").is_file() else None
    if not isinstance(config, dict) or "model_type" not in config:
        raise HemlineError(f"{folder} is no released model: it has no config.json with a model_type")
    kind = str(config["model_type"])
    framing = framing or FRAMING.get(kind, "squash")
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(seed)
        if kind == "clip":
            from core.backbones.clip import from_released

            return from_released(folder, combiner, framing)
        if kind == "siglip":
            from core.backbones.siglip import from_released as siglip

            return siglip(folder, framing)
        if kind not in CHAT:
            own = " and needs code of its own, which is never run" if "auto_map" in config else ""
            raise HemlineError(
                f"{folder} is of the architecture {kind}, which no backbone carries{own}; "
                "python -m core.backbones.registry lists what can be loaded"
            )
        _refuse_timm_and_seq2seq(folder, config)
        return _chat(folder, kind, dim, dtype, image_size, framing, embedder)


def _refuse_timm_and_seq2seq(folder: Path, config: dict[str, Any]) -> None:
    text = config.get("text_config") or {}
    if config.get("use_decoder_only_language_model") is False or text.get("model_type") == "t5":
        raise HemlineError(
            f"{folder} has an encoder-decoder language model (T5), which has no one last state; "
            "take a BLIP-2 with OPT"
        )


def _chat(
    folder: Path, kind: str, dim: int | None, dtype: str, size: int | None, framing: str, embedder: bool
) -> Backbone:
    from transformers import AutoModelForImageTextToText

    cls = class_of(kind)
    model: Any = load_model(AutoModelForImageTextToText, folder, dtype)
    tokenizer = load_tokenizer(folder)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    mean, std = pixel_statistics(folder)
    hidden = int(model.config.text_config.hidden_size)
    spec = Spec(
        kind="mllm",
        dim=dim or hidden,
        prompts=prompts_of(folder, kind, tokenizer, int(model.config.image_token_id), embedder),
        pooling="last",
        image_size=size or tile(model.config, kind),
        framing=framing,  # type: ignore[arg-type]
        mean=mean,
        std=std,
        padding="left",
        dtype=dtype,
        max_text_tokens=128,
    )
    projection = nn.Linear(hidden, dim, bias=False, dtype=model.dtype) if dim else nn.Identity()
    backbone = cls(spec, model, tokenizer, projection)
    backbone.tower.freeze_front()
    return backbone.eval()


def tile(config: Any, kind: str) -> int:
    """Pixels a side of the one tile that a picture becomes."""
    if kind in TILE:
        return TILE[kind]
    size = config.vision_config.image_size
    return int(size if isinstance(size, int) else size[0])


def pixel_statistics(folder: Path) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Mean and deviation per channel on [0, 1], of the folder's own image processor."""
    from transformers import AutoImageProcessor

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # it says at length that torchvision is not there
            processor: Any = AutoImageProcessor.from_pretrained(
                folder, local_files_only=True, trust_remote_code=False
            )
    except Exception as error:  # of a damaged or hostile file the library raises many kinds
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise HemlineError(
            f"{folder}: its image processor cannot be read ({first}); fetch the whole folder again"
        ) from None
    mean, std = (tuple(float(v) for v in value) for value in (processor.image_mean, processor.image_std))
    return mean, std  # type: ignore[return-value]


def prompts_of(folder: Path, kind: str, tokenizer: Any, image_id: int, embedder: bool) -> dict[str, str]:
    """Our tasks in the model's own chat template."""
    image = str(tokenizer.convert_ids_to_tokens(image_id))
    template = _template(folder, tokenizer)

    def said(task: str, pictures: int) -> str:
        content: list[dict[str, str]] = [{"type": "image"}] * pictures + [{"type": "text", "text": task}]
        if template is None:  # BLIP-2 (OPT): the query tokens, then the start of the text, then the words
            return image * pictures + _start(tokenizer) + f"Question: {task} Answer:"
        turns: list[dict[str, Any]] = [{"role": "user", "content": content}]
        if embedder:
            system = [{"type": "text", "text": EMBEDDING_INSTRUCTION}]
            turns.insert(0, {"role": "system", "content": system})
        text = tokenizer.apply_chat_template(
            turns, chat_template=template, tokenize=False, add_generation_prompt=True
        )
        start = _start(tokenizer)
        return text if text.startswith(start) else start + text

    tasks = EMBEDDING_TASKS if embedder else tasks_of(kind)
    prompts = {name: said(task.wording, int(task.shows_picture)) for name, task in tasks.items()}
    prompts["picture"] += "{text}"
    if "caption" in prompts:
        prompts["caption"] += "{caption}" + str(tokenizer.eos_token)
    # The words keep what follows a picture from looking like the beginning of another.
    one, two = said("words", 1), said("words", 2)
    if one.count(image) != 1 or two.count(image) != 2:
        raise HemlineError(f"{folder}: its chat template does not show a picture as one {image}")
    shared = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), len(one))
    piece = image if template is None else one[shared - (len(two) - len(one)) : shared]
    before, after = AROUND.get(kind, ("", ""))
    whole = piece.replace(image, before + image + after)
    return {"image": whole} | {name: text.replace(piece, whole) for name, text in prompts.items()}


def tasks_of(kind: str) -> dict[str, Task]:
    """What a chat-style model of an architecture (`model_type`) is asked, by name."""
    return {**TASKS, "change": CHANGE_SEEN if kind in SEVERAL_PICTURES else CHANGE_READ}


def _template(folder: Path, tokenizer: Any) -> str | None:
    """The chat template: of the tokenizer, or beside it, where a processor keeps it."""
    if (folder / "chat_template.jinja").is_file():
        return (folder / "chat_template.jinja").read_text(encoding="utf-8")
    for name in ("chat_template.json", "processor_config.json"):
        value = read_json(folder / name) if (folder / name).is_file() else {}
        if isinstance(value, dict) and isinstance(value.get("chat_template"), str):
            return str(value["chat_template"])
    return tokenizer.chat_template if isinstance(tokenizer.chat_template, str) else None


def _start(tokenizer: Any) -> str:
    """The token that the tokenizer puts before every text, where it does."""
    ids = tokenizer("a")["input_ids"]
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    return "" if len(ids) == len(plain) else str(tokenizer.convert_ids_to_tokens(ids[0]))
