"""Sentences for changes: keywords, fragments, imperatives, questions, polite and chatty ones."""

import random
from collections.abc import Callable, Sequence

from train.language.change import Change, Talk
from train.wording import with_article

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
            after.insert(0, f"as {c.noun if c.noun.endswith('s') else with_article(c.noun)}")
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
    adjectives, rest, noun = [], [], ""
    for c in changes:
        if c.noun:
            noun = c.noun
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
    text = " ".join([*([sep.join(adjectives)] if adjectives else []), noun, *([tail] if tail else [])])
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
        lead = rng.choice(_KIND_LEADS if kind else _LEADS)
        if lead in ("a ", "like this but a "):
            return f"{lead.removesuffix('a ')}{text if plural else with_article(text)}"
        return lead + text
    tail = behind(changes, talk, True)
    return None if tail is None else rng.choice(_BUTS).format(this=talk.this, n=talk.noun) + tail


_LEADS = (
    "",
    "",
    "a ",
    "the same ",
    "same ",
    "like this but a ",
    "something like this, ",
    "similar ",
    "need a ".strip() + " ",
)
_KIND_LEADS = (
    "",
    "",
    "a ",
    "a ",
    "like this but a ",
    "matching ",
    "this as a ".replace("this as a ", "a "),
    "same sort of ",
)
_BUTS = (
    "", "", "same but ", "this but ", "same ", "the same {n} ", "{this} but ", "this one but ", "like "
    "this but ",
    "same thing but ", "similar but ", "the one in the pic but ", "same {n} but ", "that {n} but ", "just "
    "like this only ",
    "this {n} only ", "same style but ", "the same thing ", "this exact one but ", "same again but ",
        "like that but ",
    "something like this but ", "almost, but ", "love it, but ", "nearly perfect, just ", "this, ", "the "
    "same, only ",
    "as is but ", "same vibe but ", "same idea but ", "kind of like this but ", "exactly the same but ",
        "that but ",
    "maybe ", "a version ", "an identical one but ", "ooh this but ",
)  # fmt: skip

_ASK = (
    "do you have {this} {t}", "have you got {this} {t}", "does {this} come {t}", "is there a version {t}",
    "could I see {this} {t}", "can I get {this} {t}", "can i have {it} {t}", "is there one like this {t}",
    "any chance of {this} {t}", "could you show me {this} {t}", "got anything like this {t}", "would "
    "{this} come {t}",
    "is {this} available {t}", "can you find me one like this {t}", "do they make {this} {t}", "how about "
    "{this} {t}",
    "what about one {t}", "can we see {this} {t}", "does anyone do one {t}", "would you have something "
    "similar {t}",
    "have you anything similar {t}", "do u have {this} {t}", "can u find {this} {t}", "any of these {t}",
    "is there anything like this {t}", "does this exist {t}", "could we try {this} {t}", "do you sell "
    "{this} {t}",
    "is it possible to get {this} {t}", "where can I find {this} {t}", "might there be one {t}", "can "
    "this be done {t}",
    "could I see something similar {t}", "do you do a {n} like this {t}", "can I see the same {n} {t}",
    "you got {this} {t}", "is there a {n} like this {t}", "would it be possible to see {this} {t}",
    "wondering if {this} comes {t}", "what would {this} look like {t}", "can we do {this} {t}",
)  # fmt: skip
_ASK_BUT = (
    "do you have {this} but {t}", "is there something like this but {t}", "have you got one like this, "
    "only {t}",
    "can I have {this} but {t}", "could I see something similar, only {t}", "anything like this but {t}",
    "got {this} but {t}", "is there one that's {t}", "any like this but {t}", "do you have it {t}",
    "could it be {t}", "can it be {t}", "how about {t}", "what about {t}", "maybe {t}", "can you show me "
    "one but {t}",
    "is there a similar {n} but {t}", "have you a {n} like this but {t}", "would you have this but {t}",
)  # fmt: skip


def question(changes: Sequence[Change], talk: Talk) -> str | None:
    """ "do you have this in navy with long sleeves?"."""
    rng = talk.rng
    if any(c.noun for c in changes) or rng.random() < 0.25:
        made = named_garment(changes, talk)
        if made is None:
            return None
        text, plural = made
        a = text if plural else with_article(text)
        return rng.choice(_ASK_FOR).format(a=a, n=text, this=talk.this, it=talk.it) + rng.choice(_MARKS)
    preds = rng.random() < 0.5
    tail = behind(changes, talk, preds)
    if tail is None:
        return None
    said = rng.choice(_ASK_BUT if preds else _ASK).format(t=tail, this=talk.this, it=talk.it, n=talk.noun)
    return said + rng.choice(_MARKS)


_MARKS = (
    "?",
    "?",
    "?",
    "??",
    "",
    "",
    " please?",
    ", please?",
    " pls?",
    " at all?",
    " maybe?",
    "? thanks",
    "? ty",
)
_ASK_FOR = (
    "do you have {a}", "have you got {a}", "can I see {a}", "is there {a} like {this}", "could you show "
    "me {a}",
    "could I see {this} as {a}", "can {this} be turned into {a}", "do you have {this} as {a}", "can you "
    "do {a}",
    "would {this} come as {a}", "any chance of {a}", "how about {a}", "what about {a} in the same style",
    "does {this} come as {a}", "can we do {a}", "could {this} be {a}", "can I get {a}", "have you {a} "
    "like {this}",
    "is there {a} that goes with {this}", "got {a}", "could you find me {a}", "what about {a} instead",
)  # fmt: skip
_WANT = (
    "I want {this} {t}", "I'd like {this} {t}", "I need {it} {t}", "looking for one {t}", "I'm after "
    "{this} {t}",
    "I'd love {this} {t}", "I'm looking for the same {n} {t}", "would love one {t}", "need one {t}",
        "I want one {t}",
    "I'd prefer one {t}", "im after the same {n} {t}", "after something similar {t}", "show me {this} {t}",
    "find me {this} {t}", "I'd buy it {t}", "I would like the same {n} {t}", "give me {this} {t}", "show "
    "me one {t}",
    "please find one {t}", "I'd rather have it {t}", "it needs to be one {t}", "let me see {this} {t}",
        "gimme {this} {t}",
    "this would be perfect {t}", "I'm hoping to find one {t}", "I need the exact same {n} {t}", "get me "
    "{this} {t}",
    "my ideal would be this {n} {t}", "we need {it} {t}", "I'd wear it {t}", "can only wear it {t}",
        "prefer one {t}",
)  # fmt: skip
_WANT_KIND = (
    "I want {a}", "I'd like {a}", "I need {a}", "looking for {a}", "I'm after {a}", "show me {a}", "find "
    "me {a}",
    "I'd love {a}", "give me {a}", "I'd rather have {a}", "make it {a}", "turn it into {a}", "make me {a}",
    "need {a}", "I was looking for {a}", "get me {a}", "{a} would be better", "I'm hunting for {a}",
        "gimme {a}",
    "what I need is {a}", "I really need {a}", "let me see {a}", "it should be {a}", "prefer {a}",
        "ideally {a}",
)  # fmt: skip


def statement(changes: Sequence[Change], talk: Talk) -> str | None:
    """ "I'd like this in navy", "I'm after a navy skirt"."""
    rng = talk.rng
    if any(c.noun for c in changes) or rng.random() < 0.3:
        made = named_garment(changes, talk)
        if made is None:
            return None
        text, plural = made
        return rng.choice(_WANT_KIND).format(a=text if plural else with_article(text))
    tail = behind(changes, talk, False)
    if tail is None:
        return None
    return rng.choice(_WANT).format(t=tail, this=talk.this, it=talk.it, n=talk.noun)


def imperative(changes: Sequence[Change], talk: Talk) -> str:
    """ "make it navy and lose the belt"."""
    return _joined([c.cmd for c in changes], talk.rng)


def sayings(changes: Sequence[Change], talk: Talk) -> str:
    """ "the red should be teal and I'd like a belt"."""
    return _joined([c.say for c in changes], talk.rng)


def described(changes: Sequence[Change], talk: Talk) -> str | None:
    """ "make it navy, longer and sleeveless"; None if a change cannot be said so."""
    if not all(c.pred for c in changes):
        return None
    rng = talk.rng
    said = listed([c.pred for c in changes], rng)
    return rng.choice(_DESCRIBE).format(t=said, it=talk.it, this=talk.this, they=talk.they, n=talk.noun)


_DESCRIBE = (
    "make {it} {t}", "I'd like {it} {t}", "could {they} be {t}", "{they} should be {t}",
        "I want {it} {t}", "{t}",
    "same but {t}", "{t} please", "just make {it} {t}", "but {t}", "go {t}", "can {they} be {t}?", "needs "
    "to be {t}",
    "this but {t}", "something {t}", "more like this but {t}", "I'd want {it} {t}", "{t} version", "{t} "
    "if possible",
    "the {n} should be {t}", "like {this} but {t}", "and {t}",
)  # fmt: skip


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
