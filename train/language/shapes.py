"""Words for the drawn attributes beside colour: patterns, sleeves, necklines, lengths, fits and details.

Each value has adjectives (before a noun or after "make it"), nouns (after "with" or "in") and `after`: words
that follow the noun. What Closet's shoppers say (`train.wording`) is extended here, never repeated.
"""

from dataclasses import dataclass

from train import wording


@dataclass(frozen=True)
class Words:
    """How something is said: before a noun, as a noun phrase with its article, and behind the noun."""

    adjectives: tuple[str, ...] = ()
    nouns: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


def split_words(text: str) -> tuple[str, ...]:
    """The comma-separated pieces of `text`."""
    return tuple(word.strip() for word in text.split(",") if word.strip())


def words(adjectives: str = "", nouns: str = "", after: str = "") -> Words:
    """Words from comma-separated text."""
    return Words(split_words(adjectives), split_words(nouns), split_words(after))


def joined(said: Words, adjectives: tuple[str, ...] = (), nouns: tuple[str, ...] = ()) -> Words:
    """The words said and those of `train.wording` besides, each once."""
    return Words(
        tuple(dict.fromkeys((*adjectives, *said.adjectives))),
        tuple(dict.fromkeys((*nouns, *said.nouns))),
        said.after,
    )


_PATTERNS = {
    "solid": words(
        "plain, solid, plain coloured, one-colour, single-coloured, unpatterned, solid coloured, block "
        "coloured, "
        "patternless, self-coloured, all one colour, solid color, solid colour, simple plain",
        "one plain colour, a plain fabric, a single colour, a solid colour, one solid colour, no pattern, "
        "no print, a single colour throughout, no pattern at all, block colour, just one colour",
    ),
    "stripes": words(
        "stripy, stripey, pinstriped, breton striped, striped, breton, nautical striped, pinstripe, "
        "candy-striped, "
        "candy striped, stripe, horizontal striped, sailor striped, rugby striped",
        "stripes, pinstripes, breton stripes, a stripe, a stripy pattern, horizontal stripes, a "
        "pinstripe, sailor "
        "stripes, thin stripes, wide stripes, a striped pattern, candy stripes, bold stripes, nautical "
        "stripes, lines",
    ),
    "check": words(
        "tartan, gingham, check, plaid, chequered, windowpane check, buffalo plaid, checked, lumberjack "
        "check, "
        "houndstooth, dogtooth, buffalo check, madras, argyle, checky, tattersall",
        "checks, a check, gingham, tartan, plaid, a tartan pattern, a gingham check, a plaid pattern, "
        "windowpane "
        "checks, squares, a checked pattern, houndstooth, a chequered pattern, a lumberjack check, "
        "buffalo plaid",
    ),
    "floral": words(
        "floral, flowery, flower print, botanical, ditsy floral, rose print, flowered, blossom print, "
        "hawaiian, "
        "tropical print, liberty print, floral print, flower patterned, hibiscus print, daisy print",
        "flowers, a floral print, a flower print, a botanical print, ditsy flowers, a flowery pattern, "
        "blossoms, "
        "roses, daisies, a hawaiian print, a tropical print, florals, little flowers, big flowers, a "
        "floral pattern, "
        "a flowery print, petals, a garden print",
    ),
    "dots": words(
        "polka dot, spotty, dotty, spotted, polka-dot, dotted, polka dotted, pin dot, dot print, polkadot, "
        "spot print",
        "polka dots, spots, dots, little dots, big spots, polka-dots, a spotty pattern, a polka dot print, "
        "a dotty print, polkadots, small dots, a spot print, dots all over, a polka dot pattern",
    ),
    "animal": words(
        "leopard print, animal print, zebra print, snakeskin, leopard, tiger print, cheetah print, snake "
        "print, "
        "leopardskin, wild animal print, cow print",
        "animal print, leopard print, an animal print, zebra print, a leopard pattern, snakeskin print, "
        "leopard spots, "
        "cheetah print, tiger print, a snake print, leopard",
    ),
    "camouflage": words(
        "camo, camouflage, army print, army camo, military camo, woodland camo, camo print, camouflage print",
        "camo, camouflage, a camo print, an army pattern, camouflage print, a camo pattern, army camo, a "
        "military "
        "print, a camouflage pattern",
    ),
    "graphic": words(
        "graphic, logo, slogan, graphic print, picture print, printed, band logo, statement print, cartoon",
        "a graphic, a logo, a slogan, a picture on it, a graphic print, a big graphic, a print on the "
        "front, a motif, "
        "a picture on the front, a cool graphic, a logo on the chest, a logo on it, a cartoon on it, some "
        "artwork on "
        "it, a big logo, a picture, a design on the front, a slogan on it, a badge",
    ),
    "colorblock": words(
        "colour block, color block, colour blocked, two-tone, two tone, half and half, colorblock, "
        "colourblock, "
        "colour-block, two-colour, panelled, color-blocked, two coloured, split colour",
        "colour blocks, blocks of colour, colour blocking, two colours, two tones, big blocks of colour, "
        "panels, "
        "contrasting panels, color blocking, a colour block, two halves, chunky panels, block panels",
    ),
    "denim": words(
        "denim, jean, jeans-style, blue jean, washed denim, denim style",
        "denim, jean material, denim fabric, denim material, jean fabric, washed denim, jeans material, a "
        "denim fabric",
    ),
    "texture": words(
        "textured, ribbed, corduroy, cable knit, waffle, knitted, corded, tweedy, tweed, chunky knit, "
        "bobbly, "
        "cable-knit, cord, waffle knit, quilted, nubbly, rib knit, herringbone",
        "texture, a textured weave, a textured fabric, ribbing, corduroy, a cable knit, a waffle texture, "
        "some "
        "texture, a ribbed texture, tweed, a chunky weave, cord, a knitted texture, a bit of texture, a rib",
    ),
}
PATTERNS: dict[str, Words] = {
    value: joined(said, wording.PATTERN_ADJECTIVES.get(value, ()), wording.PATTERN_NOUNS.get(value, ()))
    for value, said in _PATTERNS.items()
}
"""Each drawn pattern."""

PATTERN_THINGS: dict[str, tuple[str, ...]] = {
    "solid": ("plain fabric", "plainness"),
    "stripes": ("stripes", "stripes", "striped pattern", "lines", "stripe"),
    "check": ("check", "checks", "plaid", "tartan", "checked pattern", "gingham"),
    "floral": (
        "flowers",
        "floral",
        "floral print",
        "flower print",
        "floral pattern",
        "blooms",
        "botanical print",
    ),
    "dots": ("dots", "spots", "polka dots", "dotty print"),
    "animal": ("animal print", "leopard", "leopard print", "zebra print"),
    "camouflage": ("camo", "camouflage", "camo print", "army print", "camo pattern"),
    "graphic": ("graphic", "logo", "picture", "slogan", "print on the front", "motif", "big print", "design"),
    "colorblock": ("colour blocks", "colour blocking", "two-tone thing", "panels", "blocks"),
    "denim": ("denim", "denim fabric", "jean material"),
    "texture": ("texture", "knit", "ribbing", "textured fabric", "rib", "weave", "corduroy"),
}
"""A pattern of the reference as a thing: "the stripes"."""

SEVERAL: dict[str, tuple[tuple[str, Words], ...]] = {
    "sleeve": (
        ("three-quarter long", words("", "sleeves past the elbow, sleeves below the elbow, sleeves longer "
        "than "
         "the elbow, sleeves that cover the elbows, proper winter sleeves")),
        ("cap short", words("", "little sleeves, tiny short sleeves, a bit of sleeve")),
        ("short elbow three-quarter long", words("with proper sleeves", "proper sleeves, sleeves with some "
         "coverage")),
        ("none cap short", words("", "bare arms or nearly, hardly any sleeve, barely any sleeves")),
        ("elbow three-quarter", words("", "mid-length sleeves, medium sleeves, in-between sleeves")),
        ("cap short elbow three-quarter long", words("sleeved", "sleeves, some sleeves, a sleeve")),
    ),
    "neckline": (
        ("crew scoop", words("round neck, round-necked", "a round neck, a round neckline, something "
        "rounder at the "
         "neck, a rounded neck, a rounder neckline, a simple round neck, round neck")),
        ("turtleneck mock", words("high neck, high-necked", "a high neck, a high neckline, a turtle or "
        "mock neck, "
         "a neck that comes right up, a high collar that keeps my neck warm, a snug high neck, more at "
         "the neck")),
        ("collar polo", words("", "some sort of collar, a collar of some kind, a soft collar")),
        ("straps halter", words("", "straps or a halter, a halter or straps, straps of some sort")),
        ("strapless straps halter off-shoulder", words("shoulder-baring", "my shoulders bare, the shoulders "
         "showing, shoulders on show, the shoulders uncovered, exposed shoulders")),
        ("v scoop square", words("low-cut, low cut", "a low neck, a lower neck, an open neckline")),
        ("strapless straps", words("", "a bandeau or thin straps")),
    ),
    "pattern": (
        ("check stripes", words("geometric", "something geometric, a geometric pattern, checks or "
        "stripes, lines "
         "of some kind, stripes or checks, a geometric print")),
        ("floral dots", words("pretty patterned", "flowers or dots, a pretty print, dots or flowers, a "
        "feminine "
         "print, a summery print")),
        ("animal camouflage", words("", "a wild print, camo or leopard")),
        ("solid texture", words("unprinted", "no print on it, nothing printed on it")),
        ("stripes check floral dots animal camouflage graphic colorblock", words("patterned", "a pattern, "
        "some "
         "pattern, a print of some kind, some kind of pattern, any pattern, a bit of pattern")),
    ),
}  # fmt: skip
"""Per field: words that more than one value meets."""


def several(field: str) -> tuple[tuple[frozenset[str], Words], ...]:
    """The wordings of a field that more than one value meets, each with those values."""
    return _SETS[field]


_SETS = {
    field: tuple((frozenset(values.split()), said) for values, said in rows)
    for field, rows in SEVERAL.items()
}
