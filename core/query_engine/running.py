"""The engine itself: a query's vector by ONNX Runtime instead of the model.

Queries are run one at a time. The scale of 8-bit states is that of everything a call holds, so that several
queries in one call would change each other's vectors; so, a query's vector never depends on the others.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.backbones.base import Backbone
from core.backbones.framing import to_pixels
from core.backbones.rows import Look, Shown, refuse_empty, refuse_other_features, several
from core.query_engine.card import PARTS, graph, read_card, refuse_unlike
from core.query_engine.export import refuse_without_packages
from core.query_engine.parts import carried

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class QueryEngine:
    """Answers queries as its model does, to within what its gate measured; threads may share one.

    `model` lends its prompts, tokenizer and embeddings. `whole`: it makes the vector as well; without, it
    sees pictures alone, for a model that shares all but the query side.
    """

    model: Any
    sessions: dict[str, "InferenceSession"]
    embeddings: Floats
    whole: bool = True

    def for_another_side(self) -> "QueryEngine":
        """The same for a model with another query side: what it sees of pictures is the same there."""
        return replace(self, whole=False)

    def seen(self, shown: Shown) -> Shown:
        """What a query shows with each picture as its features, float16 [positions, channels]."""
        if isinstance(shown, list | tuple):
            return [self.features(look) for look in shown]
        return None if shown is None else self.features(shown)  # type: ignore[arg-type]

    def embed_queries(self, looks: Sequence[Shown], texts: Sequence[str | None]) -> Floats:
        """Unit query vectors, float32 [n, dim]; lengths and errors are those of `Backbone.embed_queries`."""
        counts = [sum(look is not None for look in several(shown)) for shown in looks]
        refuse_empty(counts, texts)
        out = np.empty((len(texts), self.model.spec.dim), dtype=np.float32)
        for row, (shown, text) in enumerate(zip(looks, texts, strict=True)):
            pictures = [self._tokens(self.features(look)) for look in several(shown) if look is not None]
            out[row] = self._run("words", self._embedded(pictures, text))[0]
        return out

    def glimpse(self, look: Look) -> Floats:
        """What a query takes of one picture, [tokens, hidden]."""
        return self._tokens(self.features(look))[0]

    def embed_glimpses(self, glimpses: Sequence[Floats | None], texts: Sequence[str | None]) -> Floats:
        """`embed_queries` of what `glimpse` made of the looks."""
        refuse_empty([int(one is not None) for one in glimpses], texts)
        rows = [
            self._run("words", self._embedded([] if one is None else [one[None]], text))[0]
            for one, text in zip(glimpses, texts, strict=True)
        ]
        return np.stack(rows).astype(np.float32)

    def _embedded(self, pictures: Sequence[Floats], words: str | None) -> Floats:
        """The query's tokens as the decoder takes them, [1, length, hidden]."""
        seen = np.concatenate(pictures) if pictures else None  # [pictures, tokens, hidden]
        ids = np.array(self.model.query_row(len(pictures), words, seen))
        rows = self.embeddings[ids]
        if seen is not None:
            rows[ids == self.model.image_id] = seen.reshape(-1, seen.shape[-1])
        return rows[None]

    def features(self, look: Look) -> np.ndarray:
        """A picture's features, float16 [positions, channels]."""
        if isinstance(look, Image.Image):
            pixels = to_pixels([look], self.model.spec).numpy()
            return self._run("pictures", pixels)[0].astype(np.float16)
        refuse_other_features(look, self.model.feature_shape())
        return look

    def _tokens(self, features: np.ndarray) -> Floats:
        return self._run("tokens", features[None].astype(np.float32))

    def _run(self, part: str, given: np.ndarray) -> Floats:
        made: Floats = self.sessions[part].run(None, {"given": given})[0]
        return made


def open_engine(folder: Path, backbone: Backbone) -> QueryEngine:
    """The engine in `folder` for `backbone`.

    HemlineError where it was made of another model or by other libraries, is damaged, or where ONNX Runtime
    is not installed.
    """
    refuse_without_packages(("onnxruntime",))
    model = carried(backbone)
    refuse_unlike(folder, read_card(folder), model)
    return run_graphs(folder, model)


def run_graphs(folder: Path, backbone: Backbone) -> QueryEngine:
    """The engine of the graphs in `folder`, whatever its card says, on as many threads as torch has."""
    model = carried(backbone)
    sessions = {part: _session(graph(folder, part)) for part in PARTS}
    embeddings: Floats = model.model.get_input_embeddings().weight.detach().numpy()
    return QueryEngine(model, sessions, embeddings)


def _session(path: Path) -> "InferenceSession":
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = 3
    # threads that wait by spinning take the processor from everybody else
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
