"""What was asked comes first: a garment that meets the request outranks every garment that does not.

A catalogue seldom holds the very garment that is asked for. A model that knows only such targets then answers
with what is most like the reference, and misses the point; so in phase (b), where a drawn garment's record
says exactly whether it meets a query's request, all of the bank that meets it is drawn above the rest.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.requests import FIELDS, Request, details_of, traits, untouched
from core.types import Garment
from core.wardrobe.design import Design
from train.bank import StaticBank
from train.examples import Composed

KEPT_TEMPERATURE = 0.3  # of garments that meet a request, those that keep more of the reference count more


class Standing:
    """Of every garment of a bank: whether it meets a request, and how much of a reference it keeps."""

    def __init__(self, garments: Sequence[Garment | Design]) -> None:
        self._names = FIELDS[:-1]
        has = [traits(garment) for garment in garments]
        self._codes = {name: np.array([str(h[name]) for h in has]) for name in self._names}
        self._none = {name: np.array([h[name] is None for h in has]) for name in self._names}
        sets = [details_of(garment) for garment in garments]
        self._details = sorted({detail for some in sets for detail in some})
        self._shown = np.array([[d in some for d in self._details] for some in sets], dtype=bool)

    def met(self, request: Request) -> np.ndarray:
        """bool [n]: `core.requests.met` of every garment."""
        right = np.ones(len(self._shown), dtype=bool)
        for name, values in request.edits.items():
            right &= np.isin(self._codes[name], sorted(values))
        for wanted, details in ((True, request.add), (False, request.remove)):
            for detail in details:
                right &= self._has(detail) == wanted
        return right

    def kept(self, request: Request, reference: int) -> np.ndarray:
        """float32 [n] in [0, 1]: the share of untouched fields that are as in the garment of row `reference`.

        The details count as one field more, by the share of those either has that both have.
        """
        same, compared = np.zeros(len(self._shown)), np.zeros(len(self._shown))
        for name in untouched(request):
            if name == "details":
                continue
            applies = ~self._none[name] & ~self._none[name][reference]
            same += applies & (self._codes[name] == self._codes[name][reference])
            compared += applies
        silent = [d not in request.add | request.remove for d in self._details]
        shown = self._shown[:, silent]
        both, either = (shown & shown[reference]).sum(1), (shown | shown[reference]).sum(1)
        same += np.where(either > 0, both / np.maximum(either, 1), 1.0)
        return (same / (compared + 1)).astype(np.float32)

    def _has(self, detail: str) -> np.ndarray:
        if detail not in self._details:
            return np.zeros(len(self._shown), dtype=bool)
        return np.asarray(self._shown[:, self._details.index(detail)])


class AskingBank(StaticBank):
    """The static bank with one term more, weighed by `config.asked`, for queries inside lines."""

    def __post_init__(self) -> None:
        lines = self.material.lines
        self.drawn_columns = [c for c, photo in enumerate(self.photos) if lines and photo in lines.designs]
        designs: Mapping[str, Design] = lines.designs if lines else {}
        self.standing = Standing([designs[self.photos[c]] for c in self.drawn_columns])
        self.place = {self.photos[c]: row for row, c in enumerate(self.drawn_columns)}
        super().__post_init__()

    def score(self, queries: Tensor, batch: list[Composed], indices: list[int]) -> Tensor:
        """The bank's loss, and how far garments that meet the request are from outranking the others."""
        loss = super().score(queries, batch, indices)
        rows = [row for row, example in enumerate(batch) if example.request is not None]
        if not rows or not self.config.asked:
            return loss
        scores = queries[rows].float() @ self.bank[self.drawn_columns].T / self.config.temperature
        met, weights = (
            torch.from_numpy(np.stack(part)) for part in zip(*self._wanted(batch, rows), strict=True)
        )
        return loss + self.config.asked * asked_loss(scores, met, weights)

    def _wanted(self, batch: list[Composed], rows: list[int]) -> list[tuple[np.ndarray, np.ndarray]]:
        wanted = []
        for row in rows:
            request, reference = batch[row].request, batch[row].query.reference
            assert request is not None and reference is not None
            met = self.standing.met(request)
            kept = self.standing.kept(request, self.place[reference])
            wanted.append((met, np.where(met, np.exp(kept / KEPT_TEMPERATURE), 0.0).astype(np.float32)))
        return wanted


def asked_loss(scores: Tensor, met: Tensor, weights: Tensor) -> Tensor:
    """How far the garments that meet a request are from outranking all that do not, a scalar in nats.

    `scores` [q, n] over a temperature, `met` bool [q, n], `weights` [q, n] of 0 or more: the weighted mean
    over a query's met garments of log(1 + the sum over those not met of exp(their score - its score)).
    """
    others = scores.masked_fill(met, float("-inf")).logsumexp(dim=1, keepdim=True)
    behind = functional.softplus(others - scores).masked_fill(~met, 0.0)
    return ((behind * weights).sum(1) / weights.sum(1).clamp(min=1e-9)).mean()
