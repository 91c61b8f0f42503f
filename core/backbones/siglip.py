"""SigLIP and SigLIP 2 (of fixed size) as a dual encoder: no projections, texts always of one length."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from core.backbones.base import unit
from core.backbones.clip import ClipBackbone
from core.backbones.saving import load_model
from core.backbones.spec import Spec
from core.backbones.tensors import tensors_fingerprint
from core.backbones.tokenizer import load_tokenizer, prompt_ids, text_ids
from core.errors import HemlineError

# What the text tower was trained to read: every text, padded to so many tokens that are not masked.
LENGTH = 64


class SiglipBackbone(ClipBackbone):
    """SigLIP: each tower's own pooling gives the vector; the query is the sum of picture and text."""

    @property
    def query_parts(self) -> tuple[str, ...]:
        return ("text",)

    def target_vectors(self, features: Tensor) -> Tensor:
        return unit(self.tower.back(features).mean(dim=(2, 3)))

    def text_vectors(self, texts: Sequence[str]) -> Tensor:
        ending = prompt_ids(self.tokenizer, self.spec.prompts["query"].split("{text}")[1])
        rows = []
        for text in texts:
            ids = text_ids(self.tokenizer, text, self.spec.max_text_tokens) + ending
            filling = [self.pad_id] * (LENGTH - len(ids))
            rows.append(filling + ids if self.tokenizer.padding_side == "left" else ids + filling)
        padded = torch.tensor(rows, device=self.device)
        return unit(self.model.text_model(input_ids=padded).pooler_output)

    def parts(self) -> dict[str, list[nn.Parameter]]:
        return {"tower": [], "picture": [], "text": list(self.model.text_model.parameters())}

    def target_fingerprint(self) -> str:
        return tensors_fingerprint([], self.tower_fingerprint(), self.spec.dim)


def from_released(folder: Path, framing: str = "squash") -> SiglipBackbone:
    """A released SigLIP (a folder that `SiglipModel` reads); HemlineError where its texts are of another
    length."""
    from transformers import SiglipModel

    from core.backbones.released import pixel_statistics

    model: Any = load_model(SiglipModel, folder, "float32")
    tokenizer = load_tokenizer(folder)
    if model.config.text_config.max_position_embeddings != LENGTH:
        raise HemlineError(f"{folder} reads texts of another length than {LENGTH}; no backbone carries it")
    mean, std = pixel_statistics(folder)
    plain = tokenizer("a", add_special_tokens=False)["input_ids"]
    ending = tokenizer("a")["input_ids"][len(plain) :]
    spec = Spec(
        kind="clip",
        dim=int(model.config.vision_config.hidden_size),
        prompts={"query": "{text}" + "".join(tokenizer.convert_ids_to_tokens(ending))},
        image_size=int(model.config.vision_config.image_size),
        framing=framing,  # type: ignore[arg-type]
        mean=mean,
        std=std,
        max_text_tokens=LENGTH - len(ending),
    )
    backbone = SiglipBackbone(spec, model, tokenizer)
    backbone.tower.freeze_front()
    return backbone.eval()
