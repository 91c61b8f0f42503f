"""What people say for the values of a request's fields: the lexicon that `core.wishes` reads with.

Each line is "values: phrases", a phrase in lower case, hyphens as spaces. A phrase with several values is met
by any of them ("khaki" is olive or beige). Names of garments may say more than a family ("blazer").
"""

from collections.abc import Iterator
from functools import lru_cache

from core import vocabulary

# fmt: off
_COLORS = """
black: jet black, pitch black, inky black, ebony, onyx
white: off white, snow white, bright white, crisp white, pure white, winter white, ivory
white beige: cream, creamy
grey: gray, charcoal, charcoal grey, slate, slate grey, dark grey, light grey, pale grey, dark gray, light \
gray, ash grey, steel grey, heather grey, silver grey, gunmetal, pewter, grey marl, dove grey
beige: sand, sandy, stone, oatmeal, ecru, nude, biscuit, champagne, light beige, taupe, bone
brown: chocolate, chocolate brown, coffee, chestnut, mocha, dark brown, light brown, espresso, mahogany, \
walnut, tobacco, cognac, hazel, toffee
red: scarlet, crimson, cherry red, bright red, pillar box red, tomato red, ruby, ruby red, vermilion, fire \
engine red
burgundy: wine, claret, oxblood, bordeaux, merlot, deep red, garnet
burgundy red: maroon, wine red, dark red, cranberry
pink: hot pink, baby pink, pale pink, blush, blush pink, dusty pink, fuchsia, magenta, salmon, salmon \
pink, rose pink, bright pink, light pink, shocking pink, cerise, neon pink, powder pink, bubblegum pink
orange: tangerine, burnt orange, bright orange, pumpkin, apricot, neon orange
yellow: lemon, lemon yellow, mustard, mustard yellow, canary yellow, pale yellow, bright yellow, butter \
yellow, primrose, neon yellow, ochre
green: emerald, emerald green, forest green, bottle green, bright green, grass green, mint, mint green, \
lime, lime green, apple green, racing green, jade, neon green, light green, pale green, sea green, hunter \
green, pistachio
green olive: sage, sage green, dark green
olive: olive green, army green, moss green, mossy green, military green, olive drab, khaki green
olive beige: khaki
teal: petrol, petrol blue, peacock blue, dark turquoise, blue green, deep teal
turquoise: aquamarine, bright turquoise, turquoise blue, cyan, lagoon blue
turquoise teal: aqua
light-blue: baby blue, sky blue, powder blue, pale blue, ice blue, icy blue, soft blue, pastel blue, duck \
egg blue, cornflower, cornflower blue, chambray blue
blue: royal blue, cobalt, cobalt blue, bright blue, electric blue, mid blue, sapphire, sapphire blue, \
azure, ultramarine, denim blue, medium blue
navy: navy blue, midnight blue, dark navy, french navy, dark blue, deep blue, midnight, ink blue
navy blue purple: indigo
purple: violet, aubergine, eggplant, plum, deep purple, royal purple, dark purple, bright purple, \
amethyst, damson
lilac: mauve, light purple, lavender, pale purple, soft purple, pale lilac
gold: golden, metallic gold, shiny gold
silver: silvery, metallic silver, shiny silver
orange brown: rust, rust coloured, terracotta, ginger
brown orange: copper
orange pink: coral, peach, peachy
beige brown: tan, camel, caramel
burgundy purple pink: berry
light-blue lilac: periwinkle
red brown orange: brick, brick red
multicolor: multicolour, multicoloured, multicolored, multi colour, multi coloured, rainbow
brown beige olive: earthy, earth tones, earthy tones, earthy colour, earthy colours, earthy shade
light-blue lilac pink beige yellow: pastel, pastels, pastel shade, pastel colour, pastel colours, soft \
pastel
black white grey beige brown: neutral, neutrals, neutral colour, neutral colours, neutral tones, neutral \
shade
gold silver: metallic, metallic shade
burgundy green teal blue purple: jewel tone, jewel tones, jewel toned, jewel colour
"""
_PATTERNS = """
solid: plain, unpatterned, patternless, plain coloured, one plain colour, solid colour, solid color, no \
pattern, no print, no pattern at all, single colour, one colour, block colour, all one colour, self \
coloured, plain fabric
solid texture: unprinted
stripes: stripe, striped, stripy, stripey, pinstripe, pinstripes, pinstriped, breton, breton stripes, \
breton striped, candy striped, striped pattern, stripy pattern
check: checks, checked, checkered, chequered, plaid, tartan, gingham, houndstooth, dogtooth, windowpane \
check, argyle, madras, buffalo plaid, lumberjack check, checked pattern, check pattern, plaid print, plaid \
pattern
floral: florals, flowers, flowery, flowered, flower print, floral print, floral pattern, flower pattern, \
botanical, ditsy floral, ditsy flowers, blossoms, roses, daisies, hawaiian, tropical print, botanical \
print, little flowers
dots: dot, polka dot, polka dots, dotted, dotty, spotty, spotted, spots, polka dotted, polkadot, \
polkadots, pin dot, polka dot print, dotty print
animal: animal print, leopard, leopard print, zebra, zebra print, snakeskin, snake print, tiger print, \
cheetah print, cow print, leopard spots, tiger stripes, zebra stripes
camouflage: camo, camo print, camouflage print, army print, army camo, camo pattern, camouflage pattern
graphic: graphic print, logo, slogan, picture on it, picture print, motif, cartoon, lettering, writing, \
band logo, print on the front, picture on the front, graphic on it, logo on it, graphic on the front, \
logos, slogans
colorblock: color block, colour block, colour blocks, color blocks, colour blocked, color blocked, colour \
blocking, color blocking, two tone, two tones, two colour, blocks of colour, half and half, panels, \
panelled, colourblock
denim: jean material, denim fabric, jean fabric, denim material, washed denim
texture: textured, ribbed, corduroy, cord, cable knit, waffle, waffle knit, tweed, ribbing, herringbone, \
chunky knit, textured weave, textured fabric
check stripes: geometric, geometric print, geometric pattern
stripes check floral dots animal camouflage graphic colorblock: patterned, some pattern, a pattern, any \
pattern, bit of pattern, some kind of pattern
gradient: ombre, dip dye, dip dyed, colour gradient
abstract: abstract print, abstract pattern
"""
_SLEEVES = """
none: sleeveless, no sleeves, no sleeve, no sleeves at all, bare arms, without sleeves, zero sleeves, \
armless
cap: cap sleeve, cap sleeves, cap sleeved, capped sleeves, tiny sleeves
short: short sleeve, short sleeves, short sleeved, t shirt sleeves
elbow: elbow sleeves, elbow length sleeve, elbow length sleeves, elbow sleeved, half sleeves, half \
sleeved, sleeves to the elbow, sleeves down to the elbow, sleeves that stop at the elbow, sleeves to my \
elbows, elbow length
three-quarter: three quarter sleeve, three quarter sleeves, three quarter sleeved, 3/4 sleeve, 3/4 \
sleeves, 3/4 length sleeves, three quarter length sleeves, bracelet sleeves, bracelet length sleeves, \
sleeves just below the elbow, sleeves that end mid forearm
elbow three-quarter: mid length sleeves, medium sleeves
three-quarter long: sleeves past the elbow, sleeves below the elbow, sleeves that cover the elbows
long: long sleeve, long sleeves, long sleeved, full sleeves, full sleeved, full length sleeves, sleeves to \
the wrist, wrist length sleeves, sleeves down to the wrists, sleeves that cover my arms, sleeves all the \
way down, longsleeve
"""
_NECKLINES = """
crew: crew neck, crewneck, crew necked, t shirt neck, t shirt neckline
v: v neck, v necked, vneck, vee neck, v neckline, v shaped neck, v shaped neckline, deep v, low v, \
plunging neckline
scoop: scoop neck, scoop necked, scooped neck, scooped neckline, scoop neckline, scoopneck, low round neck
crew scoop: round neck, round necked, round neckline, rounded neck, rounder neckline, roundneck
collar: collared, shirt collar, pointed collar, open collar, button down collar, peter pan collar, proper \
collar
polo: polo collar, polo collared, polo shirt collar
turtleneck: turtlenecks, turtle neck, roll neck, rollneck, polo neck, high roll neck
turtleneck mock: high neck, high necked, high neckline
mock: mock neck, funnel neck, stand collar, stand up collar, mandarin collar, grandad collar, mock \
turtleneck, mock turtle, band collar, nehru collar
off-shoulder: off the shoulder, off shoulder, bardot, bardot neckline, bardot neck, bare shoulders, bare \
shouldered, off the shoulders
square: square neck, square necked, square neckline, squared neck, square cut neck, milkmaid neckline
boat: boat neck, boatneck, boat necked, boat neckline, bateau neck, bateau neckline, slash neck
strapless: bandeau, bandeau neckline, no straps, strapless neckline, tube top, no straps at all
straps: spaghetti straps, shoulder straps, thin straps, strappy, spaghetti strap
halter: halter neck, halterneck, halter necked, halter neckline
strapless straps halter off-shoulder: shoulders showing, shoulders on show, exposed shoulders
v scoop square: low cut, low neck, low neckline
lapel: lapels, notched lapels, lapel collar
keyhole: keyhole neck
zip: zip neck
"""
_LENGTHS = """
cropped: crop, cropped length, crop length, cropped leg, capri length
waist: waist length, to the waist, that stops at the waist
hip: hip length, to the hip, covers my hips, that covers my hips, down to the hips, over the hips
mini: mini length, thigh length, above the knee, above the knees, mid thigh, well above the knee, shows my \
legs
knee: knee length, to the knee, on the knee, at the knee, down to the knee, to my knees, knee skimming, \
bermuda length
midi: midi length, mid calf, mid calf length, calf length, tea length
midi maxi: below the knee, past the knee, below the knees, covers my knees, hides my knees, past my knees
knee midi: cover the knees, modest length
maxi: maxi length, floor length, to the floor, floor sweeping, ground length, down to the floor
ankle: ankle length, to the ankle, ankle grazing, ankle grazer, 7/8 length
ankle full maxi: to the ankles, to my ankles
full maxi: full length
"""
_FITS = """
fitted: slim, slim fit, slim fitting, close fitting, figure hugging, tight, tight fitting, bodycon, form \
fitting, tailored, tailored fit, snug, clingy, tight fit, fitted waist, close fit, body hugging
regular: regular fit, normal fit, classic fit, standard fit
loose: loose fit, loose fitting, oversized, oversize, baggy, roomy, relaxed fit, slouchy, baggy fit, \
relaxed, over sized, room to move
flared: flare, flares, flary, swingy, flowy, flowing, twirly, bootcut, boot cut, bell bottom, bell \
bottoms, flared leg, fit and flare, full skirt, skater style, skater
straight: straight cut, straight leg, straight legs, straight legged, straight fit, shift style
wide: wide leg, wide legged, wide legs, palazzo, wide cut
skinny: skinny fit, super skinny, skin tight, skinny leg, skinny legs, drainpipe
a-line: a line, a line shape, a line cut
"""
_DETAILS = """
buttons: button, buttoned, button front, button up, button down, button through, buttons down the front
zip: zipper, zips, zipped, zip up, zip front, front zip, full zip, zippered, zip through, quarter zip, \
half zip
pockets: pocket, side pockets, patch pockets, cargo pockets, chest pocket, front pockets
belt: belted, buckle belt, belts, waist belt, belted waist
tie: tie waist, tie front, drawstring, drawstrings, drawstring waist, waist tie, laces to tie, tie at the \
waist, tie belt, ties
bow: bows, pussy bow, ribbon bow, pussycat bow
cuffs: cuff, buttoned cuffs, cuffed, turn ups, turnups, ribbed cuffs, turned up
contrast-trim: contrast trim, contrasting trim, contrast piping, piping, piped, contrast edging, \
contrasting edges, contrasting edging, contrast border, tipping, coloured edges
ruffles: ruffle, ruffled, frill, frills, frilly, frilled, flounce, flounces
pleats: pleat, pleated, pleating, knife pleats, box pleats
lace-trim: lace, lacy, lace trim, lace trimmed, lace edging, lace hem, lace edge
hood: hooded, hoods
sequins: sequinned, sequined
embroidery: embroidered
fringe: fringed, fringing
fur-trim: fur trim
peplum: peplums
"""
_KINDS = """
dress: dresses, frock, gown, sundress, tea dress, evening gown
skirt: skirts
shirt: shirts, blouse, blouses, button up shirt, button down shirt
t-shirt: t shirts, tee, tees, tshirt, tshirts, t shirt, top
sweater: jumper, jumpers, pullover, sweatshirt, sweaters, cardi
hoodie: hoodies, hooded top, hoody, hooded sweatshirt
jacket: jackets, bomber, bomber jacket
coat: coats, overcoat, parka, trench, trench coat, topcoat, winter coat
trousers: pants, chinos, slacks, leggings, joggers, trouser
shorts: pair of shorts
"""
_NAMED = """
blazer: kind jacket, neckline lapel
suit jacket: kind jacket, neckline lapel
jeans: kind trousers, pattern denim
denim jacket: kind jacket, pattern denim
denim shirt: kind shirt, pattern denim
denim skirt: kind skirt, pattern denim
denim dress: kind dress, pattern denim
denim shorts: kind shorts, pattern denim
jean jacket: kind jacket, pattern denim
tank top: kind t-shirt, sleeve none
tank: kind t-shirt, sleeve none
vest top: kind t-shirt, sleeve none
cami: kind t-shirt, sleeve none, neckline straps
camisole: kind t-shirt, sleeve none, neckline straps
polo shirt: kind t-shirt, neckline polo
golf shirt: kind t-shirt, neckline polo
crop top: kind t-shirt, length cropped
cropped top: kind t-shirt, length cropped
pencil skirt: kind skirt, fit fitted
a line skirt: kind skirt, fit a-line
skater skirt: kind skirt, fit flared
mini skirt: kind skirt, length mini
miniskirt: kind skirt, length mini
midi skirt: kind skirt, length midi
maxi skirt: kind skirt, length maxi
pleated skirt: kind skirt, details pleats
bodycon dress: kind dress, fit fitted
shift dress: kind dress, fit straight
skater dress: kind dress, fit flared
mini dress: kind dress, length mini
midi dress: kind dress, length midi
maxi dress: kind dress, length maxi
turtleneck sweater: kind sweater, neckline turtleneck
cardigan: kind sweater, details buttons
zip hoodie: kind hoodie, details zip
zip up hoodie: kind hoodie, details zip
belted coat: kind coat, details belt
hooded jacket: kind jacket, details hood
hooded coat: kind coat, details hood
culottes: kind trousers, fit wide, length cropped
capri pants: kind trousers, length cropped
bermudas: kind shorts, length knee
bermuda shorts: kind shorts, length knee
hot pants: kind shorts, length mini
hotpants: kind shorts, length mini
short shorts: kind shorts, length mini
"""
# fmt: on

_TABLES = {
    "colors": _COLORS,
    "pattern": _PATTERNS,
    "sleeve": _SLEEVES,
    "neckline": _NECKLINES,
    "length": _LENGTHS,
    "fit": _FITS,
    "details": _DETAILS,
    "kind": _KINDS,
}
# Values that are words of their own; the others ("short", "text", "other") mean something else when alone.
_ALONE = {
    "colors": vocabulary.COLORS,
    "pattern": tuple({*vocabulary.PATTERNS} - {"other", "text"}),
    "neckline": ("turtleneck", "off-shoulder", "strapless", "straps", "halter", "collar", "lapel", "polo"),
    "length": ("cropped", "mini", "midi", "maxi"),
    "fit": vocabulary.FITS,
    "details": tuple(
        {*vocabulary.DETAILS} - {"text", "graphic", "logo", "collar", "straps", "strap", "lined"}
    ),
    "kind": (
        "dress",
        "skirt",
        "shirt",
        "t-shirt",
        "sweater",
        "hoodie",
        "jacket",
        "coat",
        "trousers",
        "shorts",
    ),
}

Saying = dict[str, frozenset[str]]
"""What a phrase says: fields, "details" among them, with the values that satisfy."""


@lru_cache(maxsize=1)
def sayings() -> dict[tuple[str, ...], Saying]:
    """Every phrase as its words, with what it says."""
    found: dict[tuple[str, ...], Saying] = {}
    for field, values in _ALONE.items():
        for value in values:
            found[tuple(value.replace("-", " ").split())] = {field: frozenset([value])}
    for field, table in _TABLES.items():
        for meant, phrases in _lines(table):
            # "ribbed hem" is one value; elsewhere a space parts values
            for phrase in phrases:
                found[tuple(phrase.split())] = {field: frozenset(meant.split())}
    for name, parts in _lines(_NAMED):
        pairs = (part.split(" ", 1) for part in parts)
        found[tuple(name.split())] = {field: frozenset([value]) for field, value in pairs}
    return found


def _lines(table: str) -> Iterator[tuple[str, list[str]]]:
    for line in table.strip().splitlines():
        left, right = line.split(":", 1)
        yield left, [part.strip() for part in right.split(",")]
