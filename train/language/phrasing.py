"""Words for a change of any field: something by its name, or more and less of something."""

import random
import re
from collections.abc import Mapping

from train.language import shapes
from train.language.change import SWAPS, Change, Talk, against, bare, pick

_BUT = (
    "make {it} {w}",
    "make {it} {w}",
    "go {w}",
    "go {w}",
    "show me {w} ones",
    "find me {w} ones",
)
_WISH = (
    "I'd like {it} {w}", "I want {it} {w}", "I'd prefer {it} {w}", "{they} should be {w}",
    "I need {it} {w}", "could be {w}", "I wish {they} were {w}", "{they} could do with being {w}",
    "I'd love {it} {w}",
)  # fmt: skip


def graded(talk: Talk, edits: dict[str, frozenset[str]], word: str, why: str) -> Change:
    """A wish for more or less of something: "darker", "a darker colour", "in a darker shade"."""
    rng = talk.rng
    simple = not word.startswith(("in ", "with ", "a bit more c", "more colour", "some "))
    noun = word.startswith(("a ", "an ")) and word.endswith(("colour", "shade", "tone"))
    if noun or word in ("more colour", "some colour", "a bit more colour", "a pop of colour"):
        return Change(
            edits,
            have="" if noun else word,
            inside=word if noun else "",
            key=rng.choice((word, bare(word))),
            cmd=rng.choice(("go for {w}", "give {it} {w}", "show me {w}", "try {w}", "choose {w}")).format(
                w=word, it=talk.it
            ),
            say=rng.choice(("I'd prefer {w}", "I'd like {w}", "I need {w}", "{w} would be nice")).format(
                w=word),
            why=why,
        )  # fmt: skip
    if not simple:
        return Change(edits, after=word, key=word, cmd=f"have {talk.it} {word}",
            say=f"I'd like {talk.it} {word}",
                      why=why)  # fmt: skip
    form = {"w": word, "it": talk.it, "they": talk.they}
    adj = _EARLY.sub("slightly ", word)
    if "colors" in edits and rng.random() < 0.15 and "er" in word and not word.startswith("less"):
        word = f"{word} than {rng.choice(('this', 'that', 'this one', 'the one in the picture'))}"
    return Change(
        edits,
        adj=adj,
        pred=word,
        key=word,
        cmd=rng.choice(_BUT[: 5 if not talk.plural else 7]).format(**form),
        say=rng.choice(_WISH).format(**form),
        why=why,
    )


_GIVE = (
    "give {it} {n}", "add {n}", "put {n} on {it}", "make {it} with {n}", "go for {n}", "show me {n}",
    "have {n}", "try {n}", "find one with {n}", "do {it} with {n}", "use {n}", "get me one with {n}",
    "let it have {n}",
)  # fmt: skip
_LIKE = (
    "I'd like {n}", "I'd prefer {n}", "{they} should have {n}", "I need {n}", "I'd rather have {n}",
    "{n} would be better", "{n} would be nice", "I want {n}", "I'm after {n}", "I was hoping for {n}",
    "I'd love {n}", "I like {n}", "wish {they} had {n}", "I'd want {n} on {it}", "{they} could do with {n}",
    "{n} would suit me more", "{n} is better", "{n} would do", "maybe {n}", "{n} if you've got it",
    "{n} will do nicely", "would love {n}", "there should be {n}",
)  # fmt: skip
_BE = (
    "make {it} {a}", "make {it} {a}", "go {a}", "find me a {a} one", "show me a {a} one",
    "give me a {a} one", "turn {it} {a}", "have {it} {a}",
)  # fmt: skip
_SHOULD = (
    "{they} should be {a}", "I'd like {it} {a}", "I want {it} {a}", "I'd prefer {it} {a}",
    "I need {it} {a}", "{they} must be {a}", "{they} must be {a}", "I'd rather have {it} {a}",
    "would be better {a}", "would be perfect {a}",
)  # fmt: skip


_EARLY = re.compile(r"^(a bit|a tad|a little|a touch|a shade|a lil|a smidge|just a bit) ")


def _either(
    talk: Talk,
    edits: dict[str, frozenset[str]],
    words: shapes.Words,
    field: str,
    table: Mapping[str, shapes.Words],
    avoid: str,
) -> Change:
    rng = talk.rng
    (values,) = edits.values()
    others = [v for v in table if v not in values and v not in (avoid, "solid", "hood", "none")]
    other = rng.choice(others)
    pair = [pick(words.nouns, rng), pick(table[other].nouns[:5], rng)]
    rng.shuffle(pair)
    noun = rng.choice(("{} or {}", "{} or {}", "either {} or {}", "{} or maybe {}")).format(*pair)
    form = {"it": talk.it, "they": talk.they, "n": noun}
    return Change(
        {field: values | {other}},
        have=noun,
        key=rng.choice((noun, bare(noun), f"{noun}, not bothered which", f"{noun}, either is fine")),
        cmd=rng.choice(_GIVE).format(**form),
        say=rng.choice(_LIKE).format(**form),
    )


def named(
    talk: Talk,
    edits: dict[str, frozenset[str]],
    words: shapes.Words,
    old: str,
    field: str,
    places: tuple[str, ...] = ("",),
    table: Mapping[str, shapes.Words] | None = None,
    avoid: str = "",
) -> Change:
    """A wish for something by its name; `old` is what it replaces, "" for nothing.

    With a `table` of the field's words it is sometimes one or another: "straps or a halter"; never `avoid`.
    """
    rng = talk.rng
    single = all(len(values) == 1 for values in edits.values())
    if table and single and words.nouns and rng.random() < 0.05:
        return _either(talk, edits, words, field, table, avoid)
    adj = pick(words.adjectives, rng) if words.adjectives else ""
    noun = pick(words.nouns, rng) + rng.choice(places) if words.nouns else ""
    after = rng.choice(words.after) if words.after else ""
    contrast = old if rng.random() < 0.18 else ""
    have = against(noun, contrast, rng) if noun and contrast and not noun.startswith("no ") else noun
    said = [w for w in (adj, bare(noun), noun, after) if w]
    key = rng.choice(said)
    if contrast and key in (bare(noun), noun):
        key = against(key, contrast, rng)
    form = {"it": talk.it, "they": talk.they, "n": noun, "a": adj, "old": old, "new": noun}
    cmds, says = [], []
    if noun:
        cmds.append(rng.choice(SWAPS if old and rng.random() < 0.25 else _GIVE))
        says.append(rng.choice(_LIKE))
    if adj:
        cmds.append(rng.choice(_BE))
        says.append(rng.choice(_SHOULD))
    if after:
        form["after"] = after
        cmds.append("make {it} one {after}" if after.startswith("that ") else "make {it} {after}")
        says.append("I'd like {it} {after}")
    part = field == "length" and any(w in noun for w in ("hem", "leg"))
    inside = (
        noun if field in ("pattern", "length") and not noun.startswith(("no ", "less ")) and not part else ""
    )
    return Change(
        edits,
        adj=adj,
        have="" if field == "length" and not part else have,
        inside=inside,
        after=after,
        pred=adj,
        key=key,
        cmd=rng.choice(cmds).format(**form),
        say=rng.choice(says).format(**form),
    )


_A_BIT = (
    "a bit", "slightly", "a tad", "a little", "a touch", "ever so slightly", "just a bit", "a lil",
    "a smidge", "a bit",
)  # fmt: skip
MUCH = ("much", "a lot", "way", "far", "loads", "considerably", "quite a bit", "much much")


def amount(word: str, steps: int, rng: random.Random) -> tuple[str, int, int]:
    """The comparative with a word for how much, and the steps on the scale it then means (least, most)."""
    chance = rng.random()
    if chance < 0.28 and steps <= 2:
        return f"{rng.choice(_A_BIT)} {word}", 1, 2
    if chance > 0.82 and steps >= 2:
        return f"{rng.choice(MUCH)} {word}", 2, 99
    return word, 1, 99
