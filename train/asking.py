"""What was asked comes first: a garment that meets the request outranks every garment that does not.

A catalogue seldom holds the very garment that is asked for. A model that knows only such targets then answers
with what is most like the reference, and misses the point; so where a drawn garment's record says exactly
whether it meets a query's request, every candidate that meets it is drawn above the rest.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.requests import FIELDS, Request, details_of, traits, untouched
from core.types import Garment
from core.wardrobe.design import Design
from train.examples import Composed
from train.line_queries import Lines

KEPT_TEMPERATURE = 0.2  # of garments that meet a request, those that keep more of the reference count more
MEMORY = 2048  # vectors of the last batches' drawn targets that are candidates as well

Rows = np.ndarray | slice
EVERY = slice(None)


class Standing:
    """Of garments: whether each meets a request, and how much of a reference it keeps."""

    def __init__(self, garments: Sequence[Garment | Design]) -> None:
        names = FIELDS[:-1]
        has = [traits(garment) for garment in garments]
        self._values = {name: sorted({str(h[name]) for h in has}) for name in names}
        self._codes = {
            name: np.array([self._values[name].index(str(h[name])) for h in has]) for name in names
        }
        self._none = {name: np.array([h[name] is None for h in has], dtype=bool) for name in names}
        sets = [details_of(garment) for garment in garments]
        self._details = sorted({detail for some in sets for detail in some})
        self._shown = np.array([[d in some for d in self._details] for some in sets], dtype=bool)

    def met(self, request: Request, rows: Rows = EVERY) -> np.ndarray:
        """bool [n]: `core.requests.met` of the garments of `rows`."""
        right = np.ones(len(self._shown[rows]), dtype=bool)
        for name, wanted in request.edits.items():
            allowed = np.array([value in wanted for value in self._values[name]], dtype=bool)
            right &= allowed[self._codes[name][rows]]
        for shown, details in ((True, request.add), (False, request.remove)):
            for detail in details:
                right &= self._has(detail, rows) == shown
        return right

    def kept(self, request: Request, reference: int, rows: Rows = EVERY) -> np.ndarray:
        """float32 [n] in [0, 1]: the share of untouched fields that are as in the garment of row `reference`.

        The details count as one field more, by the share of those either has that both have.
        """
        details = self._shown[rows]
        same, compared = np.zeros(len(details)), np.zeros(len(details))
        for name in untouched(request):
            if name == "details":
                continue
            applies = ~self._none[name][rows] & ~self._none[name][reference]
            same += applies & (self._codes[name][rows] == self._codes[name][reference])
            compared += applies
        silent = np.array([d not in request.add | request.remove for d in self._details], dtype=bool)
        details, own = details[:, silent], self._shown[reference, silent]
        both, either = details @ own.astype(int), (details | own).sum(1)
        same += np.where(either > 0, both / np.maximum(either, 1), 1.0)
        return (same / (compared + 1)).astype(np.float32)

    def _has(self, detail: str, rows: Rows) -> np.ndarray:
        if detail not in self._details:
            return np.zeros(len(self._shown[rows]), dtype=bool)
        return np.asarray(self._shown[rows, self._details.index(detail)])


class Asking(nn.Module):
    """The term for the queries of a batch whose request is known, over drawn garments as candidates.

    Every second such query is asked as in a catalogue that has no near answer: what meets its request in the
    reference's own line takes no part. With `memory`, the candidates of the last batches take part
    too, as they were then (cross-batch memory, arXiv 1912.06798); it is part of a checkpoint. Its vectors are
    on `device`; what they are of stays on the CPU, where it is read.
    """

    def __init__(
        self, lines: Lines, dim: int = 0, memory: int = 0, device: torch.device | str = "cpu"
    ) -> None:
        super().__init__()
        photos = list(lines.designs)
        self._standing = Standing([lines.designs[photo] for photo in photos])
        self._place = {photo: row for row, photo in enumerate(photos)}
        number = {photo: n for n, line in enumerate(lines.ids) for photo in line}
        self._line = np.array([number[photo] for photo in photos])
        self.vectors: Tensor
        self.places: Tensor
        self.next: Tensor
        self.register_buffer("vectors", torch.zeros(memory, dim, device=device))
        self.register_buffer("places", torch.full((memory,), -1))
        self.register_buffer("next", torch.zeros((), dtype=torch.long))

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
        vectors = candidates[columns].float()
        places, vectors = self._with_memory(places, vectors)
        met = np.zeros((len(rows), len(places)), dtype=bool)
        out = np.zeros(met.shape, dtype=bool)
        weights = np.zeros(met.shape, dtype=np.float32)
        for i, row in enumerate(rows):
            request, reference = batch[row].request, batch[row].query.reference
            assert request is not None and reference is not None
            own = self._place[reference]
            met[i] = self._standing.met(request, places)
            if i % 2:
                out[i] = met[i] & (self._line[places] == self._line[own])
            kept = self._standing.kept(request, own, places)
            weights[i] = np.where(met[i] & ~out[i], np.exp(kept / KEPT_TEMPERATURE), 0.0)
        scores = queries[rows].float() @ vectors.T / temperature
        met_ones, weighed = (torch.from_numpy(table).to(scores.device) for table in (met, weights))
        return asked_loss(scores, met_ones, weighed)

    @torch.no_grad()
    def _remember(self, places: np.ndarray, vectors: Tensor) -> None:
        size = len(self.places)
        slots = (int(self.next) + torch.arange(len(places))) % size
        self.vectors[slots] = vectors.detach()
        self.places[slots] = torch.from_numpy(places)
        self.next += len(places)

    def _with_memory(self, places: np.ndarray, vectors: Tensor) -> tuple[np.ndarray, Tensor]:
        """The candidates and those remembered that are not among them, which then are remembered in turn."""
        if not len(self.places):
            return places, vectors
        kept = self.places.numpy()
        old = np.flatnonzero((kept >= 0) & ~np.isin(kept, places))
        _, first = np.unique(kept[old][::-1], return_index=True)  # of a garment met twice, one vector
        old = old[::-1][first]
        both = np.concatenate([places, kept[old]]), torch.cat([vectors, self.vectors[old].clone()])
        if torch.is_grad_enabled():
            self._remember(places, vectors)
        return both


def asked_loss(scores: Tensor, met: Tensor, weights: Tensor) -> Tensor:
    """How far the garments that meet a request are from outranking all that do not, a scalar in nats.

    `scores` [q, n] over a temperature, `met` bool [q, n], `weights` [q, n] of 0 or more: the weighted mean
    over a query's met garments of log(1 + the sum over those not met of exp(their score - its score)).
    """
    others = scores.masked_fill(met, float("-inf")).logsumexp(dim=1, keepdim=True)
    behind = functional.softplus(others - scores).masked_fill(~met, 0.0)
    return ((behind * weights).sum(1) / weights.sum(1).clamp(min=1e-9)).mean()
