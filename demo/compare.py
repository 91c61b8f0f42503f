"""Two sides beside each other: on one query, and over all queries on file."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from core.errors import HemlineError
from core.evaluation.selection import contrast, figures, moves
from core.search import search
from core.types import Hit
from demo.answering import answered, folder_of, is_answered, needs, queries_on_file
from demo.catalogues import Catalogues, service_of
from demo.guarding import known_targets
from demo.service import Service, shown
from demo.sides import Side, side_of, sides
from demo.uploads import uploaded_bytes

SHOWN = 12
LOOKED_AT = 100  # hits in which the other side's garments are looked for
BANDS = (1, 5, 10, 50, 200)  # the last rank of each band but the last


def compare_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Both sides' answers to one query, or without a query what can be compared.

    `wish` has "catalogue", "first" and "second" (names of sides), and of the query "reference_id" or "upload"
    (a path of the server's uploads) and "text". Answers {"sides": [{"name", "label"}], "first", "second":
    {"name", "label", "hits"}, "targets": ids that are known to be meant, "problem"}; a hit is a garment as
    shown with "rank", "score" and "other", its rank on the other side, None beyond LOOKED_AT.
    """
    page: dict[str, Any] = {}
    try:
        service = service_of(catalogues, wish.get("catalogue"))
        found = sides(catalogues, service.name)
        page["sides"] = [{"name": side.name, "label": side.label} for side in found]
        chosen = _chosen(catalogues, service, wish, found)
        page |= {place: {"name": side.name, "label": side.label} for place, side in chosen.items()}
        text = str(wish.get("text") or "").strip()
        reference, upload = wish.get("reference_id") or None, wish.get("upload") or None
        if not (text or reference or upload):
            return page | {"problem": ""}
        picture = uploaded_bytes(str(upload)) if upload and not reference else None
        ranked = {place: _hits(side, reference, picture, text) for place, side in chosen.items()}
        for place, other in (("first", "second"), ("second", "first")):
            ranks = {hit.id: hit.rank for hit in ranked[other]}
            page[place]["hits"] = [
                shown(service, hit.id) | {"rank": hit.rank, "score": hit.score, "other": ranks.get(hit.id)}
                for hit in ranked[place][:SHOWN]
            ]
        asked = {"reference_id": reference, "reference_hash": None, "text": text}
        return page | {"targets": known_targets(service, asked, ()), "problem": ""}
    except HemlineError as error:
        return page | {"problem": str(error)}


def compare_batch_page(catalogues: Catalogues, wish: Mapping[str, Any]) -> dict[str, Any]:
    """Both sides over all queries on file: {"first", "second": recalls, "contrast", "bands", "moves"}.

    Where a side has not answered them yet: {"needs": its name, "label", "queries", "job"}. `wish` has
    "catalogue", "first" and "second".
    """
    try:
        service = service_of(catalogues, wish.get("catalogue"))
        chosen = _chosen(catalogues, service, wish, sides(catalogues, service.name))
        queries, folder = len(queries_on_file(service).task.queries), folder_of(catalogues)
        for side in chosen.values():
            if not is_answered(side, folder):
                return needs(side, folder) | {"label": side.label}
        first, second = (answered(side, folder) for side in chosen.values())
        if first is None or second is None:
            raise HemlineError("an answer was cleared away just now; open this again")
        rows = np.arange(len(first.ranks))
        return {
            **{
                place: {name: asdict(share) for name, share in figures(facts, rows).items()}
                for place, facts in (("first", first), ("second", second))
            },
            "contrast": asdict(contrast(second, first, rows)),
            "bands": _bands(),
            "moves": moves(second, first, rows, BANDS).tolist(),
            "queries": queries,
            "problem": "",
        }
    except HemlineError as error:
        return {"problem": str(error)}


def _chosen(
    catalogues: Catalogues, service: Service, wish: Mapping[str, Any], found: Sequence[Side]
) -> dict[str, Side]:
    """The two sides that are wanted; without a wish what answers now, and the next one."""
    first = side_of(catalogues, service.name, wish.get("first") or found[0].name)
    others = [side for side in found if side.name != first.name]
    second = side_of(catalogues, service.name, wish.get("second") or others[0].name)
    return {"first": first, "second": second}


def _hits(side: Side, reference: str | None, picture: bytes | None, text: str) -> list[Hit]:
    has_picture = bool(reference or picture) and side.modality != "text"
    words = text if side.modality != "image" else ""
    if not has_picture and not words:
        lacking = "words" if side.modality == "text" else "picture"
        raise HemlineError(f"“{side.label}” has nothing to go by: the query has no {lacking}")
    return search(
        side.searcher,
        reference_id=reference if has_picture else None,
        reference_image=picture if has_picture else None,
        text=words,
        top_k=LOOKED_AT,
    )


def _bands() -> list[str]:
    starts = [1, *(bound + 1 for bound in BANDS)]
    ends = [*BANDS, None]
    return [
        str(start) if start == end else f"{start} to {end}" if end else f"over {start - 1}"
        for start, end in zip(starts, ends, strict=True)
    ]
