"""Giving the index of a catalogue a fast one: built, tuned to a recall and saved beside it."""

import shutil
from pathlib import Path

from core.errors import HemlineError
from core.index import load_card, map_index
from core.indexes.family import build_family
from core.indexes.saved import FAST_FOLDER, FastCard, load_fast_card, save_fast
from core.indexes.settings import chosen, default_settings
from core.indexes.tuning import tuned
from core.staging import locked


def tune(
    index: Path, kind: str | None = None, recall: float = 0.98, memory: int | None = None
) -> FastCard | None:
    """Build a fast index of `kind` (None: by the size) in the index folder, tuned to `recall` at ten.

    `memory`, in bytes, is what it may take, where no kind is named. None where search stays exact: an older
    fast index is then removed. An older one stands until the new one is whole. HemlineError for an unknown
    kind, a recall that is not above 0 and at most 1, and a folder that is no index.
    """
    if not 0 < recall <= 1:
        raise HemlineError(f"--recall must be above 0 and at most 1; it is {recall}")
    if memory is not None and (memory <= 0 or kind is not None):
        raise HemlineError(
            "--memory is a number of MiB above 0, and chooses the kind: give it without --kind"
        )
    card = load_card(index)
    settings = default_settings(kind or chosen(card.count, card.dim, memory), card.count)
    with locked(index):
        if settings.kind == "exact":
            shutil.rmtree(index / FAST_FOLDER, ignore_errors=True)
            return None
        mapped = map_index(index)
        found = tuned(build_family(mapped.vectors, settings), recall)
        save_fast(
            found.family,
            index,
            mapped.card.fingerprint,
            (recall, found.recall, found.filtered_recall, card.count),
        )
    return load_fast_card(index)
