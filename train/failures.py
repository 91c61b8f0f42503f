"""What a person reads and looks at to see where hand-written texts fail: records in words, and a sheet."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.files import write_atomically
from core.requests import Request, kept, parts_met
from core.types import Garment, Hit

if TYPE_CHECKING:
    from PIL.Image import Image

    from train.answers import Answered

SHOWN = 5
"""How many hits of a failure are told of."""

_SIDE, _CAPTION, _WORDS, _GAP = 190, 62, 250, 10  # pixels of the sheet: a picture, what is under it, a text


def failures(rows: Sequence["Answered"], garments: Mapping[str, Garment]) -> list[dict[str, Any]]:
    """Every answer whose top hit does not meet the request, those with nothing in the first ten first.

    Each is {"text", "asks", "reference", "met_in_ten", "answerable", "hits"}; a hit says which garment it is
    ("id"), what that "is", what of the request it does not meet ("unmet") and which untouched fields it has
    "lost", all in words. "answerable": whether the catalogue has a right answer at all.
    """
    failed = [row for row in rows if not row.outcome.met]
    return [
        {
            "text": row.text.text,
            "asks": "; ".join(asks(row.text.request)),
            "reference": {"id": row.reference, "is": in_words(garments[row.reference])},
            "met_in_ten": row.outcome.met_in_ten,
            "answerable": row.answerable,
            "hits": [_hit(row, hit, garments) for hit in row.hits[:SHOWN]],
        }
        for row in sorted(failed, key=lambda row: row.outcome.met_in_ten)
    ]


def asks(request: Request) -> list[str]:
    """A request in words, a field each: ["colors green, olive", "remove belt"]."""
    told = {**request.edits, "add": request.add, "remove": request.remove, "keep": request.keep}
    return [f"{name} {', '.join(sorted(values))}" for name, values in told.items() if values]


def in_words(garment: Garment) -> str:
    """A garment's attributes in one line: "red, white dots maxi dress, sleeve none, neckline v, …"."""
    named = [f"{name} {getattr(garment, name)}" for name in ("sleeve", "neckline", "length", "fit")]
    shown = [part for part in named if not part.endswith("None")]
    head = f"{', '.join(garment.colors)} {garment.pattern or ''} {garment.kind}"
    return "; ".join(
        [", ".join([" ".join(head.split()), *shown]), *filter(None, [", ".join(garment.details)])]
    )


def _hit(row: "Answered", hit: Hit, garments: Mapping[str, Garment]) -> dict[str, Any]:
    return {
        "id": hit.id,
        "is": in_words(garments[hit.id]),
        "unmet": ", ".join(_unmet(row, garments[hit.id])),
        "lost": ", ".join(_lost(row, garments[hit.id], garments[row.reference])),
    }


def _unmet(row: "Answered", garment: Garment) -> list[str]:
    return [part for part, is_met in parts_met(row.text.request, garment).items() if not is_met]


def _lost(row: "Answered", garment: Garment, reference: Garment) -> list[str]:
    return [name for name, same in kept(row.text.request, reference, garment).items() if not same]


def draw_sheet(
    rows: Sequence["Answered"],
    garments: Mapping[str, Garment],
    pictures: Mapping[str, Path],
    path: Path,
    most: int = 14,
) -> None:
    """A PNG of up to `most` failed texts: reference, words, five hits with what each lacks (red) and lost.

    One failure a text, spread evenly over them; where nothing failed, the first answers.
    """
    from PIL import Image

    failed = list({row.text.text: row for row in rows if not row.outcome.met}.values()) or list(rows)
    step = max(1.0, len(failed) / most)
    chosen = [failed[int(place * step)] for place in range(min(most, len(failed)))]
    width = _GAP + (1 + SHOWN) * (_SIDE + _GAP) + _WORDS + _GAP
    height = _SIDE + _CAPTION + _GAP
    sheet = Image.new("RGB", (width, _GAP + height * len(chosen)), "white")
    for line, row in enumerate(chosen):
        _draw_row(sheet, row, garments, pictures, _GAP + line * height)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda aside: sheet.save(aside, "PNG"))


def _draw_row(
    sheet: "Image",
    row: "Answered",
    garments: Mapping[str, Garment],
    pictures: Mapping[str, Path],
    top: int,
) -> None:
    from PIL import ImageDraw, ImageFont

    draw, words, small = ImageDraw.Draw(sheet), ImageFont.load_default(16), ImageFont.load_default(12)
    _paste(sheet, pictures[row.reference], _GAP, top)
    left = _GAP + _SIDE + _GAP
    draw.multiline_text((left, top), "\n".join(textwrap.wrap(row.text.text, 30)[:7]), "black", words)
    lines = [part for line in asks(row.text.request) for part in textwrap.wrap(line, 40)[:3]]
    draw.multiline_text((left, top + 150), "\n".join(lines[:6]), "#555555", small)
    left += _WORDS + _GAP
    for hit in row.hits[:SHOWN]:
        _paste(sheet, pictures[hit.id], left, top)
        unmet = _unmet(row, garments[hit.id])
        lost = _lost(row, garments[hit.id], garments[row.reference])
        for place, (colour, line) in enumerate(
            [
                ("#b00020", f"not {', '.join(unmet)}") if unmet else ("#1b7a34", "met"),
                ("#555555", f"lost {', '.join(lost)}" if lost else "all kept"),
            ]
        ):
            text = "\n".join(textwrap.wrap(line, 31)[:2])
            draw.multiline_text((left, top + _SIDE + 2 + place * 29), text, colour, small, spacing=1)
        left += _SIDE + _GAP


def _paste(sheet: "Image", path: Path, left: int, top: int) -> None:
    from core.pictures import read_picture

    picture = read_picture(path)
    picture.thumbnail((_SIDE, _SIDE))
    sheet.paste(picture, (left + (_SIDE - picture.width) // 2, top + (_SIDE - picture.height) // 2))
