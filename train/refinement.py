"""The recipe of a refinement: what is judged wrong leaves the first ten, and everything else stays.

Three terms, all on the query side against the frozen vectors of the index:

- **judged**: a hit that was judged wrong must score `margin` below the tenth of the others, a hinge; a hit
  that was judged right is drawn above all that is not, InfoNCE; and among the rest the scores keep the order
  they had, by the divergence from the old softmax over the index with the wrong hits taken out;
- **replay**: queries with known answers go on finding them, InfoNCE over the whole index;
- **stay**: the vectors of replayed queries, and of these with the words exchanged, stay near the old ones
  (self-distillation, as in learning without forgetting, arXiv 1606.09282).
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from train.losses import info_nce
from train.material import fitted
from train.optimizer import OptimizerConfig, learning_rate, make_optimizer, set_learning_rate
from train.refine_config import RefineConfig

if TYPE_CHECKING:
    from core.backbones.base import Backbone

TEN = 10
EVERY = 10  # steps between two looks at whether the wrong hits are gone
EMBEDDED = 64  # queries at once without gradients


@dataclass(frozen=True)
class Asked:
    """A query as the model sees it: features float16 [tokens, channels] or None, and the words or ""."""

    look: np.ndarray | None
    text: str


@dataclass(frozen=True)
class Lesson:
    """A judged query and the rows of the index that were judged `wrong`, `right` and the `same`.

    `hidden` are the rows that its ranking leaves out: the reference's own.
    """

    asked: Asked
    wrong: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    same: tuple[int, ...] = ()
    hidden: tuple[int, ...] = ()


@dataclass(frozen=True)
class Known:
    """A replayed query, the row that answers it, and the rows that its ranking leaves out."""

    asked: Asked
    target: int
    hidden: tuple[int, ...] = ()


@dataclass
class Refinement:
    """The training of one refinement: `backbone`'s query side over `bank`, float32 [n, d], unit rows."""

    backbone: "Backbone"
    bank: Tensor
    lessons: Sequence[Lesson]
    known: Sequence[Known]
    config: RefineConfig
    step: int = 0
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"refine-{self.config.seed}")
        self.old_lessons = embedded(self.backbone, [lesson.asked for lesson in self.lessons])
        self.stays = [known.asked for known in self.known] + self._exchanged()
        self.old = embedded(self.backbone, self.stays)

    def train(self, tell: Callable[[int, float], None]) -> int:
        """Train; `tell` is called after each step with its number from 1 and loss. The steps that were taken."""
        config = self.config
        learned = {n: p for n, p in self.backbone.named_parameters() if p.requires_grad}
        settings = OptimizerConfig(lr=config.lr, weight_decay=0.0)
        optimizer = make_optimizer(learned, settings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            for step in range(config.steps):
                if step and step % EVERY == 0 and self.learned():
                    return step
                set_learning_rate(optimizer, learning_rate(step, config.steps, settings))
                loss = self.loss()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(list(learned.values()), settings.clip)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                tell(step + 1, float(loss.detach()))
        return config.steps

    def learned(self) -> bool:
        """Whether every wrong hit is clear of the first ten, and every right one in them."""
        scores = embedded(self.backbone, [lesson.asked for lesson in self.lessons]) @ self.bank.T
        for lesson, row in zip(self.lessons, scores, strict=True):
            tenth = _tenth(row[None], [lesson])[0]
            if lesson.wrong and row[list(lesson.wrong)].max() > tenth - self.config.margin / 2:
                return False
        return True

    def loss(self) -> Tensor:
        """The loss of a step, a scalar; which queries it is of is drawn anew each time."""
        config = self.config
        chosen = self._draw(len(self.lessons), config.judged_batch)
        again = self._draw(len(self.known), config.replay_batch)
        staying = self._draw(len(self.stays) - len(self.known), config.replay_batch // 2)
        staying = [len(self.known) + place for place in staying]
        asked = [self.lessons[i].asked for i in chosen]
        asked += [self.known[i].asked for i in again] + [self.stays[i] for i in staying]
        vectors = query_vectors(self.backbone, asked)
        judged, replayed = vectors[: len(chosen)], vectors[len(chosen) :]
        old = self.old[again + staying]
        away = (1 - (replayed * old).sum(1)).mean()
        total = config.stay * away + self._judged([self.lessons[i] for i in chosen], judged, self.old_lessons[chosen])
        if config.again:
            total = total + config.again * self._replayed([self.known[i] for i in again], replayed[: len(again)])
        return total

    def _judged(self, lessons: Sequence[Lesson], vectors: Tensor, old: Tensor) -> Tensor:
        config = self.config
        scores = vectors @ self.bank.T
        tenth = _tenth(scores.detach(), lessons)
        over = [
            functional.relu(scores[row, list(lesson.wrong)] - tenth[row] + config.margin)
            for row, lesson in enumerate(lessons)
            if lesson.wrong
        ]
        loss = torch.cat(over).mean() / config.temperature if over else scores.sum() * 0.0
        out = torch.zeros_like(scores, dtype=torch.bool)
        for row, lesson in enumerate(lessons):
            out[row, [*lesson.wrong, *lesson.same, *lesson.hidden]] = True
        before = (old @ self.bank.T / config.temperature).masked_fill(out, -1e4).log_softmax(1)
        now = (scores / config.temperature).masked_fill(out, -1e4).log_softmax(1)
        loss = loss + config.keep_order * functional.kl_div(now, before, reduction="batchmean", log_target=True)
        pairs = [(row, right) for row, lesson in enumerate(lessons) for right in lesson.right]
        if pairs:
            rows, columns = torch.tensor(pairs).T
            mask = torch.ones(len(pairs), len(self.bank), dtype=torch.bool)
            for place, row in enumerate(rows.tolist()):
                lesson = lessons[row]
                mask[place, [*lesson.right, *lesson.same, *lesson.hidden]] = False
            loss = loss + info_nce(vectors[rows], self.bank, columns, mask, config.temperature) / 4
        return loss

    def _replayed(self, known: Sequence[Known], vectors: Tensor) -> Tensor:
        mask = torch.ones(len(known), len(self.bank), dtype=torch.bool)
        for row, one in enumerate(known):
            mask[row, list(one.hidden)] = False
        targets = torch.tensor([one.target for one in known])
        return info_nce(vectors, self.bank, targets, mask, self.config.temperature)

    def _exchanged(self) -> list[Asked]:
        """Replayed references with another query's words, and words alone: what else may be asked."""
        texts = [known.asked.text for known in self.known]
        self.rng.shuffle(texts)
        pairs = zip(self.known, texts, strict=True)
        return [
            Asked(known.asked.look if place % 3 else None, text) for place, (known, text) in enumerate(pairs)
        ]

    def _draw(self, of: int, count: int) -> list[int]:
        return self.rng.sample(range(of), min(of, count))


def query_vectors(backbone: "Backbone", asked: Sequence[Asked]) -> Tensor:
    """Unit query vectors [n, dim], differentiable."""
    looks = [query.look for query in asked]
    features = torch.zeros(len(asked), *backbone.feature_shape())
    for row, look in enumerate(looks):
        if look is not None:
            features[row] = torch.from_numpy(look.astype(np.float32))
    texts = fitted(backbone, [query.text for query in asked])
    return backbone.query_vectors(features, [look is not None for look in looks], texts)


def embedded(backbone: "Backbone", asked: Sequence[Asked]) -> Tensor:
    """Unit query vectors float32 [n, dim] without gradients, in eval mode."""
    looks = [query.look for query in asked]
    return torch.from_numpy(backbone.embed_queries(looks, fitted(backbone, [query.text for query in asked])))


def _tenth(scores: Tensor, lessons: Sequence[Lesson]) -> Tensor:
    """The tenth best score [b] among the rows that are neither wrong nor left out."""
    others = scores.clone()
    for row, lesson in enumerate(lessons):
        others[row, [*lesson.wrong, *lesson.same, *lesson.hidden]] = -math.inf
    return others.topk(min(TEN, others.shape[1]), dim=1).values[:, -1]
