"""Wishes about sleeves, necklines, lengths, fits and the kind of garment."""

import random

from core import vocabulary
from core.wardrobe.design import RULES
from train.language import shapes, silhouettes
from train.language.change import Change, Talk, against, bare, is_plural, pick
from train.language.tones import graded, named
from train.wording import with_article

_A_BIT = ("a bit", "slightly", "a tad", "a little", "a touch", "ever so slightly", "just a bit", "a lil",
    "a smidge",
          "a bit")  # fmt: skip
_MUCH = ("much", "a lot", "way", "far", "loads", "considerably", "quite a bit", "much much")


def amount(word: str, steps: int, rng: random.Random) -> tuple[str, int, int]:
    """The comparative with a word for how much, and the steps on the scale it then means (least, most)."""
    chance = rng.random()
    if chance < 0.28 and steps <= 2:
        return f"{rng.choice(_A_BIT)} {word}", 1, 2
    if chance > 0.82 and steps >= 2:
        return f"{rng.choice(_MUCH)} {word}", 2, 99
    return word, 1, 99


def sleeve_change(talk: Talk) -> Change:
    """A wish for the target's sleeves, the reference's being others."""
    rng, old, new = talk.rng, str(talk.reference.sleeve), str(talk.target.sleeve)
    if talk.reference.sleeve is None:
        return named(talk, {"sleeve": frozenset([new])}, shapes.SLEEVES[new], "", "sleeve")
    order = vocabulary.SLEEVES
    step = order.index(new) - order.index(old)
    chance = rng.random()
    thing = bare(pick(shapes.SLEEVES[old].nouns, rng)) if old != "none" else ""
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
                      say=rng.choice((f"I don't want {said}", f"{said} is a no for me", f"I hate {said}",
                                      f"{said} don't suit me" if old != "none" else "not sleeveless")))  # fmt: skip
    words, values = shapes.SLEEVES[new], frozenset([new])
    if chance < 0.62:
        found = [(v, w) for v, w in shapes.several("sleeve") if new in v and old not in v]
        if found:
            values, words = rng.choice(found)
    return named(talk, {"sleeve": values}, words, thing, "sleeve")


_LONG_ARMS = ("the sleeves are too short", "my arms get cold", "I feel the cold", "I don't like my arms "
    "showing",
              "the sleeves are a bit short", "I want to hide my arms", "not enough sleeve", "I burn easily",
              "I like my arms covered", "")  # fmt: skip
_SHORT_ARMS = ("the sleeves are too long", "the sleeves get in the way", "too hot with these sleeves",
    "too much sleeve",
               "the sleeves come down over my hands", "it's boiling here", "the sleeves are a bit long",
                   "")  # fmt: skip


def _sleeve_grade(talk: Talk, values: frozenset[str], word: str, step: int) -> Change:
    rng = talk.rng
    have = (
        f"{word} sleeves" if not word.startswith(("a ", "a lil")) else f"slightly {word.split()[-1]} sleeves"
    )
    if word.startswith("a "):
        have = rng.choice((have, f"sleeves {word}"))
    less = rng.choice(
        ("more sleeve", "a bit more sleeve") if step > 0 else ("less sleeve", "a bit less sleeve")
    )
    plain = word in ("longer", "shorter")
    near = plain or (abs(step) <= 2 and not word.startswith(_MUCH))
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
_NO_COLLAR = frozenset(shapes.NECKLINES) - {"collar", "polo", "lapel"}
_HIGHER = ("a higher neck", "a higher neckline", "a neck that's higher", "more coverage up top", "a less "
    "revealing neck",
           "something higher at the neck", "more cover at the neck")  # fmt: skip
_LOWER = ("a lower neck", "a lower neckline", "a more open neck", "something lower at the neck", "a lower "
    "cut neck",
          "a neck that's lower", "a less high neck")  # fmt: skip
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
    "{old} isn't me", "{old} doesn't suit me", "not keen on the {old}", "the {old} is a no for me",
        "I can't wear a {old}",
    "the {old} is uncomfortable", "the {old} is itchy", "the {old} looks funny on me", "I'm not a {old} "
    "person",
    "{old} slips off when I move", "the {old} is unflattering",
)  # fmt: skip


def neckline_change(talk: Talk) -> Change:
    """A wish for the target's neckline, the reference's being another."""
    rng, old, new = talk.rng, str(talk.reference.neckline), str(talk.target.neckline)
    if talk.reference.neckline is None:
        return named(talk, {"neckline": frozenset([new])}, shapes.NECKLINES[new], "", "neckline")
    chance = rng.random()
    thing = bare(pick(shapes.NECKLINES[old].nouns[:6], rng))
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
        values = _NO_COLLAR if collar and thing == "collar" else frozenset(shapes.NECKLINES) - {old}
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
    words, values = shapes.NECKLINES[new], frozenset([new])
    if chance < 0.4:
        found = [(v, w) for v, w in shapes.several("neckline") if new in v and old not in v]
        if found:
            values, words = rng.choice(found)
    change = named(talk, {"neckline": values}, words, thing, "neckline")
    if rng.random() < 0.12:
        change.why = rng.choice(_NECK_WHY).format(old=thing)
    if rng.random() < 0.15 and change.have:
        change.say = rng.choice(("the neckline should be {n}", "the neck should be {n}")).format(
            n=change.adj or change.have
        )
    return change


# --- length -----------------------------------------------------------------------------------------------

_TOO_SHORT = ("{its} too short", "too short for me", "way too short", "I'm tall",
    "I feel exposed in {this}", "a bit short",
              "{they} would barely cover my bum", "I'm six foot", "too short to bend over in", "I need "
              "more coverage",
              "{its} a bit short on me", "not long enough", "I'd be pulling it down all day")  # fmt: skip
_TOO_LONG = ("{its} too long", "too long for me", "way too long", "I'm petite", "I'd trip over {it}",
    "a bit long",
             "I'm only five foot", "{they} would drag on the floor", "I'm short so {its} drowning me",
                 "swamps me",
             "{its} a bit long on me", "too much fabric", "I'd look like a nun")  # fmt: skip
_HEMS = ("longer", "shorter")


def length_words(family: str, length: str) -> shapes.Words:
    """The words for a length of a family's."""
    if family == "trousers" and length in silhouettes.LEG_LENGTHS:
        return silhouettes.LEG_LENGTHS[length]
    if family == "shorts":
        return silhouettes.SHORTS_LENGTHS[length]
    return silhouettes.LENGTHS[length]


def in_order(family: str) -> list[str]:
    """The lengths of a family, the shortest first."""
    return sorted(RULES[family].lengths, key=_LENGTHS.index)


_LENGTHS = ("cropped", "waist", "hip", "mini", "knee", "midi", "maxi", "ankle", "full")


def length_change(talk: Talk) -> Change:
    """A wish for the target's length, the reference's being another."""
    rng, old, new = talk.rng, talk.reference.length, talk.target.length
    family, chance = talk.target.family, rng.random()
    scale = in_order(family)
    if old not in scale or family != talk.reference.family:
        return named(talk, {"length": frozenset([new])}, length_words(family, new), "", "length")
    step = scale.index(new) - scale.index(old)
    whys = _TOO_SHORT if step > 0 else _TOO_LONG
    why = rng.choice(whys).format(its=talk.its, they=talk.they, this=talk.this, it=talk.it)
    if chance < 0.42:
        word, least, most = amount("longer" if step > 0 else "shorter", abs(step), rng)
        sign = 1 if step > 0 else -1
        values = frozenset(v for i, v in enumerate(scale) if least <= (i - scale.index(old)) * sign <= most)
        change = graded(talk, {"length": values}, word, why if word in _HEMS else "")
        if rng.random() < 0.15 and word in _HEMS:
            part = {"dress": "skirt", "trousers": "leg"}.get(family, "hem")
            change.have, change.after, change.adj, change.pred = f"a {word} {part}", "", "", ""
            change.key = f"{word} {part}"
        if rng.random() < 0.12 and word in _HEMS:
            change.cmd = rng.choice(
                ("{v} the hem", "{v} {it}", "take the hem {d}", "bring the hem {d}")
            ).format(v="lengthen" if step > 0 else "shorten", it=talk.it, d="down" if step > 0 else "up")
        return change
    if chance < 0.5:
        values = frozenset(scale) - {old}
        said = length_words(family, old).adjectives[0]
        return Change({"length": values}, key=f"not {said}", after=f"but not {said}",
                      cmd=rng.choice(("change the length", f"don't give me {said}")),
                      say=rng.choice((f"I don't want {said}", f"{said} isn't for me",
                          f"I'm done with {said}")))  # fmt: skip
    words, values = length_words(family, new), frozenset([new])
    if chance < 0.6 and family in ("dress", "skirt", "coat"):
        found = [(frozenset(v.split()), w) for v, w in silhouettes.LENGTHS_SEVERAL]
        found = [(v, w) for v, w in found if new in v and old not in v]
        if found:
            values, words = rng.choice(found)
    thing = length_words(family, old).adjectives[0]
    change = named(talk, {"length": values}, words, "", "length")
    if rng.random() < 0.15:
        change.key = against(change.key, thing, rng)
    if rng.random() < 0.25:
        change.why = why
    return change


# --- fit --------------------------------------------------------------------------------------------------

ROOM = {
    "skinny": 0, "fitted": 1, "straight": 2, "regular": 2, "a-line": 3, "flared": 4, "loose": 4, "wide": 5,
}  # fmt: skip
_LOOSER = ("looser", "roomier", "baggier", "more relaxed", "less tight", "less clingy", "bigger",
    "boxier", "less fitted",
           "slouchier", "more generous", "comfier", "not so tight", "easier",
               "less figure-hugging")  # fmt: skip
_TIGHTER = ("tighter", "slimmer", "more fitted", "closer fitting", "neater", "less baggy", "less loose",
    "snugger",
            "more tailored", "more figure-hugging", "trimmer", "less roomy", "narrower")  # fmt: skip
_PARTS = ("", "", "", " in the body", " through the waist", " at the waist", " round the middle",
    " on me", " all over",
          " fit", " fit")  # fmt: skip
_LEG_PARTS = ("", "", " in the leg", " leg", " legs", " on the thigh", " fit")
_TOO_TIGHT = ("{its} too tight", "too clingy", "too tight for me", "I've put on weight", "{they} would "
    "cling to everything",
              "I want to be able to breathe", "too figure-hugging", "I want to move in {it}", "I like "
              "room to eat")  # fmt: skip
_TOO_LOOSE = ("{its} too baggy", "too big on me", "{they} would swamp me", "looks like a sack", "too "
    "shapeless", "too loose",
              "looks like a tent", "no shape to {it}", "{its} drowning me", "too much volume")  # fmt: skip


def fit_change(talk: Talk) -> Change:
    """A wish for the target's fit, the reference's being another."""
    rng, old, new = talk.rng, talk.reference.fit, talk.target.fit
    family, chance = talk.target.family, rng.random()
    allowed = RULES[family].fits
    if family != talk.reference.family:
        return named(talk, {"fit": frozenset([new])}, fit_words(family, new), "", "fit")
    step = ROOM[new] - ROOM[old]
    why = rng.choice(_TOO_TIGHT if step > 0 else _TOO_LOOSE).format(its=talk.its, they=talk.they, it=talk.it)
    if chance < 0.08 and step < 0 and old in ("flared", "a-line", "loose", "wide"):
        lesser = {"flared": ("less flared", "less swingy", "less of a flare", "less volume"), "wide": (
            "less wide",
                "narrower"), "loose": ("less volume", "less baggy"), "a-line": ("less volume",)}[
                    old]  # fmt: skip
        word = rng.choice(lesser)
        values = frozenset(f for f in allowed if ROOM[f] < ROOM[old])
        if "volume" in word or " of a" in word:
            return Change(
                {"fit": values}, have=word, key=word, cmd=f"give {talk.it} {word}", say=f"I'd like {word}"
            )
        return graded(talk, {"fit": values}, word, why)
    if chance < 0.45 and step:
        word, _, _ = amount(rng.choice(_LOOSER if step > 0 else _TIGHTER), 1, rng)
        values = frozenset(f for f in allowed if (ROOM[f] - ROOM[old]) * step > 0)
        part = rng.choice(_LEG_PARTS if family == "trousers" else _PARTS)
        if part in (" fit", " leg", " legs"):
            fit = f"{word}{part}"
            have = fit if part == " legs" else with_article(fit.removeprefix("a "))
            return Change({"fit": values}, have=have, key=fit, cmd=f"give {talk.it} {have}",
                          say=rng.choice((f"I'd like {have}", f"I need {have}", f"I'd prefer {have}")),
                              why=why)  # fmt: skip
        if part:
            change = graded(talk, {"fit": values}, word + part, why if rng.random() < 0.5 else "")
            change.adj, change.after = "", word + part
            return change
        return graded(talk, {"fit": values}, word, why)
    if chance < 0.5:
        said = fit_words(family, old).adjectives[0]
        return Change({"fit": frozenset(allowed) - {old}}, key=rng.choice((f"not {said}", f"not so {said}")),
                      after=f"but not {said}", cmd=rng.choice((f"don't give me {said}", f"avoid {said}")),
                      say=rng.choice((f"I don't want {said}", f"{said} isn't for me",
                          f"I can't do {said}")))  # fmt: skip
    change = named(talk, {"fit": frozenset([new])}, fit_words(family, new), "", "fit")
    if rng.random() < 0.15:
        change.key = against(
            change.adj or change.key, fit_words(talk.reference.family, old).adjectives[0], rng
        )
    if step and rng.random() < 0.2:
        change.why = why
    return change


def fit_words(family: str, fit: str) -> shapes.Words:
    """The words for a fit of a family's."""
    return silhouettes.FIT_BY_FAMILY.get((family, fit)) or silhouettes.FITS[fit]


# --- kind -------------------------------------------------------------------------------------------------

_TURN = (
    "turn {it} into {a}", "make {it} {a}", "swap the {old} for {a}", "show me {a}", "find me {a}", "give "
    "me {a} instead",
    "change {it} to {a}", "show me the {n} version", "do {a} version", "make {it} into {a}", "flip {it} "
    "to {a}",
    "swap {it} for {a}", "get me {a} like {this}", "try {a} instead",
)  # fmt: skip
_RATHER = (
    "I'd rather have {a}", "I need {a}", "I'm after {a} like {this}", "I want {a} not {b}", "I was "
    "looking for {a}",
    "I'd prefer {a}", "I want {this} as {a}", "I need {a} instead of {b}", "I'd like {a} version of {this}",
    "I'm looking for {a} in the same style", "{a} would be more useful", "it should be {a}", "I wanted {a}",
)  # fmt: skip
_WRONG = ("I can't wear {b}", "I don't need {b}", "wrong kind of thing", "{b} won't do", "not {b}", "I've "
    "got enough "
          "{plural}", "I don't wear {plural}", "I never wear {plural}",
              "{b} is no good for work")  # fmt: skip


def kind_change(talk: Talk) -> Change:
    """A wish for another kind of garment, sometimes with what the kind's name also says ("a blazer")."""
    rng, target = talk.rng, talk.target
    edits = {"kind": frozenset([target.family])}
    add: frozenset[str] = frozenset()
    noun = rng.choice(silhouettes.FAMILY_NOUNS[target.family])
    special = [
        (n, more) for n, more in _BY_FAMILY[target.family] if all(getattr(target, f) == v for f, v in more)
    ]
    if special and rng.random() < 0.6:
        noun, more = rng.choice(special)
        edits |= {field: frozenset([value]) for field, value in more}
    detailed = [(n, d) for n, d in _WITH_DETAIL[target.family] if d in target.details and
                d not in talk.reference.details]  # fmt: skip
    if detailed and rng.random() < 0.3:
        noun, detail = rng.choice(detailed)
        edits, add = {"kind": frozenset([target.family])}, frozenset([detail])
    if noun in ("polo shirt", "golf shirt", "polo"):
        edits["kind"] = frozenset(["t-shirt", "shirt"])
    a = noun if is_plural(noun) else with_article(noun)
    b = talk.noun if talk.plural else with_article(talk.noun)
    plural = talk.noun if talk.plural else f"{talk.noun}es" if talk.noun.endswith("s") else f"{talk.noun}s"
    form = {"a": a, "b": b, "n": noun, "old": talk.noun, "it": talk.it, "this": talk.this, "plural": plural}
    key = rng.choice(
        (noun, noun, a, f"as {a}", f"{noun} version", f"{noun} not {talk.noun}", f"{noun} instead")
    )
    return Change(
        edits, add, noun=noun, key=key,
        cmd=rng.choice(_TURN).format(**form).replace("do a pair", "do the pair"),
        say=rng.choice(_RATHER).format(**form),
        why=rng.choice(_WRONG).format(**form) if rng.random() < 0.15 else "",
    )  # fmt: skip


_BY_FAMILY = {
    family: [(name, tuple(more.items())) for name, of, more in silhouettes.KIND_PHRASES if of == family]
    for family in silhouettes.FAMILY_NOUNS
}
_WITH_DETAIL = {
    family: [(name, detail) for name, of, detail in silhouettes.DETAIL_KINDS if of == family]
    for family in silhouettes.FAMILY_NOUNS
}
