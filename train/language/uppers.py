"""Words for sleeves and necklines."""

from train import wording
from train.language.shapes import Words, joined, words

_SLEEVES = {
    "none": words(
        "sleeveless, armless",
        "no sleeves, bare arms, no sleeves at all, no sleeve, zero sleeves, my arms bare",
    ),
    "cap": words(
        "cap-sleeved, cap sleeved, cap sleeve",
        "cap sleeves, little cap sleeves, a cap sleeve, tiny sleeves, capped sleeves, wee cap sleeves",
    ),
    "short": words(
        "short-sleeved, short sleeve, short sleeved, short slv",
        "short sleeves, a short sleeve, short slvs, t-shirt sleeves, short sleeves for summer, short "
        "little sleeves",
    ),
    "elbow": words(
        "elbow-length sleeve, half-sleeved, elbow sleeved",
        "sleeves to the elbow, elbow-length sleeves, half sleeves, elbow sleeves, elbow length sleeves, "
        "sleeves "
        "down to the elbow, sleeves that stop at the elbow, mid-length sleeves, sleeves to my elbows",
    ),
    "three-quarter": words(
        "three-quarter sleeve, three quarter sleeved, 3/4 sleeve, bracelet-sleeved",
        "three-quarter sleeves, 3/4 sleeves, three quarter length sleeves, bracelet sleeves, 3/4 length "
        "sleeves, "
        "three quarter sleeves, sleeves just below the elbow, sleeves that end mid-forearm, a 3/4 sleeve, "
        "bracelet length sleeves",
    ),
    "long": words(
        "long-sleeved, long sleeve, long sleeved, full-sleeved, longsleeve, long slv",
        "long sleeves, full-length sleeves, full sleeves, sleeves to the wrist, wrist-length sleeves, "
        "sleeves down to "
        "the wrists, a long sleeve, proper long sleeves, full length sleeves, sleeves that cover my arms, "
        "wrist length sleeves, sleeves all the way down, long slvs",
    ),
}
SLEEVES: dict[str, Words] = {
    value: joined(said, wording.SLEEVE_ADJECTIVES.get(value, ()), wording.SLEEVES[value])
    for value, said in _SLEEVES.items()
}
"""Each sleeve length."""

_NECKS = {
    "crew": words(
        "crew neck, crewneck, crew-neck, t-shirt neck",
        "a crew neck, a crewneck, a t-shirt neck, a classic crew neck, "
        "a basic crew neck, a t-shirt neckline, crew neck",
    ),
    "v": words(
        "v-neck, v neck, v-necked, vee neck",
        "a v-neck, a v neck, a v neckline, a v shape at the neck, a vee neck, a deep v, a plunging neckline, "
        "a v at the front, v neck, a v-shaped neck, a low v",
    ),
    "scoop": words(
        "scoop neck, scoop-necked, scooped neck, scoopneck, low round neck",
        "a scoop neck, a scooped neck, a scooped neckline, a low scoop neck, a scoop, a scoop neckline, "
        "a big scoop at the neck, scoop neck, a wide scoop",
    ),
    "collar": words(
        "collared, shirt-collared, button-down collar, open collar",
        "a collar, a shirt collar, a proper collar, a pointed collar, an open collar, a collar on it, a "
        "classic "
        "shirt collar, a collared neck, a button-down collar, a peter pan collar, a smart collar, a "
        "turn-down collar",
    ),
    "polo": words(
        "polo-collared, polo collar, polo style, polo",
        "a polo collar, a polo-shirt collar, a polo style collar, a golf shirt collar, polo collar, a "
        "knitted collar "
        "like a polo",
    ),
    "turtleneck": words(
        "turtleneck, roll-neck, polo neck, roll neck, turtle neck, polo-neck",
        "a turtleneck, a roll neck, a polo neck, a turtle neck, a high roll neck, a rollneck, a chunky "
        "roll neck, "
        "a folded-over high neck, a polo-neck, a big roll neck",
    ),
    "mock": words(
        "mock neck, funnel neck, mock-neck, funnel-neck, stand collar, grandad collar",
        "a mock neck, a funnel neck, a stand collar, a mandarin collar, a mock turtleneck, a stand-up "
        "collar, "
        "a grandad collar, a mock turtle, a band collar, a nehru collar",
    ),
    "hood": words("hooded, with a hood, hoodie-style", "a hood, a hood on it, a hood for the rain"),
    "off-shoulder": words(
        "off-the-shoulder, off-shoulder, off shoulder, bardot, bare-shouldered, off the shoulder",
        "bare shoulders, an off-the-shoulder neckline, a bardot neckline, a bardot neck, my shoulders "
        "showing, "
        "the shoulders bare, an off-shoulder neck, a neckline off the shoulders",
    ),
    "square": words(
        "square neck, square-necked, square-neck, square cut neck",
        "a square neck, a square neckline, a squared-off neckline, a square cut neck, a straight square "
        "neck, "
        "a squared neck, a milkmaid neckline",
    ),
    "boat": words(
        "boat neck, boat-necked, bateau neck, slash neck, boatneck",
        "a boat neck, a bateau neckline, a slash neck, a wide boat neck, a boat neckline, a boatneck, a wide "
        "shallow neck, a bateau neck",
    ),
    "strapless": words(
        "strapless, bandeau, tube-style",
        "a strapless neckline, a bandeau top, no straps, a strapless top, a bandeau neckline, no straps "
        "at all, "
        "a sweetheart strapless top, a tube top",
    ),
    "straps": words(
        "strappy, spaghetti strap, spaghetti-strapped, cami-style, thin-strapped, cami style",
        "straps, spaghetti straps, thin straps, shoulder straps, skinny straps, little straps, cami straps, "
        "strappy shoulders, simple straps, noodle straps",
    ),
    "halter": words(
        "halter neck, halterneck, halter, halter-neck, tie-neck halter",
        "a halter neck, a halterneck, a halter neckline, a halter, a halter strap, a halter top, a strap "
        "round the "
        "neck",
    ),
    "lapel": words(
        "lapelled, notch lapel, blazer-collared, tailored-collar",
        "lapels, notched lapels, a lapel, blazer lapels, wide lapels, tailored lapels, a notch lapel, "
        "suit lapels, "
        "a blazer collar, smart lapels, proper lapels, a lapel collar, big lapels",
    ),
}
NECKLINES: dict[str, Words] = {
    value: joined(said, (), tuple(w for w in wording.NECKLINES.get(value, ()) if w != "a round neck"))
    for value, said in _NECKS.items()
}
"""Each drawn neckline."""
