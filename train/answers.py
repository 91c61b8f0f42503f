"""Hand-written texts put to garments of a catalogue: the hits, what they are worth, what could be had."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.errors import HemlineError
from core.evaluation.preservation import Outcome, outcome
from core.requests import HandText, Request, kept, met
from core.types import Garment, Hit
from train.references import References, draw_references

REFERENCES = 5
"""How many garments a text is put to."""

Search = Callable[[str, str], list[Hit]]


@dataclass(frozen=True)
class Answered:
    """One text put to one reference: its first hits, what they are worth, and what could have been had.

    answerable: whether the catalogue, less the reference, has a garment that meets the request; best_kept:
    of those the greatest share of untouched fields kept, 0 to 1, None where there is none.
    """

    text: HandText
    source: str
    reference: str
    hits: tuple[Hit, ...]
    outcome: Outcome
    answerable: bool
    best_kept: float | None


def answer_all(
    texts: Mapping[str, Sequence[HandText]],
    garments: Mapping[str, Garment],
    search: Search,
    references: int = REFERENCES,
    seed: int = 0,
) -> tuple[list[Answered], dict[str, References]]:
    """Put every text, by the file it is of, to its references; `search(id, text)` gives ten hits or fewer.

    `garments` is the catalogue. The hits must not hold the reference. Also returns what was drawn for each
    text. Raises HemlineError where a text stands twice, and where not one can be put to any garment.
    """
    from tqdm import tqdm

    drawn: dict[str, References] = {}
    rows: list[Answered] = []
    every = [(source, text) for source, found in texts.items() for text in found]
    for source, text in tqdm(every, desc="texts", file=sys.stderr, mininterval=1.0):
        if text.text in drawn:
            raise HemlineError(f"{source} holds the text {text.text!r} again; each may stand once")
        drawn[text.text] = draw_references(text, garments, references, seed)
        right = [garment for garment in garments.values() if met(text.request, garment)]
        for id_ in drawn[text.text].ids:
            hits = tuple(search(id_, text.text))
            found = outcome(text.request, garments[id_], [garments[hit.id] for hit in hits])
            best = _best_kept(text.request, garments[id_], right)
            rows.append(Answered(text, source, id_, hits, found, best is not None, best))
    if not rows:
        raise HemlineError("no text can be put to any garment of this catalogue; give another catalogue")
    return rows, drawn


def _best_kept(request: Request, reference: Garment, right: Sequence[Garment]) -> float | None:
    """The greatest share of untouched fields that a right answer keeps; None where there is none."""
    shares_kept = [
        sum(same.values()) / len(same)
        for garment in right
        if garment.id != reference.id
        for same in [kept(request, reference, garment)]
    ]
    return max(shares_kept, default=None)
