"""Words for the details of drawn garments: with them, without them, and what people say of them."""

from train import wording
from train.language.shapes import Words
from train.language.shapes import words as _words

_DETAILS: dict[str, Words] = {
    "buttons": _words(
        "buttoned, button-up, button-front, button-through, button up, buttoned-up, button-down",
        "buttons, a button front, buttons down the front, a row of buttons, proper buttons, buttons all "
        "the way "
        "down, a buttoned front, nice buttons, some buttons, a button placket, button fastening",
    ),
    "zip": _words(
        "zip-up, zipped, zip-front, zip up, zippered, zip-through, zippy",
        "a zip, a zipper, a zip front, a front zip, a full zip, a zip down the front, a quarter zip, a "
        "half zip, "
        "a zip fastening, a chunky zip, a zip-up front, a long zip, zip",
    ),
    "pockets": _words(
        "pocketed, cargo-style",
        "pockets, side pockets, big pockets, patch pockets, a pocket, proper pockets, pockets for my phone, "
        "somewhere to put my hands, a little pocket, useful pockets, deep pockets, some pockets, cargo "
        "pockets, "
        "a chest pocket, front pockets, two pockets",
    ),
    "belt": _words(
        "belted, belted-waist",
        "a belt, a belted waist, a waist belt, a matching belt, a belt at the waist, a thin belt, a wide "
        "belt, "
        "a belt to cinch it in, belt, a belt round the middle, a buckle belt",
    ),
    "tie": _words(
        "tie-waist, drawstring, tie-front, tie waist, tie front, tie-up",
        "a tie, a tie waist, a drawstring, a tie at the waist, a tie front, a drawstring waist, ties, a "
        "sash to tie, "
        "a tie belt, drawstrings, a tie at the front, a string to tie, laces to tie",
    ),
    "bow": _words(
        "",
        "a bow, a big bow, a pussy bow, a little bow, a bow at the neck, a bow at the front, a ribbon bow, "
        "a cute bow, a floppy bow, a bow on it, a bow detail, a big old bow",
    ),
    "cuffs": _words(
        "cuffed, turned-up, rolled-up",
        "cuffs, turn-ups, contrast cuffs, ribbed cuffs, proper cuffs, buttoned cuffs, turned-back cuffs, "
        "deep cuffs, "
        "wide cuffs, smart cuffs, neat cuffs, folded cuffs, turnups, French cuffs",
    ),
    "contrast-trim": _words(
        "contrast-trimmed, piped, contrast trim, trimmed, contrast-edged, tipped",
        "contrast trim, contrast piping, contrasting trim, contrasting edges, piping, a contrasting edge, "
        "piping "
        "round the edges, tipping, trim in another colour, edging in a different colour, a contrast trim, "
        "piped "
        "edges, contrast edging, a contrast border, coloured edges, a contrasting border, trim round the "
        "edges",
    ),
    "ruffles": _words(
        "ruffled, frilly, ruffly, frilled, ruffle-trimmed, flouncy",
        "ruffles, frills, a ruffle, a ruffled hem, a frill, some frills, flounces, a frilly hem, a ruffle "
        "hem, "
        "a frill along the bottom, ruffles at the hem, a flounce, tiers of ruffles, a bit of frill",
    ),
    "pleats": _words(
        "pleated, pleaty, accordion-pleated, knife-pleated",
        "pleats, a pleat, some pleats, knife pleats, box pleats, pleating, crisp pleats, folds, soft pleats, "
        "a pleated front, accordion pleats, sharp pleats",
    ),
    "lace-trim": _words(
        "lace-trimmed, lacy, lace trim, lace-edged",
        "lace trim, lace, lace edging, a lace hem, a lace edge, lacy bits, some lace, a bit of lace, lace "
        "round the "
        "edges, a lacy trim, a lacy edge, lace at the hem, lace details",
    ),
    "hood": _words(
        "hooded, with a hood",
        "a hood, a proper hood, a hood on it, a big hood, a cosy hood, a hood in case it rains, hood",
    ),
}
DETAILS: dict[str, Words] = {
    value: Words(
        tuple(a for a in words.adjectives if not a.startswith("with ")),
        tuple(dict.fromkeys((*wording.DETAILS.get(value, ()), *words.nouns))),
    )
    for value, words in _DETAILS.items()
}
"""Each drawn detail."""

# As a thing the reference has: (words without article, whether plural).
THINGS: dict[str, tuple[tuple[str, bool], ...]] = {
    "buttons": (("buttons", True), ("buttons", True), ("button front", False), ("fiddly buttons", True)),
    "zip": (("zip", False), ("zipper", False), ("zip", False), ("front zip", False)),
    "pockets": (("pockets", True), ("pockets", True), ("bulky pockets", True), ("patch pockets", True)),
    "belt": (("belt", False), ("belt", False), ("waist belt", False), ("belt thing", False)),
    "tie": (("tie", False), ("drawstring", False), ("tie waist", False), ("ties", True), ("waist tie",
        False)),
    "bow": (("bow", False), ("bow", False), ("big bow", False), ("bow thing", False)),
    "cuffs": (("cuffs", True), ("cuffs", True), ("turn-ups", True)),
    "contrast-trim": (
        ("contrast trim", False), ("piping", False), ("contrast piping", False), ("contrasting edges", True),
        ("contrast edging", False), ("coloured edges", True), ("contrasting trim", False), ("trim", False),
    ),
    "ruffles": (("ruffles", True), ("frills", True), ("ruffle", False), ("frilly bits", True), ("frill",
        False)),
    "pleats": (("pleats", True), ("pleating", False), ("pleats", True), ("folds", True)),
    "lace-trim": (("lace trim", False), ("lace", False), ("lace edging", False), ("lacy bits", True)),
    "hood": (("hood", False), ("hood", False), ("big hood", False)),
}  # fmt: skip

COMPLAINTS: dict[str, tuple[str, ...]] = {
    "buttons": ("fiddly", "a pain to do up", "annoying", "a nuisance with my hands"),
    "zip": ("annoying", "always getting stuck", "cold against my skin", "too sporty"),
    "pockets": ("too bulky", "adding bulk at the hips", "unnecessary", "sticking out"),
    "belt": ("digging in", "uncomfortable", "too much", "cutting me in half", "unflattering"),
    "tie": ("always coming undone", "too casual", "fussy", "getting in the way"),
    "bow": ("too cutesy", "a bit much", "childish", "too girly", "silly at my age"),
    "cuffs": ("too tight at the wrist", "fussy", "a bit stiff", "getting in the way"),
    "contrast-trim": ("distracting", "too busy", "cheap looking", "too sporty", "a bit loud"),
    "ruffles": ("too girly", "too fussy", "over the top", "a bit much", "childish", "too frou-frou"),
    "pleats": ("hard to iron", "making me look wider", "too schoolgirl", "a faff to press"),
    "lace-trim": ("scratchy", "too fussy", "itchy", "a bit old-fashioned", "too lingerie"),
    "hood": ("too casual", "bulky under a coat", "unnecessary", "too teenage", "getting in the way"),
}
"""What people dislike of a detail, after "is" or "are"."""

PLACES: dict[str, tuple[str, ...]] = {
    "buttons": ("down the front", "all the way down", "at the front"),
    "zip": ("up the front", "at the front", "down the front"),
    "pockets": ("on the sides", "at the front", "on the hips", "on the chest"),
    "belt": ("at the waist", "round the waist", "round the middle"),
    "tie": ("at the front", "at the waist", "round the waist"),
    "bow": ("at the front", "at the neck", "at the back", "on the front", "at the waist"),
    "cuffs": ("at the wrist", "at the ends"),
    "contrast-trim": ("round the edges", "at the edges", "along the edges", "on the hem"),
    "ruffles": (
        "at the hem",
        "along the bottom",
        "on the sleeves",
        "round the bottom",
        "from the sleeves",
        "at the bottom",
    ),
    "pleats": ("at the front", "all round", "down the front"),
    "lace-trim": ("at the hem", "round the edges", "at the neck", "along the bottom"),
    "hood": ("at the back", "on the back"),
}
"""Where a detail is said to be."""

LOOKS = (
    "big",
    "massive",
    "silly",
    "huge",
    "ugly",
    "little",
    "fussy",
    "great big",
    "daft",
    "horrible",
    "annoying",
)
"""What people call a thing they want gone."""
