"""A chat-style multi-modal language model of transformers as a backbone.

A prompt with an image placeholder goes in; its last token's state, or the mean of all, projected (a released
model's: as it is) and normalised, comes out.
The placeholder is expanded to as many tokens as the tower gives, and the precomputed, projected picture goes
in as `mm_encoder_outputs`, so the tower never runs twice for one picture.
"""

import importlib
import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from transformers.modeling_outputs import BaseModelOutputWithPooling

from core.backbones import adapters
from core.backbones.base import BATCH, Backbone, unit
from core.backbones.padding import LEAST, Padded, pad_rows, roomy
from core.backbones.quantize import packed, unpack_alike
from core.backbones.rows import Look, Shown, chosen_rows, present
from core.backbones.saving import (
    PROJECTION_FILE,
    check_vocabulary,
    link_model,
    load_model,
    quiet,
    write_model,
)
from core.backbones.sights import sight_of
from core.backbones.spec import Spec
from core.backbones.tensors import load_into, stored_type, tensors_fingerprint, write_tensors
from core.backbones.tokenizer import load_tokenizer, prompt_ids, text_ids
from core.backbones.vision import Vision
from core.errors import HemlineError
from core.files import read_json

if TYPE_CHECKING:
    from peft import PeftModel

IGNORED = -100
# What a word of a caption takes at most, on average: more tokens would be written only to be cut off.
TOKENS_A_WORD = 8
# Architectures that take precomputed pictures as a list (`core.backbones.sights` asks a released model).
LISTED = ("llava",)


class MllmBackbone(Backbone):
    """The generic multi-modal language model with the adapters that `spec` names, or none before stage 2.

    `side`: the adapter on; `base`: where the weights are packed into few bits, the folder of the whole ones.
    """

    def __init__(
        self, spec: Spec, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, projection: nn.Module
    ) -> None:
        super().__init__(spec, tokenizer)
        self.model: Any = model
        self.projection = projection
        # PEFT's wrapper shares the model's modules; in a list it is not registered a second time.
        self._wrapper: list[PeftModel] = []
        self.side: str | None = None
        self.base: Path | None = None
        own = getattr(getattr(model, "model", None), "vision_tower", None)
        self._sight = None if isinstance(own, Vision) else sight_of(model, spec.image_size)
        self.image_id = int(model.config.image_token_id)
        self._image = str(tokenizer.convert_ids_to_tokens(self.image_id))
        # What stands for one picture in a prompt: the placeholder, and what the model puts around it.
        self._picture = spec.prompts.get("image", self._image)

    @property
    def query_parts(self) -> tuple[str, ...]:
        return ("query",) if "query" in self.spec.adapters else ()

    @property
    def tower(self) -> Vision:
        return self.model.model.vision_tower if self._sight is None else self._sight

    @property
    def decoder(self) -> nn.Module:
        """The language model without its head."""
        return self.decoder_of(self.model)

    @staticmethod
    def decoder_of(model: Any) -> nn.Module:
        """The language model, without its head, of a model of this architecture."""
        decoder: nn.Module = model.get_decoder()
        return decoder

    def set_side(self, side: str | None) -> None:
        """Choose what the decoder does: "query", "target", or None for captions.

        The caption adapter, where there is one, takes part in all three.
        """
        if self._wrapper and side != self.side:
            self.side = side
            self._activate()

    def _activate(self) -> None:
        on = (adapters.CAPTION, self.side)
        adapters.activate(self.model, [name for name in self.spec.adapters if name in on])

    def seen(self, features: Tensor) -> Tensor:
        count = len(features)
        if self.steady and (rows := count * features.shape[1]) < LEAST:
            features = torch.cat([features] * -(-LEAST // rows))
        return self.image_tokens(features)[:count]

    def asked_vectors(self, seen: Tensor | None, given: Sequence[int], texts: Sequence[str | None]) -> Tensor:
        tokens = seen
        ids = [self.query_row(count, text, tokens) for count, text in zip(given, texts, strict=True)]
        self.set_side("query")
        if self.steady:
            return self._by_length(ids, tokens, given)
        return self._pooled(ids, tokens)

    def query_row(self, count: int, text: str | None, tokens: Any) -> list[int]:
        """The ids of a query of `count` pictures and a text; `tokens` are [n, tokens, hidden]."""
        words = present(text)
        before, after = self._query_prompt(bool(count), words is not None).split("{text}")
        middle = text_ids(self.tokenizer, words, self.spec.max_text_tokens) if words else []
        return self._prompt(before, tokens, count) + middle + self._prompt(after, tokens, count)

    def target_vectors(self, features: Tensor) -> Tensor:
        tokens = self.image_tokens(features)
        row = self._prompt(self.spec.prompts["target"], tokens, 1)
        self.set_side("target")
        if self.steady and len(tokens) * len(row) < LEAST:  # a single picture, computed as beside others
            times = -(-LEAST // (len(tokens) * len(row)))
            return self._pooled([row] * len(tokens) * times, torch.cat([tokens] * times))[: len(features)]
        return self._pooled([row] * len(features), tokens)

    def caption_loss(self, features: Tensor | None, captions: Sequence[str]) -> Tensor:
        """Mean language-model loss a token over the captions' own tokens and their end, both sides off.

        `features` [n, tokens, channels]; None trains on the words alone. Raises HemlineError for a blank
        caption or one over `spec.max_text_tokens`.
        """
        tokens = None if features is None else self.image_tokens(features)
        before, after = self._caption_prompt().split("{caption}")
        ids, labels = [], []
        for index, caption in enumerate(captions):
            if present(caption) is None:
                raise HemlineError(f"caption {index} is empty; leave that garment out")
            prefix = self._prompt(before, tokens, int(tokens is not None))
            words = text_ids(self.tokenizer, caption, self.spec.max_text_tokens) + prompt_ids(
                self.tokenizer, after
            )
            ids.append(prefix + words)
            labels.append([IGNORED] * len(prefix) + words)
        self.set_side(None)
        states = self._states(padded := self._pad(ids), tokens)
        # On the CPU, as an accelerator would have to be waited for to count what is chosen.
        wanted = pad_rows(labels, IGNORED, self.spec.padding, torch.device("cpu")).ids[:, 1:]
        # Logits are made only where a token is to be predicted: the vocabulary is the widest layer.
        rows, places = (wanted != IGNORED).nonzero(as_tuple=True)
        chosen = states[:, : padded.ids.shape[1] - 1][rows.to(states.device), places.to(states.device)]
        logits = self.model.get_output_embeddings()(chosen)
        return functional.cross_entropy(logits.float(), wanted[rows, places].to(logits.device))

    def caption(self, looks: Sequence[Look], max_words: int = 24) -> list[str]:
        captions: list[str] = []
        prompt = self._caption_prompt().split("{caption}")[0]
        with self._evaluating():
            self.set_side(None)
            for start in range(0, len(looks), BATCH):
                features = self._features(looks[start : start + BATCH])
                assert features is not None
                tokens = self.image_tokens(features)
                captions += self._answers(
                    [self._prompt(prompt, tokens, 1)] * len(features), tokens, max_words
                )
        return captions

    def shows_pictures(self, task: str) -> bool:
        """Whether the instruction `task` ("describe", "change") goes with pictures, or with words alone."""
        return self._picture in self._instruction(task)

    def follow(
        self, task: str, shown: Sequence[Shown], texts: Sequence[str], max_words: int = 40
    ) -> list[str]:
        """What the model answers, row by row, to its instruction `task` ("describe", "change").

        Adapters are off and decoding is greedy. `shown` holds a row's pictures (several where it is shown
        several, None for none), `texts` what stands for {text} where the instruction has one. Raises
        HemlineError where the model has no such instruction, and for a text over `spec.max_text_tokens`.
        """
        before, with_text, after = self._instruction(task).partition("{text}")
        answers: list[str] = []
        with self._evaluating():
            self.set_side(None)
            for start in range(0, len(shown), BATCH):
                features, counts = self._shown(shown[start : start + BATCH])
                tokens = None if features is None else self.image_tokens(chosen_rows(features, counts))
                rows = []
                for count, text in zip(counts, texts[start : start + BATCH], strict=True):
                    words = text_ids(self.tokenizer, text, self.spec.max_text_tokens) if with_text else []
                    ends = [self._prompt(piece, tokens, count) for piece in (before, after)]
                    rows.append(ends[0] + words + ends[1])
                answers += self._answers(rows, tokens, max_words)
        return answers

    def image_tokens(self, features: Tensor) -> Tensor:
        """What the decoder sees of pictures: features [n, positions, channels] to [n, tokens, hidden].

        Positions are averaged to `spec.image_grid` after the projector, not before: a button that fills a
        fiftieth of the picture has had its say by then.
        """
        states = self.tower.back(features)
        if self._sight is not None:
            return states.flatten(2).transpose(1, 2)
        tokens = self.projected(states)
        grid, side = self.spec.image_grid, math.isqrt(tokens.shape[1])
        if grid is None or grid >= side:
            return tokens
        squares = tokens.transpose(1, 2).unflatten(2, (side, side))
        if len(squares) == 1:  # torch adds up a single picture in another order
            squares = torch.cat([squares, squares])
        pooled = functional.adaptive_avg_pool2d(squares, grid)[: len(features)]
        return pooled.flatten(2).transpose(1, 2)

    def projected(self, states: Tensor) -> Tensor:
        """The tower's states [n, channels, height, width] as the decoder sees them, [n, tokens, hidden]."""
        tokens: Tensor = self.model.model.multi_modal_projector(states.flatten(2).transpose(1, 2))
        return tokens

    def parts(self) -> dict[str, list[nn.Parameter]]:
        head = self.model.get_output_embeddings()
        decoder = [*self.decoder.named_parameters(), *head.named_parameters()]
        own = self._sight is None
        bare = {id(p): p for name, p in decoder if "lora_" not in name}
        parts = {
            "tower": self.tower.back_parameters(),
            "projector": list(self.model.model.multi_modal_projector.parameters()) if own else [],
            "decoder": list(bare.values()),
            "projection": list(self.projection.parameters()),
        }
        for name in self.spec.adapters:
            parts[name] = adapters.parameters(self.model, name)
        return parts

    def target_fingerprint(self) -> str:
        spec = self.spec
        tensors = [(k, v) for k, v in adapters.base_tensors(self.model).items() if "num_batches" not in k]
        for name in (adapters.CAPTION, "target"):
            tensors += adapters.adapter_tensors(self.model, name)
        tensors += [("projection", weight) for weight in self.projection.parameters()]
        facts = (self.tower_fingerprint(), spec.prompts["target"], spec.pooling, spec.vocabulary, spec.dim)
        grid = getattr(self.tower.config, "grid", None) if self._sight is None else None  # type: ignore[attr-defined]
        return tensors_fingerprint(tensors, *facts, grid, spec.image_grid)

    def write(self, folder: Path) -> None:
        if self.base is not None:
            link_model(self.base, self.tokenizer, folder)
        else:
            write_model(self.model, self.tokenizer, folder, adapters.base_tensors(self.model))
        if projection := self.projection.state_dict():
            write_tensors(projection, folder / PROJECTION_FILE)
        if self._wrapper:
            adapters.save(self._wrapper[0], folder)

    def _query_prompt(self, image: bool, words: bool) -> str:
        """The template of a query, with one {text}; one side alone may have its own."""
        prompts = self.spec.prompts
        if image and words:
            return prompts["query"]
        return prompts.get("words", prompts["query"]) if words else prompts.get("picture", prompts["query"])

    def _caption_prompt(self) -> str:
        if "caption" not in self.spec.prompts:
            raise HemlineError("this model only embeds, it writes no captions; use a chat-style one")
        return self.spec.prompts["caption"]

    def _instruction(self, task: str) -> str:
        if task not in self.spec.prompts:
            raise HemlineError(f"this model follows no instruction to {task}; use a chat-style one")
        return self.spec.prompts[task]

    def _prompt(self, template: str, tokens: Tensor | None, image: int) -> list[int]:
        """Ids of a piece of prompt with its placeholder expanded to the tokens of `image` pictures."""
        ids = prompt_ids(self.tokenizer, template.replace(self._picture, self._picture * image))
        if not image or tokens is None:
            return ids
        return [
            i for token in ids for i in ([token] * tokens.shape[1] if token == self.image_id else [token])
        ]

    def _pad(self, rows: Sequence[Sequence[int]], length: int | None = None) -> Padded:
        return pad_rows(rows, self.pad_id, self.spec.padding, self.device, length)

    def _states(self, batch: Padded, tokens: Tensor | None) -> Tensor:
        """The base model's last hidden states [n, length, hidden]; no logits are made."""
        return self.model.model(
            input_ids=batch.ids,
            attention_mask=batch.mask,
            position_ids=self._positions(batch, tokens),
            mm_encoder_outputs=self._seen(tokens),
            use_cache=False,
        ).last_hidden_state

    def _positions(self, batch: Padded, tokens: Tensor | None) -> Tensor:
        """Each token's position, int64 [n, length]."""
        return batch.positions

    def _seen(self, tokens: Tensor | None) -> dict[str, BaseModelOutputWithPooling] | None:
        """The projected pictures in the form this model takes them."""
        if tokens is None:
            return None
        if self._sight is not None:
            return {"image": self._sight.seen(tokens)}
        pictures: Any = list(tokens) if self.model.config.model_type in LISTED else tokens
        return {"image": BaseModelOutputWithPooling(pooler_output=pictures)}

    def _by_length(self, ids: Sequence[Sequence[int]], tokens: Tensor | None, given: Sequence[int]) -> Tensor:
        """`_pooled` of rows that show `given` pictures each, so that none depends on the others.

        Rows of one `roomy` length are computed together.
        """
        lengths = [roomy(len(row)) for row in ids]
        if len(set(lengths)) == 1:
            return self._pooled(ids, tokens, lengths[0])
        starts = [0, *accumulate(given)]
        vectors = torch.empty(len(ids), self.spec.dim, device=self.device)
        for length in sorted(set(lengths)):
            rows = [row for row, own in enumerate(lengths) if own == length]
            pictures = [place for row in rows for place in range(starts[row], starts[row + 1])]
            shown = None if tokens is None or not pictures else tokens[pictures]
            vectors[rows] = self._pooled([ids[row] for row in rows], shown, length)
        return vectors

    def _pooled(
        self, ids: Sequence[Sequence[int]], tokens: Tensor | None, length: int | None = None
    ) -> Tensor:
        batch = self._pad(ids, length=length)
        states = self._states(batch, tokens)
        if self.spec.pooling == "last":
            pooled = states[torch.arange(len(ids), device=states.device), batch.last]
        else:
            real = batch.mask[:, :, None].to(states.dtype)
            pooled = (states * real).sum(dim=1) / real.sum(dim=1)
        own = getattr(self.projection, "weight", pooled)
        return unit(self._product(self.projection, pooled.to(own.dtype)))

    def _answers(self, rows: Sequence[Sequence[int]], tokens: Tensor | None, max_words: int) -> list[str]:
        """What the model writes after each row of ids, greedily, cut to `max_words` words."""
        # Writing goes on from the last token, so what is filled up stands before the first.
        batch = pad_rows(rows, self.pad_id, "left", self.device)
        written = self.model.generate(
            **self._generation_inputs(batch, tokens),
            max_new_tokens=min(self.spec.max_text_tokens, TOKENS_A_WORD * max_words),
            do_sample=False,
            eos_token_id=self.tokenizer.eos_token_id,
            pad_token_id=self.pad_id,
        )
        return self._worded(written[:, batch.ids.shape[1] :], max_words)

    def _worded(self, written: Tensor, max_words: int) -> list[str]:
        """Ids of what was written as text, cut to `max_words` words."""
        texts = self.tokenizer.batch_decode(written, skip_special_tokens=True)
        return [" ".join(text.split()[:max_words]) for text in texts]

    def _generation_inputs(self, batch: Padded, tokens: Tensor | None) -> dict[str, Any]:
        """What `generate` needs of prompts and their pictures."""
        return {
            "input_ids": batch.ids,
            "attention_mask": batch.mask,
            "mm_encoder_outputs": self._seen(tokens),
        }


def add_adapters(
    backbone: Backbone,
    names: Sequence[str] = adapters.SIDES,
    *,
    rank: int = 16,
    alpha: int = 32,
    dropout: float = 0.0,
    seed: int = 0,
) -> None:
    """Give a multi-modal backbone the adapters `names` (of `adapters.NAMES`), all starting as the identity.

    A backbone of kind "clip" needs none, as its text side is apart from its target side: it stays as it is.
    Raises HemlineError when one of the adapters is there already.
    """
    if not isinstance(backbone, MllmBackbone):
        return
    have, settings = backbone.spec.adapters, (rank, alpha, dropout, seed)
    if set(names) & set(have):
        raise HemlineError("this model has its adapters already; load it and train them on")
    with quiet():
        if backbone._wrapper:
            adapters.add(backbone._wrapper[0], *settings, names)
        else:
            backbone._wrapper.append(adapters.create(backbone.model, backbone.decoder, *settings, names))
    chosen = tuple(name for name in adapters.NAMES if name in (*have, *names))
    backbone.spec = replace(backbone.spec, adapters=chosen)
    backbone._activate()


def adapter_rank(backbone: MllmBackbone, name: str) -> int | None:
    """The rank of the adapter `name`; None where the model has none of that name."""
    return adapters.rank_of(backbone._wrapper[0], name) if name in backbone.spec.adapters else None


# The architectures that the generic code does not carry, and the module and class of each.
SPECIAL = {
    "minigpt4": ("minigpt4", "MiniGpt4Backbone"),
    "qwen2_5_vl": ("qwen", "QwenBackbone"),
    "qwen3_vl": ("qwen", "QwenBackbone"),
    "blip-2": ("blip2", "Blip2Backbone"),
    "hemline_internvl": ("internvl", "InternVlBackbone"),
}


def class_of(model_type: str) -> type[MllmBackbone]:
    """The class that carries an architecture; our own ones are made known to transformers by it."""
    importlib.import_module("core.backbones.tower")
    if model_type not in SPECIAL:
        return MllmBackbone
    module, name = SPECIAL[model_type]
    found: type[MllmBackbone] = getattr(importlib.import_module(f"core.backbones.{module}"), name)
    return found


def load_mllm(folder: Path, spec: Spec, quantize: str = "none", device: str = "cpu") -> MllmBackbone:
    """The multi-modal backbone saved in `folder`, whose files were checked against `spec`.

    `quantize`: how the decoder's linear layers are packed, one of `core.backbones.quantize.KINDS`; they are
    packed on `device`, where everything else goes as well.
    """
    from transformers import AutoModelForImageTextToText

    kind = class_of(str(read_json(folder / "config.json").get("model_type")))
    packing = packed(quantize, folder, kind.decoder_of, spec.dtype)
    model = load_model(AutoModelForImageTextToText, folder, spec.dtype, packing, device)
    if packing is not None:
        unpack_alike(model)
    tokenizer = load_tokenizer(folder)
    check_vocabulary(spec, tokenizer, folder)
    projection: nn.Module = nn.Identity()
    if PROJECTION_FILE in spec.weights:
        hidden = int(model.config.text_config.hidden_size)
        # LoRA's training keeps it in float32 on a half-precision model
        whole = stored_type(folder / PROJECTION_FILE) == torch.float32
        projection = nn.Linear(hidden, spec.dim, bias=False, dtype=torch.float32 if whole else model.dtype)
        load_into(projection, folder / PROJECTION_FILE)
    backbone = kind(spec, model, tokenizer, projection)
    backbone.base = folder if packing is not None else None
    if spec.adapters:
        backbone._wrapper.append(adapters.load(model, folder, spec.adapters))
        backbone._activate()
    backbone.tower.freeze_front()
    # Packed weights carry what unpacks them, so they stay where they were packed.
    (backbone if packing is None else backbone.projection).to(device)
    return backbone.eval()
