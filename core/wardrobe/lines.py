"""Lines of garments, as a shop has them: one design and what it also comes as.

A composed query is a step inside a line ("the same, but with long sleeves"); so a catalogue made of lines
has an answer to what people ask of its garments, and wrong answers that differ from it in one thing only.
"""

import random
from collections.abc import Collection, Iterable, Iterator, Sequence

from core.errors import HemlineError
from core.wardrobe.design import COLORS, RULES, Design, changed, sample

FIELDS = ("family", "colors", "pattern", "sleeve", "neckline", "length", "fit", "details")
"""What two designs can differ in."""

# How often a variant differs in a field, and in how many fields at once.
_WEIGHTS = {
    "family": 7, "colors": 26, "pattern": 18, "sleeve": 11, "neckline": 11, "length": 12, "fit": 8,
    "details": 24,
}  # fmt: skip
_CHANGES = {1: 0.5, 2: 0.33, 3: 0.17}


def sample_lines(
    count: int, size: int, rng: random.Random, without: Collection[Design] = ()
) -> list[list[Design]]:
    """`count` lines of `size` designs each, all different and none of `without`; each begins with its start.

    Families take turns, so that each has as many lines. Raises HemlineError for a size or count under 1.
    """
    if count < 1 or size < 1:
        raise HemlineError(f"a wardrobe needs lines and garments in them, not {count} lines of {size}")
    taken: set[Design] = set(without)
    return [line(sample(rng, list(RULES)[n % len(RULES)]), size, rng, taken) for n in range(count)]


def line(first: Design, size: int, rng: random.Random, taken: set[Design]) -> list[Design]:
    """A line that starts from `first`; no design of `taken` is used again, and the new ones join it."""
    while first in taken:
        first = sample(rng, first.family)
    taken.add(first)
    designs = [first]
    while len(designs) < size:
        # Most variants are of the first: a line is a star rather than a chain, and its garments stay alike.
        origin = first if rng.random() < 0.6 else rng.choice(designs)
        design = variant(origin, rng)
        if design is not None and design not in taken:
            taken.add(design)
            designs.append(design)
    return designs


def covering(
    lines: Iterable[Sequence[Design]], rng: random.Random, without: Collection[Design] = ()
) -> list[list[Design]]:
    """Further lines, so that every family is there in every colour of every pattern it may have.

    Each is one pattern of one family in the main colours that `lines` lack; where that is a single one, it
    comes with a second in the same colour, as a line has two garments or more. No design is one of `without`.
    """
    there = {(d.family, d.pattern, d.colors[0]) for line in lines for d in line}
    found = []
    for family, rules in RULES.items():
        for pattern in rules.patterns:
            colors = [color for color in COLORS if (family, pattern, color) not in there]
            wanted = colors * 2 if len(colors) == 1 else colors
            designs: list[Design] = []
            while len(designs) < len(wanted):
                design = sample(rng, family)
                color = wanted[len(designs)]
                second = [c for c in design.colors if c != color]
                made = changed(design, rng, pattern=pattern, colors=(color, *second))
                if made not in designs and made not in without:
                    designs.append(made)
            if designs:
                found.append(designs)
    return found


def variant(design: Design, rng: random.Random) -> Design | None:
    """The design with one to three fields drawn anew; None where that came to nothing."""
    (wanted,) = rng.choices(list(_CHANGES), list(_CHANGES.values()))
    values: dict[str, object] = {}
    while len(values) < wanted:
        (field,) = rng.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
        if field not in values:
            values[field] = _another(design, field, rng)
    try:
        made = changed(design, rng, **{field: value for field, value in values.items() if value is not None})
    except HemlineError:
        return None
    return made if made != design else None


def differences(one: Design, other: Design) -> tuple[str, ...]:
    """The fields of `FIELDS` in which two designs differ, where both have them; colours by the main one."""
    return tuple(field for field in FIELDS if _differ(one, other, field))


def pairs(designs: list[Design], most: int = 3) -> Iterator[tuple[int, int]]:
    """The ordered pairs (reference, target) of a line that differ in one to `most` fields."""
    for i, reference in enumerate(designs):
        for j, target in enumerate(designs):
            if i != j and 1 <= len(differences(reference, target)) <= most:
                yield i, j


def _differ(one: Design, other: Design, field: str) -> bool:
    a, b = getattr(one, field), getattr(other, field)
    if field == "colors":
        return bool(a[0] != b[0])
    if field == "details":
        return set(a) - {"hood"} != set(b) - {"hood"}  # a hood is told of as a neckline
    return a is not None and b is not None and a != b


def _another(design: Design, field: str, rng: random.Random) -> object:
    rules = RULES[design.family]
    if field == "family":
        return rng.choice([f for f in RULES if f != design.family])
    if field == "colors":
        main = rng.choice([c for c in COLORS if c not in design.colors])
        return (main, *design.colors[1:])
    if field == "details":
        return _other_details(design, rng)
    values = {
        "pattern": rules.patterns, "sleeve": rules.sleeves, "neckline": rules.necklines,
        "length": rules.lengths, "fit": rules.fits,
    }[field]  # fmt: skip
    left = [v for v in values if v != getattr(design, field)]
    return rng.choice(left) if left else None


def _other_details(design: Design, rng: random.Random) -> tuple[str, ...]:
    """One detail more, one less, or one for another."""
    has = [d for d in design.details if d != "hood"]
    lacks = [d for d in RULES[design.family].details if d not in design.details and d != "hood"]
    kept = list(has)
    move = rng.choice(("more", "less", "swap")) if has else "more"
    if move in ("less", "swap"):
        kept.remove(rng.choice(has))
    if move in ("more", "swap") and lacks:
        kept.append(rng.choice(lacks))
    return (*kept, *(("hood",) if "hood" in design.details else ()))
