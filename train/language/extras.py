"""Wishes about details (with this, without that), and what should stay as it is."""

from core.requests import FIELDS
from core.wardrobe.design import Design
from train.language import details, shapes, uppers
from train.language.change import Change, Talk, bare, pick
from train.language.colors import plain_words
from train.language.hems import fit_words, length_words

_ADD = (
    "add {n}", "add {n}", "put {n} on {it}", "give {it} {n}", "throw in {n}", "stick {n} on {it}",
    "include {n}", "show me one with {n}", "find one with {n}", "get me one with {n}",
    "make sure {they} got {n}", "add in {n}", "have {n}", "add {n} too",
)  # fmt: skip
_WANT = (
    "I'd like {n}", "I need {n}", "I'd love {n}", "{they} could do with {n}", "{n} would be nice",
    "I want {n}", "{they} should have {n}", "I wish {they} had {n}", "I'd want {n} on {it}",
    "I must have {n}", "needs {n}", "{n} would be great", "it would be perfect with {n}",
    "would look better with {n}", "I can't do without {n}", "I was hoping for {n}",
    "{n} would finish it off", "I really want {n}", "ideally with {n}",
)  # fmt: skip
_OFF = (
    "lose the {t}", "get rid of the {t}", "remove the {t}", "take off the {t}", "ditch the {t}",
    "drop the {t}", "leave off the {t}", "leave out the {t}", "skip the {t}", "take the {t} off",
    "take away the {t}", "scrap the {t}", "no {t}", "cut the {t}", "do away with the {t}", "forget the {t}",
    "leave the {t} off", "chop the {t} off",
)  # fmt: skip
_NOT = (
    "the {t} {have} to go", "I don't want the {t}", "I don't need the {t}", "I'd rather not have the {t}",
    "I don't like the {t}", "could do without the {t}", "the {t} {are} not for me", "I'd leave the {t} off",
    "the {t} {are} putting me off", "I'm not keen on the {t}", "would be better without the {t}",
    "I dont want a {t}", "no {t} for me", "I hate the {t}", "please leave off the {t}",
    "if only {they} didn't have the {t}", "I'd buy {it} without the {t}",
    "it would be perfect minus the {t}", "{t} {are}nt my thing", "I'm not a {t} person",
    "the {t} should come off",
)  # fmt: skip
_SWAP = (
    "swap the {t} for {n}", "{n} instead of the {t}", "{n} rather than {t}", "replace the {t} with {n}",
    "{n} not {t}", "change the {t} to {n}", "{n} in place of the {t}", "ditch the {t} and add {n}",
    "lose the {t}, add {n}",
)  # fmt: skip


def detail_added(talk: Talk, detail: str) -> Change:
    """A wish for a detail that the target has and the reference lacks."""
    rng, words = talk.rng, details.DETAILS[detail]
    noun = pick(words.nouns, rng)
    if rng.random() < 0.12 and len(noun.split()) < 3 and "front" not in noun:
        noun = f"{noun} {rng.choice(details.PLACES[detail])}"
    adj = pick(words.adjectives, rng) if words.adjectives and rng.random() < 0.5 else ""
    form = {"n": noun, "it": talk.it, "they": talk.they}
    return Change(
        add=frozenset([detail]), adj=adj, have=noun, pred=adj,
        key=rng.choice((noun, bare(noun), f"with {noun}", f"w/ {bare(noun)}", *([adj] if adj else []),
            f"add {noun}")),
        cmd=rng.choice(_ADD).format(**form).replace("they got", "they've got").replace("it got", "it's got"),
        say=rng.choice(_WANT).format(**form),
    )  # fmt: skip


def detail_removed(talk: Talk, detail: str) -> Change:
    """A wish to be without a detail that the reference has and the target lacks."""
    rng = talk.rng
    thing, plural = rng.choice(details.THINGS[detail])
    if rng.random() < 0.12:
        thing = (
            f"{rng.choice(details.LOOKS)} {thing}"
            if rng.random() < 0.4
            else f"{thing} {rng.choice(details.PLACES[detail])}"
        )
    form = {"t": thing, "it": talk.it, "they": talk.they, "are": "are" if plural else "is",
            "have": "have" if plural else "has"}  # fmt: skip
    wrong = f"the {thing} {form['are']} {rng.choice(details.COMPLAINTS[detail])}"
    say = rng.choice(_NOT).format(**form)
    return Change(
        remove=frozenset([detail]), lack=rng.choice((thing, f"the {thing}", f"the {thing}")),
        key=rng.choice((f"no {thing}", f"no {thing}", f"without the {thing}", f"minus the {thing}",
            f"{thing} off")),
        cmd=rng.choice(_OFF).format(**form),
        say=say.replace("want a ", "want ") if plural else say,
        why=wrong if rng.random() < 0.5 else "",
    )  # fmt: skip


def detail_swapped(talk: Talk, gone: str, new: str) -> Change:
    """A wish for one detail in place of another."""
    rng = talk.rng
    thing, _ = rng.choice(details.THINGS[gone])
    noun = pick(details.DETAILS[new].nouns, rng)
    said = rng.choice(_SWAP).format(t=thing, n=noun)
    want = rng.choice(("I'd like {n} instead of the {t}", "I'd rather have {n} than {t}", "I'd prefer {n} "
    "to the {t}",
                       "{n} would be better than the {t}")).format(t=thing, n=noun)  # fmt: skip
    return Change(
        add=frozenset([new]), remove=frozenset([gone]), key=said, cmd=said if said[
            0] in "srcdl" else f"have {said}",
        have=f"{noun} {rng.choice(('instead of', 'rather than', 'in place of'))} the {thing}", say=want,
    )  # fmt: skip


# --- what stays -------------------------------------------------------------------------------------------

_NAMES: dict[str, tuple[str, ...]] = {
    "kind": ("garment", "style", "item"),
    "colors": ("colour", "color", "shade", "colour", "colours"),
    "pattern": ("pattern", "print", "pattern"),
    "sleeve": ("sleeves", "sleeve length", "sleeves"),
    "neckline": ("neckline", "neck", "neck shape"),
    "length": ("length", "hem", "length"),
    "fit": ("fit", "shape", "cut", "silhouette"),
    "details": ("details", "trimmings", "little details"),
}
_KEEP = (
    "keep the {t}", "same {t}", "same {t}", "the {t} can stay", "the {t} stays", "keep {t} as is",
    "don't change the {t}", "with the same {t}", "in the same {t}", "keep that {t}", "the {t} is fine",
    "I like the {t}", "love the {t}", "leave the {t} alone", "keep the same {t}", "{t} is perfect",
    "{t} ok", "{t} and all", "the {t} is right", "it's the right {t}", "the {t} I like", "{t} stays",
    "still the same {t}", "not the {t} though, that's lovely",
)  # fmt: skip
_STILL = (
    "keep it {w}",
    "still {w}",
    "still in {w}",
    "but stay {w}",
    "{w} as it is",
    "keep the {w}",
    "leave it {w}",
)
_REST = (
    "otherwise the same", "everything else the same", "keep everything else", "the rest stays put",
    "rest the same", "everything else stays", "no other changes", "otherwise perfect",
    "nothing else changed", "all else the same", "leave the rest", "the rest is perfect",
    "don't change anything else", "everything else is perfect", "same otherwise", "else the same",
    "identical apart from that", "apart from that I love it", "wouldn't change a bit of the rest",
    "just that one change", "the rest is spot on", "keep all the rest as it is",
    "everything else just as it is",
)  # fmt: skip
SAME = (
    "exactly the same", "the exact same thing", "the very same thing", "identical",
    "exactly the same thing", "the exact same one", "keep everything", "this exact one", "exactly this",
)  # fmt: skip


def keep_words(talk: Talk, touched: frozenset[str]) -> tuple[str, frozenset[str]]:
    """Words for what should stay and its fields, none of them touched; ("", none) where there is nothing."""
    rng, reference, target = talk.rng, talk.reference, talk.target
    if rng.random() < 0.35:
        return rng.choice(_REST), frozenset(FIELDS) - touched
    able = [f for f in FIELDS[1:] if f not in touched and _same(reference, target, f)]
    if not able:
        return "", frozenset()
    field = rng.choice(able)
    if field == "details" and not reference.details:
        return "", frozenset()
    thing = rng.choice(_NAMES[field])
    if field in ("colors", "pattern") and rng.random() < 0.2:
        word = pick(plain_words(reference.colors[0]) if field == "colors" else
                    shapes.PATTERNS[reference.pattern].adjectives, rng)  # fmt: skip
        return rng.choice(_STILL).format(w=word), frozenset([field])
    if rng.random() < 0.5:
        thing = _value_thing(talk, field) or thing
    form = rng.choice(_KEEP)
    said = form.format(t=thing)
    if thing.endswith("s") and not thing.endswith("ss"):
        said = said.replace(" stays", " stay").replace(" is ", " are ")
    fields = frozenset([field])
    if rng.random() < 0.15 and len(able) > 1:
        other = rng.choice([f for f in able if f != field])
        said = f"same {rng.choice(_NAMES[field])} and {rng.choice(_NAMES[other])}"
        fields = frozenset([field, other])
    return said, fields


def _same(reference: Design, target: Design, field: str) -> bool:
    if field == "colors":
        return reference.colors[0] == target.colors[0]
    value = getattr(reference, field)
    return value is not None and value == getattr(target, field)


def _value_thing(talk: Talk, field: str) -> str:
    """The reference's own value as a thing to keep: "stripes", "navy", "long sleeves"."""
    rng, reference = talk.rng, talk.reference
    if field == "colors":
        return pick(plain_words(reference.colors[0]), rng)
    if field == "pattern":
        return rng.choice(shapes.PATTERN_THINGS[reference.pattern])
    if field == "sleeve" and reference.sleeve not in (None, "none"):
        return bare(pick(uppers.SLEEVES[reference.sleeve].nouns[:4], rng))
    if field == "neckline" and reference.neckline in uppers.NECKLINES:
        return bare(pick(uppers.NECKLINES[reference.neckline].nouns[:5], rng))
    if field == "length":
        return f"{length_words(reference.family, reference.length).adjectives[0]} length".replace(
            "length length", "length"
        )
    if field == "fit":
        return f"{fit_words(reference.family, reference.fit).adjectives[0]} fit".replace("fit fit", "fit")
    if field == "details":
        return rng.choice(details.THINGS[rng.choice(reference.details)])[0]
    return ""
