"""Holds a tuning slice out of the train split, so that choices of recipe and checkpoint never look at val.

Everyone in this field selects checkpoints on the split they report (shared reference, retrieval section 2b
point 7); the slice is what lets us not do so. Both sides are ordinary splits: `train` trains on the first,
`evaluate --split tune` measures on the second.
"""

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from core.errors import HemlineError
from core.files import fingerprint
from core.types import Triplet

if TYPE_CHECKING:
    from core.datasets.fashioniq import Split

GALLERY_SIZE = 543  # Closet val's union gallery, so that a recall on the slice reads like one on val


def tuning_slice(
    split: "Split", share: float = 0.15, seed: int = 0, gallery_size: int = GALLERY_SIZE
) -> tuple["Split", "Split"]:
    """Divide a train split into (kept, tune) that share no photo; the same arguments give the same slice.

    Triplets are held out by connected components over shared photos: about `share` (between 0 and 1) of every
    category's triplets, each component wholly on one side. Where a category's components are too large for
    that (less than half of its share found), a connected patch of a large one is held out and the triplets
    across its border are dropped from both sides. The tune galleries hold the photos of the tune triplets,
    filled up to `gallery_size` photos in the union, though not beyond half of all photos, by a seeded draw
    from the photos of no kept triplet (fewer where there are fewer); order as on file. A held-out photo is in
    no triplet, gallery or garment of `kept`. Two photos of one garment under two ids are not recognised as
    such. `tune.split` is "tune". Raises HemlineError for another split than train, a share outside (0, 1), or
    where either side would have no triplet.
    """
    if split.split != "train":
        raise HemlineError(f"a tuning slice is held out of the train split, not of {split.split!r}")
    if not 0 < share < 1:
        raise HemlineError(f"the share of a tuning slice must lie between 0 and 1, not {share}")
    rng = np.random.default_rng(seed)
    rows = _held_out_rows(split.triplets, share, rng)
    tune_triplets = tuple(triplet for row, triplet in enumerate(split.triplets) if row in rows)
    answered = _photos(tune_triplets)
    kept_triplets = tuple(t for t in split.triplets if not answered & {t.reference, t.target})
    if not tune_triplets or not kept_triplets:
        raise HemlineError(
            f"{len(split.triplets)} train triplets in {split.root} are too few, or too closely joined by "
            f"shared photos, to hold {share:.0%} of each category out as a tuning slice; add triplets, or "
            "train on everything with --no-hold-out"
        )
    photos = split.union_gallery()
    free = [photo for photo in photos if photo not in answered | _photos(kept_triplets)]
    wanted = min(gallery_size, len(photos) // 2) - len(answered)
    drawn = rng.permutation(len(free))[: max(0, wanted)]
    held = answered | {free[i] for i in drawn}
    facts = {"of": split.fingerprint, "share": share, "seed": seed, "gallery_size": gallery_size}
    kept = replace(
        split,
        triplets=kept_triplets,
        galleries={c: tuple(p for p in g if p not in held) for c, g in split.galleries.items()},
        garments={p: garment for p, garment in split.garments.items() if p not in held},
        fingerprint=fingerprint({**facts, "side": "kept"}),
    )
    tune = replace(
        split,
        split="tune",
        triplets=tune_triplets,
        galleries={c: tuple(p for p in g if p in held) for c, g in split.galleries.items()},
        garments={p: garment for p, garment in split.garments.items() if p in held},
        fingerprint=fingerprint({**facts, "side": "tune"}),
    )
    return kept, tune


def _photos(triplets: Iterable[Triplet]) -> set[str]:
    return {photo for triplet in triplets for photo in (triplet.reference, triplet.target)}


def _held_out_rows(triplets: Sequence[Triplet], share: float, rng: np.random.Generator) -> set[int]:
    """Rows to hold out: whole components, in a seeded order, within each category's quota; then patches."""
    quota = {c: round(share * n) for c, n in Counter(t.category for t in triplets).items()}
    taken: Counter[str] = Counter()
    rows: set[int] = set()
    left: list[list[int]] = []
    components = _components(triplets)
    for which in rng.permutation(len(components)):
        component = components[which]
        counts = Counter(triplets[row].category for row in component)
        if all(taken[c] + n <= quota[c] for c, n in counts.items()):
            rows.update(component)
            taken.update(counts)
        else:
            left.append(component)
    left.sort(key=len, reverse=True)  # stable: equals stay in the seeded order
    for category in sorted(quota):
        for component in left:
            if 2 * taken[category] >= quota[category]:
                break
            if rows.isdisjoint(component):
                patch = _patch(triplets, component, category, quota[category] - taken[category], rng)
                rows.update(patch)
                taken[category] += len(patch)
    return rows


def _components(triplets: Sequence[Triplet]) -> list[list[int]]:
    """Rows of triplets connected by shared photos, in order of first row."""
    by_photo = _rows_by_photo(triplets, range(len(triplets)))
    seen: set[int] = set()
    components = []
    for row in range(len(triplets)):
        if row not in seen:
            component = list(_walk(triplets, by_photo, row))
            seen.update(component)
            components.append(sorted(component))
    return components


def _patch(
    triplets: Sequence[Triplet], component: Sequence[int], category: str, size: int, rng: np.random.Generator
) -> list[int]:
    """At most `size` rows of one category that lie together in a component, so that its border is short."""
    rows = [row for row in component if triplets[row].category == category]
    if not rows:
        return []
    by_photo = _rows_by_photo(triplets, rows)
    return _walk(triplets, by_photo, rows[int(rng.integers(len(rows)))])[:size]


def _rows_by_photo(triplets: Sequence[Triplet], rows: Iterable[int]) -> dict[str, list[int]]:
    by_photo: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        by_photo[triplets[row].reference].append(row)
        by_photo[triplets[row].target].append(row)
    return by_photo


def _walk(triplets: Sequence[Triplet], by_photo: dict[str, list[int]], start: int) -> list[int]:
    """Rows reached from `start` over shared photos, nearest first."""
    reached = {start: None}  # a dict keeps the order of arrival
    waiting = deque([start])
    while waiting:
        triplet = triplets[waiting.popleft()]
        for row in by_photo[triplet.reference] + by_photo[triplet.target]:
            if row not in reached:
                reached[row] = None
                waiting.append(row)
    return list(reached)
