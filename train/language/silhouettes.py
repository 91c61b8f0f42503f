"""Words for families, lengths, fits and details of drawn garments."""

from train.language.shapes import Words
from train.language.shapes import split_words as _split
from train.language.shapes import words as _words

FAMILY_NOUNS: dict[str, tuple[str, ...]] = {
    "dress": _split("dress, dress, dress, frock, gown, sundress, tea dress, summer dress"),
    "skirt": _split("skirt, skirt, skirt, skirt"),
    "shirt": _split("shirt, shirt, blouse, button-up shirt, button-down shirt, shirt, shirt, blouse"),
    "t-shirt": _split("t-shirt, tee, t shirt, tshirt, tee shirt, top, t-shirt, T-shirt"),
    "sweater": _split(
        "sweater, jumper, pullover, sweatshirt, knit, jumper, sweater, woolly jumper, crewneck jumper, "
        "knit top"
    ),
    "hoodie": _split("hoodie, hoody, hooded sweatshirt, hoodie, hooded top"),
    "jacket": _split("jacket, jacket, jacket, bomber jacket, bomber"),
    "coat": _split("coat, coat, overcoat, coat, winter coat, parka, trench coat, trench, mac, topcoat"),
    "trousers": _split(
        "trousers, trousers, pants, chinos, slacks, trouser, leggings, joggers, pair of trousers"
    ),
    "shorts": _split("shorts, shorts, shorts, pair of shorts, summer shorts, walking shorts"),
}
"""Names of each family; the commonest more than once. A plain "top" is a t-shirt."""

PLURAL_ENDINGS = (
    "trousers", "pants", "chinos", "slacks", "leggings", "joggers", "shorts", "jeans", "cords", "bermudas",
    "culottes", "flares", "bottoms",
)  # fmt: skip

KIND_PHRASES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("blazer", "jacket", {"neckline": "lapel"}),
    ("suit jacket", "jacket", {"neckline": "lapel"}),
    ("tailored blazer", "jacket", {"neckline": "lapel"}),
    ("jeans", "trousers", {"pattern": "denim"}),
    ("pair of jeans", "trousers", {"pattern": "denim"}),
    ("denim jacket", "jacket", {"pattern": "denim"}),
    ("jean jacket", "jacket", {"pattern": "denim"}),
    ("denim shirt", "shirt", {"pattern": "denim"}),
    ("denim skirt", "skirt", {"pattern": "denim"}),
    ("denim dress", "dress", {"pattern": "denim"}),
    ("denim shorts", "shorts", {"pattern": "denim"}),
    ("jean shorts", "shorts", {"pattern": "denim"}),
    ("tank top", "t-shirt", {"sleeve": "none"}),
    ("tank", "t-shirt", {"sleeve": "none"}),
    ("vest top", "t-shirt", {"sleeve": "none"}),
    ("singlet", "t-shirt", {"sleeve": "none"}),
    ("cami", "t-shirt", {"sleeve": "none", "neckline": "straps"}),
    ("cami top", "t-shirt", {"sleeve": "none", "neckline": "straps"}),
    ("camisole", "t-shirt", {"sleeve": "none", "neckline": "straps"}),
    ("polo shirt", "t-shirt", {"neckline": "polo"}),
    ("golf shirt", "t-shirt", {"neckline": "polo"}),
    ("polo", "t-shirt", {"neckline": "polo"}),
    ("crop top", "t-shirt", {"length": "cropped"}),
    ("cropped top", "t-shirt", {"length": "cropped"}),
    ("pencil skirt", "skirt", {"fit": "fitted"}),
    ("a-line skirt", "skirt", {"fit": "a-line"}),
    ("skater skirt", "skirt", {"fit": "flared"}),
    ("full skirt", "skirt", {"fit": "flared"}),
    ("mini skirt", "skirt", {"length": "mini"}),
    ("miniskirt", "skirt", {"length": "mini"}),
    ("midi skirt", "skirt", {"length": "midi"}),
    ("maxi skirt", "skirt", {"length": "maxi"}),
    ("bodycon dress", "dress", {"fit": "fitted"}),
    ("shift dress", "dress", {"fit": "straight"}),
    ("skater dress", "dress", {"fit": "flared"}),
    ("swing dress", "dress", {"fit": "flared"}),
    ("mini dress", "dress", {"length": "mini"}),
    ("midi dress", "dress", {"length": "midi"}),
    ("maxi dress", "dress", {"length": "maxi"}),
    ("turtleneck sweater", "sweater", {"neckline": "turtleneck"}),
    ("polo neck jumper", "sweater", {"neckline": "turtleneck"}),
    ("v-neck jumper", "sweater", {"neckline": "v"}),
    ("v neck sweater", "sweater", {"neckline": "v"}),
    ("skinny trousers", "trousers", {"fit": "skinny"}),
    ("wide-leg trousers", "trousers", {"fit": "wide"}),
    ("palazzo pants", "trousers", {"fit": "wide"}),
    ("flares", "trousers", {"fit": "flared"}),
    ("bell bottoms", "trousers", {"fit": "flared"}),
    ("culottes", "trousers", {"fit": "wide", "length": "cropped"}),
    ("capri pants", "trousers", {"length": "cropped"}),
    ("bermudas", "shorts", {"length": "knee"}),
    ("bermuda shorts", "shorts", {"length": "knee"}),
    ("hot pants", "shorts", {"length": "mini"}),
    ("short shorts", "shorts", {"length": "mini"}),
    ("gym shorts", "shorts", {"fit": "loose"}),
)  # fmt: skip
"""Names that say more than the family: the name, its family, and the other values it asks for."""

DETAIL_KINDS: tuple[tuple[str, str, str], ...] = (
    ("cardigan", "sweater", "buttons"),
    ("zip hoodie", "hoodie", "zip"),
    ("zip-up hoodie", "hoodie", "zip"),
    ("pleated skirt", "skirt", "pleats"),
    ("belted coat", "coat", "belt"),
    ("hooded jacket", "jacket", "hood"),
    ("hooded coat", "coat", "hood"),
)
"""Names that ask for a detail: the name, its family, the detail."""

_TOPS, _GOWNS = ("shirt", "t-shirt", "sweater", "hoodie", "jacket"), ("dress", "skirt", "coat")

LENGTHS: dict[str, Words] = {
    "cropped": _words(
        "cropped, crop, cropped-length",
        "a cropped length, a crop, a crop length, a cropped cut, a cropped hem",
        "that shows a bit of tummy, ending above the waist, above the waist",
    ),
    "waist": _words(
        "waist-length, waist length",
        "a waist length, waist length, a hem at the waist",
        "to the waist, that stops at the waist, ending at the waist, sitting at my waist",
    ),
    "hip": _words(
        "hip-length, hip length",
        "a hip length, hip length, a hem at the hips",
        "to the hip, that covers my hips, down to the hips, over the hips, long enough to tuck in",
    ),
    "mini": _words(
        "mini, mini-length, thigh-length, mini length, thigh length, above-the-knee, really short",
        "a mini length, a mini, mini length, a thigh-skimming length, a hem above the knee",
        "above the knee, that ends mid-thigh, well above the knee, as short as possible, that shows my legs, "
        "ending at mid thigh, way above the knee",
    ),
    "knee": _words(
        "knee-length, knee length, knee-skimming",
        "a knee length, knee length, a hem at the knee, a knee-length cut, a hem that hits the knee",
        "to the knee, that hits at the knee, down to the knee, on the knee, to my knees, ending at the knee, "
        "knee length",
    ),
    "midi": _words(
        "midi, mid-calf, calf-length, midi length, tea-length, midi-length, mid length, ballerina length",
        "a midi length, midi length, a calf length, tea length, a mid-calf length, a mid length",
        "to mid-calf, to the calf, halfway down the calf, that comes to mid calf, to below the knee but "
        "not the floor",
    ),
    "maxi": _words(
        "maxi, floor-length, full-length, maxi length, ankle-skimming, floor length, ground-length, extra "
        "long",
        "a maxi length, maxi length, floor length, a floor-sweeping length, a full length, a floor length "
        "hem",
        "to the floor, down to the floor, to the ankles, all the way to the floor, the longest it comes, "
        "sweeping the "
        "floor, down to my feet",
    ),
    "ankle": _words(
        "ankle-length, ankle length, ankle-grazing, ankle grazer, 7/8 length",
        "an ankle length, ankle length, an ankle grazer cut, a hem at the ankle",
        "to the ankle, that stop at the ankle, ending at the ankle, that show my ankles",
    ),
    "full": _words(
        "full-length, full length, long-legged",
        "a full length leg, full length, a full-length leg, long legs, a full length",
        "right down to the shoe, that cover my ankles, all the way down, down to my shoes, that reach the "
        "floor",
    ),
}
"""Each length. "Above the knee" is mini; what covers the knee is `LENGTHS_SEVERAL`."""

LEG_LENGTHS: dict[str, Words] = {
    "cropped": _words(
        "cropped, crop, calf-length, 3/4 length, capri-length, cropped-leg",
        "a cropped leg, a cropped length, a crop, a calf-length leg, a three-quarter leg, a capri length",
        "that end mid-calf, to the calf, cropped at the calf, well above the ankle",
    ),
}
SHORTS_LENGTHS: dict[str, Words] = {
    "mini": _words(
        "short, mini, really short, tiny, thigh-length",
        "a short leg, a short inseam, hot pants length, a mini length, a shorter leg",
        "well above the knee, above the knee, that end mid-thigh",
    ),
    "knee": _words(
        "knee-length, bermuda, bermuda-length, knee length, long",
        "a bermuda length, a knee length, a longer leg, knee length, bermuda length",
        "to the knee, down to the knee, that cover my thighs, on the knee",
    ),
}

LENGTHS_SEVERAL: tuple[tuple[str, Words], ...] = (
    ("midi maxi", _words("below-the-knee", "a hem below the knee, a length below the knee", "below the "
    "knee, past "
     "the knee, that covers my knees, over the knee, well below the knee, that hides my knees, longer "
     "than the knee")),
    ("knee midi", _words("modest length", "a modest length, an office length, a decent length", "around "
    "the knee, "
     "to the knee or a bit below")),
    ("mini knee", _words("shortish", "a shortish hem", "that doesn't go past the knee, not below the knee")),
)  # fmt: skip

FITS: dict[str, Words] = {
    "fitted": _words(
        "fitted, slim, close-fitting, figure-hugging, tight, bodycon, slim-fit, tailored, form-fitting, "
        "slim fitting, "
        "tight-fitting, clingy, slim fit, body-hugging, shapely, nipped-in, snug",
        "a fitted shape, a slim fit, a close fit, a fitted cut, a tight fit, a nipped-in waist, a bodycon "
        "fit, "
        "a tailored fit, a fitted waist, a slim cut, a snug fit, a fitted silhouette",
        "that shows my figure, that follows the body, that hugs my waist",
    ),
    "regular": _words(
        "regular-fit, regular fit, regular, normal-fit, classic-fit, standard-fit",
        "a regular fit, a normal fit, a standard fit, a classic fit, an ordinary fit, a regular cut",
        "not too tight not too loose, neither tight nor loose, in between tight and loose",
    ),
    "loose": _words(
        "loose, loose-fitting, oversized, baggy, roomy, relaxed-fit, slouchy, oversize, relaxed, loose "
        "fit, floaty, "
        "loose fitting, comfy loose, drapey, over-sized, big baggy",
        "a loose fit, an oversized fit, a relaxed fit, a baggy fit, room to move, a roomy cut, a slouchy "
        "fit, "
        "a loose cut, a relaxed shape, a looser shape, plenty of room, a comfortable loose fit",
        "that hangs loose, that doesn't cling, with plenty of room",
    ),
    "flared": _words(
        "flared, swingy, flowing, flarey, flary, twirly, flowy",
        "a flared shape, a flare, a flared hem, a swingy shape, a flared cut, some swing, a flared "
        "silhouette",
        "that swings out, that flares out, that twirls",
    ),
    "straight": _words(
        "straight, straight-cut, straight cut, straight up and down",
        "a straight cut, a straight shape, a straight fit, a straight line, a straight silhouette",
        "that hangs straight, that falls straight down",
    ),
    "wide": _words(
        "wide, wide-leg, wide-legged, palazzo, wide leg, wide-cut, big wide",
        "wide legs, a wide leg, a palazzo leg, a wide cut, big wide legs, a really wide leg",
        "that are wide in the leg, wide at the leg",
    ),
    "skinny": _words(
        "skinny, super-skinny, skinny-fit, skinny fit, super tight, drainpipe, pencil-leg, skin tight",
        "a skinny fit, skinny legs, a skinny leg, a drainpipe leg, a really tight leg, a super slim leg",
        "tight all the way down the leg, tight in the leg",
    ),
    "a-line": _words(
        "a-line, A-line, a line, A line, gently flared",
        "an a-line shape, an A-line cut, an a-line, a triangle shape, an A-line silhouette, an a line cut",
        "in an a-line, in an A shape",
    ),
}
"""Each fit."""

FIT_BY_FAMILY: dict[tuple[str, str], Words] = {
    ("trousers", "flared"): _words(
        "flared, bootcut, boot-cut, bell-bottom, flared-leg, boot cut, flared leg",
        "a flared leg, flares, a bootcut leg, flared legs, bell bottoms, a bootcut, a bit of flare",
        "that flare at the bottom, that kick out at the hem",
    ),
    ("trousers", "straight"): _words(
        "straight, straight-leg, straight-cut, straight leg, straight-legged",
        "a straight leg, straight legs, a straight cut, a straight fit",
        "straight down the leg",
    ),
    ("skirt", "fitted"): _words(
        "fitted, pencil, tight, figure-hugging, bodycon, pencil-style",
        "a pencil shape, a fitted shape, a pencil cut, a tight fit, a pencil silhouette",
    ),
    ("skirt", "flared"): _words(
        "flared, full, swingy, skater, circle, twirly, floaty, swishy",
        "a full shape, a flared shape, a swingy shape, a skater shape, a full circle, a full skirt, lots "
        "of swish",
        "that swings, that twirls, that swishes",
    ),
    ("dress", "flared"): _words(
        "flared, swingy, full-skirted, skater-style, flowing, fit-and-flare, flowy, twirly, floaty",
        "a flared skirt, a full skirt, a flared shape, a swingy skirt, a skater skirt, a flare, a swishy "
        "skirt",
        "that twirls, that swings out, that flares out",
    ),
    ("dress", "straight"): _words(
        "straight, shift-style, straight-cut, shift, column",
        "a straight shape, a shift shape, a straight cut, a straight up and down shape",
        "that hangs straight",
    ),
}  # fmt: skip
"""Where a family has words of its own for a fit."""
