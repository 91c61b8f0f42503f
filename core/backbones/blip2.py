"""BLIP-2 with a decoder-only language model: its class has no body without a head, so one is put together."""

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from core.backbones.mllm import TOKENS_A_WORD, MllmBackbone
from core.backbones.padding import Padded, pad_rows


class Blip2Backbone(MllmBackbone):
    """BLIP-2 (OPT): the query tokens' states go where the image placeholders are, then the decoder runs."""

    @staticmethod
    def decoder_of(model: Any) -> nn.Module:
        decoder: nn.Module = model.language_model.get_decoder()
        return decoder

    def _states(self, batch: Padded, tokens: Tensor | None) -> Tensor:
        states: Tensor = self.model.language_model.model(
            inputs_embeds=self._embedded(batch, tokens),
            attention_mask=batch.mask,
            position_ids=self._positions(batch, tokens),
            use_cache=False,
        ).last_hidden_state
        return states

    def _embedded(self, batch: Padded, tokens: Tensor | None) -> Tensor:
        embedded: Tensor = self.model.get_input_embeddings()(batch.ids)
        if tokens is None:
            return embedded
        places = (batch.ids == self.image_id)[:, :, None]
        return embedded.masked_scatter(places, tokens.to(embedded.dtype))

    def _answers(self, rows: Sequence[Sequence[int]], tokens: Tensor | None, max_words: int) -> list[str]:
        # `generate` of the class wants pixels; that of its language model takes what they became.
        batch = pad_rows(rows, self.pad_id, "left", self.device)
        written: Any = self.model.language_model.generate(
            inputs_embeds=self._embedded(batch, tokens),
            attention_mask=batch.mask,
            max_new_tokens=min(self.spec.max_text_tokens, TOKENS_A_WORD * max_words),
            do_sample=False,
            eos_token_id=self.tokenizer.eos_token_id,
            pad_token_id=self.pad_id,
        )
        return self._worded(written, max_words)
