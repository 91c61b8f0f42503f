"""A design as a garment's record, in the words of Closet's garments."""

from core.errors import HemlineError
from core.families import family_of
from core.types import Garment
from core.wardrobe.design import Design, check

_CATEGORY = {
    "dress": "dress", "shirt": "shirt", "t-shirt": "toptee", "sweater": "toptee", "hoodie": "toptee",
    "jacket": "outerwear", "coat": "outerwear", "skirt": "bottoms", "trousers": "bottoms", "shorts":
    "bottoms",
}  # fmt: skip


def garment_of(design: Design, id_: str, split: str, caption: str) -> Garment:
    """The record of a drawn garment; `fabric` is given where the pattern shows it."""
    fabric = {"denim": "denim"}.get(design.pattern)
    if fabric is None and design.family == "sweater":
        fabric = "knit"
    return Garment(
        id=id_, split=split, category=_CATEGORY[design.family], kind=kind_of(design), colors=design.colors,
        pattern=design.pattern, sleeve=design.sleeve, neckline=design.neckline, length=design.length,
        fit=design.fit, fabric=fabric, details=design.details, caption=caption,
    )  # fmt: skip


def kind_of(design: Design) -> str:
    """The kind as Closet would name it (`core.vocabulary.KINDS`), of the design's family."""
    denim = design.pattern == "denim"
    if design.family == "dress":
        if denim:
            return "denim dress"
        return {"a-line": "a-line dress", "fitted": "sheath dress", "straight": "shift dress",
                "flared": "swing dress"}.get(design.fit, "dress")  # fmt: skip
    if design.family == "skirt":
        if denim:
            return "denim skirt"
        if "pleats" in design.details:
            return "pleated skirt"
        return {"a-line": "a-line skirt", "fitted": "pencil skirt", "flared": "skater skirt"}.get(
            design.fit, "straight skirt"
        )
    if design.family == "shirt":
        if denim:
            return "denim shirt"
        return "button-up shirt" if design.neckline == "collar" else "blouse"
    if design.family == "t-shirt":
        if design.neckline == "polo":
            return "long-sleeve polo shirt" if design.sleeve == "long" else "polo shirt"
        return {"none": "tank top", "long": "long-sleeve t-shirt"}.get(str(design.sleeve), "t-shirt")
    if design.family == "sweater":
        return "cardigan" if {"buttons", "zip"} & set(design.details) else "sweater"
    if design.family == "jacket":
        if denim:
            return "denim jacket"
        return "blazer" if design.neckline == "lapel" else "jacket"
    if denim and design.family in ("trousers", "shorts"):
        return {"trousers": "jeans", "shorts": "denim shorts"}[design.family]
    return design.family


def design_of(garment: Garment) -> Design:
    """The design of a drawn garment's record; HemlineError where the record is of none that can be drawn."""
    family, pattern, length, fit = family_of(garment.kind), garment.pattern, garment.length, garment.fit
    if family is None or pattern is None or length is None or fit is None:
        raise HemlineError(f"{garment.id} is not a drawn garment: its record lacks what every design has")
    return check(
        Design(
            family, garment.colors, pattern, garment.sleeve, garment.neckline, length, fit, garment.details
        )
    )
