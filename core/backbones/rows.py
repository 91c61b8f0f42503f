"""The rows of a batch of queries: what each shows and says, and whether that goes together."""

from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from core.errors import HemlineError

# A picture, or its features as `encode_pictures` gives them: float16 [tokens, channels].
Look = Image.Image | np.ndarray
# What a query may show: one look, several, or none.
Shown = Look | Sequence[Look] | None


def several(shown: Shown) -> list[Look | None]:
    """What a query shows as a list, of one look too."""
    if isinstance(shown, list | tuple):
        return list(shown)
    return [shown]  # type: ignore[list-item]


def present(text: str | None) -> str | None:
    """The text, or None where it is blank."""
    return text if text is not None and text.strip() else None


def refuse_other_features(look: np.ndarray, shape: tuple[int, int]) -> None:
    """HemlineError where kept features are not of the model whose features have `shape`."""
    if look.shape != shape:
        raise HemlineError(
            f"features of shape {look.shape} are not of this model (its are {shape}); encode anew"
        )


def refuse_empty(counts: Sequence[int], texts: Sequence[str | None]) -> None:
    """HemlineError for a query of no picture (`counts` says how many each has) and no words."""
    for index, (image, text) in enumerate(zip(counts, texts, strict=True)):
        if not image and present(text) is None:
            raise HemlineError(f"query {index} has neither a picture nor a text; give one or both")


def image_rows(
    features: Tensor | None, has_image: Sequence[int] | None, texts: Sequence[str | None]
) -> list[int]:
    """How many pictures each row has, after checking that it has something and that the lengths agree."""
    most = 0 if features is None else (features.shape[1] if features.ndim == 4 else 1)
    given = [most] * len(texts) if has_image is None else [int(count) for count in has_image]
    if len(given) != len(texts) or (features is not None and len(features) != len(texts)):
        rows = "no" if features is None else len(features)
        raise HemlineError(
            f"{rows} rows of features, {len(given)} flags and {len(texts)} texts do not go together"
        )
    if features is None and any(given):
        raise HemlineError("a query is said to have a picture but no features are given")
    if max(given, default=0) > most:
        raise HemlineError(f"a query is said to have {max(given)} pictures but features of {most} are given")
    refuse_empty(given, texts)
    return given


def chosen_rows(features: Tensor, given: Sequence[int]) -> Tensor:
    """The features [k, tokens, channels] of the pictures that count, query by query."""
    if features.ndim == 3:
        if all(given):
            return features
        rows = [row for row, count in enumerate(given) if count]
        return features[torch.tensor(rows, device=features.device)]
    places = torch.arange(features.shape[1], device=features.device)
    return features[places[None] < torch.tensor(given, device=features.device)[:, None]]
