"""The recipe of a refinement: what is judged wrong leaves the first ten, and everything else stays.

Three terms, all on the query side against the frozen vectors of the index:

- **judged**: a hit that was judged wrong must score `margin` below the tenth of the others, a hinge; a hit
  that was judged right is drawn above all that is not, InfoNCE; and among the rest the scores keep the order
  they had, by the divergence from the old softmax over the index with the wrong hits taken out;
- **replay**: queries with known answers go on finding them, InfoNCE over the whole index;
- **stay**: the vectors of replayed queries, of these with the words exchanged, and of the judged references
  with others' words stay near the old ones (self-distillation, as in learning without forgetting, arXiv
  1606.09282).

Of what is replayed only that counts which lies in the scope of the judged queries (`core.backbones.scope`):
elsewhere the refined query side is not asked.
"""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from core.backbones.scope import Scope
from train.losses import info_nce
from train.material import fitted
from train.optimizer import OptimizerConfig, learning_rate, make_optimizer, set_learning_rate
from train.refine_config import RefineConfig

if TYPE_CHECKING:
    from core.backbones.base import Backbone

TEN = 10
CLEAR = 0.002  # what a wrong hit must score below the tenth to count as gone, cosine
SHARES = (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3)  # of the way from the old weights to the trained ones
NEAR = 5.0  # weight of the cosine beside the divergence in what stays
TOGETHER = 10  # queries at once in training
CHECKED = 5  # steps from one look at what is mended to the next
ENOUGH = 0.96  # share of the judged hits that is mended when the training ends: some flags exclude each other


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
        stays = [known.asked for known in self.known] + self._exchanged() + self._lent()
        old = embedded(self.backbone, stays)
        near = Scope(self.backbone, self.old_lessons).share(old).flatten() > 0
        self.known = [known for known, inside in zip(self.known, near, strict=False) if inside]
        self.stays = [asked for asked, inside in zip(stays, near, strict=True) if inside]
        self.old = old[near]

    def train(self, tell: Callable[[int, float], None]) -> float:
        """Train until nearly all is mended, `steps` at most, then go back as far as the judged hits allow.

        Returns the share of the way that was kept, 0 to 1; `tell` is called after each step with its number
        from 1 and loss.
        """
        config = self.config
        learned = {n: p for n, p in self.backbone.named_parameters() if p.requires_grad}
        start = {name: parameter.detach().clone() for name, parameter in learned.items()}
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
                if (step + 1) % CHECKED == 0 and self.learned() >= ENOUGH * self.judged:
                    break
        return self._step_back(learned, start)

    @property
    def judged(self) -> int:
        """How many hits were judged wrong or right."""
        return sum(len(lesson.wrong) + len(lesson.right) for lesson in self.lessons)

    def learned(self) -> int:
        """How many wrong hits are clear of the first ten, and right ones among them."""
        scores = embedded(self.backbone, [lesson.asked for lesson in self.lessons]) @ self.bank.T
        tenth = _tenth(scores, self.lessons)
        return sum(
            int((scores[row, list(lesson.wrong)] < tenth[row] - CLEAR).sum())
            + int((scores[row, list(lesson.right)] >= tenth[row]).sum())
            for row, lesson in enumerate(self.lessons)
        )

    def _step_back(self, learned: dict[str, nn.Parameter], start: dict[str, Tensor]) -> float:
        """Keep the least share of the way from `start` that does as well on the judged hits as all of it."""
        end = {name: parameter.detach().clone() for name, parameter in learned.items()}
        best, kept = self.learned(), 1.0
        for share in SHARES:
            _between(learned, start, end, share)
            if self.learned() < best:
                break
            kept = share
        _between(learned, start, end, kept)
        return kept

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
        total = self._judged([self.lessons[i] for i in chosen], judged, self.old_lessons[chosen])
        if len(replayed):
            total = total + config.stay * self._moved(replayed, self.old[again + staying])
        if config.again and again:
            known = [self.known[i] for i in again]
            total = total + config.again * self._replayed(known, replayed[: len(again)])
        return total

    def _moved(self, vectors: Tensor, old: Tensor) -> Tensor:
        """How far vectors are from the old ones: by their scores over the index, and in themselves."""
        temperature = self.config.temperature
        before = (old @ self.bank.T / temperature).log_softmax(1)
        now = (vectors @ self.bank.T / temperature).log_softmax(1)
        scores = functional.kl_div(now, before, reduction="batchmean", log_target=True)
        return scores + NEAR * (1 - (vectors * old).sum(1)).mean()

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
        loss = loss + config.keep_order * functional.kl_div(
            now, before, reduction="batchmean", log_target=True
        )
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

    def _lent(self) -> list[Asked]:
        """The judged references with replayed words: what is asked of them next must not have moved."""
        texts = [known.asked.text for known in self.known]
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


def _tenth(scores: Tensor, lessons: Sequence[Lesson]) -> Tensor:
    """The tenth best score [b] among the rows that are neither wrong nor left out."""
    others = scores.clone()
    for row, lesson in enumerate(lessons):
        others[row, [*lesson.wrong, *lesson.same, *lesson.hidden]] = -math.inf
    return others.topk(min(TEN, others.shape[1]), dim=1).values[:, -1]


def _between(
    learned: dict[str, nn.Parameter], start: dict[str, Tensor], end: dict[str, Tensor], share: float
) -> None:
    with torch.no_grad():
        for name, parameter in learned.items():
            parameter.copy_(torch.lerp(start[name], end[name], share))
