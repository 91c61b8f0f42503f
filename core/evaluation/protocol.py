"""The evaluation protocol as data: gallery, reference, caption join, leading average.

Published recalls differ by several points between these choices alone, so every result carries its protocol
and results with different protocols refuse to be compared. The rules and their sources stand in
docs/evaluation.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import HemlineError
from core.evaluation.joins import CAPTION_JOINS
from core.evaluation.joins import query_text as query_text
from core.types import Triplet

GALLERIES = ("original", "val-split", "union")
REFERENCES = ("kept", "removed")
AVERAGES = ("micro", "macro")
TIES = ("gallery order",)

CUTOFFS = (1, 5, 10, 50)
"""The K of every Recall@K that a result holds."""


@dataclass(frozen=True)
class Protocol:
    """How a split is evaluated. HemlineError for a value that is not among the allowed ones.

    gallery: "original" ranks a query against its own category's gallery file (FashionIQ's
        `split.CATEGORY.SPLIT.json`); "val-split" against the references and targets of its category's queries
        (VAL, CoSMo), in order of first occurrence; "union" against every category's gallery together, in
        order of categories, each photo once (Closet).
    reference: whether the query's own reference photo is "kept" in its ranking or "removed" from it.
    caption_join: what becomes of a row's captions; see `core.evaluation.joins`.
    average: what leads as a result's `metrics`: "micro" is the mean over queries, "macro" the unweighted mean
        over categories. A result holds both in any case.
    ties: equal scores rank in "gallery order" (the reference implementations sort unstably and define none).
    """

    name: str
    gallery: str
    reference: str
    caption_join: str
    average: str
    ties: str = "gallery order"

    def __post_init__(self) -> None:
        allowed = {
            "gallery": GALLERIES,
            "reference": REFERENCES,
            "caption_join": CAPTION_JOINS,
            "average": AVERAGES,
            "ties": TIES,
        }
        for field, values in allowed.items():
            value = getattr(self, field)
            if value not in values:
                one_of = ", ".join(map(repr, values))
                raise HemlineError(f"protocol {self.name!r}: {field} must be one of {one_of}, not {value!r}")

    def to_dict(self) -> dict[str, Any]:
        """The fields as a JSON object."""
        return asdict(self)


PRESETS: dict[str, Protocol] = {
    name: Protocol(name, gallery, reference, join, average)
    for name, gallery, reference, join, average in (
        ("closet", "union", "removed", "and", "micro"),
        ("clip4cir", "original", "kept", "clip4cir", "macro"),
        ("sprc", "original", "kept", "sprc", "macro"),
        ("recall", "original", "removed", "recall", "macro"),
        ("e5v", "original", "kept", "both-orders", "macro"),
        ("dqu", "val-split", "removed", "dqu", "macro"),
        ("val", "val-split", "removed", "each", "macro"),
    )
}
"""Named after who uses them, each field by its source in docs/evaluation.md: Closet's README; CLIP4Cir,
BLIP4CIR and TG-CIR; SPRC; ReCALL; E5-V; DQU-CIR by its default split; VAL."""


def preset(name: str) -> Protocol:
    """The preset of that name; HemlineError naming the known ones."""
    if name not in PRESETS:
        raise HemlineError(f"no protocol is named {name!r}; the presets are {', '.join(PRESETS)}")
    return PRESETS[name]


def from_dict(value: Mapping[str, Any]) -> Protocol:
    """The protocol a result file holds; HemlineError where a field is missing, unknown or not allowed."""
    known = {field.name for field in fields(Protocol)}
    if set(value) != known:
        wrong = sorted(known ^ set(value))
        raise HemlineError(
            f"a protocol has the fields {', '.join(sorted(known))}; wrong here: {', '.join(wrong)}"
        )
    return Protocol(**value)


def gallery_ids(
    protocol: Protocol, triplets: Iterable[Triplet], galleries: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Each category's gallery under the protocol, in ranking order; under "union" all share the same one.

    `triplets` are all the split's queries, `galleries` its gallery files by category.
    """
    if protocol.gallery == "original":
        return {category: tuple(ids) for category, ids in galleries.items()}
    if protocol.gallery == "union":
        union = tuple(dict.fromkeys(photo for ids in galleries.values() for photo in ids))
        return dict.fromkeys(galleries, union)
    seen: dict[str, dict[str, None]] = {category: {} for category in galleries}
    for triplet in triplets:
        seen[triplet.category].update(dict.fromkeys((triplet.reference, triplet.target)))
    return {category: tuple(photos) for category, photos in seen.items()}
