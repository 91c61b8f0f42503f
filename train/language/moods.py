"""Words around a wish that fit it but ask for no more: "cosier: longer sleeves"."""

from collections.abc import Sequence

from train.language.change import Change, Talk, split_lines

_COVERED = split_lines("""
    less revealing|more modest|a bit more coverage|more covered up|more demure|more grown up|less bare
    something more modest|less skin|make it less revealing
""")
_COSY = split_lines("""
    cosier|for winter|for the cold|snugglier|something cosy|for autumn|more wintery|for cold weather
    to keep me warm
    make it cosier
""")
_COOL = split_lines("""
    for summer|too warm|for the heat|more summery|for hot weather|something for the beach|cooler for summer
    it's too hot for this|for a heatwave|summer version
""")
_PLAIN = split_lines("""
    simpler|less fussy|more minimal|I like things simple|less fuss|more grown up|more understated
    keep it simple
    I'm a plain dresser|too fussy|less going on
""")
_GIRLY = split_lines("""
    more girly|more feminine|prettier|make it pretty|more romantic|cuter|something sweeter
    more romantic looking
    boho style
    I want to feel pretty|more dressy|dressier
""")
_SMART = split_lines("""
    smarter|more formal|dressier|for the office|something dressy|more professional|more like a uniform
    office style
    a bit more businesslike|make it smart|blazer style|mens style|preppy|more preppy
""")
_SPORTY = split_lines("""
    sportier|more casual|for the gym|more practical|sporty style|biker style|bomber style|cargo style
    utility style
    more outdoorsy|workwear style|more useful|like a proper work one
""")
_COUNTRY = split_lines(
    "very preppy|proper country style|lumberjack style|very British|smart casual|school style"
)
_WILD = split_lines("rock and roll|something wild|more edgy|party style|very glam|more daring|eighties style")
_FIGURE = split_lines(
    "more flattering|sexier|more shapely|to show off my waist|less like a dressing gown|less frumpy"
)
_COMFY = split_lines(
    "comfier|more comfortable|something comfy|I want to be comfy|for lounging|for after lunch|easier"
)

_BY_DETAIL = {
    "ruffles": _GIRLY, "bow": _GIRLY, "lace-trim": _GIRLY, "pleats": _COUNTRY, "cuffs": _SMART,
        "buttons": _SMART,
    "zip": _SPORTY, "pockets": _SPORTY, "hood": _COSY, "tie": _COMFY, "belt": _FIGURE,
        "contrast-trim": _SMART,
}  # fmt: skip
_BY_VALUE = {
    "turtleneck": _COSY, "mock": _COSY, "long": _COSY, "none": _COOL, "short": _COOL, "cap": _COOL,
        "straps": _COOL,
    "strapless": _WILD, "collar": _SMART, "lapel": _SMART, "polo": _SMART, "crew": _PLAIN, "knee": _SMART,
    "midi": _COVERED, "maxi": _COVERED, "mini": _WILD, "cropped": _COOL, "fitted": _FIGURE, "loose": _COMFY,
    "solid": _PLAIN, "check": _COUNTRY, "animal": _WILD, "camouflage": _SPORTY, "floral": _GIRLY,
        "texture": _COSY,
    "shorts": _COOL, "t-shirt": _COMFY, "sweater": _COSY, "jacket": _SMART, "stripes": _COUNTRY,
}  # fmt: skip


def mood_for(changes: Sequence[Change], talk: Talk) -> str:
    """Words that go with one of the changes; "" where there are none."""
    found = [words for change in changes for words in _of(change)]
    return talk.rng.choice(talk.rng.choice(found)) if found else ""


def _of(change: Change) -> list[tuple[str, ...]]:
    words = [_BY_DETAIL[d] for d in sorted(change.add) if d in _BY_DETAIL]
    words += [_PLAIN] * bool(change.remove)
    for values in change.edits.values():
        if len(values) == 1:
            (value,) = values
            words += [_BY_VALUE[value]] if value in _BY_VALUE else []
    return words
