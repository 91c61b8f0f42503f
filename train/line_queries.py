"""Composed queries inside the lines of drawn garments (`core.wardrobe.lines`), worded anew each epoch.

A batch holds several queries of each of its lines: the garments of a line differ in one to three things,
so every query meets hard negatives that are wrong in just what it asks, or in what it wants kept.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.requests import Request, kept, met
from core.types import Garment
from core.wardrobe.design import Design
from core.wardrobe.lines import pairs
from core.wardrobe.records import design_of
from train.examples import Composed
from train.language import caption, word_wish
from train.negatives import QueryInfo

QUERIES = 8  # of each line in a batch
FAMILIES = 3  # a batch's lines start from so many families, so that other lines are near misses too
WORDS_ALONE = 0.1  # the share of queries without a reference: a caption finds its garment


@dataclass(frozen=True)
class Lines:
    """The lines of a train split: ids of garments, and each one's design."""

    ids: tuple[tuple[str, ...], ...]
    designs: Mapping[str, Design]

    @cached_property
    def pairs(self) -> list[list[tuple[int, int]]]:
        """Of each line the places (reference, target) that differ in one to three fields."""
        return [list(pairs([self.designs[i] for i in line])) for line in self.ids]

    @cached_property
    def by_family(self) -> dict[str, list[int]]:
        """The numbers of the lines that start from each family, those without a pair left out."""
        found: dict[str, list[int]] = {}
        for number, line in enumerate(self.ids):
            if self.pairs[number]:
                found.setdefault(self.designs[line[0]].family, []).append(number)
        return found


def lines_of(ids: Sequence[Sequence[str]], garments: Mapping[str, Garment]) -> Lines:
    """The lines of drawn garments; HemlineError where one of them is not drawn."""
    return Lines(
        tuple(tuple(line) for line in ids), {i: design_of(garments[i]) for line in ids for i in line}
    )


def line_batch(lines: Lines, size: int, rng: random.Random) -> list[Composed]:
    """A batch of `size` queries from lines of a few families, drawn and worded by `rng`."""
    names = sorted(lines.by_family)
    pool = [n for f in rng.sample(names, min(FAMILIES, len(names))) for n in lines.by_family[f]]
    count = -(-size // QUERIES)
    chosen = rng.sample(pool, count) if len(pool) >= count else rng.choices(pool, k=count)
    made = [example for number in chosen for example in _queries(lines, number, rng)]
    return made[:size]


def described(lines: Lines, photo: str, rng: random.Random) -> str:
    """A caption of a drawn garment, worded by `rng`."""
    return caption(lines.designs[photo], rng)


def _queries(lines: Lines, number: int, rng: random.Random) -> list[Composed]:
    line, places = lines.ids[number], lines.pairs[number]
    made = []
    for _ in range(QUERIES):
        i, j = rng.choice(places)
        if rng.random() < WORDS_ALONE:
            query = QueryInfo("", None, described(lines, line[j], rng), line[j])
            made.append(Composed(query, 0, 0))
            continue
        text, request = word_wish(lines.designs[line[i]], lines.designs[line[j]], rng)
        query = QueryInfo("", line[i], text, line[j])
        made.append(Composed(query, 0, 0, _also_right(lines, line, i, j, request), request))
    return made


def _also_right(lines: Lines, line: tuple[str, ...], i: int, j: int, request: Request) -> tuple[str, ...]:
    """The other garments of the line that answer as well: "darker" may have several right answers."""
    reference = lines.designs[line[i]]
    found = []
    for place, photo in enumerate(line):
        if place not in (i, j):
            design = lines.designs[photo]
            if met(request, design) and all(kept(request, reference, design).values()):
                found.append(photo)
    return tuple(found)
