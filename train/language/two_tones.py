"""Wishes for a colour and a pattern in one: "red with white dots"."""

from train.language import colors
from train.language.change import Change, Talk, pick
from train.language.colors import NAMES

_TWO_TONED = {
    "dots": ("dots", "spots", "polka dots"), "stripes": ("stripes", "stripes", "pinstripes"), "check": (
        "checks", "check"),
    "floral": ("flowers", "roses", "daisies"), "graphic": ("writing", "a logo", "a print"), "animal": (),
        "colorblock": (),
}  # fmt: skip


def colored_print(talk: Talk) -> Change | None:
    """A wish for colour and pattern in one: "red with white dots", "navy spots"; None if it cannot."""
    rng, old, target = talk.rng, talk.reference.colors[0], talk.target
    things = _TWO_TONED.get(target.pattern, ())
    if not things:
        return None
    main = pick(colors.words_for(target.colors[0], frozenset([old])), rng)
    second = pick(colors.plain_words(target.colors[1]), rng)
    thing = rng.choice(things)
    values = NAMES[main]
    chance = rng.random()
    if chance < 0.5 or target.pattern in ("floral", "graphic"):
        said = rng.choice(
            (
                f"{main} with {second} {thing}",
                f"{second} {thing} on {main}",
                f"{main}, {second} {thing}",
                f"{main} background with {second} {thing}",
            )
        )
        said = said.replace(f"{second} a ", f"a {second} ")
    elif target.pattern == "colorblock" and target.colors[1] != old:
        said = rng.choice(
            (
                "half {a} half {b}",
                "{a} and {b} {t}",
                "two-tone {a} and {b}",
                "{a} and {b} colour block",
                "half {a} and half {b}",
                "{a}/{b} colour block",
            )
        ).format(a=main, b=second, t=thing)
        values = values | frozenset([target.colors[1]])
    elif chance < 0.75 and target.pattern in ("stripes", "check") and target.colors[1] != old:
        said = rng.choice((f"{main} and {second} {thing}", f"{second} and {main} {thing}"))
        values = values | frozenset([target.colors[1]])
    else:
        said = f"{main} {thing}"
    return Change(
        {"colors": values, "pattern": frozenset([target.pattern])},
        inside=said,
        pred=said,
        key=rng.choice((said, said, f"in {said}")),
        cmd=rng.choice(("make {it} {w}", "do {it} in {w}", "go for {w}", "show me {w}", "try {w}")).format(
            it=talk.it, w=said
        ),
        say=rng.choice(("I'd like {w}", "I'd prefer {w}", "I was thinking {w}", "I want {w}")).format(w=said),
    )  # fmt: skip
