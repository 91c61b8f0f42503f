"""The baseline: CLIP, with transformers' dual encoder over the shared tower, or a released CLIPModel.

The query is the normalised sum of the picture's and the text's vector, or what a trained combiner makes of
them (CLIP4Cir, Baldrati et al. 2022); the target is the picture's vector.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from core.backbones.base import Backbone, unit
from core.backbones.padding import pad_rows, roomy
from core.backbones.rows import present
from core.backbones.saving import check_vocabulary, load_model, write_model
from core.backbones.spec import Spec
from core.backbones.tensors import load_into, tensors_fingerprint, write_tensors
from core.backbones.tokenizer import load_tokenizer, prompt_ids, text_ids
from core.backbones.tower import Tower
from core.backbones.vision import FrozenVision, Vision
from core.errors import HemlineError
from core.files import read_json

COMBINER_FILE = "combiner.safetensors"
# The pixel statistics of OpenAI's CLIP, which the CLIPs trained after it kept.
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class Combiner(nn.Module):
    """CLIP4Cir's combiner of a picture's and a text's unit vector, both [n, dim], into one [n, dim].

    Two projections are concatenated and mixed; to that a gated sum of the two inputs is added. The paper
    widens to 4 and 8 times `dim` for CLIP's 640; the default here is half of that, as the vectors are
    smaller.
    """

    def __init__(self, dim: int, inner: int | None = None, dropout: float = 0.5) -> None:
        super().__init__()
        inner = inner or 2 * dim
        self.text = nn.Linear(dim, inner)
        self.picture = nn.Linear(dim, inner)
        self.mix = nn.Linear(2 * inner, 2 * inner)
        self.out = nn.Linear(2 * inner, dim)
        self.gate = nn.Sequential(
            nn.Linear(2 * inner, 2 * inner),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * inner, 1),
            nn.Sigmoid(),
        )
        self.dropout = nn.Dropout(dropout)

    def forward(self, picture: Tensor, text: Tensor) -> Tensor:
        projected = [
            self.dropout(functional.relu(self.text(text))),
            self.dropout(functional.relu(self.picture(picture))),
        ]
        raw = torch.cat(projected, dim=-1)
        mixed = self.out(self.dropout(functional.relu(self.mix(raw))))
        share = self.gate(raw)
        return mixed + share * text + (1 - share) * picture


class ClipBackbone(Backbone):
    """A dual encoder over the shared tower, or a released CLIP whose whole vision side is frozen."""

    def __init__(
        self,
        spec: Spec,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        combiner: Combiner | None = None,
    ) -> None:
        super().__init__(spec, tokenizer)
        if (spec.combiner == "combiner") != (combiner is not None):
            raise HemlineError(
                f'the specification says combiner "{spec.combiner}", which the weights do not fit'
            )
        self.model: Any = model
        self.combiner = combiner

    @property
    def query_parts(self) -> tuple[str, ...]:
        return ("text",) if self.combiner is None else ("text", "combiner")

    @property
    def tower(self) -> Vision:
        vision = self.model.vision_model
        return vision if isinstance(vision, Tower) else FrozenVision(vision)

    def seen(self, features: Tensor) -> Tensor:
        return self.target_vectors(features)

    def asked_vectors(self, seen: Tensor | None, given: Sequence[int], texts: Sequence[str | None]) -> Tensor:
        if max(given, default=0) > 1:
            raise HemlineError("a model of kind clip takes one picture a query; give one, or use kind mllm")
        worded = [present(text) is not None for text in texts]
        pictures = words = torch.zeros(len(texts), self.spec.dim, device=self.device)
        if seen is not None:
            rows = torch.tensor([row for row, count in enumerate(given) if count], device=self.device)
            pictures = pictures.index_copy(0, rows, seen)
        if any(worded):
            rows = torch.tensor([row for row, said in enumerate(worded) if said], device=self.device)
            words = words.index_copy(
                0, rows, self.text_vectors([text for text in texts if text and text.strip()])
            )
        summed = pictures + words
        if self.combiner is not None:
            both = torch.tensor([a > 0 and b for a, b in zip(given, worded, strict=True)], device=self.device)
            # The combiner knows pairs only: a picture or a text alone is its own vector.
            combined = self._product(self._combined, torch.cat([pictures, words], dim=1))
            summed = torch.where(both[:, None], combined, summed)
        return unit(summed)

    def target_vectors(self, features: Tensor) -> Tensor:
        return unit(self._product(self.model.visual_projection, self.tower.back(features).mean(dim=(2, 3))))

    def text_vectors(self, texts: Sequence[str]) -> Tensor:
        before, after = (
            prompt_ids(self.tokenizer, piece) for piece in self.spec.prompts["query"].split("{text}")
        )
        longest = self.spec.max_text_tokens
        rows = [before + text_ids(self.tokenizer, text, longest) + after for text in texts]
        if not self.steady:
            return self._read(rows, None)
        most = self.model.text_model.config.max_position_embeddings
        lengths = [min(roomy(len(row)), max(most, len(row))) for row in rows]
        vectors = torch.empty(len(rows), self.spec.dim, device=self.device)
        for length in sorted(set(lengths)):
            alike = [row for row, own in enumerate(lengths) if own == length]
            vectors[alike] = self._read([rows[row] for row in alike], length)
        return vectors

    def _read(self, rows: Sequence[Sequence[int]], length: int | None) -> Tensor:
        """Unit vectors [n, dim] of texts as ids, padded to `length` or that of the longest."""
        batch = pad_rows(rows, self.pad_id, self.spec.padding, self.device, length)
        states = self.model.text_model(
            input_ids=batch.ids, attention_mask=batch.mask, position_ids=batch.positions
        ).last_hidden_state
        last = states[torch.arange(len(rows), device=self.device), batch.last]
        return unit(self._product(self.model.text_projection, last))

    def _combined(self, both: Tensor) -> Tensor:
        """What the combiner makes of pictures and words side by side, [n, 2 dim]."""
        assert self.combiner is not None
        combined: Tensor = self.combiner(*both.chunk(2, dim=1))
        return combined

    def parts(self) -> dict[str, list[nn.Parameter]]:
        parts = {
            "tower": self.tower.back_parameters(),
            "picture": list(self.model.visual_projection.parameters()),
            "text": [*self.model.text_model.parameters(), *self.model.text_projection.parameters()],
        }
        if self.combiner is not None:
            parts["combiner"] = list(self.combiner.parameters())
        return parts

    def target_fingerprint(self) -> str:
        tensors = [
            (f"vision.{k}", v)
            for k, v in self.model.vision_model.state_dict().items()
            if "num_batches" not in k
        ]
        tensors += [("projection", self.model.visual_projection.weight)]
        return tensors_fingerprint(tensors, self.tower_fingerprint(), self.spec.dim)

    def write(self, folder: Path) -> None:
        write_model(self.model, self.tokenizer, folder)
        if self.combiner is not None:
            write_tensors(self.combiner.state_dict(), folder / COMBINER_FILE)


def from_released(folder: Path, combiner: str = "sum", framing: str = "centre") -> ClipBackbone:
    """A released CLIP checkpoint (a folder that `CLIPModel` reads) as a backbone, to be saved as one of ours.

    Pictures are normalised as OpenAI's CLIP was; the whole vision side is frozen. Raises HemlineError when
    the folder is no CLIP.
    """
    from transformers import CLIPModel

    if (
        not (folder / "config.json").is_file()
        or read_json(folder / "config.json").get("model_type") != "clip"
    ):
        raise HemlineError(
            f"{folder} is not a released CLIP; give a folder with CLIP's config.json and weights"
        )
    model = load_model(CLIPModel, folder, "float32")
    tokenizer = load_tokenizer(folder)
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    spec = Spec(
        kind="clip",
        dim=model.config.projection_dim,
        prompts={"query": f"{tokenizer.bos_token or ''}{{text}}{tokenizer.eos_token}"},
        image_size=model.config.vision_config.image_size,
        framing=framing,  # type: ignore[arg-type]
        mean=CLIP_MEAN,
        std=CLIP_STD,
        combiner=combiner,  # type: ignore[arg-type]
        max_text_tokens=model.config.text_config.max_position_embeddings - 2,
    )
    return ClipBackbone(spec, model, tokenizer, Combiner(spec.dim) if combiner == "combiner" else None).eval()


def load_clip(folder: Path, spec: Spec) -> ClipBackbone:
    """The CLIP backbone saved in `folder`, whose files were checked against `spec`."""
    from transformers import AutoModel

    model = load_model(AutoModel, folder, spec.dtype)
    tokenizer = load_tokenizer(folder)
    check_vocabulary(spec, tokenizer, folder)
    if model.config.model_type == "siglip":
        from core.backbones.siglip import SiglipBackbone

        siglip = SiglipBackbone(spec, model, tokenizer)
        siglip.tower.freeze_front()
        return siglip.eval()
    if model.config.projection_dim != spec.dim:
        raise HemlineError(
            f"{folder}: the weights give vectors of {model.config.projection_dim}, the specification says "
            f"{spec.dim}; copy the whole model folder again"
        )
    combiner = None
    if spec.combiner == "combiner":
        combiner = Combiner(spec.dim)
        load_into(combiner, folder / COMBINER_FILE)
    backbone = ClipBackbone(spec, model, tokenizer, combiner)
    backbone.tower.freeze_front()
    return backbone.eval()
