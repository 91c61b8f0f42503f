"""The recipe of a refinement: judged queries go where they should have been, and everything else stays.

`train.correction` says where a judged query's vector should have been. The query side then learns to put it
there, on the frozen vectors of the index, and to leave where they are the vectors of replayed queries, of
these with the words exchanged, and of the judged references with others' words (self-distillation, as in
learning without forgetting, arXiv 1606.09282). Of what is replayed only that counts which lies in the scope
of the judged queries (`core.backbones.scope`): elsewhere the refined query side is not asked.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from core.backbones.scope import Scope, share
from train.correction import corrected
from train.lessons import Asked, Lesson
from train.material import fitted
from train.optimizer import OptimizerConfig, learning_rate, make_optimizer, set_learning_rate
from train.refine_config import RefineConfig

if TYPE_CHECKING:
    from core.backbones.base import Backbone

NEAR = 5.0  # weight of the cosine beside the divergence
TOGETHER = 10  # queries at once in training


@dataclass
class Refinement:
    """The training of one refinement: `backbone`'s query side over `bank`, float32 [n, d], unit rows.

    `unrefined` is the model it started from, which answers outside the scope.
    """

    backbone: "Backbone"
    unrefined: "Backbone"
    bank: Tensor
    lessons: Sequence[Lesson]
    replayed: Sequence[Asked]
    config: RefineConfig
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(f"refine-{self.config.seed}")
        config = self.config
        self.old_lessons = embedded(self.backbone, [lesson.asked for lesson in self.lessons])
        self.wanted = corrected(
            self.old_lessons, self.lessons, self.bank, config.margin, config.keep, config.temperature
        )
        stays = [*self.replayed, *self._exchanged(), *self._lent()]
        old = embedded(self.backbone, stays)
        near = share(self.old_lessons, old).flatten() > 0
        self.stays = [asked for asked, inside in zip(stays, near, strict=True) if inside]
        self.old = old[near]

    def train(self, tell: Callable[[int, float], None]) -> Scope:
        """Train, and say where the refined query side applies.

        `tell` is called after each step with its number from 1 and loss.
        """
        config = self.config
        learned = {n: p for n, p in self.backbone.named_parameters() if p.requires_grad}
        settings = OptimizerConfig(lr=config.lr, weight_decay=0.0)
        optimizer = make_optimizer(learned, settings)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            for step in range(config.steps):
                set_learning_rate(optimizer, learning_rate(step, config.steps, settings))
                loss = self.loss()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(list(learned.values()), settings.clip)
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
                tell(step + 1, float(loss.detach()))
        reached = embedded(self.backbone, [lesson.asked for lesson in self.lessons])
        return Scope(self.unrefined, self.old_lessons, self.wanted - reached)

    def loss(self) -> Tensor:
        """The loss of a step, a scalar; which queries it is of is drawn anew each time."""
        config = self.config
        judged = self._draw(len(self.lessons), config.judged_batch)
        staying = self._draw(len(self.stays), config.replay_batch)
        asked = [self.lessons[i].asked for i in judged] + [self.stays[i] for i in staying]
        vectors = query_vectors(self.backbone, asked)
        loss = self._away(vectors[: len(judged)], self.wanted[judged])
        if staying:
            loss = loss + config.stay * self._away(vectors[len(judged) :], self.old[staying])
        return loss

    def _away(self, vectors: Tensor, wanted: Tensor) -> Tensor:
        """How far vectors are from the wanted ones: by their scores over the index, and in themselves."""
        temperature = self.config.temperature
        goal = (wanted @ self.bank.T / temperature).log_softmax(1)
        now = (vectors @ self.bank.T / temperature).log_softmax(1)
        scores = functional.kl_div(now, goal, reduction="batchmean", log_target=True)
        return scores + NEAR * (1 - (vectors * wanted).sum(1)).mean()

    def _exchanged(self) -> list[Asked]:
        """Replayed references with another query's words, and words alone: what else may be asked."""
        texts = [asked.text for asked in self.replayed]
        self.rng.shuffle(texts)
        pairs = zip(self.replayed, texts, strict=True)
        return [Asked(asked.look if place % 3 else None, text) for place, (asked, text) in enumerate(pairs)]

    def _lent(self) -> list[Asked]:
        """The judged references with replayed words: what is asked of them next must not have moved."""
        texts = [asked.text for asked in self.replayed]
        lent = self.rng.sample(texts, min(len(texts), len(self.lessons)))
        return [Asked(lesson.asked.look, text) for lesson, text in zip(self.lessons, lent, strict=False)]

    def _draw(self, of: int, count: int) -> list[int]:
        return self.rng.sample(range(of), min(of, count))


def query_vectors(backbone: "Backbone", asked: Sequence[Asked]) -> Tensor:
    """Unit query vectors [n, dim], differentiable; a few of like length at a time: little is padding."""
    texts = fitted(backbone, [query.text for query in asked])
    order = sorted(range(len(asked)), key=lambda row: len(texts[row] or ""))
    found = []
    for start in range(0, len(order), TOGETHER):
        rows = order[start : start + TOGETHER]
        features = torch.zeros(len(rows), *backbone.feature_shape())
        for place, row in enumerate(rows):
            look = asked[row].look
            if look is not None:
                features[place] = torch.from_numpy(look.astype(np.float32))
        shown = [asked[row].look is not None for row in rows]
        found.append(backbone.query_vectors(features, shown, [texts[row] for row in rows]))
    return torch.cat(found)[torch.tensor(order).argsort()]


def embedded(backbone: "Backbone", asked: Sequence[Asked]) -> Tensor:
    """Unit query vectors float32 [n, dim] without gradients, in eval mode."""
    looks = [query.look for query in asked]
    return torch.from_numpy(backbone.embed_queries(looks, fitted(backbone, [query.text for query in asked])))
