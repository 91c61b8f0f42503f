"""What was asked comes first: a garment that meets the request outranks every garment that does not.

A catalogue seldom holds the very garment that is asked for. A model that knows only such targets then answers
with what is most like the reference, and misses the point; so where a drawn garment's record says exactly
whether it meets a query's request, every candidate that meets it is drawn above the rest.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.requests import FIELDS, Request, details_of, traits, untouched
from core.types import Garment
from core.wardrobe.design import Design
from train.examples import Composed
from train.line_queries import Lines

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


class Asking:
    """The term for the queries of a batch whose request is known, over drawn garments as candidates."""

    def __init__(self, lines: Lines) -> None:
        photos = list(lines.designs)
        self._standing = Standing([lines.designs[photo] for photo in photos])
        self._place = {photo: row for row, photo in enumerate(photos)}

    def loss(
        self,
        queries: Tensor,
        candidates: Tensor,
        photos: Sequence[str],
        batch: Sequence[Composed],
        temperature: float,
    ) -> Tensor:
        """`asked_loss` of `queries` [q, d], of the examples `batch`, over `candidates` [n, d] of `photos`.

        Photos that are not drawn take no part; 0 where no query has a request, or no photo is drawn.
        """
        rows = [row for row, example in enumerate(batch) if example.request is not None]
        columns = [column for column, photo in enumerate(photos) if photo in self._place]
        if not rows or not columns:
            return queries.sum() * 0.0
        places = np.array([self._place[photos[column]] for column in columns])
        met = np.zeros((len(rows), len(columns)), dtype=bool)
        weights = np.zeros(met.shape, dtype=np.float32)
        for i, row in enumerate(rows):
            request, reference = batch[row].request, batch[row].query.reference
            assert request is not None and reference is not None
            met[i] = self._standing.met(request)[places]
            kept = self._standing.kept(request, self._place[reference])[places]
            weights[i] = np.where(met[i], np.exp(kept / KEPT_TEMPERATURE), 0.0)
        scores = queries[rows].float() @ candidates[columns].float().T / temperature
        return asked_loss(scores, torch.from_numpy(met), torch.from_numpy(weights))


def asked_loss(scores: Tensor, met: Tensor, weights: Tensor) -> Tensor:
    """How far the garments that meet a request are from outranking all that do not, a scalar in nats.

    `scores` [q, n] over a temperature, `met` bool [q, n], `weights` [q, n] of 0 or more: the weighted mean
    over a query's met garments of log(1 + the sum over those not met of exp(their score - its score)).
    """
    others = scores.masked_fill(met, float("-inf")).logsumexp(dim=1, keepdim=True)
    behind = functional.softplus(others - scores).masked_fill(~met, 0.0)
    return ((behind * weights).sum(1) / weights.sum(1).clamp(min=1e-9)).mean()
