"""How people type: slips of the finger, common misspellings, abbreviations, case and punctuation."""

import random
import re

# fmt: off
MISSPELT: dict[str, tuple[str, ...]] = {
    "length": ("lenght", "lengh", "legnth"), "sleeves": ("sleves", "slevees", "sleaves", "sleevs"),
    "sleeve": ("sleve", "sleave"), "colour": ("color", "coulour", "colur"), "burgundy": ("burgandy",
        "burgendy"),
    "turquoise": ("turquise", "turqoise", "torquoise"), "neck": ("nek",), "neckline": ("neck line",
        "nekline"),
    "turtleneck": ("turtelneck", "turtle neck"), "camouflage": ("camoflage", "camoflauge", "camaflage"),
    "purple": ("purpel", "purpal"), "animal": ("anmial", "animel"), "pattern": ("patern", "patten"),
    "stripes": ("strips", "stipes", "stripes"), "striped": ("stiped", "stripped"), "trousers": (
        "trousors", "trowsers"),
    "beige": ("biege", "bage", "baige"), "leopard": ("lepoard", "lepord"), "pleated": ("pleeted", "plated"),
    "pleats": ("pleets",), "ruffles": ("rufles", "ruffels"), "corduroy": ("corduory", "cordroy"),
        "prefer": ("perfer",),
    "earthy": ("earhty", "earthey"), "something": ("somthing", "sumthing"), "straight": (
        "strait", "straigt"),
    "sweatshirt": ("sweatshrit", "swetshirt"), "sweater": ("sweter", "swetter"), "skirt": ("skrt", "skrit"),
    "pink": ("pnk",), "print": ("prnt", "pritn"), "shoulder": ("sholder", "shouldr"), "ankle": ("ankel",
        "anckle"),
    "graphic": ("grphic", "grafic"), "hoodie": ("hoody", "hoddie"), "jacket": ("jaket", "jackt"),
        "check": ("chek",),
    "gingham": ("gingam", "ginham"), "fitted": ("fited", "fittted"), "pockets": ("pokets", "pocketes"),
    "buttons": ("butons", "buttens"), "lavender": ("lavendar",), "fuchsia": ("fuschia",), "floral": (
        "florel", "florral"),
    "yellow": ("yelow", "yello"), "olive": ("oilve",), "grey": ("gray", "grey"), "maroon": ("marroon",),
        "please": ("plase",
    "pleese"), "similar": ("similiar", "simular"), "definitely": ("definately",), "strapless": ("straples",),
    "different": ("diffrent",), "necklace": ("neckless",), "dress": ("dres",), "navy": ("navey", "nayv"),
    "charcoal": ("charcol",), "khaki": ("kaki", "kahki"), "tartan": ("tarten",), "square": ("sqaure",),
    "three": ("thre",), "quarter": ("quater",), "lapels": ("labels", "lapells"), "contrast": ("contarst",),
    "mustard": ("musterd",), "emerald": ("emrald",), "version": ("verson",), "without": ("wihtout",
        "withought"),
    "white": ("whte", "whit"), "green": ("gren",), "black": ("blak", "balck"), "brown": ("bron",),
        "denim": ("denem",),
    "drawstring": ("draw string",), "shirt": ("shrit",), "shorter": ("shoter",), "longer": ("loger",),
        "looser":
    ("loser",), "off-shoulder": ("off-sholder",), "crimson": ("crimsen",), "wear": ("ware",), "dark": (
        "drak",),
}
SHORT: dict[str, tuple[str, ...]] = {
    "with": ("w/", "w", "wth"), "without": ("w/o", "wo"), "please": ("pls", "plz", "pls", "plse"),
        "and": ("n", "&", "nd", "+"),
    "you": ("u",), "are": ("r",), "though": ("tho",), "because": ("bc", "cos", "cuz"), "through": ("thru",
        ), "thanks":
    ("thx", "tx"), "sleeves": ("slvs",), "sleeve": ("slv",), "something": ("smth", "sth"),
        "three-quarter": ("3/4",), "little":
    ("lil",), "going to": ("gonna",), "want to": ("wanna",), "give me": ("gimme",), "picture": ("pic",),
        "really": ("rly",),
    "your": ("ur",), "for": ("4",), "two": ("2",), "to be": ("2b",), "long": ("lng",), "short": ("shrt",
        ), "instead":
    ("insted",), "trousers": ("trews",), "probably": ("prob",), "okay": ("ok",), "about": ("abt",),
        "could": ("cld",),
}
# fmt: on
_WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")
_NEAR = {
    "a": "sq", "b": "vn", "c": "xv", "d": "sf", "e": "wr", "f": "dg", "g": "fh", "h": "gj", "i": "uo",
        "j": "hk",
    "k": "jl", "l": "k", "m": "n", "n": "bm", "o": "ip", "p": "o", "q": "wa", "r": "et", "s": "ad", "t": "ry",
    "u": "yi", "v": "cb", "w": "qe", "x": "zc", "y": "tu", "z": "x",
}  # fmt: skip
PROTECTED = frozenset(["v", "no", "not", "mini", "midi", "maxi", "more", "less", "but", "tie", "bow",
    "boat", "coat",
                       "longer", "looser", "tee", "tank"])  # fmt: skip
"""Words that a slip could turn into another word of the vocabulary, or whose loss turns the wish round."""


def with_typos(text: str, rng: random.Random, share: float = 0.12) -> str:
    """The text with each longer word misspelt with probability `share`, at least one where there is one."""
    spots = [m for m in _WORD.finditer(text) if _can_slip(m.group())]
    if not spots:
        return text
    chosen = [m for m in spots if rng.random() < share] or [rng.choice(spots)]
    for m in reversed(chosen):
        text = text[: m.start()] + misspelt(m.group(), rng) + text[m.end() :]
    return text


def _can_slip(word: str) -> bool:
    return len(word) >= 4 and word.lower() not in PROTECTED


def misspelt(word: str, rng: random.Random) -> str:
    """The word as people misspell or mistype it; its first letter stays, its length changes by 2 at most."""
    known = MISSPELT.get(word.lower())
    if known and rng.random() < 0.55:
        return rng.choice(known)
    i = rng.randrange(1, len(word) - 1)
    way = rng.random()
    if way < 0.4:
        return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
    if way < 0.65:
        return word[:i] + word[i + 1 :]
    if way < 0.85:
        return word[: i + 1] + word[i] + word[i + 1 :]
    near = _NEAR.get(word[i].lower())
    return word[:i] + rng.choice(near) + word[i + 1 :] if near else word


def shortened(text: str, rng: random.Random) -> str:
    """The text with some words abbreviated as in messages."""
    words = text.split(" ")
    for i, word in enumerate(words):
        short = SHORT.get(word.lower().rstrip("?!.,"))
        if short and word[-1:] not in "?!.," and rng.random() < 0.5:
            words[i] = rng.choice(short)
    return " ".join(words)


def recased(text: str, rng: random.Random) -> str:
    """The text in another case and punctuation: a sentence, all small, without apostrophes, shouted."""
    chance = rng.random()
    if chance < 0.34:
        text = text[:1].upper() + text[1:]
        if text[-1:].isalnum() and rng.random() < 0.6:
            text += "."
    elif chance < 0.55:
        text = text.lower()
        if rng.random() < 0.5:
            text = text.replace("'", "")
    elif chance < 0.6:
        text = text.replace("'", "")
    elif chance < 0.61:
        text = text.upper()
    elif chance < 0.66 and text[-1:].isalnum():
        text += rng.choice(("!", "?", "!!", "...", "??", " :)", " x"))
    elif chance < 0.7:
        text = text.replace(", ", " ")
    return text
