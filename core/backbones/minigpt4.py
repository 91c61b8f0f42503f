"""MiniGPT-4 as a backbone: the prompts of its two versions, tokenised and ended as the original does."""

import re
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from transformers import StoppingCriteria, StoppingCriteriaList

from core.backbones import minigpt4_model  # noqa: F401  (makes the architecture known to transformers)
from core.backbones.mllm import MllmBackbone
from core.backbones.padding import Padded
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
Version = Literal["vicuna", "llama2"]


def prompts_of(version: Version) -> dict[str, str]:
    """The tasks of every released model, in the conversation template of a version."""
    from core.backbones.released import tasks_of

    before, after = _TURNS[version]
    prompts = {
        name: before + _LOOK * task.shows_picture + task.wording + after
        for name, task in tasks_of("minigpt4").items()
    }
    prompts["picture"] += "{text}"
    prompts["caption"] += "{caption}" + ENDS[version]
    prompts["image"] = _LOOK
    return prompts


class MiniGpt4Backbone(MllmBackbone):
    """MiniGPT-4 through the code of every chat-style model; what differs is how a prompt is cut and ends."""

    def _prompt(self, template: str, tokens: Tensor | None, image: int) -> list[int]:
        """Ids of a piece of prompt with its placeholder, and the marks around it, for `image` pictures.

        The original tokenises what stands on either side of the placeholder apart, so that each piece starts
        a word; the special tokens are put between.
        """
        template = template.replace(self._picture, self._picture * image)
        special = {self._image: self.image_id}
        special |= {str(t): int(i) for t, i in zip(*self._marks(), strict=True)}
        ids: list[int] = []
        for piece in re.split("(" + "|".join(map(re.escape, special)) + ")", template):
            if piece not in special:
                ids += prompt_ids(self.tokenizer, piece)
            elif piece == self._image and tokens is not None:
                ids += [self.image_id] * tokens.shape[1]
            else:
                ids.append(special[piece])
        return ids

    def _marks(self) -> tuple[list[Any], list[Any]]:
        """The tokenizer's start and end, as text and as ids."""
        tokenizer = self.tokenizer
        pairs = (tokenizer.bos_token, tokenizer.bos_token_id), (tokenizer.eos_token, tokenizer.eos_token_id)
        there = [pair for pair in pairs if pair[0] is not None]
        return [token for token, _ in there], [number for _, number in there]

    def _generation_inputs(self, batch: Padded, tokens: Tensor | None) -> dict[str, Any]:
        ended = _Ended(self.tokenizer, batch.ids.shape[1], self._end)
        return {
            **super()._generation_inputs(batch, tokens),
            "stopping_criteria": StoppingCriteriaList([ended]),
            # The placeholder is no word of the original's vocabulary.
            "suppress_tokens": [self.image_id],
        }

    def _worded(self, written: Tensor, max_words: int) -> list[str]:
        texts = self.tokenizer.batch_decode(written, skip_special_tokens=True)
        return [" ".join(text.split(self._end)[0].split()[:max_words]) for text in texts]

    @property
    def _end(self) -> str:
        """The mark that ends an answer."""
        return self.spec.prompts["caption"].split("{caption}")[1]


class _Ended(StoppingCriteria):
    """Ends each answer at the mark, however that is cut into tokens."""

    def __init__(self, tokenizer: Any, begin: int, end: str) -> None:
        self.tokenizer, self.begin, self.end = tokenizer, begin, end

    def __call__(self, input_ids: Any, scores: Any, **unused: Any) -> Any:
        # The mark's characters are a token each at most, and one more may follow in the same token.
        recent: Sequence[Any] = input_ids[:, self.begin :][:, -len(self.end) - 1 :]
        ended = [self.end in text for text in self.tokenizer.batch_decode(recent)]
        return torch.tensor(ended, device=input_ids.device)
