"""Wishes about length and fit."""

from core.wardrobe.design import RULES
from train.language import shapes, silhouettes
from train.language.change import Change, Talk, against, with_article
from train.language.phrasing import amount, graded, named

_TOO_SHORT = (
    "{its} too short", "too short for me", "way too short", "I'm tall", "I feel exposed in {this}",
    "a bit short", "{they} would show everything when I sit down", "I'm six foot",
    "too short to bend over in", "I need more coverage", "{its} a bit short on me", "not long enough",
    "I'd be pulling it down all day",
)  # fmt: skip
_TOO_LONG = (
    "{its} too long", "too long for me", "way too long", "I'm petite", "I'd trip over {it}", "a bit long",
    "I'm only five foot", "{they} would drag on the floor", "I'm short so {its} drowning me", "swamps me",
    "{its} a bit long on me", "too much fabric", "I'd look like a nun",
)  # fmt: skip
_MOST = (
    "the {m} you've got", "the {m} {n} you have", "the {m} one like this", "the {m} version",
    "the {m} possible", "the {m} there is", "as {p} as you've got", "the {m} in this style",
    "as {p} as it comes",
)  # fmt: skip
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
    if new in (scale[0], scale[-1]) and rng.random() < 0.12:
        extreme = "shortest" if new == scale[0] else "longest"
        said = rng.choice(_MOST).format(m=extreme, p=extreme.removesuffix("est"), n=talk.noun)
        return Change({"length": values}, key=said, cmd=f"show me {said}", say=f"I want {said}", why=why)
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
_LOOSER = (
    "looser", "roomier", "baggier", "more relaxed", "less tight", "less clingy", "bigger", "boxier",
    "less fitted", "slouchier", "more generous", "comfier", "not so tight", "easier", "less figure-hugging",
)  # fmt: skip
_TIGHTER = (
    "tighter", "slimmer", "more fitted", "closer fitting", "neater", "less baggy", "less loose", "snugger",
    "more tailored", "more figure-hugging", "trimmer", "less roomy", "narrower",
)  # fmt: skip
_PARTS = (
    "", "", "", " in the body", " through the waist", " at the waist", " round the middle", " on me",
    " all over", " fit", " fit",
)  # fmt: skip
_LEG_PARTS = ("", "", " in the leg", " leg", " legs", " on the thigh", " fit")
_TOO_TIGHT = (
    "{its} too tight", "too clingy", "too tight for me", "I've put on weight",
    "{they} would cling to everything", "I want to be able to breathe", "too figure-hugging",
    "I want to move in {it}", "I like room to eat",
)  # fmt: skip
_TOO_LOOSE = (
    "{its} too baggy", "too big on me", "{they} would swamp me", "looks like a sack", "too shapeless",
    "too loose", "looks like a tent", "no shape to {it}", "{its} drowning me", "too much volume",
)  # fmt: skip


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
        values = frozenset(f for f in allowed if ROOM[f] <= min(ROOM[old] - 1, 2))
        if new not in values:
            return named(talk, {"fit": frozenset([new])}, fit_words(family, new), "", "fit")
        if "volume" in word or " of a" in word:
            return Change(
                {"fit": values}, have=word, key=word, cmd=f"give {talk.it} {word}", say=f"I'd like {word}"
            )
        return graded(talk, {"fit": values}, word, why)
    if chance < 0.45 and step:
        word, _, _ = amount(rng.choice(_LOOSER if step > 0 else _TIGHTER), 1, rng)
        values = frozenset(f for f in allowed if ROOM[f] > ROOM[old])
        if step < 0:
            values = frozenset(f for f in allowed if ROOM[f] <= min(ROOM[old] - 1, 2))
        elif word.endswith(("boxier", "baggier", "slouchier", "bigger")):
            values = values - {"a-line", "flared"}
        if new not in values:
            return named(talk, {"fit": frozenset([new])}, fit_words(family, new), "", "fit")
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
        return Change({"fit": frozenset(allowed) - {old}}, key=f"not so {said}" if old in ("fitted",
            "loose", "wide", "skinny") else f"not {said}",
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
