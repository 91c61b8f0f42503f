"""Negative words: what is not wanted, and whether a garment has it on record."""

import re
from collections.abc import Iterable
from functools import lru_cache

from core.requests import Request, details_of, traits
from core.types import Garment
from core.wishes import read_wish


def parts_of(without: str) -> list[str]:
    """The things that negative words name one after the other, without articles."""
    parts = [part.strip() for part in re.split(r"[,;/]|\band\b|\bor\b", without.lower())]
    return [re.sub(r"^(a|an|the|any) ", "", part) for part in parts if part]


@lru_cache(256)  # each hit of an answer is compared with the same words; the dict must not be changed
def read_unwanted(without: str) -> dict[str, Request]:
    """What the negative words name, as far as the lexicon of `core.wishes` reads them, by `parts_of`."""
    requests = {part: read_wish(part).request for part in parts_of(without)}
    return {part: request for part, request in requests.items() if request.edits or request.add}


def has_unwanted(unwanted: Iterable[Request], garment: Garment | None) -> bool:
    """Whether the garment has, on record, all that one of the requests names."""
    if garment is None:
        return False
    has, details = traits(garment), details_of(garment)
    return any(
        all(has[name] in values for name, values in request.edits.items()) and request.add <= details
        for request in unwanted
    )
