"""Words of hand-written texts that the generated wishes never use: the holes of the language.

    python -m train.language.coverage --texts changes.jsonl --count 20000

It lists words, and the texts that hold them with --show; hand texts are to develop against, never to copy.
"""

import argparse
import itertools
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from core.cli import entry
from core.requests import HandText, read_requests
from core.wardrobe.design import sample
from train.language.wishes import make_wish

_WORD = re.compile(r"[a-z0-9/'-]+")


def words_of(text: str) -> list[str]:
    """The words of a text in small letters."""
    return [word.strip("'-/") for word in _WORD.findall(text.lower()) if word.strip("'-/")]


def pairs_of(text: str) -> list[str]:
    """The pairs of neighbouring words of a text."""
    words = words_of(text)
    return [f"{a} {b}" for a, b in itertools.pairwise(words)]


def generated(count: int, seed: int) -> list[str]:
    """`count` generated wishes about garments drawn at random."""
    rng = random.Random(f"coverage-{seed}")
    return [make_wish(sample(rng), rng).text for _ in range(count)]


def missing(texts: Sequence[HandText], wishes: Iterable[str]) -> Counter[str]:
    """The words of the texts that no wish has, with how many texts have them."""
    known = {word for wish in wishes for word in words_of(wish)}
    return Counter(word for text in texts for word in set(words_of(text.text)) - known)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        description="Words of hand-written texts that generated wishes never use."
    )
    parser.add_argument("--texts", type=Path, required=True, help="hand-written texts (core.requests)")
    parser.add_argument("--count", type=int, default=20_000, help="wishes to generate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--show", action="store_true", help="show the texts that hold each word")
    args = parser.parse_args()
    texts = read_requests(args.texts)
    wishes = generated(args.count, args.seed)
    absent = missing(texts, wishes)
    for word, number in sorted(absent.items(), key=lambda item: (-item[1], item[0])):
        print(f"{number:3d}  {word}")
        if args.show:
            print(*(f"       {t.text}" for t in texts if word in words_of(t.text)), sep="\n")
    whole = sum(not set(words_of(t.text)) & set(absent) for t in texts)
    total = {word for t in texts for word in words_of(t.text)}
    couples = {pair for wish in wishes for pair in pairs_of(wish)}
    asked = [pair for t in texts for pair in pairs_of(t.text)]
    seen = sum(pair in couples for pair in asked) / max(1, len(asked))
    print(
        f"{len(total) - len(absent)} of {len(total)} words are generated; {whole} of {len(texts)} texts hold"
    )
    print(f"no other; {seen:.0%} of their pairs of words are generated too")


if __name__ == "__main__":
    entry(main)
