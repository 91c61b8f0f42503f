"""Wishes about colour."""

from train.language import colors
from train.language.change import SWAPS, Change, Talk, against, bare, pick
from train.language.colors import NAMES
from train.language.phrasing import graded

_MAKE = (
    "make {it} {w}", "make {it} {w}", "go for {w}", "do {it} in {w}", "turn {it} {w}", "try {w}",
    "change the colour to {w}", "have {it} in {w}", "give me {w}", "find me a {w} one", "colour {it} {w}",
    "show me {w}", "go with {w}", "switch to {w}", "let's have {w}", "get me {it} in {w}", "stick with {w}",
)  # fmt: skip
_SAY = (
    "the {old} should be {w}", "I'd prefer {w}", "I'd rather have {w}", "{w} would be better",
    "{w} would be nicer than {old}", "I need {w}", "I was hoping for {w}", "I'm after {w}", "I'd love {w}",
    "I'm looking for {w}", "{they} should be {w}", "{w} is more my colour", "I fancy {w}",
    "I want {it} in {w}", "the colour should be {w}", "{w} suits me more", "I only wear {w}",
    "my favourite is {w}", "I was thinking {w}", "wish {they} came in {w}", "{old} isn't me, {w} is",
    "would prefer {w}", "{old} is out for me, {w} please", "{w} would go better with my shoes",
)  # fmt: skip
_WHY = (
    "{old} doesn't suit me", "not a fan of {old}", "I've got enough {old} already", "{old} isn't my colour",
    "{old} washes me out", "I never wear {old}", "too much {old} in my wardrobe", "the {old} isn't for me",
    "I can't wear {old}", "I look awful in {old}", "{old} makes me look ill", "sick of {old}",
    "{old} is not really me", "don't like the {old}", "not keen on the {old}", "the {old} is boring",
    "I'm bored of {old}", "everyone has {old}",
)  # fmt: skip
_ANY = (
    "anything but {old}", "any colour except {old}", "not {old}", "any colour but {old}", "no {old}",
    "any other colour", "in another colour", "a different colour", "any colour other than {old}",
    "not in {old}", "literally any colour but {old}", "anything that isn't {old}", "no more {old}",
    "any shade apart from {old}", "absolutely any colour except {old}", "a colour that isn't {old}",
)  # fmt: skip
_ANY_SAY = (
    "I don't want {old}", "{old} is a no from me", "please no {old}", "I'd rather not have {old}",
    "I hate {old}", "I dont want {old}", "I can't stand {old}, any other colour will do",
    "not a fan of {old}, any other colour is fine", "{old} drains me, pick another",
    "I look washed out in {old}, so something else", "{old} isn't for me so anything else",
    "I'd take any colour as long as it's not {old}",
)  # fmt: skip


def color_change(talk: Talk) -> Change:
    """A wish for the target's main colour, the reference's being another."""
    rng, old, new = talk.rng, talk.reference.colors[0], talk.target.colors[0]
    chance = rng.random()
    if chance < 0.34:
        for way in rng.sample((_group, _relative, _relative, _shade, _shade), 3):
            found = way(talk, old, new)
            if found is not None:
                return found
    if chance < 0.40:
        return _any_but(talk, old)
    word = pick(colors.words_for(new, frozenset([old])), rng)
    values = NAMES[word]
    if chance < 0.46:
        other = rng.choice([c for c in colors.COMMON if c not in (old, new)])
        second = rng.choice(colors.words_for(other, frozenset([old])))
        word = rng.choice((f"{word} or {second}", f"{second} or {word}", f"{word} or maybe {second}"))
        values = values | NAMES[second]
    both = len(talk.target.colors) == 2 and talk.target.pattern in ("colorblock", "stripes")
    if both and old not in talk.target.colors and chance > 0.7:
        second = pick(colors.words_for(talk.target.colors[1], frozenset([old])), rng)
        word = rng.choice((f"{word} and {second}", f"{second} and {word}", f"half {word} half {second}"))
        values = values | NAMES[second]
    return absolute_color(talk, word, values, old)


def absolute_color(talk: Talk, word: str, values: frozenset[str], old: str) -> Change:
    """A wish for a colour by name."""
    rng = talk.rng
    was = pick(colors.words_for(old, values), rng)
    form = {"w": word, "old": was, "it": talk.it, "they": talk.they}
    said = against(word, was, rng) if rng.random() < 0.15 else word
    templates = SWAPS if rng.random() < 0.25 else _MAKE
    cmd = rng.choice(templates).format(**form, new=word)
    coloured = rng.random() < 0.06 and " " not in word
    return Change(
        {"colors": values},
        adj=f"{word} coloured" if coloured else word,
        inside=said,
        pred=said,
        key=rng.choice((said, said, said, f"in {said}", f"{word} please", f"colour: {word}")),
        cmd=cmd,
        say=rng.choice(_SAY).format(**form),
        why=rng.choice(_WHY).format(**form) if rng.random() < 0.4 else "",
    )


def _group(talk: Talk, old: str, new: str) -> Change | None:
    rng = talk.rng
    found = [g for g in colors.GROUPS if new in g[0] and old not in g[0]]
    if not found:
        return None
    values, nouns, adjectives = rng.choice(found)
    noun, adjective = rng.choice(nouns), rng.choice(adjectives)
    inside = "" if noun.startswith("something") else noun
    return Change(
        {"colors": values},
        adj=adjective,
        inside=inside,
        pred=adjective,
        key=rng.choice((noun, noun, bare(noun), f"in {noun}" if inside else noun)),
        cmd=rng.choice(("go for {n}", "make {it} {a}", "show me {n}", "choose {n}", "pick {n}",
            "try {n}")).format(
            n=noun, a=adjective, it=talk.it
        ),
        say=rng.choice(
            ("I'd prefer {n}", "I'd like {n}", "{n} would be better", "I want {n}", "I need {n}", "I'm "
            "after {n}")
        ).format(n=noun),
    )  # fmt: skip


_DARKER = (
    ("darker", "darker", "a darker colour", "in a darker shade", "deeper", "a deeper colour", "a darker "
    "shade"),
    ("{its} too pale", "{its} too light", "{its} very pale", "too pale for me", "the colour is too light",
     "this would show every mark", "{they} would get dirty in five minutes", "too washed out"),
)  # fmt: skip
_LIGHTER = (
    ("lighter", "lighter", "a lighter colour", "paler", "in a lighter shade", "a paler colour",
        "a lighter shade"),
    ("{its} too dark", "{its} very dark", "a bit dark for summer", "too dark for me", "rather dark",
     "the colour is too gloomy", "too sombre", "too dark for spring"),
)  # fmt: skip
_BRIGHTER = (
    ("brighter", "more colourful", "a brighter colour", "more vivid", "more vibrant", "bolder", "a bolder "
    "colour",
     "in a brighter shade", "more cheerful", "more fun", "a more cheerful colour"),
    ("{its} very {old}", "{its} too dull", "a bit boring in {old}", "too drab", "{its} a bit grim", "too "
    "dreary"),
)  # fmt: skip
_MUTED = (
    ("more muted", "toned down", "a more muted colour", "more subdued", "a quieter colour", "a softer colour",
     "less bright", "less loud", "more understated", "a calmer colour", "less garish", "more sober"),
    ("{its} too bright", "{its} a bit loud", "too loud for me", "too garish", "the colour is overkill",
     "too in your face", "{old} is too shouty"),
)  # fmt: skip
_WARMER = (
    ("warmer", "a warmer colour", "in a warmer shade", "in warmer colours", "a warmer tone", "a warmer "
    "shade"),
    ("too cold looking", "the colour is too cold", "{old} is too cold on me"),
)  # fmt: skip
_COOLER = (
    ("cooler", "a cooler colour", "in a cooler shade", "in cooler tones", "a cooler tone", "a cooler shade"),
    ("too hot a colour", "the colour is too warm for my skin"),
)  # fmt: skip
_MORE_COLOUR = (
    ("more colourful", "a bit more colour", "with more colour", "more colour", "a pop of colour", "some "
    "colour"),
    ("{its} very {old}", "{its} too {old}", "so {old}", "there's no colour in it", "{its} a bit drab"),
)  # fmt: skip


def _relative(talk: Talk, old: str, new: str) -> Change | None:
    rng = talk.rng
    step = colors.LIGHTNESS[new] - colors.LIGHTNESS[old]
    ways: list[tuple[frozenset[str], tuple[tuple[str, ...], tuple[str, ...]]]] = []
    if step <= -1.2:
        ways += [(colors.lighter_by(old, -12.0, -1.2), _DARKER)] * 2
    if step >= 1.5:
        ways += [(colors.lighter_by(old, 1.5, 12.0), _LIGHTER)] * 2
    if old not in colors.BRIGHTS | {"gold"} and new in colors.BRIGHTS | {"gold"}:
        ways.append((colors.BRIGHTS | {"gold"}, _BRIGHTER))
    if old in colors.BRIGHTS and new in colors.MUTED:
        ways.append((colors.MUTED, _MUTED))
    if old in colors.NEUTRALS and new in colors.COLOURFUL:
        ways.append((colors.COLOURFUL, _MORE_COLOUR))
    if old not in colors.WARM and new in colors.WARM:
        ways.append((colors.WARM, _WARMER))
    if old in colors.WARM and new in colors.COOL:
        ways.append((colors.COOL, _COOLER))
    if not ways:
        return None
    values, (words, whys) = rng.choice(ways)
    word = rng.choice(words)
    if word in ("darker", "lighter", "deeper", "paler") and rng.random() < 0.45:
        sign = 1 if step > 0 else -1
        if abs(step) <= 3.0:
            word = rng.choice(_SLIGHTLY).format(word)
            values = colors.lighter_by(old, *sorted((sign * 1.2, sign * 3.0)))
        else:
            word = rng.choice(_GREATLY).format(word)
            values = colors.lighter_by(old, *sorted((sign * 2.6, sign * 12.0)))
    return graded(talk, {"colors": values}, word, _fill(rng.choice(whys), talk, old))


_SLIGHTLY = (
    "a bit {}",
    "slightly {}",
    "a tad {}",
    "a little {}",
    "a shade {}",
    "a touch {}",
    "ever so slightly {}",
)
_GREATLY = ("much {}", "a lot {}", "way {}", "far {}", "several shades {}", "a good deal {}")


def _fill(template: str, talk: Talk, old: str) -> str:
    return template.format(its=talk.its, they=talk.they, it=talk.it, old=old.replace("light-", "light "))


def _shade(talk: Talk, old: str, new: str) -> Change | None:
    """Another shade of the same hue, by the hue's name: "a darker blue"."""
    rng = talk.rng
    found = [(name, shades) for name, shades in colors.HUES if old in shades and new in shades]
    if not found:
        return None
    name, shades = rng.choice(found)
    here, there = shades.index(old), shades.index(new)
    darker = there < here
    values = frozenset(shades[:here] if darker else shades[here + 1 :])
    more = rng.choice(("darker", "deeper") if darker else ("lighter", "paler", "softer"))
    if not darker and name in ("green", "red", "blue") and new == name and rng.random() < 0.5:
        more, values = "brighter", frozenset([new])
    amount = rng.choice(("", "", "slightly ", "a bit ", "a little ", "ever so slightly ", "much "))
    if amount == "much " and abs(there - here) < 2 and len(values) > 1:
        amount = ""
    much = amount if amount in ("", "much ") else "slightly "
    word = f"a {much}{more} {name}"
    if rng.random() < 0.15:
        word = f"{word} than {rng.choice(('this', 'that', 'this ' + pick(colors.plain_words(old), rng)))}"
    return Change(
        {"colors": values},
        inside=word,
        key=rng.choice((word, bare(word), f"{more} {name}", f"same {name} but {more}")),
        cmd=rng.choice(("go {m} with the {n}", "make the {n} {m}", "make {it} {w}", "go for {w}")).format(
            m=amount + more, n=name, it=talk.it, w=word
        ),
        say=rng.choice(("the {n} should be {m}", "I'd prefer {w}", "the {n} could be {m}",
            "I'd like {w}")).format(
            m=amount + more, n=name, w=word
        ),
        why=rng.choice(("", f"the {name} is too {'light' if darker else 'dark'}")),
    )  # fmt: skip


def _any_but(talk: Talk, old: str) -> Change:
    rng = talk.rng
    was = pick(colors.plain_words(old), rng)
    values = colors.DRAWN - {old}
    if rng.random() < 0.25:
        other = rng.choice([c for c in colors.COMMON if c not in (old, talk.target.colors[0])])
        was = rng.choice(("{} or {}", "{} and {}", "{} or {}")).format(
            was, rng.choice(colors.plain_words(other)[:4])
        )
        values = values - {other}
    key = rng.choice(_ANY).format(old=was)
    return Change(
        {"colors": values},
        key=key,
        cmd=rng.choice((f"show me {key}", "pick any colour but {old}", "avoid {old}", "don't give me {old}",
                        "change the colour", "anything but {old}")).format(old=was),
        say=rng.choice(_ANY_SAY).format(old=was),
        lack="" if rng.random() < 0.8 else f"the {was}",
        inside=rng.choice(("any colour but {old}", "any colour except {old}", "another colour",
                           "a different colour")).format(old=was),
    )  # fmt: skip
