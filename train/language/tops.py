"""Wishes about sleeves and necklines."""

from core import vocabulary
from train.language import shapes, uppers
from train.language.change import Change, Talk, bare, pick
from train.language.phrasing import MUCH, amount, named


def sleeve_change(talk: Talk) -> Change:
    """A wish for the target's sleeves, the reference's being others."""
    rng, old, new = talk.rng, str(talk.reference.sleeve), str(talk.target.sleeve)
    if talk.reference.sleeve is None:
        return named(talk, {"sleeve": frozenset([new])}, uppers.SLEEVES[new], "", "sleeve")
    order = vocabulary.SLEEVES
    step = order.index(new) - order.index(old)
    chance = rng.random()
    thing = bare(pick(uppers.SLEEVES[old].nouns, rng)) if old != "none" else ""
    if chance < 0.3 and "none" not in (old, new):
        word, least, most = amount("longer" if step > 0 else "shorter", abs(step), rng)
        sign = 1 if step > 0 else -1
        values = frozenset(
            s for i, s in enumerate(order) if least <= (i - order.index(old)) * sign <= most and s != "none"
        )
        if new in values:
            return _sleeve_grade(talk, values, word, step)
    if chance < 0.42 and new == "none":
        return Change(
            {"sleeve": frozenset(["none"])}, lack=rng.choice(("sleeves", "the sleeves", "sleeves")),
            adj="sleeveless", pred="sleeveless", key=rng.choice(("no sleeves", "without sleeves",
                "sleeves off", "sleeveless")),
            cmd=rng.choice(("lose the sleeves", "take the sleeves off", "get rid of the sleeves", "chop "
            "the sleeves off",
                            "remove the sleeves", "cut the sleeves off", "drop the sleeves")),
            say=rng.choice(("I don't want sleeves", f"I'd like {talk.it} without sleeves", "the sleeves "
            "have to go",
                            "I want bare arms", "I'd rather have no sleeves", "sleeves are too hot for me")),
            why=rng.choice(("too warm", "", "{its} too hot for summer", "")).format(its=talk.its),
        )  # fmt: skip
    if chance < 0.48 and old in ("long", "short", "none"):
        values = frozenset(order) - {old}
        said = {"long": "long sleeves", "short": "short sleeves", "none": "sleeveless"}[old]
        return Change({"sleeve": values},
                      key=rng.choice((f"not {said}", f"anything but {said}", f"no {said}")),
                      cmd=rng.choice((f"avoid {said}", f"don't give me {said}")),
                      say=rng.choice((f"I don't want {said}", f"{said} is out for me", f"I hate {said}",
                                      f"{said} looks wrong on me")))  # fmt: skip
    words, values = uppers.SLEEVES[new], frozenset([new])
    if chance < 0.62:
        found = [(v, w) for v, w in shapes.several("sleeve") if new in v and old not in v]
        if found:
            values, words = rng.choice(found)
    return named(talk, {"sleeve": values}, words, thing, "sleeve", table=uppers.SLEEVES, avoid=old)


_LONG_ARMS = (
    "the sleeves are too short", "my arms get cold", "I feel the cold", "I don't like my arms showing",
    "the sleeves are a bit short", "I want to hide my arms", "not enough sleeve", "I burn easily",
    "I like my arms covered", "",
)  # fmt: skip
_SHORT_ARMS = (
    "the sleeves are too long", "the sleeves get in the way", "too hot with these sleeves",
    "too much sleeve", "the sleeves come down over my hands", "it's boiling here",
    "the sleeves are a bit long", "",
)  # fmt: skip


def _sleeve_grade(talk: Talk, values: frozenset[str], word: str, step: int) -> Change:
    rng = talk.rng
    have = (
        f"{word} sleeves" if not word.startswith(("a ", "a lil")) else f"slightly {word.split()[-1]} sleeves"
    )
    if word.startswith("a "):
        have = rng.choice((have, f"sleeves {word}"))
    less = rng.choice(
        ("more sleeve", "a bit more sleeve") if step > 0 else ("less sleeve", "slightly less sleeve")
    )
    plain = word in ("longer", "shorter")
    near = plain or (abs(step) <= 2 and not word.startswith(MUCH))
    have = less if plain and rng.random() < 0.15 and less.startswith(("more", "less")) else have
    near = near and not have.startswith("a bit")
    return Change(
        {"sleeve": values},
        have="" if have.startswith("sleeves ") else have,
        after=f"with {have}" if have.startswith("sleeves ") else "",
        key=rng.choice((have, have, f"sleeves {word}")),
        cmd=rng.choice(("make the sleeves {w}", "make the sleeves {w}", "give {it} {h}",
            "{v} the sleeves", "have the "
                        "sleeves {w}", "sleeves {w}")).format(
            w=word, it=talk.it, h=have, v=("lengthen" if step > 0 else "shorten") if plain else f"make {word}"
        ),
        say=rng.choice(("the sleeves should be {w}", "I'd like the sleeves {w}",
            "I need the sleeves {w}", "I'd prefer "
                        "{h}", "I want the sleeves {w}", "the sleeves could be {w}")).format(w=word, h=have),
        why=rng.choice(_LONG_ARMS if step > 0 else _SHORT_ARMS) if plain else "",
    )  # fmt: skip


# --- neckline ---------------------------------------------------------------------------------------------

_HEIGHT = {
    "strapless": 0, "off-shoulder": 0, "straps": 1, "v": 1, "scoop": 1, "square": 1, "halter": 2, "lapel": 2,
    "boat": 3, "crew": 3, "collar": 3, "polo": 3, "mock": 4, "turtleneck": 5,
}  # fmt: skip
_NO_COLLAR = frozenset(uppers.NECKLINES) - {"collar", "polo", "lapel"}
_HIGHER = (
    "a higher neck", "a higher neckline", "a neck that's higher", "more cover up top",
    "a less revealing neck", "something higher at the neck", "more cover at the neck",
)  # fmt: skip
_LOWER = (
    "a lower neck", "a lower neckline", "a more open neck", "something lower at the neck",
    "a lower cut neck", "a neck that's lower", "a less high neck",
)  # fmt: skip
_TOO_LOW = (
    "too low cut",
    "{its} too revealing",
    "the neckline is too low",
    "shows too much",
    "too low at the front",
)
_TOO_HIGH = (
    "the neck is too high",
    "it feels like it's choking me",
    "too high at the neck",
    "I feel strangled in this",
)
_NECK_WHY = (
    "{old} isn't me", "{old} doesn't suit me", "not keen on the {old}", "the {old} is out for me",
    "I can't wear a {old}", "the {old} is uncomfortable", "the {old} is itchy",
    "the {old} looks funny on me", "I'm not a {old} person", "the {old} won't stay put",
    "the {old} is unflattering",
)  # fmt: skip


def neckline_change(talk: Talk) -> Change:
    """A wish for the target's neckline, the reference's being another."""
    rng, old, new = talk.rng, str(talk.reference.neckline), str(talk.target.neckline)
    if talk.reference.neckline is None:
        return named(talk, {"neckline": frozenset([new])}, uppers.NECKLINES[new], "", "neckline")
    chance = rng.random()
    thing = bare(pick(uppers.NECKLINES[old].nouns[:6], rng))
    step = _HEIGHT.get(new, 0) - _HEIGHT.get(old, 0)
    if chance < 0.16 and old in _HEIGHT and new in _HEIGHT and step:
        sign = 1 if step > 0 else -1
        values = frozenset(n for n, h in _HEIGHT.items() if (h - _HEIGHT[old]) * sign > 0)
        have = rng.choice(_HIGHER if step > 0 else _LOWER)
        word = "higher" if step > 0 else "lower"
        return Change(
            {"neckline": values}, have="" if have.startswith("something") else have,
            key=rng.choice((have, bare(have), f"{word} neck", f"{word} at the neck")),
            cmd=rng.choice((f"make the neck {word}", f"make the neckline {word}", f"give {talk.it} {have}",
                            f"{'raise' if step > 0 else 'lower'} the neckline",
                                f"bring the neck {'up' if step > 0 else 'down'}")),
            say=rng.choice((f"I'd like {have}", f"the neck should be {word}", f"the neckline could be {word}",
                            f"I need {have}", f"I'd feel better with {have}")),
            why=rng.choice(_TOO_LOW if step > 0 else _TOO_HIGH).format(its=talk.its) if rng.random(
                ) < 0.7 else "",
        )  # fmt: skip
    if chance < 0.27:
        collar = old in ("collar", "polo", "lapel") and new in _NO_COLLAR and rng.random() < 0.7
        if old in ("collar", "polo"):
            thing = "collar"
        values = _NO_COLLAR if collar and thing == "collar" else frozenset(uppers.NECKLINES) - {old}
        if old in ("turtleneck", "mock") and new not in ("turtleneck", "mock"):
            values = values - {"turtleneck", "mock"}
        if collar and thing == "collar" and rng.random() < 0.3:
            return Change({"neckline": values}, adj="collarless", pred="collarless", key="collarless",
                          cmd=f"make {talk.it} collarless", say=f"I'd like {talk.it} collarless")  # fmt: skip
        if new in values:
            return Change(
                {"neckline": values}, lack=rng.choice((thing, f"the {thing}",
                    f"a {thing}")) if " " not in thing else f"the {thing}",
                key=rng.choice((f"no {thing}", f"without the {thing}", f"not a {thing}",
                    f"no {thing} though")),
                cmd=rng.choice((f"lose the {thing}", f"get rid of the {thing}", f"drop the {thing}",
                    f"take off the {thing}",
                                f"remove the {thing}", f"ditch the {thing}")),
                say=rng.choice((f"I don't want a {thing}", f"I'd rather not have a {thing}",
                    f"no {thing} please",
                                f"the {thing} has to go", f"I hate a {thing}")),
                why=rng.choice(("", "", *_NECK_WHY)).format(old=thing),
            )  # fmt: skip
    words, values = uppers.NECKLINES[new], frozenset([new])
    if chance < 0.4:
        found = [(v, w) for v, w in shapes.several("neckline") if new in v and old not in v]
        if found:
            values, words = rng.choice(found)
    change = named(talk, {"neckline": values}, words, thing, "neckline", table=uppers.NECKLINES, avoid=old)
    if rng.random() < 0.12:
        change.why = rng.choice(_NECK_WHY).format(old=thing)
    if rng.random() < 0.15 and change.have:
        change.say = rng.choice(("the neckline should be {n}", "the neck should be {n}")).format(
            n=change.adj or change.have
        )
    return change
