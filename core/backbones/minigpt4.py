"""MiniGPT-4 as a backbone: the prompts of its two versions, tokenised and ended as the original does."""

import re
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import StoppingCriteria, StoppingCriteriaList

from core.backbones.mllm import MllmBackbone
from core.backbones.tokenizer import prompt_ids

IMAGE = "<ImageHere>"
_LOOK = f"<Img>{IMAGE}</Img> "
_SYSTEM = (
    "Give the following image: <Img>ImageContent</Img>. "
    "You will be able to see the image once I provide it to you. Please answer my questions."
)
# What ends an answer, and the words around a question: Vicuna's first version has no end token of its own,
# it goes on with the next turn's mark.
ENDS = {"vicuna": "###", "llama2": "</s>"}
_TURNS = {
    "vicuna": ("<s>" + _SYSTEM + "###Human: ", "###Assistant:"),
    "llama2": ("<s>[INST] ", " [/INST]"),
}
_TASKS = {
    "query": "{text}\nDescribe this garment, changed so, in one word.",
    "target": "Describe this garment in one word.",
    "caption": "Describe this garment in one sentence.",
}
Version = Literal["vicuna", "llama2"]


def prompts_of(version: Version) -> dict[str, str]:
    """The prompts of a version, in the words of its own conversation template."""
    before, after = _TURNS[version]
    prompts = {name: before + _LOOK + task + after for name, task in _TASKS.items()}
    prompts["caption"] += "{caption}" + ENDS[version]
    return prompts


class MiniGpt4Backbone(MllmBackbone):
    """MiniGPT-4 through the code of every chat-style model; what differs is how a prompt is cut and ends."""

    def _prompt(self, template: str, tokens: Tensor | None, image: bool) -> list[int]:
        """Ids of a piece of prompt with its placeholder expanded, or left out with its <Img> marks.

        The original tokenises what stands on either side of the placeholder apart, so that each piece starts
        a word; the special tokens are put between.
        """
        if not image:
            template = template.replace(_LOOK, "")
        special = {self._image: self._image_id}
        special |= {str(t): int(i) for t, i in zip(*self._marks(), strict=True)}
        ids: list[int] = []
        for piece in re.split("(" + "|".join(map(re.escape, special)) + ")", template):
            if piece not in special:
                ids += prompt_ids(self.tokenizer, piece)
            elif piece == self._image and tokens is not None:
                ids += [self._image_id] * tokens.shape[1]
            else:
                ids.append(special[piece])
        return ids

    def _marks(self) -> tuple[list[Any], list[Any]]:
        """The tokenizer's start and end, as text and as ids."""
        tokenizer = self.tokenizer
        return [tokenizer.bos_token, tokenizer.eos_token], [tokenizer.bos_token_id, tokenizer.eos_token_id]

    def _generate(self, features: Tensor, max_words: int) -> list[str]:
        tokens = self.image_tokens(features)
        start, end = self.spec.prompts["caption"].split("{caption}")
        row = self._prompt(start, tokens, True)
        batch = self._pad([row] * len(features))
        written = self.model.generate(
            input_ids=batch.ids,
            attention_mask=batch.mask,
            mm_encoder_outputs=self._seen(tokens),
            max_new_tokens=self.spec.max_text_tokens,
            do_sample=False,
            eos_token_id=self.tokenizer.eos_token_id,
            pad_token_id=self.pad_id,
            suppress_tokens=[self._image_id],
            stopping_criteria=StoppingCriteriaList([_Ended(self.tokenizer, len(row), end)]),
        )
        texts = self.tokenizer.batch_decode(written[:, len(row) :], skip_special_tokens=True)
        return [" ".join(text.split(end)[0].split()[:max_words]) for text in texts]


class _Ended(StoppingCriteria):
    """Ends each answer at the mark, however that is cut into tokens."""

    def __init__(self, tokenizer: Any, begin: int, end: str) -> None:
        self.tokenizer, self.begin, self.end = tokenizer, begin, end

    def __call__(self, input_ids: Any, scores: Any, **unused: Any) -> Any:
        # The mark's characters are a token each at most, and one more may follow in the same token.
        recent: Sequence[Any] = input_ids[:, self.begin :][:, -len(self.end) - 1 :]
        ended = [self.end in text for text in self.tokenizer.batch_decode(recent)]
        return torch.tensor(ended, device=input_ids.device)
