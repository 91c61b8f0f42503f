"""Draws a split of Wardrobe: garments in lines, their pictures, captions and composed queries.

    python -m train.wardrobe --out data/wardrobe-train --split train --lines 1500
    python -m train.wardrobe --out data/wardrobe-val --split val --lines 200 --queries 2000
    python -m train.wardrobe --out data/wardrobe-shop --split shop --cover --without data/wardrobe-val
    python -m train.wardrobe --out data/hand --split val --lines 100 --texts changes.jsonl

The folder is in FashionIQ's layout, with garments.jsonl, `lines.json` and `requests/`: what exactly each
query asks for. "shop" is the catalogue that ships: what people judge there may be trained on, so it is drawn
without the designs of what is measured on. With `--texts` the queries are hand-written ones instead: a
reference is drawn for each, and a garment that answers it. The same arguments give the same folder.
"""

import argparse
import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.cli import entry
from core.errors import HemlineError
from core.requests import HandText, Request, fits, kept, met, read_requests
from core.wardrobe.design import RULES, Design, changed, sample
from core.wardrobe.lines import covering, line, pairs, sample_lines

TRIES = 400  # to draw a garment that is as a hand text wants it


@dataclass(frozen=True)
class Drawn:
    """A garment to draw: its id, what it is, and the seed of its shades, pose and light."""

    id: str
    design: Design
    seed: int


@dataclass(frozen=True)
class Query:
    """A composed query over drawn garments: ids, the words, and what exactly they ask for."""

    reference: str
    target: str
    text: str
    request: Request


@dataclass(frozen=True)
class Wardrobe:
    """A split to be drawn: its garments in lines, and its queries."""

    lines: tuple[tuple[Drawn, ...], ...]
    queries: tuple[Query, ...]


def plan(
    split: str,
    lines: int,
    size: int,
    queries: int,
    seed: int,
    without: Collection[Design] = (),
    cover: bool = False,
) -> Wardrobe:
    """Lines of garments, none of `without`, and `queries` queries inside them worded by `train.language`.

    With `cover` there are further lines (of none of `without` either), in which every family comes in every
    colour of every pattern; the rest is as without.

    References are drawn evenly over the lines. HemlineError where no line has two garments a few changes
    apart.
    """
    from train.language import word_wish

    rng = random.Random(f"wardrobe-{split}-{seed}")
    drawn = _named(sample_lines(lines, size, rng, without), split, rng)
    steps = [list(pairs([d.design for d in garments])) for garments in drawn]
    usable = [number for number, found in enumerate(steps) if found]
    if queries and not usable:
        raise HemlineError(f"lines of {size} garments hold no two to ask between; make them larger")
    asked: dict[tuple[str, str], Query] = {}
    order = rng.sample(usable, len(usable))
    for turn in range(20 * queries):
        if len(asked) == queries:
            break
        number = order[turn % len(order)]
        i, j = rng.choice(steps[number])
        reference, target = drawn[number][i], drawn[number][j]
        if (reference.id, target.id) not in asked:
            text, request = word_wish(reference.design, target.design, rng)
            asked[reference.id, target.id] = Query(reference.id, target.id, text, request)
    if cover:
        own = random.Random(f"cover-{split}-{seed}")
        more = covering([[one.design for one in garments] for garments in drawn], own, without)
        drawn += _named(more, split, own, first=len(drawn))
    return Wardrobe(tuple(drawn), tuple(asked.values()))


def plan_hand(texts: Sequence[HandText], split: str, lines: int, size: int, seed: int) -> Wardrobe:
    """For each hand text a line of a reference it fits and a garment that answers it; other lines beside.

    The answer has one satisfying value of each edit, the details added and removed, and all else as in the
    reference. HemlineError names a text for which no such pair can be drawn.
    """
    rng = random.Random(f"hand-{split}-{seed}")
    found = [_answered(text, rng) for text in texts]
    taken = {design for pair in found for design in pair}
    rest = [line(sample(rng, list(RULES)[n % len(RULES)]), size, rng, taken) for n in range(lines)]
    drawn = _named([*map(list, found), *rest], split, rng)
    queries = [
        Query(drawn[number][0].id, drawn[number][1].id, text.text, text.request)
        for number, text in enumerate(texts)
    ]
    return Wardrobe(tuple(drawn), tuple(queries))


def _named(
    lines: Sequence[Sequence[Design]], split: str, rng: random.Random, first: int = 0
) -> list[tuple[Drawn, ...]]:
    return [
        tuple(
            Drawn(f"{split}-{number:04d}{chr(97 + place)}", design, rng.randrange(2**31))
            for place, design in enumerate(designs)
        )
        for number, designs in enumerate(lines, first)
    ]


def _answered(text: HandText, rng: random.Random) -> tuple[Design, Design]:
    """A reference that the text fits and is not met by, and what answers it."""
    families = sorted(text.reference.get("kind", frozenset(RULES)))
    for _ in range(TRIES):
        try:
            reference = _with(sample(rng, rng.choice(families)), text.reference, rng)
            target = _edited(reference, text.request, rng)
        except HemlineError:
            continue
        right = fits(text.reference, reference) and not met(text.request, reference)
        if right and met(text.request, target) and all(kept(text.request, reference, target).values()):
            return reference, target
    raise HemlineError(f"no garments can be drawn for {text.text!r}; look at its reference and its edits")


def _with(design: Design, wanted: Mapping[str, frozenset[str]], rng: random.Random) -> Design:
    """The design with one of the wanted values of each field, and all the wanted details."""
    return _edited(design, Request({k: v for k, v in wanted.items() if k != "details"},
                                   wanted.get("details", frozenset())), rng)  # fmt: skip


def _edited(design: Design, request: Request, rng: random.Random) -> Design:
    values: dict[str, object] = {}
    for field, satisfying in request.edits.items():
        value = rng.choice(sorted(satisfying))
        if field == "kind":
            values["family"] = value
        elif field == "colors":
            values["colors"] = (value, *(c for c in design.colors[1:] if c != value))
        else:
            values[field] = value
    if request.add or request.remove:
        values["details"] = tuple((set(design.details) - request.remove) | request.add)
    return changed(design, rng, **values)


def main() -> None:
    """Command line: plan a split, draw it, write it."""
    parser = argparse.ArgumentParser(
        prog="python -m train.wardrobe", description="Draw a split of Wardrobe in FashionIQ's layout."
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder to write")
    parser.add_argument("--split", choices=["train", "val", "test", "shop"], required=True)
    parser.add_argument("--lines", type=int, default=200, help="lines of garments (200)")
    parser.add_argument("--size", type=int, default=6, help="garments a line (6)")
    parser.add_argument("--queries", type=int, default=2000, help="composed queries (2000)")
    parser.add_argument(
        "--texts",
        type=Path,
        nargs="+",
        help="hand-written texts as the queries, in the form of changes.jsonl",
    )
    parser.add_argument(
        "--without",
        type=Path,
        nargs="+",
        default=[],
        help="drawn datasets none of whose designs to draw again",
    )
    parser.add_argument(
        "--cover", action="store_true", help="also every family in every colour of every pattern"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, help="processes that draw (one a core)")
    args = parser.parse_args()

    from train.drawing import designs_of, write_split

    if args.texts:
        texts = [text for path in args.texts for text in read_requests(path)]
        wardrobe = plan_hand(texts, args.split, args.lines, args.size, args.seed)
    else:
        without = {design for folder in args.without for design in designs_of(folder)}
        wardrobe = plan(args.split, args.lines, args.size, args.queries, args.seed, without, args.cover)
    write_split(wardrobe, args.split, args.out, args.seed, args.workers)
    count = sum(len(garments) for garments in wardrobe.lines)
    print(f"{args.out}: {count} garments in {len(wardrobe.lines)} lines, {len(wardrobe.queries)} queries")


if __name__ == "__main__":
    entry(main)
