"""Wishes for another kind of garment."""

from train.language import shapes, silhouettes
from train.language.change import Change, Talk, is_plural, pick, with_article
from train.language.colors import plain_words

_TURN = (
    "make me a {n} version", "show me the {n} equivalent", "can {this} become {a}", "same thing as {a}",
    "do the same in {a}", "I need the {n} version", "same vibe in {a}", "same look but {a}",
    "turn {it} into {a}", "make {it} {a}", "swap the {old} for {a}", "show me {a}", "find me {a}",
    "give me {a} instead", "change {it} to {a}", "show me the {n} version", "do {a} version",
    "make {it} into {a}", "flip {it} to {a}", "swap {it} for {a}", "get me {a} like {this}",
    "try {a} instead",
)  # fmt: skip
_RATHER = (
    "I'd rather have {a}", "I need {a}", "I'm after {a} like {this}", "I want {a} not {b}",
    "I was looking for {a}", "I'd prefer {a}", "I want {this} as {a}", "I need {a} instead of {b}",
    "I'd like {a} version of {this}", "I'm looking for {a} in the same style", "{a} would be more useful",
    "it should be {a}", "I wanted {a}",
)  # fmt: skip
_WRONG = (
    "I can't wear {b}", "I don't need {b}", "not the right sort of thing", "{b} won't do", "not {b}",
    "I've got enough {plural}", "I don't wear {plural}", "I never wear {plural}", "{b} is no good for work",
)  # fmt: skip


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
    same, keep = _same_as_this(talk, frozenset(edits))
    if same:
        key = rng.choice((f"{a} {same}", f"{noun} {same}",
            f"{same.removeprefix('in ').removeprefix('with ')} {a}"
                          if same.startswith("in the same") else f"{noun} {same}"))  # fmt: skip
        form |= {"a": f"{a} {same}", "n": noun}
    return Change(
        edits, add, keep=keep, noun=noun, behind=same, key=key,
        cmd=rng.choice(_TURN).format(**form).replace("do a pair", "do the pair"),
        say=rng.choice(_RATHER).format(**form),
        why=rng.choice(_WRONG).format(**form) if rng.random() < 0.15 else "",
    )  # fmt: skip


def _same_as_this(talk: Talk, asked: frozenset[str]) -> tuple[str, frozenset[str]]:
    """Words that keep the print or the colour while the kind changes: "in that check"; mostly none."""
    rng, reference, target = talk.rng, talk.reference, talk.target
    if rng.random() > 0.3 or "pattern" in asked:
        return "", frozenset()
    if reference.pattern == target.pattern and reference.pattern != "solid" and rng.random() < 0.75:
        thing = rng.choice((*shapes.PATTERN_THINGS[reference.pattern], "print", "pattern", "print"))
        said = rng.choice(_SAME)
        if thing.endswith("s"):
            said = said.replace("this", "these").replace("that", "those")
        return said.format(t=thing), frozenset(["pattern"])
    if reference.colors[0] == target.colors[0]:
        thing = rng.choice(("colour", "color", "shade", pick(plain_words(reference.colors[0]), rng)))
        return rng.choice(_SAME[:6]).format(t=thing), frozenset(["colors"])
    return "", frozenset()


_SAME = (
    "in the same {t}", "in that {t}", "in this {t}", "in the same {t}", "in exactly this {t}",
    "in the very same {t}", "with the same {t}", "with that {t}", "with this {t}",
    "with the same {t} on it",
)  # fmt: skip
_BY_FAMILY = {
    family: [(name, tuple(more.items())) for name, of, more in silhouettes.KIND_PHRASES if of == family]
    for family in silhouettes.FAMILY_NOUNS
}
_WITH_DETAIL = {
    family: [(name, detail) for name, of, detail in silhouettes.DETAIL_KINDS if of == family]
    for family in silhouettes.FAMILY_NOUNS
}
