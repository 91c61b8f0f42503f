"""What every backbone does alike: pictures to features, batching, unit vectors, what trains, fingerprints."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from core.backbones.framing import Frames, framed, normalised
from core.backbones.padding import steady
from core.backbones.rows import Look, Shown, chosen_rows, image_rows, refuse_other_features, several
from core.backbones.scope import Scope
from core.backbones.spec import Spec
from core.backbones.tensors import tensors_fingerprint
from core.backbones.vision import Vision
from core.errors import HemlineError

if TYPE_CHECKING:
    from core.query_engine.running import QueryEngine

BATCH = 32
# Which adapter is on is the model's state, so threads (the app has several) embed one after the other.
_ONE_AT_A_TIME = threading.RLock()


class Backbone(nn.Module, ABC):
    """Pictures and words in, unit vectors out.

    The NumPy methods (`encode_pictures`, `embed_*`, `caption`) run without gradients; the tensor methods
    (`query_vectors`, `target_vectors`, `text_vectors`) are differentiable and take features, not pictures.
    """

    def __init__(self, spec: Spec, tokenizer: PreTrainedTokenizerBase) -> None:
        super().__init__()
        self.spec = spec
        self.tokenizer = tokenizer
        # of a refined query side (`core.backbones.query_side`): where it applies; None: everywhere
        self.scope: Scope | None = None
        # answers queries in this model's stead, faster and nearly alike (`core.query_engine`); targets never
        self.engine: QueryEngine | None = None

    @property
    @abstractmethod
    def query_parts(self) -> tuple[str, ...]:
        """The parts whose training leaves every target vector as it is, bit for bit."""

    @property
    @abstractmethod
    def tower(self) -> Vision:
        """The vision tower, in its frozen front and its trainable back."""

    @abstractmethod
    def seen(self, features: Tensor) -> Tensor:
        """What a query takes of pictures: features [k, tokens, channels] to [k, ...], a picture a row.

        It is the same for every query side of a model (`core.backbones.query_side`).
        """

    @abstractmethod
    def asked_vectors(self, seen: Tensor | None, given: Sequence[int], texts: Sequence[str | None]) -> Tensor:
        """`query_vectors` of what `seen` makes of the pictures, query by query, of which each has `given`."""

    @abstractmethod
    def target_vectors(self, features: Tensor) -> Tensor:
        """Unit target vectors [n, dim] of features [n, tokens, channels]."""

    @abstractmethod
    def parts(self) -> dict[str, list[nn.Parameter]]:
        """The trainable parts by name; a parameter is in one part at most."""

    @abstractmethod
    def target_fingerprint(self) -> str:
        """Changes whenever some target vector could: what an index records."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Write weights, configurations and tokenizer into the empty `folder` (not hemline.json)."""

    def query_vectors(
        self, features: Tensor | None, has_image: Sequence[int] | None, texts: Sequence[str | None]
    ) -> Tensor:
        """Unit query vectors [n, dim].

        `features` [n, tokens, channels] holds a row for every query; `has_image` says which of them count
        (None: all; without features none does). With several pictures a query, `features` are
        [n, pictures, tokens, channels] and `has_image` how many of each row count, the first ones. A text
        that is None or blank is left out. Raises HemlineError for a query with neither, for a text over
        `spec.max_text_tokens`, and for several pictures where the model takes one.
        """
        given = image_rows(features, has_image, texts)
        shown = None if features is None or not any(given) else chosen_rows(features, given)
        return self.asked_vectors(None if shown is None else self.seen(shown), given, texts)

    def text_vectors(self, texts: Sequence[str]) -> Tensor:
        """Unit vectors [n, dim] of texts alone."""
        return self.query_vectors(None, None, texts)

    def caption(self, looks: Sequence[Look], max_words: int = 24) -> list[str]:
        """A caption for each look; HemlineError where the backbone cannot."""
        raise HemlineError(f"a model of kind {self.spec.kind} writes no captions; use one of kind mllm")

    @property
    def pad_id(self) -> int:
        """The tokenizer's padding token."""
        return int(self.tokenizer.pad_token_id)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def steady(self) -> bool:
        """Whether a query's vector is computed so that it is bit for bit the same in any batch.

        That holds on a CPU with one thread (`core.backbones.padding`); a GPU is better filled otherwise.
        """
        return self.device.type == "cpu" and torch.is_inference_mode_enabled()

    def feature_shape(self) -> tuple[int, int]:
        """Tokens and channels of one picture's features."""
        return self.tower.feature_shape()

    def train_only(self, names: Collection[str]) -> list[nn.Parameter]:
        """Give the gradient to the named parts and to nothing else; the parameters that now train."""
        parts = self.parts()
        unknown = sorted(set(names) - parts.keys())
        if unknown:
            raise HemlineError(f"no part named {', '.join(unknown)}; this model has {', '.join(parts)}")
        self.requires_grad_(False)
        chosen = [parameter for name in parts if name in names for parameter in parts[name]]
        for parameter in chosen:
            parameter.requires_grad_(True)
        return chosen

    @property
    def at_once(self) -> int:
        """How many pictures a build gives the tower at once: on a CPU one, unless it gains by more."""
        return BATCH if self.device.type != "cpu" else getattr(self.tower, "at_once", 1)

    def encode_pictures(self, pictures: Sequence[Image.Image]) -> np.ndarray:
        """The frozen tower's features, float16 [n, tokens, channels].

        On a CPU the tower sees one picture at a time, so that a picture's features never depend on those
        beside it, which rounding to float16 would make visible.
        """
        at_once = 1 if self.device.type == "cpu" else BATCH
        out = np.empty((len(pictures), *self.feature_shape()), dtype=np.float16)
        for start in range(0, len(pictures), at_once):
            some = pictures[start : start + at_once]
            out[start : start + len(some)] = self.encode_frames(
                np.stack([framed(picture, self.spec) for picture in some])
            )
        return out

    def encode_frames(self, frames: Frames) -> np.ndarray:
        """The features of squares as `framed` gives them, all at once; any thread may call."""
        with torch.inference_mode():
            pixels = normalised(frames, self.spec, self.device)
            return self.tower.front(pixels).half().cpu().numpy()

    def embed_queries(self, looks: Sequence[Shown], texts: Sequence[str | None]) -> np.ndarray:
        """Unit query vectors, float32 [n, dim], of looks and texts of which either may be None in a row.

        A row may be a list of several looks where the backbone takes them (HemlineError where not).
        """
        if len(looks) != len(texts):
            raise HemlineError(
                f"{len(looks)} pictures and {len(texts)} texts; give as many of each, None for none"
            )
        if (engine := self.engine) is not None:
            if engine.whole:
                return engine.embed_queries(looks, texts)
            looks = [engine.seen(shown) for shown in looks]
        out = np.empty((len(looks), self.spec.dim), dtype=np.float32)
        by_length = list(range(len(texts)))
        if len(texts) > BATCH:  # of like length in a batch, little is padding
            by_length.sort(key=lambda row: len(texts[row] or ""))
        with self._evaluating():
            for start in range(0, len(looks), BATCH):
                rows = by_length[start : start + BATCH]
                features, counts = self._shown([looks[row] for row in rows])
                vectors = self.scoped_vectors(features, counts, [texts[row] for row in rows])
                out[rows] = vectors.float().cpu().numpy()
        return out

    @property
    def eyes(self) -> str:
        """By what pictures are seen: the model, or what answers in its stead."""
        engine = self.engine
        return "model" if engine is None else "engine" if engine.whole else "engine's features"

    def glimpse(self, look: Look) -> np.ndarray:
        """What a query takes of one picture, float32, computed for it alone: for `embed_glimpses`.

        Threads may do it at once, beside anything else. It goes with this model's `eyes` alone.
        """
        if (engine := self.engine) is not None:
            if engine.whole:
                return engine.glimpse(look)
            look = engine.features(look)
        with torch.inference_mode() if not self.training else self._evaluating():
            features = self._features([look])
            assert features is not None
            return self.seen(features)[0].float().cpu().numpy()

    def embed_glimpses(
        self, glimpses: Sequence[np.ndarray | None], texts: Sequence[str | None]
    ) -> np.ndarray:
        """`embed_queries` of what `glimpse` made of the looks, at once however many there are."""
        if (engine := self.engine) is not None and engine.whole:
            return engine.embed_glimpses(glimpses, texts)
        shown = [one for one in glimpses if one is not None]
        with self._evaluating():
            own = next(self.parameters()).dtype
            seen = torch.from_numpy(np.stack(shown)).to(self.device, own) if shown else None
            given = [int(one is not None) for one in glimpses]
            return self._scoped(seen, given, texts).float().cpu().numpy()

    def scoped_vectors(
        self, features: Tensor | None, has_image: Sequence[int] | None, texts: Sequence[str | None]
    ) -> Tensor:
        """`query_vectors` as they answer: where there is a scope, of this side only inside it."""
        given = image_rows(features, has_image, texts)
        shown = None if features is None or not any(given) else chosen_rows(features, given)
        return self._scoped(None if shown is None else self.seen(shown), given, texts)

    def _scoped(self, seen: Tensor | None, given: Sequence[int], texts: Sequence[str | None]) -> Tensor:
        if self.scope is None:
            return self.asked_vectors(seen, given, texts)
        vectors = self.scope.outside.asked_vectors(seen, given, texts).clone()
        inside = self._product(self.scope.share, vectors).flatten().nonzero().flatten().tolist()
        if inside:
            starts = [0, *accumulate(given)]
            places = [place for row in inside for place in range(starts[row], starts[row + 1])]
            shown = None if seen is None or not places else seen[places]
            refined = self.asked_vectors(
                shown, [given[row] for row in inside], [texts[row] for row in inside]
            )
            both = torch.cat([vectors[inside], refined], dim=1)
            vectors[inside] = self._product(self._mixed, both)
        return vectors

    def _mixed(self, both: Tensor) -> Tensor:
        """What is answered, of the vectors outside a scope and inside it side by side, [n, 2 dim]."""
        assert self.scope is not None
        return self.scope.mixed(*both.chunk(2, dim=1))

    def _product(self, product: Callable[[Tensor], Tensor], rows: Tensor) -> Tensor:
        """`product` of `rows` [n, k]; in an answer, so that a row's result is the same in any batch."""
        return steady(product, rows) if self.steady else product(rows)

    def embed_targets(self, looks: Sequence[Look]) -> np.ndarray:
        """Unit target vectors, float32 [n, dim]."""
        out = np.empty((len(looks), self.spec.dim), dtype=np.float32)
        with self._evaluating():
            for start in range(0, len(looks), BATCH):
                features = self._features(looks[start : start + BATCH])
                assert features is not None
                out[start : start + len(features)] = self.target_vectors(features).float().cpu().numpy()
        return out

    def tower_fingerprint(self) -> str:
        """Of what `encode_pictures` depends on."""
        spec = self.spec
        facts = (self.feature_shape(), spec.image_size, spec.framing, spec.mean, spec.std)
        return tensors_fingerprint(self.tower.front_tensors(), *facts)

    def _shown(self, looks: Sequence[Shown]) -> tuple[Tensor | None, list[int]]:
        """The features of each row's looks, with an axis for several where a row has them, and how many."""
        rows = [several(look) for look in looks]
        counts = [sum(look is not None for look in row) for row in rows]
        most = max(counts, default=0)
        if most <= 1:
            return self._features([next((k for k in row if k is not None), None) for row in rows]), counts
        flat: list[Look | None] = []
        for row in rows:
            given = [look for look in row if look is not None]
            flat += [*given, *([None] * (most - len(given)))]
        features = self._features(flat)
        assert features is not None
        return features.unflatten(0, (len(rows), most)), counts

    def _features(self, looks: Sequence[Look | None]) -> Tensor | None:
        """Features [n, tokens, channels], zeros where a look is None; None when no look is given."""
        if all(look is None for look in looks):
            return None
        shape = self.feature_shape()
        rows = np.zeros((len(looks), *shape), dtype=np.float16)
        pictures: dict[int, Image.Image] = {}
        for index, look in enumerate(looks):
            if isinstance(look, Image.Image):
                pictures[index] = look
            elif look is not None:
                refuse_other_features(look, shape)
                rows[index] = look
        if pictures:
            rows[list(pictures)] = self.encode_pictures(list(pictures.values()))
        return torch.from_numpy(rows).to(self.device)

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        with _ONE_AT_A_TIME:
            training = self.training
            if training:  # walking the modules takes a millisecond, much for a single query
                self.eval()
            try:
                with torch.inference_mode():
                    yield
            finally:
                if training:
                    self.train()


def unit(vectors: Tensor) -> Tensor:
    """Rows of length 1, in float32."""
    return functional.normalize(vectors.float(), dim=-1)
