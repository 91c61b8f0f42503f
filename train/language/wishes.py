"""Wishes in people's words, with the exact request they make and a garment that fulfils it.

A wish is worded for a pair: the target is drawn first, every wording is one that the target meets.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import HemlineError
from core.requests import Request, details_of, kept, met
from core.wardrobe.design import BARE_NECKS, COLORS, RULES, Design, changed
from train.language import frames, noise, silhouettes
from train.language.change import Change, Talk, talk_about
from train.language.dressing import with_filler, with_keep, with_mood
from train.language.extras import detail_added, detail_removed, detail_swapped, keep_words
from train.language.held_out import held_out
from train.language.hems import fit_change, length_change
from train.language.kinds import kind_change
from train.language.moods import mood_for
from train.language.prints import pattern_change
from train.language.tints import color_change
from train.language.tops import neckline_change, sleeve_change
from train.language.two_tones import colored_print


@dataclass(frozen=True)
class Wish:
    """Words, the request they make of a garment like `reference`, and a design that meets it."""

    text: str
    request: Request
    target: Design


@dataclass(frozen=True)
class Manner:
    """How people type: the shares of texts with slips, abbreviations, reasons, keeps and another case."""

    typos: float = 0.12
    short: float = 0.1
    fillers: float = 0.25
    keeps: float = 0.16
    case: float = 0.7


PLAIN = Manner(typos=0.0, short=0.0, fillers=0.0, keeps=0.0, case=0.0)
MANNER = Manner()

_WAYS = {
    "kind": kind_change, "colors": color_change, "pattern": pattern_change, "sleeve": sleeve_change,
    "neckline": neckline_change, "length": length_change, "fit": fit_change,
}  # fmt: skip
_WEIGHTS = {"colors": 3.0, "pattern": 2.2, "kind": 1.5, "sleeve": 2.0, "neckline": 1.9, "length": 2.2,
    "fit": 1.7,
            "add": 2.3, "remove": 1.8}  # fmt: skip
# "shorter" beside "shorter sleeves" needs the length to be said of the hem; people keep to one of a sort.


def make_wish(reference: Design, rng: random.Random, manner: Manner = MANNER) -> Wish:
    """A wish about `reference`: one to three changes, in words drawn from `rng`, and a target that meets it.

    All that the words do not touch is in the target as in the reference.
    """
    while True:
        drawn = _target(reference, rng)
        if drawn is None:
            continue
        target, asked = drawn
        text, request = _worded(reference, target, asked, rng, manner)
        if met(request, target) and all(kept(request, reference, target).values()):
            return Wish(text, request, target)


def word_wish(
    reference: Design, target: Design, rng: random.Random, manner: Manner = MANNER
) -> tuple[str, Request]:
    """Words that say all that tells `target` from `reference`, and their request, which the target meets.

    HemlineError where the two have the same attributes.
    """
    asked = differences(reference, target)
    if not asked:
        raise HemlineError(f"nothing tells the two garments apart that words could say: {reference}")
    return _worded(reference, target, asked, rng, manner)


def differences(reference: Design, target: Design) -> list[str]:
    """What a wish has to name to get from `reference` to `target`: fields, "+detail" and "-detail".

    What follows from another difference is not named: sleeves lost below straps, or with a skirt.
    """
    asked = ["kind"] if reference.family != target.family else []
    base = changed(reference, random.Random(0), family=target.family) if asked else reference
    if base.colors[0] != target.colors[0]:
        asked.append("colors")
    for field in ("pattern", "sleeve", "neckline", "length", "fit"):
        if getattr(base, field) != getattr(target, field):
            asked.append(field)
    if target.neckline in BARE_NECKS and "neckline" in asked:
        asked = [name for name in asked if name != "sleeve"]
    if "neckline" in asked and target.neckline == "hood":
        asked.remove("neckline")
    before, after = details_of(base), details_of(target)
    lost = {"hood"} | ({"cuffs"} if target.sleeve in ("none", "cap") else set())
    asked += [f"+{detail}" for detail in sorted(after - before)]
    asked += [f"-{detail}" for detail in sorted(before - after - lost)]
    return asked


def _target(reference: Design, rng: random.Random) -> tuple[Design, list[str]] | None:
    """A target one to three changes away, and what was changed; None where the draw cannot be drawn."""
    (count,) = rng.choices((1, 2, 3), (0.45, 0.38, 0.17))
    names = list(_WEIGHTS)
    picked: list[str] = []
    while len(picked) < count:
        (name,) = rng.choices(names, [_WEIGHTS[n] for n in names])
        if picked.count(name) < (2 if name in ("add", "remove") else 1):
            picked.append(name)
    values: dict[str, object] = {}
    family = reference.family
    asked: list[str] = []
    details = set(reference.details)
    if "kind" in picked:
        family = rng.choice([f for f in RULES if f != reference.family])
        values["family"] = family
        asked.append("kind")
        if rng.random() < 0.3:
            special = [more for _, of, more in silhouettes.KIND_PHRASES if of == family]
            more = rng.choice(special) if special else {}
            for field, value in more.items():
                values[field] = value
    rules = RULES[family]
    allowed = {"colors": COLORS, "pattern": rules.patterns, "sleeve": rules.sleeves,
        "neckline": rules.necklines,
               "length": rules.lengths, "fit": rules.fits}  # fmt: skip
    for name in picked:
        if name in allowed:
            old = reference.colors[0] if name == "colors" else getattr(reference, name)
            choices = [v for v in allowed[name] if v != old]
            if not choices or name in values or (old is None and "kind" not in picked):
                return None
            value = rng.choice(choices)
            values[name] = (value, *reference.colors[1:]) if name == "colors" else value
            if old is not None or name in ("sleeve", "neckline"):
                asked.append(name)
        elif name == "add":
            able = [d for d in rules.details if d not in details]
            if not able:
                return None
            detail = rng.choice(able)
            details.add(detail)
            asked.append(f"+{detail}")
        elif name == "remove":
            able = [d for d in reference.details if d in details and d in rules.details]
            if not able:
                return None
            detail = rng.choice(able)
            details.discard(detail)
            asked.append(f"-{detail}")
    if details != set(reference.details):
        values["details"] = tuple(sorted(details))
    if values.get("neckline") == "hood" or ("neckline" in values and "+hood" in asked):
        return None
    try:
        target = changed(reference, rng, **values)
    except HemlineError:
        return None
    rng.shuffle(asked)
    return target, asked


def _changes(talk: Talk, asked: Iterable[str]) -> list[Change]:
    asked = list(asked)
    unhooded = "hood" in talk.reference.details and "hood" not in talk.target.details
    if unhooded and "-hood" not in asked and talk.rng.random() < 0.5:
        # "no hood" says that there is another neckline, and often nobody cares which.
        if "neckline" in asked and talk.target.neckline == RULES[talk.target.family].necklines[0]:
            asked.remove("neckline")
        asked.append("-hood")
    added = [a[1:] for a in asked if a.startswith("+")]
    removed = [a[1:] for a in asked if a.startswith("-")]
    changes: list[Change] = []
    kind: Change | None = None
    if "kind" in asked:
        kind = kind_change(talk)
    done = set(kind.edits) if kind else set()
    done_details = kind.add if kind else frozenset()
    if {"colors", "pattern"} <= set(asked) - done and talk.rng.random() < 0.5:
        both = colored_print(talk)
        if both is not None:
            changes.append(both)
            done |= {"colors", "pattern"}
    if added and removed and talk.rng.random() < 0.5 and added[0] not in done_details:
        changes.append(detail_swapped(talk, removed.pop(0), added[0]))
        done_details |= {added[0]}
    for name in asked:
        if name == "kind" and kind:
            changes.append(kind)
        elif name.startswith("+") and name[1:] not in done_details:
            changes.append(detail_added(talk, name[1:]))
        elif name.startswith("-") and name[1:] in removed:
            changes.append(detail_removed(talk, name[1:]))
        elif name in _WAYS and name not in done:
            way = _WAYS[name]
            changes.append(way(talk))
    return changes


def _worded(
    reference: Design, target: Design, asked: list[str], rng: random.Random, manner: Manner
) -> tuple[str, Request]:
    while True:
        text, request = _draft(reference, target, asked, rng, manner)
        if text and not held_out(text):
            return text, request


def _draft(
    reference: Design, target: Design, asked: list[str], rng: random.Random, manner: Manner
) -> tuple[str, Request]:
    talk = talk_about(reference, target, rng)
    changes = _changes(talk, asked)
    edits: dict[str, frozenset[str]] = {}
    add, remove = frozenset[str](), frozenset[str]()
    for change in changes:
        for field, values in change.edits.items():
            edits[field] = edits[field] & values if field in edits else values
        add, remove = add | change.add, remove | change.remove
    text = _said(changes, talk)
    if rng.random() < manner.fillers * 0.2:
        text = with_mood(text, mood_for(changes, talk), rng)
    keep = frozenset[str]().union(*(change.keep for change in changes))
    touched = set(edits) | ({"details"} if add | remove else set())
    touched |= {"neckline"} if "hood" in add | remove else set()
    if rng.random() < manner.keeps:
        words, more = keep_words(talk, frozenset(touched))
        if words:
            keep = keep | more
            text = with_keep(text, words, rng)
    if rng.random() < manner.fillers:
        text = with_filler(text, rng)
    if rng.random() < manner.short:
        text = noise.shortened(text, rng)
    if rng.random() < manner.typos:
        text = noise.with_typos(text, rng)
    if rng.random() < manner.case:
        text = noise.recased(text, rng)
    return " ".join(text.split()), Request(edits, add, remove, keep)


def _said(changes: list[Change], talk: Talk) -> str:
    rng = talk.rng
    first = changes[0]
    if first.why and rng.random() < 0.4:
        rest = changes[1:]
        if not rest and _complaint_alone(first) and rng.random() < 0.3:
            return first.why
        if rest and _complaint_alone(first) and rng.random() < 0.3:
            return first.why + rng.choice((". ", ", ", "; ", " and ")) + frames.say_changes(rest, talk)
        link = rng.choice((", ", ". ", "; ", " - ", ", so ", "! ", ": ", " so ", ", can you ", "... "))
        if link == ", can you ":
            return f"{first.why}{link}{frames.imperative(changes, talk)}?"
        return first.why + link + frames.say_changes(changes, talk)
    return frames.say_changes(changes, talk)


def _complaint_alone(change: Change) -> bool:
    """Whether what is wrong says by itself what is asked for: "too long", "the belt is digging in"."""
    return bool(change.remove) or (
        change.why.startswith(
            ("too ", "it's too ", "they're too ", "way too ", "the sleeves are too", "the neck")
        )
        and set(change.edits) <= {"length", "fit", "sleeve", "neckline"}
        and all(len(values) > 1 for values in change.edits.values())
    )
