"""Puts what people say around a wish before and behind it."""

import random
import re

from train.language import fillers


def with_mood(text: str, mood: str, rng: random.Random) -> str:
    """The wish with words of its mood before or behind it."""
    if not mood:
        return text
    if rng.random() < 0.65:
        return mood + rng.choice((": ", ": ", ", ", ", so ", " - ", "! ", "; ")) + text
    return text.rstrip("?!. ") + rng.choice((", ", ", ", " - ")) + mood


def with_keep(text: str, words: str, rng: random.Random) -> str:
    """The wish with words for what stays."""
    text = text.rstrip("?!. ")
    twice = " but " in text
    if rng.random() < 0.2:
        before = (", ", ". ", ": ") if twice else (", but ", " but ", ", just ", ", only ")
        return f"{words}{rng.choice(before)}{text}"
    after = (", ", ". ", " and ", "; ", " - ") if twice else (", ", ". ", " but ", ", but ", "; ")
    return f"{text}{rng.choice(after)}{words}"


def _filled(template: str, rng: random.Random) -> str:
    said = template.format(
        who=rng.choice(fillers.WHO), event=rng.choice(fillers.EVENTS), place=rng.choice(fillers.PLACES),
        reason=rng.choice(fillers.REASONS), reason2=rng.choice(fillers.REASONS), day=rng.choice(fillers.DAYS),
        month=rng.choice(fillers.MONTHS), shoes=rng.choice(fillers.SHOES), own=rng.choice(fillers.OWN),
            age=rng.choice(fillers.AGES),
    )  # fmt: skip
    said = re.sub(r"\ba (?=[aeiouAEIOU])", "an ", said)
    return said.replace("my a ", "my ").replace("my my ", "my ")


def with_filler(text: str, rng: random.Random) -> str:
    """The wish with a greeting, a reason, an occasion or thanks."""
    chance = rng.random()
    if chance < 0.3:
        tail = rng.choice(fillers.TAILS)
        return text + ("" if tail[0] in "!." else rng.choice((" ", " ", ", "))) + tail
    if chance < 0.5:
        return rng.choice(fillers.LEADS) + rng.choice((", ", ", ", " ", "! ", ". ", " but ", ", but ")) + text
    if chance < 0.78:
        opening = _filled(rng.choice(fillers.OPENINGS), rng)
        return opening + rng.choice((", so ", " so ", ". ", ": ", ", ", " - ", "; ", ", so ")) + text
    return text.rstrip("?!. ") + rng.choice((" ", " ", ", ")) + _filled(rng.choice(fillers.CLOSINGS), rng)
