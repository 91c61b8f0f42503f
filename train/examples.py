"""What an epoch of each stage shows: photos in drawn views, and the words that go with them.

An epoch's examples are a function of (seed, epoch) alone, so that a resumed run sees the same ones.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.datasets.fashioniq import Split
from core.requests import Request
from core.types import Garment, Triplet
from train.negatives import QueryInfo
from train.sentences import attribute_sentences
from train.triplets import generate_triplets


@dataclass(frozen=True)
class Captioned:
    """A photo in one of its views, and a sentence that is true of it."""

    photo: str
    view: int
    caption: str


@dataclass(frozen=True)
class Composed:
    """A query and its target: the reference is None for words alone; `also_right` answer it as well.

    `request` is exactly what its words ask for, where that is known.
    """

    query: QueryInfo
    reference_view: int
    target_view: int
    also_right: tuple[str, ...] = ()
    request: Request | None = None


def also_right(examples: Sequence[Composed]) -> list[tuple[str | None, str, str]]:
    """What answers the examples besides their targets, as `train.negatives.known_positives` takes it."""
    return [(e.query.reference, e.query.text, photo) for e in examples for photo in e.also_right]


@dataclass(frozen=True)
class Mixture:
    """What an epoch of stage 2 is made of, in examples for each training photo.

    Human triplets come once each on top. `generated`: triplets worded from garment records; `words`: a
    garment's own caption or an attribute sentence asked without a picture. `word_dropout`: the share of a
    query's words that is left out, in half of the queries.
    """

    generated: float = 1.0
    words: float = 0.35
    word_dropout: float = 0.1


def captioned_examples(
    garments: Sequence[Garment], views: int, attribute_share: float, rng: random.Random
) -> list[Captioned]:
    """One sentence a garment: its caption, or with probability `attribute_share` one of its attributes."""
    return [
        Captioned(
            garment.id,
            rng.randrange(views),
            attribute_sentences(garment, rng)
            if rng.random() < attribute_share or not garment.caption.strip()
            else garment.caption,
        )
        for garment in garments
    ]


def composed_examples(
    split: Split,
    garments: Sequence[Garment],
    same: dict[str, str],
    views: int,
    mix: Mixture,
    rng: random.Random,
) -> list[Composed]:
    """An epoch of stage 2: every human triplet once, generated ones, and words alone, shuffled."""
    queries = [QueryInfo(t.key, t.reference, _joined(t, rng), t.target) for t in split.triplets]
    count = round(mix.generated * len(garments))
    if count:
        for made in generate_triplets(garments, count, rng, duplicates=same):
            text = _joined_captions(made.captions, rng)
            queries.append(QueryInfo("", made.reference, text, made.target))
    for garment in rng.choices(garments, k=round(mix.words * len(garments))):
        sentence = captioned_examples([garment], 1, 0.4, rng)[0].caption
        queries.append(QueryInfo("", None, sentence, garment.id))
    rng.shuffle(queries)
    return [
        Composed(_thinned(query, mix.word_dropout, rng), rng.randrange(views), rng.randrange(views))
        for query in queries
    ]


def human_examples(split: Split, rng: random.Random) -> list[Composed]:
    """The human triplets in view 0, shuffled."""
    queries = [QueryInfo(t.key, t.reference, _joined(t, rng), t.target) for t in split.triplets]
    rng.shuffle(queries)
    return [Composed(query, 0, 0) for query in queries]


def _joined(triplet: Triplet, rng: random.Random) -> str:
    return _joined_captions([c for c in triplet.captions if c.strip()], rng)


def _joined_captions(captions: Sequence[str], rng: random.Random) -> str:
    """The two wordings joined as CLIP4Cir and SPRC train: both in either order, or one alone.

    Both in the order of the file come as often as the three others together, as that is what is asked.
    """
    if len(captions) < 2:
        return captions[0]
    choices: list[Callable[[], str]] = [
        lambda: " and ".join(captions),
        lambda: " and ".join(reversed(captions)),
        lambda: captions[0],
        lambda: captions[1],
    ]
    return rng.choices(choices, weights=(3, 1, 1, 1))[0]()


def _thinned(query: QueryInfo, dropout: float, rng: random.Random) -> QueryInfo:
    if dropout <= 0 or rng.random() < 0.5:
        return query
    words = [word for word in query.text.split() if rng.random() >= dropout]
    text = " ".join(words) or query.text
    return QueryInfo(query.key, query.reference, text, query.target)
