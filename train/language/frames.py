"""Sentences for changes: keywords, fragments, imperatives, questions, polite and chatty ones."""

import random
from collections.abc import Callable, Sequence

from train.language import openers
from train.language.change import Change, Talk, is_plural, with_article

Frame = Callable[[Sequence[Change], Talk], str | None]


def listed(parts: Sequence[str], rng: random.Random) -> str:
    """The parts as a list: "a, b and c", "a and b", "a, b"."""
    if len(parts) < 2:
        return "".join(parts)
    link = rng.choice((" and ", " and ", " and ", ", ", " & ", " plus ", " + ", ", and "))
    return ", ".join(parts[:-1]) + link + parts[-1]


def keywords(changes: Sequence[Change], talk: Talk) -> str:
    """ "navy, long sleeves"."""
    rng = talk.rng
    link = rng.choice(
        (", ", ", ", ", ", " and ", " ", " + ", ". ", "; ", " & ", " n ", ", also ", " but ", "! ", " - ")
    )
    return link.join(c.key for c in changes)


def behind(changes: Sequence[Change], talk: Talk, preds: bool) -> str | None:
    """What follows a noun or "this": "in navy with long sleeves and without the belt"; None if it cannot.

    `preds` allows what must follow "but": "longer and looser".
    """
    rng = talk.rng
    plain: list[str] = []
    inside: list[str] = []
    having: list[str] = []
    lacking: list[str] = []
    after: list[str] = []
    for c in changes:
        if c.noun:
            name = c.noun if is_plural(c.noun) else with_article(c.noun)
            after.insert(0, f"as {name} {c.behind}".rstrip())
        elif (
            c.inside and (not c.have or rng.random() < 0.5) and not (preds and c.pred and rng.random() < 0.25)
        ):
            inside.append(c.inside)
        elif c.have and not (preds and c.pred and rng.random() < 0.3):
            having.append(c.have)
        elif c.lack:
            lacking.append(c.lack)
        elif preds and c.pred:
            plain.append(c.pred)
        elif c.after:
            after.append(c.after)
        else:
            return None
    parts = [listed(plain, rng)] if plain else []
    if inside:
        parts.append("in " + " and in ".join(inside))
    bare_lack = [w for w in lacking if not w.startswith("the ")]
    if having and bare_lack and len(bare_lack) == len(lacking) and rng.random() < 0.5:
        having, lacking = [*having, *(f"no {w.removeprefix('a ')}" for w in lacking)], []
    if having:
        parts.append(rng.choice(("with ", "with ", "with ", "w/ ", "with ")) + listed(having, rng))
    if lacking:
        without = rng.choice(
            ("without", "without", "minus", "with no" if len(bare_lack) == len(lacking) else "without")
        )
        parts.append(f"{without} " + listed([w if w.startswith(("the ", "a ")) and without != "with no" else
                                             w.removeprefix("a ") for w in lacking], rng))  # fmt: skip
    parts += after
    if len(parts) > 1 and rng.random() < 0.3:
        rng.shuffle(parts)
    if not parts:
        return None
    text = parts[0]
    for part in parts[1:]:
        text += (
            rng.choice((" ", " ", ", ", " and " if part.startswith(("with", "w/", "in ")) else " ")) + part
        )
    return text


def named_garment(changes: Sequence[Change], talk: Talk) -> tuple[str, bool] | None:
    """A noun phrase: "navy polka-dot skirt with pockets", and whether it is a plural; None if it cannot."""
    rng = talk.rng
    adjectives, rest, noun, follows = [], [], "", ""
    for c in changes:
        if c.noun:
            noun, follows = c.noun, c.behind
        elif c.adj and (rng.random() < 0.75 or not (c.have or c.inside or c.after)):
            adjectives.append(c.adj)
        else:
            rest.append(c)
    tail = behind(rest, talk, False) if rest else ""
    if tail is None:
        return None
    if not noun:
        noun = rng.choice((talk.noun, talk.noun, "ones" if talk.plural else "one", "version"))
    rng.shuffle(adjectives)
    plural = (
        noun == "ones"
        or (noun == talk.noun and talk.plural)
        or noun.endswith(("ers", "ants", "orts", "nos", "cks"))
    )
    sep = rng.choice((" ", " ", ", "))
    text = " ".join([*([sep.join(adjectives)] if adjectives else []), noun, *filter(None, (follows, tail))])
    return text, plural


def fragment(changes: Sequence[Change], talk: Talk) -> str | None:
    """ "a navy polka-dot skirt with pockets", "same but in navy"."""
    rng = talk.rng
    if rng.random() < 0.5:
        made = named_garment(changes, talk)
        if made is None:
            return None
        text, plural = made
        kind = any(c.noun for c in changes)
        if not kind and all(c.adj for c in changes) and rng.random() < 0.2:
            said = " ".join(c.adj for c in changes)
            form = rng.choice(openers.VERSIONS)
            return form.format(
                w=said,
                a=with_article(said),
                this=talk.this,
                n=talk.noun,
                that=talk.that,
            )
        lead = rng.choice(openers.KIND_LEADS if kind else openers.LEADS)
        if lead in ("a ", "like this but a ", "need a "):
            return f"{lead.removesuffix('a ')}{text if plural else with_article(text)}"
        return lead + text
    tail = behind(changes, talk, True)
    return (
        None
        if tail is None
        else rng.choice(openers.BUTS).format(this=talk.this, n=talk.noun, that=talk.that) + tail
    )


def question(changes: Sequence[Change], talk: Talk) -> str | None:
    """ "do you have this in navy with long sleeves?"."""
    rng = talk.rng
    if any(c.noun for c in changes) or rng.random() < 0.25:
        made = named_garment(changes, talk)
        if made is None:
            return None
        text, plural = made
        a = text if plural else with_article(text)
        return rng.choice(openers.ASK_FOR).format(a=a, n=text, this=talk.this, it=talk.it) + rng.choice(
            openers.MARKS
        )
    preds = rng.random() < 0.5
    tail = behind(changes, talk, preds)
    if tail is None:
        return None
    said = rng.choice(openers.ASK_BUT if preds else openers.ASK).format(
        t=tail, this=talk.this, it=talk.it, n=talk.noun
    )
    return said + rng.choice(openers.MARKS)


def statement(changes: Sequence[Change], talk: Talk) -> str | None:
    """ "I'd like this in navy", "I'm after a navy skirt"."""
    rng = talk.rng
    if any(c.noun for c in changes) or rng.random() < 0.3:
        made = named_garment(changes, talk)
        if made is None:
            return None
        text, plural = made
        return rng.choice(openers.WANT_KIND).format(a=text if plural else with_article(text))
    tail = behind(changes, talk, False)
    if tail is None:
        return None
    return rng.choice(openers.WANT).format(t=tail, this=talk.this, it=talk.it, n=talk.noun, that=talk.that)


def imperative(changes: Sequence[Change], talk: Talk) -> str:
    """ "make it navy and lose the belt"."""
    rng = talk.rng
    text = _joined([c.cmd for c in changes], rng)
    if rng.random() < 0.35 and all(c.cmd.split()[0] in openers.VERBS for c in changes):
        return rng.choice(openers.COMMANDS).format(c=text)
    return text


def sayings(changes: Sequence[Change], talk: Talk) -> str:
    """ "the blue should be green and I'd like a belt"."""
    return _joined([c.say for c in changes], talk.rng)


def described(changes: Sequence[Change], talk: Talk) -> str | None:
    """ "make it navy, longer and sleeveless"; None if a change cannot be said so."""
    if not all(c.pred for c in changes):
        return None
    rng = talk.rng
    said = listed([c.pred for c in changes], rng)
    return rng.choice(openers.DESCRIBE).format(
        t=said, it=talk.it, this=talk.this, they=talk.they, n=talk.noun
    )


def _joined(parts: Sequence[str], rng: random.Random) -> str:
    text = parts[0]
    for part in parts[1:]:
        text += (
            rng.choice(
                (" and ", " and ", ", ", ", and ", ". ", "; ", ", then ", ". also ", ", also ", " plus ")
            )
            + part
        )
    return text


FRAMES: tuple[tuple[Frame, float], ...] = (
    (keywords, 0.26), (fragment, 0.26), (question, 0.14), (statement, 0.12), (imperative, 0.12), (
        sayings, 0.06),
    (described, 0.04),
)  # fmt: skip
"""Each way to say changes, and how often people choose it."""


def say_changes(changes: Sequence[Change], talk: Talk, frames: Sequence[tuple[Frame, float]] = FRAMES) -> str:
    """The changes in one sentence of a drawn form."""
    ways, weights = zip(*frames, strict=True)
    for frame in talk.rng.choices(ways, weights, k=3):
        said = frame(changes, talk)
        if said:
            return said
    return imperative(changes, talk) if talk.rng.random() < 0.5 else keywords(changes, talk)
