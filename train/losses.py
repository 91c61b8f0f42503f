"""Contrastive losses with a mask: softmax cross-entropy over the target and what may be its negatives."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F


def info_nce(
    queries: Tensor,
    candidates: Tensor,
    target_columns: Tensor,
    mask: Tensor | None = None,
    temperature: float | Tensor = 0.05,
    hard: Tensor | None = None,
    hard_weight: float = 1.0,
) -> Tensor:
    """Query-to-target InfoNCE (van den Oord et al. 2018), the mean over queries, a scalar in nats.

    `queries` [q, d] and `candidates` [n, d] are unit rows; `target_columns` [q] int64 is each query's column;
    `mask` [q, n] bool is True where a column may be that query's negative (None: every other column);
    the target's own column always counts once, whatever the mask says.
    `hard` [q, n] bool marks mined negatives, each counted `hard_weight` times in the softmax's sum:
    log(hard_weight) is added to its logit.
    """
    logits = queries @ candidates.T / temperature  # [q, n]
    own = F.one_hot(target_columns, candidates.shape[0]).bool()
    if hard is not None and hard_weight != 1.0:
        # A target is never its own hard negative, even where `hard` marks it.
        logits = logits + (hard & ~own).to(logits.dtype) * math.log(hard_weight)
    if mask is not None:
        logits = logits.masked_fill(~(mask | own), float("-inf"))
    return F.cross_entropy(logits.float(), target_columns)


def symmetric_info_nce(
    queries: Tensor, targets: Tensor, mask: Tensor | None = None, temperature: float | Tensor = 0.05
) -> Tensor:
    """In-batch InfoNCE both ways, the mean of query-to-target and target-to-query, a scalar in nats.

    Row i of `queries` [b, d] belongs to row i of `targets` [b, d]; `mask` [b, b] bool is True where target j
    may be query i's negative, and then query i is target j's negative too.
    """
    columns = torch.arange(queries.shape[0], device=queries.device)
    forward = info_nce(queries, targets, columns, mask, temperature)
    backward = info_nce(targets, queries, columns, None if mask is None else mask.T, temperature)
    return (forward + backward) / 2


def soft_info_nce(
    queries: Tensor,
    candidates: Tensor,
    target_columns: Tensor,
    affinity: Tensor,
    mask: Tensor | None = None,
    temperature: float | Tensor = 0.05,
    affinity_temperature: float = 0.1,
) -> Tensor:
    """Cross-entropy against soft targets: candidates like the target are wanted nearly as much, in nats.

    `affinity` [q, n] in [0, 1] is how alike each candidate is to the query's target; its softmax at
    `affinity_temperature` is the wanted distribution. Columns that `mask` forbids as negatives take no part
    on either side; the target's own column always does. Shapes otherwise as in `info_nce`.
    """
    logits = queries @ candidates.T / temperature  # [q, n]
    wanted = affinity / affinity_temperature
    if mask is not None:
        out = ~(mask | F.one_hot(target_columns, candidates.shape[0]).bool())
        logits, wanted = logits.masked_fill(out, float("-inf")), wanted.masked_fill(out, float("-inf"))
        return (
            -(wanted.softmax(dim=1) * logits.float().log_softmax(dim=1).masked_fill(out, 0.0)).sum(1).mean()
        )
    return -(wanted.softmax(dim=1) * logits.float().log_softmax(dim=1)).sum(1).mean()
