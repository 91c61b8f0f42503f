"""Wishes about pattern."""

from train.language import details, shapes
from train.language.change import Change, Talk, pick
from train.language.phrasing import graded, named

_BUSY = {
    "solid": 0.0, "denim": 0.5, "texture": 0.5, "colorblock": 1.0, "stripes": 2.0, "dots": 2.0, "check": 2.5,
    "camouflage": 3.0, "graphic": 3.0, "floral": 3.0, "animal": 3.5,
}  # fmt: skip
_PLAINER = (
    "plainer", "less busy", "simpler", "quieter", "less fussy", "more subtle", "cleaner",
    "more understated", "less patterned", "calmer",
)  # fmt: skip
_BUSIER = ("busier", "more patterned", "less plain", "more interesting", "less boring", "jazzier", "bolder")
_TOO_BUSY = (
    "the {old} is too much", "too busy", "{its} too busy", "the pattern is a bit loud",
    "the {old} is too loud", "the print makes my eyes hurt", "too much going on", "{its} a bit busy for me",
)  # fmt: skip
_TOO_PLAIN = (
    "too plain",
    "{its} a bit plain",
    "a bit boring",
    "{its} too boring",
    "needs something",
    "a bit dull",
)
_NOT = ("not {t}", "no {t}", "anything but {t}", "any pattern but {t}", "not {t} though", "no more {t}")
_NOT_SAY = (
    "I don't want {t}", "I hate {t}", "I can't wear {t}", "not a fan of {t}", "{t} isn't me",
    "please no {t}", "I'm over {t}", "I dont want {t}", "I'd rather not have {t}",
    "the {t} is not my thing",
)  # fmt: skip
_OFF = (
    "lose the {t}", "get rid of the {t}", "take off the {t}", "ditch the {t}", "remove the {t}",
    "drop the {t}", "scrap the {t}", "take the {t} away",
)  # fmt: skip
QUIET = frozenset(["solid", "texture", "denim"])


def pattern_change(talk: Talk) -> Change:
    """A wish for the target's pattern, the reference's being another."""
    rng, old, new = talk.rng, talk.reference.pattern, talk.target.pattern
    chance = rng.random()
    step = _BUSY[new] - _BUSY[old]
    thing = pick(shapes.PATTERN_THINGS[old], rng)
    if rng.random() < 0.07:
        thing = f"{rng.choice(details.LOOKS)} {thing}"
    elif old == "graphic" and rng.random() < 0.2:
        thing = f"{thing} {rng.choice(('on the front', 'across the chest', 'on the chest', 'on it'))}"
    if chance < 0.16 and abs(step) >= 1.5:
        sign = 1 if step > 0 else -1
        values = frozenset(p for p, b in _BUSY.items() if (b - _BUSY[old]) * sign >= 1.5)
        whys = _TOO_PLAIN if step > 0 else _TOO_BUSY
        why = rng.choice(whys).format(old=thing, its=talk.its)
        if step < 0 and rng.random() < 0.2:
            return Change({"pattern": values}, key="less pattern", why=why, cmd=rng.choice((
                "tone down the pattern", "calm the pattern down", "quieten the pattern",
                f"tone the {thing} down")), say="I'd like less of a pattern",
                    have="less pattern")  # fmt: skip
        word = rng.choice(_BUSIER if step > 0 else _PLAINER)
        if rng.random() < 0.3 and not word.startswith(("less", "more")):
            word = rng.choice(("a bit {}", "much {}", "a lot {}", "a little {}")).format(word)
        return graded(talk, {"pattern": values}, word, why)
    if chance < 0.26 and old != "solid":
        others = frozenset(_BUSY) - {old}
        if new in QUIET and old not in QUIET and rng.random() < 0.6:
            return Change(
                {"pattern": QUIET}, lack=f"the {thing}", key=rng.choice((f"minus the {thing}",
                    f"without the {thing}")),
                cmd=rng.choice(_OFF).format(t=thing), say=f"I'd like {talk.it} without the {thing}",
                why=rng.choice(("", _TOO_BUSY[0].format(old=thing))),
            )  # fmt: skip
        if rng.random() < 0.2:
            other = rng.choice([p for p in shapes.PATTERN_THINGS if p not in (old, new, "solid", "graphic")])
            thing = (
                f"{thing} {rng.choice(('or', 'and', 'nor', 'or'))} {rng.choice(shapes.PATTERN_THINGS[other])}"
            )
            others = others - {other}
        key = rng.choice(_NOT).format(t=thing)
        return Change({"pattern": others}, key=key, after=f"but {key}", say=rng.choice(_NOT_SAY).format(
            t=thing),
                      cmd=rng.choice(("avoid {t}", "don't give me {t}", "swap the {t} for another pattern",
                                      "change the {t} to something else", "skip the {t}")).format(
                                          t=thing))  # fmt: skip
    words, values = shapes.PATTERNS[new], frozenset([new])
    if chance < 0.34:
        several = [(v, w) for v, w in shapes.several("pattern") if new in v and old not in v]
        if several:
            values, words = rng.choice(several)
    return named(
        talk,
        {"pattern": values},
        words,
        thing,
        "pattern",
        places=_PLACES if values <= _ALL_OVER else ("",),
        table=shapes.PATTERNS,
        avoid=old,
    )


_PLACES = ("", "", "", "", "", "", " all over")
_ALL_OVER = frozenset(["stripes", "check", "floral", "dots", "animal", "camouflage"])
