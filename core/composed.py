"""A composed query with all that may be said besides: two references, negative words, a weight, filters.

Every option left as it is gives the ranking of `core.search.search` itself, bit for bit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import HemlineError
from core.facets import Filters
from core.index import find
from core.indexes.exact import best_of
from core.indexes.family import MOST
from core.narrowing import allowed_for, apart, conditions_for
from core.search import Searcher, search, shown_to, target_of, vector_of
from core.types import Garment, Hit
from core.unwanted import has_unwanted, parts_of, read_unwanted

NEGATIVE_SHARE = 0.1
"""How much of what the negative words ask alone is taken off the query (tests/bench/negative_words.py).

More of it takes away right answers, too. Where records tell what is not wanted, nothing is taken off.
"""

NEAR = 0.95
"""The cosine of two garments from which one folds under the other.

Of the 2,748 drawn garments that ship 55 pairs are as near; 48 of them differ in one attribute.
"""

TRIED_TO_FOLD = 5
"""How many times as many hits as are wanted are ranked at first, where near-duplicates are to be folded."""

NOTHING_LEFT = "no garment is left by these filters; remove one"


@dataclass(frozen=True)
class ComposedQuery:
    """What is asked: a reference (by id or as its file's bytes), words, or both, and the options.

    `second_id` is another garment of the catalogue, changed by the same words. `weight` is from -1 (the
    words alone count more) over 0 (as the model was trained) to 1 (the picture counts more). `without` are
    words for what is not wanted. `filters` as in `core.facets`; `within` the ids that may be answered, None
    for all. With `fold`, near-duplicates of a better hit are folded under it.
    """

    reference_id: str | None = None
    reference_image: bytes | None = None
    text: str = ""
    second_id: str | None = None
    weight: float = 0.0
    without: str = ""
    filters: Filters = field(default_factory=dict)
    within: frozenset[str] | None = None
    fold: bool = False
    top_k: int = 10

    @property
    def words(self) -> str:
        """The query in words as a judgement names it: what is not wanted is part of what was asked."""
        text, without = self.text.strip(), self.without.strip()
        return ", ".join([*([text] if text else []), *([f"without {without}"] if without else [])])

    @property
    def plain(self) -> bool:
        """Whether every option is as it is without anybody choosing."""
        weighed = self.weight and self.reference and self.text.strip()
        moved = self.second_id or self.without.strip() or weighed
        return not (moved or self.filters or self.fold or self.within is not None)

    @property
    def reference(self) -> bool:
        """Whether there is a reference."""
        return self.reference_id is not None or self.reference_image is not None


@dataclass(frozen=True)
class Found:
    """One hit, and its near-duplicates that are folded under it, best first, ranked among themselves."""

    hit: Hit
    folded: tuple[Hit, ...] = ()


def ask(searcher: Searcher, query: ComposedQuery, garments: Mapping[str, Garment]) -> list[Found]:
    """The best `top_k` hits; `garments` are the records of the catalogue, as far as there are any.

    Garments that have on record what the negative words name come after all others; negative words that no
    record tells are taken off the query instead. HemlineError as in `search`, and for a weight beyond its
    ends, a second reference without a first, and filters or ids that leave nothing.
    """
    if not -1 <= query.weight <= 1:
        raise HemlineError(f"the weight must be from -1 (words) to 1 (picture); it is {query.weight}")
    if query.second_id and not query.reference:
        raise HemlineError("the second reference needs a first one; choose it")
    if query.plain:
        hits = search(
            searcher,
            reference_id=query.reference_id,
            reference_image=query.reference_image,
            text=query.text,
            top_k=query.top_k,
        )
        return [Found(hit) for hit in hits]
    if query.top_k < 1:
        raise HemlineError(f"top_k must be a whole number of 1 or more; it is {query.top_k}")
    vector, copies = query_vector(searcher, query, _untold(searcher, query, garments))
    if not query.fold:
        found = [Found(hit) for hit in _unfolded(searcher, query, garments, vector, copies)]
    elif searcher.index.fast is None:
        allowed = allowed_for(searcher, query, garments)
        ranking = find(searcher.index, vector[None], len(searcher.index.ids), [copies], allowed)[0]
        found = arrange(searcher, query, garments, ranking)
    else:
        found = _folded_from_the_top(searcher, query, garments, vector, copies)
    if not found:
        raise HemlineError(NOTHING_LEFT)
    return found


def _folded_from_the_top(
    searcher: Searcher,
    query: ComposedQuery,
    garments: Mapping[str, Garment],
    vector: NDArray[np.float32],
    copies: set[str],
) -> list[Found]:
    """What `arrange` makes of the whole ranking, without ranking all of a catalogue that has a fast index.

    Who leads is told by those before it alone; who is folded is looked for around each leader.
    """
    width = TRIED_TO_FOLD * query.top_k
    while True:
        ranking = _unfolded(searcher, replace(query, top_k=width), garments, vector, copies)
        leaders = [first for first, *_ in _folded(searcher, ranking, query.top_k)]
        if len(leaders) == query.top_k or len(ranking) < width:
            break
        width *= 4
    index, there = searcher.index, {hit.id for hit in ranking}
    allowed = allowed_for(searcher, query, garments)
    around = np.array([index.vectors[index.positions[hit.id]] for hit in leaders])
    near = find(index, around, MOST, [copies] * len(around), allowed) if len(around) else []
    below = {hit.id for hits in near for hit in hits if hit.score >= NEAR} - there
    rows = np.array([index.positions[id_] for id_ in below], np.int64)
    scores, best = best_of(index.vectors, vector, rows, len(rows))
    lower = [Hit(0, index.ids[row], float(score)) for score, row in zip(scores, best, strict=True)]
    return arrange(searcher, query, garments, [*ranking, *lower])


def _unfolded(
    searcher: Searcher,
    query: ComposedQuery,
    garments: Mapping[str, Garment],
    vector: NDArray[np.float32],
    copies: set[str],
) -> list[Hit]:
    """The best `top_k` that may answer; what has on record what is not wanted comes after all others."""
    unwanted = list(read_unwanted(query.without).values())
    if not unwanted:
        may = conditions_for(searcher, query, garments) or allowed_for(searcher, query, garments)
        return find(searcher.index, vector[None], query.top_k, [copies], may)[0]
    free, bad = apart(searcher, query, garments, unwanted)
    good = find(searcher.index, vector[None], query.top_k, [copies], free)[0]
    if len(good) == query.top_k:
        return good
    rest = find(searcher.index, vector[None], query.top_k - len(good), [copies], bad)[0]
    return good + [Hit(rank, hit.id, hit.score) for rank, hit in enumerate(rest, len(good) + 1)]


def _untold(searcher: Searcher, query: ComposedQuery, garments: Mapping[str, Garment]) -> str:
    """The negative words that records do not tell of."""
    if not query.without.strip():
        return ""
    told = read_unwanted(query.without) if searcher.columns(garments).complete else {}
    return ", ".join(part for part in parts_of(query.without) if part not in told)


def trace(
    searcher: Searcher, query: ComposedQuery, garments: Mapping[str, Garment]
) -> dict[str, NDArray[np.float32]]:
    """Where a query lies among the catalogue's vectors: unit vectors [d] by what they are of.

    "query" is what `ask` ranks by, "reference" and "second" the references as garments of a catalogue,
    "words" the words alone, each where it was given. Raises HemlineError as `ask` does.
    """
    found = {"query": query_vector(searcher, query, _untold(searcher, query, garments))[0]}
    rows = searcher.index.positions
    if query.reference_id is not None:
        found["reference"] = np.array(searcher.index.vectors[rows[query.reference_id]])
    elif (shown := shown_to(searcher, None, query.reference_image)[0]) is not None:
        found["reference"] = target_of(searcher, shown)
    if query.second_id is not None:
        found["second"] = np.array(searcher.index.vectors[rows[query.second_id]])
    if query.text.strip():
        found["words"] = vector_of(searcher, None, query.text.strip())
    return found


def query_vector(
    searcher: Searcher, query: ComposedQuery, without: str
) -> tuple[NDArray[np.float32], set[str]]:
    """The query's unit vector, float32 [d], less `without`; and its references' ids, which are no answers."""
    words = query.text.strip() or None
    references, copies = [], set[str]()
    for id_, image in ((query.reference_id, query.reference_image), (query.second_id, None)):
        shown, own = shown_to(searcher, id_, image)
        copies.update(own)
        if shown is not None:
            references.append(shown)
    if not references and words is None:
        without = " besides the negative ones" if query.without.strip() else ""
        raise HemlineError(f"the query is empty; give a reference picture, words{without}, or both")
    asked = [vector_of(searcher, one, words) for one in references] or [vector_of(searcher, None, words)]
    vector = np.asarray(asked[0], dtype=np.float64)  # as it is: `search` asks with the very same
    if len(asked) > 1:
        vector = _unit(np.sum(asked, axis=0, dtype=np.float64))
    if references and words is not None and query.weight:
        sides = [target_of(searcher, one) for one in references] if query.weight > 0 else []
        side = _unit(np.sum(sides or [vector_of(searcher, None, words)], axis=0, dtype=np.float64))
        vector = _unit(np.asarray(vector + abs(query.weight) * side))
    if without:
        vector = _unit(vector - NEGATIVE_SHARE * vector_of(searcher, None, without))
    return vector.astype(np.float32), copies


def arrange(
    searcher: Searcher, query: ComposedQuery, garments: Mapping[str, Garment], ranking: Sequence[Hit]
) -> list[Found]:
    """The best `top_k` of the whole ranking of what may answer, after negative words and folding."""
    left = list(ranking)
    if not left:
        return []
    unwanted = read_unwanted(query.without).values()
    if unwanted:
        left.sort(key=lambda hit: has_unwanted(unwanted, garments.get(hit.id)))  # stable: else as ranked
    groups = _folded(searcher, left, query.top_k) if query.fold else [[hit] for hit in left[: query.top_k]]
    return [
        Found(Hit(rank, first.id, first.score), tuple(Hit(at, h.id, h.score) for at, h in enumerate(rest, 1)))
        for rank, (first, *rest) in enumerate(groups, 1)
    ]


def _folded(searcher: Searcher, ranked: Sequence[Hit], top_k: int) -> list[list[Hit]]:
    """The first `top_k` groups: each garment goes under the best one that it is a near-duplicate of."""
    rows = np.array([searcher.index.positions[hit.id] for hit in ranked])
    vectors = searcher.index.vectors[rows]
    free = np.ones(len(ranked), dtype=bool)
    groups: list[list[Hit]] = []
    while free.any() and len(groups) < top_k:
        first = int(free.argmax())
        same = free & (vectors @ vectors[first] >= NEAR)
        same[first] = True
        groups.append([ranked[int(place)] for place in np.flatnonzero(same)])
        free &= ~same
    return groups


def _unit(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    length = float(np.linalg.norm(vector))
    if length < 1e-6:
        raise HemlineError("what is asked and what is not wanted cancel each other out; change one of them")
    return np.asarray(vector / length)
