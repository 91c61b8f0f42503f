"""The evaluation protocol as data: gallery, reference, caption join, leading average.

Published recalls differ by several points between these choices alone, so every result carries its protocol
and results with different protocols refuse to be compared. The rules and their sources stand in
docs/evaluation.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import HemlineError
from core.types import Triplet

GALLERIES = ("original", "val-split", "union")
REFERENCES = ("kept", "removed")
CAPTION_JOINS = ("and", "clip4cir")
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
    caption_join: "and" or "clip4cir"; see `query_text`.
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
    "closet": Protocol("closet", gallery="union", reference="removed", caption_join="and", average="micro"),
    "clip4cir": Protocol(
        "clip4cir", gallery="original", reference="kept", caption_join="clip4cir", average="macro"
    ),
}
"""Named after who uses them: Closet's README; CLIP4Cir, SPRC, BLIP4CIR and TG-CIR (retrieval section 2b)."""


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


def query_text(captions: Sequence[str], join: str) -> str:
    """One query's modification text from its captions, in annotation order.

    "and" (Closet): the captions as they are, joined by " and "; a blank caption says nothing and is left out,
    so that one wording alone reads as itself and blanks alone give "". (ReCALL joins blanks too; that
    concerns 3 of FashionIQ's 6,016 val queries and none of Closet's.)
    "clip4cir" (retrieval section 2b, to the letter): every caption stripped of the characters .?, and space
    at both ends, the first then capitalised (which lowers its other letters), joined by " and "; blank
    captions are kept as the references keep them, so that ["", "is red"] gives " and is red".
    """
    if join == "and":
        return " and ".join(caption for caption in captions if caption.strip())
    if join == "clip4cir":
        stripped = [caption.strip(".?, ") for caption in captions]
        return " and ".join([text.capitalize() for text in stripped[:1]] + stripped[1:])
    raise HemlineError(f"captions join as one of {', '.join(CAPTION_JOINS)}, not {join!r}")


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
